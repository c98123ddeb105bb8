/* SPDX-License-Identifier: MIT */
#include "query_show.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "../base/error.h"
#include "query.h"
#include "../store/store.h"

/* A statement with the number of the run bound. */
static int ask(struct store *store, sqlite3_stmt **stmt, const char *sql, int64_t run,
	       struct error *error)
{
	int rc = store_prepare(store, stmt, sql, error);

	if (!rc)
		sqlite3_bind_int64(*stmt, 1, run);
	return rc;
}

static int read_clock(struct store *store, struct model_show_run *show, struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = ask(store, &stmt,
		     "SELECT clock, ns_per_tick, (SELECT value FROM text WHERE id = root), "
		     "clock_step_ns FROM run "
		     "WHERE id = ?",
		     show->report.run.id, error);

	if (rc)
		return rc;
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		static const char *const names[] = {"CLOCK_MONOTONIC", "TSC", "CNTVCT",
						    "TSC in order", "CNTVCT in order"};
		unsigned clock = (unsigned)sqlite3_column_int(stmt, 0);

		show->clock = clock < sizeof(names) / sizeof(names[0]) ? names[clock] : NULL;
		show->ns_per_tick = sqlite3_column_double(stmt, 1);
		show->root = store_text(stmt, 2);
		show->clock_step_ns = sqlite3_column_double(stmt, 3);
	} else {
		rc = store_error(store, error);
	}
	sqlite3_finalize(stmt);
	return rc;
}

static int add_thread(sqlite3_stmt *stmt, struct model_show_run *show)
{
	struct model_thread *more =
		realloc(show->threads, (show->n_threads + 1) * sizeof(*show->threads));

	if (!more)
		return -1;
	show->threads = more;
	more[show->n_threads++] = (struct model_thread){.n = sqlite3_column_int64(stmt, 0),
							.tid = sqlite3_column_int64(stmt, 1),
							.name = store_text(stmt, 2),
							.owners = sqlite3_column_int64(stmt, 3),
							.start_ns = sqlite3_column_int64(stmt, 4),
							.end_ns = sqlite3_column_int64(stmt, 5),
							.calls = sqlite3_column_int64(stmt, 6),
							.total_ns = sqlite3_column_int64(stmt, 7)};
	return 0;
}

static int add_object(sqlite3_stmt *stmt, struct model_show_run *show)
{
	struct model_object *more =
		realloc(show->objects, (show->n_objects + 1) * sizeof(*show->objects));

	if (!more)
		return -1;
	show->objects = more;
	more[show->n_objects] = (struct model_object){store_text(stmt, 0), store_text(stmt, 1)};
	return more[show->n_objects++].build_id ? 0 : -1;
}

static int add_tag(sqlite3_stmt *stmt, struct model_show_run *show)
{
	char **more = realloc(show->tags, (show->n_tags + 1) * sizeof(*show->tags));

	if (!more)
		return -1;
	show->tags = more;
	more[show->n_tags] = store_text(stmt, 0);
	return more[show->n_tags++] ? 0 : -1;
}

/* Each row of an answer to a thing of the model. */
static int read_rows(struct store *store, const char *sql,
		     int (*add)(sqlite3_stmt *stmt, struct model_show_run *show),
		     struct model_show_run *show, struct error *error)
{
	sqlite3_stmt *stmt;
	int step, rc = ask(store, &stmt, sql, show->report.run.id, error);

	if (rc)
		return rc;
	while (!rc && (step = sqlite3_step(stmt)) != SQLITE_DONE) {
		if (step != SQLITE_ROW)
			rc = store_error(store, error);
		else if (add(stmt, show))
			rc = error_memory(error);
	}
	sqlite3_finalize(stmt);
	return rc;
}

int query_show_run(struct store *store, int64_t run, struct model_show_run *show,
		   struct error *error)
{
	int rc = query_run(store, run, &show->report.run, error);

	if (!rc)
		rc = query_functions(store, &show->report, error);
	if (!rc)
		rc = read_clock(store, show, error);
	if (!rc)
		rc = read_rows(store,
			       "SELECT n, tid, (SELECT value FROM text WHERE id = t.name), owners, "
			       "start_ns, end_ns, calls, total_ns FROM thread AS t WHERE run = ? "
			       "ORDER BY n",
			       add_thread, show, error);
	if (!rc)
		rc = read_rows(store,
			       "SELECT DISTINCT (SELECT value FROM text WHERE id = o.path), "
			       "o.build_id FROM run_unit AS u JOIN unit ON unit.id = u.unit JOIN "
			       "object AS o ON o.id = unit.object WHERE u.run = ? ORDER BY o.id",
			       add_object, show, error);
	if (!rc)
		rc = read_rows(store,
			       "SELECT x.value FROM run_tag AS t JOIN text AS x ON x.id = t.name "
			       "WHERE t.run = ? ORDER BY x.value",
			       add_tag, show, error);
	if (!rc)
		rc = query_recent(store, run, NULL, 0, &show->recent, error);
	return rc;
}
