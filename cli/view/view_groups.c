/* SPDX-License-Identifier: MIT */
#include "view.h"

#include "../base/error.h"
#include "../model/model.h"

int view_groups(const struct model_groups *groups, const struct view *view, struct error *error)
{
	bool people = view_is_read(view->format);
	struct grid grid = {0};
	int rc = ERR_OK;

	if (view_is_json(view->format))
		return view_groups_json(groups, view, error);
	grid_column(&grid, "Group", "group", "s");
	grid_column(&grid, "Functions", "functions", "r2");
	grid_column(&grid, "Calls", "calls", "r3");
	grid_column(&grid, "Self", "self_ns", "r4");
	grid_column(&grid, "Total", "total_ns", "r");
	grid_column(&grid, "% run", "percent", "r");
	for (size_t i = 0; i < groups->n; i++) {
		const struct model_group *g = &groups->groups[i];

		if (g->name)
			grid_text(&grid, GRID_CODE, g->name);
		else
			grid_text(&grid, GRID_TEXT, people ? "(no group)" : NULL);
		grid_integer(&grid, GRID_INTEGER, g->functions);
		grid_integer(&grid, GRID_INTEGER, g->calls);
		grid_integer(&grid, GRID_NS, g->self_ns);
		grid_integer(&grid, GRID_NS, g->total_ns);
		grid_real(&grid, GRID_PERCENT, g->percent);
	}
	if (people)
		rc = view_run_header(&groups->run, view, error);
	if (!rc && (groups->n || !people))
		rc = grid_print(&grid, view, error);
	grid_release(&grid);
	if (rc || !people)
		return rc;
	if (groups->all == 0)
		fputs("No measured function was called.\n", view->stream);
	view_left_out(view, groups->n, groups->all, "groups");
	return rc;
}
