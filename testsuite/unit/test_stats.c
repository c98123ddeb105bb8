/* SPDX-License-Identifier: MIT */
/* Statistics against published tables, against counting out, and the promises of the comparison in small. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/compare/compare.h"
#include "../../cli/base/error.h"
#include "../../cli/base/names.h"
#include "../../cli/compare/stats.h"
#include "fake_image.h"
#include "simulate.h"

/* Values whose U is `u`: n ys 1 .. n, and m xs, each behind as many ys as it has to count. */
static double p_of_u(size_t m, size_t n, size_t u)
{
	double x[64], y[64];

	for (size_t i = 0; i < n; i++)
		y[i] = (double)i + 1;
	for (size_t i = m; i-- > 0;) {
		size_t over = u < n ? u : n;

		x[i] = (double)over + 0.5 + (double)i / 1000;
		u -= over;
	}
	return stats_rank_test(x, m, y, n);
}

/* The two-sided 5 % points that textbooks print: the largest U that is significant. */
static void critical_values_are_those_of_the_tables(void **state)
{
	static const struct {
		size_t m, n, u;
	} table[] = {{4, 4, 0},	   {3, 5, 0},	{5, 5, 2},    {4, 8, 4},    {6, 6, 5},
		     {5, 9, 7},	   {7, 7, 8},	{8, 8, 13},   {7, 9, 12},   {9, 9, 17},
		     {10, 10, 23}, {8, 12, 22}, {12, 12, 37}, {15, 15, 64}, {20, 20, 127},
		     {10, 20, 55}, {2, 8, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_true(p_of_u(table[i].m, table[i].n, table[i].u) <= 0.05);
		assert_true(p_of_u(table[i].m, table[i].n, table[i].u + 1) > 0.05);
	}
}

/* Water through the membranes of pregnancies, at term and before: an example of Hollander and Wolfe. */
static void a_published_example_comes_out(void **state)
{
	double x[] = {1.15, 0.88, 0.90, 0.74, 1.21};
	double y[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
	struct stats_interval interval;

	(void)state;
	stats_sort(x, 5);
	stats_sort(y, 10);
	assert_true(fabs(stats_rank_test(x, 5, y, 10) - 2 * 0.1272) < 1e-4);
	assert_true(fabs(stats_rank_test(y, 10, x, 5) - 2 * 0.1272) < 1e-4);
	assert_true(fabs(stats_shift(x, 5, y, 10) - 0.305) < 1e-9);
	interval = stats_shift_interval(x, 5, y, 10, 0.95, true);
	assert_true(fabs(interval.low + 0.15) < 1e-9 && fabs(interval.high - 0.76) < 1e-9);
	assert_true(interval.confidence > 0.95 && interval.confidence < 0.97);
}

/* Twice the sum of the ranks of the values at the places of `mask`. */
static double rank_sum(const double *sorted, size_t n, unsigned mask)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n && mask >> i & 1; j++)
			sum += sorted[j] < sorted[i] ? 2 : sorted[j] == sorted[i] ? 1 : 0;
	return sum;
}

/* p by dealing out the values in all ways. */
static double p_by_counting(const double *x, size_t m, const double *y, size_t n)
{
	double all[16], mean, seen = 0, ways = 0, far = 0;
	unsigned mine = 0;

	memcpy(all, x, m * sizeof(*x));
	memcpy(all + m, y, n * sizeof(*y));
	for (size_t i = 0; i < m; i++)
		mine |= 1u << i;
	mean = (double)m * (double)(m + n);
	seen = fabs(rank_sum(all, m + n, mine) - mean);
	for (unsigned mask = 0; mask < 1u << (m + n); mask++) {
		if ((size_t)__builtin_popcount(mask) != m)
			continue;
		ways++;
		far += fabs(rank_sum(all, m + n, mask) - mean) >= seen - 1e-9;
	}
	return far / ways;
}

static void p_is_exact_with_and_without_ties(void **state)
{
	uint64_t random = 7;

	(void)state;
	for (int round = 0; round < 60; round++) {
		size_t m = 1 + fake_random(&random) % 6, n = 1 + fake_random(&random) % 6;
		double x[8], y[8];
		unsigned values = round % 2 ? 1000000 : 4;

		for (size_t i = 0; i < m; i++)
			x[i] = (double)(fake_random(&random) % values);
		for (size_t i = 0; i < n; i++)
			y[i] = (double)(fake_random(&random) % values + (unsigned)round % 3);
		stats_sort(x, m);
		stats_sort(y, n);
		assert_true(fabs(stats_rank_test(x, m, y, n) - p_by_counting(x, m, y, n)) < 1e-9);
	}
}

