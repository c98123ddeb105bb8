/* SPDX-License-Identifier: MIT */
/*
 * estimates: calls whose times are known to the tick, on however busy a machine.  The runtime's rdtsc
 * instructions (tsc_trap.h) read a clock that goes on only when pass() says so.  Status 77: no such thing here.
 *
 * Prints NAME CALLS TOTAL SELF for each function, times in ticks.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>

#if defined(__x86_64__)
#define SKIP	 __attribute__((hotpath_skip, noinline))
#define MEASURED __attribute__((hotpath_measure, noinline))
#include "tsc_trap.h"

enum { ROOTS = 10, BRANCHES = 20, TWIGS = 500, MEAN = 5000 };

static uint64_t began, passed; /* ticks */

SKIP static uint64_t seen(uint64_t t)
{
	(void)t;
	return began + passed;
}

struct figures {
	uint64_t calls, total, self;
};
static struct figures leaf_is, twig_is, branch_is, root_is;

/* pass: some time of a function's own, from none to twice as much as it says. */
SKIP static void pass(struct figures *f, uint64_t mean)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005u + 1442695040888963407u;

	uint64_t ticks = (seed >> 33) % (2 * mean);

	passed += ticks;
	f->self += ticks;
}

SKIP static void count(struct figures *f, uint64_t since)
{
	f->calls++;
	f->total += passed - since;
}

MEASURED static void leaf(void)
{
	uint64_t since = passed;

	pass(&leaf_is, MEAN);
	count(&leaf_is, since);
}

MEASURED static void twig(void)
{
	uint64_t since = passed;

	pass(&twig_is, MEAN);
	leaf();
	leaf();
	count(&twig_is, since);
}

MEASURED static void branch(void)
{
	uint64_t since = passed;

	pass(&branch_is, 100 * MEAN);
	for (int i = 0; i < TWIGS; i++)
		twig();
	count(&branch_is, since);
}

MEASURED static void root(void)
{
	uint64_t since = passed;

	for (int i = 0; i < BRANCHES; i++)
		branch();
	pass(&root_is, 1000 * MEAN);
	count(&root_is, since);
}

SKIP static void print(const char *name, const struct figures *f)
{
	printf("%s %llu %llu %llu\n", name, (unsigned long long)f->calls,
	       (unsigned long long)f->total, (unsigned long long)f->self);
}

SKIP int main(void)
{
	leaf(); /* a thread's first call blocks signals, the trap's too */
	leaf_is = (struct figures){.calls = 1};
	began = __builtin_ia32_rdtsc();
	if (!trap())
		return 77;
	for (int i = 0; i < ROOTS; i++)
		root();
	prctl(PR_SET_TSC, PR_TSC_ENABLE);
	print("leaf", &leaf_is);
	print("twig", &twig_is);
	print("branch", &branch_is);
	print("root", &root_is);
	fflush(stdout);
	/* The run must have lasted as long as its calls. */
	while (__builtin_ia32_rdtsc() < began + passed)
		usleep(1000);
	return 0;
}
#else
int main(void)
{
	return 77;
}
#endif
