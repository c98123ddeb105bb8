/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/format.h"
#include "../model/model.h"
#include "../model/select.h"
#include "../base/text.h"

/* What was lost or damaged, by cause; nothing when all was recorded. */
static void print_damage(const struct model_run *run, const struct view *view)
{
	bool any = false;

	for (int cause = 0; cause < MODEL_LOST; cause++) {
		if (!run->lost[cause] || !model_lost_name(cause))
			continue;
		fprintf(view->stream, "%s%s %lld", any ? ", " : "Lost: ", model_lost_name(cause),
			(long long)run->lost[cause]);
		any = true;
	}
	if (any)
		fputs(" (hotpath(1) explains the causes)\n", view->stream);
	if (run->torn)
		fprintf(view->stream,
			"%lld call%s may be counted twice: the process was killed while it summed "
			"up\n",
			(long long)run->torn, run->torn == 1 ? "" : "s");
	if (run->damaged) {
		char *shown = text_printable(run->damage ? run->damage : "");

		fprintf(view->stream, "%lld part%s of the recording could not be read (%s)\n",
			(long long)run->damaged, run->damaged == 1 ? "" : "s", shown ? shown : "");
		free(shown);
	}
}

/* What of the machine's state makes times unsteady, as machine_note() has it; nothing when it was quiet. */
static void print_machine(const struct model_run *run, struct text *line)
{
	if (run->load > 1.5 && run->load > 0.75 * (double)run->cpu_count)
		text_print(line, "   load %.1f on %lld processors", run->load,
			   (long long)run->cpu_count);
	if (run->steal_percent > 1)
		text_print(line, "   steal %.1f %%", run->steal_percent);
	if (run->governor && strcmp(run->governor, "performance") != 0) {
		char *shown = text_printable(run->governor);

		text_print(line, "   governor %s", shown ? shown : "");
		free(shown);
	}
}

int view_run_header(const struct model_run *run, const struct view *view, struct error *error)
{
	bool markdown = view->format == VIEW_MARKDOWN;
	const char *mark = markdown ? "**" : view->colour ? "\033[1m" : "";
	const char *unmark = markdown ? "**" : view->colour ? "\033[0m" : "";
	char *command = view_run_command(run), *version = view_run_version(run);
	char *end = view_run_end(run), *label = text_printable(run->label ? run->label : "");
	char time[FORMAT_ROOM], *shown;
	struct text line = {0};
	int rc = command && version && end && label ? ERR_OK : error_memory(error);

	if (rc)
		goto out;
	text_print(&line, "%sRun %lld%s  ", mark, (long long)run->id, unmark);
	if (markdown) {
		/* A fence longer than any row of backticks inside cannot be ended by a hostile
		 * command line. */
		char fence[64];
		size_t longest = 0, length;

		for (const char *c = command; *c; c += length ? length : 1) {
			length = strspn(c, "`");
			longest = length > longest ? length : longest;
		}
		if (longest > sizeof(fence) - 2)
			longest = sizeof(fence) - 2;
		memset(fence, '`', longest + 1);
		fence[longest + 1] = '\0';
		text_print(&line, "%s %s %s", fence, command, fence);
	} else {
		text_print(&line, "%s", command);
	}
	if (*label)
		text_print(&line, markdown ? "  `%s`" : "  [%s]", label);
	if (*version)
		text_print(&line, markdown ? "  `%s`" : "  %s", version);
	text_print(&line, "  %s  %s   overhead ",
		   format_ns(time, (double)run->duration_ns, view->utf8), end);
	if (run->overhead_percent < 0)
		text_print(&line, "?");
	else
		text_print(&line, "%.1f %%", run->overhead_percent);
	if (run->budget_percent > 0)
		text_print(&line, " (budget %g %%)", run->budget_percent);
	text_print(&line, "   lost %lld", (long long)run->lost_total);
	if (run->threads != 1)
		text_print(&line, "   %lld threads", (long long)run->threads);
	print_machine(run, &line);
	shown = text_take(&line);
	if (!shown) {
		rc = error_memory(error);
		goto out;
	}
	grid_line(view, shown, 0);
	free(shown);
	if (markdown)
		fputs("\n", view->stream);
	print_damage(run, view);
out:
	free(command);
	free(version);
	free(end);
	free(label);
	return rc;
}

