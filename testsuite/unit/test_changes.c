/* SPDX-License-Identifier: MIT */
/* Change points in series whose truth is known: seeded, so always the same ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "../../cli/compare/changes.h"
#include "histories.h"

/* Without a change none is found in at least 95 of 100 series, whatever the noise. */
static void no_change_gives_no_change(void **state)
{
	static const struct history_truth truths[] = {
		{.commits = 20, .runs = 1, .noise = 0.02},
		{.commits = 20, .runs = 5, .noise = 0.02},
		{.commits = 3, .runs = 5, .noise = 0.02},
		{.commits = 40, .runs = 3, .noise = 0.02, .outliers = 0.03},
		{.commits = 200, .runs = 1, .noise = 0.02, .outliers = 0.05},
		{.commits = 20, .runs = 10, .noise = 0.005, .jitter = 0.02, .outliers = 0.03},
		{.commits = 8, .runs = 10, .noise = 0.005, .jitter = 0.02},
		{.commits = 50, .runs = 5, .noise = 0.02, .jitter = 0.01},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++) {
		struct history_tally tally = histories_try(&truths[i], 400);

		assert_true(tally.none >= 380);
		assert_int_equal(tally.unsound, 0);
	}
}

/* 5 % at 2 % noise, found and at the right commit in 95 of 100 series. */
static void a_step_is_found_where_it_is(void **state)
{
	static const struct history_truth truths[] = {
		{.commits = 20, .runs = 5, .noise = 0.02, .step = 0.05, .at = 10, .until = 20},
		{.commits = 20, .runs = 5, .noise = 0.02, .step = -0.05, .at = 8, .until = 20},
		{.commits = 30,
		 .runs = 5,
		 .noise = 0.02,
		 .outliers = 0.03,
		 .step = 0.05,
		 .at = 21,
		 .until = 30},
		{.commits = 2, .runs = 8, .noise = 0.02, .step = 0.05, .at = 1, .until = 2},
		{.commits = 20,
		 .runs = 10,
		 .noise = 0.005,
		 .jitter = 0.01,
		 .step = 0.05,
		 .at = 10,
		 .until = 20},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++) {
		struct history_tally tally = histories_try(&truths[i], 400);

		assert_true(tally.exact >= 380);
		assert_int_equal(tally.unsound, 0);
		assert_true(100 * tally.covered >= 92 * tally.intervals);
	}
}

/* One that was undone soon, in a long history; with one run of each commit; and the newest commit alone. */
static void hard_steps_are_found_nearly_there(void **state)
{
	static const struct history_truth undone = {
		.commits = 100, .runs = 5, .noise = 0.02, .step = 0.05, .at = 60, .until = 66};
	static const struct history_truth nightly = {
		.commits = 60, .runs = 1, .noise = 0.01, .step = 0.05, .at = 30, .until = 60};
	static const struct history_truth newest = {
		.commits = 20, .runs = 5, .noise = 0.02, .step = 0.1, .at = 19, .until = 20};

	(void)state;
	assert_true(histories_try(&undone, 100).near >= 93);
	assert_true(histories_try(&nightly, 200).near >= 190);
	assert_true(histories_try(&newest, 200).exact >= 190);
}

static void jitter_is_told_from_noise(void **state)
{
	static const struct history_truth truth = {.commits = 100,
						   .runs = 10,
						   .noise = 0.005,
						   .jitter = 0.02,
						   .step = 0.3,
						   .at = 40,
						   .until = 100};
	struct changes_options options = CHANGES_DEFAULTS;
	struct change_point *points;
	double values[1000], jitter;
	uint64_t random = 5;
	size_t begin[101], n;
	struct changes_series s = {values, begin, 100};

	(void)state;
	histories_make(&truth, values, begin, &random);
	assert_int_equal(changes_find(&s, &options, &points, &n, &jitter), 0);
	assert_int_equal(n, 1);
	assert_int_equal(points[0].at, 40);
	assert_true(jitter > 0.015 && jitter < 0.025);
	/* Jitter is in the interval: 2 % around the levels of 40 and of 60 commits. */
	assert_true(points[0].high - points[0].low > 4 * 0.015 * sqrt(1.0 / 40 + 1.0 / 60));
	free(points);
}

/* The same series gives the same changes: the order of what is random is part of the input. */
static void the_seed_decides(void **state)
{
	static const struct history_truth truth = {
		.commits = 20, .runs = 3, .noise = 0.03, .step = 0.05, .at = 10, .until = 20};
	struct changes_options options = CHANGES_DEFAULTS;
	struct change_point *one, *two;
	size_t begin[21], n, m;
	uint64_t random = 11;
	double values[60];
	struct changes_series s = {values, begin, 20};

	(void)state;
	histories_make(&truth, values, begin, &random);
	assert_int_equal(changes_find(&s, &options, &one, &n, NULL), 0);
	assert_int_equal(changes_find(&s, &options, &two, &m, NULL), 0);
	assert_int_equal(n, m);
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++)
		assert_true(one[i].at == two[i].at && one[i].p == two[i].p);
	free(one);
	free(two);
}

static void edges_are_safe(void **state)
{
	static const double same[] = {1, 1, 1, 1, 1, 1, 1, 1}, two[] = {1, 2};
	static const size_t ones[] = {0, 1, 2, 3, 4, 5, 6, 7, 8}, whole[] = {0, 8};
	struct changes_options options = CHANGES_DEFAULTS;
	struct change_point *points;
	struct changes_series none = {same, whole, 0}, single = {same, whole, 1};
	struct changes_series constant = {same, ones, 8}, pair = {two, ones, 2};
	double jitter = -1;
	size_t n = 9;

	(void)state;
	assert_int_equal(changes_find(&none, &options, &points, &n, &jitter), 0);
	assert_true(n == 0 && !points && jitter == 0);
	assert_int_equal(changes_find(&single, &options, &points, &n, &jitter), 0);
	assert_true(n == 0 && !points);
	assert_int_equal(changes_find(&constant, &options, &points, &n, NULL), 0);
	assert_true(n == 0 && !points);
	assert_int_equal(changes_find(&pair, &options, &points, &n, NULL), 0);
	assert_true(n == 0 && !points);
}

static void counts_change_exactly(void **state)
{
	static const double values[] = {1, 1, 1, 1.5, 1.5, 1.5001, 1};
	static const size_t begin[] = {0, 2, 3, 5, 6, 7};
	struct changes_options options = CHANGES_DEFAULTS;
	struct changes_series s = {values, begin, 5};
	struct change_point *points;
	size_t n;

	(void)state;
	assert_int_equal(changes_exact(&s, &options, &points, &n), 0);
	assert_int_equal(n, 2);
	assert_true(points[0].at == 2 && points[0].shift == 0.5 && points[0].low == 0.5);
	assert_true(points[0].p == 0 && points[1].at == 4);
	free(points);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_change_gives_no_change),
		cmocka_unit_test(a_step_is_found_where_it_is),
		cmocka_unit_test(hard_steps_are_found_nearly_there),
		cmocka_unit_test(jitter_is_told_from_noise),
		cmocka_unit_test(the_seed_decides),
		cmocka_unit_test(edges_are_safe),
		cmocka_unit_test(counts_change_exactly),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