/* Shift and interval are order statistics of all differences; here by making and sorting them. */
static void shift_and_interval_are_differences(void **state)
{
	uint64_t random = 3;

	(void)state;
	for (int round = 0; round < 50; round++) {
		size_t m = 4 + fake_random(&random) % 9, n = 4 + fake_random(&random) % 9, k = 0;
		double x[16], y[16], all[256], median;
		struct stats_interval interval;

		for (size_t i = 0; i < m; i++)
			x[i] = fake_normal(&random);
		for (size_t i = 0; i < n; i++)
			y[i] = round % 3 ? fake_normal(&random) : -1e6 * (double)(i % 2);
		stats_sort(x, m);
		stats_sort(y, n);
		for (size_t i = 0; i < m; i++)
			for (size_t j = 0; j < n; j++)
				all[k++] = y[j] - x[i];
		stats_sort(all, k);
		median = k % 2 ? all[k / 2] : (all[k / 2 - 1] + all[k / 2]) / 2;
		assert_true(stats_shift(x, m, y, n) == median);
		interval = stats_shift_interval(x, m, y, n, 0.95, true);
		assert_true(interval.confidence >= 0.95);
		k = 0;
		while (k < m * n && all[k] != interval.low)
			k++;
		assert_true(k < m * n);
		/* Where many are the same the first of them need not be the one that is meant. */
		if (round % 3)
			assert_true(all[m * n - 1 - k] == interval.high);
		/* At its ends themselves, which do not lie within, and on both sides of them. */
		for (size_t i = 0; i < m * n; i++) {
			double limit = fabs(all[i]);
			bool within = interval.low > -limit && interval.high < limit;

			assert_int_equal(stats_shift_within(x, m, y, n, 0.95, limit), within);
			limit = nextafter(limit, INFINITY);
			within = interval.low > -limit && interval.high < limit;
			assert_int_equal(stats_shift_within(x, m, y, n, 0.95, limit), within);
		}
	}
}

/* Sorting by gaps, and by the library what is larger. */
static void sorted_is_sorted(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 3, 9, 10, 11, 500, 5000, 5001};
	static double values[5001];
	uint64_t random = 11;

	(void)state;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		double sum = 0, after = 0;

		for (size_t i = 0; i < sizes[k]; i++)
			sum += values[i] = (double)(fake_random(&random) % 1000);
		stats_sort(values, sizes[k]);
		for (size_t i = 0; i < sizes[k]; i++)
			after += values[i];
		for (size_t i = 1; i < sizes[k]; i++)
			assert_true(values[i - 1] <= values[i]);
		assert_true(sum == after);
	}
}

/* The tables of the normal distribution, and that one is the other's inverse from end to end. */
static void quantiles_are_inverse(void **state)
{
	(void)state;
	assert_true(fabs(stats_quantile(0.975) - 1.959963984540054) < 1e-12);
	assert_true(fabs(stats_quantile(0.8) - 0.8416212335729143) < 1e-12);
	assert_true(fabs(stats_quantile(1e-9) + 5.997807015007686) < 1e-12);
	assert_true(stats_quantile(0.5) == 0);
	for (double p = 1e-300; p < 0.5; p *= 7)
		assert_true(fabs(stats_normal(stats_quantile(p)) / p - 1) < 1e-9);
	for (double p = 0.5; p < 0.999; p += 0.001)
		assert_true(fabs(stats_normal(stats_quantile(p)) - p) < 1e-12);
}

