/* SPDX-License-Identifier: MIT */
#include "changes.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

static const double LEVEL = 0.95;

/* Below this an interval says too little to be shown (compare.c). */
static const double LEAST_LEVEL = 0.899;

/*
 * How many of its own standard deviations the spread between groups has to be above what noise makes of it.  With 2 more changes
 * are found in short series (10 commits of 4 runs, 5 % at 2 % noise: 84 % instead of 82 %), but jitter of half the noise passes
 * for a change in 8 % of series of 8 commits instead of 5 %.
 */
static const double CLEARLY = 1.5;

/* The share of histories in which jitter alone may pass for a change. */
static const double JITTER_ALPHA = 0.05;

/* One way to cut an interval of groups in two. */
struct cut {
	uint32_t from, at, to; /* groups, from the first of the part that is searched */
	double share, weight;  /* of the left side's runs; how far its sum may lie off by chance */
};

struct finder {
	const struct changes_series *series;
	const struct changes_options *options;
	double jitter;	 /* 0: none, or none that can be told */
	double apart;	 /* how far two groups may lie apart by chance where there is jitter */
	double *medians; /* of each group */
	double *ranks, *sums, *levels, *room;
	struct cut *cuts;
	size_t n_cuts, cuts_capacity;
	uint64_t random;
	struct change_point *points;
	size_t n, capacity;
};

static size_t runs_in(const struct finder *f, size_t from, size_t to)
{
	return f->series->begin[to] - f->series->begin[from];
}

/*
 * Standard deviation of values around 0, of which up to a quarter may be changes: from the smallest three quarters, times what
 * these are smaller than all where values are normal.  It needs fewer values than the median of their sizes would.
 */
static double robust_scale(double *values, size_t n)
{
	size_t kept = (3 * n + 3) / 4;
	double share = (double)kept / (double)n, sum = 0, least = 1;

	for (size_t i = 0; i < n; i++)
		values[i] = fabs(values[i]);
	stats_sort(values, n);
	for (size_t i = 0; i < kept; i++)
		sum += values[i] * values[i];
	if (kept < n) {
		double q = stats_quantile((1 + share) / 2);

		least -= 2 * q * exp(-q * q / 2) / sqrt(2 * M_PI) / share;
	}
	return sqrt(sum / (double)kept / least);
}

static double level_of(struct finder *f, size_t from, size_t to)
{
	size_t n = runs_in(f, from, to);

	memcpy(f->room, f->series->values + f->series->begin[from], n * sizeof(*f->room));
	stats_sort(f->room, n);
	return stats_median(f->room, n);
}

static void find_medians(struct finder *f)
{
	for (size_t g = 0; g < f->series->n_groups; g++)
		f->medians[g] = level_of(f, g, g + 1);
}

/* The spread of runs of one group, from one to the next, so that a drift within a group does not count. */
static double run_scale(struct finder *f)
{
	const struct changes_series *s = f->series;
	size_t n = 0;

	for (size_t g = 0; g < s->n_groups; g++)
		for (size_t i = s->begin[g] + 1; i < s->begin[g + 1]; i++)
			f->room[n++] = (s->values[i] - s->values[i - 1]) / sqrt(2);
	/* Too few pairs, and what the runs of a commit do among themselves is not known. */
	return 2 * n >= s->n_groups ? robust_scale(f->room, n) : NAN;
}

/* Variance of the median of n runs, for a variance of 1 of each. */
static double median_variance(size_t n)
{
	return n < 3 ? 1 / (double)n : M_PI / 2 / ((double)n + M_PI / 2 - 1);
}

/* What the differences between so many groups are worth: they are not independent, and some are left out. */
static double degrees_of_freedom(size_t groups)
{
	return 0.4 * (double)(groups - 1);
}

/*
 * How many standard deviations chance reaches, in either direction and at any of as many places as there are groups: the
 * quantile of Student's distribution (Cornish-Fisher), for the deviation is estimated as well.
 */
static double deviations_of_chance(size_t groups)
{
	double z = stats_quantile(1 - JITTER_ALPHA / 2 / (double)groups);

	return z + (z * z * z + z) / (4 * degrees_of_freedom(groups));
}

/*
 * The differences between neighbouring groups, against what the noise of their runs makes of them.  Only what is clearly more
 * is jitter: a few groups would show some by chance.
 */
