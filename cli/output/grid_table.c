/* SPDX-License-Identifier: MIT */
#include "grid.h"

#include <libsmartcols.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "grid_fit.h"
#include "../base/text.h"

static bool is_shown(const struct grid *grid, const struct grid_fit *fit, size_t i)
{
	return !grid->columns[i].hidden && !fit->left_out[i];
}

static int add_column(struct libscols_table *table, const struct grid_column *column)
{
	struct libscols_column *scols =
		scols_table_new_column(table, column->title, 0, column->right ? SCOLS_FL_RIGHT : 0);

	if (!scols)
		return -1;
	return column->weak ? scols_column_set_color(scols, "gray") : 0;
}

static int add_row(struct libscols_table *table, const struct grid *grid, struct grid_fit *fit,
		   size_t row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	size_t at = 0;
	int rc = line ? 0 : -1;

	for (size_t i = 0; i < grid->n_columns && !rc; i++) {
		char **text = &fit->texts[row * grid->n_columns + i];

		if (!is_shown(grid, fit, i))
			continue;
		rc = scols_line_refer_data(line, at++, *text);
		if (!rc)
			*text = NULL; /* the table's */
	}
	return rc;
}

static int print_table(const struct grid *grid, struct grid_fit *fit, const struct view *view)
{
	struct libscols_table *table = scols_new_table();
	int rc = table ? 0 : -1;

	for (size_t i = 0; i < grid->n_columns && !rc; i++)
		if (is_shown(grid, fit, i))
			rc = add_column(table, &grid->columns[i]);
	for (size_t row = 0; row < grid->n_rows && !rc; row++)
		rc = add_row(table, grid, fit, row);
	if (!rc) {
		scols_table_set_stream(table, view->stream);
		scols_table_enable_colors(table, view->colour);
		scols_table_set_column_separator(table, "  ");
		/* Cells are made printable before; a second escaping would only garble UTF-8. */
		scols_table_enable_noencoding(table, 1);
		/* It fits already. */
		scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
		rc = scols_print_table(table) < 0 ? -1 : 0;
	}
	scols_unref_table(table);
	return rc;
}

/* Each row as lines of title and value. */
static void print_records(const struct grid *grid, const struct grid_fit *fit,
			  const struct view *view)
{
	size_t width = 0;

	for (size_t i = 0; i < grid->n_columns; i++) {
		size_t columns = grid_fit_columns(grid->columns[i].title);

		if (!grid->columns[i].hidden && columns > width)
			width = columns;
	}
	for (size_t i = 0; i < fit->n; i++) {
		const char *title = grid->columns[i % grid->n_columns].title;

		if (i && i % grid->n_columns == 0)
			putc('\n', view->stream);
		if (fit->texts[i])
			fprintf(view->stream, "%s%*s%s\n", title,
				(int)(width + GRID_GAP - grid_fit_columns(title)), "",
				fit->texts[i] + strspn(fit->texts[i], " "));
	}
}

static void print_left_out(const struct grid *grid, const struct grid_fit *fit,
			   const struct view *view)
{
	struct text words = {0};
	const char *before = "Not shown for want of room: ";
	char *line;

	for (size_t i = 0; i < grid->n_columns; i++) {
		if (!fit->left_out[i])
			continue;
		text_print(&words, "%s%s", before, grid->columns[i].title);
		before = ", ";
	}
	line = text_take(&words);
	if (line)
		grid_line(view, line, 0);
	free(line);
}

/*
 * Names are UTF-8 in every locale.  libsmartcols (2.38) never comes back from one that is no text in the locale at hand, as
 * in C, which is what CI jobs and containers have: it is given C.UTF-8, and where there is none it is not asked.
 */
int grid_print_table(const struct grid *grid, const struct view *view, struct error *error)
{
	locale_t none = (locale_t)0;
	locale_t utf8 = view->utf8 ? none : newlocale(LC_CTYPE_MASK, "C.UTF-8", none);
	locale_t before = utf8 ? uselocale(utf8) : none;
	struct grid_fit fit;
	int rc = grid_fit(&fit, grid, view);

	if (!rc && (fit.records || (!utf8 && !view->utf8)))
		print_records(grid, &fit, view);
	else if (!rc)
		rc = print_table(grid, &fit, view);
	if (!rc && fit.n_left_out)
		print_left_out(grid, &fit, view);
	grid_fit_release(&fit);
	if (utf8) {
		uselocale(before);
		freelocale(utf8);
	}
	return rc ? error_memory(error) : ERR_OK;
}
