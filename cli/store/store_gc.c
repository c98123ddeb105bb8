/* SPDX-License-Identifier: MIT */
#include "store_gc.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/error.h"
#include "merge.h"
#include "pack.h"
#include "store.h"
#include "store_tables.h"
#include "../base/text.h"

/* Runs of one `hotpath run` have a token in common. */
static const char choose_sql[] =
	"INSERT INTO temp.gone "
	"WITH groups AS (SELECT coalesce(token, hex(run_id)) AS name, branch, max(started_at_ns) "
	"AS "
	"newest, max(id) AS last FROM run GROUP BY 1, 2), "
	"places AS (SELECT name, branch, newest, row_number() OVER (PARTITION BY branch ORDER BY "
	"newest DESC, last DESC) AS place FROM groups) "
	"SELECT r.id FROM run AS r JOIN places AS p ON p.name = coalesce(r.token, hex(r.run_id)) "
	"AND "
	"p.branch IS r.branch WHERE p.newest < ?1 AND p.place > ?2 AND "
	"(?3 OR NOT EXISTS (SELECT 1 FROM run_tag AS t WHERE t.run = r.id))";

struct gc {
	struct store *store;
	struct store_tables tables;
	struct error *error;
	bool *used; /* functions, by number */
	int64_t n_used;
};

static int choose(struct gc *gc, const struct store_gc_wish *wish, struct store_gc_done *done)
{
	sqlite3_stmt *stmt;
	int rc = store_exec(gc->store, "CREATE TEMP TABLE gone (run INTEGER PRIMARY KEY)",
			    gc->error);

	if (!rc)
		rc = store_prepare(gc->store, &stmt, choose_sql, gc->error);
	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, wish->before_ns);
	sqlite3_bind_int64(stmt, 2, wish->per_branch);
	sqlite3_bind_int(stmt, 3, wish->tagged);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		rc = store_error(gc->store, gc->error);
	sqlite3_finalize(stmt);
	if (!rc)
		rc = store_number(gc->store, "SELECT count(*) FROM temp.gone", &done->runs,
				  gc->error);
	if (!rc)
		rc = store_number(gc->store, "SELECT count(*) FROM run", &done->kept, gc->error);
	done->kept -= done->runs;
	return rc;
}

static int exec_format(struct gc *gc, char *sql)
{
	int rc = sql ? store_exec(gc->store, sql, gc->error) : error_memory(gc->error);

	free(sql);
	return rc;
}

static int delete_runs(struct gc *gc)
{
	int rc = ERR_OK;

	for (size_t i = 0; i < gc->tables.n && !rc; i++) {
		const struct store_table *t = &gc->tables.list[i];

		if (t->run)
			rc = exec_format(gc, text_format("DELETE FROM \"%s\" WHERE \"%s\" IN "
							 "(SELECT run FROM temp.gone)",
							 t->name, t->run));
	}
	if (!rc)
		rc = store_exec(gc->store,
				"DELETE FROM run WHERE id IN (SELECT run FROM temp.gone)",
				gc->error);
	return rc;
}

static int unreadable(struct gc *gc, int64_t run)
{
	return error_set(gc->error, ERR_CORRUPT,
			 "what run %lld of %s measured cannot be read, so nothing was removed; "
			 "`hotpath db check` tells more",
			 (long long)run, gc->store->file);
}

static void use(struct gc *gc, int64_t function)
{
	if (function > 0 && function < gc->n_used)
		gc->used[function] = true;
}

static int use_profile(struct gc *gc, sqlite3_stmt *stmt)
{
	struct pack_context *contexts;
	struct merged *functions;
	size_t n;

	if (pack_functions_read(sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1),
				&functions, &n))
		return unreadable(gc, sqlite3_column_int64(stmt, 0));
	for (size_t i = 0; i < n; i++)
		use(gc, functions[i].function);
	free(functions);
	if (pack_contexts_read(sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2),
			       &contexts, &n))
		return unreadable(gc, sqlite3_column_int64(stmt, 0));
	for (size_t i = 0; i < n; i++)
		use(gc, contexts[i].function);
	free(contexts);
	return ERR_OK;
}

static int use_recent(struct gc *gc, sqlite3_stmt *stmt)
{
	struct pack_call *calls;
	size_t n;

	if (pack_calls_read(sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1),
			    &calls, &n))
		return unreadable(gc, sqlite3_column_int64(stmt, 0));
	for (size_t i = 0; i < n; i++)
		use(gc, calls[i].function);
	free(calls);
	return ERR_OK;
}

static int use_all(struct gc *gc, const char *sql, int (*use_row)(struct gc *, sqlite3_stmt *))
{
	sqlite3_stmt *stmt;
	int step, rc = store_prepare(gc->store, &stmt, sql, gc->error);

	if (rc)
		return rc;
	while (!rc && (step = sqlite3_step(stmt)) != SQLITE_DONE)
		rc = step == SQLITE_ROW ? use_row(gc, stmt) : store_error(gc->store, gc->error);
	sqlite3_finalize(stmt);
	return rc;
}

