/* SPDX-License-Identifier: MIT */
/*
 * A segment file, mapped read-only and trusted in nothing: every link goes through segment_at().
 */
#ifndef HOTPATH_SEGMENT_MAP_H
#define HOTPATH_SEGMENT_MAP_H

#include "image.h"

/*
 * Most that is read of a segment.  A file may claim anything at no cost, being sparse: these bound
 * what a hostile one can make us allocate.
 */
#define SEGMENT_SIZE_MAX (1ull << 36) /* the widest window that the runtime maps */
enum {
	SEGMENT_SITES_MAX = 1 << 22,
	SEGMENT_INFO_MAX = 1 << 24,
	SEGMENT_TEXT_MAX = 1 << 16, /* bytes of one name */
};
/* Bytes of all names: sites may share them in the file, but not in an image. */
#define SEGMENT_TEXTS_MAX (1ull << 30)

/* What links are multiples of.  Fewer places to point at also means fewer to count twice. */
enum {
	ALIGN_AREA = SEG_PAGE, /* info, threads, stacks: whole areas of their own */
	ALIGN_UNIT = SEG_UNIT_ALIGN,
	ALIGN_NODE = 64,
	ALIGN_STAT = 64,
	ALIGN_LINE = 64,
	ALIGN_CARRY = 16,
};

struct segment_map {
	const char *base; /* the mapping */
	uint64_t size;
	struct seg_header header; /* a copy: the writer may still be at work */
	double ns_per_tick;	  /* as it is known from elsewhere; 0: to be found out */
};

/*
 * segment_map_open: opens and maps a segment and checks its header.
 * Returns IMAGE_OK, IMAGE_EMPTY (mapped all the same), or another enum image_error (nothing to
 * close).
 */
int segment_map_open(struct segment_map *map, const char *path);
void segment_map_close(struct segment_map *map);

/*
 * segment_at: what a link of the writer leads to; NULL when [link, link + size) is not inside the
 * file behind its header, or link is no multiple of align.
 */
const void *segment_at(const struct segment_map *map, const void *link, uint64_t size,
		       uint64_t align);

/* image_damage: notes that a part was left out; the first one in words. */
__attribute__((format(printf, 2, 3))) void image_damage(struct image *image, const char *format,
							...);

/*
 * The links that were followed already (segment_seen.c).  Each part of a segment has one owner: a
 * link met again is a cycle or a part that two claim, and would be counted twice.  All zero: empty.
 */
struct segment_seen {
	uint64_t *links;
	uint64_t mask;
	uint64_t n;
};

/* segment_seen_add: 1 for a new link, 0 for one that was met before, IMAGE_MEMORY. */
int segment_seen_add(struct segment_seen *seen, const void *link);
void segment_seen_release(struct segment_seen *seen);

/* The clock of a run (segment_clock.c). */
struct segment_clock {
	double ns_per_tick;
	uint64_t start_ticks;
	uint64_t end_ticks;  /* when the recording ended */
	uint64_t most_ticks; /* no call of the run can have lasted longer */
};

/*
 * segment_clock_read: works out rate and end of the recording, into `clock` and the image.
 *
 * threads  all that can be reached: what a process left that did not see its end
 */
void segment_clock_read(struct segment_clock *clock, const struct segment_map *map,
			const struct seg_thread *const *threads, size_t n, struct image *image);

/* segment_clock_ns: ticks as nanoseconds, at most INT64_MAX. */
uint64_t segment_clock_ns(const struct segment_clock *clock, uint64_t ticks);

/* segment_clock_since_start: an instant as nanoseconds from the start of the run. */
uint64_t segment_clock_since_start(const struct segment_clock *clock, uint64_t ticks);

/*
 * segment_stack: a thread's shadow stack and how many frames of it are in the file; NULL when it
 * cannot be reached.
 */
const struct seg_frame *segment_stack(const struct segment_map *map, const struct seg_thread *t,
				      uint64_t *used);

/* segment_read_threads (segment_tree.c): sums up all threads into an image whose sites are known.
 */
int segment_read_threads(const struct segment_map *map, struct image *image, const int *site_of_id);

/* segment_smooth (segment_step.c): spreads what a clock that advances in steps has put into few buckets.  IMAGE_OK or IMAGE_MEMORY. */
int segment_smooth(struct image *image);

#endif /* HOTPATH_SEGMENT_MAP_H */
