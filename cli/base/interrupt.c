/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "processes.h"

/* SIGCHLD only wakes interrupt_wait(); SIGUSR1 and SIGUSR2 are the command's alone. */
static const int caught[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};

enum { N_CAUGHT = sizeof(caught) / sizeof(caught[0]) };

static struct sigaction before[N_CAUGHT];
static bool catching;

static volatile sig_atomic_t asked;   /* the first signal to end */
static volatile sig_atomic_t child;   /* 0: none runs */
static volatile sig_atomic_t whole;   /* its descendants get signals as well */
static volatile sig_atomic_t pending; /* a signal for all of them */

/*
 * What the terminal sends, the command gets as well, for it is in the same process group; what
 * somebody sends to this process alone is passed on.
 */
static void handle(int signal, siginfo_t *info, void *unused)
{
	int saved = errno;

	(void)unused;
	if (signal == SIGCHLD)
		return;
	if (!asked && signal != SIGUSR1 && signal != SIGUSR2)
		asked = signal;
	/* The children of one that ended by it could not be found any more: interrupt_wait() sends it to all. */
	if (child > 0 && info->si_code != SI_KERNEL && whole)
		pending = signal;
	else if (child > 0 && info->si_code != SI_KERNEL)
		kill(child, signal);
	errno = saved;
}

void interrupt_catch(void)
{
	struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_RESTART};

	if (catching)
		return;
	catching = true;
	sigemptyset(&action.sa_mask);
	for (int i = 0; i < N_CAUGHT; i++) {
		sigaction(caught[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN || caught[i] == SIGCHLD)
			sigaction(caught[i], &action, NULL);
	}
}

void interrupt_release(void)
{
	for (int i = 0; catching && i < N_CAUGHT; i++)
		sigaction(caught[i], &before[i], NULL);
	catching = false;
}

int interrupt_signal(void)
{
	return asked;
}

pid_t interrupt_fork(bool whole_family)
{
	sigset_t all, mask;
	pid_t pid = -1;
	int failure = EINTR;

	/* Held back until the child is known, so that none is lost in between. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &mask);
	if (!asked) {
		pid = fork();
		failure = errno;
	}
	if (pid == 0) {
		interrupt_release();
	} else if (pid > 0) {
		whole = whole_family;
		pending = 0;
		child = pid;
	}
	sigprocmask(SIG_SETMASK, &mask, NULL);
	errno = failure;
	return pid;
}

static void pass_on(pid_t pid, int signal)
{
	pid_t *below;
	size_t n = processes_below(pid, &below);

	kill(pid, signal);
	for (size_t i = 0; i < n; i++)
		kill(below[i], signal);
	free(below);
}

int interrupt_wait(pid_t pid)
{
	sigset_t all, mask, open;
	int status = 0;
	pid_t done;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &mask);
	open = mask;
	sigdelset(&open, SIGCHLD);
	while ((done = waitpid(pid, &status, WNOHANG)) == 0 || (done < 0 && errno == EINTR)) {
		if (pending) {
			pass_on(pid, pending);
			pending = 0;
		} else {
			sigsuspend(&open);
		}
	}
	child = 0;
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return status;
}

void interrupt_end(int signal)
{
	struct sigaction action = {.sa_handler = SIG_DFL};

	interrupt_release();
	sigaction(signal, &action, NULL);
	raise(signal);
}
