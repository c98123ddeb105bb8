/* SPDX-License-Identifier: MIT */
/* steer HOW: a program that steers its own measuring; steer.bats knows the counts. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "hotpath.h"

#define FAR __attribute__((noinline))

static __thread volatile int sink;
static int begun, stop;

FAR static void work(void)
{
	sink++;
}

FAR static void times(int n)
{
	for (int i = 0; i < n; i++)
		work();
	sink++;
}

__attribute__((hotpath_skip)) static void pause_ms(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* Recursion with the switches at its bottom: frames of one function that were live then, and ones that are new. */
FAR static void deep(int n)
{
	if (n > 1)
		deep(n - 1);
	else
		hotpath_stop();
	if (n == 2) {
		times(5);
		hotpath_start();
	}
	if (n == 3)
		times(7);
	sink++;
}

FAR static void slow(void)
{
	hotpath_stop();
	pause_ms(50);
}

static void *spin(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		times(10);
	return arg;
}

/* Switched thousands of times under threads that call all the while. */
static void storm(void)
{
	pthread_t t[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, spin, NULL);
	for (int i = 0; i < 2000; i++) {
		hotpath_stop();
		hotpath_start();
		if (i % 100 == 0) {
			int s = hotpath_session_begin("storm");

			hotpath_reset();
			hotpath_session_end(s);
		}
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
}

FAR static void descend(int n)
{
	if (n > 1)
		descend(n - 1);
	sink++;
}

__attribute__((hotpath_skip)) static void *spin_soon(void *arg)
{
	while (!__atomic_load_n(&begun, __ATOMIC_RELAXED))
		;
	pause_ms(1);
	return spin(arg);
}

/* A session whose first copy takes some time, in which another thread makes its first call. */
static void born(void)
{
	pthread_t t;

	descend(300000);
	pthread_create(&t, NULL, spin_soon, NULL);
	__atomic_store_n(&begun, 1, __ATOMIC_RELAXED);
	hotpath_session_end(hotpath_session_begin("born"));
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
}

static int children_seen;

static void on_child(int sig)
{
	(void)sig;
	children_seen++;
}

/* A flush is no child that the program could see. */
static int flush_unseen(void)
{
	int status, failed;

	signal(SIGCHLD, on_child);
	times(10);
	errno = 77;
	failed = hotpath_flush();
	if (failed || errno != 77)
		return 1;
	times(10);
	if (hotpath_flush() || children_seen || waitpid(-1, &status, 0) != -1 || errno != ECHILD)
		return 2;
	times(10);
	return 0;
}

static ucontext_t main_context, fiber_context[2];
static char fiber_stack[2][256 << 10];

FAR static void yield_to(int from, int to)
{
	hotpath_fiber_switch(&fiber_context[to]);
	swapcontext(&fiber_context[from], &fiber_context[to]);
}

FAR static void inside(int self, int n)
{
	for (int i = 0; i < n; i++) {
		work();
		yield_to(self, !self);
	}
}

static void fiber(int self)
{
	inside(self, 100);
	if (!self)
		return; /* the other stays where it is */
	hotpath_fiber_switch(NULL);
	swapcontext(&fiber_context[self], &main_context);
}

static void fiber_done(void)
{
	hotpath_fiber_switch(NULL);
	setcontext(&main_context);
}

/* Two fibers in turn: each frame stays live over 100 switches. */
static void fibers(void)
{
	static ucontext_t done;
	static char done_stack[64 << 10];

	getcontext(&done);
	done.uc_stack.ss_sp = done_stack;
	done.uc_stack.ss_size = sizeof(done_stack);
	makecontext(&done, fiber_done, 0);
	for (int i = 0; i < 2; i++) {
		getcontext(&fiber_context[i]);
		fiber_context[i].uc_stack.ss_sp = fiber_stack[i];
		fiber_context[i].uc_stack.ss_size = sizeof(fiber_stack[i]);
		fiber_context[i].uc_link = &done;
		makecontext(&fiber_context[i], (void (*)(void))fiber, 1, i);
	}
	hotpath_fiber_switch(&fiber_context[0]);
	swapcontext(&main_context, &fiber_context[0]);
}

/* A fiber that sleeps on its own stack while another goes on: its times leave that out. */
FAR static void sleeper(void)
{
	pause_ms(20);
	hotpath_fiber_switch(NULL);
	swapcontext(&fiber_context[0], &main_context);
	pause_ms(20);
}

static void sleep_fiber(void)
{
	sleeper();
	fiber_done();
}

static void away(void *other_thread)
{
	(void)other_thread;
	hotpath_fiber_switch(&fiber_context[0]);
	swapcontext(&main_context, &fiber_context[0]);
}

static void *on_another(void *arg)
{
	away(arg);
	return NULL;
}

static void fiber_times(int move)
{
	pthread_t t;

	getcontext(&fiber_context[0]);
	fiber_context[0].uc_stack.ss_sp = fiber_stack[0];
	fiber_context[0].uc_stack.ss_size = sizeof(fiber_stack[0]);
	fiber_context[0].uc_link = NULL;
	makecontext(&fiber_context[0], sleep_fiber, 0);
	away(NULL);
	pause_ms(1000);
	if (!move) {
		away(NULL);
	} else {
		pthread_create(&t, NULL, on_another, NULL);
		pthread_join(t, NULL);
	}
}

static void handlers_ran(void)
{
	puts("handlers ran");
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int s;

	if (!strcmp(how, "switch")) {
		times(10);
		hotpath_stop();
		times(100);
		hotpath_start();
		times(20);
	} else if (!strcmp(how, "deep")) {
		deep(5);
		times(3);
	} else if (!strcmp(how, "slow")) {
		slow();
		pause_ms(50);
	} else if (!strcmp(how, "storm")) {
		storm();
	} else if (!strcmp(how, "born")) {
		born();
	} else if (!strcmp(how, "reset")) {
		times(10);
		s = hotpath_reset();
		times(20);
		return s;
	} else if (!strcmp(how, "sessions")) {
		int outer = hotpath_session_begin("outer"), inner;

		times(10);
		inner = hotpath_session_begin("in\033[31mner");
		times(20);
		hotpath_session_end(inner);
		times(30);
		hotpath_session_end(outer);
		times(40);
		hotpath_session_begin("open");
		times(50);
		return hotpath_session_end(99) != -1;
	} else if (!strcmp(how, "flush")) {
		return flush_unseen();
	} else if (!strcmp(how, "name")) {
		hotpath_thread_name("a very long name of a thread");
		times(1);
	} else if (!strcmp(how, "fibers")) {
		fibers();
	} else if (!strcmp(how, "fiber-times")) {
		fiber_times(0);
	} else if (!strcmp(how, "fiber-moves")) {
		fiber_times(1);
	} else if (!strcmp(how, "forked-session")) {
		int status;

		times(30);
		if (fork() == 0) {
			/* The child has no segment of its own before it asks for something. */
			int session = hotpath_session_begin("child");

			times(7);
			hotpath_session_end(session);
			times(2);
			exit(session <= 0);
		}
		wait(&status);
		return !WIFEXITED(status) || WEXITSTATUS(status);
	} else if (!strcmp(how, "fork")) {
		times(10);
		if (fork() == 0) {
			times(20);
			exit(0);
		}
		wait(NULL);
	} else if (!strcmp(how, "exec")) {
		times(10);
		if (fork() == 0)
			execl("/proc/self/exe", "steer", "switch", (char *)NULL);
		wait(NULL);
	} else if (!strcmp(how, "forever")) {
		atexit(handlers_ran);
		for (;;) {
			times(10);
			pause_ms(1);
		}
	}
	return 0;
}
