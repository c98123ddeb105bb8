/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "error.h"
#include "git.h"
#include "ingest.h"
#include "query.h"
#include "report.h"
#include "segments.h"
#include "text.h"

struct options {
	const char *label;
	bool report;
};

static const struct option_spec specs[] = {
	{"label", 'l', OPTION_TEXT, offsetof(struct options, label), "TEXT",
	 "a name for the run (as HOTPATH_LABEL)"},
	{"report", 0, OPTION_FLAG, offsetof(struct options, report), NULL,
	 "print the report at the end"},
};

static const struct options defaults = {0};

static const char text[] = "Runs a command built with -fplugin=hotpath.so and takes its runs, and "
			   "those of the processes\n"
			   "it starts, into the store, with the exit status or signal as its "
			   "parent sees it.  Ends with the\n"
			   "status of the command: 128 + N when signal N killed it, 127 when it "
			   "was not found, 126 when\n"
			   "it could not be started.\n"
			   "\n"
			   "Examples:\n"
			   "  hotpath run -- ./lua bench.lua\n"
			   "  hotpath run --label baseline --report -- make check\n";

enum { NOT_STARTED = 126, NOT_FOUND = 127 };

static volatile sig_atomic_t child_pid;

/*
 * What the terminal sends, the command gets as well, for it is in the same process group; what
 * somebody sends to this process alone is passed on.
 */
static void pass_on(int signal, siginfo_t *info, void *unused)
{
	int saved = errno;

	(void)unused;
	if (child_pid > 0 && info->si_code != SI_KERNEL)
		kill(child_pid, signal);
	errno = saved;
}

static const int passed_on[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

enum { N_PASSED = sizeof(passed_on) / sizeof(passed_on[0]) };

static void catch_signals(struct sigaction before[N_PASSED])
{
	struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART};

	sigemptyset(&action.sa_mask);
	for (int i = 0; i < N_PASSED; i++) {
		sigaction(passed_on[i], NULL, &before[i]);
		/* Under nohup(1) a signal that is ignored stays so. */
		if (before[i].sa_handler != SIG_IGN)
			sigaction(passed_on[i], &action, NULL);
	}
}

/* In the child: runs the command, or sends errno to the parent. */
static void become(char **argv, const sigset_t *mask, const struct sigaction before[N_PASSED],
		   int report)
{
	for (int i = 0; i < N_PASSED; i++)
		sigaction(passed_on[i], &before[i], NULL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	(void)!write(report, &errno, sizeof(errno));
	_exit(NOT_FOUND);
}

/*
 * Starts the command.  Signals are held back until child_pid is known, so that none is lost in
 * between. Returns 0, or the errno of what failed.
 */
static int start(char **argv, pid_t *pid)
{
	struct sigaction before[N_PASSED];
	sigset_t all, mask;
	int report[2], failure = 0;

	if (pipe2(report, O_CLOEXEC) != 0)
		return errno;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &mask);
	catch_signals(before);
	*pid = fork();
	if (*pid == 0)
		become(argv, &mask, before, report[1]);
	failure = *pid < 0 ? errno : 0;
	child_pid = *pid;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	close(report[1]);
	if (!failure && read(report[0], &failure, sizeof(failure)) != (ssize_t)sizeof(failure))
		failure = 0;
	close(report[0]);
	if (failure && *pid > 0)
		waitpid(*pid, NULL, 0);
	return failure;
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	child_pid = 0;
	return status;
}

/* Names all processes of this command; they only seal their segments, and leave the rest to us. */
static int set_environment(const struct invocation *in, char token[33], struct error *error)
{
	const struct options *options = in->options;
	uint8_t random[16];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return error_set(error, ERR_IO, "no random numbers: %s", strerror(errno));
	text_hex(token, random, sizeof(random));
	if (setenv("HOTPATH_RUN_TOKEN", token, 1) != 0 ||
	    setenv("HOTPATH_DIR", in->place.dir, 1) != 0 ||
	    (options->label && setenv("HOTPATH_LABEL", options->label, 1) != 0))
		return error_memory(error);
	return ERR_OK;
}

static void explain_nothing(const struct segment_tally *tally, const char *command)
{
	const char *disabled = getenv("HOTPATH_DISABLE");
	char *note;

	if (disabled && *disabled && strcmp(disabled, "0") != 0)
		note = strdup("nothing was measured: HOTPATH_DISABLE is set");
	else if (tally->live)
		note = text_format("nothing was taken in: %zu process%s of it still record%s; "
				   "`hotpath ingest` later",
				   tally->live, tally->live == 1 ? "" : "es",
				   tally->live == 1 ? "s" : "");
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
}

static int note_end(struct store *store, const char *token, pid_t pid, int status, int64_t *id,
		    int64_t *n, struct error *error)
{
	int rc = ingest_end(store, token, pid, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
			    WIFSIGNALED(status) ? WTERMSIG(status) : 0, error);

	if (!rc)
		rc = query_run_of_token(store, token, pid, id, n, error);
	if (!rc && !*id)
		rc = query_run_of_token(store, token, 0, id, n, error);
	return rc;
}

/* Takes in what the command recorded, and prints the report when it is wanted. */
static int finish(struct invocation *in, const char *token, pid_t pid, int status,
		  const struct report_options *report, struct error *error)
{
	struct segment_wish wish = {.store = in->place.dir,
				    .token = token,
				    .branch_hint = git_ci_branch(),
				    .patient = true};
	struct segment_tally tally;
	int64_t id = 0, n = 0;
	int rc = segments_take(&wish, pid, warn, &tally, error);

	if (rc)
		return rc;
	rc = store_open(&in->store, in->place.dir, STORE_READ, error);
	if (!rc)
		rc = note_end(&in->store, token, pid, status, &id, &n, error);
	if (rc == ERR_NO_STORE) {
		*error = (struct error){0};
		rc = ERR_OK;
	}
	if (!rc && !n) {
		if (!tally.refused)
			explain_nothing(&tally, in->argv[0]);
		return ERR_OK;
	}
	return !rc && report ? report_print(&in->store, id, report, error) : rc;
}

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	struct report_options report = REPORT_DEFAULTS;
	bool wanted = false;
	char token[33];
	pid_t pid;
	int failure, status, rc = report_environment(&report, &wanted, error);

	if (!rc)
		rc = set_environment(in, token, error);
	if (rc)
		return rc;
	failure = start(in->argv, &pid);
	if (failure) {
		char *why = text_format("cannot start '%s': %s", in->argv[0], strerror(failure));

		if (why)
			warn(why);
		free(why);
		in->exit_status = failure == ENOENT ? NOT_FOUND : NOT_STARTED;
		return ERR_OK;
	}
	status = wait_for(pid);
	signal(SIGPIPE, SIG_IGN);
	in->exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	/* Whatever goes wrong with the recording, the command's own end is what the caller has to
	 * see. */
	if (finish(in, token, pid, status, wanted || options->report ? &report : NULL, error))
		warn(error->text);
	return ERR_OK;
}

const struct command command_run = {
	.name = "run",
	.summary = "Run a command and take its runs into the store",
	.arguments = "[--] COMMAND [ARGUMENT...]",
	.text = text,
	.need = NEED_PLACE,
	.min_args = 1,
	.max_args = -1,
	.passes_on = true,
	.specs = specs,
	.n_specs = sizeof(specs) / sizeof(specs[0]),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.run = run,
};
