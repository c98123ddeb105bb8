/* SPDX-License-Identifier: MIT */
#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "stats.h"

static const double ALPHA = 0.05, LEVEL = 0.95, SAME_LEVEL = 0.998, POWER = 0.8;

/* Of ALPHA, what the functions above the floor share, and the total; the others share the rest. */
static const double LARGE_PART = 0.9;

/* Below this an interval says too little to be shown. */
static const double LEAST_LEVEL = 0.899;

/* What a run without calls counts as, beside runs with some: less than one with a single call. */
static const double NO_CALLS = 0.5;

/* More runs than this nobody makes. */
static const double MANY_RUNS = 1000;

/* One function's metric, sorted, for the runs that have one; as it was measured, until into_logs(). */
struct sample {
	double *x, *y;
	size_t m, n;
	double shift; /* describe() finds it */
};

/* The cost of measuring is taken out as a mean: what is left below a nanosecond per call is not known. */
static double log_of(double value, enum model_metric metric)
{
	double least = metric == METRIC_CALLS ? NO_CALLS : 1;

	return log(value > least ? value : least);
}

/* Between the two in the middle as their logarithms have it, so that it goes with the change. */
static double median_of(const double *sorted, size_t n)
{
	if (n == 0)
		return NAN;
	return n % 2 ? sorted[n / 2] : sqrt(sorted[n / 2 - 1] * sorted[n / 2]);
}

static void side_into_logs(double *values, size_t n, enum model_metric metric)
{
	for (size_t i = 0; i < n; i++)
		values[i] = log_of(values[i], metric);
}

/* All that is computed with. */
static void into_logs(struct sample *s, enum model_metric metric)
{
	side_into_logs(s->x, s->m, metric);
	side_into_logs(s->y, s->n, metric);
}

/* A run without calls has no time per call; but none of them is a number of calls, and no time is a time of a run. */
static size_t take_side(const struct model_cell *cells, size_t n, enum model_metric metric,
			double *out)
{
	bool per_run = metric == METRIC_CALLS || metric == METRIC_RUN, called = false;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		called |= cells[i].calls > 0;
	for (size_t i = 0; i < n && called; i++) {
		double value = model_cell_value(&cells[i], metric);

		if ((per_run || cells[i].calls > 0) && !isnan(value))
			out[kept++] = value;
	}
	stats_sort(out, kept);
	return kept;
}

static void take_sample(const struct model_diff *diff, const struct model_cell *cells,
			enum model_metric metric, struct sample *sample)
{
	sample->m = take_side(cells, diff->base.n, metric, sample->x);
	sample->n = take_side(cells + diff->base.n, diff->head.n, metric, sample->y);
}

static double percent_of(double log_ratio)
{
	return 100 * expm1(log_ratio);
}

static bool constant(const double *sorted, size_t n)
{
	return n > 1 && sorted[0] == sorted[n - 1];
}

static void show_figures(const struct sample *s, struct model_change *change)
{
	struct stats_interval head = stats_median_interval(s->y, s->n, LEVEL);

	change->base = median_of(s->x, s->m);
	change->head = median_of(s->y, s->n);
	change->head_low = head.low;
	change->head_high = head.high;
}

/* What the runs say, whether it is tested or not; of a sample as it was measured, which is in logarithms then. */
static void describe(struct sample *s, enum model_metric metric, struct model_change *change)
{
	struct stats_interval interval;

	show_figures(s, change);
	into_logs(s, metric);
	interval = stats_shift_interval(s->x, s->m, s->y, s->n, LEVEL, false);
	s->shift = stats_shift(s->x, s->m, s->y, s->n);
	change->change = percent_of(s->shift);
	change->p = change->q = change->more_runs = NAN;
	change->ci_low = change->ci_high = NAN;
	change->ci_level = 0;
	if (interval.confidence > LEAST_LEVEL) {
		change->ci_low = percent_of(interval.low);
		change->ci_high = percent_of(interval.high);
		change->ci_level = interval.confidence;
	}
}

/* Counts that are the same in all runs of a side need no statistics. */
static bool decide_exactly(const struct sample *s, enum model_metric metric, double min_effect,
			   struct model_change *change)
{
	if (metric != METRIC_CALLS || !constant(s->x, s->m) || !constant(s->y, s->n))
		return false;
	change->p = change->q = s->x[0] == s->y[0];
	change->ci_low = change->ci_high = change->change;
	change->ci_level = 1;
	change->verdict = fabs(s->y[0] - s->x[0]) < log1p(min_effect) ? VERDICT_SAME
			  : s->y[0] > s->x[0]			      ? VERDICT_SLOWER
								      : VERDICT_FASTER;
	return true;
}

