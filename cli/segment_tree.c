/* SPDX-License-Identifier: MIT */
/*
 * The threads of a segment, summed up: what the folds left in nodes and stats, what was still in
 * the rings, and the calls that never returned (invariants 3 to 6 of runtime/segment.h).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "segment_map.h"

/* A node of a thread's tree as we count it. */
struct node {
	const struct seg_node *link; /* the writer's address */
	int parent;		     /* index, -1 at the root; parents come first */
	int site;		     /* index into image.sites, -1 at the root */
	int context;		     /* index into image.contexts, -1 at the root */
	uint32_t live;		     /* frames that are still on the stack */
	uint64_t calls, incl, inner_calls, inner, back, back_child, unwound, running, returned;
	uint64_t below;	   /* calls made by the nodes under this one */
	uint64_t children; /* ticks of the nodes under this one that were called from it */
};

/* A histogram while it is summed up. */
struct sum {
	uint64_t min, max;
	uint64_t *counts; /* HIST_BUCKETS, NULL until needed */
};

struct reader {
	const struct segment_map *map;
	struct image *image;
	const int *site_of_id;
	struct sum *sums; /* per image site */
	double ns_per_tick;
	uint64_t rate_base; /* ticks that ns_per_tick was measured over */
	uint64_t end_ticks; /* when the recording ended */

	struct node *nodes; /* of the thread being read */
	size_t n_nodes, room_nodes;
	int *table; /* hash of node links, into nodes */
	uint64_t table_mask;

	int *edges; /* hash of (context parent, site), into image.contexts */
	uint64_t edges_mask;
	size_t room_contexts;
};

static uint64_t mix(uint64_t v)
{
	v *= 0x9e3779b97f4a7c15ull;
	return v ^ v >> 29;
}

static uint64_t to_ns(const struct reader *r, uint64_t ticks)
{
	return (uint64_t)llround((double)ticks * r->ns_per_tick);
}

/* grow: doubles an array that is full; false without memory. */
static bool grow(void **array, size_t used, size_t *room, size_t size)
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

/* ---- contexts of the whole run ---- */

static uint64_t edge_slot(const struct reader *r, int parent, int site)
{
	uint64_t i = mix((uint64_t)(uint32_t)parent << 32 | (uint32_t)site) & r->edges_mask;

	while (r->edges[i] >= 0) {
		const struct image_context *c = &r->image->contexts[r->edges[i]];

		if (c->parent == parent && c->site == site)
			break;
		i = (i + 1) & r->edges_mask;
	}
	return i;
}

static bool edges_grow(struct reader *r)
{
	uint64_t n = r->edges ? 2 * (r->edges_mask + 1) : 256;
	int *edges = malloc(n * sizeof(int));

	if (!edges)
		return false;
	memset(edges, -1, n * sizeof(int));
	free(r->edges);
	r->edges = edges;
	r->edges_mask = n - 1;
	for (size_t i = 0; i < r->image->n_contexts; i++) {
		const struct image_context *c = &r->image->contexts[i];

		r->edges[edge_slot(r, c->parent, c->site)] = (int)i;
	}
	return true;
}

/* context_get: the context of a site under another; -1 without memory. */
static int context_get(struct reader *r, int parent, int site)
{
	struct image *image = r->image;

	if ((!r->edges || image->n_contexts * 2 >= r->edges_mask) && !edges_grow(r))
		return -1;
	uint64_t slot = edge_slot(r, parent, site);

	if (r->edges[slot] >= 0)
		return r->edges[slot];
	if (!grow((void **)&image->contexts, image->n_contexts, &r->room_contexts,
		  sizeof(*image->contexts)))
		return -1;
	image->contexts[image->n_contexts] = (struct image_context){.parent = parent, .site = site};
	return r->edges[slot] = (int)image->n_contexts++;
}

/* ---- the tree of one thread ---- */

static uint64_t table_slot(const struct reader *r, const struct seg_node *link)
{
	uint64_t i = mix((uint64_t)link) & r->table_mask;

	while (r->table[i] >= 0 && r->nodes[r->table[i]].link != link)
		i = (i + 1) & r->table_mask;
	return i;
}

