/* SPDX-License-Identifier: MIT */
/* store_examine(): SQLite's own check of the file, references that lead nowhere, and each run's packed bytes. */
#include <sqlite3.h>
#include <stdlib.h>

#include "../base/error.h"
#include "../segment/image.h"
#include "merge.h"
#include "pack.h"
#include "store.h"
#include "store_gc.h"
#include "../base/text.h"

enum { PROBLEMS_SHOWN = 20 };

struct examination {
	struct store *store;
	struct text *problems;
	int64_t n;
	sqlite3_stmt *function; /* whether there is one of a number */
};

static void problem(struct examination *e, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void problem(struct examination *e, const char *format, ...)
{
	va_list args;
	char *words, *shown;

	if (e->n++ >= PROBLEMS_SHOWN)
		return;
	va_start(args, format);
	words = sqlite3_vmprintf(format, args);
	va_end(args);
	shown = words ? text_printable(words) : NULL;
	text_print(e->problems, "%s\n", shown ? shown : "");
	sqlite3_free(words);
	free(shown);
}

static int check_file(struct examination *e, struct error *error)
{
	sqlite3_stmt *stmt;
	int step, rc = store_prepare(e->store, &stmt, "PRAGMA integrity_check(20)", error);

	if (rc)
		return rc;
	while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *words = (const char *)sqlite3_column_text(stmt, 0);

		if (words && sqlite3_stricmp(words, "ok") != 0)
			problem(e, "file: %s", words);
	}
	if (step != SQLITE_DONE)
		problem(e, "file: %s", sqlite3_errmsg(e->store->db));
	sqlite3_finalize(stmt);
	return ERR_OK;
}

static int check_references(struct examination *e, struct error *error)
{
	sqlite3_stmt *stmt;
	int step, rc = store_prepare(e->store, &stmt, "PRAGMA foreign_key_check", error);

	if (rc)
		return rc;
	while ((step = sqlite3_step(stmt)) == SQLITE_ROW)
		problem(e, "table %s: row %lld refers to a row of %s that is not there",
			(const char *)sqlite3_column_text(stmt, 0), sqlite3_column_int64(stmt, 1),
			(const char *)sqlite3_column_text(stmt, 2));
	if (step != SQLITE_DONE)
		problem(e, "references: %s", sqlite3_errmsg(e->store->db));
	sqlite3_finalize(stmt);
	return ERR_OK;
}

static bool is_function(struct examination *e, int64_t number)
{
	bool found;

	sqlite3_reset(e->function);
	sqlite3_bind_int64(e->function, 1, number);
	found = sqlite3_step(e->function) == SQLITE_ROW;
	sqlite3_reset(e->function);
	return found;
}

static void check_functions(struct examination *e, long long run, sqlite3_stmt *stmt)
{
	const uint8_t *at = sqlite3_column_blob(stmt, 3);
	const uint8_t *end = at ? at + sqlite3_column_bytes(stmt, 3) : NULL;
	struct merged *list;
	int64_t before = e->n;
	size_t n;

	if (pack_functions_read(sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1),
				&list, &n)) {
		problem(e, "run %lld: its functions cannot be read", run);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		size_t length = 0, buckets;
		const uint8_t *bytes = at ? pack_next_histogram(&at, end, &length) : NULL;
		struct image_bucket *hist = NULL;

		if (!bytes || pack_histogram_read(bytes, length, &hist, &buckets)) {
			problem(e, "run %lld: a histogram cannot be read", run);
			break;
		}
		free(hist);
		if (!is_function(e, list[i].function))
			problem(e, "run %lld: function %lld is not there", run,
				(long long)list[i].function);
	}
	if (pack_skipped_read(sqlite3_column_blob(stmt, 4), (size_t)sqlite3_column_bytes(stmt, 4),
			      list, n))
		problem(e, "run %lld: its calls that were counted only cannot be read", run);
	if (at != end && e->n == before)
		problem(e, "run %lld: it has histograms of no function", run);
	free(list);
}

static void check_contexts(struct examination *e, long long run, sqlite3_stmt *stmt)
{
	struct pack_context *list;
	size_t n;

	if (pack_contexts_read(sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2),
			       &list, &n)) {
		problem(e, "run %lld: its calling contexts cannot be read", run);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (!is_function(e, list[i].function))
			problem(e, "run %lld: function %lld is not there", run,
				(long long)list[i].function);
	free(list);
}

static void check_recent(struct examination *e, long long run, sqlite3_stmt *stmt)
{
	struct pack_call *list;
	size_t n;

	if (sqlite3_column_type(stmt, 5) == SQLITE_NULL)
		return;
	if (pack_calls_read(sqlite3_column_blob(stmt, 5), (size_t)sqlite3_column_bytes(stmt, 5),
			    &list, &n)) {
		problem(e, "run %lld: its newest calls cannot be read", run);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (!is_function(e, list[i].function))
			problem(e, "run %lld: function %lld is not there", run,
				(long long)list[i].function);
	free(list);
}

static int check_runs(struct examination *e, int64_t *runs, struct error *error)
{
	sqlite3_stmt *stmt = NULL;
	int step = SQLITE_DONE, rc = store_prepare(e->store, &e->function,
						   "SELECT 1 FROM function WHERE id = ?1", error);

	if (!rc)
		rc = store_prepare(
			e->store, &stmt,
			"SELECT r.id, p.functions, p.contexts, p.histograms, p.skipped, n.calls "
			"FROM run AS r LEFT JOIN profile AS p ON p.run = r.id LEFT JOIN "
			"run_recent AS n ON n.run = r.id",
			error);
	while (!rc && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
		long long run = sqlite3_column_int64(stmt, 0);

		++*runs;
		if (sqlite3_column_type(stmt, 1) == SQLITE_NULL) {
			problem(e, "run %lld: what it measured is not there", run);
			continue;
		}
		check_functions(e, run, stmt);
		check_contexts(e, run, stmt);
		check_recent(e, run, stmt);
	}
	if (!rc && step != SQLITE_DONE)
		problem(e, "runs: %s", sqlite3_errmsg(e->store->db));
	sqlite3_finalize(stmt);
	sqlite3_finalize(e->function);
	return rc;
}

int store_examine(struct store *store, struct text *problems, int64_t *n_problems, int64_t *runs,
		  struct error *error)
{
	struct examination e = {.store = store, .problems = problems};
	int rc = check_file(&e, error);

	*runs = 0;
	if (!rc)
		rc = check_references(&e, error);
	if (!rc)
		rc = check_runs(&e, runs, error);
	*n_problems = e.n;
	return rc;
}
