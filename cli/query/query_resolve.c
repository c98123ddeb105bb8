/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <ctype.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../store/store.h"
#include "../base/text.h"

/* A form that a name can have: sets *id, 0 when no run is meant; returns false when the name is not
 * of this form. */
struct form {
	const char *like;
	bool (*resolve)(struct store *store, const char *name, int64_t *id, int *rc,
			struct error *error);
};

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
	errno = 0;
	*number = strtoll(text, NULL, 10);
	return true;
}

static bool resolve_last(struct store *store, const char *name, int64_t *id, int *rc,
			 struct error *error)
{
	int64_t back = 0;

	if (strncmp(name, "last", 4) != 0)
		return false;
	if (name[4] == '~' && name[5] == '\0')
		back = 1;
	else if (name[4] && (name[4] != '~' || !read_number(name + 5, &back)))
		return false;
	*rc = ask(store, "SELECT id FROM run WHERE part <> 2 ORDER BY id DESC LIMIT 1 OFFSET ?",
		  back, id, error);
	return true;
}

static bool resolve_number(struct store *store, const char *name, int64_t *id, int *rc,
			   struct error *error)
{
	int64_t number;

	if (!read_number(name, &number))
		return false;
	*rc = ask(store, "SELECT id FROM run WHERE id = ?", number, id, error);
	return true;
}

static const struct form forms[] = {
	{"last", resolve_last},
	{"last~N", resolve_last},
	{"a run's number", resolve_number},
};

/* What there is, for a name that fits nothing. */
static int no_such_run(struct store *store, const char *name, struct error *error)
{
	int64_t first = 0, newest = 0, count = 0;
	int rc = ask(store, "SELECT min(id) FROM run WHERE ?1 = 0", 0, &first, error);
	char *shown;

	if (!rc)
		rc = ask(store, "SELECT max(id) FROM run WHERE ?1 = 0", 0, &newest, error);
	if (!rc)
		rc = ask(store, "SELECT count(*) FROM run WHERE ?1 = 0", 0, &count, error);
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

int query_resolve(struct store *store, const char *name, int64_t *id, struct error *error)
{
	struct text list = {0};
	char *known, *shown;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		int rc = ERR_OK;

		*id = 0;
		if (!forms[i].resolve(store, name, id, &rc, error))
			continue;
		if (rc || *id)
			return rc;
		return no_such_run(store, name, error);
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		text_print(&list, "%s%s", i ? ", " : "", forms[i].like);
	known = text_take(&list);
	shown = text_printable(name);
	error_set(error, ERR_USAGE,
		  "'%s' does not name a run: expected %s; `hotpath runs` lists "
		  "what there is",
		  shown ? shown : "", known ? known : "last");
	free(known);
	free(shown);
	return ERR_USAGE;
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
