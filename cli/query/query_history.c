/* SPDX-License-Identifier: MIT */
#include "query_history.h"

#include <math.h>
#include <search.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "query_trend.h"
#include "../base/run_ids.h"
#include "query_set.h"
#include "../store/store.h"
#include "../base/text.h"

#define COLUMNS                                                                                    \
	"SELECT r.id, coalesce(r.branch, 0), coalesce(r.commit_id, 0), coalesce(r.host, 0), "      \
	"coalesce(r.cpu, 0), coalesce(r.root, 0), r.argv, r.started_at_ns, r.lost, "               \
	"coalesce(r.dirty, 0) = 1, coalesce(r.status, 0) <> 0 OR coalesce(r.signal, 0) <> 0, "     \
	"r.token, coalesce(r.diff, ''), r.load / max(1, r.cpu_count), r.part = 1, " RUN_IS_UNSEEN  \
	" FROM run AS r "                                                                          \
	"WHERE r.started_at_ns >= ?1 "

/* A `hotpath run`, in a tree by its token. */
struct token {
	char *text;
	size_t run;
};

struct reader {
	struct store *store;
	struct history *history;
	size_t capacity;
	void *tokens;
	struct error *error;
};

static int by_text(const void *one, const void *other)
{
	return strcmp(((const struct token *)one)->text, ((const struct token *)other)->text);
}

static void free_token(void *token)
{
	free(((struct token *)token)->text);
	free(token);
}

static int run_of(struct reader *r, const char *text, size_t *run)
{
	struct token *token, **found;

	*run = r->history->runs;
	if (!text) {
		r->history->runs++;
		return ERR_OK;
	}
	token = calloc(1, sizeof(*token));
	if (token)
		*token = (struct token){strdup(text), r->history->runs};
	found = token && token->text ? tsearch(token, &r->tokens, by_text) : NULL;
	if (found && *found == token) {
		r->history->runs++;
		return ERR_OK;
	}
	if (found)
		*run = (*found)->run;
	if (token)
		free_token(token);
	return found ? ERR_OK : error_memory(r->error);
}

static int add_row(struct reader *r, sqlite3_stmt *stmt)
{
	struct history *h = r->history;
	struct history_run *run;

	/* What a process has done so far is no run yet. */
	if (sqlite3_column_int(stmt, 14)) {
		h->live++;
		return ERR_OK;
	}
	if (h->n == r->capacity) {
		size_t capacity = 2 * r->capacity + 256;
		struct history_run *more = realloc(h->list, capacity * sizeof(*more));

		if (!more)
			return error_memory(r->error);
		h->list = more;
		r->capacity = capacity;
	}
	run = &h->list[h->n++];
	*run = (struct history_run){
		.id = sqlite3_column_int64(stmt, 0),
		.branch = sqlite3_column_int64(stmt, 1),
		.commit = sqlite3_column_int64(stmt, 2),
		.host = sqlite3_column_int64(stmt, 3),
		.cpu = sqlite3_column_int64(stmt, 4),
		.root = sqlite3_column_int64(stmt, 5),
		.argv = sqlite3_column_int64(stmt, 6),
		.started_at_ns = sqlite3_column_int64(stmt, 7),
		.lost = sqlite3_column_int64(stmt, 8),
		.dirty = sqlite3_column_int(stmt, 9) != 0,
		.failed = sqlite3_column_int(stmt, 10) != 0,
		.unseen = sqlite3_column_int(stmt, 15) != 0,
		.load = sqlite3_column_type(stmt, 13) == SQLITE_NULL
				? NAN
				: sqlite3_column_double(stmt, 13),
	};
	snprintf(run->diff, sizeof(run->diff), "%s", (const char *)sqlite3_column_text(stmt, 12));
	return run_of(r, (const char *)sqlite3_column_text(stmt, 11), &run->run);
}

