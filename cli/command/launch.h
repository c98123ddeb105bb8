/* SPDX-License-Identifier: MIT */
/*
 * Runs a measured command to its end, and takes in what it recorded.
 */
#ifndef HOTPATH_LAUNCH_H
#define HOTPATH_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../base/git.h"

struct error;
struct input;
struct segment_tally;
struct store;

struct launch {
	char *const *argv;	   /* NULL-terminated, found in PATH */
	const char *dir;	   /* to run it in, NULL: here */
	const char *store;	   /* folder of the store */
	const char *label;	   /* of its runs, NULL: what the environment says */
	bool idle;		   /* nothing is recorded: a warm-up, or a build */
	bool quiet;		   /* its standard output is dropped */
	const struct input *input; /* what it reads, of a series; NULL: our standard input */
	bool whole;		   /* signals to us alone reach what it started as well */
	const char *branch;	   /* of its runs, NULL: what they find out themselves */
};

/* launch_release() it in every case. */
struct launched {
	char token[33]; /* of all its processes */
	pid_t pid;
	int failure;  /* errno when it could not be started, else 0 */
	int status;   /* as of waitpid() */
	int64_t run;  /* its own process's, after launch_take(); 0: nothing was measured */
	int64_t runs; /* of all its processes */
	/* As things stood when it started; empty for one that is not recorded. */
	struct git_state git;
	char *git_top;
	double steal_percent; /* of the processors' time meanwhile; negative: unknown */
};

/*
 * launch: runs a command; signals that are sent to this process alone are passed on to it, and those that ask to end are
 * remembered from here on (interrupt_signal()): with one of them no command is started any more.
 *
 * Returns  ERR_OK, also when it could not be started (see `failure`), or an error of ours
 */
int launch(const struct launch *what, struct launched *done, struct error *error);

/* launch_exit_status: as a shell has it: 128 + N for signal N, 127 not found, 126 not started. */
int launch_exit_status(const struct launched *done);

/*
 * launch_take: takes its segments into the store, and notes how its process ended.
 *
 * store    opened, closed by the caller also on errors; left zeroed when there is none
 * tally    what was found
 */
int launch_take(const struct launch *what, struct launched *done, struct store *store,
		struct segment_tally *tally, struct error *error);

void launch_release(struct launched *done);

/* launch_tell_input: warns when a series ends with input that none of its runs was given. */
void launch_tell_input(const struct input *input);

/* launch_explain: says why nothing was measured, as a warning. */
void launch_explain(const struct segment_tally *tally, const char *store, const char *command);

#endif /* HOTPATH_LAUNCH_H */
