/* SPDX-License-Identifier: MIT */
#include "view_trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/format.h"
#include "../output/grid.h"
#include "../model/model_trend.h"
#include "../base/text.h"

static const struct model_trend_change *change_at(const struct model_trend *trend, size_t commit)
{
	for (size_t i = 0; i < trend->n_changes; i++)
		if (trend->changes[i].at == commit)
			return &trend->changes[i];
	return NULL;
}

static void add_made(struct grid *grid, enum grid_kind kind, char *text)
{
	if (!text)
		grid->failed = true;
	grid_text(grid, kind, text);
	free(text);
}

/* "[14.2 us, 15.0 us]" */
static char *show_interval(const struct model_trend *trend, const struct model_trend_commit *c,
			   const struct view *view)
{
	char *low, *high, *words = NULL;

	if (isnan(c->low))
		return strdup("-");
	low = view_trend_value(trend, c->low, view);
	high = view_trend_value(trend, c->high, view);
	if (low && high)
		words = text_format("[%s, %s]", low, high);
	free(low);
	free(high);
	return words;
}

static int print_commits(const struct model_trend *trend, size_t limit, const struct view *view,
			 struct error *error)
{
	size_t first = limit && trend->n > limit ? trend->n - limit : 0;
	struct grid grid = {0};
	int rc;

	grid_column(&grid, trend->by_run ? "Run" : "Commit", "commit", "");
	grid_column(&grid, "First run", "first", "2");
	grid_column(&grid, "Runs", "runs", "r1");
	grid_column(&grid, "Median", "median", "r");
	grid_column(&grid, "95 %", "interval", "r3");
	grid_column(&grid, "Change [95 %]", "change", "");
	for (size_t i = first; i < trend->n; i++) {
		const struct model_trend_commit *c = &trend->commits[i];
		const struct model_trend_change *change = change_at(trend, i);

		add_made(&grid, GRID_CODE, view_trend_commit(trend, c));
		grid_integer(&grid, GRID_TIME, c->first_ns);
		grid_integer(&grid, GRID_INTEGER, (int64_t)c->n);
		add_made(&grid, GRID_TEXT, view_trend_value(trend, c->median, view));
		add_made(&grid, GRID_TEXT, show_interval(trend, c, view));
		add_made(&grid, GRID_TEXT, change ? view_trend_verdict(trend, change) : strdup(""));
	}
	rc = grid_print(&grid, view, error);
	grid_release(&grid);
	if (!rc && first)
		fprintf(view->stream, "%sthe newest %zu of %zu commits; --limit 0 shows all\n",
			view->format == VIEW_MARKDOWN ? "\n" : "", limit, trend->n);
	return rc;
}

static int print_csv(const struct model_trend *trend, const struct view *view, struct error *error)
{
	struct grid grid = {0};
	bool counts = trend->metric == METRIC_CALLS;
	int rc;

	grid_column(&grid, "", "commit", "");
	grid_column(&grid, "", "dirty", "r");
	grid_column(&grid, "", "run", "r");
	grid_column(&grid, "", "first_run_at", "");
	grid_column(&grid, "", "runs", "r");
	grid_column(&grid, "", counts ? "median_calls" : "median_ns", "r");
	grid_column(&grid, "", counts ? "ci_low_calls" : "ci_low_ns", "r");
	grid_column(&grid, "", counts ? "ci_high_calls" : "ci_high_ns", "r");
	grid_column(&grid, "", "change_percent", "r");
	grid_column(&grid, "", "change_ci_low_percent", "r");
	grid_column(&grid, "", "change_ci_high_percent", "r");
	grid_column(&grid, "", "p", "r");
	for (size_t i = 0; i < trend->n; i++) {
		const struct model_trend_commit *c = &trend->commits[i];
		const struct model_trend_change *change = change_at(trend, i);

		grid_text(&grid, GRID_TEXT, c->commit);
		grid_integer(&grid, GRID_INTEGER, c->dirty);
		grid_integer(&grid, GRID_INTEGER, trend->runs[c->begin].id);
		grid_integer(&grid, GRID_TIME, c->first_ns);
		grid_integer(&grid, GRID_INTEGER, (int64_t)c->n);
		grid_real(&grid, GRID_REAL, c->median);
		grid_real(&grid, GRID_REAL, c->low);
		grid_real(&grid, GRID_REAL, c->high);
		grid_real(&grid, GRID_REAL, change ? change->change : NAN);
		grid_real(&grid, GRID_REAL, change ? change->ci_low : NAN);
		grid_real(&grid, GRID_REAL, change ? change->ci_high : NAN);
		grid_real(&grid, GRID_REAL, change ? change->p : NAN);
	}
	rc = grid_print(&grid, view, error);
	grid_release(&grid);
	return rc;
}

