/* SPDX-License-Identifier: MIT */
/*
 * The end of the process: the segment is sealed, and `hotpath ingest` is asked to take it in.
 *
 * on_exit() tells the status; the library's destructor, which runs behind the host's own exit
 * handlers and destructors, seals.  A process that never comes here (_exit, a signal) leaves its
 * segment to the next hotpath command.
 *
 * glibc runs exit handlers newest first, and the destructors of all libraries as the oldest that the program
 * itself could have had: its start registers them, behind the constructors of its libraries.  Where one of those brought
 * us in, the status comes behind our destructor, and the sealing with it.
 *
 * Nobody waits for ingest, which has none of the host's descriptors: a pipe that the host wrote to
 * closes when the host ends. Two exceptions: the user asked for a report (HOTPATH_OUTPUT_FORMAT),
 * and a host that is process 1 of its container, with whose end the segment would go.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "runtime.h"

enum { ENV_MAX = 4096 };

/* Weak only where it may be missing: a weak reference does not bring it into a static program. */
#ifndef __GLIBC__
extern int on_exit(void (*function)(int, void *), void *arg) __attribute__((weak));
#endif

static uint32_t end_how = SEG_END_UNLOAD;
static int end_status;
static bool status_comes; /* on_exit() has taken see_status() */
static bool unloading;	  /* our destructor has run, and waits for it */
static int seccomp_at_start;

/*
 * may_spawn: whether starting a process can do the host no harm: one that put itself under a
 * seccomp filter since its start may be killed for it.
 */
static bool may_spawn(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == seccomp_at_start;
}

/* hp_end_report_wanted: whether the host's user asked for the report at its end. */
bool hp_end_report_wanted(void)
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

	for (char **e = __environ; e && *e && n < ENV_MAX - 2; e++)
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

/* spawn: starts a command; its pid, or -1. */
static pid_t spawn(const char *const *argv, bool detached)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	pid_t pid = -1;

	if (posix_spawn_file_actions_init(&actions))
		return -1;
	if (posix_spawnattr_init(&attr))
		goto out;
	if (detached) {
		detach(&actions);
		flags |= POSIX_SPAWN_SETSID;
	}
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, flags);
	if (posix_spawn(&pid, argv[0], &actions, &attr, (char *const *)argv, child_environment()))
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

/* What is to be run meanwhile. */
struct errand {
	const char *const *argv;
	bool detached;
};

/* clone(), by the name that no program has for something else. */
extern int __clone(int (*function)(void *), void *stack, int flags, void *arg, ...);

/* errand_main: a process between the host and our command, in the host's memory, with all signals blocked. */
static int errand_main(void *arg)
{
	const struct errand *errand = arg;
	int status = -1;
	pid_t pid;

	signal(SIGCHLD, SIG_DFL);
	pid = spawn(errand->argv, errand->detached);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	syscall(SYS_exit_group, status != 0);
	return 1;
}

/*
 * hp_end_run: runs a command of ours while the host goes on, and waits for it.  0 when it ended well.
 *
 * The host must not see our child: its wait() would return it, and SIGCHLD tell of it.  A child that announces its end by
 * no signal does neither; but only until it calls exec, so it has a child of its own for that.
 */
int hp_end_run(const char *const *argv, bool detached)
{
	static char stack[64 << 10] __attribute__((aligned(64)));
	static uint32_t busy;
	struct errand errand = {argv, detached};
	int status = -1, cancel;
	sigset_t all, old;
	pid_t pid;

	if (!hp_process.cli[0] || !may_spawn())
		return -1;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	while (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
		usleep(100);
	if (!detached)
		flush_host();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = __clone(errand_main, stack + sizeof(stack), CLONE_VM | CLONE_VFORK, &errand);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (pid > 0)
		while (waitpid(pid, &status, __WCLONE) < 0 && errno == EINTR)
			;
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
	pthread_setcancelstate(cancel, NULL);
	return pid > 0 && status == 0 ? 0 : -1;
}

static void hand_over(void)
{
	bool report = hp_end_report_wanted();
	const char *argv[] = {hp_process.cli, "ingest", report ? "--report" : "--quiet",
			      hp_process.path, NULL};
	pid_t pid;

	if (hp_process.by_command || !hp_process.cli[0])
		return;
	if (!report && !may_spawn())
		return;
	if (report)
		flush_host();
	pid = spawn(argv, !report);
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

	hp_sessions_end();
	hp_process.state = PROCESS_OVER;
	hp_units_off();
	hp_segment_seal(end_how, end_status);
	hand_over();
	errno = saved_errno;
}

static void see_status(int status, void *arg)
{
	(void)arg;
	end_how = SEG_END_EXIT;
	end_status = status;
	if (unloading)
		finish();
}

/* Priority 101: of the destructors in a program that we are linked into, ours is the last. */
__attribute__((destructor(101))) static void finish_at_unload(void)
{
	unloading = true;
	if (end_how == SEG_END_EXIT || !status_comes)
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
	status_comes = on_exit(see_status, NULL) == 0;
}

/*
 * HOTPATH_SHUTDOWN_MS: a thread of ours waits and then calls exit(), as any thread may: exit handlers and destructors
 * run on it, while the others go on, as they do when the host's own thread calls exit().  It takes no signal that is meant
 * for the host.
 */
static sigset_t mask_at_start;
static uint64_t shutdown_ms;

static void *shut_down(void *unused)
{
	struct timespec wait = {.tv_sec = (time_t)(shutdown_ms / 1000),
				.tv_nsec = (long)(shutdown_ms % 1000) * 1000000};

	while (nanosleep(&wait, &wait) < 0 && errno == EINTR)
		;
	pthread_sigmask(SIG_SETMASK, &mask_at_start, NULL);
	if (hp_process.state != PROCESS_OVER)
		exit(0);
	return unused;
}

/* hp_end_after: ends the host after so many milliseconds; NULL, or no number: never. */
void hp_end_after(const char *ms)
{
	char *end = NULL;
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all;

	shutdown_ms = ms ? strtoull(ms, &end, 10) : 0;
	if (!shutdown_ms || *end || pthread_attr_init(&attr))
		return;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask_at_start);
	pthread_create(&thread, &attr, shut_down, NULL);
	pthread_sigmask(SIG_SETMASK, &mask_at_start, NULL);
	pthread_attr_destroy(&attr);
}
