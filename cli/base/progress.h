/* SPDX-License-Identifier: MIT */
/*
 * A line on the terminal that says how far a series of runs is; nothing where standard error is no terminal.
 */
#ifndef HOTPATH_PROGRESS_H
#define HOTPATH_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	int64_t all;
	double began; /* seconds */
	bool shown;
};

/* progress_begin: `all` steps are to come; 0: show nothing. */
void progress_begin(struct progress *progress, int64_t all);

/* progress_show: `done` steps are behind, `what` comes now. */
void progress_show(struct progress *progress, int64_t done, const char *what);

/* progress_end: wipes the line. */
void progress_end(struct progress *progress);

#endif /* HOTPATH_PROGRESS_H */
