/* SPDX-License-Identifier: MIT */
/*
 * The clock of a run: which counter, and how fast it is.
 *
 * The TSC is used when the processor says that it is invariant and the kernel still offers it as a
 * clock source (it drops it when it finds it unstable).  HOTPATH_CLOCK=monotonic|tsc decides
 * otherwise; HOTPATH_CLOCK=ordered has the same counter read in order.
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
	switch (hp_process.clock) {
	case SEG_CLOCK_MONOTONIC:
		return ticks_monotonic();
	case SEG_CLOCK_ORDERED_TSC:
	case SEG_CLOCK_ORDERED_CNTVCT:
		return ticks_ordered();
	default:
		return ticks_tsc();
	}
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
	bool ordered = forced && strcmp(forced, "ordered") == 0;

	if (forced && strcmp(forced, "monotonic") == 0)
		return SEG_CLOCK_MONOTONIC;
#if defined(__x86_64__)
	if (forced && strcmp(forced, "tsc") == 0)
		return SEG_CLOCK_TSC;
	if (!tsc_is_invariant() || !kernel_offers_tsc())
		return SEG_CLOCK_MONOTONIC;
	return ordered ? SEG_CLOCK_ORDERED_TSC : SEG_CLOCK_TSC;
#elif defined(__aarch64__)
	return ordered ? SEG_CLOCK_ORDERED_CNTVCT : SEG_CLOCK_CNTVCT;
#else
	(void)ordered;
	return SEG_CLOCK_MONOTONIC;
#endif
}

/* hp_clock_rate: the speed of the clock, by the time since an instant. */
void hp_clock_rate(uint64_t ticks, uint64_t mono_ns)
{
	uint64_t now, mono;

	hp_clock_now(&now, &mono, NULL);
	hp_process.seg->hz = hp_process.clock == SEG_CLOCK_MONOTONIC || mono <= mono_ns
				     ? 1000000000u
				     : (uint64_t)((unsigned __int128)(now - ticks) * 1000000000u /
						  (mono - mono_ns));
	hp_process.ms_ticks = hp_process.seg->hz / 1000;
}

/* hp_order: ascending; of a few. */
void hp_order(uint64_t *v, int n)
{
	for (int i = 1; i < n; i++)
		for (int k = i; k > 0 && v[k] < v[k - 1]; k--) {
			uint64_t swap = v[k];

			v[k] = v[k - 1];
			v[k - 1] = swap;
		}
}

/*
 * hp_clock_step: by how many ticks the clock advances at a time.  Durations of many lengths then are multiples of one, give or take what
 * rounding makes of a step that is no whole number; else all are seen.
 */
void hp_clock_step(void)
{
	enum { LENGTHS = 96, TURNS = 5, LEAST = 8, ROUNDING = 2, SEEN = 4 };
	uint64_t took[LENGTHS], step = UINT64_MAX, steps = 0, from;

	for (uint32_t i = 0; i < LENGTHS; i++) {
		uint64_t start = hp_ticks();

		for (uint32_t k = i * TURNS; k; k--)
			__asm__ volatile("" : "+r"(k));
		took[i] = hp_ticks() - start;
	}
	hp_order(took, LENGTHS);
	for (int i = 1; i < LENGTHS; i++)
		if (took[i] - took[i - 1] > ROUNDING && took[i] - took[i - 1] < step)
			step = took[i] - took[i - 1];
	hp_process.seg->step = 1;
	if (step < LEAST || step > SEG_STEP_MAX)
		return;
	from = took[0];
	for (int i = 1; i < LENGTHS; i++) {
		uint64_t by = took[i] - took[i - 1], n = (by + step / 2) / step;

		/* A few disturbances take long: of these nothing can be said. */
		if (n > SEEN)
			break;
		if (by > n * step + ROUNDING * (n + 1) || by + ROUNDING * (n + 1) < n * step)
			return;
		steps += n;
		from = took[i];
	}
	if (steps >= SEEN)
		hp_process.seg->step = (from - took[0] + steps / 2) / steps;
}
