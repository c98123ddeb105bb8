/* SPDX-License-Identifier: MIT */
/*
 * One side of a comparison: its runs, and what they have in common.
 */
#ifndef HOTPATH_QUERY_SIDE_H
#define HOTPATH_QUERY_SIDE_H

struct error;
struct model_side;
struct run_ids;
struct store;

/* query_side: fills in all but `asked`. */
int query_side(struct store *store, const struct run_ids *ids, struct model_side *side,
	       struct error *error);

#endif /* HOTPATH_QUERY_SIDE_H */
