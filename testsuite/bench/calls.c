/* SPDX-License-Identifier: MIT */
/*
 * What a measured call costs: workloads whose functions are measured by whatever this file is
 * compiled with (the plugin, -pg, -finstrument-functions ...), beside the floor: the same function
 * that reads the clock twice itself.
 *
 *   calls WORKLOAD     prints: WORKLOAD calls floor_ns bare_ns measured_ns ratio
 *
 * Each figure is the least of ROUNDS rounds, floor and measured in turn, so that both saw the same
 * machine. The ratio is (measured - bare) / (floor - bare): 1.00 is the cost of two clock reads and
 * nothing else.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* For everything that is not to be measured, by the plugin or by anybody else. */
#if defined(__clang__)
#define UNMEASURED __attribute__((noinline, no_instrument_function, xray_never_instrument))
#define MEASURED   __attribute__((noinline, xray_always_instrument))
#else
#define UNMEASURED __attribute__((noinline, no_instrument_function))
#define MEASURED   __attribute__((noinline))
#endif

#if defined(__x86_64__)
#define CLOCK() __builtin_ia32_rdtsc()
#else
#define CLOCK() now_ns()
#endif

enum { ROUNDS = 9 };

static volatile int sink;
static volatile uint64_t clock_sink;

UNMEASURED static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A function in three forms: measured by the tool, by two clock reads, not at all. */
MEASURED void leaf(int i);
MEASURED void leaf(int i)
{
	sink = i;
}

UNMEASURED static void leaf_floor(int i)
{
	uint64_t start = CLOCK();

	sink = i;
	clock_sink = CLOCK() - start;
}

UNMEASURED static void leaf_bare(int i)
{
	sink = i;
}

