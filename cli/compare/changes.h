/* SPDX-License-Identifier: MIT */
/*
 * Change points: where in a series of runs, commit after commit, the level changed.  Knows numbers only.
 *
 * The values are logarithms, so that a shift is a ratio.  A change can only lie between two groups (commits), for all runs of a
 * group are of the same code.
 *
 *   search    every way to cut one of many intervals in two (the whole series, and shorter ones over each other down to two
 *             groups: seeded binary segmentation) is scored by the squared distance of the mean ranks of both parts, weighted
 *             by their sizes.  Short intervals find a change that was undone soon, which a cut of the whole would average away
 *   test      the best score against the best scores of the same ranks in random order: no assumption about their
 *             distribution, and the choice of the best cut is paid for.  p = (1 + as good ones) / (1 + orders)
 *   divide    a change that is found cuts the series in two, and both are searched in turn (as E-divisive does; that
 *             compares all pairs of runs, which takes the square of their number in time and memory, and finds
 *             changes of spread as well, which are no news here)
 *   settle    each change moves to where the runs between its neighbours fit their two levels best; one below the least
 *             effect is dropped, and its neighbours settle anew
 *
 * Ranks, because times of runs have outliers; Hodges-Lehmann and its interval for the size (stats.h).
 *
 * Commits differ by themselves: each build lays its code out anew, and its runs share an hour of the machine.  That jitter is
 * estimated from neighbouring commits, robustly, so that a few changes do not count as jitter; and a cut that is no
 * larger than jitter makes it by chance is no candidate.  With fewer than CHANGES_JITTER groups it cannot be known, and is taken
 * for 0.
 */
#ifndef HOTPATH_CHANGES_H
#define HOTPATH_CHANGES_H

#include <stddef.h>
#include <stdint.h>

enum { CHANGES_JITTER = 8 };

struct changes_series {
	const double *values; /* of all groups, one after the other, in order */
	const size_t *begin; /* of each group in `values`, and the number of values: n_groups + 1 */
	size_t n_groups;     /* each has at least one value */
};

struct changes_options {
	double alpha; /* share of unchanged series in which a change is found, at most; with jitter 0.05 */
	double min_effect; /* of a shift worth telling, in logarithms */
	unsigned orders;   /* random ones; p is at least 1 / (1 + orders) */
	uint64_t seed;
};

#define CHANGES_DEFAULTS                                                                           \
	{                                                                                          \
		.alpha = 0.02, .min_effect = 0.0198, .orders = 999, .seed = 1                      \
	}

struct change_point {
	size_t at;	  /* the first group after the change */
	double shift;	  /* from the runs since the change before to those until the next one */
	double low, high; /* 95 % interval of it, jitter included; NAN with too few runs */
	double p;
};

/*
 * changes_find: all changes, in order.
 *
 * points   to be freed; NULL when there are none
 * jitter   standard deviation of the groups' own levels, 0 when it cannot be told from the runs' noise; may be NULL
 * Returns  0, or -1 when out of memory
 * Cost     orders * (runs + 2 groups * log2(groups)) steps for each change found, and a fiftieth of that for each part in
 *          which there is none
 */
int changes_find(const struct changes_series *series, const struct changes_options *options,
		 struct change_point **points, size_t *n, double *jitter);

/*
 * changes_exact: for values without noise, such as counts that are the same in all runs of a group: each group that differs
 * from the one before by the least effect.  p is 0, the interval the shift itself.  Otherwise as changes_find().
 */
int changes_exact(const struct changes_series *series, const struct changes_options *options,
		  struct change_point **points, size_t *n);

#endif /* HOTPATH_CHANGES_H */
