/* SPDX-License-Identifier: MIT */
#include "view_tree.h"

#include <stdlib.h>

#include "../base/error.h"
#include "../output/json_out.h"
#include "../model/model_tree.h"
#include "../base/text.h"
#include "view.h"

static size_t depth_of(const struct model_tree *tree, size_t at)
{
	size_t depth = 0;

	for (int64_t i = tree->contexts[at].parent; i >= 0; i = tree->contexts[i].parent)
		depth++;
	return depth;
}

static json_t *node_json(const struct model_tree *tree, size_t at)
{
	const struct model_context *c = &tree->contexts[at];
	const struct model_tree_function *f = &tree->functions[c->function];

	return json_pack("{s:o,s:o,s:I,s:I,s:I,s:I,s:o,s:[]}", "name", json_out_text(f->name),
			 "file", json_out_text(f->file), "line", (json_int_t)f->line, "calls",
			 (json_int_t)c->calls, "total_ns", (json_int_t)c->total_ns, "self_ns",
			 (json_int_t)c->self_ns, "percent",
			 json_out_real(model_share(&tree->run, c->total_ns)), "children");
}

static int print_json(const struct model_tree *tree, const struct view *view, struct error *error)
{
	json_t *top = json_array(), **nodes = calloc(tree->n + 1, sizeof(json_t *));

	/* Parents come first, and own their children from then on. */
	for (size_t i = 0; nodes && i < tree->n; i++) {
		int64_t parent = tree->contexts[i].parent;

		nodes[i] = node_json(tree, i);
		json_array_append_new(parent < 0 ? top : json_object_get(nodes[parent], "children"),
				      nodes[i]);
	}
	free(nodes);
	return json_out_print(json_pack("{s:i,s:I,s:o}", "schema", 1, "run",
					(json_int_t)tree->run.id, "tree", top),
			      view, error);
}

static void add_row(struct grid *grid, const struct model_tree *tree, size_t at,
		    const struct view *view)
{
	const struct model_context *c = &tree->contexts[at];
	const struct model_tree_function *f = &tree->functions[c->function];
	size_t depth = depth_of(tree, at);
	bool plain = view->format == VIEW_CSV;
	char *name = text_format("%*s%s", plain ? 0 : (int)(2 * depth), "", f->name);

	grid_text(grid, GRID_CODE, name);
	grid_text(grid, GRID_TEXT, f->file);
	grid_integer(grid, GRID_INTEGER, f->line);
	grid_integer(grid, GRID_INTEGER, (int64_t)depth);
	grid_integer(grid, GRID_INTEGER, c->calls);
	grid_integer(grid, GRID_NS, c->self_ns);
	grid_integer(grid, GRID_NS, c->total_ns);
	grid_real(grid, GRID_PERCENT, model_share(&tree->run, c->total_ns));
	free(name);
}

int view_tree(const struct model_tree *tree, const struct view *view, struct error *error)
{
	struct grid grid = {0};
	int rc;

	if (view_is_json(view->format))
		return print_json(tree, view, error);
	grid_column(&grid, "Function", "name", "st");
	grid_column(&grid, "File", "file", "h");
	grid_column(&grid, "Line", "line", "rh");
	grid_column(&grid, "Depth", "depth", "rh");
	grid_column(&grid, "Calls", "calls", "r3");
	grid_column(&grid, "Self", "self_ns", "r4");
	grid_column(&grid, "Total", "total_ns", "r");
	grid_column(&grid, "% run", "percent", "r");
	for (size_t i = 0; i < tree->n; i++)
		add_row(&grid, tree, i, view);
	rc = grid_print(&grid, view, error);
	grid_release(&grid);
	if (rc)
		return rc;
	view_estimates(&tree->run, view);
	view_left_out(view, tree->n, tree->all, "contexts");
	return ERR_OK;
}
