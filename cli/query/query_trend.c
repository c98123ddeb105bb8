/* SPDX-License-Identifier: MIT */
#include "query_trend.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../store/merge.h"
#include "../store/pack.h"
#include "query_cell.h"
#include "query_function.h"
#include "query_history.h"
#include "query_set.h"
#include "../store/store.h"
#include "../base/text.h"

static const char TOTAL[] = "total";

struct loader {
	struct store *store;
	const struct trend_wish *wish;
	struct model_trend *trend;
	struct history history;
	struct named_list named;
	size_t functions;	  /* that the name can mean, or 1 for the total */
	struct model_cell *cells; /* of each run, and within it of each function */
	sqlite3_stmt *profile;
	struct error *error;
};

static bool wants_percentiles(const struct loader *load)
{
	return load->wish->metric == METRIC_P50 || load->wish->metric == METRIC_P99;
}

static int by_number(const void *one, const void *other)
{
	int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

	return (a > b) - (a < b);
}

/* How many different values there are; sorts them. */
static size_t distinct(int64_t *values, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(values, n, sizeof(*values), by_number);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || values[kept - 1] != values[i])
			values[kept++] = values[i];
	return kept;
}

/* The function's numbers, with the files told apart below the roots that these runs have. */
static int find_names(struct loader *load)
{
	const struct history *h = &load->history;
	int64_t *roots;
	int rc;

	load->functions = 1;
	if (load->trend->total)
		return ERR_OK;
	roots = calloc(h->n + 1, sizeof(*roots));
	if (!roots)
		return error_memory(load->error);
	for (size_t i = 0; i < h->n; i++)
		roots[i] = h->list[i].root;
	rc = query_named(load->store, load->wish->function, roots, distinct(roots, h->n),
			 &load->named, load->error);
	load->functions = load->named.functions;
	free(roots);
	return rc;
}

