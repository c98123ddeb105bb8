/* SPDX-License-Identifier: MIT */
/* Every way into, through and out of a block, in what C and C++ have in common. */
#ifdef BARE /* what the macros are without the plugin */
#define HOTPATH_MEASURE
#define HOTPATH_MEASURE_AS(label)
#define HOTPATH_SKIP
#define HOTPATH_BLOCK(label)
#define HOTPATH_SCOPE(label)
#else
#include "hotpath.h"
#endif
#include <setjmp.h>
#include <stdio.h>

static volatile int sink;
static jmp_buf env;

HOTPATH_MEASURE static void work(int n)
{
	sink += n;
}

/* Loops: break, continue and the end. */
static int loops(int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++) {
		HOTPATH_BLOCK("loop") {
			if (i == 3)
				continue;
			if (i == 7)
				break;
			sum += i;
		}
		HOTPATH_BLOCK("bare")
		work(1);
		HOTPATH_BLOCK("empty") {
		}
	}
	while (1)
		HOTPATH_BLOCK("leave")
		break;
	return sum;
}

/* if: an else belongs to the if that is written. */
static int branches(int a)
{
	int r = 0;

	if (a > 1)
		HOTPATH_BLOCK("more") {
			r = 1;
		}
	else
		r = 2;
	if (a == 1)
		HOTPATH_BLOCK("one") {
			r += 10;
		}
	return r;
}

static int cases(int a)
{
	switch (a) {
	case 1:
		HOTPATH_BLOCK("case1") {
			work(1);
			break;
		}
	case 2:
		HOTPATH_BLOCK("case2") {
			return 2;
		}
	case 3: {
		HOTPATH_SCOPE("case3");
		return 3;
	}
	default:
		break;
	}
	return a;
}

/* Two on one line, and one in the other. */
static int nested(int n)
{
	HOTPATH_SCOPE("outer"); HOTPATH_SCOPE("second");

	HOTPATH_BLOCK("twice") HOTPATH_BLOCK("inner") {
		HOTPATH_SCOPE("deep");
		if (n > 2)
			goto out;
		return n;
	}
out:
	return -n;
}

static int recursive(int n)
{
	HOTPATH_BLOCK("rec") {
		return n < 2 ? n : recursive(n - 1) + recursive(n - 2);
	}
}

static inline int copied(int n)
{
	HOTPATH_BLOCK("copy") {
		n++;
	}
	return n;
}

HOTPATH_MEASURE_AS("jumper") static void jump(int n)
{
	HOTPATH_BLOCK("jumping") {
		if (n)
			jump(n - 1);
		if (n >= 0)
			longjmp(env, 1);
	}
}

/* A longjmp out of a block, to a setjmp in front of it, and to one inside of it. */
static int lands(void)
{
	volatile int times = 0;

	for (volatile int i = 0; i < 5; i++) {
		if (setjmp(env)) {
			times++;
			continue;
		}
		HOTPATH_BLOCK("left") {
			jump(2);
		}
	}
	HOTPATH_BLOCK("stays") {
		if (!setjmp(env))
			HOTPATH_BLOCK("gone") {
				jump(0);
			}
		work(1);
		times++;
	}
	return times;
}

HOTPATH_SKIP static int skipped(int n)
{
	HOTPATH_SCOPE("unmeasured function");
	return n + 1;
}

int main(void)
{
	int sum = 0;

	sum += loops(5) + loops(20);
	sum += branches(1) + branches(2) + branches(0);
	for (int i = 0; i < 5; i++)
		sum += cases(i) + nested(i);
	sum += recursive(10);
	for (int i = 0; i < 10; i++)
		sum += copied(i) + copied(sum & 1);
	sum += lands() + skipped(1);
	printf("blocks %d\n", sum);
	return 0;
}
