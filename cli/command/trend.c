/* SPDX-License-Identifier: MIT */
#include "trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../compare/changes.h"
#include "diff.h"
#include "../base/error.h"
#include "../base/git.h"
#include "../query/query_trend.h"
#include "../query/run_set.h"
#include "../compare/stats.h"
#include "../base/text.h"
#include "../view/view.h"
#include "../view/view_trend.h"
#include "../base/when.h"

/* Below this an interval says too little to be shown (compare.c). */
static const double LEAST_LEVEL = 0.899;

static int wrong(const char *option, const char *text, const char *expected, struct error *error)
{
	char *shown = text_printable(text);

	error_set(error, ERR_USAGE, "--%s: '%s' is not %s", option, shown ? shown : "", expected);
	free(shown);
	return ERR_USAGE;
}

static int parse_since(const char *text, int64_t *ns, struct error *error)
{
	struct timespec now;

	*ns = INT64_MIN;
	clock_gettime(CLOCK_REALTIME, &now);
	if (text && !when_parse_since(text, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, ns))
		return wrong("since", text,
			     "a time: expected such as yesterday, \"2 weeks ago\" or 2026-11-20",
			     error);
	return ERR_OK;
}

static int parse(const char *function, const struct trend_options *options, struct trend_wish *wish,
		 double *min_effect, struct error *error)
{
	*wish = (struct trend_wish){.function = function,
				    .branch = options->branch,
				    .all_branches = options->all_branches,
				    .host = options->host,
				    .all_hosts = options->all_hosts};
	if (options->branch && options->all_branches)
		return error_set(error, ERR_USAGE,
				 "--branch and --all-branches exclude each other");
	if (options->host && options->all_hosts)
		return error_set(error, ERR_USAGE, "--host and --all-hosts exclude each other");
	if (!diff_parse_metric(options->metric, &wish->metric))
		return wrong("metric", options->metric,
			     "a metric: expected self, total, p50, p99, calls or run", error);
	if (!diff_parse_percent(options->min_effect, min_effect) || *min_effect <= 0)
		return wrong("min-effect", options->min_effect,
			     "an effect: expected more than 0, such as 2%", error);
	if (strcmp(function, "total") == 0 &&
	    (wish->metric == METRIC_P50 || wish->metric == METRIC_P99))
		return error_set(error, ERR_USAGE,
				 "--metric: all functions together have no percentiles: expected "
				 "self or calls");
	return parse_since(options->since, &wish->since_ns, error);
}

/* What is left below a nanosecond when the cost of measuring is taken out is not known (compare.c). */
static double log_of(double value)
{
	return log(value > 1 ? value : 1);
}

static double percent_of(double log_ratio)
{
	return 100 * expm1(log_ratio);
}

/* The values of some commits, sorted, in `out`. */
static size_t sorted_values(const struct model_trend *trend, size_t from, size_t to, double *out)
{
	size_t n = 0;

	for (size_t c = from; c < to; c++)
		for (size_t r = 0; r < trend->commits[c].n; r++)
			out[n++] = trend->runs[trend->commits[c].begin + r].value;
	stats_sort(out, n);
	return n;
}

static void sum_up_commits(struct model_trend *trend, double *room)
{
	for (size_t c = 0; c < trend->n; c++) {
		struct model_trend_commit *commit = &trend->commits[c];
		size_t n = sorted_values(trend, c, c + 1, room);
		struct stats_interval interval = stats_median_interval(room, n, 0.95);

		commit->median = stats_median(room, n);
		commit->low = commit->high = NAN;
		if (interval.confidence > LEAST_LEVEL) {
			commit->low = interval.low;
			commit->high = interval.high;
		}
	}
}

/* Counts that are the same in all runs of each commit, of which at least one has several. */
static bool is_exact(const struct model_trend *trend)
{
	bool several = false;

	if (trend->metric != METRIC_CALLS)
		return false;
	for (size_t c = 0; c < trend->n; c++) {
		const struct model_trend_run *runs = trend->runs + trend->commits[c].begin;

		for (size_t r = 1; r < trend->commits[c].n; r++)
			if (runs[r].value != runs[0].value)
				return false;
		several |= trend->commits[c].n > 1;
	}
	return several;
}

/* The median load of the machine over some commits. */
static double load_of(const struct model_trend *trend, size_t from, size_t to, double *room)
{
	size_t n = 0;

	for (size_t r = trend->commits[from].begin; r < trend->n_runs; r++)
		if (to == trend->n || r < trend->commits[to].begin)
			if (!isnan(trend->runs[r].load))
				room[n++] = trend->runs[r].load;
	stats_sort(room, n);
	return stats_median(room, n);
}

static int add_changes(struct model_trend *trend, const struct change_point *points, size_t n,
		       double *room, struct error *error)
{
	trend->changes = calloc(n + 1, sizeof(*trend->changes));
	if (!trend->changes)
		return error_memory(error);
	trend->n_changes = n;
	for (size_t i = 0; i < n; i++) {
		size_t from = i ? points[i - 1].at : 0;
		size_t to = i + 1 < n ? points[i + 1].at : trend->n;
		size_t m = sorted_values(trend, from, points[i].at, room);
		double before = stats_median(room, m);

		m = sorted_values(trend, points[i].at, to, room);
		trend->changes[i] =
			(struct model_trend_change){.at = points[i].at,
						    .before = before,
						    .after = stats_median(room, m),
						    .change = percent_of(points[i].shift),
						    .ci_low = percent_of(points[i].low),
						    .ci_high = percent_of(points[i].high),
						    .p = points[i].p};
		trend->changes[i].load_before = load_of(trend, from, points[i].at, room);
		trend->changes[i].load_after = load_of(trend, points[i].at, to, room);
	}
	return ERR_OK;
}

