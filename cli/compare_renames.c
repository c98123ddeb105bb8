/* SPDX-License-Identifier: MIT */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

static bool only_on(const struct model_diff *diff, const struct model_diff_function *f, bool head)
{
	double base_calls = 0, head_calls = 0;

	for (size_t i = 0; i < diff->base.n; i++)
		base_calls += f->cells[i].calls;
	for (size_t i = 0; i < diff->head.n; i++)
		head_calls += f->cells[diff->base.n + i].calls;
	return head ? base_calls == 0 && head_calls > 0 : base_calls > 0 && head_calls == 0;
}

static bool equal(const char *one, const char *other)
{
	return one && other && *one && strcmp(one, other) == 0;
}

static bool is_counterpart(const struct model_diff_function *a, const struct model_diff_function *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->label || b->label)
		return equal(a->label, b->label);
	return equal(a->mangled, b->mangled) && equal(a->qualified, b->qualified);
}

/* The only counterpart of a function that only the head has; n when there is none, or several. */
static size_t counterpart(const struct model_diff *diff, size_t head)
{
	size_t found = diff->n, others = 0;

	for (size_t i = 0; i < diff->n; i++) {
		if (!is_counterpart(&diff->functions[i], &diff->functions[head]))
			continue;
		if (only_on(diff, &diff->functions[i], false))
			found = found == diff->n ? i : diff->n + 1;
		else if (i != head)
			others++;
	}
	return found < diff->n && others == 0 ? found : diff->n;
}

static void join(struct model_diff *diff, size_t base, size_t head)
{
	struct model_diff_function *old = &diff->functions[base], *new = &diff->functions[head];

	memcpy(new->cells, old->cells, diff->base.n * sizeof(*new->cells));
	new->old_name = old->name;
	new->old_file = old->file;
	new->buckets[0] = old->buckets[0];
	new->n_buckets[0] = old->n_buckets[0];
	old->name = old->file = NULL;
	old->buckets[0] = NULL;
	model_diff_function_release(old);
	*old = diff->functions[--diff->n];
}

void compare_renames(struct model_diff *diff)
{
	for (size_t i = 0; i < diff->n; i++) {
		size_t base;

		if (!only_on(diff, &diff->functions[i], true))
			continue;
		base = counterpart(diff, i);
		if (base == diff->n)
			continue;
		join(diff, base, i);
		/* Another function may have come to the place of either. */
		i = (size_t)-1;
	}
}
