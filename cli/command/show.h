/* SPDX-License-Identifier: MIT */
/*
 * Everything about one run, or one function: what `hotpath show` prints.
 */
#ifndef HOTPATH_SHOW_H
#define HOTPATH_SHOW_H

#include <stdint.h>

#include "../output/grid.h"

struct error;
struct store;

struct show_options {
	enum view_format format; /* table or JSON */
	const char *run;	 /* runs of a function; NULL: the newest one */
	const char *percentiles, *output;
	int64_t limit; /* of each list, 0: all */
};

#define SHOW_DEFAULTS                                                                              \
	{                                                                                          \
		.format = VIEW_TABLE, .percentiles = "50,95,99", .limit = 10                       \
	}

/* show_print: what is a run's name (last, last~N, a number) means the run, all else a function. */
int show_print(struct store *store, const char *what, const struct show_options *options,
	       struct error *error);

#endif /* HOTPATH_SHOW_H */
