/* SPDX-License-Identifier: MIT */
/*
 * clock HOW: a processor whose TSC is not as it should be: the runtime's rdtsc instructions (tsc_trap.h) read what HOW says.
 *
 *   steady       just as it is
 *   behind       a call ends on a core that is 5 ms behind, five times of ten
 *   ahead        a call ends on a core that is 5 ms ahead, five times of ten
 *   slept        the machine slept for 8 hours in a call, and the TSC went on
 *   restarted    the machine slept in a call, and the TSC began anew
 *   sleeps       as `slept`, and killed in the next call
 *   slow         from here on each reading takes thrice as long as it did at the start, and what `outer` does of its own, 200 ms
 *   slow-self    likewise, and each call of `inner` calls itself
 *   ordered      as `restarted`, and then ordered to measure no more, as by `hotpath ctl`: status 4 when it does not follow
 *
 * Each makes ten calls of `outer`, with 1 ms of its own and 1 ms in `inner`, where it happens.  Status 77: no such thing here.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { OUTER, INNER };
#define UNIT_SITES MEASURED(OUTER, "outer"), MEASURED(INNER, "inner")
#include "unit.h"
#include "../../runtime/segment.h"

#if defined(__x86_64__)
#define SKIP
#include "tsc_trap.h"

static volatile int64_t offset; /* of the TSC as the runtime sees it */
static volatile uint64_t alone; /* or it stands still, but for so much at each reading */
static volatile uint64_t stands;

static uint64_t seen(uint64_t t)
{
	return stands = alone ? stands + alone : t + (uint64_t)offset;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void burn(uint64_t ns)
{
	uint64_t start = now_ns();

	while (now_ns() - start < ns)
		;
}

/* ticks_of: ns in ticks, well enough. */
static int64_t ticks_of(double ns)
{
	uint64_t start = now_ns(), ticks = __builtin_ia32_rdtsc();

	burn(5000000);
	ticks = __builtin_ia32_rdtsc() - ticks;
	return (int64_t)(ns * (double)ticks / (double)(now_ns() - start));
}

/* order_off: writes the order into the only segment. */
static bool order_off(void)
{
	const uint32_t order = SEG_CONTROL_STEP | SEG_CONTROL_OFF;
	DIR *dir = opendir(getenv("HOTPATH_SEGMENTS"));
	struct dirent *e;
	ssize_t n = 0;

	while (dir && (e = readdir(dir))) {
		int fd = openat(dirfd(dir), e->d_name, O_RDWR);

		if (*e->d_name != '.' && fd >= 0)
			n = pwrite(fd, &order, sizeof(order), offsetof(struct seg_header, control));
		close(fd);
	}
	if (dir)
		closedir(dir);
	return n == sizeof(order);
}

/* follows_order: whether calls that go on for a while take notice of it. */
static bool follows_order(void)
{
	if (!order_off())
		return false;
	for (int i = 0; unit.exit && i < 100000; i++) {
		ENTER(INNER);
		EXIT(INNER);
	}
	return !unit.exit;
}

/* reading: ticks that it takes, undisturbed. */
static uint64_t reading(void)
{
	enum { N = 1000 };
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 20; i++) {
		uint64_t start = __builtin_ia32_rdtsc(), ticks;

		for (int k = 0; k < N; k++)
			__builtin_ia32_rdtsc();
		ticks = (__builtin_ia32_rdtsc() - start) / N;
		least = ticks < least ? ticks : least;
	}
	return least;
}

enum { SLEEP_S = 8 * 3600, SLOW_CALLS = 16000, SLOW_MS = 200 };

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int64_t skew = ticks_of(5e6), hours = ticks_of(SLEEP_S * 1e9);

	/* A thread's first call blocks signals, the trap's too.  A full ring is folded, and the clock of that noted. */
	for (int i = 0; i < (strcmp(how, "ordered") ? 1 : 1000); i++) {
		ENTER(OUTER);
		EXIT(OUTER);
	}
	uint64_t thrice = 3 * reading(), ms = (uint64_t)(skew / 5);

	if (!trap())
		return 77;
	if (!strncmp(how, "slow", 4)) {
		alone = thrice;
		ENTER(OUTER);
		for (int i = 0; i < SLOW_CALLS; i++) {
			stands += SLOW_MS * ms / SLOW_CALLS;
			ENTER(INNER);
			if (how[4]) {
				ENTER(INNER);
				EXIT(INNER);
			}
			EXIT(INNER);
		}
		EXIT(OUTER);
		return 0;
	}
	for (int i = 0; i < 10; i++) {
		ENTER(OUTER);
		burn(1000000);
		ENTER(INNER);
		burn(1000000);
		if (!strcmp(how, "behind") || !strcmp(how, "ahead")) {
			offset = i % 2 ? 0 : *how == 'b' ? -skew : skew;
		} else if (i == 5 && strcmp(how, "steady") != 0) {
			offset = !strcmp(how, "restarted") || !strcmp(how, "ordered")
					 ? 1000000 - (int64_t)__builtin_ia32_rdtsc()
					 : hours;
		}
		if (i == 6 && !strcmp(how, "sleeps"))
			kill(getpid(), SIGKILL);
		if (i == 6 && !strcmp(how, "ordered"))
			return follows_order() ? 0 : 4;
		EXIT(INNER);
		EXIT(OUTER);
	}
	return 0;
}
#else
int main(void)
{
	return 77;
}
#endif
