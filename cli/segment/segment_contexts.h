/* SPDX-License-Identifier: MIT */
/*
 * The calling contexts of a whole run: the threads' trees laid over each other.
 */
#ifndef HOTPATH_SEGMENT_CONTEXTS_H
#define HOTPATH_SEGMENT_CONTEXTS_H

#include "image.h"

struct segment_contexts {
	int *edges; /* hash of (parent, site), into image.contexts; -1: free */
	uint64_t mask;
	size_t room;
};

/* segment_context: the context of a site under another (-1: under none), made when it is new; its index, or -1 without memory. */
int segment_context(struct segment_contexts *contexts, struct image *image, int parent, int site);
void segment_contexts_release(struct segment_contexts *contexts);

/* segment_mix: spreads a key for a hash table. */
static inline uint64_t segment_mix(uint64_t v)
{
	v *= 0x9e3779b97f4a7c15ull;
	return v ^ v >> 29;
}

/* segment_grow: doubles an array that is full; false without memory. */
bool segment_grow(void **array, size_t used, size_t *room, size_t size);

#endif /* HOTPATH_SEGMENT_CONTEXTS_H */
