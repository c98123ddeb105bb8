/* SPDX-License-Identifier: MIT */
/* Which calls are timed: each with the same chance, whatever came before. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "../../runtime/sample.c"

/* What sample.c needs of the rest, and no test here gets to. */
struct process hp_process;
__thread struct hot hp_hot;
struct hooks hp_hooks(uint32_t clock)
{
	(void)clock;
	return (struct hooks){0};
}

bool hp_push_slow(struct hot *hot, uint32_t site, uint64_t depth)
{
	(void)hot, (void)site, (void)depth;
	return false;
}

void hp_exit_slow(uint32_t site, uint64_t now)
{
	(void)site, (void)now;
}

void hp_fold_full(struct hot *hot, uint64_t end, uint64_t incl, uint64_t below, uint64_t word)
{
	(void)hot, (void)end, (void)incl, (void)below, (void)word;
}

void hp_pop_back(struct hot *hot, struct seg_frame *f, uint64_t now, uint64_t below, uint64_t bits)
{
	(void)hot, (void)f, (void)now, (void)below, (void)bits;
}

bool hp_drop_back(struct hot *hot, struct seg_frame *f, uint64_t cost)
{
	(void)hot, (void)f, (void)cost;
	return false;
}

void hp_cover(struct hot *hot, struct seg_frame *f)
{
	(void)hot, (void)f;
}

static uint64_t now_ticks;

uint64_t hp_ticks(void)
{
	return now_ticks;
}

uint64_t ticks_monotonic(void)
{
	return now_ticks;
}

const char *hp_env(const char *name)
{
	(void)name;
	return NULL;
}

void hp_cost_calibrate_sampling(void)
{
}

enum { DRAWS = 1000000 };

/* The mean is 2^exponent, so that a timed call stands for as many calls as there were. */
static void the_mean_is_right(void **state)
{
	static struct place place = {.random = 0x9e3779b97f4a7c15};

	(void)state;
	for (unsigned e = 0; e <= SEG_EXPONENT_MAX; e++) {
		double sum = 0, mean = (double)(1 << e);

		for (int i = 0; i < DRAWS; i++)
			sum += draw(&place, e);
		/* Five standard deviations of the mean of an exponential variable. */
		assert_true(fabs(sum / DRAWS - mean) <= 5 * mean / sqrt(DRAWS));
	}
}

/* No memory: having waited does not change how long it still takes. */
static void there_is_no_memory(void **state)
{
	static struct place place = {.random = 12345};
	double all = 0, late = 0, rest = 0;

	(void)state;
	for (int i = 0; i < DRAWS; i++) {
		double d = draw(&place, 8);

		all += d;
		if (d > 256) {
			late++;
			rest += d - 256;
		}
	}
	/* 1/e of them wait longer than the mean, and then the mean again: the approximation of the
	 * logarithm is within 6 % of that. */
	assert_true(fabs(late / DRAWS - exp(-1)) < 0.06 * exp(-1));
	assert_true(fabs(rest / late - 256) < 0.06 * 256);
	assert_true(fabs(all / DRAWS - 256) < 256 * 5 / sqrt(DRAWS));
}

static void budgets_are_read(void **state)
{
	(void)state;
	assert_int_equal(parse_budget("2%"), 2000);
	assert_int_equal(parse_budget("2"), 2000);
	assert_int_equal(parse_budget("0.5 %"), 500);
	assert_int_equal(parse_budget(".001"), 1);
	assert_int_equal(parse_budget("100%"), 100000);
	assert_int_equal(parse_budget("1000%"), 1000000);
	assert_int_equal(parse_budget("1000.1%"), 0);
	assert_int_equal(parse_budget(""), 0);
	assert_int_equal(parse_budget("."), 0);
	assert_int_equal(parse_budget("%"), 0);
	assert_int_equal(parse_budget("2%%"), 0);
	assert_int_equal(parse_budget("1.2.3"), 0);
	assert_int_equal(parse_budget("-1"), 0);
}

/* A site timed too often is thinned out at once, one timed too seldom comes back step by step, and
 * never below what its rule says. */
