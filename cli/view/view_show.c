/* SPDX-License-Identifier: MIT */
#include "view_show.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/format.h"
#include "../model/model_show.h"
#include "../model/select.h"
#include "../base/text.h"
#include "view.h"

void view_show_fact(const struct view *view, const char *name, char *text)
{
	char *shown = text ? text_printable(text) : NULL;
	char *line = shown ? text_format("  %-10s %s", name, shown) : NULL;

	if (line && *shown)
		grid_line(view, line, 13);
	free(line);
	free(text);
	free(shown);
}

static void print_title(const struct view *view, const char *title)
{
	fprintf(view->stream, "\n%s%s%s\n", view->colour ? "\033[1m" : "", title,
		view->colour ? "\033[0m" : "");
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static char *git_of(const struct model_run *run)
{
	struct text words = {0};

	if (!run->commit && !run->branch)
		return NULL;
	text_print(&words, "%s%s%s", run->branch ? run->branch : "",
		   run->branch && run->commit ? " at " : "", run->commit ? run->commit : "");
	if (run->dirty >= 0)
		text_print(&words, run->dirty ? ", with changes (%s)" : "",
			   run->diff ? run->diff : "?");
	return text_take(&words);
}

static char *machine_of(const struct model_run *run)
{
	struct text words = {0};

	if (!run->host && !run->cpu && !run->kernel)
		return NULL;
	text_print(&words, "%s", run->host ? run->host : "?");
	if (run->cpu)
		text_print(&words, ", %s", run->cpu);
	if (run->cpu_count > 0)
		text_print(&words, " x %lld", (long long)run->cpu_count);
	if (run->kernel)
		text_print(&words, ", %s", run->kernel);
	return text_take(&words);
}

static char *state_of(const struct model_run *run)
{
	struct text words = {0};

	if (run->governor)
		text_print(&words, ", governor %s", run->governor);
	if (!isnan(run->load))
		text_print(&words, ", load %.2f at the start", run->load);
	if (!isnan(run->steal_percent))
		text_print(&words, ", %.1f %% taken by other virtual machines", run->steal_percent);
	if (words.n == 0)
		return NULL;
	memmove(words.text, words.text + 2, words.n - 1);
	return text_take(&words);
}

static char *clock_of(const struct model_show_run *show)
{
	const struct model_run *run = &show->report.run;

	char step[48] = "";

	if (show->clock_step_ns > 0)
		snprintf(step, sizeof(step), ", and goes by %.3g ns at a time",
			 show->clock_step_ns);
	return text_format(
		"%s, %.4g ns a tick%s; measuring a call takes %.3g ns inside its time and "
		"%.3g ns in its caller's",
		show->clock ? show->clock : "unknown", show->ns_per_tick, step, run->inside_ns,
		run->outside_ns);
}

static char *end_of(const struct model_run *run)
{
	char *end = view_run_end(run), time[FORMAT_ROOM], *words = NULL;

	if (end)
		words = text_format("%s, started %s", end, format_utc(time, run->started_at_ns));
	free(end);
	return words;
}

static char *tags_of(const struct model_show_run *show)
{
	struct text words = {0};

	for (size_t i = 0; i < show->n_tags; i++)
		text_print(&words, "%s%s", i ? ", " : "", show->tags[i]);
	return show->n_tags ? text_take(&words) : NULL;
}

static void print_facts(const struct model_show_run *show, const struct view *view)
{
	const struct model_run *run = &show->report.run;

	view_show_fact(view, "end", end_of(run));
	view_show_fact(view, "git", git_of(run));
	view_show_fact(view, "label", copy(run->label));
	view_show_fact(view, "tags", tags_of(show));
	view_show_fact(view, "program", copy(run->exe));
	view_show_fact(view, "folder", copy(run->cwd));
	view_show_fact(view, "project", copy(show->root));
	view_show_fact(view, "machine", machine_of(run));
	view_show_fact(view, "state", state_of(run));
	view_show_fact(view, "clock", clock_of(show));
	for (size_t i = 0; i < show->n_objects; i++) {
		const struct model_object *o = &show->objects[i];

		view_show_fact(view, i ? "" : "objects",
			       text_format("%s%s%s", o->path ? o->path : "",
					   !*o->build_id ? ""
					   : o->path	 ? "  build-id "
							 : "build-id ",
					   o->build_id));
	}
	view_show_fact(view, "run id", copy(run->run_id));
	if (*run->parent_id)
		view_show_fact(view, "parent", copy(run->parent_id));
}

static int print_threads(const struct model_show_run *show, size_t limit, const struct view *view,
			 struct error *error)
{
	struct grid grid = {0};
	size_t n = limit && show->n_threads > limit ? limit : show->n_threads;
	int rc;

	grid_column(&grid, "Thread", "thread", "r");
	grid_column(&grid, "Tid", "tid", "r");
	grid_column(&grid, "Name", "name", "s");
	grid_column(&grid, "From", "start_ns", "r");
	grid_column(&grid, "To", "end_ns", "r");
	grid_column(&grid, "Calls", "calls", "r");
	grid_column(&grid, "In them", "total_ns", "r");
	for (size_t i = 0; i < n; i++) {
		const struct model_thread *t = &show->threads[i];

		grid_integer(&grid, GRID_INTEGER, t->n);
		grid_integer(&grid, GRID_INTEGER, t->tid);
		grid_text(&grid, GRID_TEXT, t->name);
		grid_integer(&grid, GRID_NS, t->start_ns);
		grid_integer(&grid, GRID_NS, t->end_ns);
		grid_integer(&grid, GRID_INTEGER, t->calls);
		grid_integer(&grid, GRID_NS, t->total_ns);
	}
	rc = grid_print(&grid, view, error);
	grid_release(&grid);
	if (!rc)
		view_left_out(view, n, show->n_threads, "threads");
	return rc;
}

int view_show_calls(const struct model_calls *calls, size_t limit, bool runs,
		    const struct view *view, struct error *error)
{
	struct grid grid = {0};
	size_t n = limit && calls->n > limit ? limit : calls->n;
	int rc;

	if (runs)
		grid_column(&grid, "Run", "run", "r");
	grid_column(&grid, "Start s", "start_s", "r");
	grid_column(&grid, "Duration", "duration_ns", "r");
	grid_column(&grid, "Thread", "thread", "r");
	grid_column(&grid, "Function", "name", "s");
	for (size_t i = 0; i < n; i++) {
		const struct model_call *c = &calls->list[i];
		char start[FORMAT_ROOM];

		if (runs)
			grid_integer(&grid, GRID_INTEGER, c->run);
		/* All of them are near the end: in three digits they would look the same. */
		snprintf(start, sizeof(start), "%.9f", (double)c->start_ns / 1e9);
		grid_text(&grid, GRID_TEXT, start);
		grid_integer(&grid, GRID_NS, c->duration_ns);
		grid_integer(&grid, GRID_INTEGER, c->thread);
		grid_text(&grid, GRID_CODE, c->name);
	}
	rc = grid_print(&grid, view, error);
	grid_release(&grid);
	if (!rc)
		view_left_out(view, n, calls->n, "calls");
	return rc;
}

int view_show_run(const struct model_show_run *show, size_t limit, const struct view *view,
		  struct error *error)
{
	int rc;

	if (view_is_json(view->format))
		return view_show_run_json(show, view, error);
	rc = view_report(&show->report, view, error);
	if (rc)
		return rc;
	putc('\n', view->stream);
	print_facts(show, view);
	print_title(view, "Threads");
	rc = print_threads(show, limit, view, error);
	if (rc || show->recent.n == 0)
		return rc;
	print_title(view, "Newest calls");
	return view_show_calls(&show->recent, limit, false, view, error);
}

static int print_edges(const struct model_edges *edges, size_t limit, const char *title,
		       const struct view *view, struct error *error)
{
	struct grid grid = {0};
	size_t n = limit && edges->n > limit ? limit : edges->n;
	int rc;

	if (edges->n == 0)
		return ERR_OK;
	print_title(view, title);
	grid_column(&grid, "Function", "name", "s");
	grid_column(&grid, "Place", "place", "s");
	grid_column(&grid, "Calls", "calls", "r");
	grid_column(&grid, "Total", "total_ns", "r");
	for (size_t i = 0; i < n; i++) {
		const struct model_edge *e = &edges->list[i];
		char *place = e->file ? text_format("%s:%lld", e->file, (long long)e->line) : NULL;

		if (e->name)
			grid_text(&grid, GRID_CODE, e->name);
		else
			grid_text(&grid, GRID_TEXT, "(none measured)");
		grid_text(&grid, GRID_CODE, place);
		grid_integer(&grid, GRID_INTEGER, e->calls);
		grid_integer(&grid, GRID_NS, e->total_ns);
		free(place);
	}
	rc = grid_print(&grid, view, error);
	grid_release(&grid);
	if (!rc && n < edges->n)
		fprintf(view->stream, "%zu of %zu; --limit 0 shows all\n", n, edges->n);
	return rc;
}

static char *calls_of(const struct model_function *f)
{
	struct text words = {0};

	text_print(&words, "%lld", (long long)f->calls);
	if (f->running)
		text_print(&words, ", %lld still running at the end", (long long)f->running);
	if (f->unwound)
		text_print(&words, ", %lld left without their exit", (long long)f->unwound);
	if (f->skipped)
		text_print(&words, ", %lld of them counted and not timed: times are estimates",
			   (long long)f->skipped);
	return text_take(&words);
}

static char *times_of(const struct model_function *f, const struct view *view)
{
	char self[FORMAT_ROOM], total[FORMAT_ROOM], percent[FORMAT_ROOM];

	return text_format("%s of its own, %s in all (%s %% of the run)",
			   format_ns(self, (double)f->self_ns, view->utf8),
			   format_ns(total, (double)f->total_ns, view->utf8),
			   format_percent(percent, f->percent));
}

static char *durations_of(const struct model_show_function *show, const struct view *view)
{
	const struct model_percentiles *percentiles = &show->report.percentiles;
	const struct model_function *f = &show->report.functions[0];
	struct text words = {0};
	char ns[FORMAT_ROOM];

	if (f->calls <= f->running)
		return strdup("none returned");
	text_print(&words, "mean %s", format_ns(ns, f->mean_ns, view->utf8));
	text_print(&words, ", min %s", format_ns(ns, (double)f->min_ns, view->utf8));
	for (size_t i = 0; i < percentiles->n; i++)
		text_print(&words, ", p%s %s", percentiles->text[i],
			   format_ns(ns, f->percentile_ns[i], view->utf8));
	text_print(&words, ", max %s", format_ns(ns, (double)f->max_ns, view->utf8));
	return text_take(&words);
}

static char *runs_of(const struct model_show_function *show)
{
	struct text words = {0};

	if (show->n_runs == 1)
		text_print(&words, "%lld", (long long)show->runs[0]);
	else
		text_print(&words, "%zu, from %lld to %lld", show->n_runs, (long long)show->runs[0],
			   (long long)show->runs[show->n_runs - 1]);
	if (show->n_runs < show->asked_runs)
		text_print(&words, "; %zu others did not call it", show->asked_runs - show->n_runs);
	return text_take(&words);
}

static void print_function(const struct model_show_function *show, const struct view *view)
{
	const struct model_function *f = &show->report.functions[0];
	char *title = text_printable(select_title(f));

	fprintf(view->stream, "%s%s%s\n", view->colour ? "\033[1m" : "", title ? title : "",
		view->colour ? "\033[0m" : "");
	free(title);
	if (select_title(f) != f->qualified && f->qualified)
		view_show_fact(view, "name", copy(f->qualified));
	if (f->mangled && strcmp(f->mangled, f->name) != 0)
		view_show_fact(view, "linker", copy(f->mangled));
	if (f->file)
		view_show_fact(view, "place", text_format("%s:%lld", f->file, (long long)f->line));
	view_show_fact(view, "what",
		       text_format("%s%s%s%s%s", f->language ? f->language : "",
				   f->language ? " " : "", f->kind ? f->kind : "function",
				   f->group ? ", group " : "", f->group ? f->group : ""));
	view_show_fact(view, "chosen by", copy(f->rule));
	if (f->sample)
		view_show_fact(view, "sampling",
			       text_format("one call in %lld is timed", (long long)f->sample));
	view_show_fact(view, show->n_runs == 1 ? "run" : "runs", runs_of(show));
	view_show_fact(view, "calls", calls_of(f));
	view_show_fact(view, "time", times_of(f, view));
	view_show_fact(view, "duration", durations_of(show, view));
}

int view_show_function(const struct model_show_function *show, size_t limit,
		       const struct view *view, struct error *error)
{
	int rc = ERR_OK;

	if (view_is_json(view->format))
		return view_show_function_json(show, view, error);
	print_function(show, view);
	if (show->n_bars) {
		print_title(view, "Durations, from each time on (logarithmic), and calls");
		rc = view_histogram(show, view, error);
	}
	if (!rc)
		rc = print_edges(&show->callers, limit, "Called by", view, error);
	if (!rc)
		rc = print_edges(&show->callees, limit, "Calls", view, error);
	if (rc || show->recent.n == 0)
		return rc;
	print_title(view, "Newest calls");
	return view_show_calls(&show->recent, limit, show->n_runs > 1, view, error);
}
