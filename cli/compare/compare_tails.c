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
	LEAST_STEP = 8,
};

static const double percents[MODEL_TAILS] = {[MODEL_P95] = 95, [MODEL_P99] = 99};

/* A bucket of one run. */
struct bucket {
	double ns, count;
	size_t run;
};

/* A side of a comparison, for all its functions. */
struct side {
	size_t runs;
	double *all;   /* each run once */
	double *draws; /* how often each run was drawn, DRAWS times; NULL: too few runs */
};

/* A side of one function. */
struct sample {
	size_t runs;
	double *calls; /* of each run */
	/*
	 * Ascending; only those that a percentile may fall into.  What runs have together lies above the lowest of their own
	 * percentiles, however they are drawn.
	 */
	struct bucket *buckets;
	size_t n;
	/* Mark k: the calls of each run in the k * step buckets at the top; so a tail is found by halving. */
	double *marks;
	size_t n_marks, step;
};

/* Calls in the buckets above a mark, as often as their runs were drawn.  Sums of whole numbers: exact. */
static double above_mark(const struct sample *s, const double *weight, size_t mark)
{
	const double *here = s->marks + mark * s->runs;
	double above = 0;

	for (size_t run = 0; run < s->runs; run++)
		above += weight[run] * here[run];
	return above;
}

/*
 * The lowest mark above which there are no more calls than that.  From a guess on, in growing steps: it is near that of the draw
 * before.
 */
static size_t find_mark(const struct sample *s, const double *weight, double room, size_t guess)
{
	size_t low = 0, high = s->n_marks;

	for (size_t step = 1; low < guess && guess < high; step *= 4) {
		if (above_mark(s, weight, guess) <= room) {
			low = guess;
			guess += step;
		} else {
			high = guess;
			guess = guess > step ? guess - step : 0;
		}
	}
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (above_mark(s, weight, middle) <= room)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Of so many calls, how many lie above a percentile, by nearest rank. */
static double room_above(double calls, double percent)
{
	return calls - ceil(percent / 100 * calls * (1 - 1e-14));
}

/* This is done thousands of times: walking through the tail was a third of the time of a `hotpath diff`. */
static double percentile(const struct sample *s, const double *weight, double percent,
			 size_t *guess)
{
	double all = 0, above, room;
	size_t mark;

	for (size_t run = 0; run < s->runs; run++)
		all += weight[run] * s->calls[run];
	if (all <= 0)
		return NAN;
	room = room_above(all, percent);
	mark = *guess = find_mark(s, weight, room, *guess);
	above = above_mark(s, weight, mark);
	for (size_t i = s->n - mark * s->step; i-- > 0;) {
		above += weight[s->buckets[i].run] * s->buckets[i].count;
		if (above > room)
			return s->buckets[i].ns;
	}
	return NAN;
}

/* Of one histogram: the first of the buckets from its percentile on; its calls. */
static size_t first_of_tail(const struct model_histogram *h, double percent, double *calls)
{
	double room, above = 0;
	size_t first = h->n;

	*calls = 0;
	for (size_t i = 0; i < h->n; i++)
		*calls += h->buckets[i].count;
	room = room_above(*calls, percent);
	while (first > 0 && above <= room)
		above += h->buckets[--first].count;
	return first;
}

/* merge: merges [a, b) and [b, c) of one list into another; stable. */
static void merge(const struct bucket *from, size_t a, size_t b, size_t c, struct bucket *to)
{
	for (size_t i = a, j = b, k = a; k < c; k++)
		to[k] = i < b && (j >= c || from[i].ns <= from[j].ns) ? from[i++] : from[j++];
}

/*
 * Sorts a list of ascending parts by merging neighbours; qsort() took a third of a comparison.
 *
 * ends  where each part ends; used up
 * room  as long as the list
 */
static void merge_parts(struct bucket *list, size_t n, size_t *ends, size_t parts,
			struct bucket *room)
{
	struct bucket *from = list, *to = room;

	while (parts > 1) {
		struct bucket *swap = from;
		size_t begin = 0, merged = 0;

		for (size_t i = 0; i < parts; i += 2) {
			size_t end = i + 1 < parts ? ends[i + 1] : ends[i];

			merge(from, begin, ends[i], end, to);
			begin = ends[merged++] = end;
		}
		parts = merged;
		from = to;
		to = swap;
	}
	if (from != list)
		memcpy(list, from, n * sizeof(*list));
}

/* The buckets of all histograms above the lowest of their percentiles. */
static int take_buckets(struct sample *s, const struct model_histogram *list, size_t n,
			double percent)
{
	size_t all = 0, *ends = calloc(n + 1, sizeof(*ends));
	double least = INFINITY;

	for (size_t i = 0; i < n; i++) {
		double calls;
		size_t first = first_of_tail(&list[i], percent, &calls);

		s->calls[list[i].run] += calls;
		all += list[i].n;
		if (first < list[i].n && list[i].buckets[first].ns < least)
			least = list[i].buckets[first].ns;
	}
	/* And as much again, to merge them. */
	s->buckets = malloc((2 * all + 1) * sizeof(*s->buckets));
	if (!ends || !s->buckets) {
		free(ends);
		return -1;
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < list[i].n; k++)
			if (list[i].buckets[k].ns >= least)
				s->buckets[s->n++] =
					(struct bucket){list[i].buckets[k].ns,
							list[i].buckets[k].count, list[i].run};
		ends[i] = s->n;
	}
	merge_parts(s->buckets, s->n, ends, n, s->buckets + all);
	free(ends);
	return 0;
}

