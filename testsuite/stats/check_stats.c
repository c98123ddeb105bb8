/* SPDX-License-Identifier: MIT */
/*
 * make check-stats: how often the verdicts of `hotpath diff` are right, over simulated runs (testsuite/unit/simulate.h), as a
 * table; and how often `hotpath trend` finds the changes of simulated histories (testsuite/unit/histories.h).  Seeded: always
 * the same figures.  Ends with status 1 when one of the promises does not hold.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/histories.h"
#include "../unit/simulate.h"

enum { DIFFS = 4000, HISTORIES = 2000 };

static int broken;

static void row(const char *what, size_t base, size_t head, double percent, const char *promise,
		int kept)
{
	printf("| %-58s | %2zu + %-2zu | %8.2f %% | %-11s | %s |\n", what, base, head, percent,
	       promise, kept ? "yes" : "NO ");
	fflush(stdout);
	broken |= !kept;
}

static double share(size_t part, size_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static const size_t sides[][2] = {{5, 5}, {6, 9}, {10, 10}, {20, 20}, {30, 30}};

enum { N_SIDES = sizeof(sides) / sizeof(sides[0]) };

static void no_false_alarm(void)
{
	for (size_t i = 0; i < N_SIDES; i++) {
		struct simulation what = simulate_realistic;
		struct simulated counts = {0};
		double percent;

		what.base = sides[i][0];
		what.head = sides[i][1];
		simulate(&what, DIFFS, 100 + i, &counts);
		percent = share(counts.false_diffs, counts.diffs);
		row("A/A, 200 functions: whole diffs with a false verdict", what.base, what.head,
		    percent, "<= 5 %", percent <= 5);
		percent = share(counts.covered, counts.intervals);
		row("A/A: intervals that cover the truth", what.base, what.head, percent,
		    "93 .. 97 %", percent >= 93 && percent <= 97);
	}
}

static void coverage_of_changes(void)
{
	for (size_t i = 0; i < N_SIDES; i++) {
		struct simulation what = simulate_realistic;
		struct simulated counts = {0};
		double percent;

		what.functions = 1;
		what.base = sides[i][0];
		what.head = sides[i][1];
		what.change = 1.05;
		simulate(&what, 5 * DIFFS, 200 + i, &counts);
		percent = share(counts.covered, counts.intervals);
		row("true change 5 %: intervals that cover it", what.base, what.head, percent,
		    "93 .. 97 %", percent >= 93 && percent <= 97);
	}
}

static void changes_are_found(void)
{
	for (int alone = 0; alone < 2; alone++) {
		for (int down = 0; down < 2; down++) {
			struct simulation what = {.functions = alone ? 1 : 200,
						  .base = 10,
						  .head = 10,
						  .spread = 0.02,
						  .change = down ? 0.95 : 1.05,
						  .min_effect = 0.02};
			struct simulated counts = {0};
			char words[80];
			double percent;

			simulate(&what, DIFFS, 300 + alone * 2 + down, &counts);
			percent = share(counts.found, counts.diffs);
			snprintf(words, sizeof(words), "true %s5 %% at 2 %% noise, %s: found",
				 down ? "-" : "+",
				 alone ? "the only function" : "one of 200 functions");
			row(words, 10, 10, percent, ">= 95 %", percent >= 95);
		}
	}
}

static void small_changes_are_not_denied(void)
{
	static const double spreads[] = {0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02};
	static const size_t runs[] = {4, 5, 6, 8, 10, 15, 20, 30};

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		struct simulated counts = {0};

		for (size_t s = 0; s < sizeof(spreads) / sizeof(spreads[0]); s++) {
			struct simulation what = {.functions = 1,
						  .base = runs[i],
						  .head = runs[i],
						  .spread = spreads[s],
						  .change = 1.01,
						  .min_effect = 0.005};

			simulate(&what, 5 * DIFFS, 400 + 10 * i + s, &counts);
		}
		row("true change 1 %, noise 0.05 to 2 %: `same` at 0.5 %", runs[i], runs[i],
		    share(counts.false_same, counts.diffs), "never", counts.false_same == 0);
	}
}

/* The runs are here commits x runs of each. */
static void row_of_history(const char *what, const struct history_truth *truth, double percent,
			   const char *promise, int kept)
{
	char runs[16];

	snprintf(runs, sizeof(runs), "%zux%zu", truth->commits, truth->runs);
	printf("| %-58s | %-7s | %8.2f %% | %-11s | %s |\n", what, runs, percent, promise,
	       kept ? "yes" : "NO ");
	fflush(stdout);
	broken |= !kept;
}

static void histories_without_a_change(void)
{
	static const struct history_truth truths[] = {
		{.commits = 20, .runs = 1, .noise = 0.02},
		{.commits = 20, .runs = 5, .noise = 0.02, .outliers = 0.03},
		{.commits = 100, .runs = 3, .noise = 0.02, .outliers = 0.03},
		{.commits = 20, .runs = 10, .noise = 0.005, .jitter = 0.02, .outliers = 0.03},
		{.commits = 50, .runs = 5, .noise = 0.02, .jitter = 0.01, .outliers = 0.03},
	};

	for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++) {
		struct history_tally tally = histories_try(&truths[i], HISTORIES);
		double percent = share(tally.none, tally.series);
		char words[80];

		snprintf(words, sizeof(words), "history of no change, noise %g %%%s: none found",
			 100 * truths[i].noise,
			 truths[i].jitter > 0.015 ? ", jitter 2 %"
			 : truths[i].jitter > 0	  ? ", jitter 1 %"
						  : "");
		row_of_history(words, &truths[i], percent, ">= 95 %", percent >= 95);
	}
}

static void changes_in_histories(void)
{
	static const struct history_truth truths[] = {
		{.commits = 20, .runs = 5, .noise = 0.02, .step = 0.05, .at = 10, .until = 20},
		{.commits = 20, .runs = 5, .noise = 0.02, .step = -0.05, .at = 10, .until = 20},
		{.commits = 40,
		 .runs = 4,
		 .noise = 0.02,
		 .outliers = 0.03,
		 .step = 0.05,
		 .at = 30,
		 .until = 40},
		{.commits = 20,
		 .runs = 10,
		 .noise = 0.005,
		 .jitter = 0.01,
		 .step = 0.05,
		 .at = 10,
		 .until = 20},
	};

	for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++) {
		struct history_tally tally = histories_try(&truths[i], HISTORIES);
		double percent = share(tally.exact, tally.series);
		char words[80];

		snprintf(words, sizeof(words), "%+g %% at noise %g %%%s: it alone, at its commit",
			 100 * truths[i].step, 100 * truths[i].noise,
			 truths[i].jitter > 0 ? ", jitter 1 %" : "");
		row_of_history(words, &truths[i], percent, ">= 95 %", percent >= 95);
		percent = share(tally.covered, tally.intervals);
		row_of_history("its interval covers it", &truths[i], percent, "93 .. 97 %",
			       percent >= 93 && percent <= 97);
	}
}

int main(void)
{
	printf("| %-58s | %-7s | %-10s | %-11s | %s |\n", "simulated comparisons", "runs",
	       "measured", "promised", "kept");
	printf("| --- | --- | ---: | --- | --- |\n");
	no_false_alarm();
	changes_are_found();
	coverage_of_changes();
	small_changes_are_not_denied();
	histories_without_a_change();
	changes_in_histories();
	return broken;
}