void view_trend_line(const struct view *view, const char *before, const char *text)
{
	char *line;

	if (view->format != VIEW_MARKDOWN) {
		line = text_format("%s%s", before, text);
		if (line)
			grid_line(view, line, 0);
		free(line);
		return;
	}
	fputs(before, view->stream);
	for (; *text; text++) {
		if (strchr("\\`*_<>|[]#", *text))
			putc('\\', view->stream);
		putc(*text, view->stream);
	}
	fputs("  \n", view->stream);
}

int view_trend_head(const struct model_trend *trend, const struct view *view, struct error *error)
{
	struct text text = {0};
	char *subject = view_trend_subject(trend), *source = view_trend_source(trend), *title;
	char *notes, *all, *rest, *line;

	view_trend_notes(trend, &text);
	notes = text_take(&text);
	all = rest = notes ? strdup(notes) : NULL;
	title = subject && source ? text_format("%s: %s", subject, source) : NULL;
	free(subject);
	free(source);
	if (!title || !all) {
		free(title);
		free(notes);
		return error_memory(error);
	}
	view_trend_line(view, "", title);
	while ((line = strsep(&rest, "\n"))) {
		char *shown = *line ? text_printable(line) : NULL;

		if (shown)
			view_trend_line(view, "Note: ", shown);
		free(shown);
	}
	free(title);
	free(notes);
	free(all);
	return ERR_OK;
}

/* "Change at 3f2c1ab (2026-11-20 14:10): slower +9.8 %  [+9.2, +10.4], p = 0.001: 14.6 us, then 16.0 us" */
static void print_changes(const struct model_trend *trend, const struct view *view)
{
	for (size_t i = 0; i < trend->n_changes; i++) {
		const struct model_trend_change *c = &trend->changes[i];
		char *commit = view_trend_commit(trend, &trend->commits[c->at]);
		char *verdict = view_trend_verdict(trend, c);
		char *before = view_trend_value(trend, c->before, view);
		char *after = view_trend_value(trend, c->after, view);
		char time[FORMAT_ROOM], *words = NULL;

		if (commit && verdict && before && after)
			words = text_format("%s (%s): %s%s, %s before, %s after", commit,
					    format_local(time, trend->commits[c->at].first_ns),
					    verdict, trend->exact ? ", exactly" : "", before,
					    after);
		view_trend_line(view, "Change at ", words ? words : "");
		free(words);
		free(commit);
		free(verdict);
		free(before);
		free(after);
	}
	if (trend->n_changes == 0 && trend->n > 1)
		view_trend_line(view, "", "No change found.");
}

int view_trend(const struct model_trend *trend, size_t limit, const struct view *view,
	       struct error *error)
{
	int rc;

	if (view_is_json(view->format))
		return view_trend_json(trend, true, view, error);
	if (view->format == VIEW_CSV)
		return print_csv(trend, view, error);
	rc = view_trend_head(trend, view, error);
	if (!rc && view->format == VIEW_TABLE && trend->n > 1) {
		putc('\n', view->stream);
		view_trend_plot(trend, view);
	}
	if (rc)
		return rc;
	putc('\n', view->stream);
	print_changes(trend, view);
	putc('\n', view->stream);
	return print_commits(trend, limit, view, error);
}
