/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../base/error.h"
#include "../base/format.h"
#include "../model/model.h"
#include "../base/text.h"

static const char *const format_names[] = {
	[VIEW_TABLE] = "table", [VIEW_JSON] = "json",	      [VIEW_JSON_PRETTY] = "json-pretty",
	[VIEW_CSV] = "csv",	[VIEW_MARKDOWN] = "markdown",
};

bool view_parse_format(const char *text, enum view_format *format)
{
	for (size_t i = 0; i < sizeof(format_names) / sizeof(format_names[0]); i++) {
		if (strcmp(text, format_names[i]) == 0) {
			*format = (enum view_format)i;
			return true;
		}
	}
	return false;
}

bool view_parse_bench_format(const char *text, enum view_format *format)
{
	if (strcmp(text, "github-benchmark") == 0)
		*format = VIEW_GITHUB_BENCHMARK;
	else if (strcmp(text, "bencher") == 0)
		*format = VIEW_BENCHER;
	else
		return false;
	return true;
}

static int terminal_width(int fd)
{
	const char *given = getenv("COLUMNS");
	struct winsize size;
	long columns;

	if (given && (columns = strtol(given, NULL, 10)) > 0 && columns < 10000)
		return (int)columns;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

int view_open(struct view *view, enum view_format format, const char *path, struct error *error)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	memset(view, 0, sizeof(*view));
	view->format = format;
	view->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (path) {
		view->stream = fopen(path, "we");
		if (!view->stream)
			return error_set(error, ERR_IO, "cannot write %s: %s", path,
					 strerror(errno));
		return ERR_OK;
	}
	view->stream = stdout;
	if (isatty(fileno(stdout))) {
		view->width = terminal_width(fileno(stdout));
		view->colour = !(no_colour && *no_colour) && term && strcmp(term, "dumb") != 0;
	}
	return ERR_OK;
}

int view_can_write(const char *path, struct error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	bool made = fd >= 0, there = !made && errno == EEXIST;

	if (there)
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	/* A pipe whose reader is still to come, and a link to a file that is. */
	if (fd < 0 && there && (errno == ENXIO || errno == ENOENT))
		return ERR_OK;
	if (fd < 0)
		return error_set(error, ERR_IO, "cannot write %s: %s", path, strerror(errno));
	close(fd);
	if (made)
		unlink(path);
	return ERR_OK;
}

static int cannot_write(int why, struct error *error)
{
	return error_set(error, ERR_IO, "cannot write the output: %s", strerror(why));
}

/* What a stream that takes no more fails with, 0 when nothing is wrong. */
static int stream_error(FILE *stream)
{
	int why = fflush(stream) == 0 ? 0 : errno;

	if (why || !ferror(stream))
		return why;
	/* It failed while it was being filled, and what with is forgotten: it fails again. */
	clearerr(stream);
	putc('\n', stream);
	return fflush(stream) == 0 ? EIO : errno;
}

int view_close(struct view *view, int rc, struct error *error)
{
	int why;

	if (!view->stream)
		return rc;
	why = stream_error(view->stream);
	if (view->stream != stdout && fclose(view->stream) != 0 && !why)
		why = errno;
	/* The end of the command has nothing to add. */
	if (view->stream == stdout && why)
		clearerr(stdout);
	view->stream = NULL;
	return rc || !why || why == EPIPE ? rc : cannot_write(why, error);
}

int view_end(int rc, struct error *error)
{
	int why = stream_error(stdout);

	return rc || !why || why == EPIPE ? rc : cannot_write(why, error);
}

char *view_run_command(const struct model_run *run)
{
	char *command = text_command(run->argv, run->argc);
	char *shown = NULL, *printable;

	if (!command)
		return NULL;
	if (run->argc == 0)
		shown = strdup(run->exe ? run->exe : "?");
	else
		shown = text_format("%s%s", command, run->argv_cut ? " ..." : "");
	free(command);
	printable = shown ? text_printable(shown) : NULL;
	free(shown);
	return printable;
}

