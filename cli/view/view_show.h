/* SPDX-License-Identifier: MIT */
/*
 * Views of one run and of one function.
 */
#ifndef HOTPATH_VIEW_SHOW_H
#define HOTPATH_VIEW_SHOW_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct model_calls;
struct model_show_function;
struct model_show_run;
struct view;

/* Each prints as text or as JSON; limit: of the newest calls, callers and callees, 0: all. */
int view_show_run(const struct model_show_run *show, size_t limit, const struct view *view,
		  struct error *error);
int view_show_function(const struct model_show_function *show, size_t limit,
		       const struct view *view, struct error *error);

/* view_show_json.c: the contract, documented in hotpath(1). */
int view_show_run_json(const struct model_show_run *show, const struct view *view,
		       struct error *error);
int view_show_function_json(const struct model_show_function *show, const struct view *view,
			    struct error *error);

/* view_histogram: how long the calls took, in characters: a row for times that are alike in logarithm, with the percentiles marked. */
int view_histogram(const struct model_show_function *show, const struct view *view,
		   struct error *error);

/* view_show_calls: the newest calls as a table; runs: with a column for the run. */
int view_show_calls(const struct model_calls *calls, size_t limit, bool runs,
		    const struct view *view, struct error *error);

/* view_show_fact: "  name      text", the text made printable; nothing for NULL.  Frees it. */
void view_show_fact(const struct view *view, const char *name, char *text);

#endif /* HOTPATH_VIEW_SHOW_H */
