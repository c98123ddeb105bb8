/* SPDX-License-Identifier: MIT */
/*
 * What segment_tree.c, which reads the threads of a segment, and segment_running.c, which reads the calls that never
 * returned, share.
 */
#ifndef HOTPATH_SEGMENT_READER_H
#define HOTPATH_SEGMENT_READER_H

#include "segment_contexts.h"
#include "segment_map.h"
#include "segment_recent.h"
#include "segment_sum.h"

/* A node of a thread's tree as we count it. */
struct segment_node {
	const struct seg_node *link; /* the writer's address */
	int parent;		     /* index, -1 at the root; parents come first */
	int site;		     /* index into image.sites, -1 at the root */
	int context;		     /* index into image.contexts, -1 at the root */
	uint32_t depth;		     /* nodes above it */
	uint64_t calls, timed, skipped, incl, cost, inner, back, back_child, running;
	uint64_t inner_cost, back_cost, back_child_cost; /* 1/16 tick, as cost */
	int64_t inner_net, back_net, back_child_net;	 /* less these: when all calls are there */
	uint64_t returned;				 /* incl without the calls that still ran */
	int64_t returned_net;				 /* the same, less what measuring cost */
	int64_t net;					 /* incl, less what measuring cost */
	bool estimate;	   /* of it or of a child some calls were counted only */
	uint64_t children; /* ticks of the nodes under this one that were called from it */
	int64_t children_net;
};

struct segment_reader {
	const struct segment_map *map;
	struct image *image;
	const int *site_of_id;
	struct sum *sums; /* per image site */
	uint32_t *live;	  /* per image site: frames met on the stack of the thread being read */
	struct segment_clock clock;
	struct segment_seen seen; /* threads, stacks, nodes, stats, lines and carries */
	uint64_t inside,
		both;  /* cost of an empty call, and with what its caller has of it, 1/1024 tick */
	uint64_t knee; /* ticks from which on a call lasts, and costs less: */
	uint64_t overlap_inside;	      /* inside, 1/1024 tick */
	uint64_t overlap_cost;		      /* in all, in the unit of seg_sample.below */
	uint64_t always_inside, drawn_inside; /* of calls timed by the hooks that sample */
	/* What such a call costs in all; SEG_COST_CALL is an ordinary one. */
	uint64_t always_cost, drawn_cost, skipped_cost;
	/* On measuring calls that returned, in the unit of seg_sample.below: of the thread being read, and of all threads. */
	uint64_t thread_spent, spent;
	uint64_t thread_saved; /* less, because calls lasted */
	uint64_t frames;       /* that may still be read: no more than the file can hold */

	const struct seg_thread **threads;
	size_t n_threads, room_threads;

	struct segment_node *nodes; /* of the thread being read */
	size_t n_nodes, room_nodes;
	int *table; /* hash of node links, into nodes */
	uint64_t table_mask;

	struct segment_contexts contexts;
	struct segment_recent recent;
};

static inline uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/*
 * one_cost: what measuring took of one call's time, in 1/1024 tick, as call_cost() of the runtime reckons it.
 *
 * tagged   a sample's word or a frame's `before`
 */
static inline uint64_t one_cost(const struct segment_reader *r, uint64_t incl, uint64_t below,
				uint64_t tagged)
{
	uint64_t tag = tagged & SEG_TAG_MASK;
	uint64_t inside = !tag ? r->inside : tag == SEG_TAG(0) ? r->always_inside : r->drawn_inside;

	if (seg_lasts(tagged, incl, below, r->knee))
		inside = less(inside, r->overlap_inside);
	return inside + (uint64_t)(((unsigned __int128)below * r->both) / SEG_COST_CALL);
}

/* one_saved: what measuring one call cost less because it lasted, in the unit of seg_sample.below. */
static inline uint64_t one_saved(const struct segment_reader *r, uint64_t incl, uint64_t below,
				 uint64_t tagged)
{
	uint64_t tag = tagged & SEG_TAG_MASK;
	uint64_t nominal = !tag		       ? SEG_COST_CALL
			   : tag == SEG_TAG(0) ? r->always_cost
					       : r->drawn_cost;

	if (!seg_lasts(tagged, incl, below, r->knee))
		return 0;
	return nominal < r->overlap_cost ? nominal : r->overlap_cost;
}

/* one_net: the net time of one call, to the tick as net() of the runtime reckons it. */
static inline int64_t one_net(uint64_t incl, uint64_t cost)
{
	return (int64_t)(incl - ((cost + 512) >> 10));
}

/* minus: wraps around, which only the figures of a damaged segment can make it do. */
static inline int64_t minus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

/* segment_tree.c: index of the node that a link leads to, -1: none. */
int segment_node_find(const struct segment_reader *r, const void *link);

/* segment_running.c; each returns IMAGE_OK or IMAGE_MEMORY. */
uint64_t segment_spent(const struct segment_reader *r, const struct segment_node *n);
int segment_read_stack(struct segment_reader *r, const struct seg_thread *t);
int segment_read_fibers(struct segment_reader *r, const struct seg_thread *t);

/*
 * segment_fit: makes the estimates of sampled calls fit into the time that their callers had (segment_fit.c).
 *
 * nodes     of one thread, parents before children; net times are known, children are not yet summed up
 * elapsed   ticks that the thread had
 */
void segment_fit(struct segment_node *nodes, size_t n, uint64_t elapsed);

#endif /* HOTPATH_SEGMENT_READER_H */
