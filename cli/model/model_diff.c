/* SPDX-License-Identifier: MIT */
#include "model_diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/names.h"

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
		[VERDICT_RENAMED] = "renamed",
	};

	return names[verdict];
}

const char *model_gate_name(enum model_gate gate)
{
	static const char *const names[] = {
		[GATE_NONE] = NULL,
		[GATE_PASSED] = "passed",
		[GATE_FAILED] = "failed",
		[GATE_UNDECIDED] = "undecided",
	};

	return names[gate];
}

const char *model_metric_name(enum model_metric metric)
{
	static const char *const names[] = {
		[METRIC_SELF] = "self", [METRIC_TOTAL] = "total", [METRIC_P50] = "p50",
		[METRIC_P99] = "p99",	[METRIC_CALLS] = "calls", [METRIC_RUN] = "run",
	};

	return names[metric];
}

double model_cell_value(const struct model_cell *cell, enum model_metric metric)
{
	switch (metric) {
	case METRIC_SELF:
		return cell->calls > 0 ? cell->self_ns / cell->calls : NAN;
	case METRIC_TOTAL:
		return cell->calls > 0 ? cell->total_ns / cell->calls : NAN;
	case METRIC_P50:
		return cell->p50_ns;
	case METRIC_P99:
		return cell->p99_ns;
	case METRIC_RUN:
		return cell->self_ns;
	case METRIC_CALLS:
		break;
	}
	return cell->calls;
}

enum model_metric model_metric_of_total(enum model_metric metric)
{
	return metric == METRIC_CALLS ? METRIC_CALLS : METRIC_RUN;
}

const char *model_diff_title(const struct model_diff_function *function)
{
	if (function->label && *function->label)
		return function->label;
	return function->qualified && *function->qualified ? function->qualified : function->name;
}

int model_diff_edited(const struct model_diff_function *f)
{
	if (!f->body[0] || !f->body[1])
		return -1;
	return f->body[0] != f->body[1];
}

static const char *full_name(const char *qualified, const char *name)
{
	return qualified && *qualified ? qualified : name;
}

const char *model_diff_other_name(const struct model_diff_function *f)
{
	const char *old = f->old_name ? full_name(f->old_qualified, f->old_name) : NULL;

	return old && strcmp(old, full_name(f->qualified, f->name)) != 0 ? old : NULL;
}

bool model_diff_renamed(const struct model_diff_function *f)
{
	const char *slash, *old_slash;

	if (!f->old_name)
		return false;
	if (model_diff_other_name(f) || !f->file || !f->old_file)
		return true;
	slash = strrchr(f->file, '/');
	old_slash = strrchr(f->old_file, '/');
	if (*f->file == '/' && *f->old_file == '/')
		return strcmp(slash, old_slash) != 0;
	return strcmp(f->file, f->old_file) != 0;
}

char **model_diff_names(const struct model_diff *diff)
{
	struct name_parts *parts = calloc(diff->n + 1, sizeof(*parts));
	char **names = NULL;

	for (size_t i = 0; i < diff->n && parts; i++) {
		const struct model_diff_function *f = &diff->functions[i];

		parts[i] = (struct name_parts){model_diff_title(f), f->file,
					       f->mangled ? f->mangled : f->name, f->line};
	}
	if (parts)
		names = names_apart(parts, diff->n);
	free(parts);
	return names;
}

size_t model_diff_others(const struct model_diff *diff, struct model_diff_function *others)
{
	memset(others, 0, sizeof(*others));
	others->calls_base = diff->total.calls_base;
	others->calls_head = diff->total.calls_head;
	others->impact_calls = diff->total.impact_calls;
	others->impact_cost = diff->total.impact_cost;
	others->calls_vary = diff->total.calls_vary;
	for (size_t i = 0; i < diff->n; i++) {
		others->calls_base -= diff->functions[i].calls_base;
		others->calls_head -= diff->functions[i].calls_head;
		others->impact_calls -= diff->functions[i].impact_calls;
		others->impact_cost -= diff->functions[i].impact_cost;
	}
	others->impact_ns = others->impact_calls + others->impact_cost;
	return diff->all - diff->n;
}

void model_diff_function_release(struct model_diff_function *function)
{
	free(function->name);
	free(function->qualified);
	free(function->mangled);
	free(function->label);
	free(function->file);
	free(function->group);
	free(function->old_name);
	free(function->old_qualified);
	free(function->old_mangled);
	free(function->old_file);
	free(function->cells);
	for (int side = 0; side < 2; side++) {
		for (size_t i = 0; i < function->n_histograms[side]; i++)
			free(function->histograms[side][i].buckets);
		free(function->histograms[side]);
	}
	memset(function, 0, sizeof(*function));
}

void model_side_release(struct model_side *side)
{
	for (size_t i = 0; i < side->n_builds; i++)
		free(side->builds[i]);
	free(side->builds);
	for (size_t i = 0; side->called && i < side->n_run_ids; i++)
		free(side->called[i].numbers);
	free(side->called);
	free(side->asked);
	free(side->run_ids);
	free(side->run_of);
	free(side->commit);
	free(side->branch);
	free(side->command);
	free(side->host);
	free(side->cpu);
	free(side->governor);
}

void model_diff_release(struct model_diff *diff)
{
	model_side_release(&diff->base);
	model_side_release(&diff->head);
	model_diff_function_release(&diff->total);
	for (size_t i = 0; i < diff->n; i++)
		model_diff_function_release(&diff->functions[i]);
	free(diff->functions);
	free(diff->notes);
	free(diff->gate_asked);
	free(diff->gate_why);
	memset(diff, 0, sizeof(*diff));
}
