/* SPDX-License-Identifier: MIT */
/*
 * The variables by which a user tells a measured program how to measure.
 *
 * The runtime passes over a value that it cannot read, as it must not print: who starts programs says so before.
 */
#ifndef HOTPATH_ENVIRONMENT_H
#define HOTPATH_ENVIRONMENT_H

struct error;

/*
 * environment_check: HOTPATH_BUDGET, HOTPATH_CLOCK and HOTPATH_SHUTDOWN_MS.
 *
 * Returns  ERR_OK, or ERR_USAGE with the variable, its value and what was expected
 */
int environment_check(struct error *error);

#endif /* HOTPATH_ENVIRONMENT_H */
