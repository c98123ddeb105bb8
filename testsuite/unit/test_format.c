/* SPDX-License-Identifier: MIT */
/* Numbers, percentiles and foreign text, as they are shown. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/base/error.h"
#include "../../cli/base/format.h"
#include "../../cli/model/model.h"
#include "../../cli/model/model_show.h"
#include "../../cli/model/percentile.h"
#include "../../cli/command/report.h"
#include "../../cli/model/select.h"
#include "../../cli/base/text.h"
#include "fake_image.h"

static void times_have_three_digits_and_a_unit(void **state)
{
	static const struct {
		double ns;
		const char *shown;
	} cases[] = {
		{0, "0 ns"},	    {0.5, "0.50 ns"},	  {9.994, "9.99 ns"},  {9.996, "10.0 ns"},
		{99.96, "100 ns"},  {950, "950 ns"},	  {999.4, "999 ns"},   {999.6, "1.00 us"},
		{12345, "12.3 us"}, {999499, "999 us"},	  {999500, "1.00 ms"}, {58.1e6, "58.1 ms"},
		{2.38e9, "2.38 s"}, {12345e9, "12345 s"},
	};
	char out[FORMAT_ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(format_ns(out, cases[i].ns, false), cases[i].shown);
	assert_string_equal(format_ns(out, 12345, true), "12.3 \xc2\xb5s");
	assert_string_equal(format_ns(out, NAN, true), "-");
	assert_string_equal(format_utc(out, 1), "1970-01-01T00:00:00.000000001Z");
	assert_string_equal(format_utc(out, -1), "1969-12-31T23:59:59.999999999Z");
	assert_string_equal(format_signal(out, 9), "SIGKILL");
}

static int ascending(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return a < b ? -1 : a > b;
}

/* Against the truth: all durations sorted, the nearest rank counted in whole numbers. */
static void percentiles_are_within_one_percent(void **state)
{
	static const int thousandths[] = {0,	 1000,	50000, 90000, 95000,
					  99000, 99900, 99999, 100000};
	enum { CALLS = 5000 };
	uint64_t *ticks = calloc(CALLS, sizeof(*ticks)), seed = 11;

	(void)state;
	for (size_t n = 1; n <= CALLS; n = n * 3 + 1) {
		struct image image;
		struct image_site *s;

		fake_image(&image, 1, 1);
		for (size_t i = 0; i < n; i++) {
			ticks[i] = (uint64_t)exp(8 + 2 * fake_normal(&seed));
			fake_call(&image, 0, ticks[i]);
		}
		qsort(ticks, n, sizeof(*ticks), ascending);
		s = &image.sites[0];
		for (size_t i = 0; i < sizeof(thousandths) / sizeof(thousandths[0]); i++) {
			uint64_t rank = ((uint64_t)thousandths[i] * n + 99999) / 100000;
			double truth = (double)ticks[rank ? rank - 1 : 0] * 0.5;
			double got = percentile_of(s->buckets, s->n_buckets, 0.5,
						   thousandths[i] / 1000.0, (double)s->min_ns,
						   (double)s->max_ns);

			/* Half a nanosecond: min and max are whole. */
			assert_true(fabs(got - truth) <= truth * 0.01 + 0.5);
		}
		image_release(&image);
	}
	assert_true(isnan(percentile_of(NULL, 0, 1, 50, 0, 0)));
	free(ticks);
}

/* 99.9 % of 1000 is place 999 exactly, whatever binary fractions say. */
static void ranks_do_not_slip(void **state)
{
	struct image_bucket buckets[3] = {{10, 998}, {20, 1}, {30, 1}};
	struct model_bar bars[3] = {{10, 998}, {20, 1}, {30, 1}};

	(void)state;
	assert_true(percentile_of(buckets, 3, 1, 99.9, 10, 30) == 20);
	assert_true(percentile_of(buckets, 3, 1, 99.8, 10, 30) == 10);
	assert_true(percentile_of(buckets, 3, 1, 99.91, 10, 30) == 30);
	assert_true(model_bars_percentile(bars, 3, 99.9, 10, 30) == 20);
	assert_true(model_bars_percentile(bars, 3, 99.8, 10, 30) == 10);
	assert_true(model_bars_percentile(bars, 3, 99.91, 10, 30) == 30);
}

static int parse_code(const char *text)
{
	struct model_percentiles list;
	struct error error = {0};

	return percentiles_parse(&list, text, "--percentiles", &error);
}

static void percentile_lists_are_read_strictly(void **state)
{
	static const char *const wrong[] = {"",	     ",",    "50,",    "x",   "-1",
					    "101",   "1e1",  "50,,95", "nan", "5 0",
					    "50,50", "0x10", "1.2.3",  ".",   "100.1"};
	struct model_percentiles list;
	struct error error = {0};

	(void)state;
	assert_int_equal(percentiles_parse(&list, "50, 95,99.9", "x", &error), ERR_OK);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.text[1], "95");
	assert_string_equal(list.text[2], "99.9");
	assert_true(list.value[2] == 99.9);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(parse_code(wrong[i]), ERR_USAGE);
	assert_int_equal(parse_code("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"), ERR_OK);
	assert_int_equal(parse_code("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"), ERR_USAGE);
}

