/* SPDX-License-Identifier: MIT */
/*
 * hotpath.h: names for what can be measured, for those who would rather not write attributes.
 *
 * Optional: functions are measured by attribute or by hotpath.yaml without it.  Blocks need it.
 *
 *   #include <hotpath.h>
 *
 *   HOTPATH_MEASURE int parse(struct buf *b);                    this function
 *   HOTPATH_MEASURE_AS("parse row") int parse_row(struct buf *b); this one, under that name in reports
 *   HOTPATH_SKIP int hash(const char *s);                        not this one, whatever a rule says
 *   class HOTPATH_MEASURE_ALL Parser { ... };                    the members of a C++ class (a namespace: by a rule)
 *
 *   HOTPATH_BLOCK("read header") {                               a block, or any other statement
 *           ...
 *   }
 *   HOTPATH_SCOPE("sort");                                       from here to the end of the block around it
 *
 * C99 and later, C++11 and later.  Under -fplugin=hotpath.so the macros do what they say; under any other compiler, without the
 * plugin, with -fplugin-arg-hotpath-off, or where HOTPATH_OFF is defined before the include, each of them is nothing, and the object
 * code is what it is without them.  There is nothing to link.
 *
 * Blocks and scopes
 *
 * Label     a string literal.  It is the name in reports, and what the rules of hotpath.yaml see as the function's
 *           name: a rule with `functions: "read header"` and `measure: false` takes the block out again.
 * Ways out  any: the end, break, continue, goto, return, an exception, longjmp.  A `break` in a block is the loop's
 *           around it, as if the macro were not there.
 * Ways in   from above only.  Where a goto or a case leads into the middle of a block, the compiler warns
 *           (-Wattributes) and the block is not measured; C++ refuses a jump over HOTPATH_SCOPE, as over any variable.
 * Where     in functions, measured or not, that are inline, templates, recursive, lambdas, constexpr: what the compiler itself evaluates
 *           is not measured.  HOTPATH_SCOPE is a declaration, so it cannot stand in a constexpr function of C++11.
 * Copies    of one block, inlined or of the same function in several units, are one row; instances of a template are
 *           one each.  Two blocks of one function on one line with the same label are one row as well.
 * Coroutines   a block in which a coroutine can be suspended is measured from its start to its end by the clock, suspended or
 *           not, as lives are; one without such a point like any other.
 * Cost      that of a measured function: about 25 ns each time, and one load and a branch not taken while nothing records.
 * Threads   any, also signal handlers.
 *
 * HOTPATH_BLOCK("x"); is a block of nothing, where HOTPATH_SCOPE was meant most likely: -Wempty-body of -Wextra says so.  A block of
 * nothing that is meant is HOTPATH_BLOCK("x") {}.
 * -Wdangling-else is off from a HOTPATH_BLOCK to the end of the function around it.
 */
#ifndef HOTPATH_H
#define HOTPATH_H

/* hotpath_stop(), _start, _reset, _flush, _session_begin, _thread_name, _fiber_switch. */
#include "hotpath_control.h"

#if defined(__has_attribute) && !defined(HOTPATH_OFF)
#if __has_attribute(hotpath_measure)
#define HOTPATH_HAVE_ATTRIBUTES_ 1
#endif
#if __has_attribute(hotpath_block)
#define HOTPATH_HAVE_BLOCKS_ 1
#endif
#endif

#ifdef HOTPATH_HAVE_ATTRIBUTES_
#define HOTPATH_MEASURE		  __attribute__((__hotpath_measure__))
#define HOTPATH_MEASURE_AS(label) __attribute__((__hotpath_measure__(label)))
#define HOTPATH_SKIP		  __attribute__((__hotpath_skip__))
#define HOTPATH_MEASURE_ALL	  __attribute__((__hotpath_measure_all__))
#else
#define HOTPATH_MEASURE
#define HOTPATH_MEASURE_AS(label)
#define HOTPATH_SKIP
#define HOTPATH_MEASURE_ALL
#endif

#ifdef HOTPATH_HAVE_BLOCKS_

/* Warnings about what the macros are made of would be of no use to anybody. */
#pragma GCC system_header

/*
 * Marks for the plugin, which takes every call of them away (plugin/blocks.cc).  Each bears the label.
 *
 * In C++ they are constant expressions, so that constexpr functions may have blocks; the volatile read keeps the
 * compiler from evaluating a call where it need not.
 */
#ifdef __cplusplus
extern "C" {
#if __cplusplus >= 201402L
#define HOTPATH_MARK_(type, name)                                                                  \
	__attribute__((__hotpath_skip__)) inline constexpr void name(const type *p) noexcept       \
	{                                                                                          \
		__builtin_is_constant_evaluated()                                                  \
			? void()                                                                   \
			: static_cast<void>(*static_cast<const volatile type *>(p));               \
	}
#else
#define HOTPATH_MARK_(type, name) void name(const type *p) noexcept;
#endif
#else
#define HOTPATH_MARK_(type, name) extern void name(const type *p);
#endif

HOTPATH_MARK_(char, hotpath_block_)
HOTPATH_MARK_(char, hotpath_scope_)
HOTPATH_MARK_(int, hotpath_scope_end_)
#undef HOTPATH_MARK_

#ifdef __cplusplus
}
#endif

/*
 * An `if` is the only statement that takes another one after it and leaves `break` and `continue` alone.  Its condition is false: the
 * block is the `else`, so that an `else` of the user's behind it goes to the user's own `if`.  __builtin_has_attribute is
 * that false, and tells the plugin while the function is read that -Wdangling-else has nothing to say here.
 */
#define HOTPATH_BLOCK(label)                                                                       \
	if ((hotpath_block_("" label ""),                                                          \
	     __builtin_has_attribute(hotpath_block_, __hotpath_block__(0)))) {                     \
	} else

#define HOTPATH_JOIN_(a, b)	a##b
#define HOTPATH_VARIABLE_(a, b) HOTPATH_JOIN_(a, b)
#define HOTPATH_SCOPE(label)                                                                       \
	int HOTPATH_VARIABLE_(hotpath_scope_at_, __COUNTER__)                                      \
		__attribute__((__cleanup__(hotpath_scope_end_), __hotpath_block__, __unused__)) =  \
			(hotpath_scope_("" label ""), 0)

#else
#define HOTPATH_BLOCK(label)
#define HOTPATH_SCOPE(label)
#endif

#endif /* HOTPATH_H */
