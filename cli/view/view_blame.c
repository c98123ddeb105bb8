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

static void print_commit(const struct model_trend *trend, const struct view *view, const char *what,
			 size_t at)
{
	const struct model_trend_commit *c = &trend->commits[at];
	char *name = view_trend_commit(trend, c), time[FORMAT_ROOM];

	fprintf(view->stream, "  %s %-8s  %s  %zu run%s\n", what, name ? name : "",
		format_local(time, c->first_ns), c->n, c->n == 1 ? "" : "s");
	free(name);
}

/* Where to look when git has nothing to say, or is not here. */
static void print_no_log(const struct model_trend_commit *before,
			 const struct model_trend_commit *after, const char *log,
			 const struct view *view)
{
	char *from = text_printable(before->commit ? before->commit : "");
	char *to = text_printable(after->commit ? after->commit : "");

	if (!before->commit || !after->commit)
		fputs("  no commits are known of these runs\n", view->stream);
	else if (strcmp(before->commit, after->commit) == 0)
		fprintf(view->stream, "  not committed: the work tree differed from %.7s\n",
			to ? to : "");
	else if (log)
		fprintf(view->stream,
			"  git has no commits from %.7s to %.7s: the one is older, or they are the "
			"same history\n",
			from ? from : "", to ? to : "");
	else
		fprintf(view->stream,
			"  these commits are not in a repository here; where they are:\n"
			"    git log --oneline %.12s..%.12s\n",
			from ? from : "", to ? to : "");
	free(from);
	free(to);
}

static void print_log(const struct model_trend *trend, const struct model_trend_change *change,
		      const struct view *view)
{
	enum { SHOWN = 20 };
	char *copy = change->log ? strdup(change->log) : NULL, *rest = copy, *line;
	size_t n = 0;

	while (copy && (line = strsep(&rest, "\n"))) {
		char *shown = *line && n < SHOWN ? text_printable(line) : NULL;

		n += *line != '\0';
		if (shown)
			fprintf(view->stream, "    %s\n", shown);
		free(shown);
	}
	if (n > SHOWN)
		fprintf(view->stream, "    and %zu more: git log --oneline %.12s..%.12s\n",
			n - SHOWN, trend->commits[change->at - 1].commit,
			trend->commits[change->at].commit);
	/* What else changed between the runs of both looks the same; in turns it does not. */
	if (n)
		fprintf(view->stream,
			"  to be sure: hotpath ab --base-ref %.7s --head-ref %.7s --build BUILD -- "
			"COMMAND\n",
			trend->commits[change->at - 1].commit, trend->commits[change->at].commit);
	if (n == 0)
		print_no_log(&trend->commits[change->at - 1], &trend->commits[change->at],
			     change->log, view);
	free(copy);
}

static void print_change(const struct model_trend *trend, const struct model_trend_change *c,
			 const struct view *view)
{
	char *verdict = view_trend_verdict(trend, c);
	char *before = view_trend_value(trend, c->before, view);
	char *after = view_trend_value(trend, c->after, view);
	const char *mark = !view->colour ? "" : model_trend_slower(c) ? "\033[1;31m" : "\033[1;32m";

	fprintf(view->stream, "\n%s%s%s, ", mark, verdict ? verdict : "",
		view->colour ? "\033[0m" : "");
	if (trend->exact)
		fputs("exactly", view->stream);
	else
		fprintf(view->stream, "p = %.3g", c->p);
	fprintf(view->stream, ": %s before, %s after\n", before ? before : "", after ? after : "");
	print_commit(trend, view, "last before", c->at - 1);
	print_commit(trend, view, "first after", c->at);
	print_log(trend, c, view);
	free(verdict);
	free(before);
	free(after);
}

static void add_made(struct grid *grid, char *text)
{
	if (!text)
		grid->failed = true;
	grid_text(grid, GRID_TEXT, text);
	free(text);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; text && *text; text++)
		n += *text == '\n';
	return n;
}

/* A row per change; CSV has the whole names, for programs. */
static int print_grid(const struct model_trend *trend, const struct view *view, struct error *error)
{
	bool csv = view->format == VIEW_CSV;
	struct grid grid = {0};
	int rc;

	grid_column(&grid, "Last before", "last_before", "");
	grid_column(&grid, "First after", "first_after", "");
	grid_column(&grid, "First run", "first_run_at", "2");
	grid_column(&grid, "Before", "before", "r");
	grid_column(&grid, "After", "after", "r");
	grid_column(&grid, "Change %", "change_percent", "r");
	grid_column(&grid, "From", "ci_low_percent", "r4");
	grid_column(&grid, "To", "ci_high_percent", "r4");
	grid_column(&grid, "p", "p", "r1");
	grid_column(&grid, "Commits", "commits", "r3");
	for (size_t i = 0; i < trend->n_changes; i++) {
		const struct model_trend_change *c = &trend->changes[i];
		enum grid_kind kind = trend->metric == METRIC_CALLS ? GRID_REAL : GRID_NS;

		for (int after = 0; after < 2; after++) {
			const struct model_trend_commit *commit =
				&trend->commits[after ? c->at : c->at - 1];

			if (csv && commit->commit)
				grid_text(&grid, GRID_TEXT, commit->commit);
			else
				add_made(&grid, view_trend_commit(trend, commit));
		}
		grid_integer(&grid, GRID_TIME, trend->commits[c->at].first_ns);
		grid_real(&grid, kind, c->before);
		grid_real(&grid, kind, c->after);
		grid_real(&grid, csv ? GRID_REAL : GRID_PERCENT, c->change);
		grid_real(&grid, csv ? GRID_REAL : GRID_PERCENT, c->ci_low);
		grid_real(&grid, csv ? GRID_REAL : GRID_PERCENT, c->ci_high);
		grid_real(&grid, GRID_REAL, c->p);
		if (c->log)
			grid_integer(&grid, GRID_INTEGER, (int64_t)count_lines(c->log));
		else
			grid_text(&grid, GRID_TEXT, NULL);
	}
	rc = grid_print(&grid, view, error);
	grid_release(&grid);
	return rc;
}

int view_blame(const struct model_trend *trend, const struct view *view, struct error *error)
{
	int rc;

	if (view_is_json(view->format))
		return view_trend_json(trend, false, view, error);
	if (view->format == VIEW_CSV)
		return print_grid(trend, view, error);
	rc = view_trend_head(trend, view, error);
	if (rc)
		return rc;
	if (trend->n_changes == 0) {
		fprintf(view->stream, "\nNo change found%s.\n",
			trend->n > 1 ? "; `hotpath trend` shows the history" : "");
		return ERR_OK;
	}
	if (view->format == VIEW_MARKDOWN) {
		putc('\n', view->stream);
		return print_grid(trend, view, error);
	}
	for (size_t i = 0; i < trend->n_changes; i++)
		print_change(trend, &trend->changes[i], view);
	return ERR_OK;
}
