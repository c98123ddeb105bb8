/* SPDX-License-Identifier: MIT */
#include "model_show.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "percentile.h"

double model_bars_percentile(const struct model_bar *bars, size_t n, double percent, double min_ns,
			     double max_ns)
{
	double all = 0, seen = 0, rank;

	for (size_t i = 0; i < n; i++)
		all += bars[i].calls;
	if (all == 0)
		return NAN;
	rank = (double)percentile_rank(percent, (uint64_t)all);
	if (rank >= all)
		return max_ns;
	if (rank <= 1)
		return min_ns;
	for (size_t i = 0; i < n; i++) {
		seen += bars[i].calls;
		if (seen >= rank)
			return fmin(fmax(bars[i].ns, min_ns), max_ns);
	}
	return max_ns;
}

void model_calls_release(struct model_calls *calls)
{
	for (size_t i = 0; i < calls->n; i++)
		free(calls->list[i].name);
	free(calls->list);
}

static void release_edges(struct model_edges *edges)
{
	for (size_t i = 0; i < edges->n; i++) {
		free(edges->list[i].name);
		free(edges->list[i].file);
	}
	free(edges->list);
}

void model_show_run_release(struct model_show_run *show)
{
	for (size_t i = 0; i < show->n_threads; i++)
		free(show->threads[i].name);
	for (size_t i = 0; i < show->n_objects; i++) {
		free(show->objects[i].path);
		free(show->objects[i].build_id);
	}
	free(show->threads);
	free(show->objects);
	for (size_t i = 0; i < show->n_tags; i++)
		free(show->tags[i]);
	free(show->tags);
	free(show->root);
	model_calls_release(&show->recent);
	model_report_release(&show->report);
	memset(show, 0, sizeof(*show));
}

void model_show_function_release(struct model_show_function *show)
{
	release_edges(&show->callers);
	release_edges(&show->callees);
	model_calls_release(&show->recent);
	free(show->bars);
	free(show->runs);
	model_report_release(&show->report);
	memset(show, 0, sizeof(*show));
}
