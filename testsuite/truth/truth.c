/* SPDX-License-Identifier: MIT */
/*
 * Functions whose times are known.  Prints "NAME FIGURE TRUTH ALLOWED" for what truth.sh then looks up in the report: truth and what
 * it may be off in ns.  FIGURE is pP for a percentile, self for the time of its own per call, raw for all of its time as
 * it was measured.
 *
 * Most have a bare twin of the same code.  Twins take turns, batch by batch, and the median batch is the truth: what disturbs some
 * batches or calls, another process say, moves neither it nor the median of the measured calls.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "../../runtime/hotpath.h"

#define BARE	 __attribute__((noipa)) static
#define MEASURED __attribute__((noipa, hotpath_measure)) static

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* spin: n turns that no compiler shortens.  One loop for all twins: at the end of each of two the processor may guess otherwise, for 20 ns. */
__attribute__((noipa)) static void spin(long n)
{
	for (long i = 0; i < n; i++)
		__asm__ volatile("" : "+r"(i));
}

#define TWINS(name, body) TWINS_THAT_CALL(name, body, body)
#define TWINS_THAT_CALL(name, body, bare_body)                                                     \
	BARE void bare_##name(void)                                                                \
	{                                                                                          \
		bare_body;                                                                         \
		__asm__ volatile("");                                                              \
	}                                                                                          \
	MEASURED void name(void)                                                                   \
	{                                                                                          \
		body;                                                                              \
		__asm__ volatile("");                                                              \
	}

TWINS(work_20ns, spin(60))
TWINS(work_100ns, spin(300))
TWINS(work_1us, spin(3000))
TWINS(work_10us, spin(30000))
TWINS(work_1ms, spin(3000000))
TWINS(work_10ms, spin(30000000))

/* Several threads at once. */
TWINS(work_100ns_2_threads, spin(300))
TWINS(work_1us_2_threads, spin(3000))
TWINS(work_10us_2_threads, spin(30000))
TWINS(work_1us_4_threads, spin(3000))
TWINS(work_10us_4_threads, spin(30000))

