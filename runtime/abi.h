/* SPDX-License-Identifier: MIT */
/*
 * The hook ABI: what instrumented objects and the runtime say to each other.
 *
 * The plugin (plugin/emit.cc) writes these structs into every object that has a measured function,
 * the runtime (runtime/unit.c) reads them.  Nothing here may change shape without a new HOTPATH_ABI:
 * objects of an older plugin stay on people's disks for years.
 *
 * The header is freestanding C11 and also compiles as C++.
 *
 * The life of a unit
 *
 *   emitted      all hook pointers null; a measured call costs one load and one branch not taken
 *   registered   the unit constructor called hotpath_unit_register(): `slots` hold site ids, the hook
 *                pointers are set.  With HOTPATH_DISABLE=1 they stay null
 *   gone         the unit destructor called unit->unregister: the runtime no longer writes to the
 *                unit (its memory may be unmapped by dlclose); the hook pointers stay as they are, so that
 *                destructors which run later are still measured
 *
 * What the plugin writes into a measured function (see plugin/wrap.cc):
 *
 *   if (unit.enter) unit.enter(&slots[i]);
 *   try { body } finally { if (unit.exit) unit.exit(&slots[i]); }
 *
 * and likewise around a block.  After a call that can return twice (setjmp and its kin, not vfork), so that frames a longjmp
 * jumped over are closed at once, also those of blocks and inlined functions in the same stack frame:
 *
 *   r = setjmp(env);
 *   if (unit.landed) unit.landed(&slots[j]);
 */
#ifndef HOTPATH_ABI_H
#define HOTPATH_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of everything in this file.  The runtime refuses units of a version it does not know. */
#define HOTPATH_ABI 2u

/* The names the unit constructor looks for: weakly linked first, then by dlsym() in HOTPATH_RUNTIME_SONAME. */
#define HOTPATH_REGISTER_SYMBOL "hotpath_unit_register"
#define HOTPATH_RUNTIME_SONAME	"libhotpath.so"

/* enum hotpath_language: the front end that compiled a site.  Values are stored in segments: only append. */
enum hotpath_language {
	HOTPATH_LANG_UNKNOWN = 0,
	HOTPATH_LANG_C = 1,
	HOTPATH_LANG_CXX = 2,
	HOTPATH_LANG_FORTRAN = 3,
	HOTPATH_LANG_ADA = 4,
	HOTPATH_LANG_D = 5,
	HOTPATH_LANG_GO = 6,
};

/* enum hotpath_kind: what a site measures.  Values are stored in segments: only append. */
enum hotpath_kind {
	HOTPATH_KIND_FUNCTION = 0, /* the body of a function */
	HOTPATH_KIND_CALL =
		1, /* calls to a function that is not compiled here, seen from the caller */
	HOTPATH_KIND_BLOCK = 2, /* a part of a function's body */
	HOTPATH_KIND_LIFE = 3, /* the life of a coroutine, from its first to its last instruction */
};

/*
 * struct hotpath_site: one measured function, call, block or life, constant data of the object.
 * Offsets for 64-bit targets:
 *
 *   offset size
 *        0    8  name       plain name as written in the source: "parse", "operator+"
 *        8    8  qualified  with scopes and, in C++, parameters: "ns::Parser::parse(int)"; same as name in C
 *       16    8  mangled    assembler name
 *       24    8  label      what reports show instead of the name; null when none was given
 *       32    8  file       source file as the compiler names it, after -ffile-prefix-map
 *       40    8  rule       who chose the site: "attribute", "pragma", "hotpath.yaml:7" (file:line of the rule) or "hotpath.yaml:7 (its name)"
 *       48    8  group      what reports sum it up under; null when none was given
 *       56    8  body       hash of the function's body as written: the same in every build of the same source, wherever
 *                           in its file it stands and whatever its name; bit 0 set: it is large enough to be known by
 *                           its hash.  0 when unknown
 *       64    4  line       line of the definition, from 1; 0 when unknown.  Of a call: that of the unit's first one
 *       68    4  sample     0: every call is timed; N: one call in N on average
 *       72    2  language   enum hotpath_language
 *       74    2  kind       enum hotpath_kind
 *       76    4  (zero)
 *
 * All strings are UTF-8, NUL-terminated, never null except label and group.
 */
struct hotpath_site {
	const char *name;
	const char *qualified;
	const char *mangled;
	const char *label;
	const char *file;
	const char *rule;
	const char *group;
	uint64_t body;
	uint32_t line;
	uint32_t sample;
	uint16_t language;
	uint16_t kind;
	uint32_t zero;
};

/*
 * hotpath_hook_fn: entry and exit hook.
 *
 * slot     the site's place in its unit's slots[]; holds the site id that the runtime gave it
 * Threads  any, also in signal handlers.  errno is preserved.
 * Cost     about one clock read and 2 ns each.
 */
