/* SPDX-License-Identifier: MIT */
#include "view_diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/format.h"
#include "../model/model_diff.h"
#include "../base/names.h"
#include "../base/text.h"
#include "view.h"

/* By this line a script finds its comment again, to change it instead of adding one. */
static const char marker[] = "<!-- hotpath diff -->";

static void add_made(struct grid *grid, enum grid_kind kind, char *text)
{
	if (!text)
		grid->failed = true;
	grid_text(grid, kind, text);
	free(text);
}

/* "+5.1 %  [+3.9, +6.2]" */
char *view_diff_change(double change, double low, double high)
{
	if (isnan(change))
		return strdup("-");
	if (isnan(low))
		return text_format("%+.1f %%", change);
	return text_format("%+.1f %%  [%+.1f, %+.1f]", change, low, high);
}

char *view_diff_signed_ns(double ns, bool utf8)
{
	char out[FORMAT_ROOM];

	if (fabs(ns) < 0.005)
		ns = 0;
	return text_format("%s%s", ns > 0 ? "+" : "", format_ns(out, ns, utf8));
}

char *view_diff_calls(const struct model_diff_function *f)
{
	const char *about = f->calls_vary ? "~" : "";

	if (fabs(f->calls_base - f->calls_head) < 0.5)
		return text_format("%s%.0f", about, f->calls_head);
	return text_format("%s%.0f > %.0f", about, f->calls_base, f->calls_head);
}

char *view_diff_verdict(const struct model_diff_function *f)
{
	const struct model_change *c = &f->change;
	const char *old = model_diff_other_name(f);
	struct text words = {0};

	text_print(&words, "%s", model_verdict_name(c->verdict));
	if (c->verdict == VERDICT_INCONCLUSIVE && isinf(c->more_runs))
		text_print(&words, " (too close)");
	else if (c->verdict == VERDICT_INCONCLUSIVE && !isnan(c->more_runs))
		text_print(&words, " (+%.0f run%s)", c->more_runs, c->more_runs == 1 ? "" : "s");
	if (!model_diff_renamed(f))
		return text_take(&words);
	if (old)
		text_print(&words, ", was %s", old);
	if (f->file && f->old_file && strcmp(f->old_file, f->file) != 0)
		text_print(&words, "%s %s", old ? " in" : ", was in", f->old_file);
	return text_take(&words);
}

static void add_columns(struct grid *grid)
{
	grid_column(grid, "Function", "name", "s");
	grid_column(grid, "Verdict", "verdict", "e");
	grid_column(grid, "Calls", "calls", "r3");
	grid_column(grid, "Base", "base", "r4");
	grid_column(grid, "Head", "head", "r4");
	grid_column(grid, "Change [95 %]", "change", "r");
	grid_column(grid, "P99 [95 %]", "p99", "r1");
	grid_column(grid, "By calls", "by_calls", "r2");
	grid_column(grid, "By cost", "by_cost", "r2");
	grid_column(grid, "Impact", "impact", "r");
}

static void add_row(struct grid *grid, const struct model_diff *diff,
		    const struct model_diff_function *f, const char *name, const struct view *view)
{
	bool total = f == &diff->total, counts = diff->metric == METRIC_CALLS;
	const struct model_tail *p99 = &f->tails[MODEL_P99];

	grid_text(grid, total ? GRID_TEXT : GRID_CODE, name);
	add_made(grid, GRID_TEXT, view_diff_verdict(f));
	add_made(grid, GRID_TEXT, view_diff_calls(f));
	grid_real(grid, counts ? GRID_REAL : GRID_NS, f->change.base);
	grid_real(grid, counts ? GRID_REAL : GRID_NS, f->change.head);
	add_made(grid, GRID_TEXT,
		 view_diff_change(f->change.change, f->change.ci_low, f->change.ci_high));
	add_made(grid, GRID_TEXT,
		 total ? strdup("-") : view_diff_change(p99->change, p99->ci_low, p99->ci_high));
	add_made(grid, GRID_TEXT, view_diff_signed_ns(f->impact_calls, view->utf8));
	add_made(grid, GRID_TEXT, view_diff_signed_ns(f->impact_cost, view->utf8));
	add_made(grid, GRID_TEXT, view_diff_signed_ns(f->impact_ns, view->utf8));
}

/* The functions that are not shown, so that the rows add up. */
static void add_others(struct grid *grid, const struct model_diff *diff, const struct view *view)
{
	struct model_diff_function others;
	size_t n = model_diff_others(diff, &others);

	if (n == 0)
		return;
	add_made(grid, GRID_TEXT, text_format("(%zu other%s)", n, n == 1 ? "" : "s"));
	grid_text(grid, GRID_TEXT, "-");
	add_made(grid, GRID_TEXT, view_diff_calls(&others));
	for (int i = 0; i < 4; i++)
		grid_text(grid, GRID_TEXT, "-");
	add_made(grid, GRID_TEXT, view_diff_signed_ns(others.impact_calls, view->utf8));
	add_made(grid, GRID_TEXT, view_diff_signed_ns(others.impact_cost, view->utf8));
	add_made(grid, GRID_TEXT, view_diff_signed_ns(others.impact_ns, view->utf8));
}

