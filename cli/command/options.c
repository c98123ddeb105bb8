/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "report.h"
#include "../base/text.h"
#include "../view/view.h"

/* The nearer name, when it is near enough to be meant. */
static void consider(const char *wrong, const char *name, const char **best, unsigned *distance)
{
	unsigned d = text_distance(wrong, name);

	if (d < *distance && d <= (strlen(wrong) + 2) / 3) {
		*distance = d;
		*best = name;
	}
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

const char *command_nearest(const char *name)
{
	const char *best = NULL;
	unsigned distance = 64;

	for (size_t i = 0; commands[i]; i++)
		consider(name, commands[i]->name, &best, &distance);
	return best;
}

static int unknown_option(const struct command *command, const char *given, size_t length,
			  struct error *error)
{
	const char *best = NULL;
	unsigned distance = 64;
	char *name = strndup(given, length);
	char *shown = name ? text_printable(name) : NULL;

	if (name && strncmp(name, "--", 2) == 0) {
		for (size_t i = 0; i < command->n_specs; i++)
			consider(name + 2, command->specs[i].name, &best, &distance);
		consider(name + 2, "help", &best, &distance);
	}
	error_set(error, ERR_USAGE, "hotpath %s has no option %s%s%s%s; see `hotpath %s --help`",
		  command->name, shown ? shown : "", best ? ": did you mean --" : "",
		  best ? best : "", best ? "?" : "", command->name);
	free(name);
	free(shown);
	return ERR_USAGE;
}

static int bad_value(const struct option_spec *spec, const char *value, const char *expected,
		     struct error *error)
{
	char *shown = text_printable(value);

	error_set(error, ERR_USAGE, "--%s: '%s' is not %s", spec->name, shown ? shown : "",
		  expected);
	free(shown);
	return ERR_USAGE;
}

static int set_value(struct invocation *in, const struct option_spec *spec, const char *value,
		     struct error *error)
{
	void *place = (char *)in->options + spec->offset;
	enum view_format format;

	switch (spec->kind) {
	case OPTION_FLAG:
		*(bool *)place = true;
		break;
	case OPTION_RUN:
		in->run_name = value;
		*(const char **)place = value;
		break;
	case OPTION_TEXT:
		*(const char **)place = value;
		break;
	case OPTION_COUNT:
		if (!report_parse_limit(value, place))
			return bad_value(spec, value, "a whole number from 0 to 999999999999999",
					 error);
		break;
	case OPTION_FORMAT:
		if (!view_parse_format(value, place))
			return bad_value(spec, value,
					 "a format: expected table, json, json-pretty, csv or "
					 "markdown",
					 error);
		break;
	case OPTION_FORMAT_JSON:
		if (!view_parse_format(value, &format) ||
		    !(format == VIEW_TABLE || view_is_json(format)))
			return bad_value(spec, value,
					 "a format: expected table, json or json-pretty", error);
		*(enum view_format *)place = format;
		break;
	case OPTION_FORMAT_BENCH:
		if (!view_parse_format(value, place) && !view_parse_bench_format(value, place))
			return bad_value(spec, value,
					 "a format: expected table, json, json-pretty, csv, "
					 "markdown, github-benchmark or bencher",
					 error);
		break;
	}
	return ERR_OK;
}

/* One of "--name", "--name=value" and "--name value"; *at moves over a value of its own. */
static int parse_long(struct invocation *in, int argc, char **argv, int *at, struct error *error)
{
	const char *name = argv[*at] + 2, *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);

	for (size_t i = 0; i < in->command->n_specs; i++) {
		const struct option_spec *spec = &in->command->specs[i];

		if (strlen(spec->name) != length || strncmp(spec->name, name, length) != 0)
			continue;
		if (spec->kind == OPTION_FLAG) {
			if (equals)
				return error_set(error, ERR_USAGE, "--%s takes no value",
						 spec->name);
			return set_value(in, spec, NULL, error);
		}
		if (equals)
			return set_value(in, spec, equals + 1, error);
		if (*at + 1 >= argc)
			return error_set(error, ERR_USAGE, "--%s needs a value: --%s %s",
					 spec->name, spec->name, spec->argument);
		return set_value(in, spec, argv[++*at], error);
	}
	return unknown_option(in->command, argv[*at], length + 2, error);
}