typedef void hotpath_hook_fn(uint32_t *slot);

/*
 * hotpath_life_fn: begin and end hook of sites of kind HOTPATH_KIND_LIFE.
 *
 * A life is no frame: lives overlap as they like, rest between resumes, and may end on another thread.
 *
 * slot     the site's place in its unit's slots[]
 * key      tells lives of one site apart while they last: the address of the coroutine's frame
 * Threads  any, also in signal handlers.  errno is preserved.
 */
typedef void hotpath_life_fn(uint32_t *slot, const void *key);

/*
 * struct hotpath_unit: one translation unit (or LTO partition input), writable data of the object.
 * Offsets for 64-bit targets:
 *
 *   offset size
 *        0    4  abi         HOTPATH_ABI of the plugin
 *        4    4  n_sites     entries in slots[] and sites[]; may be 0 (a unit with only a landing)
 *        8    8  enter       hook, null until registered
 *       16    8  exit        hook, null until registered
 *       24    8  begin       hook of lives, null until registered, and in a runtime that records none
 *       32    8  end         hook of lives, likewise
 *       40    8  landed      hook, null until registered; its slot is that of the innermost measured function or block at
 *                            that place, and may be null
 *       48    8  unregister  null until registered
 *       56    8  slots       uint32_t[n_sites], writable, zero until registered
 *       64    8  sites       struct hotpath_site[n_sites], constant
 *       72    8  source      main source file of the unit as the compiler names it
 *       80    8  root        absolute path of the project's root (folder of hotpath.yaml, else of .git); null
 *                            when there is none.  The run's store is root/.hotpath unless HOTPATH_DIR says otherwise
 *       88    8  runtime     absolute path of the libhotpath.so installed beside the plugin
 *       96    4  budget      most that measuring may slow the program down, in 1/1000 per cent; 0: no limit
 *      100    4  (zero)
 *      104    8  next        the runtime's list of units
 */
struct hotpath_unit {
	uint32_t abi;
	uint32_t n_sites;
	hotpath_hook_fn *enter;
	hotpath_hook_fn *exit;
	hotpath_life_fn *begin;
	hotpath_life_fn *end;
	hotpath_hook_fn *landed;
	void (*unregister)(struct hotpath_unit *unit);
	uint32_t *slots;
	const struct hotpath_site *sites;
	const char *source;
	const char *root;
	const char *runtime;
	uint32_t budget;
	uint32_t zero;
	struct hotpath_unit *next;
};

/*
 * hotpath_unit_register: makes a unit's sites known and switches its hooks on.
 *
 * unit     must stay valid until unit->unregister(unit), which the unit's destructor calls
 * Returns  0, or -1 when the unit's abi is unknown or measuring is off; the unit then runs unmeasured
 * Threads  any; takes the runtime's registration lock.  Not for signal handlers
 * Cost     about 1 µs and 0.2 µs a site; the first call maps the segment and calibrates the clock
 */
int hotpath_unit_register(struct hotpath_unit *unit);

/*
 * The list of an object: what was measured by whom, for `hotpath sites`, which does not run the object.  A section of strings
 * that is not loaded (SHF_MERGE | SHF_STRINGS), so that the linker puts the lists of all units together, each string
 * once.  The first string is HOTPATH_LIST_VERSION; the others are records, of fields with tabs between:
 *
 *   S kind language sample line file qualified mangled label group rule     a site, as in struct hotpath_site
 *   U kind line file qualified rule reason       a function or call that a rule chose and that cannot be measured
 *   R rule file                                  a rule that the unit was compiled under; file from the project's root
 *   M rule file                                  one of these that decided about something in the unit
 *
 * A tab, end of line or backslash within a field is \t, \n or \\.  Who reads it skips records that it does not know.
 */
#define HOTPATH_LIST_SECTION ".hotpath"
#define HOTPATH_LIST_VERSION "hotpath 1"

#ifdef __cplusplus
}
#endif

#if UINTPTR_MAX == UINT64_MAX
#ifdef __cplusplus
#define HOTPATH_ABI_ASSERT(c) static_assert(c, #c)
#else
#define HOTPATH_ABI_ASSERT(c) _Static_assert(c, #c)
#endif
HOTPATH_ABI_ASSERT(sizeof(struct hotpath_site) == 80);
HOTPATH_ABI_ASSERT(offsetof(struct hotpath_site, line) == 64);
HOTPATH_ABI_ASSERT(offsetof(struct hotpath_site, kind) == 74);
HOTPATH_ABI_ASSERT(sizeof(struct hotpath_unit) == 112);
HOTPATH_ABI_ASSERT(offsetof(struct hotpath_unit, slots) == 56);
HOTPATH_ABI_ASSERT(offsetof(struct hotpath_unit, budget) == 96);
HOTPATH_ABI_ASSERT(offsetof(struct hotpath_unit, next) == 104);
#endif

#endif /* HOTPATH_ABI_H */
