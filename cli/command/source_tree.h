/* SPDX-License-Identifier: MIT */
/*
 * Looks at a source tree: which languages, where its tests and others' code are.
 */
#ifndef HOTPATH_SOURCE_TREE_H
#define HOTPATH_SOURCE_TREE_H

#include <stdbool.h>
#include <stddef.h>

enum source_language {
	SOURCE_C,
	SOURCE_CXX,
	SOURCE_FORTRAN,
	SOURCE_ADA,
	SOURCE_D,
	SOURCE_LANGUAGES,
};

enum source_use {
	SOURCE_TESTS,
	SOURCE_VENDORED,
	SOURCE_USES,
};

struct source_folders {
	char **paths; /* from the tree's top, sorted */
	size_t n;
};

struct source_tree {
	size_t files[SOURCE_LANGUAGES]; /* outside of the folders below */
	struct source_folders folders[SOURCE_USES];
	bool cut; /* the tree is larger than is looked at */
};

/*
 * source_tree_read: hidden folders, build folders and symbolic links are not entered.
 *
 * Returns  0; -1 with errno set when `top` is no folder that can be read, or out of memory
 */
int source_tree_read(const char *top, struct source_tree *tree);
void source_tree_release(struct source_tree *tree);

/* source_language_name: "C", "C++", ... */
const char *source_language_name(enum source_language language);

#endif /* HOTPATH_SOURCE_TREE_H */
