/* SPDX-License-Identifier: MIT */
#include "grid_fit.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "grid.h"
#include "../base/text.h"

enum {
	LEAST = 12,	  /* columns that a name keeps before other columns stay away */
	LEAST_RECORD = 12 /* or a value of a record */
};

/* The length of the next character, and the columns it takes: texts are UTF-8, whatever the locale is. */
static size_t next_character(const char *at, size_t n, size_t *columns)
{
	size_t length = text_utf8(at, n);
	mbstate_t state = {0};
	wchar_t wide;
	int width;

	*columns = 1;
	if (length == 0)
		return 1;
	if (length > 1 && mbrtowc(&wide, at, n, &state) == length) {
		width = wcwidth(wide);
		*columns = width < 0 ? 1 : (size_t)width;
	}
	return length;
}

size_t grid_fit_columns(const char *text)
{
	size_t n = strlen(text), sum = 0, columns;

	for (size_t at = 0; at < n;) {
		at += next_character(text + at, n - at, &columns);
		sum += columns;
	}
	return sum;
}

/* The place behind the characters that fit into `room` columns. */
static size_t place_of(const char *text, size_t room)
{
	size_t n = strlen(text), at = 0, sum = 0, columns;

	while (at < n) {
		size_t length = next_character(text + at, n - at, &columns);

		if (sum + columns > room)
			break;
		sum += columns;
		at += length;
	}
	return at;
}

/* The place from which on the rest takes at most `room` columns. */
static size_t place_from_end(const char *text, size_t room)
{
	size_t n = strlen(text), at = 0, left = grid_fit_columns(text), columns;

	while (at < n && left > room) {
		at += next_character(text + at, n - at, &columns);
		left -= columns;
	}
	return at;
}

char *grid_fit_cut(const char *text, size_t room, bool tail, bool tree, bool utf8)
{
	const char *mark = utf8 ? "\xe2\x80\xa6" : "..";
	size_t marked = utf8 ? 1 : 2, indent = tree ? strspn(text, " ") : 0, front, back;
	struct text out = {0};

	if (indent > room / 2) {
		size_t kept = room / 4 * 2;

		text_print(&out, "%*s+%zu ", (int)kept, "", (indent - kept) / 2);
		text += indent;
		indent = out.n;
	} else {
		text_append(&out, text, indent);
		text += indent;
	}
	room = room > indent ? room - indent : 1;
	if (grid_fit_columns(text) <= room) {
		text_append(&out, text, strlen(text));
		return text_take(&out);
	}
	if (room <= marked) {
		text_append(&out, mark, strlen(mark));
		return text_take(&out);
	}
	back = tail ? (room - marked) / 2 : 0;
	front = room - marked - back;
	text_append(&out, text, place_of(text, front));
	text_append(&out, mark, strlen(mark));
	text += place_from_end(text, back);
	text_append(&out, text, strlen(text));
	return text_take(&out);
}

static bool is_shown(const struct grid_fit *fit, const struct grid *grid, size_t column)
{
	return !grid->columns[column].hidden && !fit->left_out[column];
}

static int show_cells(struct grid_fit *fit, const struct grid *grid, const struct view *view)
{
	for (size_t i = 0; i < grid->n_columns; i++)
		fit->widths[i] = grid_fit_columns(grid->columns[i].title);
	for (size_t i = 0; i < fit->n; i++) {
		size_t column = i % grid->n_columns, width;

		if (grid->columns[column].hidden)
			continue;
		fit->texts[i] = grid_show(&grid->cells[i], view->utf8);
		if (!fit->texts[i])
			return -1;
		width = grid_fit_columns(fit->texts[i]);
		if (width > fit->widths[column])
			fit->widths[column] = width;
	}
	return 0;
}

static bool gives_way(const struct grid_column *column)
{
	return column->shrink || column->cut;
}

