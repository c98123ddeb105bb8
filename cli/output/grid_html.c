/* SPDX-License-Identifier: MIT */
#include "grid.h"

#include <stdlib.h>

#include "../base/error.h"
#include "xml_out.h"

static int print_cell(const struct grid_column *column, const struct grid_cell *cell,
		      const struct view *view)
{
	char *text = grid_show(cell, true);

	if (!text)
		return -1;
	fprintf(view->stream, "<td%s>%s", column->right ? " class=\"r\"" : "",
		cell->kind == GRID_CODE ? "<code>" : "");
	xml_out_text(view->stream, text);
	fputs(cell->kind == GRID_CODE ? "</code></td>" : "</td>", view->stream);
	free(text);
	return 0;
}

int grid_print_html(const struct grid *grid, const struct view *view, struct error *error)
{
	fputs("<table>\n<thead><tr>", view->stream);
	for (size_t i = 0; i < grid->n_columns; i++) {
		if (grid->columns[i].hidden)
			continue;
		fputs(grid->columns[i].right ? "<th class=\"r\">" : "<th>", view->stream);
		xml_out_text(view->stream, grid->columns[i].title);
		fputs("</th>", view->stream);
	}
	fputs("</tr></thead>\n<tbody>\n", view->stream);
	for (size_t row = 0; row < grid->n_rows; row++) {
		fputs("<tr>", view->stream);
		for (size_t i = 0; i < grid->n_columns; i++)
			if (!grid->columns[i].hidden &&
			    print_cell(&grid->columns[i], &grid->cells[row * grid->n_columns + i],
				       view))
				return error_memory(error);
		fputs("</tr>\n", view->stream);
	}
	fputs("</tbody>\n</table>\n", view->stream);
	return ERR_OK;
}
