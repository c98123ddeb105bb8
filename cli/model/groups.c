/* SPDX-License-Identifier: MIT */
#include "groups.h"

#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "model.h"
#include "model_tree.h"
#include "../base/text.h"

static const char *key_of(const char *group)
{
	return group && *group ? group : NULL;
}

/* By name, NULL last. */
static int by_name(const void *one, const void *other)
{
	const struct model_group *a = one, *b = other;

	if (!a->name || !b->name)
		return !a->name - !b->name;
	return strcmp(a->name, b->name);
}

static struct model_group *find(struct model_groups *groups, const char *name)
{
	struct model_group key = {.name = (char *)key_of(name)};

	return bsearch(&key, groups->groups, groups->n, sizeof(key), by_name);
}

/* One entry per group, sorted by name. */
static int list_groups(const struct model_report *report, struct model_groups *groups)
{
	struct model_group *all = calloc(report->n + 1, sizeof(*all));
	size_t kept = 0;

	if (!all)
		return -1;
	for (size_t i = 0; i < report->n; i++)
		all[i].name = (char *)key_of(report->functions[i].group);
	qsort(all, report->n, sizeof(*all), by_name);
	for (size_t i = 0; i < report->n; i++)
		if (kept == 0 || by_name(&all[kept - 1], &all[i]) != 0)
			all[kept++] = all[i];
	groups->groups = all;
	for (groups->n = 0; groups->n < kept; groups->n++) {
		char **name = &all[groups->n].name;

		if (*name && !(*name = strdup(*name)))
			return -1;
	}
	groups->all = groups->n;
	return 0;
}

/* Whether a context stands below one of a function of the same group. */
static bool is_inner(const struct model_tree *tree, const size_t *group_of, size_t at)
{
	size_t group = group_of[tree->contexts[at].function];

	for (int64_t up = tree->contexts[at].parent; up >= 0; up = tree->contexts[up].parent)
		if (group_of[tree->contexts[up].function] == group)
			return true;
	return false;
}

static int sum_totals(const struct model_tree *tree, struct model_groups *groups)
{
	size_t *group_of = calloc(tree->n_functions + 1, sizeof(*group_of));

	if (!group_of)
		return -1;
	for (size_t i = 0; i < tree->n_functions; i++) {
		const struct model_group *g = find(groups, tree->functions[i].group);

		group_of[i] = g ? (size_t)(g - groups->groups) : groups->n;
	}
	for (size_t i = 0; i < tree->n; i++) {
		size_t group = group_of[tree->contexts[i].function];

		if (group < groups->n && !is_inner(tree, group_of, i))
			groups->groups[group].total_ns += tree->contexts[i].total_ns;
	}
	free(group_of);
	return 0;
}

int groups_sum(const struct model_report *report, const struct model_tree *tree,
	       struct model_groups *groups, struct error *error)
{
	if (list_groups(report, groups))
		return error_memory(error);
	for (size_t i = 0; i < report->n; i++) {
		const struct model_function *f = &report->functions[i];
		struct model_group *g = find(groups, f->group);

		g->functions++;
		g->calls += f->calls;
		g->self_ns += f->self_ns;
	}
	if (sum_totals(tree, groups))
		return error_memory(error);
	for (size_t i = 0; i < groups->n; i++)
		groups->groups[i].percent = model_share(&report->run, groups->groups[i].total_ns);
	return ERR_OK;
}

static int by_total(const void *one, const void *other)
{
	const struct model_group *a = one, *b = other;

	return a->total_ns != b->total_ns ? (a->total_ns < b->total_ns ? 1 : -1) : by_name(a, b);
}

static int by_self(const void *one, const void *other)
{
	const struct model_group *a = one, *b = other;

	return a->self_ns != b->self_ns ? (a->self_ns < b->self_ns ? 1 : -1) : by_name(a, b);
}

static int by_calls(const void *one, const void *other)
{
	const struct model_group *a = one, *b = other;

	return a->calls != b->calls ? (a->calls < b->calls ? 1 : -1) : by_name(a, b);
}

int groups_sort(struct model_groups *groups, const char *key, struct error *error)
{
	static const struct {
		const char *key;
		int (*compare)(const void *, const void *);
	} orders[] = {
		{"total", by_total}, {"self", by_self}, {"calls", by_calls}, {"name", by_name}};

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (strcmp(orders[i].key, key) == 0) {
			if (groups->n)
				qsort(groups->groups, groups->n, sizeof(*groups->groups),
				      orders[i].compare);
			return ERR_OK;
		}
	return error_set(error, ERR_USAGE,
			 "--sort: groups are sorted by total, self, calls or name");
}

void groups_limit(struct model_groups *groups, int64_t n)
{
	while (n > 0 && groups->n > (size_t)n)
		free(groups->groups[--groups->n].name);
}

/* What groups there are, for somebody who named another. */
static int no_group(const struct model_groups *groups, const char *name, struct error *error)
{
	struct text known = {0};
	char *list, *shown = text_printable(name);

	for (size_t i = 0; i < groups->n && groups->groups[i].name; i++) {
		char *one = text_printable(groups->groups[i].name);

		text_print(&known, "%s'%s'", i ? ", " : "", one ? one : "");
		free(one);
	}
	if (groups->n == 0 || !groups->groups[0].name)
		text_print(&known, "none; `group: NAME` in a rule of hotpath.yaml makes one");
	list = text_take(&known);
	error_set(
		error, ERR_USAGE,
		"--group: no function that was called is in the group '%s'; groups of this run: %s",
		shown ? shown : "", list ? list : "");
	free(shown);
	free(list);
	return ERR_USAGE;
}

int groups_keep(struct model_report *report, const char *name, struct error *error)
{
	struct model_groups groups = {0};
	size_t kept = 0;
	int rc = list_groups(report, &groups) ? error_memory(error) : ERR_OK;

	if (!rc && !(*name && find(&groups, name)))
		rc = no_group(&groups, name, error);
	for (size_t i = 0; i < report->n && !rc; i++) {
		struct model_function *f = &report->functions[i];

		if (!f->group || strcmp(f->group, name) != 0) {
			model_function_release(f);
			continue;
		}
		if (kept != i) {
			report->functions[kept] = *f;
			memset(f, 0, sizeof(*f));
		}
		kept++;
	}
	if (!rc)
		report->n = report->matched = kept;
	model_groups_release(&groups);
	return rc;
}
