/* SPDX-License-Identifier: MIT */
/*
 * Functions whose times are known, as each has a bare twin of the same code.  Prints "NAME FIGURE TRUTH_NS" for what truth.sh then
 * looks up in the report; FIGURE is p50_ns or self_ns.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define BARE	 __attribute__((noipa)) static
#define MEASURED __attribute__((noipa, hotpath_measure)) static

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* spin: n turns that no compiler shortens. */
__attribute__((always_inline)) static inline void spin(long n)
{
	for (long i = 0; i < n; i++)
		__asm__ volatile("" : "+r"(i));
}

#define TWINS(name, body)                                                                          \
	BARE void bare_##name(void)                                                                \
	{                                                                                          \
		body;                                                                              \
	}                                                                                          \
	MEASURED void name(void)                                                                   \
	{                                                                                          \
		body;                                                                              \
	}

TWINS(work_20ns, spin(60))
TWINS(work_100ns, spin(300))
TWINS(work_1us, spin(3000))
TWINS(work_10us, spin(30000))
TWINS(work_1ms, spin(3000000))

/* A parent with two measured children, and a deeper nest. */
MEASURED void child(void)
{
	spin(300);
}

BARE void bare_child(void)
{
	spin(300);
}

MEASURED void parent(void)
{
	spin(1500);
	child();
	child();
	spin(1500);
}

BARE void bare_parent(void)
{
	spin(1500);
	bare_child();
	bare_child();
	spin(1500);
}

MEASURED void grandparent(void)
{
	for (int i = 0; i < 10; i++)
		parent();
}

BARE void bare_grandparent(void)
{
	for (int i = 0; i < 10; i++)
		bare_parent();
}

/* Recursion 20 deep: what the outermost call takes. */
MEASURED void recurse(int n)
{
	spin(300);
	if (n > 1)
		recurse(n - 1);
	__asm__ volatile("");
}

BARE void bare_recurse(int n)
{
	spin(300);
	if (n > 1)
		bare_recurse(n - 1);
	__asm__ volatile("");
}

MEASURED void recursion(void)
{
	recurse(20);
}

BARE void bare_recursion(void)
{
	bare_recurse(20);
}

/* A loop around a function of a few instructions: the loop's own time, with millions of measured calls in it. */
static volatile int sink;

MEASURED void tiny(int i)
{
	sink = i;
}

BARE void bare_tiny(int i)
{
	sink = i;
}

enum { TURNS = 20000000 };

MEASURED void tiny_loop(void)
{
	for (int i = 0; i < TURNS; i++)
		tiny(i);
}

BARE void bare_tiny_loop(void)
{
	for (int i = 0; i < TURNS; i++)
		bare_tiny(i);
}

/* best: ns a call, of the best of some rounds: what disturbs one only makes it longer. */
static double best(void (*f)(void), int calls, int rounds)
{
	double least = 1e18;

	for (int r = 0; r < rounds; r++) {
		uint64_t start = now_ns();

		for (int i = 0; i < calls; i++)
			f();
		double each = (double)(now_ns() - start) / calls;

		if (each < least)
			least = each;
	}
	return least;
}

static void twins(const char *name, const char *figure, void (*bare)(void), void (*measured)(void),
		  int calls, int rounds)
{
	double truth = best(bare, calls, rounds);

	best(measured, calls, rounds);
	printf("%s %s %.2f\n", name, figure, truth);
}

static void *thread(void *arg)
{
	best(work_1us, 20000, 5);
	return arg;
}

int main(void)
{
	pthread_t t;

	twins("work_20ns", "p50_ns", bare_work_20ns, work_20ns, 100000, 15);
	twins("work_100ns", "p50_ns", bare_work_100ns, work_100ns, 20000, 15);
	twins("work_1us", "p50_ns", bare_work_1us, work_1us, 5000, 15);
	twins("work_10us", "p50_ns", bare_work_10us, work_10us, 500, 15);
	twins("work_1ms", "p50_ns", bare_work_1ms, work_1ms, 10, 15);
	twins("parent", "p50_ns", bare_parent, parent, 5000, 15);
	twins("grandparent", "p50_ns", bare_grandparent, grandparent, 500, 15);
	twins("recursion", "p50_ns", bare_recursion, recursion, 2000, 15);
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	twins("tiny_loop", "self_ns", bare_tiny_loop, tiny_loop, 1, 1);
	return 0;
}
