/* SPDX-License-Identifier: MIT */
/*
 * Entry and exit: what happens at every measured call.
 *
 * A thread has a shadow stack of live frames.  Entry pushes one, with the node of its calling
 * context; exit pops it and appends a sample to the thread's ring, which fold.c turns into sums and
 * histograms when it is full.
 *
 * Order of stores.  A signal handler with measured functions may run between any two instructions,
 * and a SIGKILL may strike there.  So entry raises `top` first and fills the frame then, exit
 * lowers `top` before it writes the sample, a sample's word is written last, and a frame above the
 * top always has depth 0 (invariants 3 and 4 of segment.h): a frame that is being made can
 * be pushed upon, and is never mistaken for a dead one.  What a call covers (frame.h) changes while its frame is the top and
 * has depth 0, so where such a frame is found that nobody will complete it is not known how much of that was done.
 *
 * Dead frames.  A longjmp, or an exception through C code built without -fexceptions, leaves frames
 * that never see their exit. The stack grows down: a frame whose hook ran at a lower stack pointer
 * than ours cannot be our caller. Such frames are closed by the landing hook behind a setjmp, by
 * the next entry, or by the exit of an outer frame, whichever comes first.
 *
 * Figures (2 rdtsc = 1): see testsuite/bench/calls.c, which prints them.
 */
#include <errno.h>
#include <signal.h>
#include "frame.h"

__thread struct hot hp_hot __attribute__((tls_model("initial-exec"))) = {
	.top = &hp_unborn[0],
	.limit = &hp_unborn[0],
	.back = NO_FRAME,
};

/* The frame of a thread without a place: its node matches no site and leads to itself. */
static struct seg_node unborn_node = {
	.site = SEG_NO_SITE, .last = &unborn_node, .next = &unborn_node};
struct seg_frame hp_unborn[2] = {
	{.node = &unborn_node},
	{.node = &unborn_node},
};

/*
 * on_signal_stack: whether we run on an alternate signal stack.  Its addresses say nothing of the
 * frames of the thread's own stack.  A system call, but only where a frame looks dead.
 */
static bool on_signal_stack(void)
{
	stack_t alt;

	return sigaltstack(NULL, &alt) == 0 && (alt.ss_flags & SS_ONSTACK);
}

/*
 * cover: counts, up or down, what the call of a frame covers, on the way from its caller's node to its own (frame.h).  Returns
 * whether its own was met: the call is a recursion.  A handler may have recounted meanwhile, so not below 0.
 */
static bool cover(const struct seg_frame *f, int by)
{
	struct seg_node *n = f[-1].node;

	for (; n != f->node; n = n->parent) {
		if (!n || !n->stat)
			return false;
		if (by > 0 || n->stat->covered)
			n->stat->covered += (uint32_t)by;
	}
	return true;
}

/* hp_cover: the top frame, which is being made, is of a call that did not go down the tree. */
void hp_cover(struct hot *hot, struct seg_frame *f)
{
	if (f < hot->back)
		hot->back = f;
	cover(f, 1);
	compiler_barrier();
}

/* hp_drop_back: takes the top frame off the stack when it is one from hot->back on; whether its call is an inner one. */
inline bool hp_drop_back(struct hot *hot, struct seg_frame *f, uint64_t cost)
{
	bool inner = f->node->stat->covered;

	f->depth = 0;
	compiler_barrier();
	if (is_back(f))
		inner |= cover(f, -1);
	if (f == hot->back)
		hot->back = NO_FRAME;
	compiler_barrier();
	hot->top = f - 1;
	bump(&hot->cost, cost);
	return inner;
}

/* pop_covered: hp_pop_back() but for what it does itself. */
static __attribute__((noinline)) void pop_covered(struct hot *hot, struct seg_frame *f,
						  uint64_t now, uint64_t below, uint64_t bits)
{
	struct seg_node *caller = f[-1].node;
	uint64_t incl = now - f->start;
	uint64_t word = (uint64_t)f->node | bits;

	if (is_back(f))
		word |= SEG_BACK;
	if (hp_drop_back(hot, f, cost_of(word, incl, below)))
		word |= SEG_INNER;
	if (word & SEG_BACK) {
		uint64_t cost = call_cost(inside_of(word, incl, below), below);

		bump(&caller->back_child, incl * seg_weight(word));
		bump(&caller->back_child_cost, seg_node_cost(cost) * seg_weight(word));
	}
	append(hot, now, incl, below, word);
}

