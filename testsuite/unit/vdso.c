/* SPDX-License-Identifier: MIT */
/* For test_kernel.c: a library like the one that the kernel maps into each process, with the names that this has on x86-64 and arm64. */
#include <time.h>

static int answer(clockid_t clock, struct timespec *out)
{
	out->tv_sec = clock;
	out->tv_nsec = 1234;
	return 0;
}

int __vdso_clock_gettime(clockid_t clock, struct timespec *out)
{
	return answer(clock, out);
}

int __kernel_clock_gettime(clockid_t clock, struct timespec *out)
{
	return answer(clock, out);
}

int __vdso_getcpu(void)
{
	return 0;
}

int __vdso_time(void)
{
	return 0;
}