/* A parent with two measured children, its own time alone, and a deeper nest. */
#define NEST(suffix)                                                                               \
	TWINS(child##suffix, spin(300))                                                            \
	TWINS_THAT_CALL(parent##suffix, spin(1500); child##suffix(); child##suffix();              \
			spin(1500), spin(1500); bare_child##suffix(); bare_child##suffix();        \
			spin(1500))                                                                \
	TWINS_THAT_CALL(grandparent##suffix, for (int i = 0; i < 10; i++) parent##suffix(),        \
			for (int i = 0; i < 10; i++) bare_parent##suffix())
NEST()
BARE void bare_own(void)
{
	spin(1500);
	spin(1500);
}

NEST(_2_threads)
NEST(_4_threads)

/* Recursion 20 deep: what the outermost call takes, and of its calls, all as often, that in the middle. */
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

/* ---- what a function takes, beside its twin ---- */

enum { ROUNDS_MAX = 400, THREADS_MAX = 4 };

struct pair {
	void (*bare)(void), (*measured)(void);
	int batch, rounds, threads;
	pthread_barrier_t start;
};

struct turn {
	struct pair *pair;
	double ns[ROUNDS_MAX]; /* of a bare call, for each batch */
};

static double time_batch(void (*f)(void), int calls)
{
	uint64_t start = now_ns();

	for (int i = 0; i < calls; i++)
		f();
	return (double)(now_ns() - start) / calls;
}

static void *take_turns(void *arg)
{
	struct turn *t = arg;
	struct pair *p = t->pair;

	pthread_barrier_wait(&p->start);
	for (int i = 0; i < p->rounds; i++) {
		t->ns[i] = time_batch(p->bare, p->batch);
		if (p->measured)
			time_batch(p->measured, p->batch);
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* truth_of: ns that a bare call takes, the median of all batches of all threads. */
static double truth_of(void (*bare)(void), void (*measured)(void), int batch, int rounds,
		       int threads)
{
	struct pair p = {bare, measured, batch, rounds, threads, {{0}}};
	static struct turn turns[THREADS_MAX];
	static double all[THREADS_MAX * ROUNDS_MAX];
	pthread_t t[THREADS_MAX];
	int n = 0;

	pthread_barrier_init(&p.start, NULL, (unsigned)threads);
	for (int i = 0; i < threads; i++)
		turns[i].pair = &p;
	for (int i = 1; i < threads; i++)
		if (pthread_create(&t[i], NULL, take_turns, &turns[i]))
			abort();
	take_turns(&turns[0]);
	for (int i = 1; i < threads; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < threads; i++)
		for (int k = 0; k < rounds; k++)
			all[n++] = turns[i].ns[k];
	qsort(all, (size_t)n, sizeof(*all), compare);
	return all[n / 2];
}

static void print_truth(const char *name, const char *figure, double truth, double allowed)
{
	printf("%s %s %.2f %.2f\n", name, figure, truth, allowed);
}

/* What each measured call may add to that, in ns: an argument of the program. */
static double slack;

/*
 * allowed: 2 % and what the histogram may be off, of a short function 7 ns, for alone it takes longer than in a row; and the slack of
 * the measured calls in it, itself included.
 */
static double allowed(double truth, int calls)
{
	return (truth < 7 / 0.028 ? 7 : 0.028 * truth) + slack * calls;
}

static void median(const char *name, void (*bare)(void), void (*measured)(void), int batch,
		   int rounds, int threads, int calls)
{
	double truth = truth_of(bare, measured, batch, rounds, threads);

	print_truth(name, "p50", truth, allowed(truth, calls));
}

#define MEDIAN(name, batch, rounds, threads) MEDIAN_OF_CALLS(name, batch, rounds, threads, 1)
#define MEDIAN_OF_CALLS(name, batch, rounds, threads, calls)                                       \
	median(#name, bare_##name, name, batch, rounds, threads, calls)

/* nest: a parent with its children and its caller, and of the parent what is its own, too. */
#define MEDIANS_OF_NEST(suffix, threads)                                                           \
	do {                                                                                       \
		MEDIAN_OF_CALLS(parent##suffix, 40, 400, threads, 3);                              \
		MEDIAN_OF_CALLS(grandparent##suffix, 4, 400, threads, 31);                         \
		MEDIAN(child##suffix, 400, 400, threads);                                          \
	} while (0)

/* ---- percentiles: one of ten durations, in known proportions ---- */

static const struct {
	int us;
	int share;	/* of 1,000 calls */
	double percent; /* in the middle of its share, when they are in order */
} durations[] = {
	{50, 300, 15},	 {80, 200, 40}, {128, 150, 57.5}, {205, 100, 70}, {328, 80, 79},
	{524, 70, 86.5}, {839, 40, 92}, {1342, 30, 95.5}, {2147, 20, 98}, {3436, 10, 99.5},
};
enum { DURATIONS = sizeof(durations) / sizeof(*durations), CALLS_OF_TEN = 2000 };

/*
 * Burns by the clock, so that it takes just as long however fast the processor is; what it took in the end, another process
 * in between included, is the truth.
 */
MEASURED uint64_t one_of_ten(int us)
{
	uint64_t start = now_ns(), now;

	do
		now = now_ns();
	while (now < start + (uint64_t)us * 1000);
	return now - start;
}

static void percentiles(void)
{
	static double took[CALLS_OF_TEN];
	char figure[16];
	unsigned random = 1;
	int n = 0;

	for (int i = 0; i < DURATIONS; i++)
		for (int k = 0; k < durations[i].share * CALLS_OF_TEN / 1000; k++)
			took[n++] = durations[i].us;
	for (int i = n - 1; i > 0; i--) {
		random = random * 1664525u + 1013904223u;
		int k = (int)((random >> 8) % (unsigned)(i + 1));
		double us = took[i];

		took[i] = took[k];
		took[k] = us;
	}
	for (int i = 0; i < n; i++)
		took[i] = (double)one_of_ten((int)took[i]);
	qsort(took, (size_t)n, sizeof(*took), compare);
	for (int i = 0; i < DURATIONS; i++) {
		double truth = took[(int)(durations[i].percent * n / 100) - 1];

		snprintf(figure, sizeof(figure), "p%g", durations[i].percent);
		print_truth("one_of_ten", figure, truth, 0.01 * truth);
	}
}

/* ---- threads that have functions of their own, so that what a thread did can be told from the report ---- */

enum { OWN_THREADS = 4 };

static struct own {
	void (*root)(void);
	pthread_barrier_t *start;
	char name[8];
	double ns; /* of the root, by a clock around it */
} own[OWN_THREADS];

/* A root over recursion, a nest and tiny calls, in a mix that differs from thread to thread. */
#define OWN(t)                                                                                     \
	MEASURED void tiny_of_t##t(int i)                                                          \
	{                                                                                          \
		sink = i;                                                                          \
	}                                                                                          \
	MEASURED void middle_of_t##t(int n)                                                        \
	{                                                                                          \
		for (int i = 0; i < n; i++)                                                        \
			tiny_of_t##t(i);                                                           \
		spin(1000 * (t + 1));                                                              \
	}                                                                                          \
	MEASURED void recursion_of_t##t(int n)                                                     \
	{                                                                                          \
		spin(100);                                                                         \
		if (n > 1)                                                                         \
			recursion_of_t##t(n - 1);                                                  \
		if (n % 3 == t % 3)                                                                \
			middle_of_t##t(n);                                                         \
		__asm__ volatile("");                                                              \
	}                                                                                          \
	MEASURED void root_of_t##t(void)                                                           \
	{                                                                                          \
		for (int i = 0; i < 3000; i++) {                                                   \
			recursion_of_t##t(5 + 3 * t);                                              \
			middle_of_t##t(50 * (t + 1));                                              \
			spin(500);                                                                 \
		}                                                                                  \
	}
OWN(0)
OWN(1)
OWN(2)
OWN(3)

static void *run_own(void *arg)
{
	struct own *o = arg;

	hotpath_thread_name(o->name);
	pthread_barrier_wait(o->start);

	uint64_t start = now_ns();

	o->root();
	o->ns = (double)(now_ns() - start);
	return NULL;
}

static void own_threads(void)
{
	static void (*const roots[])(void) = {root_of_t0, root_of_t1, root_of_t2, root_of_t3};
	pthread_barrier_t start;
	pthread_t t[OWN_THREADS];
	char name[16];

	pthread_barrier_init(&start, NULL, OWN_THREADS);
	for (int i = 0; i < OWN_THREADS; i++) {
		own[i].root = roots[i];
		own[i].start = &start;
		snprintf(own[i].name, sizeof(own[i].name), "t%d", i);
		if (pthread_create(&t[i], NULL, run_own, &own[i]))
			abort();
	}
	for (int i = 0; i < OWN_THREADS; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < OWN_THREADS; i++) {
		snprintf(name, sizeof(name), "root_of_t%d", i);
		print_truth(name, "raw", own[i].ns, 0.001 * own[i].ns + 2000);
	}
}

int main(int argc, char **argv)
{
	double truth;

	slack = argc > 1 ? atof(argv[1]) : 0;

	MEDIAN(work_20ns, 2000, 400, 1);
	MEDIAN(work_100ns, 500, 400, 1);
	MEDIAN(work_1us, 100, 400, 1);
	MEDIAN(work_10us, 10, 400, 1);
	MEDIAN(work_1ms, 1, 60, 1);
	MEDIAN(work_10ms, 1, 15, 1);
	MEDIANS_OF_NEST(, 1);
	truth = truth_of(bare_own, NULL, 40, 400, 1);
	print_truth("parent", "self", truth, allowed(truth, 3));
	truth = truth_of(bare_recursion, recursion, 10, 400, 1);
	/* A call by recursion is a little dearer than others. */
	print_truth("recursion", "p50", truth, allowed(truth, 21) + 21 * 4);
	print_truth("recurse", "p47.5", truth / 2, allowed(truth / 2, 10) + 10 * 4);
	percentiles();

	MEDIAN(work_100ns_2_threads, 500, 400, 2);
	MEDIAN(work_1us_2_threads, 100, 400, 2);
	MEDIAN(work_10us_2_threads, 10, 400, 2);
	MEDIANS_OF_NEST(_2_threads, 2);
	MEDIAN(work_1us_4_threads, 100, 400, 4);
	MEDIAN(work_10us_4_threads, 10, 400, 4);
	MEDIANS_OF_NEST(_4_threads, 4);
	own_threads();

	/* The loop's own time within a tenth of what measuring a turn costs. */
	print_truth("tiny_loop", "self", truth_of(bare_tiny_loop, tiny_loop, 1, 3, 1),
		    (slack ? 2.0 : 5.0) * TURNS);
	return 0;
}