/*
 * hp_pop_back: pop() for a frame from hot->back on.  When its call came by recursion the caller's own time is put right
 * here, and the fold knows by SEG_BACK.  Calls of a function by itself are most of all and cover nothing: they are quick.
 */
__attribute__((noinline)) void hp_pop_back(struct hot *hot, struct seg_frame *f, uint64_t now,
					   uint64_t below, uint64_t bits)
{
	struct seg_node *n = f->node;
	uint64_t incl = now - f->start;

	if (n != f[-1].node || bits || below > UINT32_MAX) {
		pop_covered(hot, f, now, below, bits);
		return;
	}
	drop_self(hot, f, now_so(&hp_process.cost[CALL_PLAIN][0]));
	bump(&n->back_child, incl);
	bump(&n->back_child_cost, seg_node_cost(now_so(&hp_process.inside[CALL_PLAIN][0]) +
						below * hp_process.both / SEG_COST_CALL));
	append(hot, now, incl, below, (uint64_t)n | SEG_INNER | SEG_BACK);
}

/* hp_recount: finds out anew what is covered: a frame went of which nobody knows whether it covers already, or still. */
void hp_recount(struct hot *hot)
{
	struct seg_frame *bottom = hot->place->seg.stack;

	for (struct seg_stat *s = hot->place->seg.stats; s; s = s->next)
		s->covered = 0;
	hot->back = NO_FRAME;
	for (struct seg_frame *f = bottom + 1; f <= hot->top; f++)
		if (f->depth && is_back(f))
			hp_cover(hot, f);
}

/* drop_unmade: takes a frame off the stack that is no call's: its entry or exit was left half way. */
static void drop_unmade(struct hot *hot, struct seg_frame *f)
{
	bool recount = half_covers(f);

	f->depth = 0;
	compiler_barrier();
	hot->top = f - 1;
	if (recount)
		hp_recount(hot);
}

/* hp_close_frames: closes the live frames above down_to, newest first, as calls that end now. */
__attribute__((noinline)) void hp_close_frames(struct hot *hot, struct seg_frame *down_to,
					       uint64_t now)
{
	while (hot->top > down_to) {
		struct seg_frame *f = hot->top;

		if (f->node->site == SEG_NO_SITE || f->depth == 0) {
			/* No call's frame: the wall above the deepest call, or one that a signal
			 * handler left by longjmp before it was made. */
			drop_unmade(hot, f);
			continue;
		}
		bump(&f->node->stat->unwound, 1);
		pop_any(hot, f, now, SEG_UNWOUND);
	}
}

/* close_dead: closes the frames that lie deeper than we, and so cannot be our callers. */
static void close_dead(struct hot *hot, uint64_t depth, uint64_t now)
{
	struct seg_frame *bottom = hot->place->seg.stack;
	struct seg_frame *f = hot->top;

	if (on_signal_stack())
		return;
	while (f > bottom && f->depth > depth)
		f--;
	hp_close_frames(hot, f, now);
	if (hot->top < hot->limit)
		hot->over = 0;
}

/*
 * land: closes what a longjmp to this depth jumped over.  Frames at the very depth are those of the function that it landed in: of
 * the function itself, of its blocks, and of what was inlined into it.  Live are those up to `site`, which is around the
 * landing; a site of 0 stands for none.
 */
static __attribute__((noinline)) void land(struct hot *hot, uint64_t depth, uint32_t site,
					   uint64_t now)
{
	int saved_errno = errno;

	if (depth < hot->top->depth)
		close_dead(hot, depth, now);

	struct seg_frame *f = hot->top;

	while (!hot->over && f->depth == depth && f->node->site != site &&
	       f->node->site != SEG_NO_SITE)
		f--;
	hp_close_frames(hot, f, now);
	errno = saved_errno;
}

/* lost_without_place: why a thread has no place. */
static enum seg_lost lost_without_place(const struct hot *hot)
{
	switch (hot->state) {
	case THREAD_BEING_BORN:
		return SEG_LOST_STARTING;
	case THREAD_OVER:
		return SEG_LOST_LATE;
	default:
		return SEG_LOST_MEMORY;
	}
}

/* count_lost: a call that could not be recorded at all. */
static void count_lost(struct hot *hot, enum seg_lost cause)
{
	if (hot->place)
		bump(&hot->place->seg.lost[cause], 1);
	else if (hp_process.seg)
		__atomic_fetch_add(&hp_process.seg->lost[cause], 1, __ATOMIC_RELAXED);
}

