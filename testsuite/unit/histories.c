/* SPDX-License-Identifier: MIT */
#include "histories.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "../../cli/compare/changes.h"
#include "fake_image.h"

static double uniform(uint64_t *random)
{
	return (double)(fake_random(random) >> 11) / 9007199254740992.0;
}

void histories_make(const struct history_truth *t, double *values, size_t *begin, uint64_t *random)
{
	size_t n = 0;

	for (size_t g = 0; g < t->commits; g++) {
		double level = t->jitter * fake_normal(random);

		level += g >= t->at && g < t->until ? log1p(t->step) : 0;
		begin[g] = n;
		for (size_t r = 0; r < t->runs; r++) {
			values[n] = level + t->noise * fake_normal(random);
			values[n++] += uniform(random) < t->outliers
					       ? log(1.05 + 0.45 * uniform(random))
					       : 0;
		}
	}
	begin[t->commits] = n;
}

static void count(const struct history_truth *t, const struct change_point *points, size_t n,
		  struct history_tally *tally)
{
	size_t places[] = {t->at, t->until}, wanted = t->until < t->commits ? 2 : 1;
	bool exact = n == wanted, near = exact;

	tally->series++;
	tally->none += n == 0;
	for (size_t i = 0; i < n && i < wanted; i++) {
		double shift = i ? -log1p(t->step) : log1p(t->step);
		size_t off = points[i].at > places[i] ? points[i].at - places[i]
						      : places[i] - points[i].at;

		exact &= off == 0;
		near &= off <= 1;
		if (off || isnan(points[i].low) || n != wanted)
			continue;
		tally->intervals++;
		tally->covered += points[i].low <= shift && shift <= points[i].high;
	}
	tally->exact += exact;
	tally->near += near;
}

static bool is_sound(const struct change_point *points, size_t n, size_t commits,
		     const struct changes_options *options)
{
	for (size_t k = 0; k < n; k++)
		if (points[k].at <= (k ? points[k - 1].at : 0) || points[k].at >= commits ||
		    points[k].p <= 0 || points[k].p > options->alpha ||
		    fabs(points[k].shift) < options->min_effect)
			return false;
	return true;
}

struct history_tally histories_try(const struct history_truth *t, size_t series)
{
	double *values = calloc(t->commits * t->runs, sizeof(*values));
	size_t *begin = calloc(t->commits + 1, sizeof(*begin));
	uint64_t random = 88172645463325252u;
	struct history_tally tally = {0};

	for (size_t i = 0; i < series; i++) {
		struct changes_options options = CHANGES_DEFAULTS;
		struct changes_series s = {values, begin, t->commits};
		struct change_point *points;
		size_t n;

		options.seed = i + 1;
		histories_make(t, values, begin, &random);
		if (changes_find(&s, &options, &points, &n, NULL))
			abort();
		tally.unsound += !is_sound(points, n, t->commits, &options);
		count(t, points, n, &tally);
		free(points);
	}
	free(values);
	free(begin);
	return tally;
}
