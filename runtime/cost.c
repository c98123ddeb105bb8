/* SPDX-License-Identifier: MIT */
/*
 * What measuring a call costs: found out at the start, by measuring calls whose time is known, on a place that no reader sees.
 */
#include "frame.h"

enum {
	FRAMES = 512,
	BATCHES = 16,
	DRAWN_EXPONENT = 4,
	CALLS = SEG_RING, /* a batch fills the ring once, so it pays for one fold, as in real life */
	LASTING_CALLS = 64,
	LASTING_BATCHES = 5,
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
	const struct seg_node *node = hot->place->seg.root->child;
	uint64_t before = node->incl;

	*bare = time_calls(bare_call, CALLS);

	uint64_t all = time_calls(measured_call, CALLS);
	uint64_t fold = hp_ticks();

	hp_fold(hot);
	all += hp_ticks() - fold;
	return (struct call_cost){all, node->incl - before};
}

static uint64_t median(uint64_t *v, int n)
{
	hp_order(v, n);
	return v[n / 2];
}

/*
 * typical: of batches, with what rehearsals beside them took (speed.c), the one in the middle, as a share of these.  Those
 * in which something came in between do not count.
 */
static struct call_cost typical(const struct call_cost *c, const uint64_t *rehearsed)
{
	uint64_t all[BATCHES], inside[BATCHES], least_rehearsed = rehearsed[0];
	struct call_cost cheapest = c[0];
	int n = 0;

	for (int i = 1; i < BATCHES; i++) {
		least_rehearsed = least(least_rehearsed, rehearsed[i]);
		if (c[i].all < cheapest.all)
			cheapest = c[i];
	}
	for (int i = 0; i < BATCHES; i++)
		if (c[i].all <= 2 * cheapest.all && rehearsed[i] <= 2 * least_rehearsed) {
			all[n] = hp_speed_share(c[i].all, rehearsed[i]);
			inside[n++] = hp_speed_share(c[i].inside, rehearsed[i]);
		}
	if (n == 0)
		return (struct call_cost){hp_speed_share(cheapest.all, least_rehearsed),
					  hp_speed_share(cheapest.inside, least_rehearsed)};
	return (struct call_cost){median(all, n), median(inside, n)};
}

/*
 * measure: what empty calls cost with these hooks, as a share of a rehearsal's.  Of calls that are not measured the cheapest batch counts.
 *
 * countdown   of the site before each batch, for the hooks that sample
 */
static struct call_cost measure(struct hot *hot, const struct hooks *hooks, uint32_t countdown)
{
	struct call_cost c[BATCHES];
	uint64_t rehearsed[BATCHES], least_bare, bare;

	sample_unit.enter = hooks->enter;
	sample_unit.exit = hooks->exit;
	batch(hot, &least_bare); /* the first finds nothing in the caches */
	for (int i = 0; i < BATCHES; i++) {
		hot->place->seg.root->child->stat->draw[0].countdown = countdown;
		c[i] = batch(hot, &bare);
		rehearsed[i] = hp_speed_rehearse(hot);
		least_bare = least(least_bare, bare);
	}
	for (int i = 0; i < BATCHES; i++) {
		c[i].all = less(c[i].all, least_bare);
		c[i].inside = least(c[i].inside, c[i].all);
	}
	return typical(c, rehearsed);
}

/* scratch_place: makes this thread record where no reader ever looks, and the calls that are measured are known; false without memory. */
static bool scratch_place(struct hot *hot)
{
	/* Few frames: a file size limit should not be used up by the room for a deep stack. */
	struct place *place = hp_place_new(FRAMES);

	if (!place)
		return false;
	place->clock_every = UINT64_MAX;
	hot->state = THREAD_LIVE;
	hp_place_attach(hot, place);
	return hp_tree_child(place, place->seg.root, sample_slot)->site == sample_slot;
}

/* measure_lasting: what measuring CALLS calls that last costs, as a share of a rehearsal's. */
static struct call_cost measure_lasting(struct hot *hot)
{
	struct seg_node *node = hot->place->seg.root->child;
	uint64_t all = 0, inside = 0,
		 calls = LASTING_CALLS * (MOST_TURNS - LEAST_TURNS) / STEP_TURNS;

