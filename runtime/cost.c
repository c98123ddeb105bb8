/* SPDX-License-Identifier: MIT */
/*
 * What measuring a call costs: found out at the start, by measuring calls whose time is known, on a place that no reader sees.
 */
#include "frame.h"

enum {
	FRAMES = 512,
	BATCHES = 24,
	DRAWN_EXPONENT = 4,
	CALLS = SEG_RING, /* a batch fills the ring once, so it pays for one fold, as in real life */
	LASTING_CALLS = 64,
	LASTING_BATCHES = 4,
	LEAST_TURNS = 12, /* of calls that last */
	MOST_TURNS = 28,
	STEP_TURNS = 2,
};

/* A unit as the plugin writes it, and a function that it measures: the cost of getting to the hooks counts too. */
static struct hotpath_unit sample_unit;
static uint32_t sample_slot = 1;

static inline __attribute__((always_inline)) void measured(void (*work)(void))
{
	if (sample_unit.enter)
		sample_unit.enter(&sample_slot);
	work();
	if (sample_unit.exit)
		sample_unit.exit(&sample_slot);
}

static inline __attribute__((always_inline)) void nothing(void)
{
	compiler_barrier();
}

/*
 * What lasts a little longer than the clock takes to be read.  Loops so short end as the processor expects: of longer ones the end
 * is a surprise in one place and not in another, which alone costs as much as measuring.
 */
static uint32_t turns;

static inline __attribute__((always_inline)) void last(void)
{
	uint32_t x = turns;

	for (uint32_t i = turns; i; i--) {
		x = x * 1664525u + i;
		__asm__ volatile("" : "+r"(x));
	}
}

static __attribute__((noinline)) void measured_call(void)
{
	measured(nothing);
}

static __attribute__((noinline)) void bare_call(void)
{
	nothing();
}

static __attribute__((noinline)) void measured_lasting_call(void)
{
	measured(last);
}

static __attribute__((noinline)) void bare_lasting_call(void)
{
	last();
}

static uint64_t time_calls(void (*call)(void), int calls)
{
	uint64_t start = hp_ticks();

	for (int i = 0; i < calls; i++) {
		call();
		compiler_barrier();
	}
	return hp_ticks() - start;
}

/* What a call costs: in all, and of that in its own interval; ticks for CALLS calls. */
struct call_cost {
	uint64_t all, inside;
};

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* batch: CALLS empty measured calls, with what they would take unmeasured; as many that are not take `bare`. */
static struct call_cost batch(struct hot *hot, uint64_t *bare)
{
	struct seg_node *node = hot->place->seg.root->child;
	uint64_t before = node ? node->incl : 0;

	*bare = time_calls(bare_call, CALLS);

	uint64_t all = time_calls(measured_call, CALLS);
	uint64_t fold = hp_ticks();

	hp_fold(hot);
	all += hp_ticks() - fold;
	return (struct call_cost){all, hot->place->seg.root->child->incl - before};
}

/*
 * measure: what an empty call costs with these hooks.  The batch in the middle of the cheaper half counts: what disturbs a batch
 * makes it dearer, and now and then one is cheaper than calls go on to be.  Of calls that are not measured the cheapest batch counts.
 *
 * countdown   of the site before each batch, for the hooks that sample
 */
static struct call_cost measure(struct hot *hot, const struct hooks *hooks, uint32_t countdown)
{
	struct call_cost sorted[BATCHES] = {{0}};
	uint64_t least_bare, bare;

	sample_unit.enter = hooks->enter;
	sample_unit.exit = hooks->exit;
	batch(hot, &least_bare); /* the first finds nothing in the caches */
	for (int i = 0; i < BATCHES; i++) {
		int k = i;

		hot->place->seg.root->child->stat->draw[0].countdown = countdown;

		struct call_cost c = batch(hot, &bare);

		for (; k > 0 && c.all < sorted[k - 1].all; k--)
			sorted[k] = sorted[k - 1];
		sorted[k] = c;
		least_bare = least(least_bare, bare);
	}
	struct call_cost typical = sorted[BATCHES / 4];

	typical.all = less(typical.all, least_bare);
	typical.inside = least(typical.inside, typical.all);
	return typical;
}

/* scratch_place: makes this thread record where no reader ever looks; false without memory. */
static bool scratch_place(struct hot *hot)
{
	/* Few frames: a file size limit should not be used up by the room for a deep stack. */
	struct place *place = hp_place_new(FRAMES);

	if (!place)
		return false;
	place->clock_every = UINT64_MAX;
	hot->state = THREAD_LIVE;
	hp_place_attach(hot, place);
	return true;
}

/* measure_lasting: what measuring calls that last costs, in 1/1024 tick a call. */
static struct call_cost measure_lasting(struct hot *hot)
{
	struct seg_node *node = hot->place->seg.root->child;
	uint64_t bare = 0, all = 0, incl = 0;

	for (turns = LEAST_TURNS; turns < MOST_TURNS; turns += STEP_TURNS) {
		uint64_t least_bare = UINT64_MAX, least_all = UINT64_MAX, least_incl = UINT64_MAX;

		for (int i = 0; i < LASTING_BATCHES; i++) {
			uint64_t before = node->incl, start, end;

			least_bare =
				least(least_bare, time_calls(bare_lasting_call, LASTING_CALLS));
			start = hp_ticks();
			time_calls(measured_lasting_call, LASTING_CALLS);
			hp_fold(hot);
			end = hp_ticks();
			least_all = least(least_all, end - start);
			least_incl = least(least_incl, node->incl - before);
		}
		bare += least_bare;
		all += least_all;
		incl += least_incl;
	}
	uint64_t calls = LASTING_CALLS * (MOST_TURNS - LEAST_TURNS) / STEP_TURNS;

