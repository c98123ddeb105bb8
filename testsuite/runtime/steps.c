/* SPDX-License-Identifier: MIT */
/*
 * A signal at every single instruction of the hooks: the processor traps after each, and the handler calls measured
 * functions, as any handler may.
 *
 *   steps same ROUNDS   after each instruction the handler calls one function, always the same
 *   steps many ROUNDS   so often that the ring is folded meanwhile
 *   steps jump ROUNDS   frames are left by longjmp
 *   steps new           one round for each instruction, after which the handler calls a function that was never called: a new context,
 *                       stat and edge in the midst of what makes one
 *   steps twin          likewise, of the very function that is being entered for the first time
 *   steps cousin        likewise, from a function that is new there itself: two contexts of the one function, and one stat.  Then both
 *                       are live at once, and it prints how long the inner call took, in ns
 *   steps grow          likewise while the thread's table of contexts grows, after each 97th instruction, each on a thread of its own
 *   steps deeper        one round for each instruction, after which the handler makes a call; each deeper than any call was before
 *   steps recurse ROUNDS  as same, around functions that call each other
 *   steps leave         likewise, and the handler leaves by siglongjmp: one round for each instruction.  Then the same functions
 *                       take some time in peace, and it prints how long that was and how long what came before, in ns
 *   steps kill N        SIGKILL after the Nth instruction; with more than there are, the program ends as any
 *
 * Prints for each function that was called what the segment has to say of it.
 */
#if defined(__x86_64__)
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include "../../runtime/abi.h"

enum { OUTER, MIDDLE, ALWAYS, FRESH, SITES = 40000, EVEN = SITES - 1, ODD = SITES - 2 };

static struct hotpath_site sites[SITES];
static uint32_t slots[SITES];
static long calls[SITES];
static char names[SITES][12];
static struct hotpath_unit unit = {
	.abi = HOTPATH_ABI,
	.n_sites = SITES,
	.slots = slots,
	.sites = sites,
	.source = __FILE__,
	.runtime = RUNTIME,
};

static const char *way;
static sigjmp_buf left;
static int fresh = FRESH; /* the next function that was not called yet */
static int entered;	  /* the function that this round calls for the first time */
static int called;	  /* and the one that the handler calls from another */
static long step;	  /* instructions in this round */
static long at;		  /* the one after which something happens */

__attribute__((constructor(101))) static void begin(void)
{
	for (int i = 0; i < SITES; i++) {
		snprintf(names[i], sizeof(names[i]), "s%d", i);
		sites[i] = (struct hotpath_site){.name = names[i],
						 .qualified = names[i],
						 .mangled = names[i],
						 .file = __FILE__,
						 .rule = "attribute",
						 .line = (uint32_t)i + 1,
						 .language = HOTPATH_LANG_C};
	}
	hotpath_unit_register(&unit);
}

__attribute__((destructor(101))) static void end(void)
{
	if (unit.unregister)
		unit.unregister(&unit);
}

static void call(int site)
{
	unit.enter(&slots[site]);
	calls[site]++;
	unit.exit(&slots[site]);
}

static int next_fresh(void)
{
	if (fresh == ODD) {
		fputs("steps: too few functions\n", stderr);
		_exit(3);
	}
	return fresh++;
}

/* Traps after the one that counts are of no use. */
static void no_more(ucontext_t *context)
{
	context->uc_mcontext.gregs[REG_EFL] &= ~0x100;
}

static void on_step(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)info;
	step++;
	if (!strcmp(way, "new") || !strcmp(way, "twin")) {
		if (step == at) {
			call(*way == 'n' ? next_fresh() : entered);
			no_more(context);
		}
	} else if (!strcmp(way, "cousin") || !strcmp(way, "grow")) {
		if (step == at) {
			unit.enter(&slots[ALWAYS]);
			call(called);
			unit.exit(&slots[ALWAYS]);
			calls[ALWAYS]++;
			no_more(context);
		}
	} else if (!strcmp(way, "deeper")) {
		if (step == at)
			call(ALWAYS);
	} else if (!strcmp(way, "kill")) {
		if (step == at)
			kill(getpid(), SIGKILL);
	} else if (!strcmp(way, "leave")) {
		if (step == at)
			siglongjmp(left, 1);
	} else {
		for (int i = 0; i < (!strcmp(way, "many") ? 40 : 1); i++)
			call(ALWAYS);
	}
}

#define TRAP_ON()  __asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq" : : : "memory", "cc")
#define TRAP_OFF() __asm__ volatile("pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" : : : "memory", "cc")

/* One round: a call under the trap, of a function that is new, inside another. */
static void step_round(void)
{
	step = 0;
	entered = next_fresh();
	unit.enter(&slots[OUTER]);
	TRAP_ON();
	unit.enter(&slots[entered]);
	unit.exit(&slots[entered]);
	TRAP_OFF();
	unit.exit(&slots[OUTER]);
	calls[OUTER]++;
	calls[entered]++;
}

static jmp_buf back;

static __attribute__((noinline)) void leave(void)
{
	char room[64];

	__asm__ volatile("" : : "r"(room) : "memory");
	unit.enter(&slots[MIDDLE]);
	longjmp(back, 1);
}

