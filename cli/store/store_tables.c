/* SPDX-License-Identifier: MIT */
#include "store_tables.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "store.h"
#include "../base/text.h"

static int add_column(struct store_table *table, sqlite3_stmt *stmt)
{
	const char *name = (const char *)sqlite3_column_text(stmt, 0);
	const char *target = (const char *)sqlite3_column_text(stmt, 1);
	struct store_column *more;

	if (name && strcmp(name, "id") == 0) {
		table->has_id = true;
		return 0;
	}
	more = realloc(table->columns, (table->n + 1) * sizeof(*more));
	if (!name || !more)
		return -1;
	table->columns = more;
	more[table->n].name = strdup(name);
	more[table->n].target = target ? strdup(target) : NULL;
	if (!more[table->n].name || (target && !more[table->n].target))
		return -1;
	if (target && strcmp(target, "run") == 0)
		table->run = more[table->n].name;
	table->n++;
	return 0;
}

static int read_columns(struct store *store, struct store_table *table, struct error *error)
{
	sqlite3_stmt *stmt;
	int step, rc = store_prepare(store, &stmt,
				     "SELECT c.name, f.\"table\" FROM pragma_table_info(?1) AS c "
				     "LEFT JOIN pragma_foreign_key_list(?1) AS f ON f.\"from\" = "
				     "c.name ORDER BY c.cid",
				     error);

	if (rc)
		return rc;
	sqlite3_bind_text(stmt, 1, table->name, -1, SQLITE_STATIC);
	while (!rc && (step = sqlite3_step(stmt)) != SQLITE_DONE) {
		if (step != SQLITE_ROW)
			rc = store_error(store, error);
		else if (add_column(table, stmt))
			rc = error_memory(error);
	}
	sqlite3_finalize(stmt);
	table->is_constant = strcmp(table->name, "lost_cause") == 0;
	return rc;
}

int store_tables_read(struct store *store, struct store_tables *tables, struct error *error)
{
	sqlite3_stmt *stmt;
	int step, rc;

	memset(tables, 0, sizeof(*tables));
	rc = store_prepare(store, &stmt,
			   "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE "
			   "'sqlite\\_%' ESCAPE '\\' ORDER BY rowid",
			   error);
	if (rc)
		return rc;
	while (!rc && (step = sqlite3_step(stmt)) != SQLITE_DONE) {
		struct store_table *more;

		if (step != SQLITE_ROW) {
			rc = store_error(store, error);
			break;
		}
		more = realloc(tables->list, (tables->n + 1) * sizeof(*more));
		if (!more) {
			rc = error_memory(error);
			break;
		}
		tables->list = more;
		memset(&more[tables->n], 0, sizeof(*more));
		more[tables->n].name = store_text(stmt, 0);
		if (!more[tables->n++].name)
			rc = error_memory(error);
	}
	sqlite3_finalize(stmt);
	for (size_t i = 0; i < tables->n && !rc; i++)
		rc = read_columns(store, &tables->list[i], error);
	return rc;
}

void store_tables_release(struct store_tables *tables)
{
	for (size_t i = 0; i < tables->n; i++) {
		struct store_table *table = &tables->list[i];

		for (size_t c = 0; c < table->n; c++) {
			free(table->columns[c].name);
			free(table->columns[c].target);
		}
		free(table->columns);
		free(table->name);
	}
	free(tables->list);
	memset(tables, 0, sizeof(*tables));
}

struct store_table *store_tables_find(const struct store_tables *tables, const char *name)
{
	for (size_t i = 0; i < tables->n; i++)
		if (strcmp(tables->list[i].name, name) == 0)
			return &tables->list[i];
	return NULL;
}

char *store_tables_select(const struct store_table *table, const char *key)
{
	struct text sql = {0};

	text_print(&sql, "SELECT ");
	for (size_t i = 0; i < table->n; i++)
		text_print(&sql, "%s\"%s\"", i ? ", " : "", table->columns[i].name);
	text_print(&sql, " FROM \"%s\" WHERE \"%s\" = ?1", table->name, key);
	return text_take(&sql);
}

char *store_tables_insert(const struct store_table *table)
{
	struct text sql = {0};

	text_print(&sql, "INSERT INTO \"%s\" (", table->name);
	for (size_t i = 0; i < table->n; i++)
		text_print(&sql, "%s\"%s\"", i ? ", " : "", table->columns[i].name);
	text_print(&sql, ") VALUES (");
	for (size_t i = 0; i < table->n; i++)
		text_print(&sql, i ? ", ?" : "?");
	/* A run that both stores have may have the same tag in both. */
	text_print(&sql, table->run ? ") ON CONFLICT DO NOTHING" : ")");
	return text_take(&sql);
}

char *store_tables_lookup(const struct store_table *table)
{
	struct text sql = {0};

	text_print(&sql, "SELECT id FROM \"%s\" WHERE ", table->name);
	for (size_t i = 0; i < table->n; i++)
		text_print(&sql, "%s\"%s\" IS ?%zu", i ? " AND " : "", table->columns[i].name,
			   i + 1);
	return text_take(&sql);
}
