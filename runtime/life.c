/* SPDX-License-Identifier: MIT */
/*
 * Lives: from hotpath_unit.begin to .end with the same key, on whatever threads.  Those of coroutines, and of blocks in
 * which a coroutine rests.
 *
 * A life is no frame: it has no caller, overlaps with others as it likes, and its time is by the clock on the wall.  So it is
 * in no thread's tree, and what is known of lives is known for the process as a whole.
 *
 * Those that last stand in a table by their key.  A key is claimed and given back by one store each, and the host itself orders
 * the begin of a life before its end: no lock, and a signal handler may come in anywhere.  The table is a row of levels, each 8 times
 * the size of the one before; whoever finds his bucket full in all of them adds the next level, up to SEG_LIFE_LEVELS.  That
 * is room for about two million lives at a time; those beyond are counted as lost.
 *
 * Figures: begin and end together 120 ns, of which 2 clock reads are 30; 370 ns, for cache misses, with a million others alive
 * (testsuite/runtime/lives.c cost).
 */
#include <errno.h>
#include <string.h>
#include "runtime.h"
#include "seg_lives.h"

enum {
	KNOWN = 4096,	  /* sites of lives in a process, at most; a power of two */
	CHUNK = 16 << 10, /* area for stats and histogram lines */
	LINE = HIST_LINE * sizeof(uint64_t),
};

static struct seg_life_stat *known[KNOWN];
static struct arena *arena;

/* room: zeroed memory of the segment, a multiple of 64 bytes; NULL when the file cannot grow. */
static void *room(uint64_t size)
{
	struct arena *a = __atomic_load_n(&arena, __ATOMIC_ACQUIRE);

	size = (size + 63) & ~(uint64_t)63;
	if (a) {
		uint64_t at = __atomic_fetch_add(&a->pos, size, __ATOMIC_RELAXED);

		if (at + size <= a->end)
			return (void *)at;
	}
	a = hp_segment_area(CHUNK, CHUNK);
	if (!a)
		return NULL;
	a->end = (uint64_t)a + CHUNK;
	a->pos = (uint64_t)a + 64 + size;
	__atomic_store_n(&arena, a, __ATOMIC_RELEASE);
	return (char *)a + 64;
}