/* A step as long as there are runs: marks take no more room than the buckets, and no longer to add up than a step to walk. */
static int make_marks(struct sample *s)
{
	s->step = s->runs > LEAST_STEP ? s->runs : LEAST_STEP;
	s->n_marks = s->n / s->step + 1;
	s->marks = calloc(s->n_marks * s->runs + 1, sizeof(*s->marks));
	if (!s->marks)
		return -1;
	for (size_t mark = 1; mark < s->n_marks; mark++) {
		double *here = s->marks + mark * s->runs;

		memcpy(here, here - s->runs, s->runs * sizeof(*here));
		for (size_t i = s->n - mark * s->step; i < s->n - (mark - 1) * s->step; i++)
			here[s->buckets[i].run] += s->buckets[i].count;
	}
	return 0;
}

static void sample_release(struct sample *s)
{
	free(s->calls);
	free(s->buckets);
	free(s->marks);
}

static int sample_init(struct sample *s, const struct model_diff_function *f, int side, size_t runs,
		       double percent)
{
	memset(s, 0, sizeof(*s));
	s->runs = runs;
	s->calls = calloc(runs + 1, sizeof(*s->calls));
	if (!s->calls || take_buckets(s, f->histograms[side], f->n_histograms[side], percent))
		return -1;
	return make_marks(s);
}

static void side_release(struct side *side)
{
	free(side->all);
	free(side->draws);
}

static int side_init(struct side *side, size_t runs, uint64_t seed, bool draws)
{
	memset(side, 0, sizeof(*side));
	side->runs = runs;
	side->all = calloc(runs + 1, sizeof(*side->all));
	side->draws = draws ? calloc(DRAWS * runs, sizeof(*side->draws)) : NULL;
	if (!side->all || (draws && !side->draws))
		return -1;
	for (size_t run = 0; run < runs; run++)
		side->all[run] = 1;
	for (size_t i = 0; draws && i < DRAWS * runs; i++)
		side->draws[i / runs * runs + stats_random(&seed) % runs]++;
	return 0;
}

static void take_interval(struct model_tail *tail, double *changes, size_t n)
{
	if (n < DRAWS / 2)
		return;
	stats_sort(changes, n);
	tail->ci_low = 100 * (changes[(size_t)(0.025 * (double)(n - 1))] - 1);
	tail->ci_high = 100 * (changes[(size_t)ceil(0.975 * (double)(n - 1))] - 1);
}

static void resample(const struct sample *base, const struct sample *head,
		     const struct side sides[2], struct model_tail *tail)
{
	double changes[DRAWS];
	size_t kept = 0, guess[2] = {0};

	for (size_t i = 0; i < DRAWS; i++) {
		double before =
			percentile(base, sides[0].draws + i * base->runs, tail->percent, &guess[0]);
		double after =
			percentile(head, sides[1].draws + i * head->runs, tail->percent, &guess[1]);

		if (before > 0 && after > 0)
			changes[kept++] = after / before;
	}
	take_interval(tail, changes, kept);
}

static int look_at(struct model_diff_function *f, const struct side sides[2], int first)
{
	struct sample base, head = {0};
	int rc = sample_init(&base, f, 0, sides[0].runs, percents[first]);

	if (!rc)
		rc = sample_init(&head, f, 1, sides[1].runs, percents[first]);
	for (int i = 0; i < MODEL_TAILS && !rc; i++) {
		struct model_tail *tail = &f->tails[i];
		size_t guess[2] = {0};

		*tail = (struct model_tail){percents[i], NAN, NAN, NAN, NAN, NAN};
		if (i < first)
			continue;
		tail->base_ns = percentile(&base, sides[0].all, percents[i], &guess[0]);
		tail->head_ns = percentile(&head, sides[1].all, percents[i], &guess[1]);
		if (tail->base_ns > 0)
			tail->change = 100 * (tail->head_ns / tail->base_ns - 1);
		if (sides[0].draws)
			resample(&base, &head, sides, tail);
	}
	sample_release(&base);
	sample_release(&head);
	return rc;
}

int compare_tails(struct model_diff *diff, int first, struct error *error)
{
	bool draws = diff->base.n >= FEWEST_RUNS && diff->head.n >= FEWEST_RUNS;
	struct side sides[2] = {{0}};
	int rc = side_init(&sides[0], diff->base.n, 1, draws) ||
		 side_init(&sides[1], diff->head.n, 2, draws);

	for (size_t i = 0; i < diff->n && !rc; i++)
		rc = look_at(&diff->functions[i], sides, first);
	side_release(&sides[0]);
	side_release(&sides[1]);
	return rc ? error_memory(error) : ERR_OK;
}
