/* SPDX-License-Identifier: MIT */
#ifndef HOTPATH_VIEW_TREE_H
#define HOTPATH_VIEW_TREE_H

#include <stdint.h>

struct error;
struct model_tree;
struct view;

/* view_tree: a sorted calling-context tree, callees indented below their callers. */
int view_tree(const struct model_tree *tree, const struct view *view, struct error *error);

/* view_callers: who called each function; the `limit` functions with most time of their own, 0: all. */
int view_callers(const struct model_tree *tree, int64_t limit, const struct view *view,
		 struct error *error);

#endif /* HOTPATH_VIEW_TREE_H */
