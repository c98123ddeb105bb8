/* SPDX-License-Identifier: MIT */
/*
 * Estimates fitted to what is known.
 *
 * A timed call of a sampled site stands for as many as thousands, so one during which the processor was
 * taken away can make an estimate that is longer than the calls' caller ran, or than the whole run.  Those times
 * are known better: children whose estimates do not fit into their caller's time share what its other children
 * left, in proportion to their estimates.
 */
#include "segment_reader.h"

/* Net time that a node's callees had: of those whose calls were all timed, and of the others. */
struct shares {
	double exact, estimated;
};

/* handed_up: the part of a node's net time that it had as a callee of its parent's. */
static double handed_up(const struct segment_node *n)
{
	double t = (double)minus(n->net, n->back_net);

	return t > 0 ? t : 0;
}

static uint64_t scale(uint64_t v, double factor)
{
	return (uint64_t)((double)v * factor);
}

static int64_t scale_net(int64_t v, double factor)
{
	return (int64_t)((double)v * factor);
}

static void shrink(struct segment_node *n, double factor)
{
	n->incl = scale(n->incl, factor);
	n->returned = scale(n->returned, factor);
	n->inner = scale(n->inner, factor);
	n->back = scale(n->back, factor);
	n->net = scale_net(n->net, factor);
	n->returned_net = scale_net(n->returned_net, factor);
	n->inner_net = scale_net(n->inner_net, factor);
	n->back_net = scale_net(n->back_net, factor);
}

/* fit_children: shrinks those among [first, end) that are node p's and estimates. */
static void fit_children(struct segment_node *nodes, size_t p, size_t first, size_t end,
			 double room)
{
	struct shares s = {0, 0};
	double factor;

	for (size_t i = first; i < end; i++)
		*(nodes[i].skipped ? &s.estimated : &s.exact) += handed_up(&nodes[i]);
	if (s.exact + s.estimated <= room || s.estimated <= 0)
		return;
	factor = room > s.exact ? (room - s.exact) / s.estimated : 0;
	for (size_t i = first; i < end; i++)
		if (nodes[i].skipped && nodes[i].parent == (int)p)
			shrink(&nodes[i], factor);
}

void segment_fit(struct segment_node *nodes, size_t n, uint64_t elapsed)
{
	/* Nodes are in the order in which they were met: all children of one, then those of the next. */
	for (size_t first = 1, end; first < n; first = end) {
		size_t p = (size_t)nodes[first].parent;
		double own = (double)minus(nodes[p].net, nodes[p].back_child_net);

		for (end = first; end < n && nodes[end].parent == (int)p; end++)
			;
		fit_children(nodes, p, first, end, p ? own : (double)elapsed);
	}
}
