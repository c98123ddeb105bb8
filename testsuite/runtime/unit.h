/* SPDX-License-Identifier: MIT */
/*
 * What the plugin would write, by hand: lets the runtime be tested without it.
 *
 *   MEASURED(0, "parse")  in the table
 *   ENTER(0); ... EXIT(0);
 *
 * UNIT_SITES must be defined before: a list of MEASURED().
 */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include "../../runtime/abi.h"

#define MEASURED(i, n)                                                                             \
	[i] = {.name = n,                                                                          \
	       .qualified = n,                                                                     \
	       .mangled = n,                                                                       \
	       .file = __FILE__,                                                                   \
	       .rule = "attribute",                                                                \
	       .group = (i) ? "rest" : NULL,                                                       \
	       .body = 0x8000000000000000u + (i),                                                  \
	       .line = (i) + 1,                                                                    \
	       .language = HOTPATH_LANG_C}

static const struct hotpath_site unit_sites[] = {UNIT_SITES};
enum { UNIT_N = sizeof(unit_sites) / sizeof(*unit_sites) };
static uint32_t unit_slots[UNIT_N];
static struct hotpath_unit unit = {
	.abi = HOTPATH_ABI,
	.n_sites = UNIT_N,
	.slots = unit_slots,
	.sites = unit_sites,
	.source = __FILE__,
	.runtime = RUNTIME,
};

__attribute__((constructor(101))) static void unit_begin(void)
{
	hotpath_unit_register(&unit);
}

__attribute__((destructor(101))) static void unit_end(void)
{
	if (unit.unregister)
		unit.unregister(&unit);
}

#define ENTER(i)                                                                                   \
	do {                                                                                       \
		if (unit.enter)                                                                    \
			unit.enter(&unit_slots[i]);                                                \
	} while (0)
#define EXIT(i)                                                                                    \
	do {                                                                                       \
		if (unit.exit)                                                                     \
			unit.exit(&unit_slots[i]);                                                 \
	} while (0)
#define LANDED(i)                                                                                  \
	do {                                                                                       \
		if (unit.landed)                                                                   \
			unit.landed(&unit_slots[i]);                                               \
	} while (0)

#endif /* TEST_UNIT_H */