static void edges_are_safe(void **state)
{
	double x[60], y[60];
	struct stats_interval interval;

	(void)state;
	for (int i = 0; i < 60; i++) {
		x[i] = i;
		y[i] = i + 100;
	}
	assert_true(stats_rank_test(x, 0, y, 5) == 1);
	assert_true(isnan(stats_shift(x, 0, y, 5)));
	assert_true(stats_rank_test(x, 1, y, 1) == 1);
	assert_true(stats_rank_test(x, 60, y, 60) < 1e-15);
	assert_true(stats_rank_test(x, 60, x, 60) == 1);
	assert_true(fabs(stats_least_p(4, 4) - 2.0 / 70) < 1e-12);
	assert_true(stats_least_p(1, 1) == 1);
	assert_true(stats_least_p(0, 9) == 1);
	/* C(50, 25), the largest that is counted out. */
	assert_true(stats_least_p(25, 25) == 2 / 126410606437752.0);
	interval = stats_shift_interval(x, 3, y, 3, 0.95, true);
	assert_true(isnan(interval.low) && interval.confidence == 0);
	interval = stats_shift_interval(x, 3, y, 3, 0.95, false);
	assert_true(fabs(interval.confidence - 0.9) < 1e-12);
	interval = stats_shift_interval(x, 60, y, 60, 0.95, true);
	assert_true(interval.low < 100 && interval.high > 100);
	assert_true(isnan(stats_median(x, 0)));
	/* All the same on each side: ties everywhere. */
	for (int i = 0; i < 60; i++) {
		x[i] = 1;
		y[i] = 2;
	}
	assert_true(fabs(stats_rank_test(x, 5, y, 5) - 2.0 / 252) < 1e-12);
	assert_true(stats_rank_test(x, 5, x, 5) == 1);
	assert_true(stats_shift(x, 5, y, 5) == 1);
}

