/* SPDX-License-Identifier: MIT */
/* The calls of a thread that never returned: on its stack, and on those that it had switched away from. */
#include "segment_reader.h"

/* segment_spent: what measuring the returned calls of a node cost, as if none of them had lasted. */
uint64_t segment_spent(const struct segment_reader *r, const struct segment_node *n)
{
	uint64_t timed = n->skipped			    ? r->drawn_cost
			 : r->image->sites[n->site].sampled ? r->always_cost
							    : SEG_COST_CALL;

	return n->timed * timed + n->skipped * r->skipped_cost;
}

/*
 * add_running: a call that never returned, of the node `index`, and called from the node `caller`.
 *
 * below    what measuring the calls that it made cost; tagged: as seg_frame.before
 * incl     0: it is counted only, and how long it ran is not known
 */
static void add_running(struct segment_reader *r, int index, int caller, uint64_t incl,
			uint64_t below, uint64_t tagged)
{
	struct segment_node *n = &r->nodes[index];
	uint64_t cost = incl ? one_cost(r, incl, below, tagged & SEG_TAG_MASK) : 0;

	cost = seg_node_cost(cost);
	n->calls++;
	n->running++;
	n->incl += incl;
	n->cost += cost;
	if (r->live[n->site]++) {
		n->inner += incl;
		n->inner_cost += cost;
	}
	if (n->parent != caller) {
		n->back += incl;
		n->back_cost += cost;
		r->nodes[caller].back_child += incl;
		r->nodes[caller].back_child_cost += cost;
	}
}

/*
 * segment_read_stack: the calls that never returned: each counts as a call that lasted to the end of the
 * recording.  The time they took so far is real; as durations they are unknown, so they are in no
 * histogram.
 */
int segment_read_stack(struct segment_reader *r, const struct seg_thread *t)
{
	uint64_t used;
	const struct seg_frame *stack = segment_stack(r->map, t, &used);
	int added = stack ? segment_seen_add(&r->seen, t->stack) : 0;
	uint64_t end;
	int caller = 0;

	if (added < 0)
		return added;
	if (!added || !used || stack[0].node != r->nodes[0].link) { /* invariant 4 */
		image_damage(r->image, "a thread's stack is %s",
			     added ? "not its own" : "unreachable");
		return IMAGE_OK;
	}
	if (used != t->stack_used)
		image_damage(r->image, "a thread's stack is longer than the file");
	for (size_t i = 1; i < r->n_nodes; i++) /* not all sites: there may be many threads */
		r->live[r->nodes[i].site] = 0;
	end = t->stopped ? t->stopped : r->clock.end_ticks;
	for (uint64_t i = 1; i < used && r->frames; i++, r->frames--) {
		struct seg_frame f = stack[i];
		int index = segment_node_find(r, f.node);

		if (!f.depth && (i + 1 == used || !stack[i + 1].depth))
			break;
		if (!f.depth || index <= 0) /* made at that instant, or a call without a place */
			continue;
		add_running(r, index, caller, f.start ? less(end, f.start) : 0,
			    less(r->thread_spent, f.before & ~SEG_TAG_MASK), f.before);
		caller = index;
	}
	return IMAGE_OK;
}

/*
 * segment_read_fibers: the calls that were running on stacks which the program had switched away from: as those of the
 * stack, but for the time that has passed since.
 */
int segment_read_fibers(struct segment_reader *r, const struct seg_thread *t)
{
	uint32_t link = t->fibers;

	while (link) {
		const void *at = (const void *)(r->map->header.map_base + 64 * (uint64_t)link);
		const struct seg_fiber *f = segment_at(r->map, at, sizeof(*f), ALIGN_AREA);
		uint64_t n = f ? f->n : 0;
		int added = 0, caller = 0;

		if (f && segment_at(r->map, at, sizeof(*f) + n * sizeof(*f->frames), ALIGN_AREA))
			added = segment_seen_add(&r->seen, at);
		if (added < 0)
			return added;
		if (!added) {
			image_damage(r->image, "the list of fibers breaks off");
			break;
		}
		for (size_t i = 1; i < r->n_nodes; i++)
			r->live[r->nodes[i].site] = 0;
		for (uint64_t i = 0; i < n && r->frames; i++, r->frames--) {
			struct seg_frame frame = f->frames[i];
			int index = segment_node_find(r, frame.node);

			if (!frame.depth || index <= 0)
				continue;
			uint64_t below = frame.before & ~SEG_TAG_MASK;

			if (frame.start > r->clock.most_ticks ||
			    below / SEG_COST_CALL > r->clock.most_ticks) {
				image_damage(r->image, "a fiber's call has an absurd time");
				continue;
			}
			add_running(r, index, caller, frame.start, below, frame.before);
			caller = index;
		}
		link = f->next;
	}
	return IMAGE_OK;
}
