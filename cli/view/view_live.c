/* SPDX-License-Identifier: MIT */
#include "view_live.h"

#include <stdlib.h>

#include "../base/error.h"
#include "../model/model.h"
#include "../model/model_live.h"
#include "view.h"

static void add_row(struct grid *grid, const struct model_live *live)
{
	/* As a run's command is shown. */
	const struct model_run as_run = {.argv = live->argv, .argc = live->argc};
	char *command = view_run_command(&as_run);

	if (!command)
		grid->failed = true;
	grid_integer(grid, GRID_INTEGER, live->pid);
	grid_integer(grid, GRID_TIME, live->started_at_ns);
	grid_integer(grid, GRID_NS, live->duration_ns);
	grid_text(grid, GRID_TEXT, live->off ? "off" : "on");
	grid_integer(grid, GRID_INTEGER, live->threads);
	grid_integer(grid, GRID_INTEGER, live->calls);
	grid_integer(grid, GRID_INTEGER, live->running);
	grid_text(grid, GRID_TEXT, live->label);
	grid_text(grid, GRID_CODE, command);
	grid_text(grid, GRID_CODE, live->root);
	free(command);
}

int view_live(const struct model_live_list *list, const struct view *view, struct error *error)
{
	struct grid grid = {0};
	int rc;

	grid_column(&grid, "Process", "pid", "r");
	grid_column(&grid, "Started", "started_at", "");
	grid_column(&grid, "Duration", "duration_ns", "r");
	grid_column(&grid, "Measuring", "measuring", "");
	grid_column(&grid, "Threads", "threads", "r");
	grid_column(&grid, "Calls", "calls", "r");
	grid_column(&grid, "Running", "running", "r");
	grid_column(&grid, "Label", "label", "");
	grid_column(&grid, "Command", "command", "s");
	grid_column(&grid, "Project", "project", "h");
	for (size_t i = 0; i < list->n; i++)
		add_row(&grid, &list->live[i]);
	rc = grid_print(&grid, view, error);
	grid_release(&grid);
	return rc;
}
