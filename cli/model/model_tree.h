/* SPDX-License-Identifier: MIT */
/*
 * The model of a run's calling-context tree: who called whom, and what that took.
 */
#ifndef HOTPATH_MODEL_TREE_H
#define HOTPATH_MODEL_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "model.h"
#include "model_show.h"

struct model_tree_function {
	char *name; /* label, else qualified, else plain name; calls to a function have " [call]" behind it */
	char *plain;	 /* as written in the source */
	char *qualified; /* with namespaces and classes; NULL unknown */
	char *mangled;	 /* as the linker knows it; NULL unknown */
	char *file;	 /* NULL unknown */
	char *group;	 /* NULL none */
	int kind;	 /* enum hotpath_kind */
	int64_t line;
	int64_t object; /* index, or -1 when it is not known which */
};

/* A program or library that functions are in. */
struct model_tree_object {
	char *path;	/* NULL unknown */
	char *build_id; /* hex, "" when it has none */
};

struct model_context {
	int64_t parent; /* index of a context before this one, or -1 */
	size_t function;
	int64_t calls, total_ns, self_ns;
};

struct model_tree {
	struct model_run run;
	char *root; /* folder of the project, NULL unknown */
	struct model_tree_function *functions;
	size_t n_functions;
	struct model_tree_object *objects; /* the program first; of query_tree_objects() */
	size_t n_objects;
	struct model_calls recent;	/* of query_recent() */
	struct model_context *contexts; /* parents first */
	size_t n, all;			/* shown, and in the run */
};

/*
 * model_tree_sort: children of one parent by their total, the largest first, each behind its parent
 * with all that is below it.
 *
 * limit    only the contexts with the largest totals, which hang together; 0: all
 * Returns  0, or -1 when out of memory
 */
int model_tree_sort(struct model_tree *tree, int64_t limit);

void model_tree_release(struct model_tree *tree);

#endif /* HOTPATH_MODEL_TREE_H */
