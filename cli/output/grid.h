/* SPDX-License-Identifier: MIT */
/*
 * A grid: rows of typed cells, built once and then drawn as a terminal table, Markdown, CSV or
 * JSON.
 */
#ifndef HOTPATH_GRID_H
#define HOTPATH_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct error;

enum view_format {
	VIEW_TABLE,
	VIEW_JSON,
	VIEW_JSON_PRETTY,
	VIEW_CSV,
	VIEW_MARKDOWN,
	VIEW_HTML, /* of some commands only */
	VIEW_GITHUB_BENCHMARK,
	VIEW_BENCHER,
};

static inline bool view_is_json(enum view_format format)
{
	return format == VIEW_JSON || format == VIEW_JSON_PRETTY;
}

/* The rows are for people, who are also told what no row says. */
static inline bool view_is_read(enum view_format format)
{
	return format == VIEW_TABLE || format == VIEW_MARKDOWN;
}

/* Where a view goes, and what that can show. */
struct view {
	FILE *stream;
	enum view_format format;
	bool utf8;   /* characters beyond ASCII may be shown */
	bool colour; /* escape sequences for colours may be written */
	int width;   /* columns of the terminal, 0: no terminal, nothing is cut */
};

enum grid_kind {
	GRID_EMPTY, /* unknown */
	GRID_TEXT,
	GRID_CODE, /* text that Markdown must not touch */
	GRID_INTEGER,
	GRID_REAL,
	GRID_NS, /* a time: scaled where people read, raw nanoseconds for programs */
	GRID_PERCENT,
	GRID_TIME, /* nanoseconds since 1970 */
};

struct grid_cell {
	enum grid_kind kind;
	char *text;
	double real;
	int64_t integer;
	bool whole; /* NS: an integer, in `integer` */
};

struct grid_column {
	char *title; /* over a table */
	char *key;   /* in CSV and JSON */
	bool right;  /* numbers */
	bool shrink; /* gives way when the terminal is narrow, in the middle of its cells */
	bool cut;    /* likewise, at their end */
	bool tree;   /* cells begin with two spaces a level */
	char rank; /* '1' .. '9': stays away when the terminal is narrow, the lowest first; 0: never */
	bool hidden; /* only for programs: CSV and JSON */
	bool weak;   /* drawn faint where there is colour */
};

struct grid {
	struct grid_column *columns;
	size_t n_columns;
	struct grid_cell *cells; /* row by row */
	size_t n_rows, capacity;
	size_t at;   /* cells written in the last row */
	bool failed; /* out of memory */
};

/* grid_column: adds a column; before the first row.  flags: letters of "rshwet" for right, shrink, hidden, weak, cut at the
 * end, tree, and a digit for the rank. */
void grid_column(struct grid *grid, const char *title, const char *key, const char *flags);

/* grid_...: fill in the next cell, from left to right; a row begins after the last one. */
void grid_text(struct grid *grid, enum grid_kind kind, const char *text);
void grid_integer(struct grid *grid, enum grid_kind kind, int64_t value);
void grid_real(struct grid *grid, enum grid_kind kind, double value);

/*
 * grid_print: draws it as view->format says; JSON as an array of objects.
 *
 * Returns  ERR_OK or ERR_MEMORY.  Whether the stream took it is for its owner to check.
 */
int grid_print(const struct grid *grid, const struct view *view, struct error *error);
void grid_release(struct grid *grid);

/*
 * grid_line: prints a line of words.  In a table on a terminal it is broken between words, never between a number and its
 * unit, and rather where two spaces stand; what follows is indented by `hang` columns.
 */
void grid_line(const struct view *view, const char *text, size_t hang);

/* grid_show: a cell as people read it, printable, to be freed; NULL when out of memory. */
char *grid_show(const struct grid_cell *cell, bool utf8);

/* grid_csv.c, grid_markdown.c, grid_table.c, grid_json.c, grid_html.c: the ways of grid_print(). */
int grid_print_csv(const struct grid *grid, const struct view *view, struct error *error);
int grid_print_markdown(const struct grid *grid, const struct view *view, struct error *error);
int grid_print_table(const struct grid *grid, const struct view *view, struct error *error);
int grid_print_html(const struct grid *grid, const struct view *view, struct error *error);
int grid_print_json(const struct grid *grid, const struct view *view, struct error *error);

/* grid_markdown_code: a text in a code span, where nothing of it is markup, nor names anybody. */
void grid_markdown_code(FILE *stream, const char *text, bool in_table);

#endif /* HOTPATH_GRID_H */
