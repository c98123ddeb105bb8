/* SPDX-License-Identifier: MIT */
/* What came after an earlier image of the same process: counts and times taken from each other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "image.h"
#include "segment_contexts.h"

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* less_calls: a call that was running then is one of those that came after. */
static uint64_t less_calls(uint64_t calls, uint64_t before, uint64_t running)
{
	return less(calls, less(before, running));
}

/* less_buckets: both are ascending; empty ones are left out. */
static void less_buckets(struct image_site *s, const struct image_site *b)
{
	size_t n = 0, k = 0;

	for (size_t i = 0; i < s->n_buckets; i++) {
		struct image_bucket left = s->buckets[i];

		while (k < b->n_buckets && b->buckets[k].bucket < left.bucket)
			k++;
		if (k < b->n_buckets && b->buckets[k].bucket == left.bucket)
			left.count = less(left.count, b->buckets[k].count);
		if (left.count)
			s->buckets[n++] = left;
	}
	s->n_buckets = n;
}

static uint64_t to_ns(const struct image *image, uint64_t ticks)
{
	double ns = (double)ticks * image->ns_per_tick;

	return ns < 9e18 ? (uint64_t)llround(ns) : (uint64_t)9e18;
}

/* limits: the least and the greatest of what is left, to the width of a bucket. */
static void limits(const struct image *image, struct image_site *s)
{
	uint64_t min, max;

	if (!s->n_buckets) {
		s->min_ns = s->max_ns = 0;
		return;
	}
	min = to_ns(image, hist_lower(s->buckets[0].bucket));
	max = s->buckets[s->n_buckets - 1].bucket + 1;
	max = max < HIST_BUCKETS ? to_ns(image, hist_lower((uint32_t)max)) : UINT64_MAX;
	if (min > s->min_ns)
		s->min_ns = min;
	if (max < s->max_ns)
		s->max_ns = max;
}

static void less_site(const struct image *image, struct image_site *s, const struct image_site *b)
{
	if (!b->calls)
		return;
	s->calls = less_calls(s->calls, b->calls, b->running);
	s->skipped = less(s->skipped, b->skipped);
	s->squares = less(s->squares, b->squares);
	s->unwound = less(s->unwound, b->unwound);
	s->total_ns = less(s->total_ns, b->total_ns);
	s->self_ns = less(s->self_ns, b->self_ns);
	s->sum_ns = less(s->sum_ns, b->sum_ns);
	s->total_cost_ns = less(s->total_cost_ns, b->total_cost_ns);
	s->self_cost_ns = less(s->self_cost_ns, b->self_cost_ns);
	s->sum_cost_ns = less(s->sum_cost_ns, b->sum_cost_ns);
	less_buckets(s, b);
	limits(image, s);
}

/* site_pairs: for each site of the base, the index of the same in the image, -1: none. */
static int *site_pairs(const struct image *image, const struct image *base)
{
	int *pairs = malloc((base->n_sites + 1) * sizeof(*pairs));

	if (!pairs)
		return NULL;
	memset(pairs, -1, (base->n_sites + 1) * sizeof(*pairs));
	for (uint32_t id = 1; id <= base->n_ids && id <= image->n_ids; id++)
		if (base->site_of_id[id] >= 0)
			pairs[base->site_of_id[id]] = image->site_of_id[id];
	return pairs;
}

/* less_contexts: finds each context of the base by its parent's and its site. */
static int less_contexts(struct image *image, const struct image *base, const int *pairs)
{
	struct segment_contexts known = {.room = image->n_contexts};
	int *at = malloc((base->n_contexts + 1) * sizeof(*at));
	int error = at ? IMAGE_OK : IMAGE_MEMORY;

	for (size_t i = 0; i < base->n_contexts && !error; i++) {
		const struct image_context *b = &base->contexts[i];
		int parent = b->parent < 0 ? -1 : at[b->parent];

		at[i] = -1;
		if (pairs[b->site] < 0 || (b->parent >= 0 && parent < 0))
			continue;
		at[i] = segment_context(&known, image, parent, pairs[b->site]);
		if (at[i] < 0) {
			error = IMAGE_MEMORY;
			break;
		}
		struct image_context *c = &image->contexts[at[i]];

		c->calls = less_calls(c->calls, b->calls, b->running);
		c->total_ns = less(c->total_ns, b->total_ns);
		c->self_ns = less(c->self_ns, b->self_ns);
	}
	segment_contexts_release(&known);
	free(at);
	return error;
}

