/* SPDX-License-Identifier: MIT */
/* runtime/hist.h: what the table at its head promises, for all buckets and a dense sweep of values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../runtime/hist.h"

#define LIMIT (1ull << HIST_MAX_EXP)

/* next: a sweep that takes every value up to 2^16 and then at least 500 of each octave. */
static uint64_t next(uint64_t v)
{
	return v < 1 << 16 ? v + 1 : v + v / 512;
}

static void small_values_have_a_bucket_each(void **state)
{
	(void)state;
	for (uint32_t v = 0; v < 2 * HIST_SUB; v++) {
		assert_int_equal(hist_bucket(v), v);
		assert_int_equal(hist_lower(v), v);
		assert_true(hist_middle(v) == (double)v);
	}
	assert_int_equal(hist_bucket(2 * HIST_SUB), 2 * HIST_SUB);
	assert_int_equal(hist_bucket(2 * HIST_SUB + 1), 2 * HIST_SUB);
	assert_int_equal(hist_bucket(2 * HIST_SUB + 2), 2 * HIST_SUB + 1);
}

static void octaves_begin_where_the_table_says(void **state)
{
	(void)state;
	for (uint32_t e = 7; e < HIST_MAX_EXP; e++) {
		uint32_t first = (e - 5) * 64;
		uint64_t width = 1ull << (e - 6);

		assert_int_equal(hist_bucket((1ull << e) - 1), first - 1);
		assert_int_equal(hist_bucket(1ull << e), first);
		assert_int_equal(hist_bucket((1ull << e) + width - 1), first);
		assert_int_equal(hist_bucket((1ull << e) + width), first + 1);
		assert_int_equal(hist_bucket((2ull << e) - 1), first + 63);
		for (uint32_t k = 0; k < 64; k++)
			assert_true(hist_lower(first + k) == (1ull << e) + k * width);
	}
}

static void lower_is_the_first_value_of_its_bucket(void **state)
{
	(void)state;
	for (uint32_t b = 0; b < HIST_BUCKETS; b++) {
		uint64_t lower = hist_lower(b);

		assert_int_equal(hist_bucket(lower), b);
		if (b)
			assert_int_equal(hist_bucket(lower - 1), b - 1);
	}
}

static void buckets_rise_with_values(void **state)
{
	uint32_t last = 0;

	(void)state;
	for (uint64_t v = 0; v < LIMIT; v = next(v)) {
		uint32_t b = hist_bucket(v);

		assert_true(b >= last && b < HIST_BUCKETS);
		last = b;
	}
	assert_true(last >= HIST_BUCKETS - 2);
}

static void the_middle_is_within_one_percent(void **state)
{
	(void)state;
	for (uint64_t v = 1; v < LIMIT; v = next(v)) {
		double error = hist_middle(hist_bucket(v)) / (double)v - 1;

		assert_true(error <= 0.01 && error >= -0.01);
	}
	/* The ends of a bucket are the worst of it. */
	for (uint32_t b = 1; b < HIST_BUCKETS; b++) {
		double low = (double)hist_lower(b);
		double high = b + 1 < HIST_BUCKETS ? (double)(hist_lower(b + 1) - 1)
						   : (double)(LIMIT - 1);
		double middle = hist_middle(b);

		assert_true(low <= middle && middle <= high);
		assert_true((middle - low) / low <= 0.0079);
		assert_true((high - middle) / high <= 0.0079);
	}
}

static void long_durations_share_the_last_bucket(void **state)
{
	(void)state;
	assert_int_equal(hist_bucket(LIMIT - 1), HIST_BUCKETS - 1);
	for (uint32_t e = HIST_MAX_EXP; e < 64; e++) {
		assert_int_equal(hist_bucket(1ull << e), HIST_BUCKETS - 1);
		assert_int_equal(hist_bucket((1ull << e) | 0x5555), HIST_BUCKETS - 1);
	}
	assert_int_equal(hist_bucket(UINT64_MAX), HIST_BUCKETS - 1);
}

static void lines_cover_all_buckets(void **state)
{
	(void)state;
	assert_int_equal(HIST_LINES * HIST_LINE, HIST_BUCKETS);
	assert_int_equal(hist_bucket(UINT64_MAX) / HIST_LINE, HIST_LINES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_values_have_a_bucket_each),
		cmocka_unit_test(octaves_begin_where_the_table_says),
		cmocka_unit_test(lower_is_the_first_value_of_its_bucket),
		cmocka_unit_test(buckets_rise_with_values),
		cmocka_unit_test(the_middle_is_within_one_percent),
		cmocka_unit_test(long_durations_share_the_last_bucket),
		cmocka_unit_test(lines_cover_all_buckets),
	};

	return cmocka_run_group_tests_name("hist", tests, NULL, NULL);
}
