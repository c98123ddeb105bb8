/* SPDX-License-Identifier: MIT */
/*
 * Sums over the groups that rules put functions into: pure functions of the model.
 */
#ifndef HOTPATH_GROUPS_H
#define HOTPATH_GROUPS_H

#include <stdint.h>

struct error;
struct model_groups;
struct model_report;
struct model_tree;

/*
 * groups_sum: calls and time of its own of each group from a run's functions, its total from the tree.
 *
 * Total counts the outermost function of a group on each path, so that what functions of one group do for each
 * other is in it once.
 *
 * groups   filled in but for the run; ascending by name, the functions without a group last
 * Returns  ERR_OK or ERR_MEMORY
 */
int groups_sum(const struct model_report *report, const struct model_tree *tree,
	       struct model_groups *groups, struct error *error);

/*
 * groups_sort: "total", "self", "calls", the largest first, or "name".
 *
 * Returns  ERR_OK, or ERR_USAGE for another word
 */
int groups_sort(struct model_groups *groups, const char *key, struct error *error);

/* groups_limit: leaves the first n; 0 leaves all. */
void groups_limit(struct model_groups *groups, int64_t n);

/*
 * groups_keep: leaves only the functions of one group in a report.
 *
 * Returns  ERR_OK; ERR_USAGE when no function of the run is in it, with those that there are
 */
int groups_keep(struct model_report *report, const char *name, struct error *error);

#endif /* HOTPATH_GROUPS_H */
