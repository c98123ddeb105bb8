/* SPDX-License-Identifier: MIT */
/*
 * Stacks that the program switches by hand.
 *
 * A thread's shadow stack always holds the frames of the stack that it runs on.  When it goes over to another fiber they
 * are put aside, with the time and cost that they have used so far in place of the tick at which they began, and the
 * frames of the other are put in their place: on whichever thread that is, with nodes of that thread's tree.
 *
 * What is put aside lies in the segment, at the place of the thread that it was left on: a fiber that never comes
 * back was running at the end.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include "frame.h"

enum { BUCKETS = 1024, CLASSES = 16 };

/* The fibers that are switched away from, by their names, and the memory of those that are back. */
static struct seg_fiber *away[BUCKETS];
static struct seg_fiber *spare[CLASSES];
static uint32_t fibers_lock;

/* What a thread is on, and the name of its first stack. */
static __thread const void *current __attribute__((tls_model("initial-exec")));

static void lock_fibers(void)
{
	while (__atomic_exchange_n(&fibers_lock, 1, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void unlock_fibers(void)
{
	__atomic_store_n(&fibers_lock, 0, __ATOMIC_RELEASE);
}

/* own_name: a thread's first stack is named by its thread. */
static const void *own_name(const void *fiber)
{
	return fiber ? fiber : &current;
}

static struct seg_fiber **bucket(const void *fiber)
{
	return &away[((uint64_t)fiber * 0x9e3779b97f4a7c15ull) >> 54];
}

static uint32_t link_to(const struct seg_fiber *f)
{
	return (uint32_t)(((uint64_t)f - hp_process.seg->map_base) / 64);
}

static struct seg_fiber *linked(uint32_t link)
{
	return (struct seg_fiber *)(hp_process.seg->map_base + 64 * (uint64_t)link);
}

/* take_room: memory for so many frames, NULL when there is none. */
static struct seg_fiber *take_room(uint64_t frames)
{
	uint64_t size = SEG_PAGE;
	uint32_t class = 0;
	struct seg_fiber *f;

	while (size < sizeof(*f) + frames * sizeof(struct seg_frame)) {
		size *= 2;
		class ++;
	}
	if (class >= CLASSES)
		return NULL;
	f = spare[class];
	if (f) {
		spare[class] = f->after;
		return f;
	}
	f = hp_segment_area(size, size);
	if (f)
		f->class = class;
	return f;
}

/* tagged: a cost with the tag of seg_frame.before. */
static uint64_t tagged(uint64_t cost, uint64_t tag)
{
	return (cost & ~SEG_TAG_MASK) | (tag & SEG_TAG_MASK);
}

/* put_aside: the frames of the stack that is left, as what they used so far. */
static void put_aside(struct hot *hot, const void *name, uint64_t now)
{
	struct seg_frame *bottom = hot->place->seg.stack;
	uint64_t n = (uint64_t)(hot->top - bottom);
	struct seg_fiber *f = n ? take_room(n) : NULL;

	if (!f) { /* nothing is running there, or no room: what runs ends here */
		hp_close_frames(hot, bottom, now);
		return;
	}
	f->name = (uint64_t)name;
	for (uint64_t i = 0; i < n; i++) {
		struct seg_frame *from = &bottom[i + 1];

		f->frames[i] = *from;
		if (from->start) /* else it is counted only */
			f->frames[i].start = now > from->start ? now - from->start : 1;
		f->frames[i].before = tagged(hot->cost - from->before, from->before);
	}
	f->n = (uint32_t)n;
	f->offs = __atomic_load_n(&hp_process.offs, __ATOMIC_RELAXED);
	f->after = *bucket(name);
	*bucket(name) = f;
	f->place = &hot->place->seg;
	f->next = f->place->fibers;
	compiler_barrier();
	f->place->fibers = link_to(f);
	bool recount = false;

	for (uint64_t i = n; i > 0; i--) {
		recount |= half_covers(&bottom[i]);
		hp_drop_back(hot, &bottom[i], 0);
	}
	if (recount)
		hp_recount(hot);
}

/* find: takes a fiber's frames out of the table; NULL when none are put aside. */
static struct seg_fiber *find(const void *name)
{
	struct seg_fiber **p = bucket(name);

	while (*p && (*p)->name != (uint64_t)name)
		p = &(*p)->after;
	struct seg_fiber *f = *p;

	if (f)
		*p = f->after;
	return f;
}

/* forget: takes a fiber off the list of the thread that it was left on, and keeps its memory. */
static void forget(struct seg_fiber *f)
{
	uint32_t *p = &f->place->fibers, ours = link_to(f);

	while (*p && *p != ours)
		p = &linked(*p)->next;
	if (*p)
		*p = f->next;
	f->n = 0;
	f->after = spare[f->class];
	spare[f->class] = f;
}

/* bring_back: its frames go on from now; those for which the stack has no room are lost. */
static void bring_back(struct hot *hot, const struct seg_fiber *f, uint64_t now)
{
	bool here = f->place == &hot->place->seg;
	uint64_t most = f->n ? f->frames[0].before & ~SEG_TAG_MASK : 0;

	/* The counter says more than was spent on this thread, but no frame of it is live that would see that. */
	if (hot->cost < most)
		bump(&hot->cost, most - hot->cost);
	for (uint64_t i = 0; i < f->n; i++) {
		const struct seg_frame *from = &f->frames[i];
		struct seg_node *node = from->node;
		struct seg_frame *to;

		if (hot->top == hot->limit && !hp_stack_grow(hot))
			return;
		if (!here)
			node = node->site == SEG_NO_SITE
				       ? &hot->place->lost_node
				       : hp_tree_child(hot->place, hot->top->node, node->site);
		to = hot->top + 1;
		to->node = node;
		compiler_barrier();
		hot->top = to;
		compiler_barrier();
		to->node = node; /* as in raise_top(): a handler may have used the slot */
		if (from->depth && is_back(to))
			hp_cover(hot, to);
		to->start = from->start ? now - from->start : 0;
		to->before = tagged(hot->cost - from->before, from->before);
		compiler_barrier();
		to->depth = from->depth;
	}
}

/* go_over: from one fiber to another; with the lock held. */
static void go_over(struct hot *hot, const void *from, const void *to)
{
	uint64_t now = hp_ticks();
	struct seg_fiber *f;

	hp_end_stopped_frames(hot);
	hot->over = 0;
	put_aside(hot, from, now);
	f = find(to);
	if (!f)
		return;
	now = hp_ticks();
	bring_back(hot, f, now);
	if (f->offs != __atomic_load_n(&hp_process.offs,
				       __ATOMIC_RELAXED)) /* measuring was switched off meanwhile */
		hp_close_frames(hot, hot->place->seg.stack, now);
	forget(f);
}

/* hp_fiber_switch: this thread goes over to another stack. */
void hp_fiber_switch(const void *fiber)
{
	struct hot *hot = &hp_hot;
	const void *from = own_name(current), *to = own_name(fiber);
	int saved_errno = errno;

	current = fiber;
	if (from != to && (hot->place || hp_thread_born(hot))) {
		lock_fibers();
		go_over(hot, from, to);
		unlock_fibers();
	}
	errno = saved_errno;
}

/* end_fiber: its calls end as this thread's, which goes over to it for a moment. */
static void end_fiber(struct hot *hot, const void *fiber, const void *here)
{
	lock_fibers();
	go_over(hot, here, fiber);
	hp_close_frames(hot, hot->place->seg.stack, hp_ticks());
	go_over(hot, fiber, here);
	unlock_fibers();
}

/* hp_fiber_end: a fiber that was left will not come back. */
void hp_fiber_end(const void *fiber)
{
	struct hot *hot = &hp_hot;
	int saved_errno = errno;

	if (fiber && fiber != current && (hot->place || hp_thread_born(hot)))
		end_fiber(hot, fiber, own_name(current));
	errno = saved_errno;
}

/* hp_fiber_thread_end: a thread ends, whose own stack may have been left for a fiber. */
void hp_fiber_thread_end(struct hot *hot)
{
	if (current)
		end_fiber(hot, &current, current);
}

/* hp_fibers_forget: in the child of a fork; what is put aside is the parent's. */
void hp_fibers_forget(void)
{
	memset(away, 0, sizeof(away));
	memset(spare, 0, sizeof(spare));
	fibers_lock = 0;
}