static int find_changes(struct model_trend *trend, double min_effect, struct error *error)
{
	struct changes_options options = CHANGES_DEFAULTS;
	double *values = calloc(2 * trend->n_runs + 1, sizeof(*values)), jitter = 0;
	size_t *begin = calloc(trend->n + 1, sizeof(*begin)), n = 0;
	struct changes_series series = {values, begin, trend->n};
	struct change_point *points = NULL;
	int rc = values && begin ? ERR_OK : error_memory(error);

	for (size_t r = 0; r < trend->n_runs && !rc; r++)
		values[r] = log_of(trend->runs[r].value);
	for (size_t c = 0; c < trend->n && !rc; c++)
		begin[c] = trend->commits[c].begin;
	options.min_effect = log1p(min_effect / 100);
	if (!rc) {
		begin[trend->n] = trend->n_runs;
		sum_up_commits(trend, values + trend->n_runs);
		trend->exact = is_exact(trend);
		if (trend->exact ? changes_exact(&series, &options, &points, &n)
				 : changes_find(&series, &options, &points, &n, &jitter))
			rc = error_memory(error);
	}
	if (!rc)
		rc = add_changes(trend, points, n, values + trend->n_runs, error);
	trend->jitter = percent_of(jitter);
	free(points);
	free(values);
	free(begin);
	return rc;
}

/* Somebody who makes a history by running old commits may begin with the newest. */
static int find_backwards(struct model_trend *trend, struct error *error)
{
	const char **commits = calloc(trend->n + 1, sizeof(*commits));
	int64_t *times = calloc(trend->n + 1, sizeof(*times)), newest = 0;

	if (!commits || !times) {
		free(commits);
		free(times);
		return error_memory(error);
	}
	for (size_t i = 0; i < trend->n; i++)
		commits[i] = trend->commits[i].commit;
	git_commit_times(commits, trend->n, times);
	for (size_t i = 0; i < trend->n; i++) {
		trend->backwards += times[i] && times[i] < newest;
		newest = times[i] > newest ? times[i] : newest;
	}
	free(commits);
	free(times);
	return ERR_OK;
}

int trend_find(struct store *store, const char *function, const struct trend_options *options,
	       struct model_trend *trend, struct error *error)
{
	const struct run_set_wish sets = {.all_commits = true};
	struct run_ids ids = {0};
	struct trend_wish wish;
	double min_effect;
	int rc = parse(function, options, &wish, &min_effect, error);

	memset(trend, 0, sizeof(*trend));
	if (!rc && options->run) {
		rc = run_set_find(store, options->run, &sets, &ids, error);
		wish.ids = &ids;
	}
	if (!rc)
		rc = query_trend(store, &wish, trend, error);
	if (!rc)
		rc = find_backwards(trend, error);
	if (!rc)
		rc = find_changes(trend, min_effect, error);
	if (!rc)
		rc = query_trend_builds(store, trend, error);
	free(ids.ids);
	return rc;
}

static int wrong_format(const char *text, const char *known, struct error *error)
{
	char *expected = text_format("a format: expected %s", known);
	int rc = expected ? wrong("format", text, expected, error) : error_memory(error);

	free(expected);
	return rc;
}

int trend_print(struct store *store, const char *function, const struct trend_options *options,
		int64_t limit, struct error *error)
{
	bool svg = strcmp(options->format, "svg") == 0;
	enum view_format format = VIEW_TABLE;
	struct model_trend trend = {0};
	struct view view = {0};
	int rc = ERR_OK;

	if (!svg && !view_parse_format(options->format, &format))
		rc = wrong_format(options->format, "table, json, json-pretty, csv, markdown or svg",
				  error);
	if (!rc)
		rc = trend_find(store, function, options, &trend, error);
	if (!rc)
		rc = view_open(&view, format, options->output, error);
	if (!rc) {
		if (svg)
			view_trend_svg(&trend, &view);
		else
			rc = view_trend(&trend, (size_t)limit, &view, error);
		rc = view_close(&view, rc, error);
	}
	model_trend_release(&trend);
	return rc;
}

/* What git knows of the commits of each change, where the repository is at hand. */
static void read_logs(struct model_trend *trend)
{
	for (size_t i = 0; i < trend->n_changes; i++) {
		struct model_trend_change *change = &trend->changes[i];
		const char *before = trend->commits[change->at - 1].commit;
		const char *after = trend->commits[change->at].commit;

		if (before && after)
			change->log = git_log(before, after);
	}
}

int trend_blame(struct store *store, const char *function, const struct trend_options *options,
		struct error *error)
{
	enum view_format format = VIEW_TABLE;
	struct model_trend trend = {0};
	struct view view = {0};
	int rc = ERR_OK;

	if (!view_parse_format(options->format, &format))
		rc = wrong_format(options->format, "table, json, json-pretty, csv or markdown",
				  error);
	if (!rc)
		rc = trend_find(store, function, options, &trend, error);
	if (!rc) {
		read_logs(&trend);
		rc = view_open(&view, format, options->output, error);
	}
	if (!rc) {
		rc = view_blame(&trend, &view, error);
		rc = view_close(&view, rc, error);
	}
	model_trend_release(&trend);
	return rc;
}