/* Text with what Markdown would take for markup in it escaped. */
static void print_words(const struct view *view, const char *text)
{
	for (; *text; text++) {
		if (view->format == VIEW_MARKDOWN && strchr("\\`*_{}[]<>|#~&!", *text))
			putc('\\', view->stream);
		putc(*text, view->stream);
	}
}

static void print_line(const struct view *view, const char *before, const char *text)
{
	char *line;

	if (view->format == VIEW_MARKDOWN) {
		fputs(before, view->stream);
		print_words(view, text);
		fputs("  \n", view->stream);
		return;
	}
	line = text_format("%s%s", before, text);
	if (line)
		grid_line(view, line, 0);
	free(line);
}

/* "Base main: 10 runs, ./prog"; what it holds of the user's own is not for Markdown to read. */
static void print_side(const struct view *view, const char *before, const char *side)
{
	if (view->format != VIEW_MARKDOWN) {
		print_line(view, before, side);
		return;
	}
	fputs(before, view->stream);
	grid_markdown_code(view->stream, side, false);
	fputs("  \n", view->stream);
}

static void print_lines(const struct view *view, const char *before, char *lines)
{
	char *line;

	while ((line = strsep(&lines, "\n")))
		if (*line)
			print_line(view, before, line);
}

static void print_gate(const struct model_diff *diff, const struct view *view)
{
	char *words;

	if (diff->gate == GATE_NONE)
		return;
	words = text_format("%s (%s)%s%s", model_gate_name(diff->gate), diff->gate_asked,
			    *diff->gate_why ? ": " : "", diff->gate_why);
	print_line(view, "Gate ", words ? words : "");
	free(words);
}

static int print_head(const struct model_diff *diff, const struct view *view, struct error *error)
{
	char *base = view_diff_side(&diff->base), *head = view_diff_side(&diff->head);
	struct text text = {0};
	char *summary, *notes;
	int rc = ERR_OK;

	view_diff_summary(diff, &text);
	summary = text_take(&text);
	view_diff_notes(diff, &text);
	notes = text_take(&text);
	if (!base || !head || !summary || !notes) {
		rc = error_memory(error);
	} else {
		if (view->format == VIEW_MARKDOWN)
			fprintf(view->stream, "%s\n### hotpath: %s\n\n", marker, summary);
		print_side(view, "Base ", base);
		print_side(view, "Head ", head);
		if (view->format != VIEW_MARKDOWN)
			print_line(view, "", summary);
		print_gate(diff, view);
		print_lines(view, "Note: ", notes);
		putc('\n', view->stream);
	}
	free(base);
	free(head);
	free(summary);
	free(notes);
	return rc;
}

static void print_end(const struct model_diff *diff, const struct view *view)
{
	const char *begin = view->format == VIEW_MARKDOWN ? "\n" : "";
	char words[120];

	if (diff->matched == 0 && diff->all > 0)
		snprintf(words, sizeof(words), "None of the %zu functions matches the focus.",
			 diff->all);
	else if (diff->n < diff->matched)
		snprintf(words, sizeof(words), "%zu of %zu functions; --limit 0 shows all", diff->n,
			 diff->matched);
	else
		return;
	fputs(begin, view->stream);
	print_line(view, "", words);
}

static int print_rows(const struct model_diff *diff, const struct view *view, struct error *error)
{
	struct grid grid = {0};
	char **names = model_diff_names(diff);
	int rc = names ? ERR_OK : error_memory(error);

	add_columns(&grid);
	for (size_t i = 0; i < diff->n && !rc; i++)
		add_row(&grid, diff, &diff->functions[i], names[i], view);
	add_others(&grid, diff, view);
	add_row(&grid, diff, &diff->total, "(total)", view);
	if (!rc)
		rc = grid_print(&grid, view, error);
	grid_release(&grid);
	names_free(names, diff->n);
	return rc;
}

int view_diff(const struct model_diff *diff, const struct view *view, struct error *error)
{
	int rc;

	if (view_is_json(view->format))
		return view_diff_json(diff, view, error);
	if (view->format == VIEW_CSV)
		return view_diff_csv(diff, view, error);
	if (view->format == VIEW_GITHUB_BENCHMARK || view->format == VIEW_BENCHER)
		return view_diff_bench(diff, view, error);
	if (view->format == VIEW_HTML)
		return view_diff_html(diff, view, error);
	rc = print_head(diff, view, error);
	if (!rc)
		rc = print_rows(diff, view, error);
	print_end(diff, view);
	return rc;
}
