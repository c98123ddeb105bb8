/* SPDX-License-Identifier: MIT */
/*
 * A command is one file with one const struct command, listed in main.c.
 *
 * main.c parses the options as the struct says, finds the store, takes in what waits for it, opens
 * it and resolves the run, so that a command begins with everything it asked for.  It returns an
 * error code and never exits.
 */
#ifndef HOTPATH_COMMAND_H
#define HOTPATH_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/place.h"
#include "../store/store.h"

struct error;

enum option_kind {
	OPTION_FLAG,	    /* bool */
	OPTION_TEXT,	    /* const char * */
	OPTION_COUNT,	    /* int64_t, 0 or more */
	OPTION_FORMAT,	    /* enum view_format */
	OPTION_FORMAT_JSON, /* the same, for commands that have no rows: table, json or json-pretty */
	OPTION_FORMAT_BENCH, /* the same, with those of benchmark services */
	OPTION_RUN,	     /* const char *; resolved into invocation.run */
};

struct option_spec {
	const char *name; /* without the dashes */
	char letter;	  /* short form, 0: none */
	enum option_kind kind;
	size_t offset;	      /* of the value in the command's own struct */
	const char *argument; /* what stands for the value in the help; NULL for a flag */
	const char *help;
};

enum command_need {
	NEED_NOTHING = 0,
	NEED_PLACE = 1,	      /* where the store is; it need not exist */
	NEED_STORE = 2 | 1,   /* open for reading, waiting segments taken in */
	NEED_RUN = 4 | 2 | 1, /* and the run that an OPTION_RUN names */
};

struct invocation {
	const struct command *command;
	void *options; /* the command's own struct */
	int argc;      /* what is left of the arguments */
	char **argv;
	struct place place;
	struct store store;
	const char *run_name;
	int64_t run;
	int exit_status; /* when the command returns ERR_OK: 0, or what the program it ran ended
			    with */
	int signal; /* the command was asked to end by it, and has cleared away; 0: it was not */
};

struct command {
	const char *name;
	const char *summary;   /* one line for the overview */
	const char *arguments; /* what follows the options: "[FILE...]" */
	const char *text;      /* more help: what it does, examples; lines ready to print */
	enum command_need need;
	int min_args, max_args; /* max_args < 0: any number */
	bool passes_on; /* everything from the first argument on belongs to another program */
	const struct option_spec *specs;
	size_t n_specs;
	const void *defaults; /* the command's own struct as it begins */
	size_t size;	      /* of that */
	/* whether NEED_PLACE is enough with these options; NULL: never */
	bool (*without_store)(const void *options);
	int (*run)(struct invocation *invocation, struct error *error);
};

/* Options that many commands have; place: offsetof() the value. */
#define FORMAT_SPEC(place)                                                                         \
	{                                                                                          \
		"format", 'f', OPTION_FORMAT, place, "FORMAT",                                     \
			"table (default), json, json-pretty, csv or markdown"                      \
	}
#define FORMAT_JSON_SPEC(place)                                                                    \
	{                                                                                          \
		"format", 'f', OPTION_FORMAT_JSON, place, "FORMAT",                                \
			"table (default), json or json-pretty"                                     \
	}
#define OUTPUT_SPEC(place)                                                                         \
	{                                                                                          \
		"output", 'o', OPTION_TEXT, place, "FILE", "write to a file instead of the screen" \
	}

/* A command's specs and defaults, which are called so in each of their files. */
#define COMMAND_OPTIONS                                                                            \
	.specs = specs, .n_specs = sizeof(specs) / sizeof(specs[0]), .defaults = &defaults,        \
	.size = sizeof(defaults)

extern const struct command command_report, command_runs, command_run, command_ingest, command_sql,
	command_doctor, command_help, command_tag, command_diff, command_ab, command_export,
	command_sites, command_check, command_init, command_gc, command_db, command_flamegraph,
	command_trend, command_blame, command_show, command_ctl;

/* The list in main.c, ended by NULL. */
extern const struct command *const commands[];

/* command_find: by name; NULL when there is none. */
const struct command *command_find(const char *name);

/* command_nearest: the name most like a wrong one, NULL when none is near. */
const char *command_nearest(const char *name);

/* options.c */

/*
 * options_parse: reads argv[1..] into invocation->options, ->argc, ->argv and ->run_name.
 *
 * help     set when --help or -h is among them; then nothing else counts
 * Returns  ERR_OK or ERR_USAGE
 */
int options_parse(struct invocation *invocation, int argc, char **argv, bool *help,
		  struct error *error);

/* options_help: prints the help of one command; options_overview: that of them all. */
void options_help(const struct command *command);
void options_overview(void);

/* warn: one line to standard error, made printable. */
void warn(const char *text);

#endif /* HOTPATH_COMMAND_H */