static void check_printable(const char *in, const char *out)
{
	char *shown = text_printable(in);

	assert_string_equal(shown, out);
	free(shown);
}

static void hostile_text_cannot_reach_the_terminal(void **state)
{
	(void)state;
	check_printable("plain \xc3\xa9", "plain \xc3\xa9");
	check_printable("\033[2J", "\\x1b[2J");
	check_printable("a\nb\tc\r", "a\\nb\\tc\\x0d");
	check_printable("\xc2\x9b"
			"31m",
			"\\x9b31m");
	check_printable("\xff\xc0\x80", "\\xff\\xc0\\x80");
	check_printable("\xed\xa0\x80", "\\xed\\xa0\\x80");
	check_printable("\xe2\x80\xae"
			"cod",
			"\\u202ecod");
	check_printable("\x7f", "\\x7f");
}

static void commands_are_shown_as_typed(void **state)
{
	char *argv[] = {"./lua", "it's", "", "a b", NULL};
	char *shown = text_command(argv, 4);

	(void)state;
	assert_string_equal(shown, "./lua 'it'\\''s' '' 'a b'");
	free(shown);
}

static void near_names_are_found(void **state)
{
	(void)state;
	assert_int_equal(text_distance("report", "report"), 0);
	assert_int_equal(text_distance("repotr", "report"), 1);
	assert_int_equal(text_distance("repot", "report"), 1);
	assert_int_equal(text_distance("", "abc"), 3);
}

static void fill(struct model_report *report, const char *const *names, size_t n)
{
	memset(report, 0, sizeof(*report));
	report->functions = calloc(n, sizeof(*report->functions));
	report->n = report->matched = report->total = n;
	for (size_t i = 0; i < n; i++) {
		report->functions[i].name = strdup(names[i]);
		report->functions[i].total_ns = (int64_t)(i % 2);
		report->functions[i].mean_ns = i == 0 ? NAN : (double)i;
	}
}

static void rows_are_sorted_and_chosen(void **state)
{
	static const char *const names[] = {"parse_row", "b", "parse_cell", "a"};
	struct select_order order = {SELECT_TOTAL, 0};
	struct model_report report;
	struct error error = {0};

	(void)state;
	fill(&report, names, 4);
	select_sort(&report, &order);
	assert_string_equal(report.functions[0].name, "a");
	assert_string_equal(report.functions[1].name, "b");
	assert_string_equal(report.functions[2].name, "parse_cell");
	order.key = SELECT_MEAN;
	select_sort(&report, &order);
	assert_string_equal(report.functions[0].name, "a");
	assert_string_equal(report.functions[3].name, "parse_row");
	assert_int_equal(select_focus(&report, "/^parse_/", &error), ERR_OK);
	assert_int_equal(report.n, 2);
	assert_int_equal(report.matched, 2);
	assert_int_equal(report.total, 4);
	select_limit(&report, 0);
	assert_int_equal(report.n, 2);
	select_limit(&report, 1);
	assert_int_equal(report.n, 1);
	assert_int_equal(select_focus(&report, "nothing", &error), ERR_OK);
	assert_int_equal(report.n, 0);
	model_report_release(&report);
}

/* Matching must end, whatever the pattern. */
static void careless_patterns_end(void **state)
{
	static const char *const names[] = {
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"};
	struct model_report report;
	struct error error = {0};

	(void)state;
	fill(&report, names, 1);
	assert_int_equal(select_focus(&report, "/^(a+)+$/", &error), ERR_USAGE);
	model_report_release(&report);
}

static void limits_are_read_strictly(void **state)
{
	int64_t n;

	(void)state;
	assert_true(report_parse_limit("0", &n) && n == 0);
	assert_true(report_parse_limit("15", &n) && n == 15);
	assert_false(report_parse_limit("", &n) || report_parse_limit("-1", &n) ||
		     report_parse_limit("1x", &n) || report_parse_limit("99999999999999999", &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_have_three_digits_and_a_unit),
		cmocka_unit_test(percentiles_are_within_one_percent),
		cmocka_unit_test(ranks_do_not_slip),
		cmocka_unit_test(percentile_lists_are_read_strictly),
		cmocka_unit_test(hostile_text_cannot_reach_the_terminal),
		cmocka_unit_test(commands_are_shown_as_typed),
		cmocka_unit_test(near_names_are_found),
		cmocka_unit_test(rows_are_sorted_and_chosen),
		cmocka_unit_test(careless_patterns_end),
		cmocka_unit_test(limits_are_read_strictly),
	};

	return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
