/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pragmas, in C and C++:
 *
 *   #pragma hotpath measure_all on      the functions defined from here on are measured
 *   #pragma hotpath measure_all off     are left to the rules again
 *   #pragma hotpath push                keeps what holds here
 *   #pragma hotpath pop                 and takes it back
 *
 * What counts is the place of a function's definition, for an instance of a template the place of the
 * template: a list of the places where something changed answers for all of them, whenever they
 * are compiled.  Locations grow in the order in which the preprocessor met them, includes too.
 */
#include "plugin.h"

struct change {
	location_t where;
	bool on;
};

static auto_vec<struct change> changes;
static auto_vec<bool> kept;

static bool is_on(void)
{
	return changes.length() && changes.last().on;
}

static void change(location_t where, bool on)
{
	struct change c = {get_pure_location(where), on};

	changes.safe_push(c);
}

/* is_end: complains when the line goes on. */
static bool is_end(const char *pragma)
{
	tree value;
	location_t where;

	if (pragma_lex(&value, &where) == CPP_EOF)
		return true;
	warning_at(where, OPT_Wpragmas, "%<#pragma hotpath %s%> ignored; nothing may follow it",
		   pragma);
	return false;
}

static void read_measure_all(struct cpp_reader *)
{
	tree value = NULL_TREE;
	location_t where;
	const bool word = pragma_lex(&value, &where) == CPP_NAME;

	if (word && id_equal(value, "on") && is_end("measure_all on"))
		change(where, true);
	else if (word && id_equal(value, "off") && is_end("measure_all off"))
		change(where, false);
	else if (!word || (!id_equal(value, "on") && !id_equal(value, "off")))
		warning_at(where, OPT_Wpragmas,
			   "%<#pragma hotpath measure_all%> ignored; it takes %<on%> or %<off%>");
}

static void read_push(struct cpp_reader *)
{
	if (is_end("push"))
		kept.safe_push(is_on());
}

static void read_pop(struct cpp_reader *)
{
	const location_t where = input_location;

	if (!is_end("pop"))
		return;
	if (kept.length())
		change(where, kept.pop());
	else
		warning_at(where, OPT_Wpragmas,
			   "%<#pragma hotpath pop%> ignored; no push stands before it");
}

void pragmas_register(void *, void *)
{
	if (!&c_register_pragma || !&pragma_lex)
		return;
	c_register_pragma("hotpath", "measure_all", read_measure_all);
	c_register_pragma("hotpath", "push", read_push);
	c_register_pragma("hotpath", "pop", read_pop);
}

bool pragmas_any(void)
{
	return changes.length() > 0;
}

bool pragmas_measure(tree fn)
{
	location_t where = get_pure_location(linemap_resolve_location(
		line_table, DECL_SOURCE_LOCATION(fn), LRK_MACRO_EXPANSION_POINT, NULL));
	unsigned i = changes.length();

	while (i && changes[i - 1].where > where)
		i--;
	return i && changes[i - 1].on && !in_system_header_at(where);
}
