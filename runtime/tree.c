/* SPDX-License-Identifier: MIT */
/*
 * The calling-context tree of a thread: the slow half of an entry, taken when the callee is not the
 * one that was entered last from the same context.
 *
 * The tree stays bounded: a site that is already on the path leads back to its node there
 * (recursion, also mutual), and a thread has at most NODES_BASE + NODES_PER_SITE nodes a site; past
 * that a call's node is the one that its site has under the root.  Both are shortcuts: edges to a node that is no child of the caller's.
 * There can be as many of them as nodes times sites, so only some are remembered; others are found anew each time.
 *
 * All that a thread has stays within hp_arena_bound().  The tree stops growing at TREE_BASE and TREE_PER_SITE; the rest is for
 * histograms, which go on growing.
 *
 * A signal handler may come in anywhere and make nodes of its own.  What is made is complete before one compare-and-swap
 * puts it at the head of its list, behind whatever a handler put there meanwhile.  So two of us can make a node or a stat twice:
 * that whose edge was added first is used from then on, and the other stays empty.  (Without memory for edges both may be used; segment.h
 * allows that, invariant 5.)
 */
#include <string.h>
#include "runtime.h"

enum {
	NODES_BASE = 2048,
	NODES_PER_SITE = 12,
	SHORTCUTS_BASE = 2048,
	SHORTCUTS_PER_SITE = 4,
	TREE_BASE = 640 << 10, /* bytes */
	TREE_PER_SITE = 2432,
	EDGES_FIRST = 256, /* entries of a thread's first edge table */
};

/* edge_key: the caller's place in the segment, in units of its alignment, and the site; never 0 as
 * site ids start at 1. */
static uint64_t edge_key(const struct seg_node *caller, uint32_t site)
{
	uint64_t at = caller ? ((uint64_t)caller - hp_process.seg->map_base) / 64 : 0;

	return at << 32 | site;
}

static uint64_t edge_hash(uint64_t key)
{
	return (key * 0x9e3779b97f4a7c15ull) >> 20;
}

/* edge_slot: the entry that has the key, or the free one where it belongs. */
static struct edge *edge_slot(struct edge_table *t, uint64_t key)
{
	uint64_t i = edge_hash(key) & t->mask;

	while (t->edges[i].key != key && t->edges[i].key != 0)
		i = (i + 1) & t->mask;
	return &t->edges[i];
}

/* edge_find: where the edge leads, NULL when it is not known. */
static void *edge_find(struct place *place, uint64_t key)
{
	const struct edge *e = place->edges ? edge_slot(place->edges, key) : NULL;
	void *to = e ? e->to : NULL;

	compiler_barrier();
	/* The entry was free, and a handler has put another edge there since. */
	return to && e->key == key ? to : NULL;
}

static struct edge_table *edge_table_new(struct place *place, uint64_t entries)
{
	struct edge_table *t =
		hp_arena_alloc(place, sizeof(*t) + entries * sizeof(struct edge), 64);

	if (t) {
		t->mask = entries - 1;
		t->used = 0;
	}
	return t;
}

/*
 * edge_put: an edge into a table.  The key is claimed before `to` is set, so that nobody who comes between sees a key with another's
 * node.  Returns where it leads: elsewhere when a handler was quicker; NULL when the table is full.
 */