static double more_runs(const struct sample *s, double least, double alpha)
{
	double deviation = stats_deviation(s->x, s->m, s->y, s->n), n;
	size_t have = s->m < s->n ? s->m : s->n;

	if (isnan(deviation) || have < 2)
		n = stats_runs_needed(1, 0, alpha, POWER);
	else if (fabs(s->shift) >= least)
		n = stats_runs_needed(s->shift, deviation, alpha, POWER);
	else
		n = stats_runs_needed(least - fabs(s->shift), deviation, 1 - SAME_LEVEL, POWER);
	n -= (double)have;
	if (n > MANY_RUNS)
		return INFINITY;
	return n < 1 ? 1 : n;
}

static enum model_verdict decide(const struct sample *s, double q, double least)
{
	if (q <= ALPHA && fabs(s->shift) >= least)
		return s->shift > 0 ? VERDICT_SLOWER : VERDICT_FASTER;
	return stats_shift_within(s->x, s->m, s->y, s->n, SAME_LEVEL, least) ? VERDICT_SAME
									     : VERDICT_INCONCLUSIVE;
}

static double side_self(const struct model_cell *cells, size_t n)
{
	double self = 0;

	for (size_t i = 0; i < n; i++)
		self += cells[i].self_ns / (double)n;
	return self;
}

static double side_share(const struct model_cell *cells, const struct model_cell *all, size_t n,
			 enum model_metric metric)
{
	double part = 0, whole = side_self(all, n);

	if (metric == METRIC_SELF || metric == METRIC_RUN || metric == METRIC_CALLS)
		part = side_self(cells, n);
	else
		for (size_t i = 0; i < n; i++)
			part += cells[i].total_ns / (double)n;
	return whole > 0 ? part / whole : 0;
}

static int sum_up(struct model_diff *diff, struct error *error)
{
	size_t runs = diff->base.n + diff->head.n;

	if (!diff->total.cells)
		diff->total.cells = calloc(runs + 1, sizeof(*diff->total.cells));
	if (!diff->total.cells)
		return error_memory(error);
	memset(diff->total.cells, 0, runs * sizeof(*diff->total.cells));
	for (size_t r = 0; r < runs; r++) {
		struct model_cell *sum = &diff->total.cells[r];

		for (size_t i = 0; i < diff->n; i++) {
			sum->calls += diff->functions[i].cells[r].calls;
			sum->self_ns += diff->functions[i].cells[r].self_ns;
		}
		sum->total_ns = sum->self_ns;
	}
	return ERR_OK;
}

static void take_total(const struct model_diff *diff, enum model_metric metric, struct sample *s)
{
	const struct model_cell *cells = diff->total.cells;
	enum model_metric whole = model_metric_of_total(metric);

	for (size_t i = 0; i < diff->base.n; i++)
		s->x[i] = model_cell_value(&cells[i], whole);
	for (size_t i = 0; i < diff->head.n; i++)
		s->y[i] = model_cell_value(&cells[diff->base.n + i], whole);
	s->m = diff->base.n;
	s->n = diff->head.n;
	stats_sort(s->x, s->m);
	stats_sort(s->y, s->n);
}

static void take(const struct model_diff *diff, const struct model_diff_function *f,
		 enum model_metric metric, struct sample *s)
{
	if (f == &diff->total)
		take_total(diff, metric, s);
	else
		take_sample(diff, f->cells, metric, s);
}

/* The first look at a function; true when it is to be tested. */
static bool look_at(struct model_diff *diff, struct model_diff_function *f, struct sample *s)
{
	struct model_change *change = &f->change;
	const struct model_cell *all = diff->total.cells;
	size_t base = diff->base.n;
	double share_base = side_share(f->cells, all, base, diff->metric);
	double share_head = side_share(f->cells + base, all + base, diff->head.n, diff->metric);

	f->share = share_base > share_head ? share_base : share_head;
	take(diff, f, diff->metric, s);
	describe(s, diff->metric, change);
	change->verdict = VERDICT_INCONCLUSIVE;
	if (f != &diff->total && (f->calls_base == 0 || f->calls_head == 0)) {
		change->verdict = f->calls_base == 0 ? VERDICT_ADDED : VERDICT_REMOVED;
		return false;
	}
	return !decide_exactly(s, diff->metric, diff->min_effect, change);
}

/* The functions, and after them the total. */
static struct model_diff_function *entry(struct model_diff *diff, size_t i)
{
	return i == diff->n ? &diff->total : &diff->functions[i];
}

/* Functions that share a part of ALPHA: those above the floor, or those below. */
struct family {
	struct member {
		size_t at;
		double shift;
	} * members;
	size_t n;
	double *q;
	double part;
};

static void test(struct model_diff *diff, size_t i, struct family *family, const struct sample *s)
{
	struct model_change *change = &entry(diff, i)->change;

	change->p = stats_rank_test(s->x, s->m, s->y, s->n);
	family->q[family->n] = change->p;
	family->members[family->n++] = (struct member){i, s->shift};
}

