/* SPDX-License-Identifier: MIT */
#include "view_diff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../compare/compare.h"
#include "../model/model_diff.h"
#include "../compare/stats.h"
#include "../base/text.h"

static bool differ(const char *one, const char *other)
{
	return !one || !other || strcmp(one, other) != 0;
}

static void note_numbers(const struct model_diff *diff, struct text *notes)
{
	size_t m = diff->base.n, n = diff->head.n;

	if (m == 1 || n == 1)
		text_print(notes,
			   "Nothing can be concluded from one run%s: the figures differ from run "
			   "to run "
			   "by an unknown amount.  Record more, such as `hotpath run -n 10 -- "
			   "COMMAND`.\n",
			   m == n ? " a side" : " on a side");
	else if (diff->metric == METRIC_CALLS && diff->tested == 0)
		return; /* they need no test */
	else if (stats_least_p(m, n) > 0.05)
		text_print(
			notes,
			"%zu and %zu runs are too few for any verdict; 4 a side can show a change "
			"of one function, 10 are a good number.\n",
			m, n);
	else if (!compare_can_tell(m, n, diff->large) && diff->metric != METRIC_CALLS)
		text_print(notes,
			   "%zu and %zu runs are too few to show that a single one of %zu "
			   "functions changed; %.0f a side can.\n",
			   m, n, diff->large - 1, compare_least_runs(diff->large));
}

/* When one side was over before the other began, a machine that warmed up looks like a change. */
static void note_order(const struct model_diff *diff, struct text *notes)
{
	const struct model_side *a = &diff->base, *b = &diff->head;

	if (a->n < 2 || b->n < 2)
		return;
	if (a->last_ns < b->first_ns || b->last_ns < a->first_ns)
		text_print(
			notes,
			"The runs of one side were over before those of the other began: a change "
			"of the machine in between would look like one of the program.  `hotpath "
			"ab` mixes them.\n");
}

static size_t count_shared(const struct model_side *a, const struct model_side *b)
{
	size_t n = 0, j = 0;

	for (size_t i = 0; i < a->n_run_ids; i++) {
		while (j < b->n_run_ids && b->run_ids[j] < a->run_ids[i])
			j++;
		n += j < b->n_run_ids && b->run_ids[j] == a->run_ids[i];
	}
	return n;
}

/* A difference of the machines that is known. */
static void note_other(const char *what, const char *base, const char *head, struct text *notes)
{
	bool mixed =
		(base && strcmp(base, "several") == 0) || (head && strcmp(head, "several") == 0);
	char *base_shown, *head_shown;

	if (!base || !head || (!mixed && strcmp(base, head) == 0))
		return;
	base_shown = text_printable(base);
	head_shown = text_printable(head);
	text_print(notes, "The %s differ: %s on the base side, %s on the head side.\n", what,
		   base_shown ? base_shown : "", head_shown ? head_shown : "");
	free(base_shown);
	free(head_shown);
}

static void note_states(const struct model_side *side, const char *name, struct text *notes)
{
	if (side->n_diffs > 1)
		text_print(notes,
			   "The runs on the %s side are of %zu different states of the work tree: "
			   "they may be runs of different programs.\n",
			   name, side->n_diffs);
}

static void note_sides(const struct model_diff *diff, struct text *notes)
{
	const struct model_side *a = &diff->base, *b = &diff->head;
	size_t shared = count_shared(a, b);
	int64_t failed = a->failed + b->failed, lost = a->lost + b->lost;
	int64_t unseen = a->unseen + b->unseen;

	if (shared)
		text_print(notes, "%zu run%s on both sides.\n", shared,
			   shared == 1 ? " is" : "s are");
	if (model_same_build(diff))
		text_print(
			notes,
			"Both sides ran the same binary (build-id %.12s): differences are of the "
			"machine or the input, not of the code.\n",
			a->builds[0]);
	else if (diff->unedited && !diff->edited && !diff->edit_unknown)
		text_print(notes,
			   "No measured function's body differs between the sides: what changed is "
			   "not in them.\n");
	if (differ(a->host, b->host))
		text_print(notes, "The runs are from different machines.\n");
	note_other("processors", a->cpu, b->cpu, notes);
	note_other("frequency governors", a->governor, b->governor, notes);
	if (!a->command || !b->command)
		text_print(notes, "Not all runs of a side are of the same command.\n");
	if (failed)
		text_print(notes, "%lld run%s ended with an error or a signal.\n",
			   (long long)failed, text_plural(failed));
	/* All of a program that ends by _exit() are so, and comparable. */
	if (unseen && unseen < (int64_t)(a->n_run_ids + b->n_run_ids))
		text_print(notes,
			   "%lld run%s ended unseen, as one that is killed does: it may be only a "
			   "part.\n",
			   (long long)unseen, text_plural(unseen));
	if (a->dirty || b->dirty)
		text_print(
			notes,
			"%lld run%s on the base and %lld on the head side are of a work tree that "
			"differed from its commit.\n",
			(long long)a->dirty, text_plural(a->dirty), (long long)b->dirty);
	note_states(a, "base", notes);
	note_states(b, "head", notes);
	if (lost)
		text_print(notes, "%lld call%s could not be recorded.\n", (long long)lost,
			   text_plural(lost));
}

void view_diff_notes(const struct model_diff *diff, struct text *notes)
{
	note_numbers(diff, notes);
	note_sides(diff, notes);
	note_order(diff, notes);
	if (diff->notes)
		text_append(notes, diff->notes, strlen(diff->notes));
}

void view_diff_summary(const struct model_diff *diff, struct text *words)
{
	static const enum model_verdict order[] = {
		VERDICT_SLOWER,	 VERDICT_FASTER, VERDICT_ADDED,	      VERDICT_REMOVED,
		VERDICT_RENAMED, VERDICT_SAME,	 VERDICT_INCONCLUSIVE};
	const struct model_change *total = &diff->total.change;
	const char *before = ": ";

	text_print(words, "%zu function%s", diff->matched, text_plural(diff->matched));
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		size_t n = diff->verdicts[order[i]];

		if (n == 0)
			continue;
		text_print(words, "%s%zu %s", before, n, model_verdict_name(order[i]));
		before = ", ";
	}
	text_print(words, "; the whole: %s", model_verdict_name(total->verdict));
	if (!isnan(total->change))
		text_print(words, " (%+.1f %%)", total->change);
}

char *view_diff_side(const struct model_side *side)
{
	struct text words = {0};
	char *plain, *shown;

	text_print(&words, "%s: %zu run%s", side->asked, side->n, text_plural(side->n));
	if (side->n_run_ids == 1)
		text_print(&words, " (%lld)", (long long)side->run_ids[0]);
	else if (side->n_run_ids)
		text_print(&words, " (%lld to %lld)", (long long)side->run_ids[0],
			   (long long)side->run_ids[side->n_run_ids - 1]);
	if (side->branch || side->commit)
		text_print(&words, ", %s%s%.7s%s", side->branch ? side->branch : "",
			   side->branch && side->commit ? "@" : "",
			   side->commit ? side->commit : "", side->dirty ? "*" : "");
	if (side->command)
		text_print(&words, ", %s", side->command);
	plain = text_take(&words);
	shown = plain ? text_printable(plain) : NULL;
	free(plain);
	return shown;
}
