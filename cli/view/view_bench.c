/* SPDX-License-Identifier: MIT */
/*
 * Figures for services that keep a history of benchmarks: a value for each function, smaller is better.
 *
 *   github-benchmark  what github-action-benchmark reads as customSmallerIsBetter:
 *                     [{"name", "unit", "value", "range", "extra"}], `range` and `extra` texts that it shows
 *   bencher           Bencher Metric Format: {NAME: {MEASURE: {"value", "lower_value", "upper_value"}}}, of which the
 *                     bounds may be missing; MEASURE is `latency`, which Bencher knows as nanoseconds, and `calls`
 *
 * Both tell a function from others by its name alone, and through time: so names are made different here, and of a diff only the
 * head side is told.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/format.h"
#include "../output/json_out.h"
#include "../model/model.h"
#include "../model/model_diff.h"
#include "../base/names.h"
#include "../base/text.h"
#include "view.h"
#include "view_diff.h"

/* What Bencher takes of a name. */
enum { NAME_MOST = 1024 };

struct figure {
	double value, low, high; /* the bounds NAN: unknown */
};

struct bench {
	const char *name;
	const char *unit;
	struct figure latency; /* value NAN: none */
	struct figure calls;   /* likewise */
	char *extra;	       /* to be freed with the row's printing; NULL: out of memory */
};

/* What is being made: an array, or an object. */
struct benches {
	bool github;
	json_t *json;
	bool failed;
};

static void set_bounds(json_t *object, const struct figure *figure)
{
	if (isnan(figure->low) || isnan(figure->high))
		return;
	json_object_set_new(object, "lower_value", json_out_real(figure->low));
	json_object_set_new(object, "upper_value", json_out_real(figure->high));
}

static void set_measure(json_t *object, const char *measure, const struct figure *figure)
{
	json_t *metric;

	if (isnan(figure->value))
		return;
	metric = json_pack("{s:o}", "value", json_out_real(figure->value));
	set_bounds(metric, figure);
	json_object_set_new(object, measure, metric);
}

static void add_to_bencher(struct benches *benches, const struct bench *bench, const char *name)
{
	json_t *measures = json_object();

	set_measure(measures, "latency", &bench->latency);
	set_measure(measures, "calls", &bench->calls);
	benches->failed |= json_object_set_new(benches->json, name, measures) != 0;
}

static void add_to_github(struct benches *benches, const struct bench *bench, const char *name)
{
	const struct figure *figure = isnan(bench->latency.value) ? &bench->calls : &bench->latency;
	json_t *entry = json_pack("{s:s,s:s,s:o}", "name", name, "unit", bench->unit, "value",
				  json_out_real(figure->value));
	double width = (figure->high - figure->low) / 2;
	int digits = width < 1 ? 3 : width < 100 ? 1 : 0;
	char *range = isnan(width) ? NULL : text_format("\302\261 %.*f", digits, width);

	if (range)
		json_object_set_new(entry, "range", json_string(range));
	if (bench->extra && *bench->extra)
		json_object_set_new(entry, "extra", json_out_text(bench->extra));
	free(range);
	benches->failed |= json_array_append_new(benches->json, entry) != 0;
}

static void add(struct benches *benches, struct bench *bench)
{
	char *valid = text_valid(bench->name), *name = valid ? names_cut(valid, NAME_MOST) : NULL;

	if (!name || !bench->extra)
		benches->failed = true;
	else if (benches->github)
		add_to_github(benches, bench, name);
	else
		add_to_bencher(benches, bench, name);
	free(valid);
	free(name);
	free(bench->extra);
	bench->extra = NULL;
}

static void begin(struct benches *benches, const struct view *view)
{
	benches->github = view->format == VIEW_GITHUB_BENCHMARK;
	benches->json = benches->github ? json_array() : json_object();
	benches->failed = !benches->json;
}

static int end(struct benches *benches, const struct view *view, struct error *error)
{
	if (!benches->failed)
		return json_out_print(benches->json, view, error);
	json_decref(benches->json);
	return error_memory(error);
}

static const char *unit_of(enum model_metric metric)
{
	static const char *const units[] = {
		[METRIC_SELF] = "ns/call", [METRIC_TOTAL] = "ns/call",	 [METRIC_P50] = "ns",
		[METRIC_P99] = "ns",	   [METRIC_CALLS] = "calls/run", [METRIC_RUN] = "ns/run",
	};

	return units[metric];
}