static void find_jitter(struct finder *f)
{
	size_t groups = f->series->n_groups;
	double runs = run_scale(f), both, noise = 0;

	if (groups < CHANGES_JITTER || isnan(runs))
		return;
	for (size_t g = 0; g < groups; g++)
		noise += runs * runs * median_variance(runs_in(f, g, g + 1)) / (double)groups;
	for (size_t g = 1; g < groups; g++)
		f->room[g - 1] = (f->medians[g] - f->medians[g - 1]) / sqrt(2);
	both = robust_scale(f->room, groups - 1);
	if (both * both <= noise * (1 + CLEARLY / sqrt(degrees_of_freedom(groups))))
		return;
	f->jitter = sqrt(both * both - noise);
	f->apart = both * deviations_of_chance(groups);
}

struct place {
	double value;
	size_t at;
};

static int by_value(const void *one, const void *other)
{
	const struct place *a = one, *b = other;

	return (a->value > b->value) - (a->value < b->value);
}

/* Ranks around 0 of the runs of some groups, equal values sharing their middle.  False: they are all the same. */
static bool find_ranks(struct finder *f, size_t from, size_t to, struct place *order)
{
	const double *values = f->series->values + f->series->begin[from];
	size_t n = runs_in(f, from, to);

	for (size_t i = 0; i < n; i++)
		order[i] = (struct place){values[i], i};
	qsort(order, n, sizeof(*order), by_value);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i; end < n && order[end].value == order[i].value; end++)
			;
		for (size_t k = i; k < end; k++)
			f->ranks[order[k].at] = ((double)i + (double)end - (double)n) / 2;
	}
	return order[0].value != order[n - 1].value;
}

static int add_cuts(struct finder *f, size_t first, size_t from, size_t to)
{
	double n = (double)runs_in(f, first + from, first + to);

	if (f->n_cuts + (to - from) > f->cuts_capacity) {
		size_t capacity = 2 * f->cuts_capacity + (to - from) + 64;
		struct cut *more = realloc(f->cuts, capacity * sizeof(*more));

		if (!more)
			return -1;
		f->cuts = more;
		f->cuts_capacity = capacity;
	}
	for (size_t at = from + 1; at < to; at++) {
		double left = (double)runs_in(f, first + from, first + at);

		f->cuts[f->n_cuts++] = (struct cut){(uint32_t)from, (uint32_t)at, (uint32_t)to,
						    left / n, n / (left * (n - left))};
	}
	return 0;
}

/* Intervals of half the length each time, each beginning in the middle of the one before, down to two groups. */
static int make_cuts(struct finder *f, size_t first, size_t groups)
{
	f->n_cuts = 0;
	for (size_t length = groups; length >= 2;
	     length = length > 3 ? (length + 1) / 2 : length - 1) {
		size_t step = length / 2;

		for (size_t from = 0; from + length < groups; from += step)
			if (add_cuts(f, first, from, from + length))
				return -1;
		if (add_cuts(f, first, groups - length, groups))
			return -1;
	}
	return 0;
}

static void add_levels(struct finder *f, size_t first, size_t groups)
{
	f->levels[0] = 0;
	for (size_t g = 0; g < groups; g++)
		f->levels[g + 1] = f->levels[g] + f->medians[first + g];
}

/* Sums of the ranks up to each group. */
static void add_up(struct finder *f, size_t first, size_t groups)
{
	const size_t *begin = f->series->begin + first;
	double sum = 0;

	f->sums[0] = 0;
	for (size_t g = 0; g < groups; g++) {
		for (size_t i = begin[g] - begin[0]; i < begin[g + 1] - begin[0]; i++)
			sum += f->ranks[i];
		f->sums[g + 1] = sum;
	}
}

static double score(const struct finder *f, const struct cut *c)
{
	double left = f->sums[c->at] - f->sums[c->from], all = f->sums[c->to] - f->sums[c->from];
	double off = left - all * c->share;

	return off * off * c->weight;
}

/* How far apart jitter and noise could put the levels of so many groups and so many others. */
static double by_chance(const struct finder *f, size_t left, size_t right)
{
	return f->apart * sqrt(1 / (double)left + 1 / (double)right);
}

static bool above_jitter(const struct finder *f, const struct cut *c)
{
	size_t left = c->at - c->from, right = c->to - c->at;
	double apart = (f->levels[c->to] - f->levels[c->at]) / (double)right -
		       (f->levels[c->at] - f->levels[c->from]) / (double)left;

	return fabs(apart) >= by_chance(f, left, right);
}

