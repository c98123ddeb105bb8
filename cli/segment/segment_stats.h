/* SPDX-License-Identifier: MIT */
#ifndef HOTPATH_SEGMENT_STATS_H
#define HOTPATH_SEGMENT_STATS_H

#include "segment_map.h"
#include "segment_sum.h"

/* What reading a thread's histograms needs. */
struct segment_stats {
	const struct segment_map *map;
	struct image *image;
	const int *site_of_id;
	struct sum *sums; /* per image site; added to */
	struct segment_seen *seen;
	uint64_t most_ticks; /* that a call can have taken */
};

/* segment_stats_read: adds up the list that link leads to; IMAGE_OK or IMAGE_MEMORY. */
int segment_stats_read(const struct segment_stats *stats, const struct seg_stat *link);

#endif /* HOTPATH_SEGMENT_STATS_H */
