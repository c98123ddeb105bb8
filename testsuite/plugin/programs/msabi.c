/* SPDX-License-Identifier: MIT */
/* Functions in the two calling conventions of x86-64 call each other; with -mabi=ms the other one is the default. */
#ifdef ALL_MS
#define OTHER __attribute__((noinline, sysv_abi))
#else
#define OTHER __attribute__((noinline, ms_abi))
#endif

OTHER static int sum(int a, double b, long c, int d, int e, int f)
{
	return a + (int)b + (int)c + d + e + f;
}

__attribute__((noinline)) static int own(int a, double b)
{
	return sum(a, b, 3, 4, 5, 6) + 1;
}

OTHER static int other(int a, double b)
{
	return own(a, b) + sum(1, 2, 3, 4, 5, 6);
}

/* Without libc, whose convention is not -mabi's. */
int main(void)
{
	int all = 0;

	for (int i = 0; i < 5; i++)
		all += other(i, 2.5);
	return all != 220;
}
