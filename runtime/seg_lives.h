/* SPDX-License-Identifier: MIT */
/* The part of a segment (segment.h) that holds lives: what begins and ends without being a frame (life.c). */
#ifndef HOTPATH_SEG_LIVES_H
#define HOTPATH_SEG_LIVES_H

#include "segment.h"

/* Lives that last stand in levels of buckets; a level has 8 times the buckets of the one before. */
enum {
	SEG_LIFE_LEVELS = 5,
	SEG_LIFE_BUCKET = 8, /* entries */
};

/* seg_life_bits: level i has 2^bits buckets. */
static inline uint32_t seg_life_bits(uint32_t i)
{
	return 6 + 3 * i;
}

/*
 * struct seg_life: one that lasts, 24 bytes
 *
 *   offset size
 *        0    8  key          0: the entry is free
 *        8    8  start        ticks
 *       16    4  site         written last, and taken back first: 0 while the entry is not valid
 *       20    4  (zero)
 */
struct seg_life {
	uint64_t key;
	uint64_t start;
	uint32_t site;
	uint32_t zero;
};

static inline uint64_t seg_life_level_size(uint32_t i)
{
	return ((uint64_t)SEG_LIFE_BUCKET << seg_life_bits(i)) * sizeof(struct seg_life);
}

/*
 * struct seg_life_stat: the lives of one site that are over, of all threads; 64-aligned
 *
 *   offset size
 *        0    4  site
 *        4    4  (zero)
 *        8    8  next
 *       16    8  ended        lives
 *       24    8  total        ticks of all of them
 *       32    8  min          ticks; UINT64_MAX before the first
 *       40    8  max          ticks
 *       48  688  lines        uint32_t[HIST_LINES]: offset / 64 of uint64_t[HIST_LINE], 0 where none fell
 */
struct seg_life_stat {
	uint32_t site;
	uint32_t zero;
	struct seg_life_stat *next;
	uint64_t ended;
	uint64_t total;
	uint64_t min;
	uint64_t max;
	uint32_t lines[HIST_LINES];
};

/*
 * struct seg_lives, at the start of an area
 *
 *   offset size
 *        0    8  stats        link to the newest struct seg_life_stat
 *        8   40  levels       links to struct seg_life[SEG_LIFE_BUCKET << seg_life_bits(i)], each an area; 0: not needed so far
 */
struct seg_lives {
	struct seg_life_stat *stats;
	struct seg_life *levels[SEG_LIFE_LEVELS];
};

_Static_assert(sizeof(struct seg_life) == 24, "");
_Static_assert(sizeof(struct seg_life_stat) == 736, "");

#endif /* HOTPATH_SEG_LIVES_H */
