/* SPDX-License-Identifier: MIT */
/* Histograms, summed up. */
#include <stdlib.h>
#include "segment_sum.h"

struct sum_counts {
	uint64_t *lines[HIST_LINES]; /* HIST_LINE each */
};

bool sum_add(struct sum *sum, uint32_t bucket, uint64_t count)
{
	uint64_t **line;

	if (!sum->counts)
		sum->counts = calloc(1, sizeof(*sum->counts));
	if (!sum->counts)
		return false;
	line = &sum->counts->lines[bucket / HIST_LINE];
	if (!*line)
		*line = calloc(HIST_LINE, sizeof(**line));
	if (!*line)
		return false;
	(*line)[bucket % HIST_LINE] += count;
	return true;
}

void sum_limits(struct sum *sum, uint64_t min, uint64_t max)
{
	if (min < sum->min)
		sum->min = min;
	if (max > sum->max)
		sum->max = max;
}

static uint64_t count_at(const struct sum *sum, uint32_t bucket)
{
	const uint64_t *line = sum->counts ? sum->counts->lines[bucket / HIST_LINE] : NULL;

	return line ? line[bucket % HIST_LINE] : 0;
}

struct image_bucket *sum_buckets(const struct sum *sum, size_t *n)
{
	size_t used = 0;

	for (uint32_t i = 0; i < HIST_BUCKETS; i++)
		used += count_at(sum, i) != 0;
	*n = 0;

	struct image_bucket *buckets = calloc(used ? used : 1, sizeof(*buckets));

	for (uint32_t i = 0; buckets && i < HIST_BUCKETS; i++)
		if (count_at(sum, i))
			buckets[(*n)++] =
				(struct image_bucket){.bucket = i, .count = count_at(sum, i)};
	return buckets;
}

void sum_release(struct sum *sum)
{
	for (uint32_t i = 0; sum->counts && i < HIST_LINES; i++)
		free(sum->counts->lines[i]);
	free(sum->counts);
	*sum = SUM_EMPTY;
}