static const struct named *find_named(const struct loader *load, int64_t id)
{
	size_t low = 0, high = load->named.n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (load->named.list[middle].id == id)
			return &load->named.list[middle];
		if (load->named.list[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int damaged(struct loader *load, int64_t run)
{
	return error_set(load->error, ERR_CORRUPT,
			 "the functions of run %lld in %s cannot be read; `hotpath doctor` checks "
			 "the store",
			 (long long)run, load->store->file);
}

static int add_functions(struct loader *load, const struct merged *functions, size_t n,
			 struct model_cell *cells)
{
	const uint8_t *at = NULL, *end = NULL;
	double ns_per_tick = 0;

	if (wants_percentiles(load)) {
		ns_per_tick = sqlite3_column_double(load->profile, 1);
		at = sqlite3_column_blob(load->profile, 2);
		end = at + sqlite3_column_bytes(load->profile, 2);
	}
	for (size_t i = 0; i < n; i++) {
		size_t length = 0;
		const uint8_t *bytes = at ? pack_next_histogram(&at, end, &length) : NULL;
		const struct named *named;

		if (load->trend->total) {
			query_cell_add(cells, &functions[i], NAN, NAN);
			continue;
		}
		named = find_named(load, functions[i].function);
		if (!named)
			continue;
		if (!wants_percentiles(load))
			query_cell_add(&cells[named->function], &functions[i], NAN, NAN);
		else if (query_cell_add_all(&cells[named->function], &functions[i], bytes, length,
					    ns_per_tick))
			return -1;
	}
	return 0;
}

static int read_profile(struct loader *load, const struct history_run *run)
{
	struct model_cell *cells = load->cells + run->run * load->functions;
	struct merged *functions = NULL;
	int step, rc = ERR_OK;
	size_t n = 0;

	sqlite3_reset(load->profile);
	sqlite3_bind_int64(load->profile, 1, run->id);
	step = sqlite3_step(load->profile);
	if (step == SQLITE_DONE)
		return ERR_OK;
	if (step != SQLITE_ROW)
		return store_error(load->store, load->error);
	if (pack_functions_read(sqlite3_column_blob(load->profile, 0),
				(size_t)sqlite3_column_bytes(load->profile, 0), &functions, &n) ||
	    add_functions(load, functions, n, cells))
		rc = damaged(load, run->id);
	free(functions);
	return rc;
}

static int read_profiles(struct loader *load)
{
	/* Histograms stand behind all else in the row, and without them its end need not be read. */
	int rc =
		store_prepare(load->store, &load->profile,
			      wants_percentiles(load)
				      ? "SELECT p.functions, r.ns_per_tick, p.histograms FROM "
					"profile AS p JOIN run AS r ON r.id = p.run WHERE p.run = ?"
				      : "SELECT functions FROM profile WHERE run = ?",
			      load->error);

	load->cells = calloc(load->history.runs * load->functions + 1, sizeof(*load->cells));
	if (!rc && !load->cells)
		rc = error_memory(load->error);
	for (size_t i = 0; i < load->history.n && !rc; i++)
		rc = read_profile(load, &load->history.list[i]);
	sqlite3_finalize(load->profile);
	return rc;
}

static int take_name(struct loader *load, size_t function)
{
	struct model_trend *trend = load->trend;
	const struct named *f = NULL;

	/* The newest of its numbers. */
	for (size_t i = 0; i < load->named.n; i++)
		if (load->named.list[i].function == function)
			f = &load->named.list[i];
	if (!f)
		return ERR_OK;
	trend->name = strdup(query_named_title(f));
	trend->file = f->file ? strdup(f->file) : NULL;
	trend->line = f->line;
	return trend->name && (trend->file || !f->file) ? ERR_OK : error_memory(load->error);
}

static int kind_of(const struct loader *load, size_t function)
{
	for (size_t i = 0; i < load->named.n; i++)
		if (load->named.list[i].function == function)
			return load->named.list[i].kind;
	return 0;
}

static bool was_called(const struct loader *load, size_t function)
{
	for (size_t r = 0; r < load->history.runs; r++)
		if (load->cells[r * load->functions + function].calls > 0)
			return true;
	return false;
}

/*
 * Which of the functions that the name can mean was called in these runs.  What is measured under the name of a function besides
 * (calls to it, say) is only meant when no function is.
 */
static int choose_function(struct loader *load, size_t *chosen)
{
	bool *meant = calloc(load->functions + 1, sizeof(*meant));
	size_t n[2] = {0};
	int rc = ERR_OK;

	*chosen = 0;
	if (!meant)
		return error_memory(load->error);
	for (size_t i = 0; i < load->functions; i++) {
		meant[i] = was_called(load, i);
		n[kind_of(load, i) != 0] += meant[i];
	}
	for (size_t i = 0; i < load->functions; i++) {
		meant[i] &= n[0] == 0 || kind_of(load, i) == 0;
		if (meant[i])
			*chosen = i;
	}
	if (n[0] > 1 || (n[0] == 0 && n[1] > 1))
		rc = query_named_ambiguous(&load->named, load->wish->function, meant, load->error);
	else if (!load->trend->total)
		rc = take_name(load, *chosen);
	free(meant);
	return rc;
}

/* A run with its commit, to be put in order. */
struct entry {
	struct model_trend_run run;
	int64_t commit;
	bool dirty;
	const char *diff;
	int64_t first_ns, first; /* of its commit */
};

/* Work trees that differed from a commit in different ways are as different as commits. */
static int by_version(const struct entry *a, const struct entry *b)
{
	if (a->commit != b->commit)
		return a->commit < b->commit ? -1 : 1;
	if (a->dirty != b->dirty)
		return a->dirty ? 1 : -1;
	return strcmp(a->diff, b->diff);
}

static int by_commit(const void *one, const void *other)
{
	const struct entry *a = one, *b = other;
	int order = by_version(a, b);

	if (order)
		return order;
	if (a->run.started_at_ns != b->run.started_at_ns)
		return a->run.started_at_ns < b->run.started_at_ns ? -1 : 1;
	return (a->run.id > b->run.id) - (a->run.id < b->run.id);
}

static int by_first(const void *one, const void *other)
{
	const struct entry *a = one, *b = other;

	if (a->first_ns != b->first_ns)
		return a->first_ns < b->first_ns ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return by_commit(one, other);
}

static bool same_commit(const struct entry *a, const struct entry *b)
{
	return by_version(a, b) == 0;
}

/* Commits in the order of their first runs, the runs of each in their own. */
static void put_in_order(struct entry *entries, size_t n)
{
	if (n == 0)
		return;
	qsort(entries, n, sizeof(*entries), by_commit);
	for (size_t i = 0; i < n; i++) {
		const struct entry *first =
			i && same_commit(&entries[i], &entries[i - 1]) ? &entries[i - 1] : NULL;

		entries[i].first_ns = first ? first->first_ns : entries[i].run.started_at_ns;
		entries[i].first = first ? first->first : entries[i].run.id;
	}
	qsort(entries, n, sizeof(*entries), by_first);
}

/* What is to be said of the runs that are taken. */
static int describe(struct loader *load, const bool *taken)
{
	const struct history *h = &load->history;
	struct model_trend *trend = load->trend;
	int64_t *values = calloc(h->n + 1, sizeof(*values)), host = 0, cpu = 0;
	size_t n = 0;
	int rc;

	if (!values)
		return error_memory(load->error);
	for (size_t i = 0; i < h->n; i++) {
		const struct history_run *run = &h->list[i];

		if (!taken[run->run])
			continue;
		trend->failed += run->failed;
		trend->unseen += run->unseen;
		trend->dirty += run->dirty;
		trend->lost += run->lost;
		values[n++] = run->host;
	}
	trend->hosts = distinct(values, n);
	host = trend->hosts == 1 ? values[0] : 0;
	n = 0;
	for (size_t i = 0; i < h->n; i++)
		if (taken[h->list[i].run])
			values[n++] = h->list[i].cpu;
	trend->cpus = distinct(values, n);
	cpu = trend->cpus == 1 ? values[0] : 0;
	n = 0;
	for (size_t i = 0; i < h->n; i++)
		if (taken[h->list[i].run])
			values[n++] = h->list[i].argv;
	trend->commands = distinct(values, n);
	free(values);
	rc = query_history_text(load->store, host, &trend->host, load->error);
	return rc ? rc : query_history_text(load->store, cpu, &trend->cpu, load->error);
}

static int add_commits(struct loader *load, const struct entry *entries, size_t n)
{
	struct model_trend *trend = load->trend;
	int rc = ERR_OK;

	trend->runs = calloc(n + 1, sizeof(*trend->runs));
	trend->commits = calloc(n + 1, sizeof(*trend->commits));
	if (!trend->runs || !trend->commits)
		return error_memory(load->error);
	for (size_t i = 0; i < n && !rc; i++) {
		struct model_trend_commit *commit = &trend->commits[trend->n];

		trend->runs[trend->n_runs++] = entries[i].run;
		if (i && same_commit(&entries[i], &entries[i - 1]) && !trend->by_run) {
			commit[-1].n++;
			continue;
		}
		*commit = (struct model_trend_commit){.dirty = entries[i].dirty,
						      .first_ns = entries[i].run.started_at_ns,
						      .begin = i,
						      .n = 1};
		trend->n++;
		rc = query_history_text(load->store, entries[i].commit, &commit->commit,
					load->error);
	}
	return rc;
}

static int fill(struct loader *load, size_t function)
{
	const struct history *h = &load->history;
	struct model_trend *trend = load->trend;
	struct entry *entries = calloc(h->n + 1, sizeof(*entries));
	bool *seen = calloc(h->runs + 1, sizeof(*seen)),
	     *taken = calloc(h->runs + 1, sizeof(*taken));
	enum model_metric metric =
		trend->total ? model_metric_of_total(load->wish->metric) : load->wish->metric;
	int rc = entries && seen && taken ? ERR_OK : error_memory(load->error);
	size_t n = 0;

	trend->by_run = true;
	for (size_t i = 0; i < h->n; i++)
		trend->by_run &= h->list[i].commit == 0;
	for (size_t i = 0; i < h->n && !rc; i++) {
		const struct history_run *run = &h->list[i];
		const struct model_cell *cell = &load->cells[run->run * load->functions + function];
		double value = cell->calls > 0 ? model_cell_value(cell, metric) : NAN;

		if (seen[run->run])
			continue;
		seen[run->run] = true;
		trend->not_called += isnan(value);
		if (isnan(value))
			continue;
		trend->without_commit += run->commit == 0 && !trend->by_run;
		if (run->commit == 0 && !trend->by_run)
			continue;
		taken[run->run] = true;
		entries[n++] = (struct entry){{run->id, run->started_at_ns, value, run->load},
					      run->commit,
					      run->dirty && run->commit,
					      run->diff,
					      0,
					      0};
	}
	if (!rc)
		rc = describe(load, taken);
	if (!rc) {
		put_in_order(entries, n);
		rc = add_commits(load, entries, n);
	}
	free(entries);
	free(seen);
	free(taken);
	return rc;
}

static int nothing(struct loader *load)
{
	struct text known = {0};
	int rc = query_set_known(load->store, &known, load->error);
	char *words = text_take(&known), *shown = text_printable(load->wish->function);

	if (!rc)
		rc = error_set(
			load->error, ERR_NO_RUN,
			"no runs of '%s' are left%s; the store has %s`hotpath runs` lists them",
			shown ? shown : "",
			load->trend->not_called ? ": the runs chosen did not call it" : "",
			words && *words ? words : "none; ");
	free(words);
	free(shown);
	return rc;
}

int query_trend(struct store *store, const struct trend_wish *wish, struct model_trend *trend,
		struct error *error)
{
	struct loader load = {.store = store, .wish = wish, .trend = trend, .error = error};
	size_t function = 0;
	int rc;

	memset(trend, 0, sizeof(*trend));
	trend->metric = wish->metric;
	trend->total = strcmp(wish->function, TOTAL) == 0;
	trend->asked = strdup(wish->function);
	rc = trend->asked ? query_history(store, wish, &load.history, trend, error)
			  : error_memory(error);
	if (!rc)
		rc = find_names(&load);
	if (!rc)
		rc = read_profiles(&load);
	if (!rc)
		rc = choose_function(&load, &function);
	if (!rc)
		rc = fill(&load, function);
	if (!rc && trend->n == 0)
		rc = nothing(&load);
	free(load.cells);
	query_named_release(&load.named);
	query_history_release(&load.history);
	return rc;
}

/* The build-ids of a run's programs and libraries, to be freed; NULL when one of them is not known. */
static int read_builds(struct store *store, int64_t run, char **builds, struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(
		store, &stmt,
		"SELECT group_concat(build_id), min(length(build_id)) FROM (SELECT "
		"DISTINCT o.build_id FROM run_unit AS u JOIN unit ON unit.id = u.unit "
		"JOIN object AS o ON o.id = unit.object WHERE u.run = ? "
		"ORDER BY o.build_id)",
		error);

	*builds = NULL;
	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, run);
	if (sqlite3_step(stmt) != SQLITE_ROW) {
		rc = store_error(store, error);
	} else if (sqlite3_column_int(stmt, 1) > 0) {
		*builds = store_text(stmt, 0);
		rc = *builds ? ERR_OK : error_memory(error);
	}
	sqlite3_finalize(stmt);
	return rc;
}

int query_trend_builds(struct store *store, struct model_trend *trend, struct error *error)
{
	int rc = ERR_OK;

	for (size_t i = 0; i < trend->n_changes && !rc; i++) {
		struct model_trend_change *change = &trend->changes[i];
		const struct model_trend_commit *after = &trend->commits[change->at];
		char *before_builds, *after_builds = NULL;

		rc = read_builds(store, trend->runs[after[-1].begin].id, &before_builds, error);
		if (!rc)
			rc = read_builds(store, trend->runs[after->begin].id, &after_builds, error);
		change->same_build =
			before_builds && after_builds && strcmp(before_builds, after_builds) == 0;
		free(before_builds);
		free(after_builds);
	}
	return rc;
}
