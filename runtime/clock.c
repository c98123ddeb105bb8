/* SPDX-License-Identifier: MIT */
/*
 * The clock of a run: which counter, how fast it is, and what a measured call costs.
 *
 * The TSC is used when the processor says that it is invariant and the kernel still offers it as a
 * clock source (it drops it when it finds it unstable).  HOTPATH_CLOCK=monotonic|tsc decides
 * otherwise.
 */
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include "runtime.h"

static uint64_t gettime(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

uint64_t ticks_monotonic(void)
{
	return gettime(CLOCK_MONOTONIC);
}

/* hp_ticks: the clock of the run, where speed does not matter. */
uint64_t hp_ticks(void)
{
	return hp_process.clock == SEG_CLOCK_MONOTONIC ? ticks_monotonic() : ticks_tsc();
}

/*
 * hp_clock_now: one instant on all clocks.  The pair is read until no more than 1 µs of
 * interruption lies in it, ten times at most, and the best is kept.  real_ns may be NULL.
 */
void hp_clock_now(uint64_t *ticks, uint64_t *mono_ns, uint64_t *real_ns)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 10 && best > 1000; i++) {
		uint64_t m0 = ticks_monotonic();
		uint64_t t = hp_ticks();
		uint64_t r = real_ns ? gettime(CLOCK_REALTIME) : 0;
		uint64_t m1 = ticks_monotonic();

		if (m1 - m0 >= best)
			continue;
		best = m1 - m0;
		*ticks = t;
		*mono_ns = m0 + (m1 - m0) / 2;
		if (real_ns)
			*real_ns = r;
	}
}

#if defined(__x86_64__)
static bool tsc_is_invariant(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & 1 << 8);
}

static bool kernel_offers_tsc(void)
{
	char list[128];
	long n = hp_read_file("/sys/devices/system/clocksource/clocksource0/available_clocksource",
			      list, sizeof(list));

	/* Without /sys (a bare chroot) the processor's word has to do. */
	return n < 0 || strstr(list, "tsc");
}
#endif

/* hp_clock_choose: the clock of this run. */
uint32_t hp_clock_choose(void)
{
	const char *forced = hp_env("HOTPATH_CLOCK");

	if (forced && strcmp(forced, "monotonic") == 0)
		return SEG_CLOCK_MONOTONIC;
#if defined(__x86_64__)
	if (forced && strcmp(forced, "tsc") == 0)
		return SEG_CLOCK_TSC;
	return tsc_is_invariant() && kernel_offers_tsc() ? SEG_CLOCK_TSC : SEG_CLOCK_MONOTONIC;
#elif defined(__aarch64__)
	return SEG_CLOCK_CNTVCT;
#else
	return SEG_CLOCK_MONOTONIC;
#endif
}

enum {
	FRAMES = 512,
	BATCHES = 24,
	DRAWN_EXPONENT = 4,
	CALLS = SEG_RING, /* a batch fills the ring once, so it pays for one fold, as in real life */
};

/* A unit as the plugin writes it, and a function that it measures: the cost of getting to the hooks counts too. */
static struct hotpath_unit sample_unit;
static uint32_t sample_slot = 1;

static __attribute__((noinline)) void measured_call(void)
{
	if (sample_unit.enter)
		sample_unit.enter(&sample_slot);
	compiler_barrier();
	if (sample_unit.exit)
		sample_unit.exit(&sample_slot);
}

static __attribute__((noinline)) void bare_call(void)
{
	compiler_barrier();
}

static uint64_t time_calls(void (*call)(void))
{
	uint64_t start = hp_ticks();

	for (int i = 0; i < CALLS; i++) {
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

/* batch: CALLS empty measured calls, with what they would take unmeasured; as many that are not take `bare`. */
static struct call_cost batch(struct hot *hot, uint64_t *bare)
{
	struct seg_node *node = hot->place->seg.root->child;
	uint64_t before = node ? node->incl : 0;

	*bare = time_calls(bare_call);

	uint64_t all = time_calls(measured_call);
	uint64_t fold = hp_ticks();

	hp_fold(hot);
	all += hp_ticks() - fold;
	return (struct call_cost){all, hot->place->seg.root->child->incl - before};
}

/*
 * measure: what an empty call costs with these hooks.  The cheapest batch counts, and the cheapest of calls that are not measured:
 * everything that disturbs one makes it dearer.
 *
 * countdown   of the site before each batch, for the hooks that sample
 */
static struct call_cost measure(struct hot *hot, const struct hooks *hooks, uint32_t countdown)
{
	struct call_cost best = {UINT64_MAX, 0};
	uint64_t least_bare = UINT64_MAX, bare;

	sample_unit.enter = hooks->enter;
	sample_unit.exit = hooks->exit;
	for (int i = 0; i < BATCHES; i++) {
		struct seg_node *node = hot->place->seg.root->child;

		if (node)
			node->stat->draw[0].countdown = countdown;

		struct call_cost c = batch(hot, &bare);

		if (i > 0 && c.all < best.all)
			best = c;
		if (bare < least_bare)
			least_bare = bare;
	}
	best.all = less(best.all, least_bare);
	if (best.inside > best.all)
		best.inside = best.all;
	return best;
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

/* hp_clock_calibrate: what an ordinary call costs, and the speed of the clock meanwhile. */
void hp_clock_calibrate(void)
{
	struct seg_header *seg = hp_process.seg;
	struct hot *hot = &hp_hot;
	struct hot saved = *hot;
	uint64_t t0, t1, m0, m1;

	hp_clock_now(&t0, &m0, NULL);
	if (!scratch_place(hot))
		return;

	struct call_cost plain = measure(hot, &hp_process.hooks, 1);

	*hot = saved;
	hp_clock_now(&t1, &m1, NULL);
	seg->inside = plain.inside * 1024 / CALLS;
	seg->outside = (plain.all - plain.inside) * 1024 / CALLS;
	hp_process.inside = seg->inside;
	hp_process.both = seg->inside + seg->outside;
	seg->hz = hp_process.clock == SEG_CLOCK_MONOTONIC || m1 <= m0
			  ? 1000000000u
			  : (uint64_t)((unsigned __int128)(t1 - t0) * 1000000000u / (m1 - m0));
	hp_process.ms_ticks = seg->hz / 1000;
}

static uint64_t median(uint64_t *v, int n)
{
	for (int i = 1; i < n; i++)
		for (int k = i; k > 0 && v[k] < v[k - 1]; k--) {
			uint64_t swap = v[k];

			v[k] = v[k - 1];
			v[k - 1] = swap;
		}
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

/* hp_clock_calibrate_sampling: what calls cost with the hooks that sample: of a site that is always timed, timed ones
 * among others, and those others. */
void hp_clock_calibrate_sampling(void)
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
	seg->always_inside = always.inside * 1024 / CALLS;
	seg->always_outside = (always.all - always.inside) * 1024 / CALLS;
	seg->drawn_inside = drawn.inside * 1024 / CALLS;
	seg->drawn_outside = (drawn.all - drawn.inside) * 1024 / CALLS;
	seg->skipped = skipped.all * 1024 / CALLS;
	hp_sample_costs();
}
