/* SPDX-License-Identifier: MIT */
/*
 * The history of a function, from the store into the model.
 */
#ifndef HOTPATH_QUERY_TREND_H
#define HOTPATH_QUERY_TREND_H

#include <stdbool.h>
#include <stdint.h>

#include "../model/model_trend.h"

struct error;
struct run_ids;
struct store;

struct trend_wish {
	const char *function; /* as query_named() takes it; "total" */
	enum model_metric metric;
	const char *branch; /* NULL: that of the newest run, unless all_branches, or ids */
	bool all_branches;
	const char *host; /* NULL: the machine with most runs, unless all_hosts */
	bool all_hosts;
	int64_t since_ns;	   /* INT64_MIN: all */
	const struct run_ids *ids; /* only these; NULL: all */
};

/*
 * query_trend: fills in all but the changes.
 *
 * trend    model_trend_release() it in every case
 * Returns  ERR_OK; ERR_USAGE when the name means no function, or several; ERR_NO_RUN when no run is left
 *
 * Runs of different machines are not comparable.  Of one host with one kind of processor there may be most runs: then those.
 * Where each job has a host of its own, as containers have, no host has half of them: then all runs of the processor that has
 * most.
 *
 * Cost     an index's rows of the branch, and the profile of each of its runs that is taken
 */
int query_trend(struct store *store, const struct trend_wish *wish, struct model_trend *trend,
		struct error *error);

/* query_trend_builds: says of each change whether both sides ran the same binary. */
int query_trend_builds(struct store *store, struct model_trend *trend, struct error *error);

#endif /* HOTPATH_QUERY_TREND_H */