static bool table_grow(struct reader *r)
{
	uint64_t n = r->table ? 2 * (r->table_mask + 1) : 256;
	int *table = malloc(n * sizeof(int));

	if (!table)
		return false;
	memset(table, -1, n * sizeof(int));
	free(r->table);
	r->table = table;
	r->table_mask = n - 1;
	for (size_t i = 0; i < r->n_nodes; i++)
		table[table_slot(r, r->nodes[i].link)] = (int)i;
	return true;
}

static int node_find(const struct reader *r, const void *link)
{
	return r->table ? r->table[table_slot(r, link)] : -1;
}

/* node_add: appends a node; a node that is already there or makes no sense is damage, and left out.
 */
static int node_add(struct reader *r, const struct seg_node *link, int parent)
{
	const struct seg_node *n = segment_at(r->map, link, sizeof(*n), 64);
	struct node *to;
	int site = -1;

	if (!n || node_find(r, link) >= 0) {
		image_damage(r->image, "a calling context is %s",
			     n ? "in two places" : "unreachable");
		return IMAGE_OK;
	}
	if (parent >= 0) {
		uint32_t id = n->site;

		site = id >= 1 && id <= r->map->header.n_sites ? r->site_of_id[id] : -1;
		if (site < 0) {
			image_damage(r->image, "a calling context has the unknown site %u", id);
			return IMAGE_OK;
		}
	}
	if (!grow((void **)&r->nodes, r->n_nodes, &r->room_nodes, sizeof(*r->nodes)))
		return IMAGE_MEMORY;
	if ((!r->table || r->n_nodes * 2 >= r->table_mask) && !table_grow(r))
		return IMAGE_MEMORY;
	to = &r->nodes[r->n_nodes];
	*to = (struct node){
		.link = link,
		.parent = parent,
		.site = site,
		.context = -1,
		.calls = n->calls,
		.incl = n->incl,
		.inner_calls = n->inner_calls,
		.inner = n->inner,
		.back = n->back,
		.back_child = n->back_child,
		.unwound = n->unwound,
	};
	if (parent >= 0) {
		to->context = context_get(r, r->nodes[parent].context, site);
		if (to->context < 0)
			return IMAGE_MEMORY;
	}
	r->table[table_slot(r, link)] = (int)r->n_nodes++;
	return IMAGE_OK;
}

/* read_tree: all nodes, parents before children. */
static int read_tree(struct reader *r, const struct seg_node *root)
{
	int error = node_add(r, root, -1);

	for (size_t i = 0; i < r->n_nodes && !error; i++) {
		const struct seg_node *n = segment_at(r->map, r->nodes[i].link, sizeof(*n), 64);
		const struct seg_node *link = n->child;

		while (link && !error) {
			size_t before = r->n_nodes;

			error = node_add(r, link, (int)i);
			if (r->n_nodes == before)
				break; /* damage: its siblings cannot be trusted either */
			n = segment_at(r->map, link, sizeof(*n), 64);
			link = n->sibling;
		}
	}
	return error;
}

/* ---- histograms ---- */

static bool sum_add(struct reader *r, int site, uint32_t bucket, uint64_t count)
{
	struct sum *s = &r->sums[site];

	if (!s->counts)
		s->counts = calloc(HIST_BUCKETS, sizeof(*s->counts));
	if (!s->counts)
		return false;
	s->counts[bucket] += count;
	return true;
}

static void sum_limits(struct reader *r, int site, uint64_t min, uint64_t max)
{
	struct sum *s = &r->sums[site];

	if (min < s->min)
		s->min = min;
	if (max > s->max)
		s->max = max;
}

static int read_lines(struct reader *r, const struct seg_stat *stat, int site)
{
	for (uint32_t line = 0; line < HIST_LINES; line++) {
		uint64_t index = stat->lines[line];
		const uint32_t *counters;

		if (!index)
			continue;
		counters = segment_at(r->map, (void *)(r->map->header.map_base + 64 * index),
				      HIST_LINE * sizeof(uint32_t), 64);
		if (!counters) {
			image_damage(r->image, "a histogram of %s is unreachable",
				     r->image->sites[site].name);
			continue;
		}
		for (uint32_t i = 0; i < HIST_LINE; i++)
			if (counters[i] && !sum_add(r, site, line * HIST_LINE + i, counters[i]))
				return IMAGE_MEMORY;
	}
	return IMAGE_OK;
}

