/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../store/store.h"
#include "../base/text.h"

/* One number from a query with one number in it; 0 when there is no row. */
static int ask(struct store *store, const char *sql, int64_t parameter, int64_t *answer,
	       struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(store, &stmt, sql, error);

	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, parameter);
	rc = sqlite3_step(stmt);
	*answer = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? ERR_OK : store_error(store, error);
	sqlite3_finalize(stmt);
	return rc;
}

/* Digits and nothing else; too large a number counts as one that no run has. */
static bool read_number(const char *text, int64_t *number)
{
	if (!*text || text[strspn(text, "0123456789")])
		return false;
	*number = strtoll(text, NULL, 10);
	return true;
}

/* "last", "last~", "last~N": how far back that is. */
static bool read_last(const char *name, int64_t *back)
{
	if (strncmp(name, "last", 4) != 0 || (name[4] && name[4] != '~'))
		return false;
	*back = name[4] == '~';
	return !name[4] || !name[5] || read_number(name + 5, back);
}

bool query_is_run_name(const char *name)
{
	int64_t number;

	return read_last(name, &number) || read_number(name, &number);
}

/* What there is, for a name that fits nothing. */
static int no_such_run(struct store *store, const char *name, struct error *error)
{
	int64_t first = 0, newest = 0, count = 0;
	int rc = store_number(store, "SELECT min(id) FROM run", &first, error);
	char *shown;

	if (!rc)
		rc = store_number(store, "SELECT max(id) FROM run", &newest, error);
	if (!rc)
		rc = store_number(store, "SELECT count(*) FROM run", &count, error);
	if (rc)
		return rc;
	if (count == 0)
		return error_set(
			error, ERR_NO_RUN,
			"there are no runs in %s yet; run a program built with "
			"-fplugin=hotpath.so, then ask again (`hotpath sites PROGRAM` says "
			"what it measures, `hotpath doctor` what is missing)",
			store->file);
	shown = text_printable(name);
	error_set(error, ERR_NO_RUN,
		  "there is no run '%s': the store %s has %lld run%s, with numbers from %lld to "
		  "%lld; `hotpath runs` lists them",
		  shown ? shown : "", store->file, (long long)count, count == 1 ? "" : "s",
		  (long long)first, (long long)newest);
	free(shown);
	return ERR_NO_RUN;
}

static int no_run_name(const char *name, struct error *error)
{
	char *shown = text_printable(name);

	error_set(error, ERR_USAGE,
		  "'%s' does not name a run: expected last, last~N, a run's number; `hotpath runs` "
		  "lists what there is",
		  shown ? shown : "");
	free(shown);
	return ERR_USAGE;
}

int query_resolve(struct store *store, const char *name, int64_t *id, struct error *error)
{
	int64_t number;
	int rc;

	*id = 0;
	if (read_last(name, &number))
		rc = ask(store,
			 "SELECT id FROM run WHERE part <> 2 ORDER BY id DESC LIMIT 1 OFFSET ?",
			 number, id, error);
	else if (read_number(name, &number))
		rc = ask(store, "SELECT id FROM run WHERE id = ?", number, id, error);
	else
		return no_run_name(name, error);
	return rc || *id ? rc : no_such_run(store, name, error);
}

int query_run_of_pid(struct store *store, int64_t pid, int64_t *id, struct error *error)
{
	return ask(store,
		   "SELECT id FROM run WHERE pid = ?1 AND part <> 2 AND id > (SELECT max(id) FROM "
		   "run) - 1000 "
		   "ORDER BY id DESC LIMIT 1",
		   pid, id, error);
}

int query_run_of_token(struct store *store, const char *token, int64_t pid, int64_t *id, int64_t *n,
		       struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(
		store, &stmt,
		"SELECT count(*), (SELECT id FROM run WHERE token = ?1 AND part = 0 "
		"AND (?2 = 0 OR pid = ?2) ORDER BY started_at_ns DESC, id DESC LIMIT 1) "
		"FROM run WHERE token = ?1",
		error);

	if (rc)
		return rc;
	sqlite3_bind_text(stmt, 1, token, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, pid);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		*n = sqlite3_column_int64(stmt, 0);
		*id = sqlite3_column_int64(stmt, 1);
	} else {
		rc = store_error(store, error);
	}
	sqlite3_finalize(stmt);
	return rc;
}
