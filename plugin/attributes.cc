/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The attributes: which there are, and what was said of a function.
 *
 *   __attribute__((hotpath_measure)) int parse(struct buf *b);
 *   __attribute__((hotpath_measure("parse row"))) int parse_row(struct buf *b);
 *   __attribute__((hotpath_skip)) int hash(const char *s);
 *   class __attribute__((hotpath_measure_all)) Parser { ... };
 *
 *   [[hotpath::measure]] int parse(struct buf *b);                 and so on, in C++ and C23
 *
 * The second spelling is turned into the first when it is met: everything else asks for one name.
 * A namespace cannot have measure_all: handle_namespace_attrs() of the C++ front end knows visibility, abi_tag and deprecated,
 * drops all others with a warning, and tells no plugin.  A rule with `namespace:` does that, or the pragma in it.
 *
 *   pragma Machine_Attribute (Parse, "hotpath_measure");                 in Ada
 *   pragma Machine_Attribute (Parse_Row, "hotpath_measure", "parse row");
 *
 * gdc 12 looks up @attribute("...") of gcc.attributes in its own tables alone, and gfortran !GCC$ ATTRIBUTES likewise: those
 * languages have rules.
 */
#include "plugin.h"

static const char measure_name[] = "hotpath_measure";
static const char skip_name[] = "hotpath_skip";
static const char all_name[] = "hotpath_measure_all";
static const char block_name[] = "hotpath_block";
static const char any_memo[] = "hotpath attributes";
static bool any; /* and with a precompiled header the memo */

bool attributes_any(void)
{
	return any || memo_get(any_memo) || pragmas_any();
}

static void note_any(const char *name)
{
	if (any || !strcmp(name, skip_name))
		return;
	any = true;
	memo_set(any_memo, integer_one_node);
}

/* label_of: the text of an attribute's argument, or null when it is no plain string literal. */
static const char *label_of(tree value)
{
	/* Ada hands strings over as names. */
	if (TREE_CODE(value) == IDENTIFIER_NODE && names_language() == HOTPATH_LANG_ADA)
		return IDENTIFIER_POINTER(value);
	while (TREE_CODE(value) == NOP_EXPR || TREE_CODE(value) == ADDR_EXPR)
		value = TREE_OPERAND(value, 0);
	if (TREE_CODE(value) != STRING_CST || !TREE_TYPE(value))
		return NULL;
	if (TREE_CODE(TREE_TYPE(value)) != ARRAY_TYPE ||
	    TYPE_PRECISION(TREE_TYPE(TREE_TYPE(value))) != BITS_PER_UNIT)
		return NULL;
	return TREE_STRING_POINTER(value);
}

/*
 * judge: whether an attribute may stand where a front end met it.
 *
 * name   the first spelling of the attribute, whichever was written
 * shown  as it was written
 *
 * A warning and not an error when it is misplaced, as GCC does for its own attributes.
 */
static bool judge(tree node, const char *name, const char *shown, tree args)
{
	const char *other = !strcmp(name, measure_name) ? skip_name : measure_name;

	if (!strcmp(name, all_name)) {
		if (RECORD_OR_UNION_TYPE_P(node) && names_language() == HOTPATH_LANG_CXX)
			return true;
		warning(OPT_Wattributes,
			"%qs attribute ignored; it may only stand on a class of C++, between "
			"%<class%> and its name",
			shown);
		return false;
	}
	if (TREE_CODE(node) != FUNCTION_DECL && names_language() == HOTPATH_LANG_ADA) {
		warning(OPT_Wattributes,
			"%qs attribute ignored; %<pragma Machine_Attribute%> may only name a "
			"subprogram for it",
			shown);
		return false;
	}
	if (TREE_CODE(node) != FUNCTION_DECL) {
		warning(OPT_Wattributes,
			"%qs attribute ignored; it may only stand on a function, before its "
			"declaration or after its parameters",
			shown);
		return false;
	}
	if (args && !label_of(TREE_VALUE(args))) {
		warning(OPT_Wattributes,
			"%qs attribute ignored; its argument is a label, a string literal such as "
			"%<%s(\"parse row\")%>",
			shown, shown);
		return false;
	}
	if (lookup_attribute(other, DECL_ATTRIBUTES(node))) {
		warning(OPT_Wattributes, "%qs attribute ignored; the function already has %qs",
			shown, other);
		return false;
	}
	return true;
}