static int read_carries(struct reader *r, const struct seg_stat *stat, int site)
{
	const struct seg_carry *link = stat->carry;
	uint64_t steps = r->map->size / sizeof(struct seg_carry);

	while (link) {
		const struct seg_carry *c = segment_at(r->map, link, sizeof(*c), 8);

		if (!c || c->bucket >= HIST_BUCKETS || !steps--) {
			image_damage(r->image, "a histogram of %s breaks off",
				     r->image->sites[site].name);
			return IMAGE_OK;
		}
		if (!sum_add(r, site, (uint32_t)c->bucket, 1ull << 32))
			return IMAGE_MEMORY;
		link = c->next;
	}
	return IMAGE_OK;
}

static int read_stats(struct reader *r, const struct seg_stat *link)
{
	uint64_t steps = r->map->size / sizeof(struct seg_stat);
	int error = IMAGE_OK;

	while (link && !error) {
		const struct seg_stat *s = segment_at(r->map, link, sizeof(*s), 8);
		uint32_t id = s ? s->site : 0;

		if (!s || !steps-- || id < 1 || id > r->map->header.n_sites ||
		    r->site_of_id[id] < 0) {
			image_damage(r->image, "the list of histograms breaks off");
			break;
		}
		int site = r->site_of_id[id];

		if (s->min <= s->max)
			sum_limits(r, site, s->min, s->max);
		error = read_lines(r, s, site);
		if (!error)
			error = read_carries(r, s, site);
		link = s->next;
	}
	return error;
}

/* ---- what was not folded ---- */

static int read_ring(struct reader *r, const struct seg_thread *t)
{
	for (int i = 0; i < SEG_RING; i++) {
		struct seg_sample s = t->ring[i];
		int index;

		if (s.word & SEG_FOLDED || !s.word)
			continue;
		index = node_find(r, (void *)(s.word & ~(uint64_t)SEG_WORD_BITS));
		if (index <= 0) {
			image_damage(r->image, "a recorded call has no calling context");
			continue;
		}
		struct node *n = &r->nodes[index];

		n->calls++;
		n->incl += s.incl;
		if (s.word & SEG_INNER) {
			n->inner_calls++;
			n->inner += s.incl;
		}
		if (s.word & SEG_BACK)
			n->back += s.incl;
		sum_limits(r, n->site, s.incl, s.incl);
		if (!sum_add(r, n->site, hist_bucket(s.incl), 1))
			return IMAGE_MEMORY;
	}
	return IMAGE_OK;
}

/*
 * read_stack: the calls that never returned: each counts as a call that lasted to the end of the
 * recording.  The time they took so far is real; as durations they are unknown, so they are in no
 * histogram.
 */
static void read_stack(struct reader *r, const struct seg_thread *t)
{
	uint64_t used = t->stack_used <= SEG_STACK_MAX ? t->stack_used : SEG_STACK_MAX;
	const struct seg_frame *stack = segment_at(r->map, t->stack, used * sizeof(*stack), 8);
	int caller = 0;

	if (!stack) {
		image_damage(r->image, "a thread's stack is unreachable");
		return;
	}
	for (uint64_t i = 1; i < used; i++) {
		struct seg_frame f = stack[i];
		int index = node_find(r, f.node);

		if (!f.depth && (i + 1 == used || !stack[i + 1].depth))
			break;
		if (!f.depth || index <= 0) /* made at that instant, or a call without a place */
			continue;
		struct node *n = &r->nodes[index];
		uint64_t incl = r->end_ticks > f.start ? r->end_ticks - f.start : 0;

		n->calls++;
		n->running++;
		n->incl += incl;
		if (n->live++) {
			n->inner_calls++;
			n->inner += incl;
		}
		if (n->parent != caller) {
			n->back += incl;
			r->nodes[caller].back_child += incl;
		}
		caller = index;
	}
}

