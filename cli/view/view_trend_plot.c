/* SPDX-License-Identifier: MIT */
/*
 *   16.4 us |                o   o
 *           |              ----o---o-
 *           |    o   o
 *   14.4 us | o----o---o-o
 *           +--------------^----------
 *            78107ff          3f2c1ab
 */
#include "view_trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../output/grid.h"
#include "../model/model_trend.h"

enum { ROWS = 9, LABEL = 11, WIDEST = 4, PLAIN_WIDTH = 80 };

/* What a character stands for. */
enum mark { NOTHING, LEVEL, SLOWER, FASTER, POINT };

struct plot {
	const struct model_trend *trend;
	const struct view *view;
	double low, high;
	size_t columns;
	double *points;	      /* of each column, NAN: none */
	unsigned char *marks; /* ROWS * columns, the top row first */
	signed char *changes; /* of each column: 1 slower, -1 faster */
};

/* The first and the last commit at the ends; more commits than columns share these. */
static size_t column_of(const struct plot *p, size_t commit)
{
	return p->trend->n > 1 ? commit * (p->columns - 1) / (p->trend->n - 1) : 0;
}

static int by_value(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

/* Where several commits share a column, the middle one of them is shown. */
static int find_points(struct plot *p)
{
	const struct model_trend *trend = p->trend;
	double *medians = calloc(trend->n, sizeof(*medians));
	size_t n = 0;

	if (!medians)
		return -1;
	for (size_t c = 0; c < p->columns; c++)
		p->points[c] = NAN;
	for (size_t i = 0; i < trend->n; i++) {
		size_t column = column_of(p, i);

		medians[n++] = trend->commits[i].median;
		if (i + 1 < trend->n && column_of(p, i + 1) == column)
			continue;
		qsort(medians, n, sizeof(*medians), by_value);
		p->points[column] = medians[n / 2];
		n = 0;
	}
	free(medians);
	return 0;
}

/* At least 4 % from bottom to top: what is less is no picture of anything. */
static void find_range(struct plot *p)
{
	double middle;

	p->low = INFINITY;
	p->high = -INFINITY;
	for (size_t c = 0; c < p->columns; c++) {
		p->low = fmin(p->low, p->points[c]);
		p->high = fmax(p->high, p->points[c]);
	}
	middle = (p->low + p->high) / 2;
	if (p->high - p->low < 0.04 * middle) {
		p->low = 0.98 * middle;
		p->high = 1.02 * middle;
	}
	if (p->high <= p->low)
		p->high = p->low + 1;
}

static void put(struct plot *p, size_t column, double value, enum mark mark)
{
	double up = (value - p->low) / (p->high - p->low) * (ROWS - 1);
	size_t row = ROWS - 1 - (size_t)(fmin(fmax(up, 0), ROWS - 1) + 0.5);
	unsigned char *at = &p->marks[row * p->columns + column];

	if (mark > *at)
		*at = (unsigned char)mark;
}

static enum mark level_mark(const struct plot *p, size_t commit)
{
	enum mark mark = LEVEL;

	for (size_t i = 0; i < p->trend->n_changes; i++)
		if (p->trend->changes[i].at <= commit)
			mark = model_trend_slower(&p->trend->changes[i]) ? SLOWER : FASTER;
	return mark;
}

static void draw(struct plot *p)
{
	const struct model_trend *trend = p->trend;

	for (size_t i = 0; i < trend->n; i++) {
		size_t from = column_of(p, i);
		size_t to = i + 1 < trend->n ? column_of(p, i + 1) : p->columns;
		double level = view_trend_level(trend, i);

		for (size_t c = from; c < to && !isnan(level); c++)
			put(p, c, level, level_mark(p, i));
	}
	for (size_t c = 0; c < p->columns; c++)
		if (!isnan(p->points[c]))
			put(p, c, p->points[c], POINT);
	for (size_t i = 0; i < trend->n_changes; i++)
		p->changes[column_of(p, trend->changes[i].at)] =
			model_trend_slower(&trend->changes[i]) ? 1 : -1;
}

static const char *colour_of(const struct plot *p, int mark)
{
	if (!p->view->colour)
		return "";
	return mark == SLOWER ? "\033[31m" : mark == FASTER ? "\033[32m" : "\033[2m";
}

static void print_row(const struct plot *p, size_t row)
{
	bool utf8 = p->view->utf8;
	double value = p->high - (p->high - p->low) * (double)row / (ROWS - 1);
	bool labelled = row % ((ROWS - 1) / 2) == 0;
	char *label = labelled ? view_trend_value(p->trend, value, p->view) : strdup("");
	/* A letter of a unit may take two bytes. */
	int wide = label && strstr(label, "\xc2\xb5") ? 1 : 0;

	fprintf(p->view->stream, "%*s %s", LABEL + wide, label ? label : "",
		utf8 ? labelled ? "┤" : "│" : "|");
	free(label);
	for (size_t c = 0; c < p->columns; c++) {
		enum mark mark = p->marks[row * p->columns + c];

		if (mark == NOTHING)
			putc(' ', p->view->stream);
		else if (mark == POINT)
			fputs(utf8 ? "●" : "o", p->view->stream);
		else
			fprintf(p->view->stream, "%s%s%s", colour_of(p, mark), utf8 ? "─" : "-",
				p->view->colour ? "\033[0m" : "");
	}
	putc('\n', p->view->stream);
}

static void print_axis(const struct plot *p)
{
	bool utf8 = p->view->utf8;

	fprintf(p->view->stream, "%*s %s", LABEL, "", utf8 ? "└" : "+");
	for (size_t c = 0; c < p->columns; c++) {
		int change = p->changes[c];

		if (change)
			fprintf(p->view->stream, "%s%s%s",
				colour_of(p, change > 0 ? SLOWER : FASTER),
				utf8 ? change > 0 ? "▲" : "▼" : "^",
				p->view->colour ? "\033[0m" : "");
		else
			fputs(utf8 ? "─" : "-", p->view->stream);
	}
	putc('\n', p->view->stream);
}

/* The first and the last commit below their ends of the axis. */
static void print_ends(const struct plot *p)
{
	const struct model_trend *trend = p->trend;
	char *first = view_trend_commit(trend, &trend->commits[0]);
	char *last = view_trend_commit(trend, &trend->commits[trend->n - 1]);
	size_t taken = first ? strlen(first) + 1 : 0, length = last ? strlen(last) : 0;
	int gap = p->columns > taken + length ? (int)(p->columns - taken - length) : 0;

	fprintf(p->view->stream, "%*s  %s %*s%s\n", LABEL, "", first ? first : "", gap, "",
		last ? last : "");
	free(first);
	free(last);
}

void view_trend_plot(const struct model_trend *trend, const struct view *view)
{
	struct plot p = {.trend = trend, .view = view};
	size_t width = (size_t)(view->width ? view->width : PLAIN_WIDTH), room;

	room = width > LABEL + 12 ? width - LABEL - 3 : 10;
	p.columns = (trend->n - 1) * WIDEST + 1;
	if (p.columns > room)
		/* As many for each commit as there is room for; more commits than columns share them. */
		p.columns =
			trend->n > room ? room : (trend->n - 1) * ((room - 1) / (trend->n - 1)) + 1;
	p.points = calloc(p.columns, sizeof(*p.points));
	p.marks = calloc(ROWS, p.columns);
	p.changes = calloc(p.columns, 1);
	if (p.points && p.marks && p.changes && find_points(&p) == 0) {
		find_range(&p);
		draw(&p);
		for (size_t row = 0; row < ROWS; row++)
			print_row(&p, row);
		print_axis(&p);
		print_ends(&p);
	}
	free(p.points);
	free(p.marks);
	free(p.changes);
}