/* link_once: makes *place lead to a new area, unless somebody else has done so; NULL when the file cannot grow. */
static void *link_once(void **place, uint64_t size)
{
	void *there = __atomic_load_n(place, __ATOMIC_ACQUIRE);

	if (there)
		return there;
	void *area = hp_segment_area(size, size);

	if (area && __atomic_compare_exchange_n(place, &there, area, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
		return area;
	return there;
}

static struct seg_lives *lives(void)
{
	return link_once((void **)&hp_process.seg->lives, sizeof(struct seg_lives));
}

static void count_lost(void)
{
	__atomic_fetch_add(&hp_process.seg->lost[SEG_LOST_LIVES], 1, __ATOMIC_RELAXED);
}

/* ---- those that last ---- */

/* bucket: the entries of a level in which a life can stand. */
static struct seg_life *bucket(struct seg_life *level, uint32_t i, uint64_t key, uint32_t site)
{
	uint64_t h = ((key >> 4) + site * 0xd1342543de82ef95ull) * 0x9e3779b97f4a7c15ull;

	return level + (h >> (64 - seg_life_bits(i))) * SEG_LIFE_BUCKET;
}

/*
 * life_find: the entry of a life, NULL when there is none.  *empty is one that it could have, NULL when all levels that are there
 * have none.
 */
static struct seg_life *life_find(struct seg_lives *l, uint64_t key, uint32_t site,
				  struct seg_life **empty)
{
	*empty = NULL;
	for (uint32_t i = 0; i < SEG_LIFE_LEVELS; i++) {
		struct seg_life *level = __atomic_load_n(&l->levels[i], __ATOMIC_ACQUIRE);

		if (!level)
			break;
		struct seg_life *e = bucket(level, i, key, site);

		for (int j = 0; j < SEG_LIFE_BUCKET; j++, e++) {
			uint64_t k = __atomic_load_n(&e->key, __ATOMIC_RELAXED);

			if (k == key && __atomic_load_n(&e->site, __ATOMIC_RELAXED) == site)
				return e;
			if (!k && !*empty)
				*empty = e;
		}
	}
	return NULL;
}

/* life_level: adds the next level; false when there is none to add. */
static bool life_level(struct seg_lives *l)
{
	for (uint32_t i = 0; i < SEG_LIFE_LEVELS; i++)
		if (!__atomic_load_n(&l->levels[i], __ATOMIC_ACQUIRE))
			return link_once((void **)&l->levels[i], seg_life_level_size(i)) != NULL;
	return false;
}

/*
 * life_claim: an entry for a new life; NULL without room.  One that stands there already has never been seen to end: its memory
 * has been used again.
 */
static struct seg_life *life_claim(uint64_t key, uint32_t site)
{
	struct seg_lives *l = lives();
	struct seg_life *e;

	for (;;) {
		uint64_t none = 0;
		struct seg_life *old = l ? life_find(l, key, site, &e) : NULL;

		if (!l)
			return NULL;
		if (old) {
			count_lost();
			return old;
		}
		if (!e && !life_level(l))
			return NULL;
		if (e && __atomic_compare_exchange_n(&e->key, &none, key, false, __ATOMIC_ACQUIRE,
						     __ATOMIC_RELAXED))
			return e;
	}
}

void hp_life_begin(uint32_t *slot, const void *key)
{
	int saved_errno = errno;

	if (hp_process.state != PROCESS_ON || !key)
		return;
	struct seg_life *e = life_claim((uint64_t)key, *slot);

	if (e) {
		e->start = hp_ticks();
		__atomic_store_n(&e->site, *slot, __ATOMIC_RELEASE);
	} else {
		count_lost();
	}
	errno = saved_errno;
}

/* life_take: takes a life out of the table; false when its begin was not seen. */
static bool life_take(uint32_t site, uint64_t key, uint64_t *start)
{
	struct seg_lives *l = __atomic_load_n(&hp_process.seg->lives, __ATOMIC_ACQUIRE);
	struct seg_life *empty, *e = l ? life_find(l, key, site, &empty) : NULL;

	if (!e)
		return false;
	*start = e->start;
	__atomic_store_n(&e->site, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&e->key, 0, __ATOMIC_RELEASE);
	return true;
}

/* ---- those that are over ---- */

static struct seg_life_stat *stat_new(uint32_t site)
{
	struct seg_lives *l = lives();
	struct seg_life_stat *stat = l ? room(sizeof(*stat)) : NULL;

	if (!stat)
		return NULL;
	stat->site = site;
	stat->min = UINT64_MAX;
	stat->next = __atomic_load_n(&l->stats, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&l->stats, &stat->next, stat, false, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
	return stat;
}

/* stat_of: made at a site's first end.  Two that make one at the same time leave one behind, which stays empty. */
static struct seg_life_stat *stat_of(uint32_t site)
{
	struct seg_life_stat *made = NULL;

	for (uint32_t i = site, n = 0; n < KNOWN; i++, n++) {
		struct seg_life_stat **place = &known[i & (KNOWN - 1)];
		struct seg_life_stat *there = __atomic_load_n(place, __ATOMIC_ACQUIRE);

		if (!there && (made || (made = stat_new(site))) &&
		    __atomic_compare_exchange_n(place, &there, made, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return made;
		if (!there)
			return NULL;
		if (there->site == site)
			return there;
	}
	return NULL;
}

static void hist_add(struct seg_life_stat *stat, uint64_t ticks)
{
	uint32_t bucket = hist_bucket(ticks), none = 0;
	uint32_t *line = &stat->lines[bucket / HIST_LINE];
	uint32_t index = __atomic_load_n(line, __ATOMIC_ACQUIRE);

	if (!index) {
		void *counters = room(LINE);

		if (!counters)
			return;
		index = (uint32_t)(((uint64_t)counters - hp_process.seg->map_base) / 64);
		if (!__atomic_compare_exchange_n(line, &none, index, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_ACQUIRE))
			index = none;
	}
	uint64_t *counters = (uint64_t *)((char *)hp_process.seg + 64 * (uint64_t)index);

	__atomic_fetch_add(&counters[bucket % HIST_LINE], 1, __ATOMIC_RELAXED);
}

static void record(struct seg_life_stat *stat, uint64_t ticks)
{
	uint64_t min = __atomic_load_n(&stat->min, __ATOMIC_RELAXED);
	uint64_t max = __atomic_load_n(&stat->max, __ATOMIC_RELAXED);

	__atomic_fetch_add(&stat->ended, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&stat->total, ticks, __ATOMIC_RELAXED);
	while (ticks < min && !__atomic_compare_exchange_n(&stat->min, &min, ticks, false,
							   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	while (ticks > max && !__atomic_compare_exchange_n(&stat->max, &max, ticks, false,
							   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	hist_add(stat, ticks);
}

void hp_life_end(uint32_t *slot, const void *key)
{
	uint64_t now = hp_ticks(), start;
	int saved_errno = errno;

	if (hp_process.state != PROCESS_ON || !life_take(*slot, (uint64_t)key, &start))
		return;
	struct seg_life_stat *stat = stat_of(*slot);

	if (stat)
		/* Another processor's clock may be a little behind. */
		record(stat, now > start ? now - start : 0);
	else
		count_lost();
	errno = saved_errno;
}

void hp_life_forget(uint32_t *slot, const void *key)
{
	uint64_t start;

	if (hp_process.state == PROCESS_ON)
		life_take(*slot, (uint64_t)key, &start);
}

void hp_lives_forget(void)
{
	memset(known, 0, sizeof(known));
	arena = NULL;
}
