/* SPDX-License-Identifier: MIT */
/*
 * Histories that never were: series of runs with a known change, or none, to see how often changes.h finds it.
 */
#ifndef HOTPATH_HISTORIES_H
#define HOTPATH_HISTORIES_H

#include <stddef.h>
#include <stdint.h>

/* All but numbers are shares: 0.02 is 2 %. */
struct history_truth {
	size_t commits, runs; /* runs of each commit */
	double noise;	      /* from run to run */
	double jitter;	      /* from commit to commit */
	double outliers;      /* of the runs, 5 to 50 % slower */
	double step; /* of the commits from `at` to the one before `until`; with `until` at the end one change, else two */
	size_t at, until;
};

struct history_tally {
	size_t series;
	size_t none;		   /* in which no change was found */
	size_t exact;		   /* in which all were found, at the right commits, and no other */
	size_t near;		   /* the same, within one commit */
	size_t intervals, covered; /* of changes that were found exactly */
	size_t unsound; /* with points out of order, of p or size beyond what was asked for */
};

/* histories_make: one series; begin has commits + 1 places, values commits * runs. */
void histories_make(const struct history_truth *truth, double *values, size_t *begin,
		    uint64_t *random);

/* histories_try: makes and looks at some series, always the same ones. */
struct history_tally histories_try(const struct history_truth *truth, size_t series);

#endif /* HOTPATH_HISTORIES_H */