static int judge(struct model_diff *diff, struct family *family, struct sample *s)
{
	double least = log1p(diff->min_effect);

	if (stats_adjust(family->q, family->n))
		return -1;
	for (size_t i = 0; i < family->n; i++) {
		struct model_diff_function *f = entry(diff, family->members[i].at);
		struct model_change *change = &f->change;

		take(diff, f, diff->metric, s);
		into_logs(s, diff->metric);
		s->shift = family->members[i].shift;
		change->q = fmin(1, family->q[i] / family->part);
		change->verdict = decide(s, change->q, least);
		if (change->verdict == VERDICT_INCONCLUSIVE)
			change->more_runs =
				more_runs(s, least, ALPHA * family->part / (double)family->n);
	}
	return 0;
}

/* That it has another name or file is what there is to say of a function that did not change otherwise. */
static void mark_renamed(struct model_diff_function *f)
{
	enum model_verdict *verdict = &f->change.verdict;

	if (model_diff_renamed(f) && (*verdict == VERDICT_SAME || *verdict == VERDICT_INCONCLUSIVE))
		*verdict = VERDICT_RENAMED;
}

int compare(struct model_diff *diff, const struct compare_options *options, struct error *error)
{
	size_t runs = diff->base.n + diff->head.n, most = diff->n + 1;
	double *room = calloc(runs + 2 * most, sizeof(*room));
	struct member *members = calloc(2 * most, sizeof(*members));
	struct sample s = {.x = room, .y = room ? room + diff->base.n : NULL};
	int rc = room && members ? sum_up(diff, error) : error_memory(error);
	struct family large = {members, 0, room ? room + runs : NULL, LARGE_PART};
	struct family small = {members ? members + most : NULL, 0, room ? room + runs + most : NULL,
			       1 - LARGE_PART};

	diff->metric = options->metric;
	diff->min_effect = options->min_effect;
	if (!rc)
		rc = compare_impact(diff, error);
	for (size_t i = 0; i <= diff->n && !rc; i++) {
		struct model_diff_function *f = entry(diff, i);

		if (look_at(diff, f, &s))
			test(diff, i, f->share >= options->min_share ? &large : &small, &s);
	}
	if (!rc && (judge(diff, &large, &s) || judge(diff, &small, &s)))
		rc = error_memory(error);
	for (size_t i = 0; i < diff->n; i++)
		mark_renamed(&diff->functions[i]);
	diff->tested = large.n + small.n;
	diff->large = large.n;
	diff->all = diff->matched = diff->n;
	free(room);
	free(members);
	return rc;
}

int compare_per_run(struct model_diff *diff, struct error *error)
{
	double *room = calloc(diff->base.n + diff->head.n + 1, sizeof(*room));
	struct sample s = {.x = room, .y = room ? room + diff->base.n : NULL};

	if (!room)
		return error_memory(error);
	for (size_t i = 0; i <= diff->n; i++) {
		struct model_diff_function *f = entry(diff, i);

		take(diff, f, METRIC_RUN, &s);
		describe(&s, METRIC_RUN, &f->per_run);
	}
	free(room);
	return ERR_OK;
}

bool compare_can_tell(size_t base, size_t head, size_t n)
{
	return stats_least_p(base, head) <= ALPHA * LARGE_PART / (double)(n ? n : 1);
}

double compare_least_runs(size_t n)
{
	return stats_runs_needed(1, 0, ALPHA * LARGE_PART / (double)(n ? n : 1), POWER);
}

static bool is_news(enum model_verdict verdict)
{
	return verdict >= VERDICT_SLOWER;
}

static int by_order(const void *one, const void *other, void *data)
{
	const struct model_diff_function *a = one, *b = other;
	enum compare_order order = *(enum compare_order *)data;
	double x = order == ORDER_CHANGE ? fabs(a->change.change) : fabs(a->impact_ns);
	double y = order == ORDER_CHANGE ? fabs(b->change.change) : fabs(b->impact_ns);
	int names;

	if (order != ORDER_NAME) {
		if (is_news(a->change.verdict) != is_news(b->change.verdict))
			return is_news(a->change.verdict) ? -1 : 1;
		x = isnan(x) ? INFINITY : x;
		y = isnan(y) ? INFINITY : y;
		if (x != y)
			return x < y ? 1 : -1;
	}
	names = strcmp(model_diff_title(a), model_diff_title(b));
	return names ? names : strcmp(a->file ? a->file : "", b->file ? b->file : "");
}

void compare_sort(struct model_diff *diff, enum compare_order order)
{
	if (diff->n)
		qsort_r(diff->functions, diff->n, sizeof(*diff->functions), by_order, &order);
}
