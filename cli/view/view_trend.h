/* SPDX-License-Identifier: MIT */
/*
 * Views of a history.
 */
#ifndef HOTPATH_VIEW_TREND_H
#define HOTPATH_VIEW_TREND_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct model_trend;
struct model_trend_change;
struct model_trend_commit;
struct text;
struct view;

/* view_trend: prints in the view's format; for people a plot, the changes, and the newest `limit` commits (0: all). */
int view_trend(const struct model_trend *trend, size_t limit, const struct view *view,
	       struct error *error);

/* view_trend_json.c: the contract, documented in hotpath(1); commits: with all commits and their runs. */
int view_trend_json(const struct model_trend *trend, bool commits, const struct view *view,
		    struct error *error);

/* view_trend_plot.c: the commits' medians over each other, in characters; the levels between the changes as lines. */
void view_trend_plot(const struct model_trend *trend, const struct view *view);

/* view_trend_svg.c: an image of its own, for browsers and README files. */
void view_trend_svg(const struct model_trend *trend, const struct view *view);

/* view_blame: the changes, each with the commits that it can be due to. */
int view_blame(const struct model_trend *trend, const struct view *view, struct error *error);

/* view_trend_head: title and notes. */
int view_trend_head(const struct model_trend *trend, const struct view *view, struct error *error);

/* view_trend_line: a line of words, with what Markdown would take for markup escaped. */
void view_trend_line(const struct view *view, const char *before, const char *text);

/* view_trend_words.c: parts, printable, to be freed; NULL when out of memory. */

/* "parse_row (src/parse.c:12), time of its own per call" */
char *view_trend_subject(const struct model_trend *trend);

/* "48 runs of 12 commits of main on ci3" */
char *view_trend_source(const struct model_trend *trend);

/* view_trend_notes: what a reader has to know before the figures, a line each. */
void view_trend_notes(const struct model_trend *trend, struct text *notes);

/* "3f2c1ab*", "run 12" */
char *view_trend_commit(const struct model_trend *trend, const struct model_trend_commit *commit);

/* "+9.8 %  [+9.2, +10.4]" */
char *view_trend_size(const struct model_trend_change *change);

/* "slower +9.8 %  [+9.2, +10.4]" */
char *view_trend_verdict(const struct model_trend *trend, const struct model_trend_change *change);

/* "14.6 us", or a count */
char *view_trend_value(const struct model_trend *trend, double value, const struct view *view);

/* The level of the commits between two changes, that a commit lies in. */
double view_trend_level(const struct model_trend *trend, size_t commit);

#endif /* HOTPATH_VIEW_TREND_H */