/* ---- sums ---- */

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* add_node: a node's figures into its context and its site. */
static void add_node(struct reader *r, const struct node *n)
{
	struct image_context *c = &r->image->contexts[n->context];
	struct image_site *s = &r->image->sites[n->site];
	uint64_t total = less(n->incl, n->inner);
	uint64_t self = less(n->incl, n->back_child + n->children);

	c->calls += n->calls;
	c->total_ns += total; /* ticks until finish() */
	c->self_ns += self;
	s->calls += n->calls;
	s->running += n->running;
	s->unwound += n->unwound;
	s->total_ns += total;
	s->self_ns += self;
	s->sum_ns += n->returned;
	s->below += n->inner_calls + n->below;
}

static void sum_thread(struct reader *r, struct image_thread *t)
{
	for (size_t i = r->n_nodes; i-- > 1;) {
		struct node *n = &r->nodes[i];
		struct node *parent = &r->nodes[n->parent];

		parent->below += n->calls + n->below;
		parent->children += less(n->incl, n->back);
		t->calls += n->calls;
	}
	for (size_t i = 1; i < r->n_nodes; i++)
		add_node(r, &r->nodes[i]);
	t->total_ns = to_ns(r, r->n_nodes ? r->nodes[0].children : 0);
}

static uint64_t since_start(const struct reader *r, uint64_t ticks)
{
	return to_ns(r, less(ticks, r->map->header.start_ticks));
}

static int read_thread(struct reader *r, const struct seg_thread *t, struct image_thread *to)
{
	int error;

	r->n_nodes = 0;
	if (r->table)
		memset(r->table, -1, (r->table_mask + 1) * sizeof(int));
	to->tid = t->tid;
	memcpy(to->name, t->name, SEG_NAME);
	to->owners = t->owners ? t->owners : 1;
	to->start_ns = since_start(r, t->start_ticks);
	to->end_ns = since_start(r, t->end_ticks ? t->end_ticks : r->end_ticks);
	r->image->torn += t->folding != 0;
	for (int i = 0; i < SEG_LOST_COUNT; i++)
		r->image->lost[i] += t->lost[i];
	error = read_tree(r, t->root);
	if (!error)
		error = read_stats(r, t->stats);
	if (!error)
		error = read_ring(r, t);
	if (error)
		return error;
	for (size_t i = 0; i < r->n_nodes; i++)
		r->nodes[i].returned = r->nodes[i].incl;
	if (t->live && r->n_nodes)
		read_stack(r, t);
	sum_thread(r, to);
	return IMAGE_OK;
}

/* for_each_thread: calls a function for each thread that can be reached. */
static int for_each_thread(struct reader *r,
			   int (*each)(struct reader *, const struct seg_thread *))
{
	const struct seg_thread *link = r->map->header.threads;
	uint64_t steps = r->map->size / sizeof(struct seg_thread);
	int error = IMAGE_OK;

	while (link && !error) {
		const struct seg_thread *t = segment_at(r->map, link, sizeof(*t), 8);

		if (!t || !steps--) {
			image_damage(r->image, "the list of threads breaks off");
			break;
		}
		error = each(r, t);
		link = t->next;
	}
	return error;
}

static int add_thread(struct reader *r, const struct seg_thread *t)
{
	struct image *image = r->image;
	struct image_thread *threads =
		realloc(image->threads, (image->n_threads + 1) * sizeof(*image->threads));

	if (!threads)
		return IMAGE_MEMORY;
	image->threads = threads;
	threads[image->n_threads] = (struct image_thread){0};
	return read_thread(r, t, &threads[image->n_threads++]);
}

/* ---- the clock ---- */

/* last_sign: raises end_ticks to the last instant that a thread has left; for a process that did
 * not see its end. */
