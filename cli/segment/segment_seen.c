/* SPDX-License-Identifier: MIT */
/* The links of a segment that were followed already: an open-addressed set. */
#include <stdlib.h>
#include "segment_map.h"

/* slot_of: where a link is, or the free slot where it belongs.  0 is free: no link is followed that
 * is 0. */
static uint64_t slot_of(const struct segment_seen *seen, uint64_t link)
{
	uint64_t h = link;

	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdull;
	h ^= h >> 33;
	for (h &= seen->mask; seen->links[h] && seen->links[h] != link;)
		h = (h + 1) & seen->mask;
	return h;
}

static int seen_grow(struct segment_seen *seen)
{
	struct segment_seen more = {.mask = seen->links ? 2 * seen->mask + 1 : 255, .n = seen->n};

	more.links = calloc(more.mask + 1, sizeof(*more.links));
	if (!more.links)
		return IMAGE_MEMORY;
	for (uint64_t i = 0; seen->links && i <= seen->mask; i++)
		if (seen->links[i])
			more.links[slot_of(&more, seen->links[i])] = seen->links[i];
	free(seen->links);
	*seen = more;
	return IMAGE_OK;
}

int segment_seen_add(struct segment_seen *seen, const void *link)
{
	if ((!seen->links || seen->n * 2 >= seen->mask) && seen_grow(seen) != IMAGE_OK)
		return IMAGE_MEMORY;

	uint64_t *slot = &seen->links[slot_of(seen, (uint64_t)link)];

	if (*slot)
		return 0;
	*slot = (uint64_t)link;
	seen->n++;
	return 1;
}

void segment_seen_release(struct segment_seen *seen)
{
	free(seen->links);
	*seen = (struct segment_seen){0};
}