/* hp_push_slow: what enter_slow does, but for the clock.  Returns whether a frame was pushed. */
bool hp_push_slow(struct hot *hot, uint32_t site, uint64_t depth)
{
	if (unlikely(!hot->place) && !hp_thread_born(hot)) {
		if (hot->state != THREAD_UNBORN)
			count_lost(hot, lost_without_place(hot));
		return false;
	}
	if (depth < hot->top->depth)
		close_dead(hot, depth, hp_ticks());
	if (hot->top == hot->limit && !hp_stack_grow(hot)) {
		/* A wall, so that no exit from above takes the frame below. */
		fill(hot, raise_top(hot, &hot->place->lost_node), depth);
	} else if (!hot->over) {
		struct seg_node *n = hp_tree_child(hot->place, hot->top->node, site);
		struct seg_frame *f = raise_top(hot, n);

		if (is_back(f))
			hp_cover(hot, f);
		fill(hot, f, depth);
		return true;
	}
	hot->over++;
	count_lost(hot,
		   hot->place->seg.stack_used < SEG_STACK_MAX ? SEG_LOST_MEMORY : SEG_LOST_DEEP);
	return false;
}

/*
 * enter_slow: everything an entry can meet but a known callee: a thread's first call, dead frames,
 * a new calling context, the end of the stack.  It is the hook's last call, so that the fast path
 * needs no stack frame.
 */
static __attribute__((noinline)) void enter_slow(uint32_t site, uint64_t depth)
{
	struct hot *hot = &hp_hot;
	int saved_errno = errno;
	bool pushed = hp_push_slow(hot, site, depth);

	errno = saved_errno;
	if (pushed)
		hot->top->start = hp_ticks();
}

/* hp_exit_slow: the top frame is not a call of this site. */
__attribute__((noinline)) void hp_exit_slow(uint32_t site, uint64_t now)
{
	struct hot *hot = &hp_hot;
	int saved_errno = errno;
	struct seg_frame *f = hot->top;

	if (!hot->place) /* entered before the thread was known, or in the parent of a fork */
		goto out;
	if (hot->over) {
		if (!--hot->over)
			hp_close_frames(hot, hot->top - 1, now);
		goto out;
	}
	if (f->node == &hot->place->lost_node) {
		bump(&hot->place->seg.lost[SEG_LOST_MEMORY], 1);
		hp_close_frames(hot, f - 1, now);
		goto out;
	}
	/* Frames whose exit was jumped over lie above ours. */
	while (f > hot->place->seg.stack && f->node->site != site)
		f--;
	if (f == hot->place->seg.stack) {
		if (!__atomic_load_n(&hp_process.offs, __ATOMIC_RELAXED))
			count_lost(hot, SEG_LOST_STRAY);
		goto out;
	}
	hp_close_frames(hot, f, now);
	pop_any(hot, f, now, 0);
out:
	errno = saved_errno;
}

/*
 * The hooks, once per clock.  The entry's clock is read last, the exit's first: the interval holds as little of us as can be.
 *
 * try_enter: the frame of a call from where its callee was called before, which leads down the tree; NULL when it is no such call.
 *
 * n        set to the callee's node, NULL when that is not known
 */
static inline __attribute__((always_inline)) struct seg_frame *
try_enter(struct hot *hot, uint32_t site, uint64_t depth, struct seg_node **n)
{
	struct seg_frame *f = hot->top;
	struct seg_node *caller = f->node;

	*n = known_callee(caller, site);
	if (unlikely(!*n || depth < f->depth || f == hot->limit)) {
		*n = NULL;
		return NULL;
	}
	if (unlikely((*n)->parent != caller))
		return NULL;
	f = raise_top(hot, *n);
	fill(hot, f, depth);
	return f;
}

