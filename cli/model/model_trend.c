/* SPDX-License-Identifier: MIT */
#include "model_trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool model_trend_slower(const struct model_trend_change *change)
{
	return change->change > 0;
}

/* By half a processor each, with more to do than there were processors for on one side. */
bool model_trend_busy(const struct model_trend_change *change)
{
	double before = change->load_before, after = change->load_after;

	return fabs(after - before) >= 0.5 && fmax(before, after) >= 1;
}

const char *model_trend_unit(const struct model_trend *trend)
{
	return trend->metric == METRIC_CALLS ? "calls" : "ns";
}

void model_trend_release(struct model_trend *trend)
{
	for (size_t i = 0; i < trend->n; i++)
		free(trend->commits[i].commit);
	for (size_t i = 0; i < trend->n_changes; i++)
		free(trend->changes[i].log);
	free(trend->asked);
	free(trend->name);
	free(trend->file);
	free(trend->branch);
	free(trend->host);
	free(trend->cpu);
	free(trend->other_host);
	free(trend->runs);
	free(trend->commits);
	free(trend->changes);
	memset(trend, 0, sizeof(*trend));
}
