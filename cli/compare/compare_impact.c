/* SPDX-License-Identifier: MIT */
/*
 * What the change of the whole owes to each function.
 *
 * Rows that add up need sums, and sums follow a single run that was disturbed: of 20 runs of 31 ms, one of 70 ms moves
 * the mean by more than a true change of 6 % does.  Medians do not follow it, but those of functions do not add up to that of
 * the whole.  So a side's figures are means over the same runs for all functions: the middle half of the side's, by
 * the time of the whole.  From one to three runs that is all of them.
 */
#include "compare.h"

#include <stdlib.h>

#include "../base/error.h"

struct side {
	const struct model_cell *cells;
	const bool *middle;
	size_t n;
};

static double mean_calls(const struct model_cell *cells, size_t n)
{
	double calls = 0;

	for (size_t i = 0; i < n; i++)
		calls += cells[i].calls / (double)n;
	return calls;
}

static bool calls_vary(const struct model_cell *cells, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (cells[i].calls != cells[0].calls)
			return true;
	return false;
}

static void middle_means(const struct side *side, double *calls, double *self)
{
	size_t kept = 0;

	*calls = *self = 0;
	for (size_t i = 0; i < side->n; i++) {
		if (!side->middle[i])
			continue;
		*calls += side->cells[i].calls;
		*self += side->cells[i].self_ns;
		kept++;
	}
	*calls /= (double)(kept ? kept : 1);
	*self /= (double)(kept ? kept : 1);
}

/*
 * The change of the time of a run, divided into what more or fewer calls make of it and what dearer or
 * cheaper ones do, each at the mean of both sides of the other, so that nothing is left over:
 *     c1 u1 - c0 u0 = (c1 - c0) (u0 + u1) / 2 + (u1 - u0) (c0 + c1) / 2
 */
static void attribute(const struct model_diff *diff, struct model_diff_function *f,
		      const bool *middle)
{
	const struct side base = {f->cells, middle, diff->base.n};
	const struct side head = {f->cells + diff->base.n, middle + diff->base.n, diff->head.n};
	double calls0, calls1, self0, self1, cost0, cost1;

	f->calls_base = mean_calls(base.cells, base.n);
	f->calls_head = mean_calls(head.cells, head.n);
	f->calls_vary = calls_vary(base.cells, base.n) || calls_vary(head.cells, head.n);
	middle_means(&base, &calls0, &self0);
	middle_means(&head, &calls1, &self1);
	cost0 = calls0 > 0 ? self0 / calls0 : 0;
	cost1 = calls1 > 0 ? self1 / calls1 : 0;
	f->impact_ns = self1 - self0;
	if (calls0 == calls1)
		f->impact_cost = f->impact_ns;
	else if (cost0 == 0 || cost1 == 0) /* no call has no cost either: all is due to the calls */
		f->impact_cost = 0;
	else
		f->impact_cost = (cost1 - cost0) * (calls0 + calls1) / 2;
	f->impact_calls = f->impact_ns - f->impact_cost;
}

static int by_self(const void *one, const void *other, void *data)
{
	const struct model_cell *cells = data;
	double a = cells[*(const size_t *)one].self_ns, b = cells[*(const size_t *)other].self_ns;

	return (a > b) - (a < b);
}

static void choose_middle(const struct model_cell *cells, size_t n, size_t *order, bool *middle)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	if (n)
		qsort_r(order, n, sizeof(*order), by_self, (void *)cells);
	for (size_t i = n / 4; i < n - n / 4; i++)
		middle[order[i]] = true;
}

int compare_impact(struct model_diff *diff, struct error *error)
{
	size_t base = diff->base.n, head = diff->head.n;
	struct model_diff_function *total = &diff->total;
	size_t *order = calloc(base + head + 1, sizeof(*order));
	bool *middle = calloc(base + head + 1, sizeof(*middle));
	int rc = order && middle ? ERR_OK : error_memory(error);

	if (!rc) {
		choose_middle(total->cells, base, order, middle);
		choose_middle(total->cells + base, head, order, middle + base);
		attribute(diff, total, middle);
		total->impact_calls = total->impact_cost = 0;
	}
	/* The whole's own calls and cost say nothing: its parts are what was called more or is dearer. */
	for (size_t i = 0; i < diff->n && !rc; i++) {
		attribute(diff, &diff->functions[i], middle);
		total->impact_calls += diff->functions[i].impact_calls;
		total->impact_cost += diff->functions[i].impact_cost;
	}
	free(order);
	free(middle);
	return rc;
}
