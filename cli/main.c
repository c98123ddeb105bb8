/* SPDX-License-Identifier: MIT */
/*
 * The table of commands, what happens before each of them, and the only exit.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "base/error.h"
#include "base/interrupt.h"
#include "query/query.h"
#include "store/segments.h"
#include "base/text.h"
#include "view/view.h"

const struct command *const commands[] = {
	&command_report, &command_show,	 &command_diff,	  &command_ab,
	&command_trend,	 &command_blame, &command_export, &command_flamegraph,
	&command_runs,	 &command_tag,	 &command_run,	  &command_ingest,
	&command_gc,	 &command_db,	 &command_sql,	  &command_sites,
	&command_check,	 &command_init,	 &command_doctor, &command_ctl,
	&command_help,	 NULL,
};

void warn(const char *text)
{
	static char last[sizeof(((struct error *)NULL)->text)];

	/* A store that cannot be used is met when segments are taken in, and again when it is read. */
	if (strcmp(text, last) == 0)
		return;
	snprintf(last, sizeof(last), "%s", text);
	/* An error may have several lines on purpose (a query with a caret under it). */
	while (*text) {
		size_t n = strcspn(text, "\n");
		char *line = strndup(text, n), *shown = line ? text_printable(line) : NULL;

		fprintf(stderr, "%s%s\n", *text == ' ' ? "" : "hotpath: ", shown ? shown : "");
		free(line);
		free(shown);
		text += n + (text[n] == '\n');
	}
}

/* Finds and opens what the command needs; waiting segments first, so that its answer is up to date.
 */
static int prepare(struct invocation *in, struct error *error)
{
	struct segment_wish wish = {.only_store = true};
	struct segment_tally tally;
	int rc = ERR_OK;

	if (in->command->need & NEED_PLACE)
		rc = place_find(&in->place, NULL, error);
	if (rc || (in->command->need & NEED_STORE) != NEED_STORE ||
	    (in->command->without_store && in->command->without_store(in->options)))
		return rc;
	wish.store = in->place.dir;
	wish.patient = true;
	rc = segments_take(&wish, 0, warn, &tally, error);
	if (!rc)
		rc = store_open(&in->store, in->place.dir, STORE_READ, error);
	if (!rc && in->command->need == NEED_RUN)
		rc = query_resolve(&in->store, in->run_name ? in->run_name : "last", &in->run,
				   error);
	return rc;
}

static int dispatch(const struct command *command, int argc, char **argv, int *status,
		    struct error *error)
{
	struct invocation in = {.command = command};
	bool help;
	int rc;

	in.options = calloc(1, command->size + 1);
	if (!in.options)
		return error_memory(error);
	if (command->defaults)
		memcpy(in.options, command->defaults, command->size);
	rc = options_parse(&in, argc, argv, &help, error);
	if (!rc && help) {
		/* That of a command that passes on is nobody else's output either. */
		signal(SIGPIPE, SIG_IGN);
		options_help(command);
		rc = view_end(rc, error);
	} else if (!rc) {
		rc = prepare(&in, error);
		if (!rc)
			rc = command->run(&in, error);
	}
	store_close(&in.store);
	place_release(&in.place);
	free(in.options);
	if (in.signal)
		interrupt_end(in.signal);
	*status = in.exit_status;
	return rc;
}

static int unknown_command(const char *name, struct error *error)
{
	const char *near = command_nearest(name);
	char *shown = text_printable(name);

	error_set(error, ERR_USAGE, "there is no command '%s'%s%s%s; `hotpath --help` lists them",
		  shown ? shown : "", near ? ": did you mean " : "", near ? near : "",
		  near ? "?" : "");
	free(shown);
	return ERR_USAGE;
}

int main(int argc, char **argv)
{
	const struct command *command = NULL;
	struct error error = {0};
	int status = 0, rc;

	setlocale(LC_CTYPE, "");
	command = argc > 1 ? command_find(argv[1]) : NULL;
	/*
	 * Writing to a pager that was left is an error of write(), which view_close() forgives.  A
	 * program that is started inherits what is ignored, so a command that starts one does this
	 * later.
	 */
	if (!command || !command->passes_on)
		signal(SIGPIPE, SIG_IGN);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		options_overview();
		rc = ERR_OK;
	} else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("hotpath " HOTPATH_VERSION);
		rc = ERR_OK;
	} else if (command) {
		rc = dispatch(command, argc - 1, argv + 1, &status, &error);
	} else {
		rc = unknown_command(argv[1], &error);
	}
	/* `hotpath run` ends with the status of its command, which has standard output from it. */
	if (!command || !command->passes_on)
		rc = view_end(rc, &error);
	if (rc && *error.text)
		warn(error.text);
	return rc ? error_exit_status(rc) : status;
}
