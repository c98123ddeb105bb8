/* SPDX-License-Identifier: MIT */
/* One function, summed up over some runs, with those that it called and was called by. */
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../segment/image.h"
#include "../store/merge.h"
#include "../store/pack.h"
#include "query.h"
#include "query_function.h"
#include "query_show.h"
#include "../base/run_ids.h"
#include "../store/store.h"
#include "../base/text.h"

static const int64_t NOBODY = 0;

/* Calls between our function and another, by the other's number; NOBODY: none that is measured. */
struct edge {
	int64_t function;
	int64_t calls, total_ns;
};

struct edges {
	struct edge *list;
	size_t n;
};

struct loader {
	struct store *store;
	struct model_show_function *show;
	struct named_list named;
	bool *called;	  /* of the functions that the name can mean */
	int64_t *numbers; /* those of the one that it means, ascending */
	size_t n_numbers;
	struct merged sum;
	double duration_ns;
	struct edges callers, callees;
	sqlite3_stmt *profile;
	struct error *error;
};

static int by_number(const void *one, const void *other)
{
	int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

	return (a > b) - (a < b);
}

static int find_names(struct loader *load, const char *asked, const struct run_ids *runs)
{
	int64_t *roots = calloc(runs->n + 1, sizeof(*roots));
	sqlite3_stmt *stmt = NULL;
	int rc =
		roots ? store_prepare(load->store, &stmt,
				      "SELECT coalesce(root, 0) FROM run WHERE id = ?", load->error)
		      : error_memory(load->error);
	size_t n = 0;

	for (size_t i = 0; i < runs->n && !rc; i++) {
		sqlite3_reset(stmt);
		sqlite3_bind_int64(stmt, 1, runs->ids[i]);
		roots[n] = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
		n += n == 0 || roots[n] != roots[n - 1];
	}
	sqlite3_finalize(stmt);
	if (!rc)
		rc = query_named(load->store, asked, roots, n, &load->named, load->error);
	free(roots);
	return rc;
}

static const struct named *find_named(const struct loader *load, int64_t id)
{
	for (size_t i = 0; i < load->named.n; i++)
		if (load->named.list[i].id == id)
			return &load->named.list[i];
	return NULL;
}

static int damaged(struct loader *load, int64_t run)
{
	return error_set(load->error, ERR_CORRUPT,
			 "the profile of run %lld in %s cannot be read; `hotpath doctor` checks "
			 "the store",
			 (long long)run, load->store->file);
}

/* The run's functions, as long as the statement stands on its row; none when it has no profile. */
static int read_functions(struct loader *load, int64_t run, struct merged **functions, size_t *n)
{
	sqlite3_stmt *stmt = load->profile;
	int step;

	*functions = NULL;
	*n = 0;
	sqlite3_reset(stmt);
	sqlite3_bind_int64(stmt, 1, run);
	step = sqlite3_step(stmt);
	if (step == SQLITE_DONE)
		return ERR_OK;
	if (step != SQLITE_ROW)
		return store_error(load->store, load->error);
	if (pack_functions_read(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0),
				functions, n) ||
	    pack_skipped_read(sqlite3_column_blob(stmt, 3), (size_t)sqlite3_column_bytes(stmt, 3),
			      *functions, *n)) {
		free(*functions);
		*functions = NULL;
		return damaged(load, run);
	}
	return ERR_OK;
}

static int not_called(struct loader *load, const char *asked, const struct run_ids *runs)
{
	char *shown = text_printable(asked);

	error_set(load->error, ERR_USAGE, "%s did not call '%s', other runs did; --run names them",
		  runs->n == 1 ? "the run" : "these runs", shown ? shown : "");
	free(shown);
	return ERR_USAGE;
}

/* Which of the functions that the name can mean these runs have; what is no function gives way to one that is. */
static int choose_function(struct loader *load, const char *asked, const struct run_ids *runs)
{
	size_t n[2] = {0}, chosen = 0;
	int rc = ERR_OK;

	for (size_t i = 0; i < runs->n && !rc; i++) {
		struct merged *functions;
		size_t all;

		rc = read_functions(load, runs->ids[i], &functions, &all);
		for (size_t k = 0; k < all; k++) {
			const struct named *named = find_named(load, functions[k].function);

			if (!named || load->called[named->function])
				continue;
			load->called[named->function] = true;
			n[named->kind != 0]++;
		}
		free(functions);
	}
	if (rc)
		return rc;
	for (size_t i = 0; i < load->named.n; i++) {
		const struct named *named = &load->named.list[i];

		load->called[named->function] &= n[0] == 0 || named->kind == 0;
		if (load->called[named->function])
			chosen = named->function;
	}
	if (n[0] + n[1] == 0)
		return not_called(load, asked, runs);
	if (n[0] > 1 || (n[0] == 0 && n[1] > 1))
		return query_named_ambiguous(&load->named, asked, load->called, load->error);
	for (size_t i = 0; i < load->named.n; i++)
		if (load->named.list[i].function == chosen)
			load->numbers[load->n_numbers++] = load->named.list[i].id;
	return ERR_OK;
}