/* What all needs when columns that give way take at most `level`. */
static size_t need(const struct grid_fit *fit, const struct grid *grid, size_t level)
{
	size_t sum = 0, n = 0;

	for (size_t i = 0; i < grid->n_columns; i++) {
		if (!is_shown(fit, grid, i))
			continue;
		n++;
		sum += gives_way(&grid->columns[i]) && fit->widths[i] > level ? level
									      : fit->widths[i];
	}
	return sum + (n ? (n - 1) * GRID_GAP : 0);
}

/* The column that is to stay away next, n_columns when none may. */
static size_t find_least(const struct grid_fit *fit, const struct grid *grid)
{
	size_t found = grid->n_columns;

	for (size_t i = 0; i < grid->n_columns; i++) {
		if (!is_shown(fit, grid, i) || grid->columns[i].rank == 0)
			continue;
		if (found == grid->n_columns || grid->columns[i].rank < grid->columns[found].rank)
			found = i;
	}
	return found;
}

static int cut_cells(struct grid_fit *fit, const struct grid *grid, const struct view *view,
		     size_t level)
{
	for (size_t i = 0; i < fit->n; i++) {
		size_t column = i % grid->n_columns;
		const struct grid_column *c = &grid->columns[column];
		char *cut;

		if (!is_shown(fit, grid, column) || !gives_way(c) || fit->widths[column] <= level)
			continue;
		cut = grid_fit_cut(fit->texts[i], level, !c->cut, c->tree, view->utf8);
		if (!cut)
			return -1;
		free(fit->texts[i]);
		fit->texts[i] = cut;
	}
	return 0;
}

static int make_records(struct grid_fit *fit, const struct grid *grid, const struct view *view)
{
	size_t titles = 0, width = (size_t)view->width, room;

	fit->records = true;
	fit->n_left_out = 0;
	memset(fit->left_out, 0, grid->n_columns * sizeof(*fit->left_out));
	for (size_t i = 0; i < grid->n_columns; i++) {
		size_t columns = grid_fit_columns(grid->columns[i].title);

		if (!grid->columns[i].hidden && columns > titles)
			titles = columns;
	}
	room = width > titles + GRID_GAP + LEAST_RECORD ? width - titles - GRID_GAP : LEAST_RECORD;
	return cut_cells(fit, grid, view, room);
}

int grid_fit(struct grid_fit *fit, const struct grid *grid, const struct view *view)
{
	size_t width = (size_t)view->width, level = 0, least;

	memset(fit, 0, sizeof(*fit));
	fit->n = grid->n_rows * grid->n_columns;
	fit->texts = calloc(fit->n + 1, sizeof(*fit->texts));
	fit->widths = calloc(grid->n_columns + 1, sizeof(*fit->widths));
	fit->left_out = calloc(grid->n_columns + 1, sizeof(*fit->left_out));
	if (!fit->texts || !fit->widths || !fit->left_out || show_cells(fit, grid, view))
		return -1;
	if (!width || need(fit, grid, SIZE_MAX) <= width)
		return 0;
	while (need(fit, grid, LEAST) > width &&
	       (least = find_least(fit, grid)) < grid->n_columns) {
		fit->left_out[least] = true;
		fit->n_left_out++;
	}
	if (need(fit, grid, LEAST) > width)
		return make_records(fit, grid, view);
	for (size_t i = 0; i < grid->n_columns; i++)
		if (is_shown(fit, grid, i) && gives_way(&grid->columns[i]) &&
		    fit->widths[i] > level)
			level = fit->widths[i];
	while (need(fit, grid, level) > width)
		level--;
	return cut_cells(fit, grid, view, level);
}

void grid_fit_release(struct grid_fit *fit)
{
	for (size_t i = 0; fit->texts && i < fit->n; i++)
		free(fit->texts[i]);
	free(fit->texts);
	free(fit->widths);
	free(fit->left_out);
	memset(fit, 0, sizeof(*fit));
}
