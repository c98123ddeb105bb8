/* SPDX-License-Identifier: MIT */
#include "query_set.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "../base/error.h"
#include "../base/run_ids.h"
#include "../store/store.h"
#include "../base/text.h"

#define TEXT_ID "(SELECT id FROM text WHERE value = ?1)"

/*
 * A set holds whole runs only (part = 0): a session is another workload than its process, and a run up to a moment is
 * less than it.  One is named by its number, a session also by its label.
 */

/* Runs a prepared question to its end and adds the numbers it gives; finalizes it. */
static int collect(struct store *store, sqlite3_stmt *stmt, struct run_ids *ids,
		   struct error *error)
{
	int step, rc = ERR_OK;

	while (!rc && (step = sqlite3_step(stmt)) != SQLITE_DONE) {
		if (step != SQLITE_ROW)
			rc = store_error(store, error);
		else if (run_ids_add(ids, sqlite3_column_int64(stmt, 0)))
			rc = error_memory(error);
	}
	sqlite3_finalize(stmt);
	return rc;
}

static int collect_by_text(struct store *store, const char *sql, const char *text,
			   struct run_ids *ids, struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(store, &stmt, sql, error);

	if (rc)
		return rc;
	sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
	return collect(store, stmt, ids, error);
}

int query_set_between(struct store *store, int64_t first, int64_t last, struct run_ids *ids,
		      struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(store, &stmt,
			       "SELECT id FROM run WHERE id BETWEEN ?1 AND ?2 AND part = 0", error);

	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, first);
	sqlite3_bind_int64(stmt, 2, last);
	return collect(store, stmt, ids, error);
}

int query_set_host(struct store *store, const char *host, struct run_ids *ids, struct error *error)
{
	return collect_by_text(store, "SELECT id FROM run WHERE part = 0 AND host = " TEXT_ID, host,
			       ids, error);
}

int query_set_label(struct store *store, const char *label, struct run_ids *ids,
		    struct error *error)
{
	return collect_by_text(store,
			       "SELECT id FROM run WHERE part <> 1 AND label = " TEXT_ID
			       " UNION SELECT run FROM run_tag WHERE name = " TEXT_ID,
			       label, ids, error);
}

/* The commit of a branch's newest run, as the number of its text; 0: that run has none, -1: no run. */
static int newest_commit(struct store *store, const char *branch, int64_t until_ns, int64_t *commit,
			 struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(
		store, &stmt,
		"SELECT coalesce(commit_id, 0) FROM run WHERE part = 0 AND branch = " TEXT_ID
		" AND started_at_ns <= ?2 ORDER BY started_at_ns DESC, id DESC "
		"LIMIT 1",
		error);

	if (rc)
		return rc;
	sqlite3_bind_text(stmt, 1, branch, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, until_ns);
	rc = sqlite3_step(stmt);
	*commit = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : -1;
	rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? ERR_OK : store_error(store, error);
	sqlite3_finalize(stmt);
	return rc;
}

int query_set_branch(struct store *store, const char *branch, int64_t until_ns, bool all_commits,
		     struct run_ids *ids, struct error *error)
{
	int64_t commit;
	sqlite3_stmt *stmt;
	int rc = newest_commit(store, branch, until_ns, &commit, error);

	if (rc || commit < 0)
		return rc;
	/* The plus keeps SQLite from walking through all runs of the branch to find those of one commit. */
	rc = store_prepare(store, &stmt,
			   all_commits || commit == 0
				   ? "SELECT id FROM run WHERE part = 0 AND branch = " TEXT_ID
				     " AND started_at_ns <= ?2 AND (?3 OR commit_id IS NULL)"
				   : "SELECT id FROM run WHERE part = 0 AND +branch = " TEXT_ID
				     " AND started_at_ns <= ?2 AND commit_id = ?3",
			   error);
	if (rc)
		return rc;
	sqlite3_bind_text(stmt, 1, branch, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, until_ns);
	sqlite3_bind_int64(stmt, 3, all_commits ? 1 : commit);
	return collect(store, stmt, ids, error);
}

int query_set_commit(struct store *store, const char *prefix, struct run_ids *ids,
		     struct text *commits, size_t *n, struct error *error)
{
	sqlite3_stmt *stmt;
	int step, rc = store_prepare(store, &stmt,
				     "SELECT t.value FROM text AS t WHERE t.value >= ?1 AND "
				     "t.value < ?1 || 'g' AND EXISTS (SELECT 1 FROM run WHERE "
				     "commit_id = t.id) ORDER BY t.value",
				     error);