/* The example of Benjamini and Hochberg's article: 15 tests, of which four are found at 5 %. */
static void adjustment_is_as_published(void **state)
{
	double p[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
		      0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
	size_t found = 0;

	(void)state;
	assert_int_equal(stats_adjust(p, 15), 0);
	for (size_t i = 0; i < 15; i++)
		found += p[i] <= 0.05;
	assert_int_equal(found, 4);
	assert_true(fabs(p[0] - 0.0015) < 1e-12 && fabs(p[3] - 0.0095 * 15 / 4) < 1e-12);
	assert_true(p[14] == 1);
}

static void more_runs_follow_noise_and_shift(void **state)
{
	double few, many;

	(void)state;
	few = stats_runs_needed(0.05, 0.02, 0.05, 0.8);
	many = stats_runs_needed(0.01, 0.02, 0.05, 0.8);
	assert_true(few >= 3 && few <= 6);
	assert_true(many > 20 * few / 2 && many < 100);
	assert_true(stats_runs_needed(1, 0, 0.05, 0.8) == 4);
	assert_true(isinf(stats_runs_needed(0, 0.02, 0.05, 0.8)));
}

struct cells {
	struct model_diff diff;
	struct model_diff_function functions[4];
};

/* Functions a, b, c with two runs a side, each with the given calls and time of its own per run. */
static void make_diff(struct cells *all, const double calls[][2], const double self[][2], size_t n)
{
	static const char *const names[] = {"a", "b", "c", "d"};

	memset(all, 0, sizeof(*all));
	all->diff.base.n = all->diff.head.n = 2;
	all->diff.functions = calloc(n, sizeof(*all->diff.functions));
	all->diff.n = n;
	for (size_t i = 0; i < n; i++) {
		struct model_diff_function *f = &all->diff.functions[i];

		f->name = strdup(names[i]);
		f->mangled = strdup(names[i]);
		f->qualified = strdup(names[i]);
		f->cells = calloc(4, sizeof(*f->cells));
		for (size_t r = 0; r < 4; r++) {
			f->cells[r].calls = calls[i][r / 2];
			f->cells[r].self_ns = self[i][r / 2];
		}
	}
}

static void the_split_adds_up(void **state)
{
	static const double calls[][2] = {{10, 20}, {5, 5}, {0, 7}, {9, 0}};
	static const double self[][2] = {{1000, 3000}, {500, 400}, {0, 70}, {90, 0}};
	struct compare_options options = COMPARE_DEFAULTS;
	struct error error = {0};
	struct cells all;
	double sum = 0, sum_calls = 0, sum_cost = 0;

	(void)state;
	make_diff(&all, calls, self, 4);
	assert_int_equal(compare(&all.diff, &options, &error), ERR_OK);
	for (size_t i = 0; i < 4; i++) {
		struct model_diff_function *f = &all.diff.functions[i];

		assert_true(fabs(f->impact_calls + f->impact_cost - f->impact_ns) < 1e-9);
		sum += f->impact_ns;
		sum_calls += f->impact_calls;
		sum_cost += f->impact_cost;
	}
	assert_true(fabs(sum_calls - all.diff.total.impact_calls) < 1e-9);
	assert_true(fabs(sum_cost - all.diff.total.impact_cost) < 1e-9);
	assert_true(fabs(sum - all.diff.total.impact_ns) < 1e-9);
	/* 10 more calls at 125 ns on average, and 50 ns more for each of 15 on average. */
	assert_true(fabs(all.diff.functions[0].impact_calls - 1250) < 1e-9);
	assert_true(fabs(all.diff.functions[0].impact_cost - 750) < 1e-9);
	assert_true(all.diff.functions[1].impact_calls == 0);
	assert_int_equal(all.diff.functions[2].change.verdict, VERDICT_ADDED);
	assert_int_equal(all.diff.functions[3].change.verdict, VERDICT_REMOVED);
	assert_int_equal(all.diff.functions[0].change.verdict, VERDICT_INCONCLUSIVE);
	assert_true(all.diff.functions[0].change.more_runs >= 2);
	assert_false(all.diff.functions[0].calls_vary);
	model_diff_release(&all.diff);
}

/* One run of four was disturbed in all its functions: what the others say stands, and still adds up. */
static void one_disturbed_run_does_not_make_the_impact(void **state)
{
	struct model_diff diff = {.base.n = 4, .head.n = 4, .n = 2};
	struct compare_options options = COMPARE_DEFAULTS;
	struct error error = {0};

	(void)state;
	diff.functions = calloc(2, sizeof(*diff.functions));
	for (int i = 0; i < 2; i++) {
		diff.functions[i].name = strdup(i ? "b" : "a");
		diff.functions[i].cells = calloc(8, sizeof(struct model_cell));
		for (int r = 0; r < 8; r++) {
			diff.functions[i].cells[r].calls = 10;
			diff.functions[i].cells[r].self_ns = (r == 6 ? 9000 : 1000) + r % 4;
		}
	}
	assert_int_equal(compare(&diff, &options, &error), ERR_OK);
	for (int i = 0; i < 2; i++)
		assert_true(fabs(diff.functions[i].impact_ns) < 2);
	assert_true(fabs(diff.functions[0].impact_ns + diff.functions[1].impact_ns -
			 diff.total.impact_ns) < 1e-9);
	model_diff_release(&diff);
}

static void names_are_told_apart(void **state)
{
	static const char *const files[] = {"x.c", "y.c", "y.c", "x.c"};
	struct model_diff diff = {.n = 4};
	char **names;

	(void)state;
	diff.functions = calloc(4, sizeof(*diff.functions));
	for (int i = 0; i < 4; i++) {
		diff.functions[i].name = strdup(i == 3 ? "other" : "f");
		diff.functions[i].mangled = strdup(i == 1 ? "_Z1fi" : "_Z1fv");
		diff.functions[i].file = strdup(files[i]);
		diff.functions[i].line = 7;
	}
	names = model_diff_names(&diff);
	assert_string_equal(names[0], "f (x.c)");
	assert_string_equal(names[1], "f (y.c):7 _Z1fi");
	assert_string_equal(names[2], "f (y.c):7 _Z1fv");
	assert_string_equal(names[3], "other");
	names_free(names, 4);
	model_diff_release(&diff);
}

static void long_names_are_cut_at_a_character_and_stay_apart(void **state)
{
	char one[80], other[80];
	char *a, *b;

	(void)state;
	memset(one, 'x', sizeof(one));
	one[79] = '\0';
	memcpy(one + 13, "\xc3\xa9", 2); /* ends behind the 14 bytes that stay */
	memcpy(other, one, sizeof(one));
	other[78] = 'y';
	a = names_cut(one, 32);
	b = names_cut(other, 32);
	assert_memory_equal(a, "xxxxxxxxxxxxx #", 15);
	assert_int_equal(strlen(a), 31);
	assert_string_not_equal(a, b);
	free(a);
	free(b);
	a = names_cut("short", 32);
	assert_string_equal(a, "short");
	free(a);
}

/* The ranks of the sign test's tables: 2nd of 10 (97.9 %), 6th of 20 (95.9 %). */
static void the_median_has_an_interval(void **state)
{
	double x[20];
	struct stats_interval interval;

	(void)state;
	for (int i = 0; i < 20; i++)
		x[i] = i + 1;
	interval = stats_median_interval(x, 10, 0.95);
	assert_true(interval.low == 2 && interval.high == 9);
	assert_true(fabs(interval.confidence - 0.978515625) < 1e-12);
	interval = stats_median_interval(x, 20, 0.95);
	assert_true(interval.low == 6 && interval.high == 15);
	interval = stats_median_interval(x, 6, 0.95);
	assert_true(interval.low == 1 && interval.high == 6 && interval.confidence > 0.95);
	interval = stats_median_interval(x, 3, 0.95);
	assert_true(interval.low == 1 && interval.high == 3 && interval.confidence == 0.75);
	assert_true(isnan(stats_median_interval(x, 1, 0.95).low));
	assert_true(isnan(stats_median_interval(x, 0, 0.95).low));
}

static void too_few_runs_are_known(void **state)
{
	(void)state;
	assert_false(compare_can_tell(3, 3, 1));
	assert_true(compare_can_tell(4, 4, 1));
	assert_false(compare_can_tell(4, 4, 5));
	assert_true(compare_can_tell(5, 5, 5));
	assert_int_equal(compare_least_runs(1), 4);
	assert_int_equal(compare_least_runs(5), 5);
}

static void counts_are_compared_exactly(void **state)
{
	static const double calls[][2] = {{10, 20}, {5, 5}, {1000, 1001}};
	static const double self[][2] = {{1000, 1000}, {500, 500}, {500, 500}};
	struct compare_options options = COMPARE_DEFAULTS;
	struct error error = {0};
	struct cells all;

	(void)state;
	options.metric = METRIC_CALLS;
	make_diff(&all, calls, self, 3);
	assert_int_equal(compare(&all.diff, &options, &error), ERR_OK);
	assert_int_equal(all.diff.functions[0].change.verdict, VERDICT_SLOWER);
	assert_true(fabs(all.diff.functions[0].change.change - 100) < 1e-9);
	assert_int_equal(all.diff.functions[1].change.verdict, VERDICT_SAME);
	assert_int_equal(all.diff.functions[2].change.verdict, VERDICT_SAME);
	model_diff_release(&all.diff);
}

/* Of a function that not every run calls, the others have no calls and no time: they are no runs that are not there. */
static void runs_without_calls_count_in_metrics_per_run(void **state)
{
	struct model_diff diff = {.base.n = 10, .head.n = 10, .n = 1};
	struct compare_options options = COMPARE_DEFAULTS;
	struct model_change *change;
	struct error error = {0};

	(void)state;
	diff.functions = calloc(1, sizeof(*diff.functions));
	change = &diff.functions[0].change;
	diff.functions[0].name = strdup("retry");
	diff.functions[0].cells = calloc(20, sizeof(struct model_cell));
	for (int r = 0; r < 20; r++) {
		diff.functions[0].cells[r].calls = r < 2 || r >= 10 ? 100 : 0;
		diff.functions[0].cells[r].self_ns = 50 * diff.functions[0].cells[r].calls;
	}
	options.metric = METRIC_CALLS;
	assert_int_equal(compare(&diff, &options, &error), ERR_OK);
	assert_int_equal(change->verdict, VERDICT_SLOWER);
	assert_true(change->base == 0 && change->head == 100);
	options.metric = METRIC_RUN;
	assert_int_equal(compare(&diff, &options, &error), ERR_OK);
	assert_int_equal(change->verdict, VERDICT_SLOWER);
	assert_true(change->base == 0 && change->head == 5000);
	/* A time per call is of the runs that have one. */
	options.metric = METRIC_SELF;
	assert_int_equal(compare(&diff, &options, &error), ERR_OK);
	assert_true(change->verdict != VERDICT_SLOWER && change->base == 50 && change->head == 50);
	model_diff_release(&diff);
}

/* What is compared is at least a nanosecond; what is shown is what was measured. */
static void figures_below_a_nanosecond_are_shown_as_they_are(void **state)
{
	static const double calls[][2] = {{1000, 1000}};
	static const double self[][2] = {{250, 500}};
	struct compare_options options = COMPARE_DEFAULTS;
	struct error error = {0};
	struct cells all;

	(void)state;
	make_diff(&all, calls, self, 1);
	assert_int_equal(compare(&all.diff, &options, &error), ERR_OK);
	assert_true(all.diff.functions[0].change.base == 0.25);
	assert_true(all.diff.functions[0].change.head == 0.5);
	assert_true(all.diff.functions[0].change.head_low == 0.5);
	assert_true(all.diff.functions[0].change.change == 0);
	model_diff_release(&all.diff);
}

/* A process of a run, with two buckets or, with no calls in the second, one. */
static void add_histogram(struct model_diff_function *f, int side, size_t run, double calls,
			  double ns, double more_calls, double more_ns)
{
	struct model_histogram *h;

	f->histograms[side] =
		realloc(f->histograms[side], (f->n_histograms[side] + 1) * sizeof(*h));
	h = &f->histograms[side][f->n_histograms[side]++];
	*h = (struct model_histogram){run, calloc(2, sizeof(*h->buckets)), more_calls > 0 ? 2 : 1};
	h->buckets[0].ns = ns;
	h->buckets[0].count = calls;
	h->buckets[1].ns = more_ns;
	h->buckets[1].count = more_calls;
}

/* 10,000 calls at 100 ns, and 2 % of 1000 ns in the head. */
static void tails_come_from_histograms(void **state)
{
	struct model_diff_function f = {0};
	struct model_diff diff = {.base.n = 6, .head.n = 6, .functions = &f, .n = 1};
	struct error error = {0};

	(void)state;
	for (size_t r = 0; r < 6; r++) {
		add_histogram(&f, 0, r, 10000, 100, 0, 0);
		add_histogram(&f, 1, r, 9800, 100, 200, 1000);
	}
	assert_int_equal(compare_tails(&diff, MODEL_P95, &error), ERR_OK);
	assert_true(f.tails[MODEL_P95].change == 0 && f.tails[MODEL_P95].ci_high == 0);
	assert_true(fabs(f.tails[MODEL_P99].change - 900) < 1e-9);
	assert_true(fabs(f.tails[MODEL_P99].ci_low - 900) < 1e-9);
	assert_int_equal(compare_tails(&diff, MODEL_P99, &error), ERR_OK);
	assert_true(isnan(f.tails[MODEL_P95].change));
	assert_true(fabs(f.tails[MODEL_P99].ci_low - 900) < 1e-9);
	diff.base.n = 4;
	for (size_t i = 4; i < 6; i++)
		free(f.histograms[0][i].buckets);
	f.n_histograms[0] = 4;
	assert_int_equal(compare_tails(&diff, MODEL_P95, &error), ERR_OK);
	assert_true(isnan(f.tails[MODEL_P99].ci_low));
	assert_true(fabs(f.tails[MODEL_P99].change - 900) < 1e-9);
	model_diff_function_release(&f);
}

/* `make check-stats` in small; its bounds allow for the smaller numbers. */
static void the_promises_hold_in_small(void **state)
{
	struct simulation quiet = simulate_realistic;
	struct simulation changed = {.functions = 200,
				     .base = 10,
				     .head = 10,
				     .spread = 0.02,
				     .change = 1.05,
				     .min_effect = 0.02};
	struct simulation slight = {.functions = 1,
				    .base = 10,
				    .head = 10,
				    .spread = 0.003,
				    .change = 1.01,
				    .min_effect = 0.005};
	struct simulated a = {0}, b = {0}, c = {0};

	(void)state;
	quiet.base = quiet.head = 10;
	simulate(&quiet, 300, 1, &a);
	assert_true(a.false_diffs <= 15);
	assert_true(a.covered >= a.intervals * 93 / 100 && a.covered <= a.intervals * 97 / 100);
	simulate(&changed, 300, 2, &b);
	assert_true(b.found >= 285);
	simulate(&slight, 5000, 3, &c);
	assert_int_equal(c.false_same, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(critical_values_are_those_of_the_tables),
		cmocka_unit_test(a_published_example_comes_out),
		cmocka_unit_test(p_is_exact_with_and_without_ties),
		cmocka_unit_test(shift_and_interval_are_differences),
		cmocka_unit_test(sorted_is_sorted),
		cmocka_unit_test(quantiles_are_inverse),
		cmocka_unit_test(edges_are_safe),
		cmocka_unit_test(adjustment_is_as_published),
		cmocka_unit_test(more_runs_follow_noise_and_shift),
		cmocka_unit_test(the_split_adds_up),
		cmocka_unit_test(one_disturbed_run_does_not_make_the_impact),
		cmocka_unit_test(names_are_told_apart),
		cmocka_unit_test(long_names_are_cut_at_a_character_and_stay_apart),
		cmocka_unit_test(the_median_has_an_interval),
		cmocka_unit_test(too_few_runs_are_known),
		cmocka_unit_test(counts_are_compared_exactly),
		cmocka_unit_test(runs_without_calls_count_in_metrics_per_run),
		cmocka_unit_test(figures_below_a_nanosecond_are_shown_as_they_are),
		cmocka_unit_test(tails_come_from_histograms),
		cmocka_unit_test(the_promises_hold_in_small),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
