/* SPDX-License-Identifier: MIT */
/*
 * The newest calls of a run, whichever thread made them, from the rings in which each thread keeps its own.
 */
#ifndef HOTPATH_SEGMENT_RECENT_H
#define HOTPATH_SEGMENT_RECENT_H

#include "image.h"

struct segment_clock;

struct segment_recent_call {
	uint64_t end, incl, net; /* ticks */
	int site, thread;	 /* as in struct image_call */
};

/* All zero: none. */
struct segment_recent {
	struct segment_recent_call calls[IMAGE_RECENT];
	size_t n, oldest;
};

/* segment_recent_add: keeps a call if it is among the newest. */
void segment_recent_add(struct segment_recent *recent, const struct segment_recent_call *call);

/* segment_recent_finish: the calls into an image.  IMAGE_OK or IMAGE_MEMORY. */
int segment_recent_finish(struct segment_recent *recent, const struct segment_clock *clock,
			  struct image *image);

#endif /* HOTPATH_SEGMENT_RECENT_H */