static bool is_ours(const struct loader *load, int64_t function)
{
	return bsearch(&function, load->numbers, load->n_numbers, sizeof(function), by_number) !=
	       NULL;
}

static int add_bars(struct loader *load, const uint8_t *bytes, size_t length, double ns_per_tick)
{
	struct model_show_function *show = load->show;
	struct image_bucket *buckets = NULL;
	struct model_bar *more;
	size_t n = 0;

	if (!bytes || pack_histogram_read(bytes, length, &buckets, &n))
		return -1;
	more = realloc(show->bars, (show->n_bars + n + 1) * sizeof(*more));
	if (more)
		show->bars = more;
	for (size_t i = 0; more && i < n; i++)
		more[show->n_bars++] = (struct model_bar){
			hist_middle(buckets[i].bucket) * ns_per_tick, (double)buckets[i].count};
	free(buckets);
	return more ? 0 : -1;
}

static void add_numbers(struct merged *sum, const struct merged *m)
{
	bool returned = m->calls > m->running, before = sum->calls > sum->running;

	if (returned && (!before || m->min_ns < sum->min_ns))
		sum->min_ns = m->min_ns;
	if (returned && m->max_ns > sum->max_ns)
		sum->max_ns = m->max_ns;
	sum->calls += m->calls;
	sum->running += m->running;
	sum->unwound += m->unwound;
	sum->skipped += m->skipped;
	sum->total_ns += m->total_ns;
	sum->self_ns += m->self_ns;
	sum->sum_ns += m->sum_ns;
}

static int add_edge(struct edges *edges, int64_t function, const struct pack_context *c)
{
	struct edge *more;

	for (size_t i = 0; i < edges->n; i++) {
		if (edges->list[i].function != function)
			continue;
		edges->list[i].calls += (int64_t)c->calls;
		edges->list[i].total_ns += (int64_t)c->total_ns;
		return 0;
	}
	more = realloc(edges->list, (edges->n + 1) * sizeof(*more));
	if (!more)
		return -1;
	edges->list = more;
	more[edges->n++] = (struct edge){function, (int64_t)c->calls, (int64_t)c->total_ns};
	return 0;
}

static int add_contexts(struct loader *load)
{
	struct pack_context *contexts = NULL;
	size_t n = 0;
	int rc = pack_contexts_read(sqlite3_column_blob(load->profile, 4),
				    (size_t)sqlite3_column_bytes(load->profile, 4), &contexts, &n);

	for (size_t i = 0; i < n && !rc; i++) {
		const struct pack_context *c = &contexts[i];
		int64_t caller = c->parent < 0 ? NOBODY : contexts[c->parent].function;

		if (is_ours(load, c->function))
			rc = add_edge(&load->callers, caller, c);
		if (!rc && caller != NOBODY && is_ours(load, caller))
			rc = add_edge(&load->callees, c->function, c);
	}
	free(contexts);
	return rc;
}

static int add_run(struct loader *load, int64_t run)
{
	struct model_show_function *show = load->show;
	struct merged *functions;
	const uint8_t *at, *end;
	bool found = false;
	double ns_per_tick;
	size_t n;
	int rc = read_functions(load, run, &functions, &n);

	if (rc || n == 0) {
		free(functions);
		return rc;
	}
	ns_per_tick = sqlite3_column_double(load->profile, 1);
	at = sqlite3_column_blob(load->profile, 2);
	end = at + sqlite3_column_bytes(load->profile, 2);
	for (size_t i = 0; i < n && !rc; i++) {
		size_t length = 0;
		const uint8_t *bytes = at ? pack_next_histogram(&at, end, &length) : NULL;

		if (!is_ours(load, functions[i].function))
			continue;
		found = true;
		add_numbers(&load->sum, &functions[i]);
		if (add_bars(load, bytes, length, ns_per_tick))
			rc = damaged(load, run);
	}
	free(functions);
	if (!rc && found && add_contexts(load))
		rc = damaged(load, run);
	if (!rc && found) {
		show->runs[show->n_runs++] = run;
		show->ns_per_tick = fmax(show->ns_per_tick, ns_per_tick);
		load->duration_ns += sqlite3_column_double(load->profile, 5);
	}
	return rc;
}

static int by_ns(const void *one, const void *other)
{
	const struct model_bar *a = one, *b = other;

	return (a->ns > b->ns) - (a->ns < b->ns);
}

/* Bars of the same time, of several runs, become one. */
static void join_bars(struct model_show_function *show)
{
	size_t kept = 0;

	if (show->n_bars)
		qsort(show->bars, show->n_bars, sizeof(*show->bars), by_ns);
	for (size_t i = 0; i < show->n_bars; i++) {
		if (kept && show->bars[kept - 1].ns == show->bars[i].ns)
			show->bars[kept - 1].calls += show->bars[i].calls;
		else
			show->bars[kept++] = show->bars[i];
	}
	show->n_bars = kept;
}

