/* SPDX-License-Identifier: MIT */
/* The newest calls of all threads. */
#include <stdlib.h>
#include "segment_map.h"
#include "segment_recent.h"

void segment_recent_add(struct segment_recent *recent, const struct segment_recent_call *call)
{
	if (recent->n < IMAGE_RECENT) {
		recent->calls[recent->n] = *call;
		if (call->end < recent->calls[recent->oldest].end)
			recent->oldest = recent->n;
		recent->n++;
		return;
	}
	if (call->end <= recent->calls[recent->oldest].end)
		return;
	recent->calls[recent->oldest] = *call;
	for (size_t i = 0; i < recent->n; i++)
		if (recent->calls[i].end < recent->calls[recent->oldest].end)
			recent->oldest = i;
}

/* Inner calls before the one that made them, should both end at one tick. */
static int by_end(const void *one, const void *other)
{
	const struct segment_recent_call *a = one, *b = other;

	if (a->end != b->end)
		return a->end < b->end ? -1 : 1;
	return (a->incl > b->incl) - (a->incl < b->incl);
}

int segment_recent_finish(struct segment_recent *recent, const struct segment_clock *clock,
			  struct image *image)
{
	image->recent = calloc(recent->n + 1, sizeof(*image->recent));
	if (!image->recent)
		return IMAGE_MEMORY;
	if (recent->n)
		qsort(recent->calls, recent->n, sizeof(recent->calls[0]), by_end);
	for (size_t i = 0; i < recent->n; i++) {
		const struct segment_recent_call *c = &recent->calls[i];

		image->recent[image->n_recent++] = (struct image_call){
			.site = c->site,
			.thread = c->thread,
			.start_ns = segment_clock_since_start(clock, c->end - c->incl),
			.duration_ns = segment_clock_ns(clock, c->net),
		};
	}
	return IMAGE_OK;
}
