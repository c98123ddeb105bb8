/* SPDX-License-Identifier: MIT */
#include "view_trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/format.h"
#include "../output/grid.h"
#include "../model/model_trend.h"
#include "../base/text.h"

/* Takes a text and gives a printable one back. */
static char *printable(char *text)
{
	char *shown = text ? text_printable(text) : NULL;

	free(text);
	return shown;
}

static const char *metric_words(const struct model_trend *trend)
{
	static const char *const words[] = {
		[METRIC_SELF] = "time of its own per call",
		[METRIC_TOTAL] = "total time per call",
		[METRIC_P50] = "median duration",
		[METRIC_P99] = "99th percentile",
		[METRIC_CALLS] = "calls per run",
		[METRIC_RUN] = "time of its own per run",
	};

	if (trend->total && trend->metric != METRIC_CALLS)
		return "time per run";
	return words[trend->metric];
}

char *view_trend_subject(const struct model_trend *trend)
{
	struct text words = {0};

	text_print(&words, "%s", trend->total ? "All functions" : trend->name);
	if (trend->file)
		text_print(&words, " (%s:%lld)", trend->file, (long long)trend->line);
	text_print(&words, ", %s", metric_words(trend));
	return printable(text_take(&words));
}

char *view_trend_source(const struct model_trend *trend)
{
	struct text words = {0};

	text_print(&words, "%zu run%s", trend->n_runs, text_plural(trend->n_runs));
	if (!trend->by_run)
		text_print(&words, " of %zu commit%s", trend->n, text_plural(trend->n));
	if (trend->branch)
		text_print(&words, " of %s", trend->branch);
	if (trend->host)
		text_print(&words, " on %s", trend->host);
	return printable(text_take(&words));
}

static void note_machines(const struct model_trend *trend, struct text *notes)
{
	if (trend->other_runs)
		text_print(
			notes,
			"%zu run%s of %zu other machine%s (%s%s) left out, as times of different "
			"machines do not compare; --host NAME chooses one, --all-hosts takes "
			"all.\n",
			trend->other_runs, text_plural(trend->other_runs), trend->other_machines,
			text_plural(trend->other_machines),
			trend->other_host ? trend->other_host : "unknown",
			trend->other_machines > 1 ? ", ..." : "");
	if (trend->cpus > 1)
		text_print(notes,
			   "The runs are of %zu kinds of processor: a change can be one of the "
			   "machine.\n",
			   trend->cpus);
	else if (trend->hosts > 1)
		text_print(notes, "The runs are of %zu hosts with the same processor (%s).\n",
			   trend->hosts, trend->cpu ? trend->cpu : "unknown");
}

static void note_runs(const struct model_trend *trend, struct text *notes)
{
	if (trend->by_run)
		text_print(notes, "No commits are known: each run stands for itself.\n");
	if (trend->backwards)
		text_print(
			notes,
			"%zu commit%s older than one that was run before: as commits stand in the "
			"order of their first runs, a change may be told backwards.\n",
			trend->backwards, trend->backwards == 1 ? " is" : "s are");
	if (trend->without_commit)
		text_print(notes, "%zu run%s without a commit left out.\n", trend->without_commit,
			   text_plural(trend->without_commit));
	if (trend->live)
		text_print(notes, "%zu run%s that still went on left out.\n", trend->live,
			   text_plural(trend->live));
	if (trend->not_called)
		text_print(notes, "%zu other run%s did not call it.\n", trend->not_called,
			   text_plural(trend->not_called));
	if (trend->commands > 1)
		text_print(notes,
			   "The runs are of %zu different commands: --run LABEL chooses those of "
			   "one, when they have a label.\n",
			   trend->commands);
	if (trend->dirty)
		text_print(notes,
			   "%zu run%s of a work tree that differed from its commit: marked with *, "
			   "and apart from those of the commit.\n",
			   trend->dirty, text_plural(trend->dirty));
	if (trend->unseen && trend->unseen < trend->n_runs)
		text_print(notes,
			   "%zu run%s ended unseen, as one that is killed does: it may be only a "
			   "part.\n",
			   trend->unseen, text_plural(trend->unseen));
	if (trend->failed)
		text_print(notes, "%zu run%s ended with an error or a signal.\n", trend->failed,
			   text_plural(trend->failed));
	if (trend->lost)
		text_print(notes, "%lld call%s could not be recorded.\n", (long long)trend->lost,
			   text_plural(trend->lost));
}

