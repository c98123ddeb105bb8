/* SPDX-License-Identifier: MIT */
/*
 * Statistics of two small samples: what a comparison of runs rests on.  Knows numbers only.
 *
 * The samples are logarithms, so that a shift is a ratio.  Nothing is assumed of their distribution but that, without
 * a change, both sides have the same one; times of runs are skewed and have outliers, which a test of means takes for
 * spread and a test of ranks for one rank.
 *
 *   test       Mann-Whitney: of all ways to deal the ranks out to the two sides, the share in which they
 *              lie at least as far apart.  Exact up to STATS_EXACT values together (with ties up to STATS_EXACT_TIES),
 *              else the normal approximation with corrections for ties and continuity
 *   shift      Hodges-Lehmann: the median of all differences between a value of one side and one of the other
 *   interval   the shifts that the same test would not reject: between the k-th smallest and the k-th largest
 *              difference
 *   many tests Benjamini-Hochberg
 */
#ifndef HOTPATH_STATS_H
#define HOTPATH_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STATS_EXACT = 50, /* counts of orders up to C(50, 25) are exact in a double */
	STATS_EXACT_TIES = 40,
};

struct stats_interval {
	double low, high;  /* NAN: there is none */
	double confidence; /* really reached: small samples have only few levels */
};

/* stats_sort: ascending; all functions below want sorted samples without NAN. */
void stats_sort(double *values, size_t n);

/* stats_median: of a sorted sample; NAN for none. */
double stats_median(const double *sorted, size_t n);

/*
 * stats_rank_test: two-sided p of "both sides are the same", 1 when a side is empty.
 *
 * Cost     m * m * n steps while exact, with ties less than m * (m + n)^3
 */
double stats_rank_test(const double *x, size_t m, const double *y, size_t n);

/* stats_least_p: the smallest p that the test can give for these numbers of values. */
double stats_least_p(size_t m, size_t n);

/* stats_shift: Hodges-Lehmann, y - x; NAN when a side is empty. */
double stats_shift(const double *x, size_t m, const double *y, size_t n);

/*
 * stats_interval: for the shift.
 *
 * level    wanted, such as 0.95
 * strict   true: confidence at least `level`, or no interval; false: the nearest there is
 */
struct stats_interval stats_shift_interval(const double *x, size_t m, const double *y, size_t n,
					   double level, bool strict);

/* stats_shift_within: whether there is that interval, strict, and it lies between -limit and limit.  Costs less than the interval. */
bool stats_shift_within(const double *x, size_t m, const double *y, size_t n, double level,
			double limit);

/* stats_median_interval: for the median of a sorted sample, from one of its values to another; with too few for `level`
 * from the smallest to the largest, and none of one. */
struct stats_interval stats_median_interval(const double *sorted, size_t n, double level);

/* stats_adjust: p-values into q-values, in place (Benjamini-Hochberg).  Returns 0, or -1 when out of memory. */
int stats_adjust(double *p, size_t n);

/* stats_deviation: standard deviation of both sides pooled, each around its own mean; NAN when unknown. */
double stats_deviation(const double *x, size_t m, const double *y, size_t n);

/* stats_normal: the standard normal distribution; stats_quantile: its inverse, for 0 < p < 1. */
double stats_normal(double z);
double stats_quantile(double p);

/*
 * stats_runs_needed: values a side for the test to find a shift.
 *
 * shift, deviation  of the logarithms
 * alpha             two-sided level, power such as 0.8
 * Returns           at least what makes stats_least_p() small enough
 */
double stats_runs_needed(double shift, double deviation, double alpha, double power);

/* stats_random: the next number of a sequence that begins with *state, the same everywhere. */
uint64_t stats_random(uint64_t *state);

#endif /* HOTPATH_STATS_H */