static int last_sign(struct reader *r, const struct seg_thread *t)
{
	const struct seg_header *h = &r->map->header;
	uint64_t used = t->stack_used <= SEG_STACK_MAX ? t->stack_used : 0;
	const struct seg_frame *stack = segment_at(r->map, t->stack, used * sizeof(*stack), 8);

	for (int i = 0; i < SEG_RING; i++)
		if (t->ring[i].end > r->end_ticks)
			r->end_ticks = t->ring[i].end;
	for (uint64_t i = 1; stack && i < used && stack[i].depth; i++)
		if (stack[i].start > r->end_ticks)
			r->end_ticks = stack[i].start;
	/* The longest base between two readings of both clocks gives the best rate. */
	if (t->now_ticks > h->start_ticks && t->now_mono > h->start_mono + 1000000 &&
	    t->now_ticks - h->start_ticks > r->rate_base) {
		r->rate_base = t->now_ticks - h->start_ticks;
		r->ns_per_tick = (double)(t->now_mono - h->start_mono) / (double)r->rate_base;
	}
	return IMAGE_OK;
}

static void read_clock(struct reader *r)
{
	const struct seg_header *h = &r->map->header;

	r->ns_per_tick = h->hz ? 1e9 / (double)h->hz : 1;
	r->end_ticks = h->start_ticks;
	if (h->state == SEG_SEALED) {
		r->end_ticks = h->end_ticks;
		if (h->end_mono > h->start_mono + 100000 && h->end_ticks > h->start_ticks)
			r->ns_per_tick = (double)(h->end_mono - h->start_mono) /
					 (double)(h->end_ticks - h->start_ticks);
	} else {
		for_each_thread(r, last_sign);
	}
	if (h->clock == SEG_CLOCK_MONOTONIC)
		r->ns_per_tick = 1;
	r->image->ns_per_tick = r->ns_per_tick;
	r->image->inside_ns = (double)h->inside / 1024 * r->ns_per_tick;
	r->image->outside_ns = (double)h->outside / 1024 * r->ns_per_tick;
	r->image->duration_ns = since_start(r, r->end_ticks);
}

/* ---- ticks into nanoseconds, counts into buckets ---- */

static int finish_site(struct reader *r, struct image_site *s, const struct sum *sum)
{
	size_t n = 0;

	s->total_ns = to_ns(r, s->total_ns);
	s->self_ns = to_ns(r, s->self_ns);
	s->sum_ns = to_ns(r, s->sum_ns);
	s->min_ns = sum->counts ? to_ns(r, sum->min) : 0;
	s->max_ns = sum->counts ? to_ns(r, sum->max) : 0;
	for (uint32_t i = 0; sum->counts && i < HIST_BUCKETS; i++)
		n += sum->counts[i] != 0;
	s->buckets = calloc(n ? n : 1, sizeof(*s->buckets));
	if (!s->buckets)
		return IMAGE_MEMORY;
	for (uint32_t i = 0; sum->counts && i < HIST_BUCKETS; i++)
		if (sum->counts[i])
			s->buckets[s->n_buckets++] =
				(struct image_bucket){.bucket = i, .count = sum->counts[i]};
	return IMAGE_OK;
}

static int finish(struct reader *r)
{
	int error = IMAGE_OK;

	for (size_t i = 0; i < r->image->n_sites && !error; i++)
		error = finish_site(r, &r->image->sites[i], &r->sums[i]);
	for (size_t i = 0; i < r->image->n_contexts; i++) {
		struct image_context *c = &r->image->contexts[i];

		c->total_ns = to_ns(r, c->total_ns);
		c->self_ns = to_ns(r, c->self_ns);
	}
	return error;
}

int segment_read_threads(const struct segment_map *map, struct image *image, const int *site_of_id)
{
	struct reader r = {.map = map, .image = image, .site_of_id = site_of_id};
	uint64_t damaged = image->damaged;
	int error = IMAGE_MEMORY;

	r.sums = calloc(image->n_sites + 1, sizeof(*r.sums));
	if (!r.sums)
		goto out;
	for (size_t i = 0; i < image->n_sites; i++)
		r.sums[i].min = UINT64_MAX;
	read_clock(&r);
	image->damaged = damaged; /* what last_sign met is met again */
	error = for_each_thread(&r, add_thread);
	if (!error)
		error = finish(&r);
out:
	for (size_t i = 0; r.sums && i < image->n_sites; i++)
		free(r.sums[i].counts);
	free(r.sums);
	free(r.nodes);
	free(r.table);
	free(r.edges);
	return error;
}
