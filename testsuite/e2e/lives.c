/* SPDX-License-Identifier: MIT */
/* lives HOW: what threads and processes go through; lives.bats knows what must have been counted all the same. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define FAR __attribute__((noinline))

static __thread volatile int sink;

FAR static void work(void)
{
	sink++;
}

static void times(long n)
{
	for (long i = 0; i < n; i++)
		work();
}

static void pause_ms(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* ---- threads ---- */

static pthread_barrier_t all_there;

static void *wait_for_all(void *arg)
{
	work();
	pthread_barrier_wait(&all_there);
	work();
	return arg;
}

static void start(pthread_t *t, void *(*f)(void *))
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	if (pthread_create(t, &attr, f, NULL))
		abort();
	pthread_attr_destroy(&attr);
}

static void at_once(int n)
{
	pthread_t *t = calloc((size_t)n, sizeof(*t));

	pthread_barrier_init(&all_there, NULL, (unsigned)n);
	for (int i = 0; i < n; i++)
		start(&t[i], wait_for_all);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	free(t);
}

static void *work_once(void *arg)
{
	work();
	return arg;
}

static void in_turn(int n)
{
	for (int i = 0; i < n; i++) {
		pthread_t t;

		start(&t, work_once);
		pthread_join(t, NULL);
	}
}

FAR static void block_for_ever(void)
{
	for (;;)
		pause_ms(1000);
}

static void *deferred(void *arg)
{
	work();
	block_for_ever();
	return arg;
}

static int begun;

static void *never_ends(void *arg)
{
	__atomic_fetch_add(&begun, 1, __ATOMIC_SEQ_CST);
	for (;;)
		times(10);
	return arg;
}

static void *asynchronous(void *arg)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	return never_ends(arg);
}

/* Cancelled at a cancellation point, and at any instruction, so also within a hook or a fold. */
static void cancel(void *(*f)(void *), int n)
{
	for (int i = 0; i < n; i++) {
		pthread_t t;
		void *result;

		start(&t, f);
		pause_ms(1 + i % 3);
		pthread_cancel(t);
		pthread_join(t, &result);
		if (result != PTHREAD_CANCELED)
			abort();
	}
}

/* A cancellation that is pending is not taken by what measuring does, only by what the program does. */
static volatile int got_through;

FAR static void deep(int n)
{
	volatile char room[64];

	room[0] = (char)n;
	if (n > 1)
		deep(n - 1);
	room[1] = room[0];
}

static void *pending(void *arg)
{
	pthread_cancel(pthread_self());
	deep(200); /* the shadow stack and the tree grow */
	for (int i = 0; i < 1000; i++)
		work();
	got_through = 1;
	pthread_testcancel();
	return arg;
}

static pthread_key_t key;

FAR static void destroy(void *arg)
{
	intptr_t round = (intptr_t)arg;

	work();
	if (round < 3)
		pthread_setspecific(key, (void *)(round + 1));
}

static void *with_key(void *arg)
{
	work();
	pthread_setspecific(key, (void *)1);
	return arg;
}

/* ---- shapes of calls ---- */

/* 50 functions that call each other, each the next and the one seven further on. */
/* clang-format off */
#define MUTUAL_50(M) \
	M(0, 1, 7) M(1, 2, 8) M(2, 3, 9) M(3, 4, 10) M(4, 5, 11) \
	M(5, 6, 12) M(6, 7, 13) M(7, 8, 14) M(8, 9, 15) M(9, 10, 16) \
	M(10, 11, 17) M(11, 12, 18) M(12, 13, 19) M(13, 14, 20) M(14, 15, 21) \
	M(15, 16, 22) M(16, 17, 23) M(17, 18, 24) M(18, 19, 25) M(19, 20, 26) \
	M(20, 21, 27) M(21, 22, 28) M(22, 23, 29) M(23, 24, 30) M(24, 25, 31) \
	M(25, 26, 32) M(26, 27, 33) M(27, 28, 34) M(28, 29, 35) M(29, 30, 36) \
	M(30, 31, 37) M(31, 32, 38) M(32, 33, 39) M(33, 34, 40) M(34, 35, 41) \
	M(35, 36, 42) M(36, 37, 43) M(37, 38, 44) M(38, 39, 45) M(39, 40, 46) \
	M(40, 41, 47) M(41, 42, 48) M(42, 43, 49) M(43, 44, 0) M(44, 45, 1) \
	M(45, 46, 2) M(46, 47, 3) M(47, 48, 4) M(48, 49, 5) M(49, 0, 6)
