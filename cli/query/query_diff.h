/* SPDX-License-Identifier: MIT */
/*
 * The two sides of a comparison, from the store into the model.
 */
#ifndef HOTPATH_QUERY_DIFF_H
#define HOTPATH_QUERY_DIFF_H

#include <stdbool.h>

#include "../model/model_diff.h"

struct error;
struct run_ids;
struct store;

/*
 * query_diff: fills in both sides, the functions and their cells.
 *
 * diff         base.asked and head.asked are kept; model_diff_release() it in every case
 * percentiles  cells get p50_ns and p99_ns too, which takes reading all histograms
 *
 * A function is the same in two runs when its linker name, name and file are, wherever in the file it stands; files are
 * told apart relative to the root of the run's project, so that two work trees compare.
 *
 * Cost         reads the rows of these runs
 */
int query_diff(struct store *store, const struct run_ids *base, const struct run_ids *head,
	       bool percentiles, struct model_diff *diff, struct error *error);

/* query_diff_histograms: reads those of the functions that are left, after query_diff() and whatever chose among them. */
int query_diff_histograms(struct store *store, struct model_diff *diff, struct error *error);

#endif /* HOTPATH_QUERY_DIFF_H */
