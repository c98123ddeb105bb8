/* SPDX-License-Identifier: MIT */
/*
 * The comparison: from the numbers of two sets of runs to verdicts.  Knows neither SQL nor printing.
 *
 * The run is what is repeated, never the call: calls of one run share its machine state, its memory layout
 * and its neighbours, so a million of them tell no more about the next run than one number does.  Each function gives one
 * number per run, the logarithm of its metric, and those are compared by rank (stats.h).
 *
 *   slower, faster  q <= 0.05 and the shift is at least the least effect
 *   same            the 99.8 % interval lies within the least effect on both sides: equivalence is what is shown, and
 *                   the stricter level keeps a true difference of twice the least effect from ever passing for none
 *   inconclusive    neither; with the number of runs that would probably tell
 *   renamed         same or inconclusive, and called otherwise on the base side
 *
 * q is adjusted for asking many questions at once, in two families that share the 5 % in which something may be found where
 * nothing changed: 4.5 % for the total and the functions that hold at least the floor of the time on either side,
 * 0.5 % for all others.  In one family of 200 functions, of which 180 take no time, real changes drown: at 10 runs a side and
 * 2 % noise a change of 5 % would be found in three of four cases, so it is found in 19 of 20
 * (`make check-stats`).  A floor of 2 %, for what is smaller on both sides cannot move the whole by the least effect.
 */
#ifndef HOTPATH_COMPARE_H
#define HOTPATH_COMPARE_H

#include "../model/model_diff.h"

struct error;

struct compare_options {
	enum model_metric metric;
	double min_effect; /* 0.02 */
	double min_share;  /* 0.02 */
};

#define COMPARE_DEFAULTS                                                                           \
	{                                                                                          \
		.metric = METRIC_SELF, .min_effect = 0.02, .min_share = 0.02                       \
	}

/*
 * compare: fills in total.change, each function's change, calls, impact and share.
 *
 * diff     functions with cells for base.n + head.n runs; `total` has cells, or gets them
 * Returns  ERR_OK or ERR_MEMORY
 */
int compare(struct model_diff *diff, const struct compare_options *options, struct error *error);

/*
 * compare_impact: fills in each function's and the total's calls and impact; a part of compare(), compare_impact.c.
 *
 * diff     total has its cells
 * Returns  ERR_OK or ERR_MEMORY
 */
int compare_impact(struct model_diff *diff, struct error *error);

/* compare_per_run: fills in per_run of the functions that are left and of the total.  Returns ERR_OK or ERR_MEMORY. */
int compare_per_run(struct model_diff *diff, struct error *error);

/*
 * compare_renames: joins a function that is only on one side with its counterpart on the other, where that is known: the same
 * label, the same name in another file, or the same body.  Before compare().
 *
 * Returns  ERR_OK or ERR_MEMORY; diff->notes tells where there was a choice
 */
int compare_renames(struct model_diff *diff, struct error *error);

/*
 * compare_tails: fills in the tails of the functions that have histograms, resampling the runs of each side.
 *
 * first    MODEL_P95, or MODEL_P99, which leaves the other unknown and is done in half the time
 * Returns  ERR_OK or ERR_MEMORY
 * Cost     a thousand looks at the upper buckets of each function
 */
int compare_tails(struct model_diff *diff, int first, struct error *error);

/* compare_can_tell: whether so many runs a side can show that one of n functions above the floor became slower, when nothing
 * else changed; compare_least_runs: how many a side it takes. */
bool compare_can_tell(size_t base, size_t head, size_t n);
double compare_least_runs(size_t n);

enum compare_order { ORDER_IMPACT, ORDER_CHANGE, ORDER_NAME };

/* compare_sort: what changed before what did not, then by size of impact or change; or all by name. */
void compare_sort(struct model_diff *diff, enum compare_order order);

#endif /* HOTPATH_COMPARE_H */
