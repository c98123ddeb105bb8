/* SPDX-License-Identifier: MIT */
/*
 * Views of a comparison.
 */
#ifndef HOTPATH_VIEW_DIFF_H
#define HOTPATH_VIEW_DIFF_H

#include <stdbool.h>

struct error;
struct model_diff;
struct model_diff_function;
struct model_side;
struct text;
struct view;

/* view_diff: prints in the view's format. */
int view_diff(const struct model_diff *diff, const struct view *view, struct error *error);

/* view_diff_json.c: the contract, documented in hotpath(1). */
int view_diff_json(const struct model_diff *diff, const struct view *view, struct error *error);

/* view_bench.c: the head side, as github-action-benchmark and Bencher read it. */
int view_diff_bench(const struct model_diff *diff, const struct view *view, struct error *error);

/* view_diff_html.c: a page of its own. */
int view_diff_html(const struct model_diff *diff, const struct view *view, struct error *error);

/* view_diff_...: what stands in a cell, to be freed; NULL when out of memory. */
char *view_diff_change(double change, double low, double high); /* "+5.1 %  [+3.9, +6.2]" */
char *view_diff_signed_ns(double ns, bool utf8);
char *view_diff_calls(const struct model_diff_function *f);
char *view_diff_verdict(const struct model_diff_function *f); /* not yet printable */

/* view_diff_csv.c */
int view_diff_csv(const struct model_diff *diff, const struct view *view, struct error *error);

/* view_diff_notes: what a reader has to know before the figures, a line each. */
void view_diff_notes(const struct model_diff *diff, struct text *notes);

/* view_diff_summary: what was found, in a line: "5 functions: 1 slower, 4 inconclusive; the whole: slower (+6.9 %)". */
void view_diff_summary(const struct model_diff *diff, struct text *words);

/* view_diff_side: a side in words, printable, to be freed: "main: 10 runs, main@3f2c1ab, ./prog". */
char *view_diff_side(const struct model_side *side);

#endif /* HOTPATH_VIEW_DIFF_H */