MEASURED int fib(int n);
MEASURED int fib(int n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

UNMEASURED static int fib_floor(int n)
{
	uint64_t start = CLOCK();
	int r = n < 2 ? n : fib_floor(n - 1) + fib_floor(n - 2);

	clock_sink = CLOCK() - start;
	return r;
}

UNMEASURED static int fib_bare(int n)
{
	return n < 2 ? n : fib_bare(n - 1) + fib_bare(n - 2);
}

MEASURED void deep(int n);
MEASURED void deep(int n)
{
	if (n)
		deep(n - 1);
	sink = n;
}

UNMEASURED static void deep_floor(int n)
{
	uint64_t start = CLOCK();

	if (n)
		deep_floor(n - 1);
	sink = n;
	clock_sink = CLOCK() - start;
}

UNMEASURED static void deep_bare(int n)
{
	if (n)
		deep_bare(n - 1);
	sink = n;
}

/* About a microsecond of work. */
#define WORK(n)                                                                                    \
	do {                                                                                       \
		unsigned x = (unsigned)(n);                                                        \
		for (int k = 0; k < 700; k++)                                                      \
			x = x * 1664525u + 1013904223u;                                            \
		sink = (int)x;                                                                     \
	} while (0)

MEASURED void work(int n);
MEASURED void work(int n)
{
	WORK(n);
}

UNMEASURED static void work_floor(int n)
{
	uint64_t start = CLOCK();

	WORK(n);
	clock_sink = CLOCK() - start;
}

UNMEASURED static void work_bare(int n)
{
	WORK(n);
}

/* 5,120 different functions called in turn, in each form: that there are so many costs by itself. */
#define F1(n)                                                                                      \
	MEASURED void site_##n(int i);                                                             \
	MEASURED void site_##n(int i)                                                              \
	{                                                                                          \
		sink = i;                                                                          \
	}                                                                                          \
	UNMEASURED static void floor_##n(int i)                                                    \
	{                                                                                          \
		uint64_t start = CLOCK();                                                          \
                                                                                                   \
		sink = i;                                                                          \
		clock_sink = CLOCK() - start;                                                      \
	}                                                                                          \
	UNMEASURED static void bare_##n(int i)                                                     \
	{                                                                                          \
		sink = i;                                                                          \
	}
#define F8(n)	 F1(n##0) F1(n##1) F1(n##2) F1(n##3) F1(n##4) F1(n##5) F1(n##6) F1(n##7)
#define F64(n)	 F8(n##0) F8(n##1) F8(n##2) F8(n##3) F8(n##4) F8(n##5) F8(n##6) F8(n##7)
#define F512(n)	 F64(n##0) F64(n##1) F64(n##2) F64(n##3) F64(n##4) F64(n##5) F64(n##6) F64(n##7)
#define F1024(n) F512(n##0) F512(n##1)
#define F5120(n) F1024(n##0) F1024(n##1) F1024(n##2) F1024(n##3) F1024(n##4)
F5120(s)
#undef F1
#define F1(n) site_##n,
static void (*const sites[])(int) = {F5120(s)};
#undef F1
#define F1(n) floor_##n,
static void (*const sites_floor[])(int) = {F5120(s)};
#undef F1
#define F1(n) bare_##n,
static void (*const sites_bare[])(int) = {F5120(s)};
enum { N_SITES = sizeof(sites) / sizeof(*sites) };

typedef void loop_fn(long n);

UNMEASURED static void leaf_loop(long n)
{
	for (long i = 0; i < n; i++)
		leaf((int)i);
}

UNMEASURED static void leaf_floor_loop(long n)
{
	for (long i = 0; i < n; i++)
		leaf_floor((int)i);
}

UNMEASURED static void leaf_bare_loop(long n)
{
	for (long i = 0; i < n; i++)
		leaf_bare((int)i);
}

UNMEASURED static void sites_loop(long n)
{
	for (long i = 0; i < n; i++)
		sites[i % N_SITES]((int)i);
}

UNMEASURED static void sites_floor_loop(long n)
{
	for (long i = 0; i < n; i++)
		sites_floor[i % N_SITES]((int)i);
}

UNMEASURED static void sites_bare_loop(long n)
{
	for (long i = 0; i < n; i++)
		sites_bare[i % N_SITES]((int)i);
}

/* fib(24) is 150,049 calls, deep(199) 200. */
UNMEASURED static void fib_loop(long n)
{
	for (; n > 0; n -= 150049)
		sink = fib(24);
}

UNMEASURED static void fib_floor_loop(long n)
{
	for (; n > 0; n -= 150049)
		sink = fib_floor(24);
}

UNMEASURED static void fib_bare_loop(long n)
{
	for (; n > 0; n -= 150049)
		sink = fib_bare(24);
}

UNMEASURED static void deep_loop(long n)
{
	for (; n > 0; n -= 200)
		deep(199);
}

UNMEASURED static void deep_floor_loop(long n)
{
	for (; n > 0; n -= 200)
		deep_floor(199);
}

UNMEASURED static void deep_bare_loop(long n)
{
	for (; n > 0; n -= 200)
		deep_bare(199);
}

UNMEASURED static void work_loop(long n)
{
	for (long i = 0; i < n; i++)
		work((int)i);
}

UNMEASURED static void work_floor_loop(long n)
{
	for (long i = 0; i < n; i++)
		work_floor((int)i);
}

UNMEASURED static void work_bare_loop(long n)
{
	for (long i = 0; i < n; i++)
		work_bare((int)i);
}

static const struct workload {
	const char *name;
	long calls;
	int threads;
	loop_fn *measured, *floor, *bare;
} workloads[] = {
	{"leaf", 2000000, 1, leaf_loop, leaf_floor_loop, leaf_bare_loop},
	{"leaf-2-threads", 2000000, 2, leaf_loop, leaf_floor_loop, leaf_bare_loop},
	{"fib", 1800588, 1, fib_loop, fib_floor_loop, fib_bare_loop},
	{"5120-sites", 2000000, 1, sites_loop, sites_floor_loop, sites_bare_loop},
	{"200-deep", 2000000, 1, deep_loop, deep_floor_loop, deep_bare_loop},
	{"work-1us", 100000, 1, work_loop, work_floor_loop, work_bare_loop},
};

struct job {
	loop_fn *loop;
	long n;
	double ns;
};

UNMEASURED static void *run_job(void *arg)
{
	struct job *j = arg;
	uint64_t start = now_ns();

	j->loop(j->n);
	j->ns = (double)(now_ns() - start) / (double)j->n;
	return NULL;
}

/* time_loop: ns a call, the mean of the threads. */
UNMEASURED static double time_loop(loop_fn *loop, long n, int threads)
{
	struct job jobs[8];
	pthread_t t[8];
	double sum = 0;

	for (int i = 0; i < threads; i++)
		jobs[i] = (struct job){loop, n, 0};
	for (int i = 1; i < threads; i++)
		pthread_create(&t[i], NULL, run_job, &jobs[i]);
	run_job(&jobs[0]);
	for (int i = 1; i < threads; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < threads; i++)
		sum += jobs[i].ns;
	return sum / threads;
}

UNMEASURED static void keep_least(double *best, double v)
{
	if (v < *best)
		*best = v;
}

UNMEASURED static void run(const struct workload *w)
{
	double floor = 1e9, bare = 1e9, measured = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		keep_least(&floor, time_loop(w->floor, w->calls, w->threads));
		keep_least(&measured, time_loop(w->measured, w->calls, w->threads));
		keep_least(&bare, time_loop(w->bare, w->calls, w->threads));
	}
	printf("%-15s %8ld %9.2f %9.2f %9.2f %7.2f %6.1f\n", w->name, w->calls, floor, bare,
	       measured, (measured - bare) / (floor - bare), 100 * (measured - bare) / bare);
}

UNMEASURED int main(int argc, char **argv)
{
	size_t n = sizeof(workloads) / sizeof(*workloads);

	for (size_t i = 0; i < n; i++)
		if (argc < 2 || strcmp(argv[1], workloads[i].name) == 0)
			run(&workloads[i]);
	return 0;
}
