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

/* The list, newest first: of each change the location in TREE_VALUE; what is on from there has a TREE_PURPOSE. */
static const char changes_memo[] = "hotpath pragmas";
static auto_vec<bool> kept;

static bool is_on(void)
{
	tree newest = memo_get(changes_memo);

	return newest && TREE_PURPOSE(newest);
}

static void change(location_t where, bool on)
{
	memo_set(changes_memo,
		 tree_cons(on ? integer_one_node : NULL_TREE,
			   build_int_cst(long_long_unsigned_type_node, get_pure_location(where)),
			   memo_get(changes_memo)));
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
	return memo_get(changes_memo) != NULL_TREE;
}

bool pragmas_measure(tree fn)
{
	location_t where = get_pure_location(linemap_resolve_location(
		line_table, names_place(fn), LRK_MACRO_EXPANSION_POINT, NULL));
	tree last = memo_get(changes_memo);

	while (last && tree_to_uhwi(TREE_VALUE(last)) > where)
		last = TREE_CHAIN(last);
	return last && TREE_PURPOSE(last) && !in_system_header_at(where);
}
