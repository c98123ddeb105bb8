/* SPDX-License-Identifier: MIT */
/*
 * A TSC of our own: Linux lets a process have its rdtsc instructions trap.  The kernel's own, in the pages that it maps into each process,
 * trap too, and read what they would.
 *
 * Defined before: SKIP, attributes of functions that must not be measured, and seen(), what an rdtsc reads when the processor's clock
 * says t.
 */
#ifndef TEST_TSC_TRAP_H
#define TEST_TSC_TRAP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

static uint64_t seen(uint64_t t);

SKIP static bool in_vdso(uint64_t at)
{
	uint64_t vdso = getauxval(AT_SYSINFO_EHDR);

	return at >= vdso && at < vdso + (16 << 10);
}

SKIP static void on_trap(int sig, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	const unsigned char *at = (const unsigned char *)r[REG_RIP];
	unsigned core;

	(void)sig;
	(void)info;
	if (memcmp(at, "\x0f\x31", 2) != 0 && memcmp(at, "\x0f\x01\xf9", 3) != 0)
		_exit(3);
	prctl(PR_SET_TSC, PR_TSC_ENABLE);

	uint64_t t = __builtin_ia32_rdtscp(&core);

	prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
	if (!in_vdso((uint64_t)at))
		t = seen(t);
	r[REG_RAX] = (uint32_t)t;
	r[REG_RDX] = (greg_t)(t >> 32);
	if (at[1] == 1) {
		r[REG_RCX] = core;
		r[REG_RIP]++;
	}
	r[REG_RIP] += 2;
}

/* trap: from here on; false where that cannot be had. */
SKIP static bool trap(void)
{
	struct sigaction sa = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};

	return sigaction(SIGSEGV, &sa, NULL) == 0 && prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0;
}

#endif /* TEST_TSC_TRAP_H */