/* Functions stand in packed bytes, where only we can look. */
static int find_used_functions(struct gc *gc)
{
	int64_t max = 0;
	int rc = store_number(gc->store, "SELECT coalesce(max(id), 0) FROM function", &max,
			      gc->error);

	if (rc)
		return rc;
	gc->n_used = max + 1;
	gc->used = calloc((size_t)gc->n_used, sizeof(*gc->used));
	if (!gc->used)
		return error_memory(gc->error);
	rc = use_all(gc, "SELECT run, functions, contexts FROM profile", use_profile);
	return rc ? rc : use_all(gc, "SELECT run, calls FROM run_recent", use_recent);
}

static int delete_functions(struct gc *gc, int64_t *n)
{
	sqlite3_stmt *stmt;
	int rc = find_used_functions(gc);

	if (!rc)
		rc = store_prepare(gc->store, &stmt, "DELETE FROM function WHERE id = ?1",
				   gc->error);
	if (rc)
		return rc;
	for (int64_t id = 1; id < gc->n_used && !rc; id++) {
		if (gc->used[id])
			continue;
		sqlite3_reset(stmt);
		sqlite3_bind_int64(stmt, 1, id);
		if (sqlite3_step(stmt) != SQLITE_DONE)
			rc = store_error(gc->store, gc->error);
		*n += sqlite3_changes(gc->store->db);
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* Deletes the rows of a dictionary that nothing refers to. */
static int delete_unused(struct gc *gc, const char *dictionary, int64_t *n)
{
	int rc = store_exec(gc->store,
			    "DROP TABLE IF EXISTS temp.used; CREATE TEMP TABLE used (id INTEGER "
			    "PRIMARY KEY)",
			    gc->error);

	for (size_t i = 0; i < gc->tables.n && !rc; i++) {
		const struct store_table *t = &gc->tables.list[i];

		for (size_t c = 0; c < t->n && !rc; c++) {
			const struct store_column *column = &t->columns[c];

			if (column->target && strcmp(column->target, dictionary) == 0)
				rc = exec_format(
					gc, text_format("INSERT OR IGNORE INTO temp.used SELECT "
							"\"%s\" FROM \"%s\" WHERE \"%s\" IS NOT "
							"NULL",
							column->name, t->name, column->name));
		}
	}
	if (!rc)
		rc = exec_format(gc,
				 text_format("DELETE FROM \"%s\" WHERE id NOT IN (SELECT id FROM "
					     "temp.used)",
					     dictionary));
	if (!rc && n)
		*n = sqlite3_changes(gc->store->db);
	return rc;
}

static int free_bytes(struct gc *gc, int64_t *bytes)
{
	int64_t pages = 0, size = 0;
	int rc = store_number(gc->store, "PRAGMA freelist_count", &pages, gc->error);

	if (!rc)
		rc = store_number(gc->store, "PRAGMA page_size", &size, gc->error);
	*bytes = pages * size;
	return rc;
}

static int collect(struct gc *gc, const struct store_gc_wish *wish, struct store_gc_done *done)
{
	int64_t before = 0, after = 0;
	int rc = free_bytes(gc, &before);

	if (!rc)
		rc = choose(gc, wish, done);
	if (!rc)
		rc = delete_runs(gc);
	if (!rc)
		rc = delete_functions(gc, &done->functions);
	/* From the outside in: what each refers to may be free after it. */
	if (!rc)
		rc = delete_unused(gc, "unit", NULL);
	if (!rc)
		rc = delete_unused(gc, "object", NULL);
	if (!rc)
		rc = delete_unused(gc, "text", &done->texts);
	if (!rc)
		rc = free_bytes(gc, &after);
	done->bytes = after - before;
	return rc;
}

int store_gc(struct store *store, const struct store_gc_wish *wish, struct store_gc_done *done,
	     struct error *error)
{
	struct gc gc = {.store = store, .error = error};
	int rc;

	memset(done, 0, sizeof(*done));
	/*
	 * Deleting a text would have SQLite look through all columns that refer to texts, run by run; what is deleted here is
	 * known to be referred to by nothing.
	 */
	rc = store_exec(store, "PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY", error);
	if (!rc)
		rc = store_begin(store, error);
	if (rc)
		return rc;
	rc = store_tables_read(store, &gc.tables, error);
	if (!rc)
		rc = collect(&gc, wish, done);
	if (!rc && !wish->dry)
		rc = store_commit(store, error);
	if (rc || wish->dry)
		store_rollback(store);
	store_tables_release(&gc.tables);
	free(gc.used);
	if (!rc)
		rc = store_exec(
			store,
			"DROP TABLE IF EXISTS temp.used; DROP TABLE IF EXISTS temp.gone; PRAGMA "
			"foreign_keys = ON",
			error);
	return rc;
}

static int64_t size_of(const struct store *store)
{
	struct stat st;

	return stat(store->file, &st) == 0 ? st.st_size : 0;
}

int store_vacuum(struct store *store, int64_t *before, int64_t *after, struct error *error)
{
	int rc = store_exec(store, "PRAGMA wal_checkpoint(TRUNCATE)", error);

	*before = size_of(store);
	if (!rc)
		rc = store_exec(store, "VACUUM", error);
	if (!rc)
		rc = store_exec(store, "PRAGMA wal_checkpoint(TRUNCATE)", error);
	*after = size_of(store);
	return rc;
}
