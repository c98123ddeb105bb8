/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "segment_contexts.h"

bool segment_grow(void **array, size_t used, size_t *room, size_t size)
{
	if (used < *room)
		return true;
	size_t more = *room ? 2 * *room : 64;
	void *p = realloc(*array, more * size);

	if (!p)
		return false;
	*array = p;
	*room = more;
	return true;
}

static uint64_t edge_slot(const struct segment_contexts *c, const struct image *image, int parent,
			  int site)
{
	uint64_t i = segment_mix((uint64_t)(uint32_t)parent << 32 | (uint32_t)site) & c->mask;

	while (c->edges[i] >= 0) {
		const struct image_context *known = &image->contexts[c->edges[i]];

		if (known->parent == parent && known->site == site)
			break;
		i = (i + 1) & c->mask;
	}
	return i;
}

static bool edges_grow(struct segment_contexts *c, const struct image *image)
{
	uint64_t n = c->edges ? 2 * (c->mask + 1) : 256;
	int *edges = malloc(n * sizeof(int));

	if (!edges)
		return false;
	memset(edges, -1, n * sizeof(int));
	free(c->edges);
	c->edges = edges;
	c->mask = n - 1;
	for (size_t i = 0; i < image->n_contexts; i++) {
		const struct image_context *known = &image->contexts[i];

		c->edges[edge_slot(c, image, known->parent, known->site)] = (int)i;
	}
	return true;
}

int segment_context(struct segment_contexts *c, struct image *image, int parent, int site)
{
	if ((!c->edges || image->n_contexts * 2 >= c->mask) && !edges_grow(c, image))
		return -1;
	uint64_t slot = edge_slot(c, image, parent, site);

	if (c->edges[slot] >= 0)
		return c->edges[slot];
	if (!segment_grow((void **)&image->contexts, image->n_contexts, &c->room,
			  sizeof(*image->contexts)))
		return -1;
	image->contexts[image->n_contexts] = (struct image_context){.parent = parent, .site = site};
	return c->edges[slot] = (int)image->n_contexts++;
}

void segment_contexts_release(struct segment_contexts *c)
{
	free(c->edges);
	*c = (struct segment_contexts){0};
}
