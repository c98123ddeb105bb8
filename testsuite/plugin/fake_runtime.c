/* SPDX-License-Identifier: MIT */
/*
 * A runtime for the plugin's own tests: it only counts, and says what it counted.
 *
 * Linked into the program it is found by the unit constructor's weak reference.  At the end of the
 * process it prints, to the file named by FAKE_OUT (or not at all):
 *
 *   QUALIFIED LABEL-OR-DASH ENTERS EXITS         one line a site, sites in the order of the units;
 *                                                lives: QUALIFIED [life] LABEL-OR-DASH BEGINS ENDS
 *   landed N
 *   crossed N                                    exits that did not fit the newest open entry
 *   open N                                       entries still open on the main thread
 */
#include "../../runtime/abi.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	MAX_SITES = 65536,
	MAX_DEPTH = 1 << 20,
};

static struct {
	const struct hotpath_site *site;
	unsigned long enters, exits;
} sites[MAX_SITES];

static struct {
	uint32_t id;
	char *frame;
} stack[MAX_DEPTH];

static unsigned n_sites, depth;
static unsigned long landings, crossed;

__attribute__((noinline)) static void enter(uint32_t *slot)
{
	__atomic_add_fetch(&sites[*slot].enters, 1, __ATOMIC_RELAXED);
	if (depth < MAX_DEPTH) {
		stack[depth].id = *slot;
		stack[depth].frame = __builtin_dwarf_cfa();
	}
	depth++;
}

__attribute__((noinline)) static void leave(uint32_t *slot)
{
	__atomic_add_fetch(&sites[*slot].exits, 1, __ATOMIC_RELAXED);
	if (!depth) {
		crossed++;
		return;
	}
	depth--;
	if (depth < MAX_DEPTH && stack[depth].id != *slot)
		crossed++;
}

/* Frames below the one that a longjmp landed in are gone. */
__attribute__((noinline)) static void landed(uint32_t *slot)
{
	char *here = __builtin_dwarf_cfa();

	landings++;
	while (depth && depth <= MAX_DEPTH && stack[depth - 1].frame < here)
		depth--;
	/* Of those in that very frame the ones above `slot` are gone too. */
	while (depth && depth <= MAX_DEPTH && stack[depth - 1].frame == here &&
	       !(slot && stack[depth - 1].id == *slot))
		depth--;
}

/* Lives are no frames: only counted. */
static void begin(uint32_t *slot, const void *key)
{
	(void)key;
	__atomic_add_fetch(&sites[*slot].enters, 1, __ATOMIC_RELAXED);
}

static void end(uint32_t *slot, const void *key)
{
	(void)key;
	__atomic_add_fetch(&sites[*slot].exits, 1, __ATOMIC_RELAXED);
}

static void unregister(struct hotpath_unit *unit)
{
	(void)unit;
}

int hotpath_unit_register(struct hotpath_unit *unit)
{
	if (unit->abi != HOTPATH_ABI || n_sites + unit->n_sites > MAX_SITES)
		return -1;
	for (uint32_t i = 0; i < unit->n_sites; i++) {
		sites[n_sites].site = &unit->sites[i];
		unit->slots[i] = n_sites++;
	}
	unit->enter = enter;
	unit->exit = leave;
	unit->landed = landed;
	unit->begin = begin;
	unit->end = end;
	unit->unregister = unregister;
	return 0;
}

/* 101: after the destructors of the program, before those of its units. */
__attribute__((destructor(101))) static void say(void)
{
	const char *path = getenv("FAKE_OUT");
	FILE *out = path ? fopen(path, "w") : NULL;

	if (!out)
		return;
	for (unsigned i = 0; i < n_sites; i++)
		fprintf(out, "%s%s %s %lu %lu\n", sites[i].site->qualified,
			sites[i].site->kind == HOTPATH_KIND_LIFE ? " [life]" : "",
			sites[i].site->label ? sites[i].site->label : "-", sites[i].enters,
			sites[i].exits);
	fprintf(out, "landed %lu\ncrossed %lu\nopen %u\n", landings, crossed, depth);
	fclose(out);
}
