/* SPDX-License-Identifier: MIT */
/*
 * Variables of the environment, as the runtime takes them too.
 *
 * It passes over a value that it cannot read, as it must not print: who starts programs says so before.
 */
#ifndef HOTPATH_ENVIRONMENT_H
#define HOTPATH_ENVIRONMENT_H

#include <stdbool.h>

struct error;

/* environment_get: what a variable is set to; NULL also when it is empty. */
const char *environment_get(const char *name);

/* environment_disables: whether programs that are started from here record nothing (HOTPATH_DISABLE). */
bool environment_disables(void);

/*
 * environment_check: HOTPATH_BUDGET, HOTPATH_CLOCK and HOTPATH_SHUTDOWN_MS.
 *
 * Returns  ERR_OK, or ERR_USAGE with the variable, its value and what was expected
 */
int environment_check(struct error *error);

#endif /* HOTPATH_ENVIRONMENT_H */
