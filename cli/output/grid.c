/* SPDX-License-Identifier: MIT */
#include "grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/format.h"
#include "../base/text.h"

void grid_column(struct grid *grid, const char *title, const char *key, const char *flags)
{
	struct grid_column *more =
		realloc(grid->columns, (grid->n_columns + 1) * sizeof(*grid->columns));
	struct grid_column *column;

	if (!more) {
		grid->failed = true;
		return;
	}
	grid->columns = more;
	column = &grid->columns[grid->n_columns++];
	memset(column, 0, sizeof(*column));
	column->title = strdup(title);
	column->key = strdup(key);
	column->right = strchr(flags, 'r') != NULL;
	column->shrink = strchr(flags, 's') != NULL;
	column->hidden = strchr(flags, 'h') != NULL;
	column->weak = strchr(flags, 'w') != NULL;
	column->cut = strchr(flags, 'e') != NULL;
	column->tree = strchr(flags, 't') != NULL;
	column->rank = flags[strcspn(flags, "123456789")];
	if (!column->title || !column->key)
		grid->failed = true;
}

/* The next cell, zeroed; NULL when out of memory. */
static struct grid_cell *next_cell(struct grid *grid)
{
	size_t n = grid->n_rows * grid->n_columns;

	if (grid->failed || grid->n_columns == 0)
		return NULL;
	if (grid->at == 0 || grid->at == grid->n_columns) {
		if (n + grid->n_columns > grid->capacity) {
			size_t capacity = 2 * grid->capacity + 16 * grid->n_columns;
			struct grid_cell *more =
				realloc(grid->cells, capacity * sizeof(*grid->cells));

			if (!more) {
				grid->failed = true;
				return NULL;
			}
			grid->cells = more;
			grid->capacity = capacity;
		}
		memset(grid->cells + n, 0, grid->n_columns * sizeof(*grid->cells));
		grid->n_rows++;
		grid->at = 0;
	}
	return &grid->cells[(grid->n_rows - 1) * grid->n_columns + grid->at++];
}

void grid_text(struct grid *grid, enum grid_kind kind, const char *text)
{
	struct grid_cell *cell = next_cell(grid);

	if (!cell || !text)
		return;
	cell->kind = kind;
	cell->text = strdup(text);
	if (!cell->text)
		grid->failed = true;
}

void grid_integer(struct grid *grid, enum grid_kind kind, int64_t value)
{
	struct grid_cell *cell = next_cell(grid);

	if (!cell)
		return;
	cell->kind = kind;
	cell->integer = value;
	cell->real = (double)value;
	cell->whole = true;
}

void grid_real(struct grid *grid, enum grid_kind kind, double value)
{
	struct grid_cell *cell = next_cell(grid);

	if (!cell || isnan(value))
		return;
	cell->kind = kind;
	cell->real = value;
}

char *grid_show(const struct grid_cell *cell, bool utf8)
{
	char out[FORMAT_ROOM];

	switch (cell->kind) {
	case GRID_TEXT:
	case GRID_CODE:
		return text_printable(cell->text ? cell->text : "");
	case GRID_INTEGER:
		return text_format("%lld", (long long)cell->integer);
	case GRID_REAL:
		return text_format("%.6g", cell->real);
	case GRID_NS:
		return strdup(format_ns(out, cell->real, utf8));
	case GRID_PERCENT:
		return strdup(format_percent(out, cell->real));
	case GRID_TIME:
		return strdup(format_local(out, cell->integer));
	case GRID_EMPTY:
		break;
	}
	return strdup("-");
}

int grid_print(const struct grid *grid, const struct view *view, struct error *error)
{
	if (grid->failed)
		return error_memory(error);
	switch (view->format) {
	case VIEW_TABLE:
		return grid_print_table(grid, view, error);
	case VIEW_CSV:
		return grid_print_csv(grid, view, error);
	case VIEW_MARKDOWN:
		return grid_print_markdown(grid, view, error);
	case VIEW_HTML:
		return grid_print_html(grid, view, error);
	case VIEW_JSON:
	case VIEW_JSON_PRETTY:
	case VIEW_GITHUB_BENCHMARK: /* these two never come here: no grid is theirs */
	case VIEW_BENCHER:
		break;
	}
	return grid_print_json(grid, view, error);
}

void grid_release(struct grid *grid)
{
	for (size_t i = 0; i < grid->n_columns; i++) {
		free(grid->columns[i].title);
		free(grid->columns[i].key);
	}
	for (size_t i = 0; i < grid->n_rows * grid->n_columns; i++)
		free(grid->cells[i].text);
	free(grid->columns);
	free(grid->cells);
	memset(grid, 0, sizeof(*grid));
}