/* "-x", "-xVALUE", "-x VALUE". */
static int parse_short(struct invocation *in, int argc, char **argv, int *at, struct error *error)
{
	const char *given = argv[*at];

	for (size_t i = 0; i < in->command->n_specs; i++) {
		const struct option_spec *spec = &in->command->specs[i];

		if (!spec->letter || spec->letter != given[1])
			continue;
		if (spec->kind == OPTION_FLAG) {
			if (given[2])
				break;
			return set_value(in, spec, NULL, error);
		}
		if (given[2])
			return set_value(in, spec, given + 2, error);
		if (*at + 1 >= argc)
			return error_set(error, ERR_USAGE, "-%c needs a value: -%c %s",
					 spec->letter, spec->letter, spec->argument);
		return set_value(in, spec, argv[++*at], error);
	}
	return unknown_option(in->command, given, strlen(given), error);
}

static int check_count(const struct invocation *in, struct error *error)
{
	const struct command *command = in->command;

	if (in->argc < command->min_args)
		return error_set(error, ERR_USAGE, "hotpath %s needs %s; see `hotpath %s --help`",
				 command->name, command->arguments, command->name);
	if (command->max_args >= 0 && in->argc > command->max_args) {
		char *shown = text_printable(in->argv[command->max_args]);

		error_set(error, ERR_USAGE,
			  "hotpath %s: unexpected argument '%s'; see `hotpath %s --help`",
			  command->name, shown ? shown : "", command->name);
		free(shown);
		return ERR_USAGE;
	}
	return ERR_OK;
}

int options_parse(struct invocation *in, int argc, char **argv, bool *help, struct error *error)
{
	bool options_end = false;
	int kept = 1;

	*help = false;
	/* Arguments are moved to the front, so that options may stand between and after them. */
	for (int at = 1; at < argc; at++) {
		const char *word = argv[at];
		int rc = ERR_OK;

		if (options_end || word[0] != '-' || word[1] == '\0') {
			argv[kept++] = argv[at];
			options_end |= in->command->passes_on;
		} else if (strcmp(word, "--") == 0) {
			options_end = true;
		} else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
			*help = true;
			return ERR_OK;
		} else if (word[1] == '-') {
			rc = parse_long(in, argc, argv, &at, error);
		} else {
			rc = parse_short(in, argc, argv, &at, error);
		}
		if (rc)
			return rc;
	}
	argv[kept] = NULL;
	in->argc = kept - 1;
	in->argv = argv + 1;
	return check_count(in, error);
}

static void print_option(const struct option_spec *spec)
{
	char left[64];
	int n = snprintf(left, sizeof(left), "  %c%c%s --%s%s%s", spec->letter ? '-' : ' ',
			 spec->letter ? spec->letter : ' ', spec->letter ? "," : " ", spec->name,
			 spec->argument ? " " : "", spec->argument ? spec->argument : "");

	printf(n > 30 ? "%s\n%32s" : "%-32s", left, "");
	for (const char *c = spec->help; *c; c++) {
		putchar(*c);
		if (*c == '\n')
			printf("%32s", "");
	}
	putchar('\n');
}

void options_help(const struct command *command)
{
	printf("Usage: hotpath %s%s%s%s\n\n%s\n\nOptions:\n", command->name,
	       command->n_specs ? " [OPTION...]" : "", *command->arguments ? " " : "",
	       command->arguments, command->summary);
	for (size_t i = 0; i < command->n_specs; i++)
		print_option(&command->specs[i]);
	printf("  -h, --help                    show this help\n\n%s", command->text);
}

void options_overview(void)
{
	printf("hotpath %s: a profiler that is compiled in\n\nUsage: hotpath COMMAND "
	       "[OPTION...]\n\nCommands:\n",
	       HOTPATH_VERSION);
	for (size_t i = 0; commands[i]; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nBegin with:\n"
	       "  gcc -fplugin=hotpath.so -O2 -g -o prog prog.c   measure what hotpath.yaml or\n"
	       "                                                  __attribute__((hotpath_measure)) "
	       "names\n"
	       "  ./prog                                          record a run\n"
	       "  hotpath report                                  see where its time went\n\n"
	       "`hotpath COMMAND --help` has options and examples, hotpath(1) the rest.\n");
}