/* jump_round: frames are closed by the landing, or by the exit of the frame around them. */
static __attribute__((noinline)) void jump_round(bool landing)
{
	TRAP_ON();
	unit.enter(&slots[OUTER]);
	if (!setjmp(back))
		leave();
	if (landing)
		unit.landed(&slots[OUTER]);
	unit.exit(&slots[OUTER]);
	TRAP_OFF();
	calls[OUTER]++;
	calls[MIDDLE]++;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

enum { RECURSION_NS = 100000 };

/* recurse_over: a recursion in which a function is live in two contexts at once for a while; prints how long. */
static void recurse_over(int function)
{
	const int path[] = {OUTER, ALWAYS, function, OUTER, function};
	enum { DEPTH = sizeof(path) / sizeof(*path) };
	uint64_t start, now;

	for (int i = 0; i < DEPTH; i++) {
		unit.enter(&slots[path[i]]);
		calls[path[i]]++;
	}
	start = now_ns();
	do
		now = now_ns();
	while (now - start < RECURSION_NS);
	for (int i = DEPTH; i-- > 0;)
		unit.exit(&slots[path[i]]);
	printf("inner s%d %llu\n", function, (unsigned long long)(now - start));
}

static void cousin_round(void)
{
	called = fresh;
	step_round();
	recurse_over(called);
}

enum { EDGES_BEFORE = 94, CACHED = 64, STRIDE = 97 };

/* grow_round: on a new thread: so many functions that its table is full, then another. */
static void *grow_round(void *done)
{
	static int first;

	if (!first) {
		first = fresh;
		fresh += EDGES_BEFORE + 1;
	}
	unit.enter(&slots[OUTER]);
	for (int i = 1; i <= EDGES_BEFORE; i++)
		call(first + i);
	call(ALWAYS);
	unit.exit(&slots[OUTER]);
	calls[OUTER]++;
	called = next_fresh();
	step_round();
	call(called + CACHED); /* in whose place the thread remembered that which is looked for */
	recurse_over(called);
	sem_post(done);
	pause();
	return NULL;
}

/* grow: the threads stay, for the next would have their table. */
static void grow(void)
{
	pthread_t thread;
	sem_t done;

	sem_init(&done, 0, 0);
	do {
		at += STRIDE;
		if (pthread_create(&thread, NULL, grow_round, &done))
			abort();
		while (sem_wait(&done))
			;
	} while (step >= at);
}

static int hooks, trapped = -1; /* of a round: how many there were, and the one under the trap */

static void hook(hotpath_hook_fn *f, int site)
{
	if (hooks++ != trapped) {
		f(&slots[site]);
		return;
	}
	TRAP_ON();
	f(&slots[site]);
	TRAP_OFF();
}

/* down: two functions that call each other, so often; the last call lasts so long. */
static __attribute__((noinline)) void down(int n, uint64_t ns)
{
	int site = n & 1 ? ODD : EVEN;

	hook(unit.enter, site);
	calls[site]++;
	if (n)
		down(n - 1, ns);
	else if (ns)
		for (uint64_t start = now_ns(); now_ns() - start < ns;)
			;
	hook(unit.exit, site);
}

/* deeper_round: the frame that is made lies above so many, where none has been. */
static __attribute__((noinline)) void deeper_round(int depth)
{
	if (depth) {
		unit.enter(&slots[OUTER]);
		calls[OUTER]++;
		deeper_round(depth - 1);
		unit.exit(&slots[OUTER]);
		return;
	}
	step = 0;
	TRAP_ON();
	unit.enter(&slots[MIDDLE]);
	unit.exit(&slots[MIDDLE]);
	TRAP_OFF();
	calls[MIDDLE]++;
}

static void recurse_round(void)
{
	TRAP_ON();
	down(5, 0);
	TRAP_OFF();
}

static __attribute__((noinline)) void leave_round(void)
{
	step = hooks = 0;
	unit.enter(&slots[OUTER]);
	if (!sigsetjmp(left, 1))
		down(3, 0);
	unit.exit(&slots[OUTER]);
}

static void leave_all(void)
{
	uint64_t start = now_ns(), peace;

	for (trapped = 0; trapped < 8; trapped++) {
		at = 0;
		do {
			at++;
			leave_round();
		} while (step >= at);
	}
	trapped = -1;
	peace = now_ns();
	do
		down(3, 5000000);
	while (now_ns() - peace < 6 * (peace - start) / 5);
	printf("peace %llu before %llu\n", (unsigned long long)(now_ns() - peace),
	       (unsigned long long)(peace - start));
}

int main(int argc, char **argv)
{
	struct sigaction sa = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
	bool jump;
	int rounds = argc > 2 ? atoi(argv[2]) : 1;

	if (argc < 2)
		return 2;
	way = argv[1];
	jump = !strcmp(way, "jump");
	for (int i = 0; i < 1000; i++) /* the thread has a place now, and something to lose */
		call(ALWAYS);
	sigaction(SIGTRAP, &sa, NULL);
	if (!strcmp(way, "new") || !strcmp(way, "twin") || !strcmp(way, "cousin")) {
		do {
			at++;
			if (*way == 'c')
				cousin_round();
			else
				step_round();
		} while (step >= at);
	} else if (!strcmp(way, "grow")) {
		grow();
	} else if (!strcmp(way, "deeper")) {
		do {
			at++;
			deeper_round(4 * (int)at);
		} while (step >= at);
	} else if (!strcmp(way, "kill")) {
		at = rounds;
		step_round();
	} else if (!strcmp(way, "leave")) {
		leave_all();
		return 0;
	} else {
		for (int i = 0; i < rounds; i++) {
			if (jump)
				jump_round(i & 1);
			else if (!strcmp(way, "recurse"))
				recurse_round();
			else
				step_round();
		}
	}
	for (int i = 0; i < SITES; i++)
		if (calls[i])
			printf("site s%d calls=%ld running=0 unwound=%d\n", i, calls[i],
			       jump && i == MIDDLE ? rounds : 0);
	return 0;
}
#else
int main(void)
{
	return 77; /* no trap after each instruction that we know of */
}
#endif
