/* SPDX-License-Identifier: MIT */
#include "dump.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/store/store.h"
#include "../../cli/base/text.h"

static void add_rows(struct store *store, struct text *out, const char *sql, const char *argument)
{
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(store->db));
	if (argument)
		sqlite3_bind_text(stmt, 1, argument, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			const char *text = (const char *)sqlite3_column_text(stmt, i);
			char *blob = NULL;

			if (sqlite3_column_type(stmt, i) == SQLITE_BLOB) {
				int n = sqlite3_column_bytes(stmt, i);

				blob = malloc(2 * (size_t)n + 1);
				text_hex(blob, sqlite3_column_blob(stmt, i), (size_t)n);
				text = blob;
			}
			text_print(out, "%s%s=%s", i ? "|" : "", sqlite3_column_name(stmt, i),
				   text ? text : "NULL");
			free(blob);
		}
		text_print(out, "\n");
	}
	sqlite3_finalize(stmt);
}

/* A select over all columns of a table or view but those that are numbers of rows. */
static char *select_of(struct store *store, const char *name, const char *without, const char *rest)
{
	struct text sql = {0};
	sqlite3_stmt *stmt;
	bool any = false;

	text_print(&sql, "SELECT ");
	sqlite3_prepare_v2(store->db, "SELECT name FROM pragma_table_info(?1)", -1, &stmt, NULL);
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *column = (const char *)sqlite3_column_text(stmt, 0);
		char *word = text_format(" %s ", column);

		if (!strstr(without, word)) {
			text_print(&sql, "%s\"%s\"", any ? ", " : "", column);
			any = true;
		}
		free(word);
	}
	sqlite3_finalize(stmt);
	text_print(&sql, " FROM \"%s\" %s", name, rest);
	return text_take(&sql);
}

char *dump_run(struct store *store, const char *run_id)
{
	static const struct {
		const char *view, *without, *rest;
	} parts[] = {
		{"runs", " id ", "WHERE run_id = ?1"},
#define OF_RUN "WHERE run = (SELECT id FROM runs WHERE run_id = ?1)"
		{"functions", " run function ",
		 OF_RUN " ORDER BY name, line, mangled, calls, self_ns"},
		{"contexts", " run function ", OF_RUN " ORDER BY context"},
		{"threads", " run ", OF_RUN " ORDER BY thread"},
		{"lost", " run ", OF_RUN " ORDER BY cause"},
		{"recent", " run function ", OF_RUN " ORDER BY start_ns, name"},
		{"objects", " run ", OF_RUN " ORDER BY path, build_id"},
	};
	struct text out = {0};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *sql = select_of(store, parts[i].view, parts[i].without, parts[i].rest);

		add_rows(store, &out, sql, run_id);
		free(sql);
	}
	add_rows(store, &out,
		 "SELECT t.value FROM run_tag JOIN text AS t ON t.id = name " OF_RUN " ORDER BY 1",
		 run_id);
	return text_take(&out);
}

char *dump_store(struct store *store)
{
	struct text out = {0};
	sqlite3_stmt *stmt;

	sqlite3_prepare_v2(store->db, "SELECT run_id FROM runs ORDER BY run_id", -1, &stmt, NULL);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		char *run = dump_run(store, (const char *)sqlite3_column_text(stmt, 0));

		text_print(&out, "%s", run);
		free(run);
	}
	sqlite3_finalize(stmt);
	return text_take(&out);
}

char *dump_exact(struct store *store)
{
	struct text out = {0};
	sqlite3_stmt *stmt;

	sqlite3_prepare_v2(store->db,
			   "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", -1,
			   &stmt, NULL);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		char *sql = text_format("SELECT * FROM \"%s\" ORDER BY 1, 2", name);

		text_print(&out, "-- %s\n", name);
		add_rows(store, &out, sql, NULL);
		free(sql);
	}
	sqlite3_finalize(stmt);
	return text_take(&out);
}

int64_t dump_number(struct store *store, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t value;

	if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(store->db));
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}
