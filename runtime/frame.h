/* SPDX-License-Identifier: MIT */
/*
 * The shadow stack: how a frame is pushed and popped, and how a call finds its calling context.
 * Inlined into the hooks of hook.c, which says why the stores stand in this order, and of sample.c.
 *
 * Inner calls.  That no other frame of a call's site is live (SEG_INNER) goes without saying while all live calls went
 * down the tree: no site stands twice on a path.  A call by recursion goes up, from its caller's node to an ancestor, or to
 * that node itself, and leaves live frames behind that the path to the newest frame does not show any more.  It covers them:
 * while it lasts, each stat on the way, its caller's included and its own not, has 1 more in `covered`.  A call that the full
 * tree sent to the root (tree.c) does the same with the whole way up to there.  As all ancestors of a live frame's node have
 * live frames, too, a call is an inner one exactly if it is a recursion or its site is covered
 * (testsuite/unit/test_inner.c).
 *
 * Only frames from hot->back on have to look, which is the oldest one whose call did not go down: programs pay for recursion
 * while they are in it.
 */
#ifndef HOTPATH_FRAME_H
#define HOTPATH_FRAME_H

#include "runtime.h"

/* How deep the stack is at the hook's entry: no less than at that of every live measured caller. */
#if defined(__GNUC__) && !defined(__clang__)
#define hook_depth() (~(uint64_t)__builtin_dwarf_cfa())
#else
#define hook_depth() (~(uint64_t)__builtin_frame_address(0))
#endif

/*
 * known_callee: the node of a call to site from caller, when it is the one that was called last
 * from there, or the one that came after it the last time; else NULL.  `next` is a guess: it may
 * have been noted for another caller, as a node has several when it is reached by recursion.
 */
static inline struct seg_node *known_callee(struct seg_node *caller, uint32_t site)
{
	struct seg_node *n = caller->last;

	if (likely(n->site == site))
		return n;
	n = n->next;
	if (n->site != site || n->parent != caller)
		return NULL;
	return caller->last = n;
}

/*
 * raise_top: a handler that comes before the frame is on the stack may use its slot, so the node is
 * written once more when it is: at every instruction the top frame has a node.
 */
static inline struct seg_frame *raise_top(struct hot *hot, struct seg_node *node)
{
	struct seg_frame *f = hot->top + 1;

	f->node = node;
	compiler_barrier();
	hot->top = f;
	compiler_barrier();
	f->node = node;
	return f;
}

/* is_back: whether a frame's call did not go down the tree.  That a call has no place is no such thing. */
static inline bool is_back(const struct seg_frame *f)
{
	return f->node->parent != f[-1].node && f->node->site != SEG_NO_SITE;
}

/* half_covers: whether a frame, which is that of no call, may cover something: its entry or its exit was left half way. */
static inline bool half_covers(const struct seg_frame *f)
{
	return !f->depth && is_back(f);
}

/* is_recursion: whether the call of such a frame leads back to a node on its caller's path. */
static inline bool is_recursion(const struct seg_frame *f)
{
	const struct seg_node *n = f[-1].node;

	while (n && n != f->node)
		n = n->parent;
	return n;
}

/* is_inner: whether another frame of the top frame's site is live. */
static inline bool is_inner(const struct hot *hot, const struct seg_frame *f)
{
	return unlikely(f >= hot->back) &&
	       (f->node->stat->covered || (is_back(f) && is_recursion(f)));
}

/* fill: completes the frame of a call that is timed; its start is written when everything else is. */
static inline void fill(struct hot *hot, struct seg_frame *f, uint64_t depth)
{
	f->before = hot->cost;
	compiler_barrier();
	f->depth = depth;
}

/* drop_top: takes the top frame, which covers nothing, off the stack. */
static inline void drop_top(struct hot *hot, struct seg_frame *f, uint64_t cost)
{
	f->depth = 0;
	compiler_barrier();
	hot->top = f - 1;
	bump(&hot->cost, cost);
}

/*
 * drop_self: likewise of a call of a function by itself, which covers nothing either, but may be the oldest that did not go
 * down.
 */
static inline void drop_self(struct hot *hot, struct seg_frame *f, uint64_t cost)
{
	f->depth = 0;
	compiler_barrier();
	if (f == hot->back)
		hot->back = NO_FRAME;
	hot->top = f - 1;
	bump(&hot->cost, cost);
}