/* Whether another function that is shown has the same title: then the file tells them apart. */
static bool is_ambiguous(const struct model_report *report, size_t i)
{
	const struct model_function *f = &report->functions[i];

	/* The kind is shown anyway. */
	for (size_t j = 0; j < report->n; j++)
		if (j != i && strcmp(select_title(&report->functions[j]), select_title(f)) == 0 &&
		    f->kind == report->functions[j].kind)
			return true;
	return false;
}

static void add_title(struct grid *grid, const struct model_report *report, size_t i,
		      const struct view *view)
{
	const struct model_function *f = &report->functions[i];
	struct text title = {0};
	char *text;

	/* For programs the plain name: the other columns tell functions apart. */
	if (view->format == VIEW_CSV) {
		grid_text(grid, GRID_CODE, f->qualified && *f->qualified ? f->qualified : f->name);
		return;
	}
	text_print(&title, "%s", select_title(f));
	if (is_ambiguous(report, i) && f->file)
		text_print(&title, " (%s:%lld)", f->file, (long long)f->line);
	if (f->kind && strcmp(f->kind, "call") == 0)
		text_print(&title, " [call]");
	if (f->kind && strcmp(f->kind, "life") == 0)
		text_print(&title, " [life]");
	if (f->running)
		text_print(&title, " [running]");
	text = text_take(&title);
	if (!text)
		grid->failed = true;
	grid_text(grid, GRID_CODE, text);
	free(text);
}

static bool any_estimate(const struct model_report *report)
{
	for (size_t i = 0; i < report->n; i++)
		if (report->functions[i].skipped)
			return true;
	return false;
}

static void add_columns(struct grid *grid, const struct model_percentiles *percentiles,
			bool estimates)
{
	char title[32], key[32];

	grid_column(grid, "Function", "name", "s");
	grid_column(grid, "Mangled", "mangled", "h");
	grid_column(grid, "Label", "label", "h");
	grid_column(grid, "File", "file", "h");
	grid_column(grid, "Line", "line", "rh");
	grid_column(grid, "Language", "language", "h");
	grid_column(grid, "Calls", "calls", "r4");
	grid_column(grid, "Running", "running", "rh");
	grid_column(grid, "Mean", "mean_ns", "r2");
	grid_column(grid, "Min", "min_ns", "rh");
	for (size_t i = 0; i < percentiles->n; i++) {
		snprintf(title, sizeof(title), "P%s", percentiles->text[i]);
		snprintf(key, sizeof(key), "p%s_ns", percentiles->text[i]);
		grid_column(grid, title, key, "r1");
	}
	grid_column(grid, "Max", "max_ns", "rh");
	grid_column(grid, "Self", "self_ns", "r5");
	grid_column(grid, "Total", "total_ns", "r");
	grid_column(grid, "% run", "percent", "r");
	grid_column(grid, "Group", "group", "h");
	grid_column(grid, "Kind", "kind", "h");
	grid_column(grid, "Timed", "timed", estimates ? "r3" : "rh");
	grid_column(grid, "Error %", "error_percent", estimates ? "r" : "rh");
}

static void add_extreme(struct grid *grid, const struct model_function *f, int64_t ns)
{
	if (f->calls > f->running)
		grid_integer(grid, GRID_NS, ns);
	else
		grid_text(grid, GRID_TEXT, NULL);
}

