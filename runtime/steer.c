/* SPDX-License-Identifier: MIT */
/*
 * Switching measuring off and on while the program runs.
 *
 * Off, a unit's exit hook is null, and its entry hook looks at one word of the segment for the order to go on, which
 * `hotpath ctl` writes there: no thread is needed for it, and a call costs 1.1 ns.  While measuring is on the
 * word is looked at where a fold reads the clock.
 *
 * What a live frame means.  A frame whose exit falls into the time off would stay for ever, and one that is entered
 * within it would never be known.  So every call that is running at the moment of the switch ends there, as if
 * left by longjmp, and what it calls later stands on its own.  Frames belong to their threads: the one that switches
 * only notes the tick in each thread's place (seg_thread.stopped), and a thread closes its frames at that tick when it
 * next comes by.  For that the hooks that are installed at the next switch on look there first; a program that was never
 * switched off does not pay for it.
 */
#include <errno.h>
#include "runtime.h"

static enum {
	AS_EVER, /* it was never switched off */
	OFF,
	AGAIN,
} mode;
static uint64_t off_ticks;
static uint32_t control_seen;

/* end_frames: closes what was live when measuring was switched off. */
static __attribute__((noinline)) void end_frames(struct hot *hot)
{
	struct seg_thread *t = &hot->place->seg;
	/* First, so that a handler which comes in between does not do it too. */
	uint64_t at = __atomic_exchange_n(&t->stopped, 0, __ATOMIC_RELAXED);

	compiler_barrier();
	while (hot->top > t->stack) {
		/* A thread may have been in its entry hook at that moment. */
		uint64_t start = hot->top->start;

		hp_close_frames(hot, hot->top - 1, start > at ? start : at);
	}
	hot->over = 0;
}

void hp_end_stopped_frames(struct hot *hot)
{
	if (hot->place && __atomic_load_n(&hot->place->seg.stopped, __ATOMIC_RELAXED)) {
		int saved_errno = errno;

		end_frames(hot);
		errno = saved_errno;
	}
}

/* The hooks of other files with that look before them. */
#define DEFINE_STEERED(name)                                                                       \
	static struct hooks name;                                                                  \
                                                                                                   \
	static void enter_##name(uint32_t *slot)                                                   \
	{                                                                                          \
		hp_end_stopped_frames(&hp_hot);                                                    \
		name.enter(slot);                                                                  \
	}                                                                                          \
                                                                                                   \
	static void exit_##name(uint32_t *slot)                                                    \
	{                                                                                          \
		hp_end_stopped_frames(&hp_hot);                                                    \
		name.exit(slot);                                                                   \
	}                                                                                          \
                                                                                                   \
	static void landed_##name(uint32_t *slot)                                                  \
	{                                                                                          \
		hp_end_stopped_frames(&hp_hot);                                                    \
		name.landed(slot);                                                                 \
	}                                                                                          \
                                                                                                   \
	static const struct hooks steered_##name = {enter_##name, exit_##name, landed_##name};

DEFINE_STEERED(plain)
DEFINE_STEERED(sampling)

static __attribute__((noinline)) void follow(void)
{
	int saved_errno = errno;

	hp_steer_look();
	errno = saved_errno;
}

/*
 * enter_off: what it costs is its call and return.  A hook here that did nothing but return took as long, 1.03 ns where a function's
 * own call and return took 1.02, and null hooks 0.25.
 */
static void enter_off(uint32_t *slot)
{
	(void)slot;
	if (unlikely(__atomic_load_n(&hp_process.seg->control, __ATOMIC_RELAXED) !=
		     __atomic_load_n(&control_seen, __ATOMIC_RELAXED)))
		follow();
}

static const struct hooks off_hooks = {enter_off, NULL, NULL};

/* hp_steer_hooks: what the hooks of a unit are now; samples: whether its calls are timed one in so many. */
struct hooks hp_steer_hooks(bool samples)
{
	switch (mode) {
	case OFF:
		return off_hooks;
	case AGAIN:
		return samples ? steered_sampling : steered_plain;
	default:
		return samples ? hp_sample_hooks(hp_process.clock) : hp_process.hooks;
	}
}

/* stop_threads: notes in each thread's place that its frames end at a tick. */
static void stop_threads(uint64_t at)
{
	struct seg_thread *t = __atomic_load_n(&hp_process.seg->threads, __ATOMIC_ACQUIRE);

	for (; t; t = t->next)
		if (__atomic_load_n(&t->live, __ATOMIC_RELAXED) &&
		    !__atomic_load_n(&t->stopped, __ATOMIC_RELAXED))
			__atomic_store_n(&t->stopped, at, __ATOMIC_RELAXED);
}

static void see(uint32_t order)
{
	__atomic_store_n(&control_seen, order, __ATOMIC_RELAXED);
}

static void switch_off(void)
{
	see(__atomic_load_n(&hp_process.seg->control, __ATOMIC_RELAXED));
	__atomic_fetch_add(&hp_process.offs, 1, __ATOMIC_RELAXED);
	mode = OFF;
	hp_units_hook();
	off_ticks = hp_ticks();
	if (hp_process.state == PROCESS_ON)
		stop_threads(off_ticks);
}

static void switch_on(void)
{
	/* Again: a thread may have been in its entry hook then. */
	if (hp_process.state == PROCESS_ON)
		stop_threads(off_ticks);
	mode = AGAIN;
	hp_units_hook();
}

bool hp_steer(bool on, bool wait)
{
	if (hp_process.state != PROCESS_ON && hp_process.state != PROCESS_FORKED)
		return true;
	if (!hp_units_lock(wait))
		return false;
	if (on != (mode != OFF)) {
		if (on)
			switch_on();
		else
			switch_off();
		if (hp_process.state == PROCESS_ON)
			__atomic_store_n(&hp_process.seg->off, !on, __ATOMIC_RELAXED);
	}
	hp_units_unlock();
	return true;
}

void hp_steer_look(void)
{
	struct seg_header *seg = hp_process.seg;
	uint32_t order = __atomic_load_n(&seg->control, __ATOMIC_RELAXED);

	if (order == __atomic_load_n(&control_seen, __ATOMIC_RELAXED) ||
	    !hp_steer((order & 1) == SEG_CONTROL_ON, false))
		return;
	see(order);
	if (hp_process.state == PROCESS_ON)
		__atomic_store_n(&seg->followed, order, __ATOMIC_RELAXED);
}

/* hp_steer_begin: a new segment, also in the child of a fork. */
void hp_steer_begin(void)
{
	if (!plain.enter) { /* once, while there is no other thread */
		plain = hp_process.hooks;
		sampling = hp_sample_hooks(hp_process.clock);
	}
	hp_process.seg->off = mode == OFF;
	see(0);
}