/* call_kind: by a sample's word. */
static inline enum call_kind call_kind(uint64_t word)
{
	uint64_t tag = word & SEG_TAG_MASK;

	return !tag ? CALL_PLAIN : tag == SEG_TAG(0) ? CALL_ALWAYS : CALL_DRAWN;
}

/* now_so: what changes while the program runs (hp_cost_follow()).  Compilers make less of an atomic load than of a plain one, and either is one. */
#ifdef __SANITIZE_THREAD__
#define now_so(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#else
#define now_so(p) (*(p))
#endif

static inline bool lasts(uint64_t word, uint64_t incl, uint64_t below)
{
	return seg_lasts(word, incl, below, now_so(&hp_process.knee));
}

/* inside_of: what timing a call adds to its own time, in 1/1024 tick. */
static inline uint64_t inside_of(uint64_t word, uint64_t incl, uint64_t below)
{
	return now_so(&hp_process.inside[call_kind(word)][lasts(word, incl, below)]);
}

/* cost_of: what timing a call costs in all, in the unit of hot.cost. */
static inline uint64_t cost_of(uint64_t word, uint64_t incl, uint64_t below)
{
	return now_so(&hp_process.cost[call_kind(word)][lasts(word, incl, below)]);
}

/* append: puts a call that returned into the ring, and folds that when it is full. */
static inline void append(struct hot *hot, uint64_t now, uint64_t incl, uint64_t below,
			  uint64_t word)
{
	struct seg_sample *s = (struct seg_sample *)take(&hot->next, sizeof(*s));

	if (unlikely(s >= hot->end))
		hp_fold_full(hot, now, incl, below, word);
	else
		write_sample(s, now, incl, below, word);
}

/*
 * pop: takes the top frame, a timed call, off the stack and hands its time on.
 *
 * below    what measuring the calls that it made cost
 * bits     for the sample's word: SEG_UNWOUND, tag
 */
static inline void pop(struct hot *hot, struct seg_frame *f, uint64_t now, uint64_t below,
		       uint64_t bits)
{
	uint64_t incl = now - f->start;
	uint64_t word = (uint64_t)f->node | bits;

	if (unlikely(f >= hot->back)) {
		hp_pop_back(hot, f, now, below, bits);
		return;
	}
	drop_top(hot, f, cost_of(bits, incl, below));
	append(hot, now, incl, below, word);
}

/* pop_plain: a call of a site whose calls are all timed. */
static inline void pop_plain(struct hot *hot, struct seg_frame *f, uint64_t now, uint64_t bits)
{
	pop(hot, f, now, hot->cost - f->before, bits);
}

/* is_large: whether a call made so many others that it may be what they were called from. */
static inline bool is_large(const struct seg_frame *f, uint64_t below)
{
	/* By recursion a function is called from itself: what its calls hand on to each other adds up to nothing. */
	return below > SAMPLE_LARGE && f[-1].node != f->node;
}

/* pop_timed: a call that the hooks which sample have timed. */
static inline void pop_timed(struct hot *hot, struct seg_frame *f, uint64_t now, uint64_t bits)
{
	uint64_t tag = f->before & SEG_TAG_MASK;
	uint64_t below = (hot->cost - f->before) & ~SEG_TAG_MASK;

	if (unlikely(is_large(f, below)) && hp_sample_large(hot, f, below))
		tag = SEG_TAG(0);
	pop(hot, f, now, below, bits | tag);
}

/* pop_skipped: a call that is counted only. */
static inline void pop_skipped(struct hot *hot, struct seg_frame *f)
{
	struct seg_node *n = f->node;
	uint64_t below = hot->cost - f->before;

	if (unlikely(is_large(f, below)))
		hp_sample_large(hot, f, below);
	if (unlikely(f >= hot->back)) {
		if (likely(n == f[-1].node))
			drop_self(hot, f, now_so(&hp_process.skipped_cost));
		else
			hp_drop_back(hot, f, now_so(&hp_process.skipped_cost));
	} else
		drop_top(hot, f, now_so(&hp_process.skipped_cost));
	bump(&n->skipped, 1);
}

/* pop_any: a call of whichever of these kinds. */
static inline void pop_any(struct hot *hot, struct seg_frame *f, uint64_t now, uint64_t bits)
{
	if (!f->start)
		pop_skipped(hot, f);
	else if (f->before & SEG_TAG_MASK)
		pop_timed(hot, f, now, bits);
	else
		pop_plain(hot, f, now, bits);
}

#endif /* HOTPATH_FRAME_H */
