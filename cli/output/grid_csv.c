/* SPDX-License-Identifier: MIT */
/*
 * CSV as RFC 4180 has it, for programs: raw numbers, an empty field for unknown, a heading line.
 */
#include "grid.h"

#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/format.h"
#include "../base/text.h"

static void print_field(FILE *stream, const char *text)
{
	if (!text[strcspn(text, ",\"\r\n")]) {
		fputs(text, stream);
		return;
	}
	putc('"', stream);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', stream);
		putc(*text, stream);
	}
	putc('"', stream);
}

static int print_cell(const struct view *view, const struct grid_cell *cell)
{
	FILE *stream = view->stream;
	char out[FORMAT_ROOM], *valid;

	switch (cell->kind) {
	case GRID_TEXT:
	case GRID_CODE:
		/* Raw for programs; on a terminal somebody only looks. */
		valid = (view->width ? text_printable : text_valid)(cell->text ? cell->text : "");
		if (!valid)
			return -1;
		print_field(stream, valid);
		free(valid);
		break;
	case GRID_TIME:
		fputs(format_utc(out, cell->integer), stream);
		break;
	case GRID_INTEGER:
	case GRID_NS:
	case GRID_REAL:
	case GRID_PERCENT:
		if (cell->whole)
			fprintf(stream, "%lld", (long long)cell->integer);
		else
			fprintf(stream, "%.12g", cell->real);
		break;
	case GRID_EMPTY:
		break;
	}
	return 0;
}

int grid_print_csv(const struct grid *grid, const struct view *view, struct error *error)
{
	for (size_t i = 0; i < grid->n_columns; i++) {
		fputs(i ? "," : "", view->stream);
		print_field(view->stream, grid->columns[i].key);
	}
	fputs("\r\n", view->stream);
	for (size_t row = 0; row < grid->n_rows; row++) {
		for (size_t i = 0; i < grid->n_columns; i++) {
			fputs(i ? "," : "", view->stream);
			if (print_cell(view, &grid->cells[row * grid->n_columns + i]))
				return error_memory(error);
		}
		fputs("\r\n", view->stream);
	}
	return ERR_OK;
}
