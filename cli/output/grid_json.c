/* SPDX-License-Identifier: MIT */
#include "grid.h"

#include <jansson.h>
#include <math.h>

#include "../base/error.h"
#include "../base/format.h"
#include "json_out.h"

static json_t *cell_json(const struct grid_cell *cell)
{
	char out[FORMAT_ROOM];

	switch (cell->kind) {
	case GRID_TEXT:
	case GRID_CODE:
		return json_out_text(cell->text);
	case GRID_INTEGER:
		return json_integer(cell->integer);
	case GRID_REAL:
		/* SQL knows infinity, JSON does not. */
		return isfinite(cell->real) ? json_real(cell->real) : json_null();
	case GRID_NS:
	case GRID_PERCENT:
		return cell->whole ? json_integer(cell->integer) : json_out_real(cell->real);
	case GRID_TIME:
		return json_string(format_utc(out, cell->integer));
	case GRID_EMPTY:
		break;
	}
	return json_null();
}

int grid_print_json(const struct grid *grid, const struct view *view, struct error *error)
{
	json_t *rows = json_array();
	int rc = rows ? 0 : -1;

	for (size_t row = 0; row < grid->n_rows && !rc; row++) {
		json_t *object = json_object();

		for (size_t i = 0; i < grid->n_columns && !rc; i++)
			rc = json_object_set_new(
				object, grid->columns[i].key,
				cell_json(&grid->cells[row * grid->n_columns + i]));
		if (json_array_append_new(rows, object))
			rc = -1;
	}
	if (rc) {
		json_decref(rows);
		return error_memory(error);
	}
	return json_out_print(rows, view, error);
}
