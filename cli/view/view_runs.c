/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <math.h>
#include <stdlib.h>

#include "../base/error.h"
#include "../model/model.h"

static void add_columns(struct grid *grid)
{
	grid_column(grid, "Run", "id", "r");
	grid_column(grid, "Started", "started_at", "3");
	grid_column(grid, "Command", "command", "s");
	grid_column(grid, "Label", "label", "s");
	grid_column(grid, "Version", "version", "4");
	grid_column(grid, "Branch", "branch", "h");
	grid_column(grid, "Commit", "commit", "h");
	grid_column(grid, "Dirty", "dirty", "h");
	grid_column(grid, "Diff", "diff", "h");
	grid_column(grid, "Duration", "duration_ns", "r");
	grid_column(grid, "End", "end", "5");
	grid_column(grid, "How", "how", "h");
	grid_column(grid, "Status", "status", "rh");
	grid_column(grid, "Signal", "signal", "rh");
	grid_column(grid, "Sealed", "sealed", "rh");
	grid_column(grid, "Part", "part", "h");
	grid_column(grid, "Host", "host", "h");
	grid_column(grid, "CPU", "cpu", "h");
	grid_column(grid, "Governor", "governor", "h");
	grid_column(grid, "Load", "load", "rh");
	grid_column(grid, "Steal %", "steal_percent", "rh");
	grid_column(grid, "Threads", "threads", "rh");
	grid_column(grid, "Calls", "calls", "r2");
	grid_column(grid, "Overhead %", "overhead_percent", "r1");
	grid_column(grid, "Lost", "lost", "r");
}

static void add_known(struct grid *grid, bool known, int64_t value)
{
	if (known)
		grid_integer(grid, GRID_INTEGER, value);
	else
		grid_text(grid, GRID_TEXT, NULL);
}

/* Parts made for this row; NULL only when out of memory. */
static void add_made(struct grid *grid, enum grid_kind kind, char *text)
{
	if (!text)
		grid->failed = true;
	grid_text(grid, kind, text);
	free(text);
}

static void add_row(struct grid *grid, const struct model_run *run)
{
	static const char *const parts[] = {"whole", "live", "session"};

	grid_integer(grid, GRID_INTEGER, run->id);
	grid_integer(grid, GRID_TIME, run->started_at_ns);
	add_made(grid, GRID_CODE, view_run_command(run));
	grid_text(grid, GRID_TEXT, run->label);
	add_made(grid, GRID_CODE, view_run_version(run));
	grid_text(grid, GRID_TEXT, run->branch);
	grid_text(grid, GRID_TEXT, run->commit);
	add_known(grid, run->dirty >= 0, run->dirty);
	grid_text(grid, GRID_TEXT, run->diff);
	grid_integer(grid, GRID_NS, run->duration_ns);
	add_made(grid, GRID_TEXT, view_run_end(run));
	grid_text(grid, GRID_TEXT, model_run_how(run));
	add_known(grid, run->has_status, run->status);
	add_known(grid, run->has_signal, run->signal);
	grid_integer(grid, GRID_INTEGER, run->sealed);
	grid_text(grid, GRID_TEXT, parts[run->part]);
	grid_text(grid, GRID_TEXT, run->host);
	grid_text(grid, GRID_TEXT, run->cpu);
	grid_text(grid, GRID_TEXT, run->governor);
	grid_real(grid, GRID_REAL, run->load);
	grid_real(grid, GRID_PERCENT, run->steal_percent);
	grid_integer(grid, GRID_INTEGER, run->threads);
	grid_integer(grid, GRID_INTEGER, run->calls);
	grid_real(grid, GRID_PERCENT, run->overhead_percent < 0 ? NAN : run->overhead_percent);
	grid_integer(grid, GRID_INTEGER, run->lost_total);
}

int view_runs(const struct model_run_list *list, const struct view *view, struct error *error)
{
	struct grid grid = {0};
	int rc;

	if (view_is_json(view->format))
		return view_runs_json(list, view, error);
	add_columns(&grid);
	for (size_t i = 0; i < list->n; i++)
		add_row(&grid, &list->runs[i]);
	rc = grid_print(&grid, view, error);
	grid_release(&grid);
	if (!rc)
		view_left_out(view, list->n, (size_t)list->total, "runs");
	return rc;
}
