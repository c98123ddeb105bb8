/* SPDX-License-Identifier: MIT */
/*
 * The clock of a run: how long a tick is, and when the recording ended.
 *
 * A rate is believed when it is one that a clock can have and near what the runtime measured at the
 * start, which is right to a few percent: between two readings the machine may have slept, and
 * CLOCK_MONOTONIC stands still then while the TSC may go on or begin anew (has_slept, jumped_end).  An end is believed when
 * it lies within TEN_YEARS of the start.  All else is damage, and the next best figure is taken.
 */
#include <math.h>
#include "segment_map.h"

#define TEN_YEARS     3.2e17 /* ns; a tenth of what int64_t can hold */
/* Slowest and fastest clock: counters of ARM start at 1 MHz. */
#define TICK_LONGEST  1e4
#define TICK_SHORTEST 1e-2
#define RATE_SLACK    1.25
#define SLEPT_SHARE   0.01 /* of a run: of less its times are good enough */

enum {
	COST_MAX_NS = 1000000,	/* of measuring one call */
	RATE_BASE_NS = 1000000, /* shorter spans say too little about the rate */
	SLEPT_MIN_NS = 100000000,
};

uint64_t segment_clock_ns(const struct segment_clock *clock, uint64_t ticks)
{
	double ns = (double)ticks * clock->ns_per_tick;

	return ns < 9.2e18 ? (uint64_t)llround(ns) : INT64_MAX;
}

uint64_t segment_clock_since_start(const struct segment_clock *clock, uint64_t ticks)
{
	return ticks > clock->start_ticks ? segment_clock_ns(clock, ticks - clock->start_ticks) : 0;
}

const struct seg_frame *segment_stack(const struct segment_map *map, const struct seg_thread *t,
				      uint64_t *used)
{
	const struct seg_frame *stack = t->stack;
	const struct seg_frame *at = segment_at(map, stack, sizeof(*stack), ALIGN_AREA);
	uint64_t room =
		at ? (map->size - (uint64_t)((const char *)at - map->base)) / sizeof(*at) : 0;

	*used = t->stack_used;
	if (*used > SEG_STACK_MAX)
		*used = SEG_STACK_MAX;
	if (*used > room)
		*used = room;
	return at;
}

static bool rate_possible(double ns_per_tick)
{
	return ns_per_tick >= TICK_SHORTEST && ns_per_tick <= TICK_LONGEST;
}

/* rate_between: ns per tick from two readings of both clocks; 0 when that cannot be. */
static double rate_between(uint64_t ticks, uint64_t ns, double nominal)
{
	double rate = (double)ns / (double)ticks;

	if (!rate_possible(rate) ||
	    (nominal != 0 && (rate > RATE_SLACK * nominal || rate * RATE_SLACK < nominal)))
		return 0;
	return rate;
}

/* end_possible: whether an instant can be one of this run. */
static bool end_possible(const struct segment_clock *c, uint64_t ticks)
{
	return ticks >= c->start_ticks &&
	       (double)(ticks - c->start_ticks) * c->ns_per_tick <= TEN_YEARS;
}

/* nominal_rate: what the runtime measured at its start; 0 when it could not. */
static double nominal_rate(const struct seg_header *h, struct image *image)
{
	double rate = h->hz ? 1e9 / (double)h->hz : 0;

	if (h->clock == SEG_CLOCK_MONOTONIC ? h->hz && h->hz != 1000000000
					    : h->hz && !rate_possible(rate)) {
		image_damage(image, "the rate of the clock makes no sense");
		rate = 0;
	}
	return h->clock == SEG_CLOCK_MONOTONIC ? 1 : rate;
}

/* has_slept: whether the machine slept: the calendar and the TSC went on, and say the same, and CLOCK_MONOTONIC stood still. */
static bool has_slept(const struct seg_header *h, double nominal)
{
	double ticks = (double)(h->end_ticks - h->start_ticks) * nominal;
	double ns = (double)(h->end_mono - h->start_mono);
	double calendar = (double)(h->end_real - h->start_real);

	return h->end_ticks > h->start_ticks && h->end_mono >= h->start_mono &&
	       h->end_real > h->start_real && calendar <= TEN_YEARS &&
	       calendar > (1 + SLEPT_SHARE) * ns + SLEPT_MIN_NS &&
	       fabs(ticks - calendar) < fabs(ticks - ns) && ticks < RATE_SLACK * calendar &&
	       calendar < RATE_SLACK * ticks;
}

/*
 * jumped_end: takes the end of a run whose TSC jumped, by what the other clocks say; false when they make no sense either.  When a
 * machine sleeps CLOCK_MONOTONIC stands still, and the calendar goes on; the TSC goes on too, which gives that time to the calls that
 * were running, or begins anew, as it may when a virtual machine is moved.
 */
static bool jumped_end(struct segment_clock *c, const struct seg_header *h, double nominal,
		       struct image *image)
{
	uint64_t ns = h->end_mono - h->start_mono, calendar = h->end_real - h->start_real, ran;

	if (has_slept(h, nominal)) {
		image_damage(
			image,
			"the machine slept: calls that it woke up in have the time of that too");
		c->end_ticks = h->end_ticks;
		return true;
	}
	if (nominal == 0 || h->end_ticks >= h->start_ticks || h->end_mono < h->start_mono ||
	    h->end_real < h->start_real || (double)calendar > TEN_YEARS ||
	    (double)ns > RATE_SLACK * (double)calendar)
		return false;
	ran = (uint64_t)((double)ns / nominal);
	if (ran >= -h->start_ticks)
		return false;
	image_damage(image, "the clock began anew: calls that ran then have no time");
	c->end_ticks = h->start_ticks + ran;
	return true;
}

