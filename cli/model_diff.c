/* SPDX-License-Identifier: MIT */
#include "model_diff.h"

#include <stdlib.h>
#include <string.h>

bool model_same_build(const struct model_diff *diff)
{
	const struct model_side *a = &diff->base, *b = &diff->head;

	if (a->n_builds == 0 || a->n_builds != b->n_builds)
		return false;
	for (size_t i = 0; i < a->n_builds; i++)
		if (!*a->builds[i] || strcmp(a->builds[i], b->builds[i]) != 0)
			return false;
	return true;
}

const char *model_verdict_name(enum model_verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_INCONCLUSIVE] = "inconclusive",
		[VERDICT_SAME] = "same",
		[VERDICT_SLOWER] = "slower",
		[VERDICT_FASTER] = "faster",
		[VERDICT_ADDED] = "added",
		[VERDICT_REMOVED] = "removed",
	};

	return names[verdict];
}

const char *model_metric_name(enum model_metric metric)
{
	static const char *const names[] = {
		[METRIC_SELF] = "self", [METRIC_TOTAL] = "total", [METRIC_P50] = "p50",
		[METRIC_P99] = "p99",	[METRIC_CALLS] = "calls",
	};

	return names[metric];
}

const char *model_diff_title(const struct model_diff_function *function)
{
	if (function->label && *function->label)
		return function->label;
	return function->qualified && *function->qualified ? function->qualified : function->name;
}

void model_diff_function_release(struct model_diff_function *function)
{
	free(function->name);
	free(function->qualified);
	free(function->mangled);
	free(function->label);
	free(function->file);
	free(function->old_name);
	free(function->old_file);
	free(function->cells);
	free(function->buckets[0]);
	free(function->buckets[1]);
	memset(function, 0, sizeof(*function));
}

static void side_release(struct model_side *side)
{
	for (size_t i = 0; i < side->n_builds; i++)
		free(side->builds[i]);
	free(side->builds);
	free(side->asked);
	free(side->run_ids);
	free(side->run_of);
	free(side->commit);
	free(side->branch);
	free(side->command);
	free(side->host);
}

void model_diff_release(struct model_diff *diff)
{
	side_release(&diff->base);
	side_release(&diff->head);
	model_diff_function_release(&diff->total);
	for (size_t i = 0; i < diff->n; i++)
		model_diff_function_release(&diff->functions[i]);
	free(diff->functions);
	memset(diff, 0, sizeof(*diff));
}
