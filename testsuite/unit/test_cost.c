/* SPDX-License-Identifier: MIT */
/*
 * What measuring is found to cost where other processes take the processor away meanwhile, and where the machine changes its speed: by a
 * clock of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdint.h>
#include <time.h>

/* In ns, and so in ticks of the run: of a call, of what it has in it, and of one that is not timed. */
enum { ALL = 50, INSIDE = 20, SKIPPED = 8, TAKEN_AWAY = 4000000 };

static uint64_t now_ns;
static int readings, disturb_from, disturb_every;

/* Each reading is 1 ns after the one before it; some come after a long time. */
static int read_time(clockid_t id, struct timespec *t)
{
	(void)id;
	now_ns++;
	readings++;
	if (disturb_every && readings >= disturb_from &&
	    (readings - disturb_from) % disturb_every == 0)
		now_ns += TAKEN_AWAY;
	*t = (struct timespec){.tv_sec = (time_t)(now_ns / 1000000000),
			       .tv_nsec = (long)(now_ns % 1000000000)};
	return 0;
}

#define clock_gettime read_time
#include "../../runtime/clock.c"
#include "../../runtime/cost.c"
#include "../../runtime/speed.c"

struct process hp_process;
__thread struct hot hp_hot;
static struct seg_header header;
static struct place place;
static struct seg_node root, node;
static struct seg_stat stat;
static uint64_t pending;

static void enter(uint32_t *slot)
{
	(void)slot;
	if (--stat.draw[0].countdown) {
		now_ns += SKIPPED;
		return;
	}
	stat.draw[0].countdown = 1u << stat.draw[0].exponent;
	now_ns += ALL;
	pending++;
}

static void leave(uint32_t *slot)
{
	(void)slot;
}

/* The hooks that do not sample: each call is timed. */
static void enter_timed(uint32_t *slot)
{
	stat.draw[0].countdown = 1;
	enter(slot);
}

struct hooks hp_sample_hooks(uint32_t clock)
{
	(void)clock;
	return (struct hooks){enter, leave, NULL};
}

void hp_fold(struct hot *hot)
{
	(void)hot;
	node.calls += pending;
	node.incl += pending * INSIDE << stat.draw[0].exponent;
	pending = 0;
}

/* How many times as long as at the start a call takes now. */
static unsigned slower = 1;

void hp_rehearse(struct hot *hot, const uint32_t *slot, int calls)
{
	assert_ptr_equal(hot->place, &place);
	assert_int_equal(*slot, 1);
	now_ns += (uint64_t)(calls * ALL * slower);
}

struct seg_node *hp_tree_child(struct place *p, struct seg_node *caller, uint32_t site)
{
	assert_ptr_equal(p->seg.root, caller);
	root.child = &node;
	node.site = site;
	return &node;
}

struct place *hp_place_new(uint64_t max_frames)
{
	(void)max_frames;
	root = (struct seg_node){0};
	stat = (struct seg_stat){0};
	node = (struct seg_node){.stat = &stat};
	place = (struct place){.seg.root = &root};
	return &place;
}

void hp_place_attach(struct hot *hot, struct place *p)
{
	hot->place = p;
}

const char *hp_env(const char *name)
{
	(void)name;
	return NULL;
}

long hp_read_file(const char *path, char *buf, size_t size)
{
	(void)path, (void)buf, (void)size;
	return -1;
}

/* calibrate: with every so manyth reading of the clock disturbed, from one on. */
static void calibrate(int from, int every)
{
	header = (struct seg_header){0};
	hp_process = (struct process){.seg = &header, .clock = SEG_CLOCK_MONOTONIC};
	hp_process.hooks = (struct hooks){enter_timed, leave, NULL};
	hp_process.ms_ticks = 1000000;
	readings = 0;
	disturb_from = from;
	disturb_every = every;
	slower = 1;
	hp_cost_calibrate();
	hp_cost_calibrate_sampling();
}

static void assert_near(uint64_t cost, uint64_t ns)
{
	assert_in_range(cost, ns * 1024 - 64, ns * 1024 + 64);
}

static void assert_right(void)
{
	assert_near(header.inside, INSIDE);
	assert_near(header.inside + header.outside, ALL);
	assert_near(header.always_inside, INSIDE);
	assert_near(header.always_inside + header.always_outside, ALL);
	assert_near(header.skipped, SKIPPED);
	assert_near(header.drawn_inside, INSIDE);
	assert_near(header.drawn_inside + header.drawn_outside, ALL);
}

static void costs_are_found(void **state)
{
	(void)state;
	calibrate(0, 0);
	assert_right();
}

/* Wherever it happens: in calls that are measured, in those that are not, or in the fold. */
static void a_disturbance_changes_nothing(void **state)
{
	(void)state;
	for (int from = 1; from < 500; from++) {
		calibrate(from, 1000000);
		assert_right();
	}
}

/* Again and again, in the batches of calls in turn. */
static void many_disturbances_change_nothing(void **state)
{
	(void)state;
	for (int every = 11; every < 60; every += 2) {
		calibrate(every / 2, every);
		assert_right();
	}
}

