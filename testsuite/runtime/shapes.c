/* SPDX-License-Identifier: MIT */
/*
 * shapes NAME: one way of calling each, with counts that the tests know.  main is not measured, so
 * that a shape's figures are its own.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { OUTER, MIDDLE, INNER, LEAF, HANDLER };
#define UNIT_SITES                                                                                 \
	MEASURED(OUTER, "outer"), MEASURED(MIDDLE, "middle"), MEASURED(INNER, "inner"),            \
		MEASURED(LEAF, "leaf"), MEASURED(HANDLER, "handler")
#include "../../runtime/hotpath_control.h"
#include "unit.h"

static __thread volatile int sink;
static jmp_buf env;

__attribute__((noinline)) static void leaf(void)
{
	ENTER(LEAF);
	sink++;
	EXIT(LEAF);
}

__attribute__((noinline)) static void inner(int leaves)
{
	ENTER(INNER);
	for (int i = 0; i < leaves; i++)
		leaf();
	EXIT(INNER);
}

static void nest(void)
{
	for (int i = 0; i < 1000; i++) {
		ENTER(OUTER);
		inner(3);
		leaf();
		EXIT(OUTER);
	}
}

__attribute__((noinline)) static void recurse(int depth)
{
	ENTER(OUTER);
	if (depth > 1)
		recurse(depth - 1);
	else
		leaf();
	sink++; /* no tail call */
	EXIT(OUTER);
}

__attribute__((noinline)) static void odd(int depth);

__attribute__((noinline)) static void even(int depth)
{
	ENTER(OUTER);
	if (depth)
		odd(depth - 1);
	sink++;
	EXIT(OUTER);
}

__attribute__((noinline)) static void odd(int depth)
{
	ENTER(MIDDLE);
	if (depth)
		even(depth - 1);
	sink++;
	EXIT(MIDDLE);
}

__attribute__((noinline)) static void jump_out(int depth)
{
	ENTER(MIDDLE);
	if (depth == 1 && sink >= 0)
		longjmp(env, 1);
	if (depth > 1)
		jump_out(depth - 1);
	EXIT(MIDDLE);
}

/* A caller whose setjmp was compiled with the plugin (landing) or without it. */
static void jump(int with_landing)
{
	for (volatile int i = 0; i < 100; i++) {
		ENTER(OUTER);
		int jumped = setjmp(env);

		if (with_landing)
			LANDED(OUTER);
		if (!jumped)
			jump_out(10);
		leaf();
		EXIT(OUTER);
	}
}

__attribute__((noinline)) static void jump_back(int deep)
{
	if (deep)
		ENTER(INNER);
	longjmp(env, 1);
}

/*
 * A measured call that is jumped out of: its frame, MIDDLE's, is of the same function as the landing.  When that
 * is not measured itself all frames of it are dead, not those of its caller.
 */
__attribute__((noinline)) static void call_jumped_out_of(int measured)
{
	if (measured)
		ENTER(INNER);
	int jumped = setjmp(env);

	if (unit.landed)
		unit.landed(measured ? &unit_slots[INNER] : NULL);
	if (!jumped) {
		ENTER(MIDDLE);
		jump_back(!measured);
	}
	leaf();
	if (measured)
		EXIT(INNER);
}

static void calls_jumped_out_of(int measured)
{
	for (volatile int i = 0; i < 100; i++) {
		ENTER(OUTER);
		call_jumped_out_of(measured);
		leaf();
		EXIT(OUTER);
	}
}

static void *worker(void *arg)
{
	for (int i = 0; i < 1000; i++)
		inner((int)(long)arg);
	return NULL;
}

