/* SPDX-License-Identifier: MIT */
/* What is known of a run only when its process is gone. */
#include "ingest.h"

#include <sqlite3.h>

#include "../base/error.h"
#include "store.h"

static int note_machine(struct store *store, const char *token, double steal_percent,
			struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(store, &stmt, "UPDATE run SET steal_percent = ?1 WHERE token = ?2",
			       error);

	if (rc)
		return rc;
	sqlite3_bind_double(stmt, 1, steal_percent);
	sqlite3_bind_text(stmt, 2, token, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		rc = store_error(store, error);
	sqlite3_finalize(stmt);
	return rc;
}

static int note_end(struct store *store, const char *token, int64_t pid,
		    const struct ingest_seen *seen, struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(
		store, &stmt,
		"UPDATE run SET status = coalesce(status, ?1), signal = ?2 "
		"WHERE id = (SELECT id FROM run WHERE token = ?3 AND pid = ?4 AND part = 0 "
		"ORDER BY started_at_ns DESC, id DESC LIMIT 1)",
		error);

	if (rc)
		return rc;
	if (seen->status >= 0)
		sqlite3_bind_int(stmt, 1, seen->status);
	if (seen->signal)
		sqlite3_bind_int(stmt, 2, seen->signal);
	sqlite3_bind_text(stmt, 3, token, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 4, pid);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		rc = store_error(store, error);
	sqlite3_finalize(stmt);
	return rc;
}

int ingest_end(struct store *store, const char *token, int64_t pid, const struct ingest_seen *seen,
	       struct error *error)
{
	int rc = store_begin(store, error);

	if (rc)
		return rc;
	rc = note_end(store, token, pid, seen, error);
	if (!rc && seen->steal_percent >= 0)
		rc = note_machine(store, token, seen->steal_percent, error);
	if (!rc)
		rc = store_commit(store, error);
	if (rc)
		store_rollback(store);
	return rc;
}
