/* SPDX-License-Identifier: MIT */
#ifndef HOTPATH_QUERY_TREE_H
#define HOTPATH_QUERY_TREE_H

#include <stdint.h>

#include "../model/model_tree.h"

struct error;
struct store;

/* query_tree: the calling-context tree of a run; model_tree_release() it in every case. */
int query_tree(struct store *store, int64_t run, struct model_tree *tree, struct error *error);

/* query_tree_objects: fills in the objects of a tree that query_tree() read, and which functions are in them. */
int query_tree_objects(struct store *store, struct model_tree *tree, struct error *error);

#endif /* HOTPATH_QUERY_TREE_H */