static void a_site_finds_its_rate(void **state)
{
	struct seg_draw d = {.timed = 100};
	uint64_t level = 16; /* calls per 2^24 ticks */

	(void)state;
	raise_or_lower(&d, 0, false, 1 << 20, level); /* the first time: nothing to compare with */
	assert_int_equal(d.exponent, 0);
	assert_int_equal(d.timed, 0);
	d.timed = 160;
	raise_or_lower(&d, 0, false, (1 << 20) + (1 << 24), level);
	assert_in_range(d.exponent, 3, 4);
	d.timed = 1;
	raise_or_lower(&d, 2, false, (1 << 20) + (2ull << 24), level);
	assert_in_range(d.exponent, 2, 3);
	for (uint64_t i = 3; i < 10; i++) {
		d.timed = 1;
		raise_or_lower(&d, 2, false, (1 << 20) + (i << 24), level);
	}
	assert_int_equal(d.exponent, 2);
	for (uint64_t i = 10; i < 30; i++) {
		d.timed = 60000;
		raise_or_lower(&d, 2, false, (1 << 20) + (i << 24), level);
	}
	assert_int_equal(d.exponent, SEG_EXPONENT_MAX);
}

/* A thread of so many sites, whose calls cost 100 ticks to measure, under a budget of 2 %. */
enum { SITES = 3 };
static struct place thread;
static struct hot hot;
static struct seg_stat stats[SITES];
static struct seg_node nodes[SITES] __attribute__((aligned(64)));

static int a_thread(void **state)
{
	(void)state;
	memset(&thread, 0, sizeof(thread));
	memset(stats, 0, sizeof(stats));
	hot = (struct hot){.place = &thread};
	hp_process.both = 100 * 1024;
	for (int i = 0; i < CALL_KINDS; i++)
		hp_process.cost[i][0] = hp_process.cost[i][1] = SEG_COST_CALL;
	hp_process.budget = (2 << BUDGET_SHIFT) / 100;
	now_ticks = 1 << 20;
	for (int i = 0; i < SITES; i++)
		nodes[i].stat = &stats[i];
	return 0;
}

/* fold: the ring is full of timed calls, `each` of which a site has, the last one the rest, and so many ticks have passed. */
static void fold(int each, uint64_t ticks)
{
	now_ticks += ticks;
	for (int i = 0; i < SEG_RING; i++) {
		int site = i / each < SITES ? i / each : SITES - 1;
		struct seg_stat *stat = &stats[site];

		thread.seg.ring[i] =
			(struct seg_sample){.word = (uint64_t)&nodes[site] | SEG_TAG(0)};
		stat->draw[0].timed++;
		stat->warm[0] = WARM;
		bump(&hot.cost, SEG_COST_CALL);
	}
	hp_sample_adapt(&hot, &thread.seg.ring[SEG_RING]);
}

/* Timing all calls takes 1 %: all are timed. */
static void what_fits_the_budget_is_timed(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		fold(85, SEG_RING * 100 * 100);
		for (int k = 0; k < SITES; k++)
			assert_int_equal(stats[k].draw[0].exponent, 0);
	}
}

/* What comes all at once takes 50 times as much as it may, and is thinned out by as much, no more. */
static void a_burst_is_thinned_out_by_as_much_as_it_must(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		fold(85, SEG_RING * 100);
	for (int k = 0; k < SITES; k++)
		assert_in_range(stats[k].draw[0].exponent, 5, 8);
}

/* A call that made many others is timed from now on, and one in which the runtime looked after itself is not. */
static void a_large_call_is_one_that_made_many(void **state)
{
	static struct seg_node root;
	struct seg_frame stack[2] = {{.node = &root}, {.node = &nodes[0], .before = 1000}};
	uint64_t look = 500 * SEG_COST_CALL;

	(void)state;
	nodes[0].parent = &root;
	hot.back = NO_FRAME;
	hot.top = &stack[1];
	stats[0].draw[0] = (struct seg_draw){.countdown = 77, .exponent = 5, .drawn = 5};
	hot.cost = 1000 + look + 10 * SEG_COST_CALL;
	thread.look_from = 1000 + 3 * SEG_COST_CALL;
	thread.look_cost = look;
	pop_skipped(&hot, &stack[1]);
	assert_int_equal(stats[0].draw[0].exponent, 5);
	assert_int_equal(stats[0].large, 0);

	thread.look_from = 999; /* before the call */
	hot.top = &stack[1];
	pop_skipped(&hot, &stack[1]);
	assert_int_equal(stats[0].draw[0].exponent, 0);
	assert_int_equal(stats[0].draw[0].countdown, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mean_is_right),
		cmocka_unit_test(there_is_no_memory),
		cmocka_unit_test(budgets_are_read),
		cmocka_unit_test(a_site_finds_its_rate),
		cmocka_unit_test_setup(a_large_call_is_one_that_made_many, a_thread),
		cmocka_unit_test_setup(what_fits_the_budget_is_timed, a_thread),
		cmocka_unit_test_setup(a_burst_is_thinned_out_by_as_much_as_it_must, a_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
