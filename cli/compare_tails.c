/* SPDX-License-Identifier: MIT */
/*
 * Percentiles of all calls of a side, and how sure their change is.
 *
 * Runs are drawn again with replacement, as many as there were, and the percentile taken of the calls of those that were
 * drawn; the middle 95 % of the changes are the interval.  Drawing calls would take the calls of one run for independent and
 * make it many times too narrow.
 */
#include <math.h>
#include <stdlib.h>

#include "compare.h"
#include "error.h"
#include "stats.h"

enum {
	DRAWS = 1000,
	FEWEST_RUNS = 5, /* fewer give too few different draws for an interval */
};

/* Nearest rank over the buckets, each run counted as often as it was drawn. */
static double percentile(const struct model_bucket *buckets, size_t n, const double *weight,
			 double percent)
{
	double all = 0, seen = 0, place;

	for (size_t i = 0; i < n; i++)
		all += weight[buckets[i].run] * buckets[i].count;
	if (all <= 0)
		return NAN;
	place = ceil(percent / 100 * all * (1 - 1e-14));
	for (size_t i = 0; i < n; i++) {
		seen += weight[buckets[i].run] * buckets[i].count;
		if (seen >= place)
			return buckets[i].ns;
	}
	return NAN;
}

static void draw(double *weight, size_t n, uint64_t *random)
{
	for (size_t i = 0; i < n; i++)
		weight[i] = 0;
	for (size_t i = 0; i < n; i++)
		weight[stats_random(random) % n]++;
}

static void resample(const struct model_diff *diff, const struct model_diff_function *f,
		     struct model_tail *tail, double *weight, double *changes)
{
	uint64_t random = 1;
	size_t kept = 0;

	for (int i = 0; i < DRAWS; i++) {
		double base, head;

		draw(weight, diff->base.n, &random);
		base = percentile(f->buckets[0], f->n_buckets[0], weight, tail->percent);
		draw(weight, diff->head.n, &random);
		head = percentile(f->buckets[1], f->n_buckets[1], weight, tail->percent);
		if (base > 0 && head > 0)
			changes[kept++] = head / base;
	}
	stats_sort(changes, kept);
	if (kept < DRAWS / 2)
		return;
	tail->ci_low = 100 * (changes[(size_t)(0.025 * (double)(kept - 1))] - 1);
	tail->ci_high = 100 * (changes[(size_t)ceil(0.975 * (double)(kept - 1))] - 1);
}

int compare_tails(struct model_diff *diff, struct model_diff_function *f, struct error *error)
{
	static const double percents[MODEL_TAILS] = {95, 99};
	size_t most = diff->base.n > diff->head.n ? diff->base.n : diff->head.n;
	double *weight = calloc(most + 1 + DRAWS, sizeof(*weight));

	if (!weight)
		return error_memory(error);
	for (int i = 0; i < MODEL_TAILS; i++) {
		struct model_tail *tail = &f->tails[i];

		for (size_t run = 0; run < most; run++)
			weight[run] = 1;
		tail->percent = percents[i];
		tail->base_ns = percentile(f->buckets[0], f->n_buckets[0], weight, percents[i]);
		tail->head_ns = percentile(f->buckets[1], f->n_buckets[1], weight, percents[i]);
		tail->change = tail->base_ns > 0 ? 100 * (tail->head_ns / tail->base_ns - 1) : NAN;
		tail->ci_low = tail->ci_high = NAN;
		if (diff->base.n >= FEWEST_RUNS && diff->head.n >= FEWEST_RUNS &&
		    !isnan(tail->change))
			resample(diff, f, tail, weight, weight + most + 1);
	}
	free(weight);
	return ERR_OK;
}