/* look: at the speed, when so many ms have passed; whether it was. */
static bool look(unsigned ms)
{
	uint64_t before = hp_hot.cost, saved = place.seg.saved;

	now_ns += ms * 1000000;
	hp_hot.place = &place;
	hp_cost_follow(&hp_hot, now_ns);
	/* What it takes is a cost, and not one of a call. */
	assert_int_equal(hp_hot.cost - before, saved - place.seg.saved);
	return hp_hot.cost != before;
}

/* assert_speed: costs are so many times those of the start, and the header has those. */
static void assert_speed(unsigned times)
{
	assert_near(hp_process.inside[CALL_PLAIN][0], times * INSIDE);
	assert_near(hp_process.inside[CALL_ALWAYS][0], times * INSIDE);
	assert_near(hp_process.inside[CALL_DRAWN][0], times * INSIDE);
	assert_in_range(hp_process.cost[CALL_PLAIN][0], times * SEG_COST_CALL - 2,
			times * SEG_COST_CALL + 2);
	assert_in_range(hp_process.skipped_cost, times * SEG_COST_CALL * SKIPPED / ALL - 2,
			times * SEG_COST_CALL * SKIPPED / ALL + 2);
	assert_near(header.inside, INSIDE);
	assert_near(header.skipped, SKIPPED);
	assert_int_equal(hp_process.nominal[CALL_PLAIN], SEG_COST_CALL);
}

static void costs_follow_the_speed(void **state)
{
	(void)state;
	calibrate(0, 0);
	assert_speed(1);
	slower = 3;
	assert_true(look(1));
	for (int i = 0; i < 12; i++)
		look(32);
	assert_speed(3);
	slower = 1;
	for (int i = 0; i < 12; i++)
		look(32);
	assert_speed(1);
}

static void a_look_is_rare_and_is_charged(void **state)
{
	(void)state;
	calibrate(0, 0);
	for (unsigned ms = 1; ms < 32; ms *= 2)
		assert_true(look(ms));
	for (int i = 0; i < 31; i++)
		assert_false(look(1));
	uint64_t before = hp_hot.cost, start = now_ns;

	assert_true(look(1));
	uint64_t took = now_ns - start - 1000000;

	assert_in_range((hp_hot.cost - before) * ALL / SEG_COST_CALL, took - 8, took + 8);
}

/* disturb: the next reading but so many comes late. */
static void disturb(int but)
{
	disturb_from = readings + 1 + but;
	disturb_every = 1000000;
}

/* By another process, for long or so little that it might be the machine's speed. */
static void a_disturbed_look_changes_little(void **state)
{
	(void)state;
	calibrate(0, 0);
	for (int i = 0; i < 9; i++)
		look(32);
	for (int i = 0; i < 4; i++) {
		disturb(i);
		assert_true(look(32));
		assert_speed(1);
	}
	slower = 10;
	assert_true(look(32));
	assert_in_range(hp_process.cost[CALL_PLAIN][0], 1, SEG_COST_CALL * 3 / 2);
	slower = 1;
	for (int i = 0; i < 9; i++)
		look(32);
	assert_speed(1);
	slower = 100;
	for (int i = 0; i < 9; i++)
		assert_false(look(32));
	assert_speed(1);
}

/* Another thread is at it; and so it is in the child of a fork, for ever. */
static void one_looks_at_a_time(void **state)
{
	(void)state;
	calibrate(0, 0);
	assert_true(look(100));
	speed.busy = 1;
	assert_false(look(100));
	hp_speed_forked();
	hp_cost_restart();
	assert_false(look(100));
	speed.busy = 0;
	assert_true(look(100));
}

/* The place is the parent's. */
static void a_child_looks_on_a_place_of_its_own(void **state)
{
	(void)state;
	calibrate(0, 0);
	hp_speed_forked();
	assert_false(look(100));
	hp_cost_restart();
	assert_true(look(100));
}

/* The hooks that sample may be needed late: what they cost is what it would have been at the start. */
static void costs_found_later_are_those_of_the_start(void **state)
{
	(void)state;
	calibrate(0, 0);
	slower = 2;
	for (int i = 0; i < 9; i++)
		look(32);
	assert_speed(2);
	hp_cost_calibrate_sampling();
	assert_in_range(header.skipped, SKIPPED * 512 - 64, SKIPPED * 512 + 64);
	assert_in_range(header.always_inside, INSIDE * 512 - 64, INSIDE * 512 + 64);
	assert_near(hp_process.inside[CALL_ALWAYS][0], INSIDE);
	assert_near(header.inside, INSIDE);
}

/* A cost that was found to be nothing must not make others of it that are without end. */
static void no_cost_is_a_share_of_nothing(void **state)
{
	(void)state;
	assert_int_equal(seg_cost(100 * 1024, 0), 0);
	assert_int_equal(seg_cost(100 * 1024, 50 * 1024), 2 * SEG_COST_CALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(costs_are_found),
		cmocka_unit_test(a_disturbance_changes_nothing),
		cmocka_unit_test(many_disturbances_change_nothing),
		cmocka_unit_test(costs_follow_the_speed),
		cmocka_unit_test(a_look_is_rare_and_is_charged),
		cmocka_unit_test(a_disturbed_look_changes_little),
		cmocka_unit_test(one_looks_at_a_time),
		cmocka_unit_test(a_child_looks_on_a_place_of_its_own),
		cmocka_unit_test(costs_found_later_are_those_of_the_start),
		cmocka_unit_test(no_cost_is_a_share_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
