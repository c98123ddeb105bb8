/* SPDX-License-Identifier: MIT */
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "../base/environment.h"
#include "../base/error.h"
#include "../store/ingest.h"
#include "../base/input.h"
#include "../base/interrupt.h"
#include "../base/machine.h"
#include "../base/place.h"
#include "../query/query.h"
#include "../store/segments.h"
#include "../base/text.h"

enum { NOT_STARTED = 126, NOT_FOUND = 127 };

/* In the child: environment, folder and output.  Returns 0, or -1 with errno. */
static int prepare(const struct launch *what, const char *token)
{
	int null;

	/* Names all processes of this command; they only seal their segments, and leave the rest to us. */
	if (setenv("HOTPATH_RUN_TOKEN", token, 1) != 0 ||
	    setenv("HOTPATH_DIR", what->store, 1) != 0 ||
	    (what->label && setenv("HOTPATH_LABEL", what->label, 1) != 0) ||
	    (what->idle && setenv("HOTPATH_DISABLE", "1", 1) != 0))
		return -1;
	if (what->dir && chdir(what->dir) != 0)
		return -1;
	if (what->dir)
		git_forget();
	if (what->input && input_give(what->input) != 0)
		return -1;
	if (!what->quiet)
		return 0;
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return null < 0 || dup2(null, 1) < 0 ? -1 : 0;
}

/* In the child: runs the command, or sends errno to the parent. */
static void become(const struct launch *what, const char *token, int report)
{
	if (prepare(what, token) == 0)
		execvp(what->argv[0], what->argv);
	(void)!write(report, &errno, sizeof(errno));
	_exit(NOT_FOUND);
}

/* Starts the command.  Returns 0, or the errno of what failed. */
static int start(const struct launch *what, const char *token, pid_t *pid)
{
	int report[2], failure = 0;

	if (pipe2(report, O_CLOEXEC) != 0)
		return errno;
	interrupt_catch();
	*pid = interrupt_fork(what->whole);
	if (*pid == 0)
		become(what, token, report[1]);
	failure = *pid < 0 ? errno : 0;
	close(report[1]);
	if (!failure && read(report[0], &failure, sizeof(failure)) != (ssize_t)sizeof(failure))
		failure = 0;
	close(report[0]);
	if (failure && *pid > 0)
		interrupt_wait(*pid);
	return failure;
}

int launch(const struct launch *what, struct launched *done, struct error *error)
{
	uint8_t random[16];
	struct machine before;

	memset(done, 0, sizeof(*done));
	done->steal_percent = -1;
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_set(error, ERR_IO, "no random numbers: %s", strerror(errno));
	text_hex(done->token, random, sizeof(random));
	if (!what->idle) {
		git_read(what->dir, &done->git);
		done->git_top = done->git.commit ? git_top(what->dir) : NULL;
	}
	machine_read(&before);
	done->failure = start(what, done->token, &done->pid);
	if (!done->failure)
		done->status = interrupt_wait(done->pid);
	done->steal_percent = machine_steal(&before);
	return ERR_OK;
}

void launch_release(struct launched *done)
{
	git_release(&done->git);
	free(done->git_top);
	done->git_top = NULL;
}

int launch_exit_status(const struct launched *done)
{
	if (done->failure)
		return done->failure == ENOENT ? NOT_FOUND : NOT_STARTED;
	return WIFSIGNALED(done->status) ? 128 + WTERMSIG(done->status) : WEXITSTATUS(done->status);
}

static int note_end(struct store *store, struct launched *done, struct error *error)
{
	int status = done->status;
	const struct ingest_seen seen = {.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
					 .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
					 .steal_percent = done->steal_percent};
	int rc = ingest_end(store, done->token, done->pid, &seen, error);

	if (!rc)
		rc = query_run_of_token(store, done->token, done->pid, &done->run, &done->runs,
					error);
	if (!rc && !done->run)
		rc = query_run_of_token(store, done->token, 0, &done->run, &done->runs, error);
	return rc;
}

int launch_take(const struct launch *what, struct launched *done, struct store *store,
		struct segment_tally *tally, struct error *error)
{
	struct segment_wish wish = {.store = what->store,
				    .token = done->token,
				    .branch = what->branch,
				    .git = &done->git,
				    .git_top = done->git_top,
				    .patient = true};
	int rc = segments_take(&wish, done->pid, warn, tally, error);

	if (rc)
		return rc;
	rc = store_open(store, what->store, STORE_READ, error);
	if (!rc)
		rc = note_end(store, done, error);
	if (rc == ERR_NO_STORE) {
		*error = (struct error){0};
		rc = ERR_OK;
	}
	return rc;
}

/* Which limit of the shell's leaves a segment no room, NULL when none does: its window is of 64 MiB at least, what it begins with of 64 KiB. */
static const char *limit_in_the_way(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur < 128 << 20)
		return "of address space (ulimit -v) leaves no room for the 64 MB that recording "
		       "takes of it";
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < 64 << 10)
		return "of file sizes (ulimit -f) is below the 64 KB that a recording begins with";
	return NULL;
}

void launch_tell_input(const struct input *input)
{
	if (input_is_left(input))
		warn("the runs were given no standard input: it can be read only once; where they "
		     "read it, redirect it from a file");
}

void launch_explain(const struct segment_tally *tally, const char *store, const char *command)
{
	const char *folder = environment_get("HOTPATH_SEGMENTS");
	char *note, *full = place_without_room(store);
	bool exists;

	if (environment_disables())
		note = strdup("nothing was measured: HOTPATH_DISABLE is set");
	else if (tally->live)
		note = text_format("nothing was taken in: %zu process%s of it still record%s; "
				   "`hotpath ingest` later",
				   tally->live, tally->live == 1 ? "" : "es",
				   tally->live == 1 ? "s" : "");
	else if (folder && !place_folder_safe(folder, &exists) && exists)
		note = text_format("nothing was measured: HOTPATH_SEGMENTS=%s is not a folder that "
				   "only you can write",
				   folder);
	else if (full)
		note = text_format("nothing was measured: %s, where programs record into, has no "
				   "room; free some, or set HOTPATH_SEGMENTS to another folder",
				   full);
	else if (limit_in_the_way())
		note = text_format("nothing was measured: the limit %s", limit_in_the_way());
	else
		note = text_format(
			"nothing was measured: no process of '%s' called a measured "
			"function.  Was it built with -fplugin=hotpath.so, and does "
			"hotpath.yaml or __attribute__((hotpath_measure)) name a function "
			"that is called?  `hotpath doctor` checks the set-up",
			command);
	if (note)
		warn(note);
	free(note);
	free(full);
}
