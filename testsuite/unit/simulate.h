/* SPDX-License-Identifier: MIT */
/*
 * Runs that never were: comparisons of simulated runs with a known truth, to see how often the verdicts are right.
 *
 * Noise of the time of function f in run r of a session, in logarithms:
 *
 *     spread(f) * normal           spread(f) the same for all, or lognormal around it: most functions steady, some wild
 *   + between * normal(r)          the whole run is slower or faster: where its pages lie, who its neighbours are
 *   + drift * (time of r)          the machine warms up; runs of both sides are interleaved at random
 *   + now and then an outlier      of 5 to 50 %, upwards
 *
 * Shares of the time fall as 1/rank, as in programs.
 */
#ifndef HOTPATH_SIMULATE_H
#define HOTPATH_SIMULATE_H

#include <stddef.h>
#include <stdint.h>

struct simulation {
	size_t functions, base, head; /* runs a side */
	double spread;		      /* run to run, of one function: 0.02 */
	double wild; /* spread of the logarithm of the spread, 0: the same for all */
	double between, drift, outliers; /* outliers: their probability */
	double change;			 /* of one function above the floor, as a factor */
	double min_effect;
};

struct simulated {
	size_t diffs;
	size_t false_diffs;	   /* in which a function that did not change is slower or faster */
	size_t false_same;	   /* the changed one was called the same */
	size_t found;		   /* the changed one, and the right way */
	size_t intervals, covered; /* of functions above the floor: around the truth */
};

/* simulate: adds `diffs` comparisons to the counts.  The same seed gives the same counts. */
void simulate(const struct simulation *what, size_t diffs, uint64_t seed, struct simulated *counts);

/* simulate_realistic: no change, and the noise of a real machine: drift, outliers, shifts between runs.  base and head are 0. */
extern const struct simulation simulate_realistic;

#endif /* HOTPATH_SIMULATE_H */