/* sealed_end: takes rate and end from the seal; false when they make no sense. */
static bool sealed_end(struct segment_clock *c, const struct seg_header *h, double nominal)
{
	uint64_t ticks = h->end_ticks - h->start_ticks, ns = h->end_mono - h->start_mono;
	double rate = c->ns_per_tick;

	if (h->end_ticks < h->start_ticks || h->end_mono < h->start_mono || has_slept(h, nominal))
		return false;
	if (ns > RATE_BASE_NS / 10 || (double)ticks * rate > RATE_BASE_NS)
		rate = ticks ? rate_between(ticks, ns, nominal) : 0;
	if (rate == 0 || (double)ticks * rate > TEN_YEARS)
		return false;
	c->ns_per_tick = rate;
	c->end_ticks = h->end_ticks;
	return true;
}

/* thread_rates: the longest span between two readings of both clocks gives the best rate. */
static void thread_rates(struct segment_clock *c, const struct seg_header *h,
			 const struct seg_thread *const *threads, size_t n, double nominal,
			 struct image *image)
{
	uint64_t longest = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t now = threads[i]->now_ticks, mono = threads[i]->now_mono;
		uint64_t ticks = now - h->start_ticks;

		if (!now && !mono)
			continue;
		double rate = now > h->start_ticks && mono > h->start_mono
				      ? rate_between(ticks, mono - h->start_mono, nominal)
				      : 0;

		if (mono - h->start_mono <= RATE_BASE_NS &&
		    ticks * c->ns_per_tick <= 2.0 * RATE_BASE_NS)
			continue;
		if (rate == 0) {
			image_damage(image, "a thread's reading of the clock makes no sense");
		} else if (ticks > longest) {
			longest = ticks;
			c->ns_per_tick = rate;
		}
	}
}

static void raise_end(struct segment_clock *c, uint64_t ticks, bool *absurd)
{
	if (ticks <= c->end_ticks)
		return;
	if (end_possible(c, ticks))
		c->end_ticks = ticks;
	else
		*absurd = true;
}

/*
 * last_signs: the end of a process that did not see it itself: the last instant that a thread has
 * left. `frames` keeps threads that all claim the same long stack from costing more than the file
 * is long.
 */
static void last_signs(struct segment_clock *c, const struct segment_map *map,
		       const struct seg_thread *const *threads, size_t n, struct image *image)
{
	uint64_t frames = map->size / sizeof(struct seg_frame);
	bool absurd = false;

	for (size_t i = 0; i < n; i++) {
		const struct seg_thread *t = threads[i];
		uint64_t used;
		const struct seg_frame *stack = segment_stack(map, t, &used);

		for (int k = 0; k < SEG_RING; k++)
			raise_end(c, t->ring[k].end, &absurd);
		if (!t->live)
			continue;
		for (uint64_t k = 1; stack && k < used && stack[k].depth && frames; k++, frames--)
			raise_end(c, stack[k].start, &absurd);
	}
	if (absurd)
		image_damage(image, "a time that a thread left is absurd");
}

/* cost_ns: a cost of measuring in 1/1024 tick. */
static double cost_ns(const struct segment_clock *c, uint64_t cost, struct image *image)
{
	double ns = (double)cost / 1024 * c->ns_per_tick;

	if (ns <= COST_MAX_NS)
		return ns;
	image_damage(image, "the cost of measuring makes no sense");
	return 0;
}

void segment_clock_read(struct segment_clock *c, const struct segment_map *map,
			const struct seg_thread *const *threads, size_t n, struct image *image)
{
	const struct seg_header *h = &map->header;
	double nominal = nominal_rate(h, image);
	bool sealed = h->state == SEG_SEALED;

	*c = (struct segment_clock){.ns_per_tick = nominal != 0 ? nominal : 1,
				    .start_ticks = h->start_ticks,
				    .end_ticks = h->start_ticks};
	if (sealed && !sealed_end(c, h, nominal) && !jumped_end(c, h, nominal, image)) {
		image_damage(image,
			     "the clock stood still, or the end of the recording makes no sense");
		sealed = false;
	}
	if (!sealed) {
		thread_rates(c, h, threads, n, nominal, image);
		last_signs(c, map, threads, n, image);
	}
	if (h->clock == SEG_CLOCK_MONOTONIC)
		c->ns_per_tick = 1;
	if (map->ns_per_tick != 0)
		c->ns_per_tick = map->ns_per_tick;
	/* A second more: a live process goes on while it is read, and cores may differ a little. */
	c->most_ticks = c->end_ticks - c->start_ticks + (uint64_t)(1e9 / c->ns_per_tick);
	image->ns_per_tick = c->ns_per_tick;
	image->inside_ns = cost_ns(c, h->inside, image);
	image->outside_ns = cost_ns(c, h->outside, image);
	if (cost_ns(c, h->always_inside + h->always_outside, image) > 0 &&
	    cost_ns(c, h->drawn_inside + h->drawn_outside, image) > 0)
		image->skipped_ns = cost_ns(c, h->skipped, image);
	image->duration_ns = segment_clock_since_start(c, c->end_ticks);
}