#define DEFINE_HOOKS(name, read_clock)                                                             \
	static __attribute__((noinline)) void enter_back_##name(struct seg_node *n,                \
								uint64_t depth)                    \
	{                                                                                          \
		struct hot *hot = &hp_hot;                                                         \
		struct seg_frame *f = raise_top(hot, n);                                           \
                                                                                                   \
		hp_cover(hot, f);                                                                  \
		fill(hot, f, depth);                                                               \
		f->start = read_clock();                                                           \
	}                                                                                          \
                                                                                                   \
	static void enter_##name(uint32_t *slot)                                                   \
	{                                                                                          \
		struct hot *hot = &hp_hot;                                                         \
		uint64_t depth = hook_depth();                                                     \
		struct seg_node *n;                                                                \
		struct seg_frame *f = try_enter(hot, *slot, depth, &n);                            \
                                                                                                   \
		if (likely(f != NULL))                                                             \
			f->start = read_clock();                                                   \
		else if (n)                                                                        \
			enter_back_##name(n, depth);                                               \
		else                                                                               \
			enter_slow(*slot, depth);                                                  \
	}                                                                                          \
                                                                                                   \
	static void exit_##name(uint32_t *slot)                                                    \
	{                                                                                          \
		uint64_t now = read_clock();                                                       \
		struct hot *hot = &hp_hot;                                                         \
		struct seg_frame *f = hot->top;                                                    \
                                                                                                   \
		if (unlikely(f->node->site != *slot))                                              \
			hp_exit_slow(*slot, now);                                                  \
		else                                                                               \
			pop_plain(hot, f, now, 0);                                                 \
	}                                                                                          \
                                                                                                   \
	static void landed_##name(uint32_t *slot)                                                  \
	{                                                                                          \
		struct hot *hot = &hp_hot;                                                         \
		uint64_t depth = hook_depth();                                                     \
                                                                                                   \
		if (unlikely(depth <= hot->top->depth) && hot->place)                              \
			land(hot, depth, slot ? *slot : 0, read_clock());                          \
	}

DEFINE_HOOKS(tsc, ticks_tsc)
DEFINE_HOOKS(ordered, ticks_ordered)
DEFINE_HOOKS(monotonic, ticks_monotonic)

/*
 * The rehearsal, once per clock, too: calls of a function that does nothing, measured on a place that is no thread's and knows it.  These
 * hooks are the others but for their slow paths.
 */
#define DEFINE_REHEARSAL(name, read_clock)                                                         \
	static __attribute__((noinline)) void enter_rehearsed_##name(struct hot *hot,              \
								     const uint32_t *slot)         \
	{                                                                                          \
		struct seg_node *n;                                                                \
		struct seg_frame *f = try_enter(hot, *slot, hook_depth(), &n);                     \
                                                                                                   \
		if (likely(f != NULL))                                                             \
			f->start = read_clock();                                                   \
	}                                                                                          \
                                                                                                   \
	static __attribute__((noinline)) void exit_rehearsed_##name(struct hot *hot,               \
								    const uint32_t *slot)          \
	{                                                                                          \
		uint64_t now = read_clock();                                                       \
		struct seg_frame *f = hot->top;                                                    \
                                                                                                   \
		if (likely(f->node->site == *slot))                                                \
			pop_plain(hot, f, now, 0);                                                 \
	}                                                                                          \
                                                                                                   \
	static void rehearse_##name(struct hot *hot, const uint32_t *slot, int calls)              \
	{                                                                                          \
		for (int i = 0; i < calls; i++) {                                                  \
			enter_rehearsed_##name(hot, slot);                                         \
			exit_rehearsed_##name(hot, slot);                                          \
		}                                                                                  \
	}

DEFINE_REHEARSAL(tsc, ticks_tsc)
DEFINE_REHEARSAL(ordered, ticks_ordered)
DEFINE_REHEARSAL(monotonic, ticks_monotonic)

/* hp_rehearse: so many measured calls from a place's root to a site that was called from there before. */
void hp_rehearse(struct hot *hot, const uint32_t *slot, int calls)
{
	switch (hp_process.clock) {
	case SEG_CLOCK_MONOTONIC:
		rehearse_monotonic(hot, slot, calls);
		break;
	case SEG_CLOCK_ORDERED_TSC:
	case SEG_CLOCK_ORDERED_CNTVCT:
		rehearse_ordered(hot, slot, calls);
		break;
	default:
		rehearse_tsc(hot, slot, calls);
	}
}

/* hp_hooks: the hooks that read a clock. */
struct hooks hp_hooks(uint32_t clock)
{
	switch (clock) {
	case SEG_CLOCK_MONOTONIC:
		return (struct hooks){enter_monotonic, exit_monotonic, landed_monotonic};
	case SEG_CLOCK_ORDERED_TSC:
	case SEG_CLOCK_ORDERED_CNTVCT:
		return (struct hooks){enter_ordered, exit_ordered, landed_ordered};
	default:
		return (struct hooks){enter_tsc, exit_tsc, landed_tsc};
	}
}