static const struct cut *best_cut(const struct finder *f, double *best)
{
	const struct cut *found = NULL;

	*best = 0;
	for (size_t i = 0; i < f->n_cuts; i++) {
		double s = score(f, &f->cuts[i]);

		if (s > *best && above_jitter(f, &f->cuts[i])) {
			*best = s;
			found = &f->cuts[i];
		}
	}
	return found;
}

static bool any_as_good(const struct finder *f, double least)
{
	for (size_t i = 0; i < f->n_cuts; i++)
		if (score(f, &f->cuts[i]) >= least)
			return true;
	return false;
}

static void shuffle(struct finder *f, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t other = stats_random(&f->random) % i;
		double kept = f->ranks[i - 1];

		f->ranks[i - 1] = f->ranks[other];
		f->ranks[other] = kept;
	}
}

/* p of the best cut, 1 as soon as it is too large. */
static double test(struct finder *f, size_t first, size_t groups, double best)
{
	unsigned orders = f->options->orders, as_good = 0;
	double most = f->options->alpha * (orders + 1);

	for (unsigned i = 0; i < orders; i++) {
		shuffle(f, runs_in(f, first, first + groups));
		add_up(f, first, groups);
		/* Sums are rounded in another order each time. */
		as_good += any_as_good(f, best * (1 - 1e-9));
		if (1 + as_good > most)
			return 1;
	}
	return (1.0 + as_good) / (1.0 + orders);
}

static int add_point(struct finder *f, size_t at, double p)
{
	if (f->n == f->capacity) {
		size_t capacity = 2 * f->capacity + 8;
		struct change_point *more = realloc(f->points, capacity * sizeof(*more));

		if (!more)
			return -1;
		f->points = more;
		f->capacity = capacity;
	}
	f->points[f->n++] = (struct change_point){.at = at, .p = p};
	return 0;
}

/* Finds at most one change among some groups; *at is its place, 0 when there is none. */
static int search(struct finder *f, size_t from, size_t to, struct place *order, size_t *at)
{
	size_t groups = to - from;
	const struct cut *cut;
	double best, p;

	*at = 0;
	if (groups < 2 || !find_ranks(f, from, to, order))
		return 0;
	if (make_cuts(f, from, groups))
		return -1;
	add_levels(f, from, groups);
	add_up(f, from, groups);
	cut = best_cut(f, &best);
	if (!cut)
		return 0;
	p = test(f, from, groups, best);
	if (p > f->options->alpha)
		return 0;
	*at = from + cut->at;
	return add_point(f, *at, p);
}

/* Parts that are still to be searched, as a stack: each has at least two groups, and none overlap. */
struct part {
	size_t from, to;
};

static int divide(struct finder *f, struct part *parts, struct place *order)
{
	size_t n = 0;

	parts[n++] = (struct part){0, f->series->n_groups};
	while (n) {
		struct part part = parts[--n];
		size_t at;

		if (search(f, part.from, part.to, order, &at))
			return -1;
		if (at - part.from >= 2 && at)
			parts[n++] = (struct part){part.from, at};
		if (part.to - at >= 2 && at)
			parts[n++] = (struct part){at, part.to};
	}
	return 0;
}

static int by_place(const void *one, const void *other)
{
	const struct change_point *a = one, *b = other;

	return (a->at > b->at) - (a->at < b->at);
}

static size_t before(const struct finder *f, size_t i)
{
	return i ? f->points[i - 1].at : 0;
}

static size_t behind(const struct finder *f, size_t i)
{
	return i + 1 < f->n ? f->points[i + 1].at : f->series->n_groups;
}

/*
 * Moves a change to where the runs between its neighbours lie closest to the levels that it now parts.  Not to the best cut by
 * ranks: where a few runs are far away from all others, ranks do not say how far, and a noisy neighbour looks as good.
 */
static void settle(struct finder *f, size_t i)
{
	const struct changes_series *s = f->series;
	size_t from = before(f, i), to = behind(f, i);
	double left = level_of(f, from, f->points[i].at);
	double right = level_of(f, f->points[i].at, to);
	double nearer = 0, best = INFINITY;

	for (size_t g = from; g + 1 < to; g++) {
		for (size_t k = s->begin[g]; k < s->begin[g + 1]; k++)
			nearer += fabs(s->values[k] - left) - fabs(s->values[k] - right);
		if (nearer < best) {
			best = nearer;
			f->points[i].at = g + 1;
		}
	}
}

