/* SPDX-License-Identifier: MIT */
#include "store_live.h"

#include <sqlite3.h>

#include "../base/error.h"
#include "store.h"

/* Runs SQL that names the run, once, as %lld. */
static int with_number(struct store *store, const char *statements, int64_t run,
		       struct error *error)
{
	char *text = sqlite3_mprintf(statements, (long long)run);
	int rc = text ? store_exec(store, text, error) : error_memory(error);

	sqlite3_free(text);
	return rc;
}

int store_live_remove(struct store *store, int64_t run, struct error *error)
{
	int rc = with_number(
		store, "CREATE TEMP TABLE kept_tag AS SELECT name FROM run_tag WHERE run = %lld",
		run, error);

	return rc ? rc : with_number(store, "DELETE FROM run WHERE id = %lld", run, error);
}

int store_live_tags(struct store *store, int64_t run, struct error *error)
{
	int rc = with_number(store,
			     "INSERT INTO run_tag (run, name) SELECT %lld, name FROM kept_tag", run,
			     error);

	return rc ? rc : store_exec(store, "DROP TABLE kept_tag", error);
}