/* drop_contexts: those that nothing was left of, and that lead to none that is; parents come first. */
static int drop_contexts(struct image *image)
{
	int *to = calloc(image->n_contexts + 1, sizeof(*to));
	size_t n = 0;

	if (!to)
		return IMAGE_MEMORY;
	for (size_t i = image->n_contexts; i-- > 0;) {
		const struct image_context *c = &image->contexts[i];

		to[i] |= c->calls || c->total_ns;
		if (to[i] && c->parent >= 0)
			to[c->parent] = 1;
	}
	for (size_t i = 0; i < image->n_contexts; i++) {
		struct image_context c = image->contexts[i];

		if (!to[i])
			continue;
		if (c.parent >= 0)
			c.parent = to[c.parent];
		to[i] = (int)n;
		image->contexts[n++] = c;
	}
	image->n_contexts = n;
	free(to);
	return IMAGE_OK;
}

/* less_recent: the calls that ended since; `to` has the new places of the threads. */
static void less_recent(struct image *image, const struct image *base, const int *to)
{
	size_t n = 0;

	for (size_t i = 0; i < image->n_recent; i++) {
		struct image_call c = image->recent[i];

		if (c.start_ns + c.duration_ns <= base->duration_ns || to[c.thread] < 0)
			continue;
		c.start_ns = less(c.start_ns, base->duration_ns);
		c.thread = to[c.thread];
		image->recent[n++] = c;
	}
	image->n_recent = n;
}

/* less_threads: the list begins with the newest, so the base's are the last ones. */
static int less_threads(struct image *image, const struct image *base)
{
	size_t more = image->n_threads > base->n_threads ? image->n_threads - base->n_threads : 0;
	int *to = malloc((image->n_threads + 1) * sizeof(*to));
	size_t n = 0;

	if (!to)
		return IMAGE_MEMORY;
	for (size_t i = 0; i < image->n_threads; i++) {
		struct image_thread t = image->threads[i];

		if (i >= more) {
			const struct image_thread *b = &base->threads[i - more];

			t.calls = less_calls(t.calls, b->calls, b->running);
			t.total_ns = less(t.total_ns, b->total_ns);
		}
		t.start_ns = less(t.start_ns, base->duration_ns);
		t.end_ns = less(t.end_ns, base->duration_ns);
		to[i] = t.calls ? (int)n : -1;
		if (t.calls)
			image->threads[n++] = t;
	}
	less_recent(image, base, to);
	image->n_threads = n;
	image->threads_seen = (uint32_t)n;
	free(to);
	return IMAGE_OK;
}

int image_less(struct image *image, const struct image *base)
{
	int *pairs = site_pairs(image, base);
	int error = pairs ? IMAGE_OK : IMAGE_MEMORY;

	for (size_t i = 0; i < base->n_sites && !error; i++)
		if (pairs[i] >= 0)
			less_site(image, &image->sites[pairs[i]], &base->sites[i]);
	if (!error)
		error = less_contexts(image, base, pairs);
	if (!error)
		error = drop_contexts(image);
	if (!error)
		error = less_threads(image, base);
	free(pairs);
	if (error)
		return error;
	image->measuring_ns = less(image->measuring_ns, base->measuring_ns);
	for (int i = 0; i < SEG_LOST_COUNT; i++)
		image->lost[i] = less(image->lost[i], base->lost[i]);
	image->started_at_ns += (int64_t)base->duration_ns;
	image->duration_ns = less(image->duration_ns, base->duration_ns);
	return IMAGE_OK;
}
