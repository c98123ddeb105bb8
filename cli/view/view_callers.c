/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "../base/error.h"
#include "../model/model_tree.h"
#include "view.h"
#include "view_tree.h"

static const int64_t OUTERMOST = -1;

/* All contexts in which one function was called by another, added up. */
struct edge {
	size_t callee;
	int64_t caller; /* a function, or OUTERMOST */
	int64_t calls, total_ns, self_ns;
	int64_t callee_self_ns; /* in all */
};

static int by_functions(const void *one, const void *other)
{
	const struct edge *a = one, *b = other;

	if (a->callee != b->callee)
		return a->callee < b->callee ? -1 : 1;
	return (a->caller > b->caller) - (a->caller < b->caller);
}

/* The function with most time of its own first, of its callers the one that it took most for. */
static int by_time(const void *one, const void *other)
{
	const struct edge *a = one, *b = other;

	if (a->callee_self_ns != b->callee_self_ns)
		return a->callee_self_ns < b->callee_self_ns ? 1 : -1;
	if (a->callee != b->callee)
		return a->callee < b->callee ? -1 : 1;
	if (a->total_ns != b->total_ns)
		return a->total_ns < b->total_ns ? 1 : -1;
	return (a->caller > b->caller) - (a->caller < b->caller);
}

static size_t add_up(struct edge *edges, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(edges, n, sizeof(*edges), by_functions);
	for (size_t i = 0; i < n; i++) {
		struct edge *last = kept ? &edges[kept - 1] : NULL;

		if (!last || by_functions(last, &edges[i]) != 0) {
			edges[kept++] = edges[i];
			continue;
		}
		last->calls += edges[i].calls;
		last->total_ns += edges[i].total_ns;
		last->self_ns += edges[i].self_ns;
	}
	return kept;
}

static size_t make_edges(const struct model_tree *tree, struct edge *edges, int64_t *self)
{
	size_t n;

	for (size_t i = 0; i < tree->n; i++) {
		const struct model_context *c = &tree->contexts[i];

		edges[i] = (struct edge){
			.callee = c->function,
			.caller = c->parent < 0 ? OUTERMOST
						: (int64_t)tree->contexts[c->parent].function,
			.calls = c->calls,
			.total_ns = c->total_ns,
			.self_ns = c->self_ns,
		};
		self[c->function] += c->self_ns;
	}
	n = add_up(edges, tree->n);
	for (size_t i = 0; i < n; i++)
		edges[i].callee_self_ns = self[edges[i].callee];
	if (n)
		qsort(edges, n, sizeof(*edges), by_time);
	return n;
}

static void add_place(struct grid *grid, const struct model_tree_function *f)
{
	grid_text(grid, GRID_TEXT, f->file);
	grid_integer(grid, GRID_INTEGER, f->line);
}

static void add_row(struct grid *grid, const struct model_tree *tree, const struct edge *edge,
		    bool first, const struct view *view)
{
	bool plain = !view_is_read(view->format);

	grid_text(grid, GRID_CODE, first || plain ? tree->functions[edge->callee].name : "");
	add_place(grid, &tree->functions[edge->callee]);
	if (edge->caller == OUTERMOST) {
		grid_text(grid, GRID_TEXT, plain ? NULL : "(none measured)");
		grid_text(grid, GRID_TEXT, NULL);
		grid_text(grid, GRID_TEXT, NULL);
	} else {
		grid_text(grid, GRID_CODE, tree->functions[edge->caller].name);
		add_place(grid, &tree->functions[edge->caller]);
	}
	grid_integer(grid, GRID_INTEGER, edge->calls);
	grid_integer(grid, GRID_NS, edge->self_ns);
	grid_integer(grid, GRID_NS, edge->total_ns);
}

int view_callers(const struct model_tree *tree, int64_t limit, const struct view *view,
		 struct error *error)
{
	struct edge *edges = calloc(tree->n + 1, sizeof(*edges));
	int64_t *self = calloc(tree->n_functions + 1, sizeof(*self));
	size_t most = limit > 0 ? (size_t)limit : SIZE_MAX, functions = 0, n;
	struct grid grid = {0};
	int rc;

	if (!edges || !self) {
		free(edges);
		free(self);
		return error_memory(error);
	}
	n = make_edges(tree, edges, self);
	grid_column(&grid, "Function", "name", "s");
	grid_column(&grid, "File", "file", "h");
	grid_column(&grid, "Line", "line", "rh");
	grid_column(&grid, "Called by", "caller", "s");
	grid_column(&grid, "Caller's file", "caller_file", "h");
	grid_column(&grid, "Caller's line", "caller_line", "rh");
	grid_column(&grid, "Calls", "calls", "r3");
	grid_column(&grid, "Self", "self_ns", "r4");
	grid_column(&grid, "Total", "total_ns", "r");
	for (size_t i = 0; i < n; i++) {
		bool first = i == 0 || edges[i].callee != edges[i - 1].callee;

		functions += first;
		if (functions <= most)
			add_row(&grid, tree, &edges[i], first, view);
	}
	rc = grid_print(&grid, view, error);
	if (!rc) {
		view_estimates(&tree->run, view);
		view_left_out(view, most, functions, "functions");
	}
	grid_release(&grid);
	free(edges);
	free(self);
	return rc;
}