	for (turns = LEAST_TURNS; turns < MOST_TURNS; turns += STEP_TURNS) {
		uint64_t bare[LASTING_BATCHES], took[LASTING_BATCHES], incl[LASTING_BATCHES];
		uint64_t rehearsed = hp_speed_rehearse(hot), without;

		for (int i = 0; i < LASTING_BATCHES; i++) {
			uint64_t before = node->incl, start;

			bare[i] = time_calls(bare_lasting_call, LASTING_CALLS);
			start = hp_ticks();
			time_calls(measured_lasting_call, LASTING_CALLS);
			hp_fold(hot);
			took[i] = hp_ticks() - start;
			incl[i] = node->incl - before;
		}
		rehearsed = least(rehearsed, hp_speed_rehearse(hot));
		without = median(bare, LASTING_BATCHES);
		all += hp_speed_share(less(median(took, LASTING_BATCHES), without), rehearsed);
		inside += hp_speed_share(less(median(incl, LASTING_BATCHES), without), rehearsed);
	}
	return (struct call_cost){all * CALLS / calls, inside * CALLS / calls};
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

/* use_header: what the segment's header says of costs, which were just found out, as the hooks use it. */
static void use_header(void)
{
	hp_process.both = hp_process.seg->inside + hp_process.seg->outside;
	use_all();
}

/* per_call: a share that CALLS calls have, in 1/1024 tick a call at the start. */
static uint64_t per_call(uint64_t share)
{
	return hp_speed_then(share * 1024 / CALLS);
}

/* hp_cost_calibrate: what an ordinary call costs. */
void hp_cost_calibrate(void)
{
	struct seg_header *seg = hp_process.seg;
	struct hot *hot = &hp_hot;
	struct hot saved = *hot;

	if (scratch_place(hot)) {
		struct call_cost plain = measure(hot, &hp_process.hooks, 1);
		struct call_cost lasting = measure_lasting(hot);

		/* Behind these: a process that is just beginning goes slower than it will in a moment. */
		hp_speed_start(hot);
		seg->inside = per_call(plain.inside);
		seg->outside = per_call(plain.all) - seg->inside;
		seg->overlap_inside = less(seg->inside, per_call(lasting.inside));
		seg->overlap = less(per_call(plain.all), per_call(lasting.all));
		hp_speed_stage(hot);
	}
	*hot = saved;
	use_header();
}

/* hp_cost_restart: in the child of a fork, where costs are known. */
void hp_cost_restart(void)
{
	struct hot *hot = &hp_hot;
	struct hot saved = *hot;

	if (scratch_place(hot))
		hp_speed_stage(hot);
	*hot = saved;
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

/*
 * measure_drawn: what CALLS timed calls cost among others that are not, as a share of a rehearsal's.  There are few in a
 * batch, so the median batch counts.
 *
 * skipped   what CALLS calls cost that are counted only
 */
static struct call_cost measure_drawn(struct hot *hot, uint64_t skipped)
{
	struct seg_node *node = hot->place->seg.root->child;
	uint64_t all[BATCHES], inside[BATCHES], bare, rehearsed;

	node->stat->draw[0].exponent = DRAWN_EXPONENT;
	node->stat->draw[0].countdown = 1;
	for (int i = 0; i < BATCHES; i++) {
		uint64_t timed = node->calls;
		struct call_cost c = batch(hot, &bare);

		timed = node->calls - timed;
		timed += !timed;
		rehearsed = hp_speed_rehearse(hot);
		inside[i] = hp_speed_share(c.inside, rehearsed) * CALLS / timed >> DRAWN_EXPONENT;
		all[i] = less(hp_speed_share(less(c.all, bare), rehearsed) * CALLS,
			      skipped * (CALLS - timed)) /
			 timed;
	}
	uint64_t in = median(inside, BATCHES), of = median(all, BATCHES);

	return (struct call_cost){of > in ? of : in, in};
}

/* hp_cost_calibrate_sampling: what calls cost with the hooks that sample: of a site that is always timed, timed ones
 * among others, and those others. */
void hp_cost_calibrate_sampling(void)
{
	struct seg_header *seg = hp_process.seg;
	struct hooks hooks = hp_sample_hooks(hp_process.clock);
	struct hot *hot = &hp_hot;
	struct hot saved = *hot;

	if (!scratch_place(hot)) {
		*hot = saved;
		return;
	}
	struct call_cost always = measure(hot, &hooks, 1);
	struct call_cost skipped = measure(hot, &hooks, UINT32_MAX);
	struct call_cost drawn = measure_drawn(hot, skipped.all);

	*hot = saved;
	seg->always_inside = per_call(always.inside);
	seg->always_outside = per_call(always.all - always.inside);
	seg->drawn_inside = per_call(drawn.inside);
	seg->drawn_outside = per_call(drawn.all - drawn.inside);
	seg->skipped = per_call(skipped.all);
	use_header();
}
