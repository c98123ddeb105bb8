/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../segment/image.h"

const char *model_lost_name(int cause)
{
	return image_lost_name(cause);
}

const char *model_run_how(const struct model_run *run)
{
	if (run->has_signal)
		return "signal";
	switch (run->ended) {
	case MODEL_END_EXIT:
		return "exit";
	case MODEL_END_UNLOAD:
		return "quick_exit";
	case MODEL_END_EXEC:
		return "exec";
	case MODEL_END_UNSEEN:
		break;
	}
	return run->has_status ? "_exit" : "unseen";
}

bool model_estimates(const struct model_run *run)
{
	return run->skipped_ns > 0;
}

double model_share(const struct model_run *run, int64_t ns)
{
	double duration = (double)run->duration_ns;

	if (run->overhead_percent > 0)
		duration *= fmax(0, 1 - run->overhead_percent / 100);
	return duration > 0 ? 100.0 * (double)ns / duration : NAN;
}

void model_run_release(struct model_run *run)
{
	for (size_t i = 0; run->argv && i < run->argc; i++)
		free(run->argv[i]);
	free(run->argv);
	free(run->cwd);
	free(run->exe);
	free(run->label);
	free(run->host);
	free(run->kernel);
	free(run->cpu);
	free(run->branch);
	free(run->commit);
	free(run->diff);
	free(run->governor);
	free(run->damage);
	memset(run, 0, sizeof(*run));
}

void model_run_list_release(struct model_run_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		model_run_release(&list->runs[i]);
	free(list->runs);
	memset(list, 0, sizeof(*list));
}

void model_function_release(struct model_function *function)
{
	free(function->name);
	free(function->qualified);
	free(function->mangled);
	free(function->label);
	free(function->file);
	free(function->rule);
	free(function->group);
	memset(function, 0, sizeof(*function));
}

void model_report_release(struct model_report *report)
{
	for (size_t i = 0; i < report->n; i++)
		model_function_release(&report->functions[i]);
	free(report->functions);
	for (int i = 0; i < MODEL_BUSIEST; i++)
		free(report->busiest[i].title);
	model_run_release(&report->run);
	memset(report, 0, sizeof(*report));
}

void model_groups_release(struct model_groups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		free(groups->groups[i].name);
	free(groups->groups);
	model_run_release(&groups->run);
	memset(groups, 0, sizeof(*groups));
}

void model_table_release(struct model_table *table)
{
	for (size_t i = 0; i < table->n_columns; i++)
		free(table->columns[i]);
	for (size_t i = 0; i < table->n_columns * table->n_rows; i++)
		free(table->values[i].text);
	free(table->columns);
	free(table->values);
	memset(table, 0, sizeof(*table));
}
