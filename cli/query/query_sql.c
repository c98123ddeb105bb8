/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../store/store.h"
#include "../base/text.h"

/* Only reading; PRAGMA only to look at the schema.  ATTACH would reach other files. */
static int only_reading(void *unused, int action, const char *one, const char *two,
			const char *three, const char *four)
{
	(void)unused;
	(void)three;
	(void)four;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return two && sqlite3_stricmp(two, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
	case SQLITE_PRAGMA:
		return sqlite3_strnicmp(one, "table_", 6) == 0 ||
				       sqlite3_strnicmp(one, "index_", 6) == 0
			       ? SQLITE_OK
			       : SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

/* What SQLite says, with the line of the query and a caret under the place, as a compiler does. */
static int query_error(struct store *store, const char *sql, struct error *error)
{
	int code = sqlite3_errcode(store->db) & 0xff;
	int offset = sqlite3_error_offset(store->db);
	const char *words = sqlite3_errmsg(store->db), *start, *end;
	struct text caret = {0};
	char *line, *shown, *marker;

	if (code == SQLITE_AUTH)
		return error_set(error, ERR_USAGE,
				 "%s: `hotpath sql` only reads; to change a store use sqlite3(1)",
				 words);
	if (code != SQLITE_ERROR)
		return store_error(store, error);
	if (offset < 0 || (size_t)offset > strlen(sql))
		return error_set(error, ERR_USAGE, "%s", words);
	start = end = sql + offset;
	while (start > sql && start[-1] != '\n')
		start--;
	end += strcspn(end, "\n");
	line = strndup(start, (size_t)(end - start));
	for (char *c = line; c && *c; c++)
		if (*c == '\t')
			*c = ' ';
	shown = line ? text_printable(line) : NULL;
	for (const char *c = start; c < sql + offset; c++)
		if (((unsigned char)*c & 0xc0) != 0x80)
			text_append(&caret, " ", 1);
	marker = text_take(&caret);
	error_set(error, ERR_USAGE, "%s\n  %s\n  %s^", words, shown ? shown : "",
		  marker ? marker : "");
	free(line);
	free(shown);
	free(marker);
	return ERR_USAGE;
}

static int read_columns(sqlite3_stmt *stmt, struct model_table *table)
{
	int n = sqlite3_column_count(stmt);

	table->columns = calloc((size_t)n + 1, sizeof(*table->columns));
	if (!table->columns)
		return -1;
	for (int i = 0; i < n; i++) {
		const char *name = sqlite3_column_name(stmt, i);

		table->columns[i] = name ? strdup(name) : NULL;
		if (!table->columns[i])
			return -1;
		table->n_columns++;
	}
	return 0;
}

static int read_value(sqlite3_stmt *stmt, int column, struct model_value *value)
{
	memset(value, 0, sizeof(*value));
	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_INTEGER:
		value->kind = MODEL_INTEGER;
		value->integer = sqlite3_column_int64(stmt, column);
		return 0;
	case SQLITE_FLOAT:
		value->kind = MODEL_REAL;
		value->real = sqlite3_column_double(stmt, column);
		return 0;
	case SQLITE_TEXT:
		value->kind = MODEL_TEXT;
		value->text = store_text(stmt, column);
		return value->text ? 0 : -1;
	case SQLITE_BLOB: {
		const void *bytes = sqlite3_column_blob(stmt, column);
		size_t n = (size_t)sqlite3_column_bytes(stmt, column);

		value->kind = MODEL_BLOB;
		value->text = malloc(2 * n + 1);
		if (!value->text)
			return -1;
		text_hex(value->text, bytes, n);
		return 0;
	}
	default:
		value->kind = MODEL_NULL;
		return 0;
	}
}

static int read_row(sqlite3_stmt *stmt, struct model_table *table, size_t *capacity)
{
	size_t at = table->n_rows * table->n_columns;
	int rc = 0;

	if (at + table->n_columns > *capacity) {
		size_t room = 2 * *capacity + 16 * table->n_columns;
		struct model_value *more = realloc(table->values, room * sizeof(*more));

		if (!more)
			return -1;
		table->values = more;
		*capacity = room;
	}
	for (size_t i = 0; i < table->n_columns; i++)
		rc |= read_value(stmt, (int)i, &table->values[at + i]);
	table->n_rows++;
	return rc;
}

static int run_query(struct store *store, const char *sql, sqlite3_stmt *stmt,
		     struct model_table *table, struct error *error)
{
	size_t capacity = 0;
	int step;

	if (read_columns(stmt, table))
		return error_memory(error);
	while ((step = sqlite3_step(stmt)) == SQLITE_ROW)
		if (read_row(stmt, table, &capacity))
			return error_memory(error);
	return step == SQLITE_DONE ? ERR_OK : query_error(store, sql, error);
}

/* Whether nothing but space, semicolons and comments is left: SQLite compiles those to no
 * statement. */
static bool is_end(struct store *store, const char *tail)
{
	sqlite3_stmt *stmt = NULL;
	bool end;

	while (*tail) {
		const char *next = tail;

		if (sqlite3_prepare_v2(store->db, tail, -1, &stmt, &next) != SQLITE_OK)
			return false;
		end = !stmt;
		sqlite3_finalize(stmt);
		if (!end || next == tail)
			return end;
		tail = next;
	}
	return true;
}

int query_sql(struct store *store, const char *sql, struct model_table *table, struct error *error)
{
	sqlite3_stmt *stmt = NULL;
	const char *tail = NULL;
	int rc;

	memset(table, 0, sizeof(*table));
	sqlite3_set_authorizer(store->db, only_reading, NULL);
	if (sqlite3_prepare_v2(store->db, sql, -1, &stmt, &tail) != SQLITE_OK)
		rc = query_error(store, sql, error);
	else if (!stmt)
		rc = error_set(error, ERR_USAGE, "the query is empty");
	else if (!is_end(store, tail))
		rc = error_set(error, ERR_USAGE,
			       "one query at a time: there is more after the "
			       "first semicolon");
	else
		rc = run_query(store, sql, stmt, table, error);
	sqlite3_finalize(stmt);
	sqlite3_set_authorizer(store->db, NULL, NULL);
	return rc;
}