static void note_statistics(const struct model_trend *trend, struct text *notes)
{
	if (trend->n < 2)
		text_print(notes, "There is one %s only%s: nothing can change yet.\n",
			   trend->by_run ? "run" : "commit",
			   trend->chosen ? " of this branch (that of the newest run; --branch NAME "
					   "chooses another)"
					 : "");
	else if (trend->n_runs < 10 && !trend->exact)
		text_print(notes,
			   "%zu runs are few: a change is told from chance with 5 runs on both "
			   "sides of it, a small one with more.\n",
			   trend->n_runs);
	if (trend->jitter >= 0.05)
		text_print(notes,
			   "Commits differ by about %.1f %% by themselves (standard deviation; "
			   "other code moves this, and the hour): what is no more than that is no "
			   "change.\n",
			   trend->jitter);
}

/* What besides the code can be behind a change. */
static void note_changes(const struct model_trend *trend, struct text *notes)
{
	for (size_t i = 0; i < trend->n_changes; i++) {
		const struct model_trend_change *c = &trend->changes[i];
		char *commit = view_trend_commit(trend, &trend->commits[c->at]);

		if (c->same_build)
			text_print(notes,
				   "At %s the binary is the same as before: the change is of the "
				   "machine or the input, not of the code.\n",
				   commit ? commit : "?");
		if (model_trend_busy(c))
			text_print(notes,
				   "At %s the load of the machine changed as well, from %.1f to "
				   "%.1f per processor, and may be what changed the times.\n",
				   commit ? commit : "?", c->load_before, c->load_after);
		free(commit);
	}
}

void view_trend_notes(const struct model_trend *trend, struct text *notes)
{
	note_machines(trend, notes);
	note_runs(trend, notes);
	note_statistics(trend, notes);
	note_changes(trend, notes);
}

char *view_trend_commit(const struct model_trend *trend, const struct model_trend_commit *commit)
{
	if (!commit->commit)
		return text_format("run %lld", (long long)trend->runs[commit->begin].id);
	return printable(text_format("%.7s%s", commit->commit, commit->dirty ? "*" : ""));
}

char *view_trend_size(const struct model_trend_change *change)
{
	if (isnan(change->ci_low))
		return text_format("%+.1f %%", change->change);
	return text_format("%+.1f %%  [%+.1f, %+.1f]", change->change, change->ci_low,
			   change->ci_high);
}

char *view_trend_verdict(const struct model_trend *trend, const struct model_trend_change *change)
{
	bool slower = model_trend_slower(change), counts = trend->metric == METRIC_CALLS;
	char *size = view_trend_size(change), *words = NULL;

	if (size)
		words = text_format("%s %s",
				    counts ? (slower ? "more calls" : "fewer calls")
					   : (slower ? "slower" : "faster"),
				    size);
	free(size);
	return words;
}

char *view_trend_value(const struct model_trend *trend, double value, const struct view *view)
{
	char out[FORMAT_ROOM];

	if (trend->metric == METRIC_CALLS)
		return isnan(value) ? strdup("-") : text_format("%.10g", value);
	return strdup(format_ns(out, value, view->utf8));
}

double view_trend_level(const struct model_trend *trend, size_t commit)
{
	for (size_t i = 0; i < trend->n_changes; i++)
		if (commit < trend->changes[i].at)
			return trend->changes[i].before;
	return trend->n_changes ? trend->changes[trend->n_changes - 1].after : NAN;
}
