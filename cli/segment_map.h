/* SPDX-License-Identifier: MIT */
/*
 * A segment file, mapped read-only and trusted in nothing: every link goes through segment_at().
 */
#ifndef HOTPATH_SEGMENT_MAP_H
#define HOTPATH_SEGMENT_MAP_H

#include "image.h"

struct segment_map {
	const char *base; /* the mapping */
	uint64_t size;
	struct seg_header header; /* a copy: the writer may still be at work */
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

/* segment_read_threads (segment_tree.c): sums up all threads into an image whose sites are known.
 */
int segment_read_threads(const struct segment_map *map, struct image *image, const int *site_of_id);

#endif /* HOTPATH_SEGMENT_MAP_H */
