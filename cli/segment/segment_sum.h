/* SPDX-License-Identifier: MIT */
/*
 * A site's histogram while the threads' are summed up, made line by line: most functions use few of
 * the 172, and a program may have a hundred thousand functions.
 */
#ifndef HOTPATH_SEGMENT_SUM_H
#define HOTPATH_SEGMENT_SUM_H

#include "image.h"

struct sum_counts;

struct sum {
	uint64_t min, max;	   /* ticks; SUM_EMPTY's while there was no call */
	struct sum_counts *counts; /* NULL until needed */
};

#define SUM_EMPTY ((struct sum){.min = UINT64_MAX})

/* sum_add: counts calls in a bucket below HIST_BUCKETS; false without memory. */
bool sum_add(struct sum *sum, uint32_t bucket, uint64_t count);

/* sum_limits: widens min and max. */
void sum_limits(struct sum *sum, uint64_t min, uint64_t max);

/* sum_buckets: the buckets that are not 0, ascending; free() it. NULL without memory only. */
struct image_bucket *sum_buckets(const struct sum *sum, size_t *n);

void sum_release(struct sum *sum);

#endif /* HOTPATH_SEGMENT_SUM_H */