/* clang-format on */
#define DECLARE(i, a, b) FAR static void mutual_##i(int n, unsigned seed);
MUTUAL_50(DECLARE)

static long mutual_calls;
/* Which of the two is called is as good as random, so there is no end of different paths. */
#define DEFINE(i, a, b)                                                                            \
	FAR static void mutual_##i(int n, unsigned seed)                                           \
	{                                                                                          \
		mutual_calls++;                                                                    \
		seed = seed * 1664525u + 1013904223u;                                              \
		if (n > 1)                                                                         \
			(seed >> 16 & 1 ? mutual_##a : mutual_##b)(n - 1, seed);                   \
		sink++;                                                                            \
	}
MUTUAL_50(DEFINE)

static ucontext_t main_context, other_context;

FAR static void on_other_stack(void)
{
	work();
	swapcontext(&other_context, &main_context);
	work();
}

/* A stack that is switched by hand, without a word to hotpath. */
static void switch_stacks(void)
{
	static char stack[64 << 10];

	for (int i = 0; i < 100; i++) {
		getcontext(&other_context);
		other_context.uc_stack.ss_sp = stack;
		other_context.uc_stack.ss_size = sizeof(stack);
		other_context.uc_link = &main_context;
		makecontext(&other_context, on_other_stack, 0);
		swapcontext(&main_context, &other_context);
		work();
		swapcontext(&main_context, &other_context);
	}
}

/* ---- the process ---- */

FAR static void around(void)
{
	sink++;
}

/* Before the plugin's constructors (priority 100), and behind its destructors. */
#pragma GCC diagnostic ignored "-Wprio-ctor-dtor"
__attribute__((constructor(99))) static void before_all(void)
{
	around();
}

__attribute__((destructor(99))) static void after_all(void)
{
	around();
}

/* From now on a system call fails, or kills. */
static void forbid(unsigned what, uint32_t action)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, what, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_vfork, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, action),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		exit(77);
}

/* Each call is noted in a file of our own when it has returned: what a killed process must at least have. */
static void count_for_ever(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	volatile uint64_t *count;

	if (fd < 0 || ftruncate(fd, 4096))
		exit(1);
	count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (count == MAP_FAILED)
		exit(1);
	for (;;) {
		work();
		++*count;
	}
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	const char *what = argc > 2 ? argv[2] : "";
	int n = atoi(what);
	pthread_t t;

	if (!strcmp(how, "at-once")) {
		at_once(n);
	} else if (!strcmp(how, "in-turn")) {
		in_turn(n);
	} else if (!strcmp(how, "deferred")) {
		cancel(deferred, n);
	} else if (!strcmp(how, "asynchronous")) {
		cancel(asynchronous, n);
		times(1000);
	} else if (!strcmp(how, "pending")) {
		start(&t, pending);
		pthread_join(t, NULL);
		return !got_through;
	} else if (!strcmp(how, "detached")) {
		for (int i = 0; i < 4; i++) {
			start(&t, never_ends);
			pthread_detach(t);
		}
		while (__atomic_load_n(&begun, __ATOMIC_SEQ_CST) < 4)
			pause_ms(1);
	} else if (!strcmp(how, "keys")) {
		pthread_key_create(&key, destroy);
		for (int i = 0; i < 100; i++) {
			start(&t, with_key);
			pthread_join(t, NULL);
		}
	} else if (!strcmp(how, "main-leaves")) {
		start(&t, work_once);
		pthread_exit(NULL);
	} else if (!strcmp(how, "mutual")) {
		for (unsigned i = 0; i < 2000; i++)
			mutual_0(200, i);
		printf("%ld\n", mutual_calls);
	} else if (!strcmp(how, "stacks")) {
		switch_stacks();
	} else if (!strcmp(how, "quick_exit")) {
		times(10);
		quick_exit(6);
	} else if (!strcmp(how, "seccomp-errno")) {
		times(10);
		forbid(SYS_clone3, SECCOMP_RET_ERRNO | EPERM);
		times(10);
	} else if (!strcmp(how, "seccomp-kill")) {
		times(10);
		forbid(SYS_clone3, SECCOMP_RET_KILL_PROCESS);
		times(10);
	} else if (!strcmp(how, "count")) {
		count_for_ever(what);
	} else if (!strcmp(how, "work")) {
		times(n);
	}
	return 0;
}
