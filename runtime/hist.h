/* SPDX-License-Identifier: MIT */
/*
 * The histogram: durations in clock ticks, log-linear buckets, relative error at most 1 %.
 *
 * Values below 128 ticks have a bucket each.  Above, each octave [2^e, 2^(e+1)) is cut into 64 buckets
 * of equal width, so a bucket is at most 1/64 of its lower bound wide and its middle is within
 * 1/128 = 0.79 % of every value in it.  Values of 2^HIST_MAX_EXP ticks (26 hours at 3 GHz) and more
 * share the last bucket.
 *
 *   value                  bucket
 *   0 .. 127               value
 *   2^e + k * 2^(e-6) ..   (e - 5) * 64 + k        for e = 7 .. 47, k = 0 .. 63
 *
 * In a segment the counters are 32 bits wide.  Those of the shortest durations are where the function's histogram begins (SEG_NEAR);
 * the others stand in lines of 16 (64 bytes, one cache line), and a line exists from the first time one of its buckets is hit: a
 * function with steady times takes up to 4 lines, one with a long tail 20 to 60.  When a thread may have no more memory
 * (hp_arena_bound), a duration whose line is not there counts in the nearest bucket of one that is.  A counter that wraps writes a
 * struct seg_carry (segment.h).
 */
#ifndef HOTPATH_HIST_H
#define HOTPATH_HIST_H

#include <stdint.h>

enum {
	HIST_SUB_BITS = 6,
	HIST_SUB = 1 << HIST_SUB_BITS,
	HIST_MAX_EXP = 48,
	HIST_BUCKETS = (HIST_MAX_EXP - HIST_SUB_BITS + 1) * HIST_SUB,
	HIST_LINE = 16, /* buckets in a line */
	HIST_LINES = HIST_BUCKETS / HIST_LINE,
};

/* hist_bucket: the bucket of a duration in ticks, 0 .. HIST_BUCKETS - 1. */
static inline uint32_t hist_bucket(uint64_t ticks)
{
	if (ticks >> HIST_MAX_EXP)
		return HIST_BUCKETS - 1;
	/* e - 6, and 0 below 128, without a branch. */
	uint32_t shift = 63 - HIST_SUB_BITS - (uint32_t)__builtin_clzll(ticks | HIST_SUB);

	/* The leading one of the shifted value adds the HIST_SUB that (e - 5) would. */
	return shift * HIST_SUB + (uint32_t)(ticks >> shift);
}

/* hist_lower: the smallest duration in ticks that falls into a bucket below HIST_BUCKETS. */
static inline uint64_t hist_lower(uint32_t bucket)
{
	if (bucket < 2 * HIST_SUB)
		return bucket;
	uint32_t e = bucket / HIST_SUB + HIST_SUB_BITS - 1;

	return (uint64_t)(HIST_SUB + bucket % HIST_SUB) << (e - HIST_SUB_BITS);
}

/* hist_middle: the duration in ticks that stands for a bucket, within 0.79 % of all that fell into it. */
static inline double hist_middle(uint32_t bucket)
{
	if (bucket < 2 * HIST_SUB)
		return (double)bucket;
	uint64_t width = 1ull << (bucket / HIST_SUB - 1);

	return (double)hist_lower(bucket) + (double)(width - 1) / 2.0;
}

#endif /* HOTPATH_HIST_H */
