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
#include <string.h>

#include "compare.h"
#include "../base/error.h"
#include "stats.h"

enum {
	DRAWS = 500,
	FEWEST_RUNS = 5, /* fewer give too few different draws for an interval */
	STEP = 8,	 /* buckets between two marks */
};

/* A side, and how often each of its runs was drawn. */
struct drawn {
	const struct model_bucket *buckets;
	size_t n;
	size_t runs;
	double *weight, *calls; /* of each run */
	/* Mark k: the calls of each run in the k * STEP buckets at the top; so a tail is found by halving. */
	double *marks;
	size_t n_marks;
	uint64_t random;
};

/* Calls in the buckets above a mark, as often as their runs were drawn.  Sums of whole numbers: exact. */
static double above_mark(const struct drawn *d, size_t mark)
{
	double above = 0;

	for (size_t run = 0; run < d->runs; run++)
		above += d->weight[run] * d->marks[mark * d->runs + run];
	return above;
}

/*
 * The lowest mark above which there are no more calls than that.  From a guess on, in growing steps: it is near that of the draw
 * before.
 */
static size_t find_mark(const struct drawn *d, double room, size_t guess)
{
	size_t low = 0, high = d->n_marks;

	for (size_t step = 1; low < guess && guess < high; step *= 4) {
		if (above_mark(d, guess) <= room) {
			low = guess;
			guess += step;
		} else {
			high = guess;
			guess = guess > step ? guess - step : 0;
		}
	}
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (above_mark(d, middle) <= room)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Nearest rank.  This is done thousands of times: walking through the tail was a third of the time of a `hotpath diff`. */
static double percentile(const struct drawn *d, double percent, size_t *guess)
{
	double all = 0, above, room;
	size_t mark;

	for (size_t run = 0; run < d->runs; run++)
		all += d->weight[run] * d->calls[run];
	if (all <= 0)
		return NAN;
	room = all - ceil(percent / 100 * all * (1 - 1e-14));
	mark = *guess = find_mark(d, room, *guess);
	above = above_mark(d, mark);
	for (size_t i = d->n - mark * STEP; i-- > 0;) {
		above += d->weight[d->buckets[i].run] * d->buckets[i].count;
		if (above > room)
			return d->buckets[i].ns;
	}
	return NAN;
}

static int make_marks(struct drawn *d)
{
	d->n_marks = d->n / STEP + 1;
	d->marks = calloc(d->n_marks * d->runs + 1, sizeof(*d->marks));
	if (!d->marks)
		return -1;
	for (size_t mark = 1; mark < d->n_marks; mark++) {
		double *here = d->marks + mark * d->runs;

		memcpy(here, here - d->runs, d->runs * sizeof(*here));
		for (size_t i = d->n - mark * STEP; i < d->n - (mark - 1) * STEP; i++)
			here[d->buckets[i].run] += d->buckets[i].count;
	}
	return 0;
}

static void drawn_release(struct drawn *d)
{
	free(d->weight);
	free(d->marks);
}

static int drawn_init(struct drawn *d, const struct model_diff_function *f, int side, size_t runs)
{
	memset(d, 0, sizeof(*d));
	d->buckets = f->buckets[side];
	d->n = f->n_buckets[side];
	d->runs = runs;
	d->random = 1 + (uint64_t)side;
	d->weight = calloc(2 * runs + 1, sizeof(*d->weight));
	if (!d->weight)
		return -1;
	d->calls = d->weight + runs;
	for (size_t i = 0; i < d->n; i++)
		d->calls[d->buckets[i].run] += d->buckets[i].count;
	for (size_t run = 0; run < runs; run++)
		d->weight[run] = 1;
	return make_marks(d);
}

static void draw(struct drawn *d)
{
	memset(d->weight, 0, d->runs * sizeof(*d->weight));
	for (size_t i = 0; i < d->runs; i++)
		d->weight[stats_random(&d->random) % d->runs]++;
}

static void take_interval(struct model_tail *tail, double *changes, size_t n)
{
	tail->ci_low = tail->ci_high = NAN;
	if (n < DRAWS / 2)
		return;
	stats_sort(changes, n);
	tail->ci_low = 100 * (changes[(size_t)(0.025 * (double)(n - 1))] - 1);
	tail->ci_high = 100 * (changes[(size_t)ceil(0.975 * (double)(n - 1))] - 1);
}

static void resample(struct drawn sides[2], struct model_diff_function *f,
		     double changes[MODEL_TAILS][DRAWS])
{
	size_t kept[MODEL_TAILS] = {0}, guess[2][MODEL_TAILS] = {{0}};

	for (int i = 0; i < DRAWS; i++) {
		draw(&sides[0]);
		draw(&sides[1]);
		for (int t = 0; t < MODEL_TAILS; t++) {
			double base = percentile(&sides[0], f->tails[t].percent, &guess[0][t]);
			double head = percentile(&sides[1], f->tails[t].percent, &guess[1][t]);

			if (base > 0 && head > 0)
				changes[t][kept[t]++] = head / base;
		}
	}
	for (int t = 0; t < MODEL_TAILS; t++)
		take_interval(&f->tails[t], changes[t], kept[t]);
}

int compare_tails(struct model_diff *diff, struct model_diff_function *f, struct error *error)
{
	static const double percents[MODEL_TAILS] = {95, 99};
	double changes[MODEL_TAILS][DRAWS];
	struct drawn sides[2] = {{0}};
	bool failed = drawn_init(&sides[0], f, 0, diff->base.n) ||
		      drawn_init(&sides[1], f, 1, diff->head.n);

	for (int i = 0; i < MODEL_TAILS && !failed; i++) {
		struct model_tail *tail = &f->tails[i];

		size_t guess[2] = {0};

		tail->percent = percents[i];
		tail->base_ns = percentile(&sides[0], percents[i], &guess[0]);
		tail->head_ns = percentile(&sides[1], percents[i], &guess[1]);
		tail->change = tail->base_ns > 0 ? 100 * (tail->head_ns / tail->base_ns - 1) : NAN;
		tail->ci_low = tail->ci_high = NAN;
	}
	if (!failed && diff->base.n >= FEWEST_RUNS && diff->head.n >= FEWEST_RUNS)
		resample(sides, f, changes);
	drawn_release(&sides[0]);
	drawn_release(&sides[1]);
	return failed ? error_memory(error) : ERR_OK;
}
