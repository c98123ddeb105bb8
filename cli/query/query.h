/* SPDX-License-Identifier: MIT */
/*
 * Questions to a store, answered as model structs.
 */
#ifndef HOTPATH_QUERY_H
#define HOTPATH_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../model/model.h"

struct merged;
struct error;
struct store;

/*
 * query_resolve: the number of the run that a person names.
 *
 *   last      the newest: the one with the highest number
 *   last~N    N before it
 *   ID        a number
 *
 * Returns  ERR_OK, or ERR_NO_RUN with what there is in words, or ERR_USAGE when the name has none of these forms
 * Cost     one look-up; last~N looks at N rows
 */
int query_resolve(struct store *store, const char *name, int64_t *id, struct error *error);

/* query_is_run_name: whether a name has one of these forms. */
bool query_is_run_name(const char *name);

/* query_run: one run.  ERR_NO_RUN when it is not there. */
int query_run(struct store *store, int64_t id, struct model_run *run, struct error *error);

/* query_runs: the newest runs, at most limit; 0: all. */
int query_runs(struct store *store, int64_t limit, struct model_run_list *list,
	       struct error *error);

/*
 * query_functions: all functions of a run, into report->functions, n and total; report->run and
 * report->percentiles are filled in before.
 */
int query_functions(struct store *store, struct model_report *report, struct error *error);

/* query_function_of: what the store knows of a function by its number, names and place but no figures. */
int query_function_of(struct store *store, int64_t id, struct model_function *function,
		      struct error *error);

/*
 * query_sql: the answer to one free query that only reads.
 *
 * Returns  ERR_OK; ERR_USAGE for a query that is wrong, with the place marked, or that would write
 */
int query_sql(struct store *store, const char *sql, struct model_table *table, struct error *error);

/* query_run_of_pid: the newest run of a process among the newest thousand, 0 when there is none. */
int query_run_of_pid(struct store *store, int64_t pid, int64_t *id, struct error *error);

/* query_run_of_token: the newest run with a token and a pid (0: any), 0 when there is none; *n
 * counts them all. */
int query_run_of_token(struct store *store, const char *token, int64_t pid, int64_t *id, int64_t *n,
		       struct error *error);

/* query_fill_numbers: a function's counts, times and mean; its share, percentiles and names are left. */
void query_fill_numbers(const struct merged *merged, struct model_function *function);

#endif /* HOTPATH_QUERY_H */
