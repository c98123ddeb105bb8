/* SPDX-License-Identifier: MIT */
#include "grid.h"

#include <libsmartcols.h>
#include <stdlib.h>

#include "error.h"

static int add_column(struct libscols_table *table, const struct grid_column *column,
		      const struct view *view)
{
	struct libscols_column *scols;
	int flags = 0;

	if (column->right)
		flags |= SCOLS_FL_RIGHT;
	if (column->shrink && view->width)
		flags |= SCOLS_FL_TRUNC;
	scols = scols_table_new_column(table, column->title, column->shrink ? 0.1 : 0, flags);
	if (!scols)
		return -1;
	return column->weak ? scols_column_set_color(scols, "gray") : 0;
}

static int add_row(struct libscols_table *table, const struct grid *grid, size_t row,
		   const struct view *view)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	size_t at = 0;
	int rc = line ? 0 : -1;

	for (size_t i = 0; i < grid->n_columns && !rc; i++) {
		char *text;

		if (grid->columns[i].hidden)
			continue;
		text = grid_show(&grid->cells[row * grid->n_columns + i], view->utf8);
		rc = text ? scols_line_refer_data(line, at++, text) : -1;
		if (rc)
			free(text);
	}
	return rc;
}

int grid_print_table(const struct grid *grid, const struct view *view, struct error *error)
{
	struct libscols_table *table = scols_new_table();
	int rc = table ? 0 : -1;

	for (size_t i = 0; i < grid->n_columns && !rc; i++)
		if (!grid->columns[i].hidden)
			rc = add_column(table, &grid->columns[i], view);
	for (size_t row = 0; row < grid->n_rows && !rc; row++)
		rc = add_row(table, grid, row, view);
	if (!rc) {
		scols_table_set_stream(table, view->stream);
		scols_table_enable_colors(table, view->colour);
		scols_table_set_column_separator(table, "  ");
		/* Cells are made printable before; a second escaping would only garble UTF-8. */
		scols_table_enable_noencoding(table, 1);
		scols_table_set_termforce(table, view->width ? SCOLS_TERMFORCE_ALWAYS
							     : SCOLS_TERMFORCE_NEVER);
		if (view->width)
			scols_table_set_termwidth(table, (size_t)view->width);
		rc = scols_print_table(table) < 0 ? -1 : 0;
	}
	scols_unref_table(table);
	return rc ? error_memory(error) : ERR_OK;
}