static void threads(int n)
{
	pthread_t t[64];

	for (int i = 0; i < n; i++)
		pthread_create(&t[i], NULL, worker, (void *)(long)2);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

static void *leave_early(void *arg)
{
	ENTER(OUTER);
	leaf();
	if (arg)
		pthread_exit(NULL);
	EXIT(OUTER);
	return NULL;
}

static void many_threads(void)
{
	for (int i = 0; i < 1000; i++) {
		pthread_t t;

		pthread_create(&t, NULL, leave_early, (void *)(long)(i & 1));
		pthread_join(t, NULL);
	}
}

static int handled;
static volatile int counted; /* handled is known */

static void on_signal(int sig)
{
	(void)sig;
	/* A sanitizer may hold a signal back until a later call of the library. */
	if (counted)
		return;
	ENTER(HANDLER);
	leaf();
	/* Of two signals one may come during the other. */
	__atomic_fetch_add(&handled, 1, __ATOMIC_RELAXED);
	EXIT(HANDLER);
}

/*
 * Calls under a storm of signals, whose handler is measured too.  Prints the counts that must come out.
 *
 * on_other_stack  1: deeper than the thread's own, by its addresses; 2: further up than its frames, as if these were dead
 */
static void storm(int on_other_stack)
{
	char further_up[64 << 10];
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	struct itimerval every = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
	struct timespec t0, t1;
	long rounds = 0;
	stack_t alt = {.ss_size = 64 << 10};

	if (on_other_stack) {
		alt.ss_sp = on_other_stack == 1 ? malloc(alt.ss_size) : further_up;
		sigaltstack(&alt, NULL);
		sa.sa_flags |= SA_ONSTACK;
	}
	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGPROF, &sa, NULL);
#ifdef __SANITIZE_THREAD__
	/* It holds signals back, and then has their handlers run although they are blocked, as while a thread is set up. */
	inner(2);
	rounds++;
#endif
	setitimer(ITIMER_REAL, &every, NULL);
	setitimer(ITIMER_PROF, &every, NULL);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	do {
		for (int i = 0; i < 1000; i++, rounds++)
			inner(2);
		clock_gettime(CLOCK_MONOTONIC, &t1);
	} while (t1.tv_sec - t0.tv_sec + (t1.tv_nsec - t0.tv_nsec) / 1e9 < 1.5);
	setitimer(ITIMER_REAL, &never, NULL);
	setitimer(ITIMER_PROF, &never, NULL);
	counted = 1;
	printf("inner=%ld leaf=%ld handler=%ld\n", rounds, 2 * rounds + handled, (long)handled);
}

#if defined(__x86_64__)
/* on_forbidden: fallocate() as under a storm of signals: three times out of four it was interrupted. */
static void on_forbidden(int signo, siginfo_t *info, void *at)
{
	greg_t *r = ((ucontext_t *)at)->uc_mcontext.gregs;
	static int n;
	struct stat st;

	(void)signo;
	(void)info;
	if (++n % 4) {
		r[REG_RAX] = -EINTR;
		return;
	}
	if (fstat((int)r[REG_RDI], &st) == 0 && st.st_size < r[REG_RDX] + r[REG_R10] &&
	    ftruncate((int)r[REG_RDI], r[REG_RDX] + r[REG_R10]) < 0)
		abort();
	r[REG_RAX] = 0;
}

