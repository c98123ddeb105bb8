/* SPDX-License-Identifier: MIT */
/*
 * How a grid fits into a terminal: names are cut in their middle, then columns stay away in the order that their view gave,
 * then each row becomes a record of lines.  Numbers are never cut.
 */
#ifndef HOTPATH_GRID_FIT_H
#define HOTPATH_GRID_FIT_H

#include <stdbool.h>
#include <stddef.h>

struct grid;
struct view;

struct grid_fit {
	char **texts; /* of the columns that people see, as shown; n_rows * n_columns, NULL for hidden ones */
	size_t *widths; /* of each column */
	bool *left_out; /* columns that stay away */
	size_t n_left_out;
	bool records; /* a line per cell */
	size_t n;     /* texts */
};

enum { GRID_GAP = 2 }; /* between columns */

/* grid_fit: the texts of a grid, fitted to view->width; 0, or -1 when out of memory.  grid_fit_release() in both cases. */
int grid_fit(struct grid_fit *fit, const struct grid *grid, const struct view *view);
void grid_fit_release(struct grid_fit *fit);

/* grid_fit_columns: columns that a printable text takes on a terminal. */
size_t grid_fit_columns(const char *text);

/*
 * grid_fit_cut: a printable text in at most `room` columns, to be freed.
 *
 * tail     keeps the end of the text as well as its beginning
 * tree     two spaces for each level at the beginning are kept as far as half of the room; a deeper one gets "+N " with
 *          the levels that are missing
 * utf8     marks the place with one character, not with two points
 */
char *grid_fit_cut(const char *text, size_t room, bool tail, bool tree, bool utf8);

#endif /* HOTPATH_GRID_FIT_H */
