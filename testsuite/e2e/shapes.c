/* SPDX-License-Identifier: MIT */
/* Every way into and out of a function that C has; e2e.bats knows how often each is called. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile int sink;
static jmp_buf env;

__attribute__((noinline)) static int early(int i)
{
	if (i % 3 == 0)
		return 1;
	if (i % 3 == 1) {
		sink++;
		return 2;
	}
	for (;;) {
		if (sink >= 0)
			goto out;
	}
out:
	return 3;
}

static inline int small(int i)
{
	return i * 2;
}

__attribute__((noinline)) static int factorial(int n)
{
	return n < 2 ? 1 : n * factorial(n - 1);
}

__attribute__((noinline)) static void jump(int depth)
{
	if (depth == 0)
		longjmp(env, 1);
	jump(depth - 1);
	sink++;
}

__attribute__((noinline)) static void try_jump(void)
{
	if (setjmp(env) == 0)
		jump(4);
	sink += early(1);
}

__attribute__((noinline)) static void *worker(void *arg)
{
	for (long i = 0; i < (long)arg; i++)
		sink += early((int)i);
	return NULL;
}

__attribute__((noinline)) static void leave(int status)
{
	exit(status);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	pthread_t t[4];

	for (int i = 0; i < 300; i++)
		sink += early(i) + small(i);
	sink += factorial(10);
	for (int i = 0; i < 20; i++)
		try_jump();
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, worker, (void *)(long)1000);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	puts("done");
	fflush(stdout);
	if (!strcmp(how, "kill"))
		kill(getpid(), SIGKILL);
	if (!strcmp(how, "_exit"))
		_exit(5);
	if (!strcmp(how, "abort"))
		abort();
	leave(4);
}
