/* SPDX-License-Identifier: MIT */
/*
 * The end of the process: the segment is sealed, and `hotpath ingest` is asked to take it in.
 *
 * on_exit() tells the status; the library's destructor, which runs behind the host's own exit
 * handlers and destructors, seals.  A process that never comes here (_exit, a signal) leaves its
 * segment to the next hotpath command.
 *
 * Nobody waits for ingest, which has none of the host's descriptors: a pipe that the host wrote to
 * closes when the host ends. Two exceptions: the user asked for a report (HOTPATH_OUTPUT_FORMAT),
 * and a host that is process 1 of its container, with whose end the segment would go.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runtime.h"

enum { ENV_MAX = 4096 };

/* Weak only where it may be missing: a weak reference does not bring it into a static program. */
#ifndef __GLIBC__
extern int on_exit(void (*function)(int, void *), void *arg) __attribute__((weak));
#endif

static uint32_t end_how = SEG_END_UNLOAD;
static int end_status;
static int seccomp_at_start;

static void see_status(int status, void *arg)
{
	(void)arg;
	end_how = SEG_END_EXIT;
	end_status = status;
}

/*
 * may_spawn: whether starting a process can do the host no harm: one that put itself under a
 * seccomp filter since its start may be killed for it.
 */
static bool may_spawn(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == seccomp_at_start;
}

/* report_wanted: whether the host's user asked for the report at its end. */
static bool report_wanted(void)
{
	const char *format = hp_env("HOTPATH_OUTPUT_FORMAT");

	return format && strcmp(format, "none");
}

/*
 * child_environment: the host's, and HOTPATH_DISABLE=1 in case that the command itself was built with the plugin.
 *
 * What the loader was told to load is the host's alone: a zlib or an sqlite that is being worked on, found by
 * LD_LIBRARY_PATH, must not become that of the command and of the git it asks.
 */
static char **child_environment(void)
{
	static char *env[ENV_MAX];
	int n = 0;

	for (char **e = environ; e && *e && n < ENV_MAX - 2; e++)
		if (strncmp(*e, "HOTPATH_DISABLE=", 16) && strncmp(*e, "LD_", 3))
			env[n++] = *e;
	env[n++] = (char *)"HOTPATH_DISABLE=1";
	env[n] = NULL;
	return env;
}

static void detach(posix_spawn_file_actions_t *actions)
{
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
#if __GLIBC_PREREQ(2, 34)
	posix_spawn_file_actions_addclosefrom_np(actions, 3);
#endif
}

/* spawn_ingest: starts the command on our segment; its pid, or -1. */
static pid_t spawn_ingest(bool report)
{
	const char *argv[] = {hp_process.cli, "ingest", report ? "--report" : "--quiet",
			      hp_process.path, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	pid_t pid = -1;

	if (posix_spawn_file_actions_init(&actions))
		return -1;
	if (posix_spawnattr_init(&attr))
		goto out;
	if (!report) {
		detach(&actions);
		flags |= POSIX_SPAWN_SETSID;
	}
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, flags);
	if (posix_spawn(&pid, hp_process.cli, &actions, &attr, (char *const *)argv,
			child_environment()))
		pid = -1;
	posix_spawnattr_destroy(&attr);
out:
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* flush_host: the host's buffered output comes before the report, as a reader expects. */
static void flush_host(void)
{
	extern int fflush(void *stream) __attribute__((weak));

	if (fflush)
		fflush(NULL);
}

static void hand_over(void)
{
	bool report = report_wanted();
	pid_t pid;

	if (hp_process.by_command || !hp_process.cli[0])
		return;
	if (!report && !may_spawn())
		return;
	if (report)
		flush_host();
	pid = spawn_ingest(report);
	if (pid > 0 && (report || getpid() == 1))
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
}

/* finish: seals and hands over, once. */
static void finish(void)
{
	if (hp_process.state != PROCESS_ON)
		return;
	int saved_errno = errno;

	hp_process.state = PROCESS_OVER;
	hp_units_off();
	hp_segment_seal(end_how, end_status);
	hand_over();
	errno = saved_errno;
}

/* Priority 101: of the destructors in a program that we are linked into, ours is the last. */
__attribute__((destructor(101))) static void finish_at_unload(void)
{
	finish();
}

/* hp_end_init: once a process, at its start. */
void hp_end_init(void)
{
	seccomp_at_start = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	at_quick_exit(finish);
#ifndef __GLIBC__
	if (!on_exit)
		return;
#endif
	on_exit(see_status, NULL);
}
