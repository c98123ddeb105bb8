/* Every way into and out of a function of C; plugin.bats knows how often each one is called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#define MEASURE __attribute__((hotpath_measure))

static jmp_buf env;
static volatile int jumps;

MEASURE static int fib(int n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

MEASURE __attribute__((noinline)) int early(int n)
{
	if (n < 2)
		return n;
	return n * 2;
}

__attribute__((hotpath_measure("row"), noinline)) int exits(int n)
{
	switch (n) {
	case 0:
		return 5;
	case 1:
		return 7;
	case 2:
		goto out;
	default:
		break;
	}
	for (int i = 0; i < n; i++)
		if (i == 4)
			return i;
	return 1;
out:
	return 2;
}

MEASURE __attribute__((noreturn, noinline)) static void jump(int value)
{
	longjmp(env, value);
}

MEASURE __attribute__((noinline)) static int lander(void)
{
	int r = setjmp(env);

	jumps = jumps + 1;
	if (r < 2)
		jump(r + 1);
	return r;
}

MEASURE int variadic(int n, ...)
{
	va_list args;
	int sum = 0;

	va_start(args, n);
	while (n--)
		sum += va_arg(args, int);
	va_end(args);
	return sum;
}

MEASURE static inline int inlined(int x)
{
	return x + 1;
}

int odd(int n);
MEASURE int even(int n)
{
	return n ? odd(n - 1) : 1;
}

MEASURE int odd(int n)
{
	return n ? even(n - 1) : 0;
}

MEASURE int main(void)
{
	int sum = 0;

	for (int i = 0; i < 10; i++)
		sum += inlined(i);
	for (int i = 0; i < 6; i++)
		exits(i);
	for (int i = 0; i < 3; i++)
		early(i);
	lander();
	even(7);
	variadic(2, 1, 2);
	printf("ways %d\n", fib(10));
	return sum != 55;
}
