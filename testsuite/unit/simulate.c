/* SPDX-License-Identifier: MIT */
#include "simulate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/compare/compare.h"
#include "../../cli/base/error.h"
#include "fake_image.h"

const struct simulation simulate_realistic = {
	.functions = 200,
	.spread = 0.02,
	.wild = 0.7,
	.between = 0.01,
	.drift = 0.03,
	.outliers = 0.03,
	.change = 1,
	.min_effect = 0.02,
};

static double uniform(uint64_t *random)
{
	return (double)(fake_random(random) >> 11) / 9007199254740992.0;
}

/* When each run of the session takes place, 0 .. 1: both sides in one random order. */
static void shuffle(double *when, size_t n, uint64_t *random)
{
	for (size_t i = 0; i < n; i++)
		when[i] = (double)i / (double)n;
	for (size_t i = n; i > 1; i--) {
		size_t other = fake_random(random) % i;
		double kept = when[i - 1];

		when[i - 1] = when[other];
		when[other] = kept;
	}
}

static void make_function(const struct simulation *what, struct model_diff_function *f, size_t rank,
			  double factor, const double *common, uint64_t *random)
{
	double ns = 1e9 / (double)(rank + 1), calls = (double)(1 + fake_random(random) % 100000);
	double spread = what->spread * exp(what->wild * fake_normal(random));

	for (size_t r = 0; r < what->base + what->head; r++) {
		double noise = spread * fake_normal(random) + common[r];

		if (uniform(random) < what->outliers)
			noise += log(1.05 + 0.45 * uniform(random));
		f->cells[r].calls = calls;
		f->cells[r].self_ns = ns * exp(noise) * (r < what->base ? 1 : factor);
		f->cells[r].total_ns = f->cells[r].self_ns;
	}
}

static void count(const struct simulation *what, const struct model_diff *diff, size_t changed,
		  struct simulated *counts)
{
	bool wrong = false;

	for (size_t i = 0; i < diff->n; i++) {
		const struct model_change *c = &diff->functions[i].change;
		double truth = i == changed ? 100 * (what->change - 1) : 0;
		bool verdict = c->verdict == VERDICT_SLOWER || c->verdict == VERDICT_FASTER;

		if (i == changed && truth != 0) {
			counts->found +=
				c->verdict == (truth > 0 ? VERDICT_SLOWER : VERDICT_FASTER);
			counts->false_same += c->verdict == VERDICT_SAME;
		} else {
			wrong |= verdict;
		}
		if (isnan(c->p) || isnan(c->ci_low))
			continue;
		counts->intervals++;
		counts->covered += c->ci_low <= truth && truth <= c->ci_high;
	}
	if (what->change == 1)
		wrong |= diff->total.change.verdict == VERDICT_SLOWER ||
			 diff->total.change.verdict == VERDICT_FASTER;
	counts->false_diffs += wrong;
	counts->diffs++;
}

/* One of those that hold a fiftieth of the time or more. */
static size_t choose(size_t functions, uint64_t *random)
{
	double sum = 0;
	size_t above = 0;

	for (size_t i = 0; i < functions; i++)
		sum += 1 / (double)(i + 1);
	while (above < functions && 1 / (double)(above + 1) / sum >= 0.0205)
		above++;
	return fake_random(random) % (above ? above : 1);
}

void simulate(const struct simulation *what, size_t diffs, uint64_t seed, struct simulated *counts)
{
	struct compare_options options = COMPARE_DEFAULTS;
	size_t runs = what->base + what->head;
	struct model_diff diff = {.base.n = what->base, .head.n = what->head, .n = what->functions};
	double *common = calloc(runs, sizeof(*common));
	struct error error = {0};

	options.min_effect = what->min_effect;
	diff.functions = calloc(diff.n, sizeof(*diff.functions));
	for (size_t i = 0; i < diff.n; i++) {
		char name[32];

		snprintf(name, sizeof(name), "f%zu", i);
		diff.functions[i].name = strdup(name);
		diff.functions[i].cells = calloc(runs, sizeof(struct model_cell));
	}
	for (size_t d = 0; d < diffs; d++) {
		size_t changed = choose(diff.n, &seed);
		double drift = what->drift * (2 * uniform(&seed) - 1);

		shuffle(common, runs, &seed);
		for (size_t r = 0; r < runs; r++)
			common[r] = drift * common[r] + what->between * fake_normal(&seed);
		for (size_t i = 0; i < diff.n; i++)
			make_function(what, &diff.functions[i], i, i == changed ? what->change : 1,
				      common, &seed);
		if (compare(&diff, &options, &error))
			abort();
		count(what, &diff, changed, counts);
	}
	free(common);
	model_diff_release(&diff);
}
