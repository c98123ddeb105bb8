/* SPDX-License-Identifier: MIT */
#include "model_tree.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void model_tree_release(struct model_tree *tree)
{
	for (size_t i = 0; i < tree->n_functions; i++) {
		free(tree->functions[i].name);
		free(tree->functions[i].plain);
		free(tree->functions[i].qualified);
		free(tree->functions[i].mangled);
		free(tree->functions[i].file);
		free(tree->functions[i].group);
	}
	for (size_t i = 0; i < tree->n_objects; i++) {
		free(tree->objects[i].path);
		free(tree->objects[i].build_id);
	}
	free(tree->objects);
	model_calls_release(&tree->recent);
	free(tree->functions);
	free(tree->contexts);
	free(tree->root);
	model_run_release(&tree->run);
	memset(tree, 0, sizeof(*tree));
}

struct entry {
	const struct model_tree *tree;
	size_t at;
};

static int by_total(const void *one, const void *other)
{
	const struct entry *a = one, *b = other;
	const struct model_context *x = &a->tree->contexts[a->at], *y = &b->tree->contexts[b->at];

	if (x->total_ns != y->total_ns)
		return x->total_ns < y->total_ns ? 1 : -1;
	return (a->at > b->at) - (a->at < b->at);
}

/* Siblings in a list: the first child of each context, and the next one after each. */
struct links {
	size_t *child,
		*next; /* index + 1; 0: none.  child[0] are the outermost, child[i + 1] those of i */
};

static void link_kept(const struct model_tree *tree, const struct entry *order, const bool *kept,
		      struct links *links)
{
	/* From the smallest on, each put before those that are there. */
	for (size_t i = tree->n; i-- > 0;) {
		size_t at = order[i].at;
		size_t parent = (size_t)(tree->contexts[at].parent + 1);

		if (!kept[at])
			continue;
		links->next[at] = links->child[parent];
		links->child[parent] = at + 1;
	}
}

/* Writes the contexts in their new order; returns how many. */
static size_t walk(const struct model_tree *tree, const struct links *links,
		   struct model_context *out, int64_t *places)
{
	size_t n = 0, at = links->child[0];

	while (at) {
		const struct model_context *c = &tree->contexts[at - 1];

		places[at - 1] = (int64_t)n;
		out[n] = *c;
		out[n++].parent = c->parent < 0 ? -1 : places[c->parent];
		if (links->child[at]) {
			at = links->child[at];
			continue;
		}
		/* Up until there is a neighbour. */
		while (at && !links->next[at - 1])
			at = (size_t)(tree->contexts[at - 1].parent + 1);
		if (at)
			at = links->next[at - 1];
	}
	return n;
}

int model_tree_sort(struct model_tree *tree, int64_t limit)
{
	size_t n = tree->n;
	struct entry *order = calloc(n + 1, sizeof(*order));
	struct model_context *out = calloc(n + 1, sizeof(*out));
	size_t *room = calloc(2 * n + 2, sizeof(*room));
	int64_t *places = calloc(n + 1, sizeof(*places));
	bool *kept = calloc(n + 1, sizeof(*kept));
	int rc = order && out && room && places && kept ? 0 : -1;
	struct links links = {room, room ? room + n + 1 : NULL};

	for (size_t i = 0; i < n && !rc; i++)
		order[i] = (struct entry){tree, i};
	if (!rc && n)
		qsort(order, n, sizeof(*order), by_total);
	/* With recursion a parent can have less than its child: then the child waits for it. */
	for (size_t i = 0, left = limit > 0 ? (size_t)limit : n; i < n && left && !rc; i++) {
		int64_t parent = tree->contexts[order[i].at].parent;

		if (parent >= 0 && !kept[parent])
			continue;
		kept[order[i].at] = true;
		left--;
	}
	if (!rc) {
		if (limit <= 0)
			memset(kept, true, n * sizeof(*kept));
		link_kept(tree, order, kept, &links);
		tree->n = walk(tree, &links, out, places);
		free(tree->contexts);
		tree->contexts = out;
		out = NULL;
	}
	free(order);
	free(out);
	free(room);
	free(places);
	free(kept);
	return rc;
}
