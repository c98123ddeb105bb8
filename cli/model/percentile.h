/* SPDX-License-Identifier: MIT */
/*
 * Percentiles of a stored histogram, by nearest rank: the value at place ceil(p / 100 * n) of the n
 * sorted durations (place 1 for p = 0).
 *
 * The first and the last place are min and max, exactly; any other is the middle of the bucket it
 * fell into (within 0.79 % of the truth, see hist.h), kept within min and max.
 */
#ifndef HOTPATH_PERCENTILE_H
#define HOTPATH_PERCENTILE_H

#include <stddef.h>
#include <stdint.h>

struct image_bucket;
struct model_percentiles;
struct error;

/* percentile_rank: the place of a percentile among n values, 1 .. n; n is at least 1. */
uint64_t percentile_rank(double percent, uint64_t n);

/*
 * percentile_of: one percentile in nanoseconds, NAN for an empty histogram.
 *
 * buckets, n   ascending, in clock ticks
 * percent      0 .. 100
 */
double percentile_of(const struct image_bucket *buckets, size_t n, double ns_per_tick,
		     double percent, double min_ns, double max_ns);

/* percentile_spread: standard deviation over mean of a histogram; NAN for an empty one. */
double percentile_spread(const struct image_bucket *buckets, size_t n);

/*
 * percentiles_parse: reads a list as a user writes it, "50,95,99.9".
 *
 * from     where the list comes from, for the message: "--percentiles"
 * Returns  ERR_OK, or ERR_USAGE: not a number, not within 0 .. 100, twice the same, too many, none
 */
int percentiles_parse(struct model_percentiles *list, const char *text, const char *from,
		      struct error *error);

#endif /* HOTPATH_PERCENTILE_H */
