/* SPDX-License-Identifier: MIT */
/*
 * How fast the machine goes.
 *
 * Processors change their speed: many a program starts while it is low, and gets more when it has run for a while.  What measuring a call
 * costs was found out at the start (cost.c), and is most of all two readings of the clock; so what these take, looked at
 * again while the program runs, says what it costs now.  A process has one speed, though the processors of its threads may differ.
 */
#include "runtime.h"

enum {
	READINGS = 192, /* of the clock: enough that its steps do not matter */
	TRIES = 3,
	NEWEST = 3,	 /* looks; the one in the middle counts */
	EVERY_MS = 16,	 /* the first looks come after 1, 2, 4 and 8 */
	MOST_TIMES = 16, /* as fast or as slow as at the start: more is a disturbance */
};

static struct {
	uint32_t busy;	/* a thread is looking */
	uint32_t every; /* ms from the last look to the next */
	uint32_t n;	/* looks that said something, NEWEST when there were more */
	uint32_t next;	/* of newest */
	uint64_t at;	/* tick of the last look */
	uint64_t
		at_start; /* ticks that the readings took when costs were found out; 0: not known */
	uint64_t now;	  /* and take now */
	uint64_t newest[NEWEST];
} speed;

/* least_ticks: what the readings take, undisturbed. */
static uint64_t least_ticks(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t start = hp_ticks(), ticks;

		for (int k = 0; k < READINGS; k++)
			hp_ticks();
		ticks = hp_ticks() - start;
		least = ticks < least ? ticks : least;
	}
	return least;
}

static uint64_t middle(const uint64_t newest[NEWEST])
{
	uint64_t v[NEWEST];

	for (int i = 0; i < NEWEST; i++)
		v[i] = newest[i];
	hp_order(v, NEWEST);
	return v[NEWEST / 2];
}

/* hp_speed_start: costs are being found out. */
void hp_speed_start(void)
{
	for (int i = 0; i < NEWEST; i++)
		speed.newest[i] = least_ticks();
	speed.now = speed.at_start = middle(speed.newest);
	speed.n = speed.next = 0;
	speed.every = 1;
}

/*
 * hp_speed_look: looks again, when it is time.
 *
 * now      tick
 *
 * Returns the ticks that this took, when it says something; else 0.
 */
uint64_t hp_speed_look(uint64_t now)
{
	uint64_t took, every = __atomic_load_n(&speed.every, __ATOMIC_RELAXED);

	if (now - __atomic_load_n(&speed.at, __ATOMIC_RELAXED) < every * hp_process.ms_ticks ||
	    !speed.at_start || __atomic_exchange_n(&speed.busy, 1, __ATOMIC_ACQUIRE))
		return 0;
	__atomic_store_n(&speed.at, now, __ATOMIC_RELAXED);
	if (every < EVERY_MS)
		__atomic_store_n(&speed.every, 2 * every, __ATOMIC_RELAXED);
	took = least_ticks();
	if (took < speed.at_start * MOST_TIMES && took > speed.at_start / MOST_TIMES) {
		speed.newest[speed.next] = took;
		speed.next = (speed.next + 1) % NEWEST;
		speed.n += speed.n < NEWEST;
		if (speed.n == NEWEST)
			__atomic_store_n(&speed.now, middle(speed.newest), __ATOMIC_RELAXED);
	} else {
		took = 0;
	}
	__atomic_store_n(&speed.busy, 0, __ATOMIC_RELEASE);
	return took * TRIES;
}

/* hp_speed_now: a cost of the start as it is now. */
uint64_t hp_speed_now(uint64_t cost)
{
	uint64_t now = __atomic_load_n(&speed.now, __ATOMIC_RELAXED);

	return speed.at_start ? cost * now / speed.at_start : cost;
}

/* hp_speed_then: a cost of now as it was at the start. */
uint64_t hp_speed_then(uint64_t cost)
{
	uint64_t now = __atomic_load_n(&speed.now, __ATOMIC_RELAXED);

	return now ? cost * speed.at_start / now : cost;
}

/* hp_speed_forked: in the child of a fork: no other thread is looking. */
void hp_speed_forked(void)
{
	speed.busy = 0;
}