/* How large a change is. */
static void measure(struct finder *f, size_t i)
{
	struct change_point *point = &f->points[i];
	size_t from = before(f, i), to = behind(f, i);
	size_t m = runs_in(f, from, point->at), n = runs_in(f, point->at, to);
	double *x = f->room, *y = f->room + m, around;
	struct stats_interval interval;

	memcpy(x, f->series->values + f->series->begin[from], (m + n) * sizeof(*x));
	stats_sort(x, m);
	stats_sort(y, n);
	point->shift = stats_shift(x, m, y, n);
	interval = stats_shift_interval(x, m, y, n, LEVEL, false);
	point->low = point->high = NAN;
	if (!(interval.confidence > LEAST_LEVEL))
		return;
	around = f->jitter * stats_quantile((1 + LEVEL) / 2) *
		 sqrt(1 / (double)(point->at - from) + 1 / (double)(to - point->at));
	point->low = point->shift - hypot(point->shift - interval.low, around);
	point->high = point->shift + hypot(interval.high - point->shift, around);
}

static void settle_all(struct finder *f)
{
	enum { ROUNDS = 3 };

	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < f->n; i++)
			settle(f, i);
	for (size_t i = 0; i < f->n; i++)
		measure(f, i);
}

/* How large a change is, measured by the least effect and by what jitter makes by chance; below 1 it is none. */
static double size_of(const struct finder *f, size_t i)
{
	const struct change_point *point = &f->points[i];
	double effect = fabs(point->shift), least = f->options->min_effect;
	double chance = by_chance(f, point->at - before(f, i), behind(f, i) - point->at);

	return effect / (chance > least ? chance : least);
}

/* Drops the smallest change when it is too small; false when there is none such. */
static bool drop(struct finder *f)
{
	size_t least = 0;

	for (size_t i = 1; i < f->n; i++)
		if (size_of(f, i) < size_of(f, least))
			least = i;
	if (f->n == 0 || size_of(f, least) >= 1)
		return false;
	memmove(f->points + least, f->points + least + 1, (f->n - least - 1) * sizeof(*f->points));
	f->n--;
	return true;
}

static int find(struct finder *f)
{
	size_t groups = f->series->n_groups, runs = f->series->begin[groups];
	struct place *order = calloc(runs + 1, sizeof(*order));
	struct part *parts = calloc(groups + 1, sizeof(*parts));
	int rc = order && parts ? 0 : -1;

	if (!rc) {
		find_medians(f);
		find_jitter(f);
		rc = divide(f, parts, order);
	}
	if (!rc && f->n)
		qsort(f->points, f->n, sizeof(*f->points), by_place);
	do
		settle_all(f);
	while (drop(f));
	free(order);
	free(parts);
	return rc;
}

int changes_find(const struct changes_series *series, const struct changes_options *options,
		 struct change_point **points, size_t *n, double *jitter)
{
	size_t groups = series->n_groups, runs = groups ? series->begin[groups] : 0;
	double *all = calloc(3 * groups + 2 * runs + 3, sizeof(*all));
	struct finder f = {.series = series, .options = options, .random = options->seed};
	int rc = all ? 0 : -1;

	if (!rc && groups) {
		f.medians = all;
		f.sums = f.medians + groups;
		f.levels = f.sums + groups + 1;
		f.ranks = f.levels + groups + 1;
		f.room = f.ranks + runs;
		rc = find(&f);
	}
	free(all);
	free(f.cuts);
	if (rc) {
		free(f.points);
		f = (struct finder){0};
	}
	*points = f.points;
	*n = f.n;
	if (jitter)
		*jitter = f.jitter;
	return rc;
}

int changes_exact(const struct changes_series *series, const struct changes_options *options,
		  struct change_point **points, size_t *n)
{
	struct finder f = {.series = series, .options = options};

	for (size_t g = 1; g < series->n_groups; g++) {
		double shift =
			series->values[series->begin[g]] - series->values[series->begin[g - 1]];

		if (fabs(shift) < options->min_effect)
			continue;
		if (add_point(&f, g, 0)) {
			free(f.points);
			*points = NULL;
			*n = 0;
			return -1;
		}
		f.points[f.n - 1].shift = f.points[f.n - 1].low = f.points[f.n - 1].high = shift;
	}
	*points = f.points;
	*n = f.n;
	return 0;
}