	return (struct call_cost){less(all, bare) * 1024 / calls, less(incl, bare) * 1024 / calls};
}

/* hp_cost_calibrate: what an ordinary call costs. */
void hp_cost_calibrate(void)
{
	struct seg_header *seg = hp_process.seg;
	struct hot *hot = &hp_hot;
	struct hot saved = *hot;

	if (!scratch_place(hot))
		return;

	struct call_cost plain = measure(hot, &hp_process.hooks, 1);
	struct call_cost lasting = measure_lasting(hot);
	uint64_t both = plain.all * 1024 / CALLS;

	hp_speed_start();
	*hot = saved;
	seg->inside = plain.inside * 1024 / CALLS;
	seg->outside = both - seg->inside;
	seg->overlap_inside = less(seg->inside, lasting.inside);
	seg->overlap = less(both, lasting.all);
	hp_cost_use();
}

#define set_now(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)

/* use: one kind's costs, in 1/1024 tick. */
static void use(enum call_kind kind, uint64_t inside, uint64_t outside)
{
	const struct seg_header *seg = hp_process.seg;
	uint64_t both = hp_process.both, cost = seg_cost(inside + outside, both);
	uint64_t saved = SEG_COST_CALL - seg_cost(less(both, seg->overlap), both);

	if (!both && kind == CALL_PLAIN) { /* nothing could be found out */
		cost = SEG_COST_CALL;
		saved = 0;
	}
	set_now(&hp_process.nominal[kind], (uint32_t)cost);
	set_now(&hp_process.inside[kind][0], hp_speed_now(inside));
	set_now(&hp_process.inside[kind][1], hp_speed_now(less(inside, seg->overlap_inside)));
	set_now(&hp_process.cost[kind][0], (uint32_t)hp_speed_now(cost));
	set_now(&hp_process.cost[kind][1], (uint32_t)hp_speed_now(less(cost, saved)));
}

/* use_all: what the segment's header says of costs, at the speed of now. */
static void use_all(void)
{
	const struct seg_header *seg = hp_process.seg;

	set_now(&hp_process.knee, seg_knee(hp_speed_now(seg->inside)));
	use(CALL_PLAIN, seg->inside, seg->outside);
	use(CALL_ALWAYS, seg->always_inside, seg->always_outside);
	use(CALL_DRAWN, seg->drawn_inside, seg->drawn_outside);
	set_now(&hp_process.skipped_cost,
		(uint32_t)hp_speed_now(seg_cost(seg->skipped, hp_process.both)));
}

/* hp_cost_use: what the segment's header says of costs, as the hooks use it. */
void hp_cost_use(void)
{
	hp_process.both = hp_process.seg->inside + hp_process.seg->outside;
	use_all();
}

/* hp_cost_follow: has costs follow the speed of the machine.  To find that out is a cost, too. */
void hp_cost_follow(struct hot *hot, uint64_t now)
{
	uint64_t took = hp_process.both ? hp_speed_look(now) : 0;
	uint64_t cost = took ? took * 1024 * SEG_COST_CALL / hp_process.both : 0;

	if (!took)
		return;
	use_all();
	hot->place->look_from = hot->cost;
	hot->place->look_cost = cost;
	bump(&hot->cost, cost);
	bump(&hot->place->seg.saved, -cost);
}

static uint64_t median(uint64_t *v, int n)
{
	hp_order(v, n);
	return v[n / 2];
}

/*
 * measure_drawn: what a timed call costs among others that are not: ticks for CALLS calls.  There are few in a
 * batch, so the median batch counts.
 *
 * skipped   what CALLS calls cost that are counted only
 */
static struct call_cost measure_drawn(struct hot *hot, uint64_t skipped)
{
	struct seg_node *node = hot->place->seg.root->child;
	uint64_t all[BATCHES], inside[BATCHES], bare;

	node->stat->draw[0].exponent = DRAWN_EXPONENT;
	node->stat->draw[0].countdown = 1;
	for (int i = 0; i < BATCHES; i++) {
		uint64_t timed = node->calls;
		struct call_cost c = batch(hot, &bare);

		timed = node->calls - timed;
		timed += !timed;
		inside[i] = c.inside * CALLS / timed >> DRAWN_EXPONENT;
		all[i] = less(less(c.all, bare) * CALLS, skipped * (CALLS - timed)) / timed;
	}
	uint64_t in = median(inside, BATCHES), of = median(all, BATCHES);

	return (struct call_cost){of > in ? of : in, in};
}

/* per_call: ticks for CALLS calls in 1/1024 tick a call, as at the start. */
static uint64_t per_call(uint64_t cost)
{
	return hp_speed_then(cost * 1024 / CALLS);
}

/* hp_cost_calibrate_sampling: what calls cost with the hooks that sample: of a site that is always timed, timed ones
 * among others, and those others. */
void hp_cost_calibrate_sampling(void)
{
	struct seg_header *seg = hp_process.seg;
	struct hooks hooks = hp_sample_hooks(hp_process.clock);
	struct hot *hot = &hp_hot;
	struct hot saved = *hot;

	if (!scratch_place(hot))
		return;

	struct call_cost always = measure(hot, &hooks, 1);
	struct call_cost skipped = measure(hot, &hooks, UINT32_MAX);
	struct call_cost drawn = measure_drawn(hot, skipped.all);

	*hot = saved;
	seg->always_inside = per_call(always.inside);
	seg->always_outside = per_call(always.all - always.inside);
	seg->drawn_inside = per_call(drawn.inside);
	seg->drawn_outside = per_call(drawn.all - drawn.inside);
	seg->skipped = per_call(skipped.all);
	hp_cost_use();
}
