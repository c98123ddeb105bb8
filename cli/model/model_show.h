/* SPDX-License-Identifier: MIT */
/*
 * The model of everything about one run, and of everything about one function in some runs.
 */
#ifndef HOTPATH_MODEL_SHOW_H
#define HOTPATH_MODEL_SHOW_H

#include <stddef.h>
#include <stdint.h>

#include "model.h"

struct model_thread {
	int64_t n, tid, owners;
	char *name;		  /* NULL unknown */
	int64_t start_ns, end_ns; /* since the start of the run */
	int64_t calls, total_ns;
};

struct model_object {
	char *path;	/* NULL unknown */
	char *build_id; /* hex, "" when it has none */
};

/* One of the newest calls of a run. */
struct model_call {
	char *name;
	int64_t run, thread;
	int64_t start_ns; /* since the start of the run */
	int64_t duration_ns;
};

struct model_calls {
	struct model_call *list; /* the newest first */
	size_t n;
};

/* A function on the other side of calls. */
struct model_edge {
	char *name, *file; /* name NULL: no measured function */
	int64_t line;
	int64_t calls, total_ns;
};

struct model_edges {
	struct model_edge *list; /* that with the largest total first */
	size_t n;
};

/* Calls that took about as long. */
struct model_bar {
	double ns;
	double calls;
};

struct model_show_run {
	struct model_report report; /* the run and its functions */
	char *root;		    /* folder of the project, NULL unknown */
	char **tags;		    /* names that `hotpath tag` gave it */
	size_t n_tags;
	const char *clock; /* "TSC", ... */
	double ns_per_tick;
	double clock_step_ns; /* by which the clock advances at a time; 0: by each tick */
	struct model_thread *threads;
	size_t n_threads;
	struct model_object *objects;
	size_t n_objects;
	struct model_calls recent;
};

struct model_show_function {
	struct model_report
		report; /* functions[0] is it, summed up over the runs; of `run` the duration is */
	int64_t *runs;	/* those with calls of it, ascending */
	size_t n_runs;
	size_t asked_runs;
	double ns_per_tick;	/* the coarsest */
	struct model_bar *bars; /* its histogram, ascending */
	size_t n_bars;
	struct model_edges callers, callees;
	struct model_calls recent;
};

/*
 * model_bars_percentile: by nearest rank, as percentile_of().
 *
 * percent  0 .. 100
 * Returns  NAN without calls
 */
double model_bars_percentile(const struct model_bar *bars, size_t n, double percent, double min_ns,
			     double max_ns);

void model_calls_release(struct model_calls *calls);
void model_show_run_release(struct model_show_run *show);
void model_show_function_release(struct model_show_function *show);

#endif /* HOTPATH_MODEL_SHOW_H */