static int add_rows(struct reader *r, sqlite3_stmt *stmt)
{
	int step, rc = ERR_OK;

	while (!rc && (step = sqlite3_step(stmt)) != SQLITE_DONE)
		rc = step == SQLITE_ROW ? add_row(r, stmt) : store_error(r->store, r->error);
	return rc;
}

static int read_ids(struct reader *r, const struct trend_wish *wish)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(r->store, &stmt, COLUMNS "AND r.id = ?2", r->error);

	for (size_t i = 0; i < wish->ids->n && !rc; i++) {
		sqlite3_reset(stmt);
		sqlite3_bind_int64(stmt, 1, wish->since_ns);
		sqlite3_bind_int64(stmt, 2, wish->ids->ids[i]);
		rc = add_rows(r, stmt);
	}
	sqlite3_finalize(stmt);
	return rc;
}

static int read_branch(struct reader *r, const struct trend_wish *wish, int64_t branch)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(r->store, &stmt,
			       branch ? COLUMNS "AND r.branch = ?2 ORDER BY r.id"
				      : COLUMNS "ORDER BY r.id",
			       r->error);

	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, wish->since_ns);
	if (branch)
		sqlite3_bind_int64(stmt, 2, branch);
	rc = add_rows(r, stmt);
	sqlite3_finalize(stmt);
	return rc;
}

/* A number, 0 when there is no row. */
static int ask(struct store *store, const char *sql, const char *text, int64_t *answer,
	       struct error *error)
{
	sqlite3_stmt *stmt;
	int step, rc = store_prepare(store, &stmt, sql, error);

	*answer = 0;
	if (rc)
		return rc;
	if (text)
		sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
	step = sqlite3_step(stmt);
	if (step == SQLITE_ROW)
		*answer = sqlite3_column_int64(stmt, 0);
	else if (step != SQLITE_DONE)
		rc = store_error(store, error);
	sqlite3_finalize(stmt);
	return rc;
}

int query_history_text(struct store *store, int64_t id, char **text, struct error *error)
{
	sqlite3_stmt *stmt;
	int rc;

	*text = NULL;
	if (!id)
		return ERR_OK;
	rc = store_prepare(store, &stmt, "SELECT value FROM text WHERE id = ?", error);
	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, id);
	if (sqlite3_step(stmt) == SQLITE_ROW) {
		*text = store_text(stmt, 0);
		rc = *text ? ERR_OK : error_memory(error);
	} else {
		rc = store_error(store, error);
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* The branch whose runs are wanted; 0: of all, -1: there is none of that name. */
static int find_branch(struct store *store, const struct trend_wish *wish, int64_t *branch,
		       struct model_trend *trend, struct error *error)
{
	int rc;

	*branch = 0;
	if (wish->branch) {
		rc = ask(store,
			 "SELECT t.id FROM text AS t WHERE t.value = ?1 AND EXISTS (SELECT 1 FROM "
			 "run WHERE branch = t.id)",
			 wish->branch, branch, error);
		*branch = *branch ? *branch : -1;
		return rc;
	}
	if (wish->all_branches || wish->ids)
		return ERR_OK;
	rc = ask(store, "SELECT coalesce(branch, 0) FROM run ORDER BY id DESC LIMIT 1", NULL,
		 branch, error);
	trend->chosen = *branch != 0;
	return rc;
}

static int by_machine(const void *one, const void *other)
{
	const struct history_run *a = one, *b = other;

	if (a->cpu != b->cpu)
		return a->cpu < b->cpu ? -1 : 1;
	return (a->host > b->host) - (a->host < b->host);
}

/* Runs that stand together in a list that is sorted by machine. */
struct stretch {
	size_t begin, n;
};

struct machines {
	struct stretch pair, cpu; /* most runs of one host and processor; and of one processor */
	size_t n;		  /* hosts with a kind of processor */
};

static void find_machines(const struct history_run *sorted, size_t n, struct machines *machines)
{
	struct stretch pair = {0}, cpu = {0};

	memset(machines, 0, sizeof(*machines));
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || sorted[i].cpu != sorted[i - 1].cpu)
			cpu = (struct stretch){i, 0};
		if (i == 0 || by_machine(&sorted[i], &sorted[i - 1]) != 0) {
			pair = (struct stretch){i, 0};
			machines->n++;
		}
		cpu.n++;
		pair.n++;
		if (cpu.n > machines->cpu.n)
			machines->cpu = cpu;
		if (pair.n > machines->pair.n)
			machines->pair = pair;
	}
}