/* Calls of a run, from the fewest to the most. */
static struct figure calls_of(const struct model_diff *diff, const struct model_diff_function *f)
{
	const struct model_cell *cells = f->cells + diff->base.n;
	struct figure figure = {f->calls_head, NAN, NAN};

	for (size_t i = 0; i < diff->head.n && diff->head.n > 1; i++) {
		figure.low = fmin(figure.low, cells[i].calls);
		figure.high = fmax(figure.high, cells[i].calls);
	}
	return figure;
}

static void print_calls(struct text *words, double calls)
{
	text_print(words, "%.*f call%s", calls == floor(calls) ? 0 : 1, calls,
		   calls == 1 ? "" : "s");
}

/* What is shown with the value, for people. */
static char *explain(const struct model_diff *diff, const struct model_diff_function *f,
		     bool counts)
{
	const struct model_change *c = &f->change;
	char low[FORMAT_ROOM], high[FORMAT_ROOM];
	struct text words = {0};

	text_print(&words, "%zu run%s, ", diff->head.n, diff->head.n == 1 ? "" : "s");
	print_calls(&words, f->calls_head);
	text_print(&words, " a run");
	if (!isnan(c->head_low) && !counts)
		text_print(&words, "\n%s to %s", format_ns(low, c->head_low, true),
			   format_ns(high, c->head_high, true));
	text_print(&words, "\n%s", model_verdict_name(c->verdict));
	if (!isnan(c->change))
		text_print(&words, ", %+.1f %%", c->change);
	text_print(&words, " since %s", diff->base.asked);
	return text_take(&words);
}

static void add_function(struct benches *benches, const struct model_diff *diff,
			 const struct model_diff_function *f, const char *name)
{
	const struct figure none = {NAN, NAN, NAN};
	bool counts = diff->metric == METRIC_CALLS, total = f == &diff->total && !counts;
	const struct model_change *c = &f->change;
	struct bench bench = {
		.name = name,
		.unit = unit_of(total ? METRIC_RUN : diff->metric),
		.latency = counts ? none : (struct figure){c->head, c->head_low, c->head_high},
		.calls = calls_of(diff, f),
		.extra = explain(diff, f, counts),
	};

	add(benches, &bench);
}

int view_diff_bench(const struct model_diff *diff, const struct view *view, struct error *error)
{
	char **names = model_diff_names(diff);
	struct benches benches;

	begin(&benches, view);
	benches.failed |= !names;
	for (size_t i = 0; i < diff->n && names; i++)
		if (diff->functions[i].calls_head > 0)
			add_function(&benches, diff, &diff->functions[i], names[i]);
	add_function(&benches, diff, &diff->total, "(total)");
	names_free(names, diff->n);
	return end(&benches, view, error);
}

static const char *title_of(const struct model_function *f)
{
	if (f->label && *f->label)
		return f->label;
	return f->qualified && *f->qualified ? f->qualified : f->name;
}

static char **report_names(const struct model_report *report)
{
	struct name_parts *parts = calloc(report->n + 1, sizeof(*parts));
	char **names = NULL;

	for (size_t i = 0; i < report->n && parts; i++) {
		const struct model_function *f = &report->functions[i];

		parts[i] = (struct name_parts){title_of(f), f->file,
					       f->mangled ? f->mangled : f->name, f->line};
	}
	if (parts)
		names = names_apart(parts, report->n);
	free(parts);
	return names;
}

static char *explain_run(const struct model_function *f)
{
	char mean[FORMAT_ROOM];
	struct text words = {0};

	text_print(&words, "1 run, ");
	print_calls(&words, (double)f->calls);
	text_print(&words, "\nwith callees %s a call", format_ns(mean, f->mean_ns, true));
	return text_take(&words);
}

/* One run has no interval: a range of its calls would be taken for one of runs. */
int view_report_bench(const struct model_report *report, const struct view *view,
		      struct error *error)
{
	char **names = report_names(report);
	struct benches benches;

	begin(&benches, view);
	benches.failed |= !names;
	for (size_t i = 0; i < report->n && names; i++) {
		const struct model_function *f = &report->functions[i];
		double calls = (double)f->calls;
		struct bench bench = {
			.name = names[i],
			.unit = unit_of(METRIC_SELF),
			.latency = {calls > 0 ? (double)f->self_ns / calls : NAN, NAN, NAN},
			.calls = {calls, NAN, NAN},
			.extra = explain_run(f),
		};

		if (calls > 0)
			add(&benches, &bench);
		else
			free(bench.extra);
	}
	names_free(names, report->n);
	return end(&benches, view, error);
}