static bool same(const char *one, const char *other)
{
	return one == other || (one && other && strcmp(one, other) == 0);
}

/* Of an edge's other function, which may have had several numbers, the sums under one name. */
static int name_edge(struct loader *load, const struct edge *edge, struct model_edges *to)
{
	struct model_function f = {0};
	const char *title = NULL;
	int rc = ERR_OK;

	if (edge->function != NOBODY) {
		rc = query_function_of(load->store, edge->function, &f, load->error);
		title = f.label && *f.label	      ? f.label
			: f.qualified && *f.qualified ? f.qualified
						      : f.name;
	}
	for (size_t i = 0; i < to->n && !rc; i++) {
		if (!same(to->list[i].name, title) || !same(to->list[i].file, f.file))
			continue;
		to->list[i].calls += edge->calls;
		to->list[i].total_ns += edge->total_ns;
		model_function_release(&f);
		return ERR_OK;
	}
	if (!rc) {
		struct model_edge *e = &to->list[to->n++];

		*e = (struct model_edge){title ? strdup(title) : NULL,
					 f.file ? strdup(f.file) : NULL, f.line, edge->calls,
					 edge->total_ns};
		if ((title && !e->name) || (f.file && !e->file))
			rc = error_memory(load->error);
	}
	model_function_release(&f);
	return rc;
}

static int by_total(const void *one, const void *other)
{
	const struct model_edge *a = one, *b = other;

	if (a->total_ns != b->total_ns)
		return a->total_ns < b->total_ns ? 1 : -1;
	return (a->calls < b->calls) - (a->calls > b->calls);
}

static int name_edges(struct loader *load, const struct edges *edges, struct model_edges *to)
{
	int rc = ERR_OK;

	to->list = calloc(edges->n + 1, sizeof(*to->list));
	if (!to->list)
		return error_memory(load->error);
	for (size_t i = 0; i < edges->n && !rc; i++)
		rc = name_edge(load, &edges->list[i], to);
	if (!rc && to->n)
		qsort(to->list, to->n, sizeof(*to->list), by_total);
	return rc;
}

static int finish(struct loader *load)
{
	struct model_show_function *show = load->show;
	const struct merged *m = &load->sum;
	struct model_function *f;
	int rc;

	show->report.functions = calloc(1, sizeof(*show->report.functions));
	if (!show->report.functions)
		return error_memory(load->error);
	f = &show->report.functions[0];
	show->report.n = show->report.total = show->report.matched = 1;
	rc = query_function_of(load->store, load->numbers[load->n_numbers - 1], f, load->error);
	if (rc)
		return rc;
	join_bars(show);
	query_fill_numbers(m, f);
	f->error_percent = f->skipped ? NAN : 0;
	f->percent = load->duration_ns > 0 ? 100 * (double)f->total_ns / load->duration_ns : NAN;
	for (size_t i = 0; i < show->report.percentiles.n; i++)
		f->percentile_ns[i] = model_bars_percentile(show->bars, show->n_bars,
							    show->report.percentiles.value[i],
							    (double)f->min_ns, (double)f->max_ns);
	rc = name_edges(load, &load->callers, &show->callers);
	return rc ? rc : name_edges(load, &load->callees, &show->callees);
}

int query_show_function(struct store *store, const char *asked, const struct run_ids *runs,
			struct model_show_function *show, struct error *error)
{
	struct loader load = {.store = store, .show = show, .error = error};
	int rc = find_names(&load, asked, runs);

	show->asked_runs = runs->n;
	if (!rc)
		/* The duration is without what measuring took, as the times are: see query.c. */
		rc = store_prepare(
			store, &load.profile,
			"SELECT p.functions, r.ns_per_tick, p.histograms, p.skipped, "
			"p.contexts, r.duration_ns * max(0.0, 1 - 1.0 * coalesce(r.measuring_ns, "
			"r.calls * (r.inside_ns + r.outside_ns)) / nullif(max("
			"r.duration_ns, r.thread_ns), 0)) FROM profile AS p JOIN run AS r "
			"ON r.id = p.run WHERE p.run = ?",
			error);
	if (!rc) {
		load.called = calloc(load.named.functions + 1, sizeof(*load.called));
		load.numbers = calloc(load.named.n + 1, sizeof(*load.numbers));
		show->runs = calloc(runs->n + 1, sizeof(*show->runs));
		if (!load.called || !load.numbers || !show->runs)
			rc = error_memory(error);
	}
	if (!rc)
		rc = choose_function(&load, asked, runs);
	for (size_t i = 0; i < runs->n && !rc; i++)
		rc = add_run(&load, runs->ids[i]);
	if (!rc)
		rc = finish(&load);
	for (size_t i = runs->n; i-- > 0 && !rc;)
		rc = query_recent(store, runs->ids[i], load.numbers, load.n_numbers, &show->recent,
				  error);
	sqlite3_finalize(load.profile);
	free(load.called);
	free(load.numbers);
	free(load.callers.list);
	free(load.callees.list);
	query_named_release(&load.named);
	return rc;
}