char *view_run_version(const struct model_run *run)
{
	char *plain, *shown;

	if (!run->commit && !run->branch)
		return strdup("");
	plain = text_format("%s%s%.7s%s", run->branch ? run->branch : "",
			    run->branch && run->commit ? "@" : "", run->commit ? run->commit : "",
			    run->dirty == 1 ? "*" : "");
	shown = plain ? text_printable(plain) : NULL;
	free(plain);
	return shown;
}

char *view_run_end(const struct model_run *run)
{
	char name[FORMAT_ROOM];

	if (run->part == MODEL_LIVE)
		return strdup("still running then");
	if (run->part == MODEL_SESSION)
		return strdup("session");
	if (run->has_signal)
		return text_format("killed by %s", format_signal(name, run->signal));
	if (!run->has_status && run->ended == MODEL_END_UNSEEN)
		return strdup("killed or _exit");
	if (run->has_status)
		return text_format("%s %d", model_run_how(run), run->status);
	return strdup(model_run_how(run));
}

void view_estimates(const struct model_run *run, const struct view *view)
{
	if (!view_is_read(view->format) || !model_estimates(run))
		return;
	if (view->format == VIEW_MARKDOWN)
		fputs("\n", view->stream);
	grid_line(view, "Calls are exact. Where fewer were timed, times are estimates.", 0);
}

void view_left_out(const struct view *view, size_t n, size_t all, const char *things)
{
	if (n < all && view_is_read(view->format))
		fprintf(view->stream, "%s%zu of %zu %s; --limit 0 shows all\n",
			view->format == VIEW_MARKDOWN ? "\n" : "", n, all, things);
}

static bool has_column(const struct model_table *table, const char *name)
{
	for (size_t i = 0; i < table->n_columns; i++)
		if (strcmp(table->columns[i], name) == 0)
			return true;
	return false;
}

/* Two columns of one name would be one key of a JSON object: the second is NAME:1, as SQLite itself names such. */
static char *column_key(const struct model_table *table, size_t column)
{
	const char *name = table->columns[column];
	size_t before = 0;
	char *key, *longer;

	for (size_t i = 0; i < column; i++)
		before += strcmp(table->columns[i], name) == 0;
	if (before == 0)
		return strdup(name);
	key = text_format("%s:%zu", name, before);
	while (key && has_column(table, key)) {
		longer = text_format("%s:%zu", key, before);
		free(key);
		key = longer;
	}
	return key;
}

int view_table(const struct model_table *table, const struct view *view, struct error *error)
{
	struct grid grid = {0};
	int rc;

	for (size_t i = 0; i < table->n_columns; i++) {
		bool numbers = table->n_rows > 0;

		for (size_t row = 0; row < table->n_rows && numbers; row++) {
			enum model_kind kind = table->values[row * table->n_columns + i].kind;

			numbers = kind == MODEL_INTEGER || kind == MODEL_REAL || kind == MODEL_NULL;
		}
		char *title = text_printable(table->columns[i]), *key = column_key(table, i);

		grid_column(&grid, title ? title : "", key ? key : "", numbers ? "r" : "s");
		free(title);
		free(key);
	}
	for (size_t i = 0; i < table->n_rows * table->n_columns; i++) {
		const struct model_value *value = &table->values[i];

		switch (value->kind) {
		case MODEL_INTEGER:
			grid_integer(&grid, GRID_INTEGER, value->integer);
			break;
		case MODEL_REAL:
			grid_real(&grid, GRID_REAL, value->real);
			break;
		case MODEL_TEXT:
		case MODEL_BLOB:
			grid_text(&grid, GRID_TEXT, value->text);
			break;
		case MODEL_NULL:
			grid_text(&grid, GRID_TEXT, NULL);
			break;
		}
	}
	rc = grid_print(&grid, view, error);
	grid_release(&grid);
	return rc;
}
