/* SPDX-License-Identifier: MIT */
/*
 * Lives, by hand: lives SHAPE
 *
 *   threads   8 threads begin 20000 each, which the next thread ends; signal handlers have some meanwhile
 *   full      3 million at a time, more than there is room for
 *   kill      1000 begun, 400 ended, then SIGKILL
 *   fork      the child ends lives of its parent's, and has 5 of its own
 *   again     a life whose end is not seen, and another one with its key
 *   off       lives that end while measuring is off
 *   cost      prints what begin and end cost, with few and with a million others alive
 */
#include "../../runtime/hotpath.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIFE(i, n)                                                                                 \
	[i] = {.name = n,                                                                          \
	       .qualified = n,                                                                     \
	       .mangled = n ".life",                                                               \
	       .file = __FILE__,                                                                   \
	       .rule = "attribute",                                                                \
	       .line = (i) + 1,                                                                    \
	       .kind = HOTPATH_KIND_LIFE,                                                          \
	       .language = HOTPATH_LANG_CXX}
#define UNIT_SITES LIFE(0, "task"), LIFE(1, "handler"), MEASURED(2, "frame")
#include "unit.h"

enum { THREADS = 8, EACH = 20000, FULL = 3000000 };

static void begin(int site, uint64_t key)
{
	if (unit.begin)
		unit.begin(&unit_slots[site], (const void *)key);
}

static void end(int site, uint64_t key)
{
	if (unit.end)
		unit.end(&unit_slots[site], (const void *)key);
}

static pthread_barrier_t barrier;
static uint64_t handled;
static volatile int counted; /* handled is known */

static void handler(int signal)
{
	(void)signal;
	/* A sanitizer may hold a signal back until a later call of the library. */
	if (counted)
		return;

	uint64_t key = (1ull << 40) + 16 * __atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED);

	begin(1, key);
	end(1, key);
}

static void *worker(void *arg)
{
	uint64_t me = (uint64_t)arg, next = (me + 1) % THREADS;

	for (int round = 0; round < 5; round++) {
		ENTER(2);
		for (uint64_t i = 0; i < EACH / 5; i++)
			begin(0, (1 + me * EACH + i) * 64);
		EXIT(2);
		pthread_barrier_wait(&barrier);
		for (uint64_t i = 0; i < EACH / 5; i++)
			end(0, (1 + next * EACH + i) * 64);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void threads(void)
{
	const struct itimerspec often = {{0, 200000}, {0, 200000}};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	pthread_t t[THREADS];
	timer_t timer;

	signal(SIGUSR1, handler);
	pthread_barrier_init(&barrier, NULL, THREADS);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &often, NULL);
	for (uint64_t i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, worker, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	timer_delete(timer);
	counted = 1;
	printf("handled %llu\n", (unsigned long long)handled);
}

static void full(void)
{
	for (uint64_t i = 1; i <= FULL; i++)
		begin(0, i * 96);
	for (uint64_t i = 1; i <= FULL; i++)
		end(0, i * 96);
	for (uint64_t i = 1; i <= 100; i++) {
		begin(1, i * 96);
		end(1, i * 96);
	}
}

static void some(int begun, int ended)
{
	for (int i = 1; i <= begun; i++)
		begin(0, (uint64_t)i * 64);
	for (int i = 1; i <= ended; i++)
		end(0, (uint64_t)i * 64);
}

static void forks(void)
{
	some(10, 3);
	if (fork() == 0) {
		ENTER(2); /* the child's first call gives it a segment */
		EXIT(2);
		for (uint64_t i = 4; i <= 10; i++)
			end(0, i * 64);
		some(5, 5);
		_exit(0);
	}
	wait(NULL);
}

static void again(void)
{
	begin(0, 64);
	begin(0, 64);
	end(0, 64);
	end(0, 64);
}

static void off(void)
{
	some(10, 2);
	hotpath_stop();
	for (uint64_t i = 3; i <= 6; i++)
		end(0, i * 64);
	begin(0, 4096);
	hotpath_start();
	end(0, 4096);
	for (uint64_t i = 7; i <= 10; i++)
		end(0, i * 64);
}

static double ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void cost(void)
{
	for (int alive = 0; alive <= 1000000; alive += 1000000) {
		for (int i = 0; i < alive; i++)
			begin(1, (1ull << 40) + (uint64_t)i * 64);
		double start = ns();

		for (uint64_t i = 0; i < 1000000; i++) {
			begin(0, (1 + i % 997) * 4096);
			end(0, (1 + i % 997) * 4096);
		}
		printf("%d alive: %.0f ns\n", alive, (ns() - start) / 1e6);
	}
}

int main(int argc, char **argv)
{
	const char *shape = argc > 1 ? argv[1] : "";

	if (!strcmp(shape, "threads"))
		threads();
	else if (!strcmp(shape, "full"))
		full();
	else if (!strcmp(shape, "fork"))
		forks();
	else if (!strcmp(shape, "again"))
		again();
	else if (!strcmp(shape, "off"))
		off();
	else if (!strcmp(shape, "cost"))
		cost();
	else
		some(1000, 400);
	if (!strcmp(shape, "kill"))
		raise(SIGKILL);
	return 0;
}