static tree handle(tree *node, tree name, tree args, int, bool *no_add)
{
	const char *text = IDENTIFIER_POINTER(name);

	*no_add = !judge(*node, text, text, args);
	if (!*no_add)
		note_any(text);
	return NULL_TREE;
}

/* handle_scoped: [[hotpath::NAME]] becomes hotpath_NAME. */
static tree handle_scoped(tree *node, tree name, tree args, int, bool *no_add)
{
	const char *part = IDENTIFIER_POINTER(name);
	char *text = concat("hotpath_", part, NULL);
	char *shown = concat("hotpath::", part, NULL);

	*no_add = true;
	if (judge(*node, text, shown, args)) {
		tree *list = DECL_P(*node) ? &DECL_ATTRIBUTES(*node) : &TYPE_ATTRIBUTES(*node);

		*list = tree_cons(get_identifier(text), args, *list);
		note_any(text);
	}
	free(text);
	free(shown);
	return NULL_TREE;
}

/*
 * handle_block: hotpath.h writes this attribute, on the variable of a scope and, where it asks __builtin_has_attribute, on
 * a copy of its mark that GCC makes for that.  It says that something is coming, and stays nowhere.
 */
static tree handle_block(tree *node, tree, tree, int, bool *no_add)
{
	*no_add = true;
	if (!DECL_P(*node) || !DECL_NAME(*node) ||
	    (!startswith(IDENTIFIER_POINTER(DECL_NAME(*node)), "hotpath_scope_at_") &&
	     !startswith(IDENTIFIER_POINTER(DECL_NAME(*node)), "__builtin_has_attribute"))) {
		warning(OPT_Wattributes,
			"%qs attribute ignored; write %<HOTPATH_BLOCK%> or %<HOTPATH_SCOPE%> of "
			"%<<hotpath.h>%>",
			block_name);
		return NULL_TREE;
	}
	note_any(block_name);
	if (!VAR_P(*node))
		blocks_seen();
	return NULL_TREE;
}

/* In the order of measure, skip, measure_all; the last of `scoped` ends the table. */
static struct attribute_spec plain[3];
static struct attribute_spec scoped[4];
static struct attribute_spec block;

/* fill: field by field, as the order of the fields is not the same in every GCC. */
static void fill(struct attribute_spec *spec, const char *name, bool on_function, int max_length)
{
	spec->name = name;
	spec->min_length = 0;
	spec->max_length = max_length;
	spec->decl_required = on_function;
	/* A class gets it, not a variable that is declared with it. */
	spec->type_required = !on_function;
}

void attributes_register(void *, void *)
{
	fill(&plain[0], measure_name, true, 1);
	fill(&plain[1], skip_name, true, 0);
	fill(&plain[2], all_name, false, 0);
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		scoped[i] = plain[i];
		scoped[i].name += strlen("hotpath_");
		scoped[i].handler = handle_scoped;
		plain[i].handler = handle;
		register_attribute(&plain[i]);
	}
	register_scoped_attributes(scoped, "hotpath");
	/* hotpath.h asks whether there is such an attribute. */
	if (plugin.off)
		return;
	fill(&block, block_name, true, 1);
	block.handler = handle_block;
	register_attribute(&block);
}

bool attributes_measure_all(tree fn)
{
	for (tree scope = DECL_CONTEXT(fn); scope && TREE_CODE(scope) != TRANSLATION_UNIT_DECL;
	     scope = TYPE_P(scope) ? TYPE_CONTEXT(scope) : DECL_CONTEXT(scope))
		if (RECORD_OR_UNION_TYPE_P(scope) &&
		    lookup_attribute(all_name, TYPE_ATTRIBUTES(TYPE_MAIN_VARIANT(scope))))
			return true;
	return false;
}

bool attributes_measure(tree fn, const char **label)
{
	tree attribute = lookup_attribute(measure_name, DECL_ATTRIBUTES(fn));

	*label = NULL;
	if (!attribute)
		return false;
	if (TREE_VALUE(attribute))
		*label = label_of(TREE_VALUE(TREE_VALUE(attribute)));
	/* As one of a macro that has none to give. */
	if (*label && !**label)
		*label = NULL;
	return true;
}

bool attributes_skip(tree fn)
{
	return lookup_attribute(skip_name, DECL_ATTRIBUTES(fn)) != NULL_TREE;
}