static void add_row(struct grid *grid, const struct model_report *report, size_t i,
		    const struct view *view)
{
	const struct model_function *f = &report->functions[i];

	add_title(grid, report, i, view);
	grid_text(grid, GRID_CODE, f->mangled);
	grid_text(grid, GRID_TEXT, f->label);
	grid_text(grid, GRID_CODE, f->file);
	grid_integer(grid, GRID_INTEGER, f->line);
	grid_text(grid, GRID_TEXT, f->language);
	grid_integer(grid, GRID_INTEGER, f->calls);
	grid_integer(grid, GRID_INTEGER, f->running);
	grid_real(grid, GRID_NS, f->mean_ns);
	add_extreme(grid, f, f->min_ns);
	for (size_t p = 0; p < report->percentiles.n; p++)
		grid_real(grid, GRID_NS, f->percentile_ns[p]);
	add_extreme(grid, f, f->max_ns);
	grid_integer(grid, GRID_NS, f->self_ns);
	grid_integer(grid, GRID_NS, f->total_ns);
	grid_real(grid, GRID_PERCENT, f->percent);
	grid_text(grid, GRID_TEXT, f->group);
	grid_text(grid, GRID_TEXT, f->kind);
	grid_integer(grid, GRID_INTEGER, f->calls - f->skipped);
	grid_real(grid, GRID_PERCENT, f->error_percent);
}

/*
 * Why a budget was not kept, and what would help.  Where no call was left untimed, and there were many, they were made by recursion
 * through other functions.
 */
static void print_over_budget(const struct model_report *report, const struct view *view)
{
	enum { MANY = 100000 };

	if (any_estimate(report))
		fprintf(view->stream,
			"Measuring took more than the budget, as counting a call takes %.1f ns, "
			"timed or not. Called most:",
			report->run.skipped_ns);
	else if (report->run.calls >= MANY)
		fprintf(view->stream, "%s%s", view->format == VIEW_MARKDOWN ? "\n" : "",
			"Measuring took more than the budget, as functions that call each other by "
			"recursion are all timed: of few calls their own times could not be told. "
			"Called most:");
	else
		return;
	for (int i = 0; i < MODEL_BUSIEST && report->busiest[i].title; i++) {
		char *title = text_printable(report->busiest[i].title);

		fprintf(view->stream, "%s %s (%lld)", i ? "," : "", title ? title : "",
			(long long)report->busiest[i].calls);
		free(title);
	}
	fputs("; a rule with `measure: false` leaves a function out.\n", view->stream);
}

/* What the times of functions are whose calls were not all timed. */
static void print_estimates(const struct view *view)
{
	if (view->format == VIEW_MARKDOWN)
		fputs("\n", view->stream);
	grid_line(view,
		  "Calls are exact. Where fewer were timed, times are estimates; the error is "
		  "half of the mean's 95 % interval.",
		  0);
}

static void print_footer(const struct model_report *report, const struct view *view)
{
	if (report->total == 0)
		fputs("No measured function was called.\n", view->stream);
	else if (report->matched == 0)
		fprintf(view->stream, "None of the %zu functions matches the focus.\n",
			report->total);
	if (any_estimate(report))
		print_estimates(view);
	if (report->run.budget_percent > 0 &&
	    report->run.overhead_percent > report->run.budget_percent)
		print_over_budget(report, view);
	view_left_out(view, report->n, report->matched, "functions");
}

int view_report(const struct model_report *report, const struct view *view, struct error *error)
{
	bool people = view_is_read(view->format);
	struct grid grid = {0};
	int rc = ERR_OK;

	if (view_is_json(view->format))
		return view_report_json(report, view, error);
	if (view->format == VIEW_GITHUB_BENCHMARK || view->format == VIEW_BENCHER)
		return view_report_bench(report, view, error);
	add_columns(&grid, &report->percentiles, any_estimate(report));
	for (size_t i = 0; i < report->n; i++)
		add_row(&grid, report, i, view);
	if (people)
		rc = view_run_header(&report->run, view, error);
	if (!rc && (report->n || !people))
		rc = grid_print(&grid, view, error);
	if (!rc && people)
		print_footer(report, view);
	grid_release(&grid);
	return rc;
}