static void keep(struct history *history, const struct history_run *like, bool any_host)
{
	size_t kept = 0;

	for (size_t i = 0; i < history->n; i++) {
		const struct history_run *run = &history->list[i];

		if (run->cpu == like->cpu && (any_host || run->host == like->host))
			history->list[kept++] = *run;
	}
	history->n = kept;
}

/* The machine among those left out that has most runs. */
static int64_t most_of_others(const struct history_run *sorted, size_t n,
			      const struct history_run *like, bool any_host)
{
	size_t run = 0, most = 0;
	int64_t host = 0;

	for (size_t i = 0; i < n; i++) {
		run = i && by_machine(&sorted[i], &sorted[i - 1]) == 0 ? run + 1 : 1;
		if (sorted[i].cpu == like->cpu && (any_host || sorted[i].host == like->host))
			continue;
		if (run > most) {
			most = run;
			host = sorted[i].host;
		}
	}
	return host;
}

/* Leaves the runs of one machine, or of one processor where no host has half of the runs. */
static int choose_machine(struct store *store, struct history *history, struct model_trend *trend,
			  struct error *error)
{
	size_t n = history->n;
	struct history_run *sorted = calloc(n + 1, sizeof(*sorted)), like;
	struct machines all, kept;
	bool any_host;
	int rc = ERR_OK;

	if (!sorted)
		return error_memory(error);
	memcpy(sorted, history->list, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_machine);
	find_machines(sorted, n, &all);
	any_host = 2 * all.pair.n < n;
	like = sorted[any_host ? all.cpu.begin : all.pair.begin];
	keep(history, &like, any_host);
	trend->other_runs = n - history->n;
	if (trend->other_runs) {
		int64_t host = most_of_others(sorted, n, &like, any_host);

		find_machines(sorted + (any_host ? all.cpu.begin : all.pair.begin), history->n,
			      &kept);
		trend->other_machines = all.n - kept.n;
		rc = query_history_text(store, host, &trend->other_host, error);
	}
	free(sorted);
	return rc;
}

static int only_host(struct store *store, const char *name, struct history *history,
		     struct error *error)
{
	int64_t host;
	size_t kept = 0;
	int rc = ask(store, "SELECT id FROM text WHERE value = ?1", name, &host, error);

	for (size_t i = 0; i < history->n && !rc; i++)
		if (host && history->list[i].host == host)
			history->list[kept++] = history->list[i];
	if (!rc)
		history->n = kept;
	return rc;
}

int query_history(struct store *store, const struct trend_wish *wish, struct history *history,
		  struct model_trend *trend, struct error *error)
{
	struct reader r = {.store = store, .history = history, .error = error};
	int64_t branch;
	int rc = find_branch(store, wish, &branch, trend, error);

	memset(history, 0, sizeof(*history));
	if (!rc && wish->ids)
		rc = read_ids(&r, wish);
	else if (!rc && branch >= 0)
		rc = read_branch(&r, wish, branch);
	tdestroy(r.tokens, free_token);
	trend->live = history->live;
	if (!rc && branch > 0)
		rc = query_history_text(store, branch, &trend->branch, error);
	if (!rc && wish->host)
		rc = only_host(store, wish->host, history, error);
	if (!rc && !wish->all_hosts && history->n)
		rc = choose_machine(store, history, trend, error);
	return rc;
}

void query_history_release(struct history *history)
{
	free(history->list);
	memset(history, 0, sizeof(*history));
}
