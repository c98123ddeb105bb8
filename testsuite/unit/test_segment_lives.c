/* SPDX-License-Identifier: MIT */
/* A segment with one field of its lives damaged, a test a field; see test_segment.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../runtime/abi.h"
#include "../../runtime/seg_lives.h"
#include "genuine.h"

static struct genuine kill;

static struct seg_header *header(void)
{
	return genuine_header(&kill);
}

static struct seg_lives *lives(void)
{
	return genuine_at(&kill, header()->lives);
}

static struct seg_life_stat *stat(void)
{
	return genuine_at(&kill, lives()->stats);
}

/* lasting: the n-th entry of the first level that is taken. */
static struct seg_life *lasting(int n)
{
	struct seg_life *life = genuine_at(&kill, lives()->levels[0]);

	while (!life->key || n--)
		life++;
	return life;
}

static void *link_at(uint64_t offset)
{
	return (void *)(header()->map_base + offset);
}

static void undamaged(void **state)
{
	(void)state;
	assert_int_equal(kill.good.sites[0].kind, HOTPATH_KIND_LIFE);
	assert_int_equal(kill.good.sites[0].calls, 1000);
	assert_int_equal(kill.good.sites[0].running, 600);
	assert_int_equal(kill.good.sites[0].self_ns, 0);
	assert_true(kill.good.sites[0].n_buckets > 0);
}

static void header_lives(void **state)
{
	(void)state;
	POKE(header()->lives, link_at(header()->used));
	assert_int_equal(genuine_damaged(&kill, "the lives are unreachable")->sites[0].calls, 0);
	POKE(header()->lives, (void *)((uint64_t)header()->lives + 8));
	genuine_damaged(&kill, "the lives are unreachable");
	POKE(header()->lives, NULL);
	assert_int_equal(genuine_sound(&kill)->sites[0].calls, 0);
}

static void lives_stats(void **state)
{
	(void)state;
	POKE(lives()->stats, link_at(kill.size));
	assert_int_equal(genuine_damaged(&kill, "list of lives breaks off")->sites[0].calls, 600);
	POKE(lives()->stats, NULL);
	assert_int_equal(genuine_sound(&kill)->sites[0].calls, 600);
}

static void lives_levels(void **state)
{
	(void)state;
	POKE(lives()->levels[0], link_at(kill.size - 4096));
	genuine_damaged(&kill, "table of lives is unreachable");
	genuine_mend();
	POKE(lives()->levels[4], lives()->levels[0]);
	genuine_damaged(&kill, "table of lives is");
	genuine_mend();
	POKE(lives()->levels[0], (struct seg_life *)header()->lives);
	genuine_damaged(&kill, "table of lives is");
}

static void stat_site(void **state)
{
	(void)state;
	POKE(stat()->site, 0);
	genuine_damaged(&kill, "lives have the site 0");
	POKE(stat()->site, 3); /* a function */
	genuine_damaged(&kill, "lives have the site 3");
	POKE(stat()->site, UINT32_MAX);
	genuine_damaged(&kill, "lives have the site 4294967295");
}

static void stat_next(void **state)
{
	(void)state;
	POKE(stat()->next, lives()->stats);
	assert_int_equal(genuine_damaged(&kill, "list of lives breaks off")->sites[0].calls, 1000);
}

static void stat_numbers(void **state)
{
	(void)state;
	POKE(stat()->ended, UINT64_MAX);
	assert_int_equal(genuine_damaged(&kill, "lives of task are absurd")->sites[0].calls, 600);
	genuine_mend();
	POKE(stat()->total, UINT64_MAX);
	genuine_damaged(&kill, "lives of task are absurd");
	genuine_mend();
	POKE(stat()->max, UINT64_MAX);
	genuine_damaged(&kill, "lives of task are absurd");
	genuine_mend();
	POKE(stat()->min, UINT64_MAX);
	genuine_damaged(&kill, "lives of task are absurd");
	genuine_mend();
	POKE(stat()->ended, 0);
	assert_int_equal(genuine_sound(&kill)->sites[0].calls, 600);
}

static void stat_lines(void **state)
{
	uint32_t line = 0;

	(void)state;
	while (!stat()->lines[line])
		line++;
	POKE(stat()->lines[line], UINT32_MAX);
	genuine_damaged(&kill, "histogram of lives of task is unreachable");
	genuine_mend();
	POKE(stat()->lines[HIST_LINES - 1], stat()->lines[line]);
	genuine_damaged(&kill, "histogram of lives of task is in two places");
	genuine_mend();

	uint64_t *counters = genuine_at(&kill, link_at(64 * (uint64_t)stat()->lines[line]));

	while (!*counters)
		counters++;
	POKE(*counters, UINT64_MAX);
	genuine_damaged(&kill, "histogram of lives of task is absurd");
}

static void life_site(void **state)
{
	(void)state;
	POKE(lasting(0)->site, 3);
	assert_int_equal(genuine_damaged(&kill, "a life has the site 3")->sites[0].running, 599);
	genuine_mend();
	POKE(lasting(0)->site, 0); /* about to begin, or ending */
	assert_int_equal(genuine_sound(&kill)->sites[0].running, 599);
}

static void life_key(void **state)
{
	(void)state;
	POKE(lasting(5)->key, 0);
	assert_int_equal(genuine_sound(&kill)->sites[0].running, 599);
}

static void life_start(void **state)
{
	const uint64_t starts[] = {0, 1, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		POKE(lasting(0)->start, starts[i]);
		const struct image *im = genuine_sound(&kill);

		assert_int_equal(im->sites[0].running, 600);
		assert_true(im->sites[0].total_ns <= kill.good.sites[0].total_ns);
	}
}

static const struct genuine_shape shapes[] = {{&kill, "lives kill"}, {0}};

int main(void)
{
	const struct CMUnitTest tests[] = {
		GENUINE_TEST(undamaged),    GENUINE_TEST(header_lives), GENUINE_TEST(lives_stats),
		GENUINE_TEST(lives_levels), GENUINE_TEST(stat_site),	GENUINE_TEST(stat_next),
		GENUINE_TEST(stat_numbers), GENUINE_TEST(stat_lines),	GENUINE_TEST(life_site),
		GENUINE_TEST(life_key),	    GENUINE_TEST(life_start),
	};

	genuine_use(shapes);
	return cmocka_run_group_tests_name("lives of a segment", tests, genuine_set_up,
					   genuine_tear_down);
}
