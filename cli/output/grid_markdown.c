/* SPDX-License-Identifier: MIT */
#include "grid.h"

#include <stdlib.h>
#include <string.h>

#include "../base/error.h"

/* Names stand in a code span, where only its own fence and the table's bars mean something. */
void grid_markdown_code(FILE *stream, const char *text, bool in_table)
{
	const char *fence = strchr(text, '`') ? "``" : "`";
	const char *pad = fence[1] ? " " : "";

	fprintf(stream, "%s%s", fence, pad);
	for (; *text; text++) {
		/* Two backticks in a row would end the span. */
		if (text[0] == '`' && text[1] == '`')
			continue;
		if (*text == '|' && in_table)
			putc('\\', stream);
		putc(*text, stream);
	}
	fprintf(stream, "%s%s", pad, fence);
}

static void print_text(FILE *stream, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\`*_{}[]<>|#~&!", *text))
			putc('\\', stream);
		putc(*text, stream);
	}
}

static int print_row(const struct grid *grid, size_t row, const struct view *view)
{
	putc('|', view->stream);
	for (size_t i = 0; i < grid->n_columns; i++) {
		const struct grid_cell *cell = &grid->cells[row * grid->n_columns + i];
		char *text;

		if (grid->columns[i].hidden)
			continue;
		text = grid_show(cell, view->utf8);
		if (!text)
			return -1;
		putc(' ', view->stream);
		if (cell->kind == GRID_CODE && *text)
			grid_markdown_code(view->stream, text, true);
		else
			print_text(view->stream, text);
		fputs(" |", view->stream);
		free(text);
	}
	putc('\n', view->stream);
	return 0;
}

int grid_print_markdown(const struct grid *grid, const struct view *view, struct error *error)
{
	putc('|', view->stream);
	for (size_t i = 0; i < grid->n_columns; i++) {
		if (grid->columns[i].hidden)
			continue;
		putc(' ', view->stream);
		print_text(view->stream, grid->columns[i].title);
		fputs(" |", view->stream);
	}
	fputs("\n|", view->stream);
	for (size_t i = 0; i < grid->n_columns; i++)
		if (!grid->columns[i].hidden)
			fputs(grid->columns[i].right ? " ---: |" : " --- |", view->stream);
	putc('\n', view->stream);
	for (size_t row = 0; row < grid->n_rows; row++)
		if (print_row(grid, row, view))
			return error_memory(error);
	return ERR_OK;
}
