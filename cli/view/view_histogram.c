/* SPDX-License-Identifier: MIT */
/*
 *    2.05 us  |#######                        120
 *    2.31 us  |###########################    512  p50
 *    2.60 us  |#                                3  p95 p99
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/format.h"
#include "../output/grid.h"
#include "../model/model_show.h"
#include "../base/text.h"
#include "view_show.h"

enum { ROWS = 16, BAR = 40, NARROW = 10, LABEL = 10, EIGHTHS = 8 };

/* Rows below this ratio of their ends would be narrower than what the histogram tells apart. */
static const double LEAST_RATIO = 1.04;

/* Times from low * ratio^i on belong to row i. */
struct rows {
	double low, ratio;
	size_t n;
	double calls[ROWS], most;
};

static void choose_rows(const struct model_show_function *show, struct rows *rows)
{
	const struct model_function *f = &show->report.functions[0];
	double least, high = fmax((double)f->max_ns, 1), range;

	memset(rows, 0, sizeof(*rows));
	rows->low = fmax((double)f->min_ns, 1);
	/* A bucket of a short time is a tick wide, of a long one 1/64 of it. */
	least = fmax(LEAST_RATIO, 1 + 1.5 * show->ns_per_tick / rows->low);
	range = fmax(log(high / rows->low), 0);
	rows->n = (size_t)fmin(fmax(floor(range / log(least)), 1), ROWS);
	rows->ratio = exp(range / (double)rows->n);
}

static size_t row_of(const struct rows *rows, double ns)
{
	double row = rows->ratio > 1 ? log(ns / rows->low) / log(rows->ratio) : 0;

	return row >= (double)rows->n ? rows->n - 1 : row > 0 ? (size_t)row : 0;
}

static void fill(const struct model_show_function *show, struct rows *rows)
{
	for (size_t i = 0; i < show->n_bars; i++)
		rows->calls[row_of(rows, show->bars[i].ns)] += show->bars[i].calls;
	for (size_t i = 0; i < rows->n; i++)
		rows->most = fmax(rows->most, rows->calls[i]);
}

/* What is there at all is seen. */
static void print_bar(const struct rows *rows, size_t row, int width, const struct view *view)
{
	static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	double length = rows->most > 0 ? rows->calls[row] / rows->most * width : 0;
	int eighths = (int)(length * EIGHTHS + 0.5), drawn;

	if (rows->calls[row] > 0 && eighths == 0)
		eighths = 1;
	fputs(view->colour ? "\033[36m" : "", view->stream);
	if (view->utf8) {
		drawn = eighths / EIGHTHS + (eighths % EIGHTHS != 0);
		for (int i = 0; i < eighths / EIGHTHS; i++)
			fputs("█", view->stream);
		fputs(parts[eighths % EIGHTHS], view->stream);
	} else {
		drawn = (eighths + EIGHTHS - 1) / EIGHTHS;
		for (int i = 0; i < drawn; i++)
			putc('#', view->stream);
	}
	fprintf(view->stream, "%s%*s", view->colour ? "\033[0m" : "", width - drawn, "");
}

static char *marks_of(const struct model_show_function *show, const struct rows *rows, size_t row)
{
	const struct model_percentiles *percentiles = &show->report.percentiles;
	const struct model_function *f = &show->report.functions[0];
	struct text marks = {0};

	for (size_t i = 0; i < percentiles->n; i++)
		if (!isnan(f->percentile_ns[i]) && row_of(rows, f->percentile_ns[i]) == row)
			text_print(&marks, " p%s", percentiles->text[i]);
	return text_take(&marks);
}

int view_histogram(const struct model_show_function *show, const struct view *view,
		   struct error *error)
{
	int width = view->width && view->width < BAR + 40 ? view->width - 40 : BAR;
	struct rows rows;

	width = width < NARROW ? NARROW : width;
	choose_rows(show, &rows);
	fill(show, &rows);
	for (size_t row = 0; row < rows.n; row++) {
		char *marks = marks_of(show, &rows, row), from[FORMAT_ROOM];

		if (!marks)
			return error_memory(error);
		format_ns(from, rows.low * pow(rows.ratio, (double)row), view->utf8);
		/* A letter of a unit may take two bytes. */
		fprintf(view->stream, "%*s %s", LABEL + (strstr(from, "\xc2\xb5") ? 1 : 0), from,
			view->utf8 ? "│" : "|");
		print_bar(&rows, row, width, view);
		fprintf(view->stream, " %10.0f%s%s\n", rows.calls[row], *marks ? " " : "", marks);
		free(marks);
	}
	return ERR_OK;
}