/* interrupt_reserving: from now on. */
static void interrupt_reserving(void)
{
	struct sigaction sa = {.sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fallocate, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(code) / sizeof(*code), code};

	sigaction(SIGSYS, &sa, NULL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		_exit(77);
}
#else
static void interrupt_reserving(void)
{
	_exit(77);
}
#endif

static void burn(long ns)
{
	struct timespec t0, t;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	do
		clock_gettime(CLOCK_MONOTONIC, &t);
	while ((t.tv_sec - t0.tv_sec) * 1000000000L + t.tv_nsec - t0.tv_nsec < ns);
}

/* Times that are known: outer 20 x (2 ms of its own and 3 x 1 ms in inner). */
static void times(void)
{
	for (int i = 0; i < 20; i++) {
		ENTER(OUTER);
		burn(2000000);
		for (int k = 0; k < 3; k++) {
			ENTER(INNER);
			burn(1000000);
			EXIT(INNER);
		}
		EXIT(OUTER);
	}
}

/* Recursion with a known time: 4 deep, 1 ms at each level, 5 times. */
static void recurse_for(int depth)
{
	ENTER(OUTER);
	burn(1000000);
	if (depth > 1)
		recurse_for(depth - 1);
	sink++;
	EXIT(OUTER);
}

/*
 * Recursion that comes to the same site by two branches: outer, middle, inner, outer again, inner.
 * The tree has two nodes for inner, of which neither is above the other.
 */
__attribute__((noinline)) static void inner_of(int again)
{
	ENTER(INNER);
	burn(1000000);
	if (again) {
		ENTER(OUTER);
		inner_of(0);
		EXIT(OUTER);
	}
	EXIT(INNER);
}

static void two_branches(void)
{
	for (int i = 0; i < 5; i++) {
		ENTER(OUTER);
		ENTER(MIDDLE);
		inner_of(1);
		EXIT(MIDDLE);
		EXIT(OUTER);
	}
}

static void fork_and_go_on(void)
{
	pid_t pid;

	inner(1);
	ENTER(OUTER);
	pid = fork();
	if (pid == 0) {
		inner(5);
		EXIT(OUTER); /* the parent's frame: not ours to count */
		exit(3);
	}
	waitpid(pid, NULL, 0);
	EXIT(OUTER);
}

static void die(int how)
{
	for (int i = 0; i < 1000; i++)
		inner(1);
	ENTER(OUTER);
	burn(5000000);
	ENTER(MIDDLE);
	burn(5000000);
	if (how == SIGKILL)
		kill(getpid(), SIGKILL);
	else if (how == SIGABRT)
		abort();
	else if (how == SIGSEGV)
		*(volatile int *)0 = 1;
	_exit(7);
}

/* versions: units of an older and a newer plugin are left alone, in all that is behind `abi`. */
static int versions(void)
{
	struct hotpath_unit other, untouched = {.n_sites = 1};

	for (unsigned abi = 0; abi < HOTPATH_ABI + 2; abi++) {
		if (abi == HOTPATH_ABI)
			continue;
		untouched.abi = abi;
		other = untouched;
		if (hotpath_unit_register(&other) != -1 ||
		    memcmp(&other, &untouched, sizeof(other)) != 0)
			return 3;
	}
	nest();
	return 0;
}

static const char another_stack[1];

/* Two calls on a stack that was left for another one, where one more runs. */
static void fiber(void)
{
	ENTER(OUTER);
	ENTER(MIDDLE);
	leaf();
	hotpath_fiber_switch(another_stack);
	ENTER(INNER);
	leaf();
	exit(0);
}

int main(int argc, char **argv)
{
	const char *shape = argc > 1 ? argv[1] : "";
	long n = argc > 2 ? atol(argv[2]) : 0;

	if (!strcmp(shape, "nest"))
		nest();
	else if (!strcmp(shape, "recurse"))
		recurse((int)n);
	else if (!strcmp(shape, "mutual"))
		even((int)n);
	else if (!strcmp(shape, "jump"))
		jump((int)n);
	else if (!strcmp(shape, "jump-out-of-call"))
		calls_jumped_out_of((int)n);
	else if (!strcmp(shape, "threads"))
		threads((int)n);
	else if (!strcmp(shape, "many-threads"))
		many_threads();
	else if (!strcmp(shape, "storm"))
		storm((int)n);
	else if (!strcmp(shape, "interrupted")) {
		leaf(); /* a thread's first call waits with signals until it has a place */
		interrupt_reserving();
		recurse((int)n);
	} else if (!strcmp(shape, "times"))
		times();
	else if (!strcmp(shape, "burn"))
		burn(n * 1000000);
	else if (!strcmp(shape, "recurse-times"))
		for (int i = 0; i < 5; i++)
			recurse_for(4);
	else if (!strcmp(shape, "two-branches"))
		two_branches();
	else if (!strcmp(shape, "versions"))
		return versions();
	else if (!strcmp(shape, "fork"))
		fork_and_go_on();
	else if (!strcmp(shape, "fiber"))
		fiber();
	else if (!strcmp(shape, "die"))
		die((int)n);
	else if (!strcmp(shape, "no-files")) {
		struct rlimit none = {3, 3};

		setrlimit(RLIMIT_NOFILE, &none);
		threads((int)n);
	} else if (!strcmp(shape, "exit"))
		exit((int)n);
	else
		return 2;
	return 0;
}
