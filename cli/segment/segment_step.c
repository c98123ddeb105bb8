/* SPDX-License-Identifier: MIT */
/*
 * A clock may advance in steps much longer than a tick of its unit: the TSC of some processors by 26 ticks, 10 ns, at a time.  A
 * duration of 34 ticks then reads 26 or 52, and all calls of a short function stand in a few buckets with nothing between: the sum is
 * right, but no percentile is.  So what was read stands for any duration that is up to half a step away, evenly.
 */
#include <stdlib.h>
#include "image.h"
#include "segment_map.h"
#include "segment_sum.h"

/* bucket_width: ticks that share a bucket. */
static uint64_t bucket_width(uint32_t bucket)
{
	return bucket < 2 * HIST_SUB ? 1 : 1ull << (bucket / HIST_SUB - 1);
}

/* spread: a bucket's calls over the ticks around it; none is lost by rounding. */
static bool spread(struct sum *sum, const struct image_bucket *from, uint64_t step)
{
	uint64_t middle = (uint64_t)hist_middle(from->bucket), end = middle + (step + 1) / 2;
	uint64_t start = end > step ? end - step : 0, n = end - start, done = 0;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t upto = (uint64_t)((unsigned __int128)from->count * (i + 1) / n);

		if (upto > done && !sum_add(sum, hist_bucket(start + i), upto - done))
			return false;
		done = upto;
	}
	return true;
}

static int smooth(struct image_site *s, uint64_t step)
{
	struct sum sum = SUM_EMPTY;
	struct image_bucket *buckets = NULL;
	size_t n = 0;
	bool ok = true;

	for (size_t i = 0; i < s->n_buckets && ok; i++)
		ok = bucket_width(s->buckets[i].bucket) < step
			     ? spread(&sum, &s->buckets[i], step)
			     : sum_add(&sum, s->buckets[i].bucket, s->buckets[i].count);
	if (ok)
		buckets = sum_buckets(&sum, &n);
	sum_release(&sum);
	if (!buckets)
		return IMAGE_MEMORY;
	free(s->buckets);
	s->buckets = buckets;
	s->n_buckets = n;
	return IMAGE_OK;
}

int segment_smooth(struct image *image)
{
	int error = IMAGE_OK;

	for (size_t i = 0; i < image->n_sites && image->clock_step > 1 && !error; i++)
		error = smooth(&image->sites[i], image->clock_step);
	return error;
}
