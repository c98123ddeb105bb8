/* SPDX-License-Identifier: MIT */
/*
 * Views: model structs in, text out.  A view knows no store and no segment.
 */
#ifndef HOTPATH_VIEW_H
#define HOTPATH_VIEW_H

#include <stdbool.h>

#include "../output/grid.h"

struct error;
struct model_groups;
struct model_report;
struct model_run;
struct model_run_list;
struct model_table;

/*
 * view_open: finds out what an output can show.
 *
 * path     file to write, NULL for standard output
 * Returns  ERR_OK, or ERR_IO when the file cannot be written
 */
int view_open(struct view *view, enum view_format format, const char *path, struct error *error);

/* view_can_write: whether view_open() will be able to; a file that is there keeps what is in it. */
int view_can_write(const char *path, struct error *error);

/*
 * view_close: flushes, and closes a file.
 *
 * Returns  rc when that is an error already, else ERR_IO when not all could be written.  A reader
 * that went away (head(1)) is no error.
 */
int view_close(struct view *view, int rc, struct error *error);

/* view_end: the same for what was printed to standard output without a view. */
int view_end(int rc, struct error *error);

/* view_parse_format: reads "table", "json", ...; false when it is none of those.  view_parse_bench_format: likewise
 * "github-benchmark" and "bencher", which few commands have. */
bool view_parse_format(const char *text, enum view_format *format);
bool view_parse_bench_format(const char *text, enum view_format *format);

/* Each prints in the view's format. */
int view_report(const struct model_report *report, const struct view *view, struct error *error);
int view_groups(const struct model_groups *groups, const struct view *view, struct error *error);
int view_runs(const struct model_run_list *list, const struct view *view, struct error *error);
int view_table(const struct model_table *table, const struct view *view, struct error *error);

/* The JSON contract: view_json.c, documented in hotpath(1). */
int view_report_json(const struct model_report *report, const struct view *view,
		     struct error *error);
int view_groups_json(const struct model_groups *groups, const struct view *view,
		     struct error *error);
int view_runs_json(const struct model_run_list *list, const struct view *view, struct error *error);

/* view_bench.c: as github-action-benchmark and Bencher read it. */
int view_report_bench(const struct model_report *report, const struct view *view,
		      struct error *error);
/* view_run_header: what a report says of its run, in a table or Markdown. */
int view_run_header(const struct model_run *run, const struct view *view, struct error *error);

/* view_estimates: a line for people on a run of whose calls not all were timed. */
void view_estimates(const struct model_run *run, const struct view *view);

/* view_left_out: a line for people, when only n of all things are shown. */
void view_left_out(const struct view *view, size_t n, size_t all, const char *things);

/* view_run_...: parts of a run for people, printable, to be freed; NULL when out of memory. */
char *view_run_command(const struct model_run *run); /* "./lua bench.lua" */
char *view_run_version(const struct model_run *run); /* "main@3f2c1ab*", "" when unknown */
char *
view_run_end(const struct model_run *run); /* "exit 0", "killed by SIGKILL", "_exit 1", "exec" */

#endif /* HOTPATH_VIEW_H */