static void *edge_put(struct edge_table *t, uint64_t key, void *to)
{
	struct edge *e = edge_slot(t, key);

	while (e->key != key) {
		uint64_t none = 0;

		if (t->used >= t->mask)
			return NULL;
		/* Before: one entry is always free, so that who looks comes to an end. */
		bump(&t->used, 1);
		if (!__atomic_compare_exchange_n(&e->key, &none, key, false, __ATOMIC_RELAXED,
						 __ATOMIC_RELAXED)) {
			bump(&t->used, (uint64_t)-1); /* a handler took it for another */
			e = edge_slot(t, key);
		}
	}
	compiler_barrier();

	void *first = NULL;

	__atomic_compare_exchange_n(&e->to, &first, to, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	return first ? first : to;
}

/* edge_table_copy: what one table has and the other does not; who claimed a key and did not set its edge yet does it again. */
static void edge_table_copy(struct edge_table *t, const struct edge_table *old)
{
	for (uint64_t i = 0; i <= old->mask; i++)
		if (old->edges[i].key && old->edges[i].to)
			edge_put(t, old->edges[i].key, old->edges[i].to);
}

/*
 * edge_table_grow: a table with room, of the thread whose table is `old`.  That is left behind in the arena: all of them together are
 * less than the newest.
 */
static struct edge_table *edge_table_grow(struct place *place, struct edge_table *old)
{
	struct edge_table *t = edge_table_new(place, old ? 2 * (old->mask + 1) : EDGES_FIRST);

	if (!t)
		return old;
	if (old)
		edge_table_copy(t, old);
	if (!__atomic_compare_exchange_n(&place->edges, &old, t, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return old; /* a handler's */
	/* What a handler added meanwhile. */
	if (old)
		edge_table_copy(t, old);
	return t;
}

/* edges_crowded: whether the next edge needs a larger table. */
static bool edges_crowded(const struct edge_table *t)
{
	return !t || t->used * 4 >= (t->mask + 1) * 3;
}

/*
 * edge_add: returns where the edge leads.  That is not `to` when a handler came in the midst of making it and added the same one first:
 * there would be two of what there should be one, and who looks at one would not see what was noted in the other.
 */
static void *edge_add(struct place *place, uint64_t key, void *to)
{
	struct edge_table *t;

	do {
		t = place->edges;
		if (edges_crowded(t))
			t = edge_table_grow(place, t);

		void *there = t ? edge_put(t, key, to) : NULL;

		/* Without memory to grow, and full: the edge is looked for again each time. */
		to = there ? there : to;
	} while (t != place->edges); /* a handler has made a larger one, without our edge */
	return to;
}

/* tree_heavy: whether what is left of the thread's memory is for histograms. */
static bool tree_heavy(const struct place *place)
{
	return place->bytes >= TREE_BASE + TREE_PER_SITE * (uint64_t)place->seg.n_stats;
}

/* tree_full: whether only sites that have no node so far may get one, below the root. */
static bool tree_full(const struct place *place)
{
	return place->seg.n_nodes >= NODES_BASE + NODES_PER_SITE * (uint64_t)place->seg.n_stats ||
	       tree_heavy(place);
}

/*
 * shortcut_add: remembers a shortcut, while there is room for one.
 *
 * merged   it leads to a node below the root, because the tree is full; that is counted, again when it is not remembered
 */
static void shortcut_add(struct place *place, uint64_t key, struct seg_node *to, bool merged)
{
	if (merged)
		bump(&place->seg.lost[SEG_LOST_CONTEXTS], 1);
	if (place->n_shortcuts >=
		    SHORTCUTS_BASE + SHORTCUTS_PER_SITE * (uint64_t)place->seg.n_stats ||
	    (edges_crowded(place->edges) && tree_heavy(place)))
		return;
	bump(&place->n_shortcuts, 1);
	edge_add(place, key, to);
}

/* stat_find: the site's stat on this thread, made when there is none; NULL without memory. */
static struct seg_stat *stat_find(struct place *place, uint32_t site)
{
	struct seg_stat **cached = &place->stat_of[site % 64];
	struct seg_stat *stat = __atomic_load_n(cached, __ATOMIC_RELAXED);

	if (stat && stat->site == site)
		return stat;
	/* Every site that has a stat has an edge from the null caller. */
	stat = edge_find(place, edge_key(NULL, site));

	if (stat)
		return *cached = stat;
	stat = hp_arena_alloc(place, sizeof(*stat), 64);
	if (!stat)
		return NULL;
	stat->site = site;
	stat->min = UINT64_MAX;
	stat->draw[0].countdown = stat->draw[1].countdown = 1;
	if (hp_process.samples)
		hp_sample_stat(stat);
	stat->next = __atomic_load_n(&place->seg.stats, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&place->seg.stats, &stat->next, stat, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	__atomic_fetch_add(&place->seg.n_stats, 1, __ATOMIC_RELAXED);
	return *cached = edge_add(place, edge_key(NULL, site), stat);
}

static struct seg_node *node_new(struct place *place, struct seg_node *parent, uint32_t site)
{
	struct seg_stat *stat = stat_find(place, site);
	struct seg_node *n = stat ? hp_arena_alloc(place, sizeof(*n), 64) : NULL;

	if (!n)
		return NULL;
	n->site = site;
	n->parent = parent;
	n->last = n;
	n->next = n;
	n->stat = stat;
	struct seg_node *first = __atomic_load_n(&parent->child, __ATOMIC_RELAXED);

	do {
		n->sibling =
			first ? (uint32_t)(((uint64_t)first - hp_process.seg->map_base) / 64) : 0;
	} while (!__atomic_compare_exchange_n(&parent->child, &first, n, false, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED));
	__atomic_fetch_add(&place->seg.n_nodes, 1, __ATOMIC_RELAXED);
	return n;
}

/* hp_tree_root: makes a thread's root. */
struct seg_node *hp_tree_root(struct place *place)
{
	struct seg_node *root = hp_arena_alloc(place, sizeof(*root), 64);

	if (root) {
		root->site = SEG_NO_SITE;
		root->last = root;
		root->next = root;
	}
	place->lost_node = (struct seg_node){.site = SEG_NO_SITE,
					     .last = &place->lost_node,
					     .next = &place->lost_node,
					     .stat = &place->lost_stat};
	return root;
}

/* go_to: notes that n was entered from caller, for the next time: callees mostly come in the same
 * order. */
static struct seg_node *go_to(struct seg_node *caller, struct seg_node *n)
{
	if (caller->last->parent == caller)
		caller->last->next = n;
	return caller->last = n;
}

struct seg_node *hp_tree_child(struct place *place, struct seg_node *caller, uint32_t site)
{
	if (caller == &place->lost_node)
		return caller;
	uint64_t key = edge_key(caller, site);
	struct seg_node *n = edge_find(place, key);

	if (n)
		return go_to(caller, n);
	n = caller;
	while (n && n->site != site)
		n = n->parent;

	bool merged = !n && caller->parent && tree_full(place);

	if (merged)
		n = hp_tree_child(place, place->seg.root, site);
	else if (!n)
		n = node_new(place, caller, site);
	if (!n || n == &place->lost_node)
		return &place->lost_node;
	if (n->parent == caller)
		n = edge_add(place, key, n);
	else
		shortcut_add(place, key, n, merged);
	return go_to(caller, n);
}
