/* SPDX-License-Identifier: MIT */
/*
 * Everything about one run, and about one function, from the store into the model.
 */
#ifndef HOTPATH_QUERY_SHOW_H
#define HOTPATH_QUERY_SHOW_H

#include <stdint.h>

#include "../model/model_show.h"

struct error;
struct run_ids;
struct store;

/* query_show_run: show->report.percentiles is filled in before; model_show_run_release() it in every case. */
int query_show_run(struct store *store, int64_t run, struct model_show_run *show,
		   struct error *error);

/*
 * query_show_function: a function, summed up over some runs.
 *
 * asked    as query_named() takes it
 * show     report.percentiles is filled in before; model_show_function_release() it in every case
 * Returns  ERR_OK; ERR_USAGE when the name means no function of these runs, or several
 */
int query_show_function(struct store *store, const char *asked, const struct run_ids *runs,
			struct model_show_function *show, struct error *error);

/* query_recent: the newest calls of a run, of some functions (ascending; NULL: all), added to a list. */
int query_recent(struct store *store, int64_t run, const int64_t *functions, size_t n,
		 struct model_calls *calls, struct error *error);

#endif /* HOTPATH_QUERY_SHOW_H */
