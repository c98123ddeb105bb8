/* SPDX-License-Identifier: MIT */
/*
 * Sets of runs, named as a person would.
 *
 *   last, last~N, ID   one run
 *   A..B               from one of these to the other
 *   NAME               a label, or a branch: the runs of its newest recorded commit; a commit or its beginning; or
 *                      whatever git makes a commit of: a tag, HEAD~2
 *   NAME@{WHEN}        a branch as it was then
 *   host:NAME          and branch:, label:, commit:, tag: where a plain name could mean several things
 *   SET+SET            both
 */
#ifndef HOTPATH_RUN_SET_H
#define HOTPATH_RUN_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/run_ids.h"

struct error;
struct store;

struct run_set_wish {
	bool all_commits; /* of a branch */
	int64_t after;	  /* only runs with larger numbers; 0: all */
};

/*
 * run_set_find: the runs that a person names, ascending.
 *
 * ids      filled in, free(ids->ids) in every case
 * Returns  ERR_OK with at least one run; ERR_NO_RUN when there is none, with what there is; ERR_USAGE when the name
 *          can mean several things, or has a wrong form
 */
int run_set_find(struct store *store, const char *name, const struct run_set_wish *wish,
		 struct run_ids *ids, struct error *error);

#endif /* HOTPATH_RUN_SET_H */
