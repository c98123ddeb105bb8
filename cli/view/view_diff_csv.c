/* SPDX-License-Identifier: MIT */
#include "view_diff.h"

#include <math.h>

#include "../base/error.h"
#include "../model/model_diff.h"
#include "view.h"

static const char *const keys[] = {
	"name",
	"file",
	"verdict",
	"more_runs",
	"base",
	"head",
	"change_percent",
	"ci_low_percent",
	"ci_high_percent",
	"p",
	"q",
	"calls_base",
	"calls_head",
	"impact_calls_ns",
	"impact_cost_ns",
	"impact_ns",
	"p95_change_percent",
	"p99_change_percent",
	"old_name",
	"old_file",
};

static void add_row(struct grid *grid, const struct model_diff_function *f, bool total)
{
	const struct model_change *c = &f->change;

	grid_text(grid, GRID_TEXT, total ? "(total)" : f->name);
	grid_text(grid, GRID_TEXT, f->file);
	grid_text(grid, GRID_TEXT, model_verdict_name(c->verdict));
	grid_real(grid, GRID_REAL, isinf(c->more_runs) ? NAN : c->more_runs);
	grid_real(grid, GRID_REAL, c->base);
	grid_real(grid, GRID_REAL, c->head);
	grid_real(grid, GRID_REAL, c->change);
	grid_real(grid, GRID_REAL, c->ci_low);
	grid_real(grid, GRID_REAL, c->ci_high);
	grid_real(grid, GRID_REAL, c->p);
	grid_real(grid, GRID_REAL, c->q);
	grid_real(grid, GRID_REAL, f->calls_base);
	grid_real(grid, GRID_REAL, f->calls_head);
	grid_real(grid, GRID_REAL, f->impact_calls);
	grid_real(grid, GRID_REAL, f->impact_cost);
	grid_real(grid, GRID_REAL, f->impact_ns);
	grid_real(grid, GRID_REAL, total ? NAN : f->tails[MODEL_P95].change);
	grid_real(grid, GRID_REAL, total ? NAN : f->tails[MODEL_P99].change);
	grid_text(grid, GRID_TEXT, model_diff_renamed(f) ? f->old_name : NULL);
	grid_text(grid, GRID_TEXT, model_diff_renamed(f) ? f->old_file : NULL);
}

int view_diff_csv(const struct model_diff *diff, const struct view *view, struct error *error)
{
	struct grid grid = {0};
	int rc;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		grid_column(&grid, keys[i], keys[i], "");
	for (size_t i = 0; i < diff->n; i++)
		add_row(&grid, &diff->functions[i], false);
	add_row(&grid, &diff->total, true);
	rc = grid_print(&grid, view, error);
	grid_release(&grid);
	return rc;
}
