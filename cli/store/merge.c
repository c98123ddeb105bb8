/* SPDX-License-Identifier: MIT */
#include "merge.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../segment/image.h"

struct site_order {
	int64_t function;
	size_t site;
};

static int by_function(const void *one, const void *other)
{
	const struct site_order *a = one, *b = other;

	if (a->function != b->function)
		return a->function < b->function ? -1 : 1;
	return a->site < b->site ? -1 : a->site > b->site;
}

static int by_bucket(const void *one, const void *other)
{
	const struct image_bucket *a = one, *b = other;

	return a->bucket < b->bucket ? -1 : a->bucket > b->bucket;
}

static int add_buckets(struct merged *m, const struct image_site *site)
{
	size_t n = m->n_buckets + site->n_buckets, used = 0;
	struct image_bucket *all = realloc(m->buckets, (n + 1) * sizeof(*all));

	if (!all)
		return -1;
	m->buckets = all;
	if (site->n_buckets)
		memcpy(all + m->n_buckets, site->buckets, site->n_buckets * sizeof(*all));
	qsort(all, n, sizeof(*all), by_bucket);
	for (size_t i = 0; i < n; i++) {
		if (all[i].count == 0)
			continue;
		if (used && all[used - 1].bucket == all[i].bucket)
			all[used - 1].count += all[i].count;
		else
			all[used++] = all[i];
	}
	m->n_buckets = used;
	return 0;
}

static int add_site(struct merged *m, const struct image_site *site)
{
	bool had_any = m->calls > m->running;

	if (site->calls > site->running) {
		m->min_ns = had_any && m->min_ns < site->min_ns ? m->min_ns : site->min_ns;
		m->max_ns = had_any && m->max_ns > site->max_ns ? m->max_ns : site->max_ns;
	}
	m->calls += site->calls;
	m->running += site->running;
	m->skipped += site->skipped;
	m->squares += site->squares;
	m->unwound += site->unwound;
	m->total_ns += site->total_ns;
	m->self_ns += site->self_ns;
	m->sum_ns += site->sum_ns;
	m->total_cost_ns += site->total_cost_ns;
	m->self_cost_ns += site->self_cost_ns;
	m->sum_cost_ns += site->sum_cost_ns;
	return add_buckets(m, site);
}

/* Whether a context stands below another one of the same function. */
static bool has_above(const struct image *image, const int64_t *functions, size_t context)
{
	int64_t function = functions[image->contexts[context].site];

	for (int up = image->contexts[context].parent; up >= 0; up = image->contexts[up].parent)
		if (functions[image->contexts[up].site] == function)
			return true;
	return false;
}

/*
 * Copies of a function that call each other would count time twice; only the tree knows.  Counts
 * from the outermost context of the function on each path.  The cost of measuring keeps its share of the time.
 */
static void recount(const struct image *image, const int64_t *functions, struct merged *m)
{
	uint64_t before = m->total_ns;

	m->total_ns = 0;
	for (size_t i = 0; i < image->n_contexts; i++) {
		const struct image_context *c = &image->contexts[i];

		if (functions[c->site] == m->function && !has_above(image, functions, i))
			m->total_ns += c->total_ns;
	}
	if (before > m->total_ns)
		m->total_cost_ns =
			(uint64_t)((double)m->total_cost_ns * (double)m->total_ns / (double)before);
}

int merge_sites(const struct image *image, const int64_t *functions, struct merged **merged,
		size_t *n)
{
	struct site_order *order = calloc(image->n_sites + 1, sizeof(*order));
	size_t sites = 0, used = 0;
	int rc = 0;

	*n = 0;
	*merged = calloc(image->n_sites + 1, sizeof(**merged));
	if (!order || !*merged) {
		free(order);
		return -1;
	}
	for (size_t i = 0; i < image->n_sites; i++)
		if (image->sites[i].calls)
			order[sites++] = (struct site_order){functions[i], i};
	qsort(order, sites, sizeof(*order), by_function);
	for (size_t i = 0; i < sites && !rc; used++) {
		struct merged *m = &(*merged)[used];
		size_t first = i;

		*n = used + 1;
		m->function = order[i].function;
		for (; i < sites && order[i].function == m->function && !rc; i++)
			rc = add_site(m, &image->sites[order[i].site]);
		if (!rc && i - first > 1)
			recount(image, functions, m);
	}
	free(order);
	return rc;
}

void merge_release(struct merged *merged, size_t n)
{
	for (size_t i = 0; merged && i < n; i++)
		free(merged[i].buckets);
	free(merged);
}
