/* SPDX-License-Identifier: MIT */
/*
 * One report from a store: what `hotpath report`, `hotpath run --report` and a program's end print.
 */
#ifndef HOTPATH_REPORT_H
#define HOTPATH_REPORT_H

#include <stdint.h>

#include "../output/grid.h"

struct error;
struct store;

struct report_options {
	enum view_format format;
	const char *sort;	 /* "total" */
	int64_t limit;		 /* 0: all; < 0: REPORT_LIMIT, or all for benchmark services */
	const char *focus;	 /* NULL: all */
	const char *percentiles; /* "50,95,99" */
	const char *output;	 /* NULL: standard output */
	const char *group;	 /* NULL: all */
	bool raw;		 /* times with the cost of measuring still in them */
};

enum { REPORT_LIMIT = 15 };

#define REPORT_DEFAULTS                                                                            \
	{                                                                                          \
		.format = VIEW_TABLE, .sort = "total", .limit = -1, .percentiles = "50,95,99"      \
	}

/* report_print: reads a run, chooses, sorts and prints. */
int report_print(struct store *store, int64_t run, const struct report_options *options,
		 struct error *error);

/*
 * report_groups: prints sums over the groups of a run; of the options format, sort, limit and output count, the others
 * are refused.
 */
int report_groups(struct store *store, int64_t run, const struct report_options *options,
		  struct error *error);

/*
 * report_tree: prints the calling-context tree of a run, or for each function who called it; of the options format, limit and output count, and
 * the others are refused.
 */
int report_tree(struct store *store, int64_t run, const struct report_options *options,
		bool callers, struct error *error);

/*
 * report_environment: what HOTPATH_OUTPUT_FORMAT, _PATH, HOTPATH_FOCUS, _LIMIT and _PERCENTILES ask
 * for.
 *
 * wanted   false when there is no format, or "none"
 * Returns  ERR_OK, or ERR_USAGE with the variable's name
 */
int report_environment(struct report_options *options, bool *wanted, struct error *error);

/* report_parse_limit: reads a count; false when it is none. */
bool report_parse_limit(const char *text, int64_t *limit);

#endif /* HOTPATH_REPORT_H */
