/* SPDX-License-Identifier: MIT */
/*
 * How fast the machine goes.
 *
 * What measuring a call costs was found out at the start (cost.c).  But processors change their speed: many a program starts while it is
 * low, and gets more when it has run for a while; and what shares a processor's core or caches comes and goes.  So now and then a
 * few calls are measured on a place that no reader sees, and what these take, against what they took at the start, says what all
 * of it costs now.  A process has one speed, though the processors of its threads may differ.
 */
#include "runtime.h"

enum {
	REHEARSALS = SEG_RING, /* calls to a fold of the ring, as in real life */
	STARTS = 3,
	SHARE_SHIFT = 20,
	TIMES = 3,	 /* that they are made in a look */
	EVERY_MS = 32,	 /* the first looks come after 1, 2, 4, 8 and 16 */
	MOST_TIMES = 16, /* as fast or as slow as at the start: more is a disturbance */
};

static struct {
	uint32_t busy;	   /* a thread is looking */
	uint32_t every;	   /* ms from the last look to the next */
	uint64_t at;	   /* tick of the last look */
	uint64_t at_start; /* ticks that the calls took when costs were found out; 0: not known */
	uint64_t now;	   /* and take now */
	struct hot stage;  /* where they are measured */
} speed;

/* hp_speed_rehearse: ticks that the calls of the rehearsal take, with their fold, on this thread's place or on the stage. */
uint64_t hp_speed_rehearse(struct hot *hot)
{
	uint64_t start = hp_ticks();

	hp_rehearse(hot, &hot->place->seg.root->child->site, REHEARSALS);
	hp_fold(hot);
	return hp_ticks() - start;
}

/* one_look: what the calls take.  Those before have the place in the caches; something may come in between. */
static uint64_t one_look(struct hot *hot)
{
	hp_speed_rehearse(hot);

	uint64_t a = hp_speed_rehearse(hot), b = hp_speed_rehearse(hot), least = a < b ? a : b;

	return a + b - least > least + least / 4 ? least : (a + b) / 2;
}

/* hp_speed_start: what is now is the start, as costs were just found out on this place, whose root has one child. */
void hp_speed_start(struct hot *hot)
{
	uint64_t v[STARTS];

	for (int i = 0; i < STARTS; i++)
		v[i] = one_look(hot);
	hp_order(v, STARTS);
	speed.now = speed.at_start = v[STARTS / 2];
	speed.every = 1;
}

/* hp_speed_stage: this place, whose root has one child, is the stage from now on, and nobody else's. */
void hp_speed_stage(const struct hot *hot)
{
	if (!speed.busy)
		speed.stage = *hot;
}

/* follow: half of the way to what was seen, and in one step to no more than half as much again: a look may have been disturbed. */
static void follow(uint64_t took)
{
	uint64_t now = speed.now;

	took = took > 2 * now ? 2 * now : took;
	__atomic_store_n(&speed.now, (now + took) / 2, __ATOMIC_RELAXED);
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
	uint64_t took = 0, every = __atomic_load_n(&speed.every, __ATOMIC_RELAXED);

	if (now - __atomic_load_n(&speed.at, __ATOMIC_RELAXED) < every * hp_process.ms_ticks ||
	    !speed.at_start || __atomic_exchange_n(&speed.busy, 1, __ATOMIC_ACQUIRE))
		return 0;
	__atomic_store_n(&speed.at, now, __ATOMIC_RELAXED);
	if (every < EVERY_MS)
		__atomic_store_n(&speed.every, 2 * every, __ATOMIC_RELAXED);
	if (speed.stage.place)
		took = one_look(&speed.stage);
	if (took < speed.at_start * MOST_TIMES && took > speed.at_start / MOST_TIMES)
		follow(took);
	else
		took = 0;
	__atomic_store_n(&speed.busy, 0, __ATOMIC_RELEASE);
	return TIMES * took;
}

/* hp_speed_now: a cost of the start as it is now. */
uint64_t hp_speed_now(uint64_t cost)
{
	uint64_t now = __atomic_load_n(&speed.now, __ATOMIC_RELAXED);

	return now ? cost * now / speed.at_start : cost;
}

/* hp_speed_share: a cost as a share of what the calls of the rehearsal took beside it, in 1/2^SHARE_SHIFT. */
uint64_t hp_speed_share(uint64_t cost, uint64_t rehearsed)
{
	return (cost << SHARE_SHIFT) / (rehearsed | !rehearsed);
}

/* hp_speed_then: the cost at the start. */
uint64_t hp_speed_then(uint64_t share)
{
	return share * speed.at_start >> SHARE_SHIFT;
}

/*
 * hp_speed_forked: in the child of a fork: the place is the parent's.  When a look was under way it stays so: if it was another thread's, it
 * is left half way, and if a handler of ours came between, it will go on.  Then this process looks no more.
 */
void hp_speed_forked(void)
{
	if (!speed.busy)
		speed.stage.place = NULL;
}