	*n = 0;
	if (rc)
		return rc;
	sqlite3_bind_text(stmt, 1, prefix, -1, SQLITE_STATIC);
	while (!rc && (step = sqlite3_step(stmt)) != SQLITE_DONE) {
		const char *commit = (const char *)sqlite3_column_text(stmt, 0);

		if (step != SQLITE_ROW) {
			rc = store_error(store, error);
			break;
		}
		text_print(commits, "%s%.12s", (*n)++ ? " " : "", commit);
		rc = collect_by_text(store,
				     "SELECT id FROM run WHERE part = 0 AND commit_id = " TEXT_ID,
				     commit, ids, error);
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* Appends "WHAT a, b, c; " with at most some of them, those of the newest runs. */
static int list_kind(struct store *store, struct text *words, const char *what, const char *sql,
		     struct error *error)
{
	enum { SHOWN = 8 };
	sqlite3_stmt *stmt;
	int step = SQLITE_DONE, n = 0, rc = store_prepare(store, &stmt, sql, error);

	if (rc)
		return rc;
	while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		char *shown = text_printable(name ? name : "");

		if (n < SHOWN)
			text_print(words, "%s%s", n ? ", " : what, shown ? shown : "");
		n++;
		free(shown);
	}
	if (n)
		text_print(words, n > SHOWN ? ", ...; " : "; ");
	rc = step == SQLITE_DONE ? ERR_OK : store_error(store, error);
	sqlite3_finalize(stmt);
	return rc;
}

int query_set_known(struct store *store, struct text *words, struct error *error)
{
	/* Each walks along an index from value to value; the number of runs does not matter. */
#define VALUES_OF(column)                                                                          \
	"WITH RECURSIVE v(id) AS (SELECT min(" column ") FROM run WHERE " column " IS NOT NULL "   \
	"UNION ALL SELECT (SELECT min(" column ") FROM run WHERE " column " > v.id) FROM v "       \
	"WHERE v.id IS NOT NULL) SELECT t.value FROM v JOIN text AS t ON t.id = v.id "             \
	"ORDER BY t.id DESC LIMIT 9"
	int rc = list_kind(store, words, "runs ",
			   "SELECT min(id) || ' to ' || max(id) FROM run HAVING count(*) > 0",
			   error);

	if (!rc)
		rc = list_kind(store, words, "branches ", VALUES_OF("branch"), error);
	if (!rc)
		rc = list_kind(store, words, "labels ",
			       "SELECT value FROM (" VALUES_OF(
				       "label") ") UNION SELECT t.value "
						"FROM (SELECT DISTINCT name FROM run_tag LIMIT 9) "
						"AS r JOIN text AS "
						"t ON t.id = r.name LIMIT 9",
			       error);
	if (!rc)
		rc = list_kind(store, words, "commits ",
			       "SELECT substr(value, 1, 7) FROM (" VALUES_OF("commit_id") ")",
			       error);
	if (!rc)
		rc = list_kind(store, words, "hosts ", VALUES_OF("host"), error);
	return rc;
}

static int change_tag(struct store *store, sqlite3_stmt *stmt, const struct run_ids *ids,
		      const char *name, int64_t *n, struct error *error)
{
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	for (size_t i = 0; i < ids->n; i++) {
		sqlite3_reset(stmt);
		sqlite3_bind_int64(stmt, 2, ids->ids[i]);
		if (sqlite3_step(stmt) != SQLITE_DONE)
			return store_error(store, error);
		*n += sqlite3_changes(store->db);
	}
	return ERR_OK;
}

int query_set_tag(struct store *store, const struct run_ids *ids, const char *name, bool remove,
		  int64_t *n, struct error *error)
{
	sqlite3_stmt *stmt = NULL, *text = NULL;
	int rc = store_begin(store, error);

	*n = 0;
	if (rc)
		return rc;
	rc = store_prepare(store, &text, "INSERT OR IGNORE INTO text (value) VALUES (?1)", error);
	if (!rc) {
		sqlite3_bind_text(text, 1, name, -1, SQLITE_STATIC);
		if (!remove && sqlite3_step(text) != SQLITE_DONE)
			rc = store_error(store, error);
	}
	sqlite3_finalize(text);
	if (!rc)
		rc = store_prepare(
			store, &stmt,
			remove ? "DELETE FROM run_tag WHERE name = " TEXT_ID " AND run = ?2"
			       : "INSERT OR IGNORE INTO run_tag (name, run) VALUES (" TEXT_ID
				 ", ?2)",
			error);
	if (!rc)
		rc = change_tag(store, stmt, ids, name, n, error);
	sqlite3_finalize(stmt);
	if (!rc)
		rc = store_commit(store, error);
	if (rc)
		store_rollback(store);
	return rc;
}
