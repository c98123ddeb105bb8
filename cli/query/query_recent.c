/* SPDX-License-Identifier: MIT */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../store/pack.h"
#include "query_show.h"
#include "../store/store.h"

static int by_number(const void *one, const void *other)
{
	int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

	return (a > b) - (a < b);
}

/* A function's title, to be freed. */
static int read_title(struct store *store, sqlite3_stmt *stmt, int64_t function, char **title,
		      struct error *error)
{
	const char *text;

	sqlite3_reset(stmt);
	sqlite3_bind_int64(stmt, 1, function);
	if (sqlite3_step(stmt) != SQLITE_ROW ||
	    !(text = (const char *)sqlite3_column_text(stmt, 0)))
		return error_set(error, ERR_CORRUPT,
				 "function %lld of a run is missing in %s; `hotpath doctor` checks "
				 "the store",
				 (long long)function, store->file);
	*title = strdup(text);
	return *title ? ERR_OK : error_memory(error);
}

/* In the store they are in the order in which they ended. */
static int add_calls(struct store *store, int64_t run, const struct pack_call *calls, size_t n,
		     const int64_t *functions, size_t n_functions, struct model_calls *to,
		     struct error *error)
{
	struct model_call *more = realloc(to->list, (to->n + n + 1) * sizeof(*more));
	sqlite3_stmt *stmt = NULL;
	int rc = more ? ERR_OK : error_memory(error);

	to->list = more ? more : to->list;
	if (!rc)
		rc = store_prepare(store, &stmt,
				   "SELECT (SELECT value FROM text WHERE id = coalesce(f.label, "
				   "f.qualified, f.name)) FROM function AS f WHERE f.id = ?",
				   error);
	for (size_t i = n; i-- > 0 && !rc;) {
		char *title;

		if (functions && !bsearch(&calls[i].function, functions, n_functions,
					  sizeof(*functions), by_number))
			continue;
		rc = read_title(store, stmt, calls[i].function, &title, error);
		if (rc)
			break;
		to->list[to->n++] =
			(struct model_call){title, run, calls[i].thread, (int64_t)calls[i].start_ns,
					    (int64_t)calls[i].duration_ns};
	}
	sqlite3_finalize(stmt);
	return rc;
}

int query_recent(struct store *store, int64_t run, const int64_t *functions, size_t n_functions,
		 struct model_calls *calls, struct error *error)
{
	struct pack_call *packed = NULL;
	sqlite3_stmt *stmt;
	size_t n = 0;
	int step, rc = store_prepare(store, &stmt, "SELECT calls FROM run_recent WHERE run = ?",
				     error);

	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, run);
	step = sqlite3_step(stmt);
	if (step == SQLITE_ROW &&
	    pack_calls_read(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0),
			    &packed, &n))
		rc = error_set(error, ERR_CORRUPT,
			       "the newest calls of run %lld in %s cannot be read; `hotpath "
			       "doctor` checks the store",
			       (long long)run, store->file);
	else if (step != SQLITE_ROW && step != SQLITE_DONE)
		rc = store_error(store, error);
	sqlite3_finalize(stmt);
	if (!rc)
		rc = add_calls(store, run, packed, n, functions, n_functions, calls, error);
	free(packed);
	return rc;
}
