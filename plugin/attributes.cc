/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The attributes hotpath_measure and hotpath_skip.
 *
 *   __attribute__((hotpath_measure)) int parse(struct buf *b);
 *   __attribute__((hotpath_measure("parse row"))) int parse_row(struct buf *b);
 *   __attribute__((hotpath_skip)) int hash(const char *s);
 */
#include "plugin.h"

static const char measure_name[] = "hotpath_measure";
static const char skip_name[] = "hotpath_skip";
static bool any;

bool attributes_any(void)
{
	return any;
}

/* label_of: the text of an attribute's argument, or null when it is no plain string literal. */
static const char *label_of(tree value)
{
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
 * handle: a front end met one of the attributes on *node.
 *
 * A warning and not an error when it is misplaced, as GCC does for its own attributes.
 */
static tree handle(tree *node, tree name, tree args, int flags ATTRIBUTE_UNUSED, bool *no_add)
{
	const bool measure = id_equal(name, measure_name);

	if (TREE_CODE(*node) != FUNCTION_DECL) {
		*no_add = true;
		warning(OPT_Wattributes,
			"%qE attribute ignored; it may only stand on a function, before its "
			"declaration or after its parameters",
			name);
		return NULL_TREE;
	}
	if (measure && args && !label_of(TREE_VALUE(args))) {
		*no_add = true;
		warning(OPT_Wattributes,
			"%qE attribute ignored; its argument is a label, a string literal such as "
			"%<%s(\"parse row\")%>",
			name, measure_name);
		return NULL_TREE;
	}
	if (lookup_attribute(measure ? skip_name : measure_name, DECL_ATTRIBUTES(*node))) {
		*no_add = true;
		warning(OPT_Wattributes, "%qE attribute ignored; the function already has %qs",
			name, measure ? skip_name : measure_name);
		return NULL_TREE;
	}
	any |= measure;
	return NULL_TREE;
}

static struct attribute_spec measure_spec;
static struct attribute_spec skip_spec;

void attributes_register(void *, void *)
{
	/* Field by field: the order of the fields is not the same in every GCC. */
	measure_spec.name = measure_name;
	measure_spec.min_length = 0;
	measure_spec.max_length = 1;
	measure_spec.decl_required = true;
	measure_spec.handler = handle;
	register_attribute(&measure_spec);

	skip_spec.name = skip_name;
	skip_spec.min_length = 0;
	skip_spec.max_length = 0;
	skip_spec.decl_required = true;
	skip_spec.handler = handle;
	register_attribute(&skip_spec);
}

bool attributes_measure(tree fn, const char **label)
{
	tree attribute = lookup_attribute(measure_name, DECL_ATTRIBUTES(fn));

	*label = NULL;
	if (!attribute)
		return false;
	if (TREE_VALUE(attribute))
		*label = label_of(TREE_VALUE(TREE_VALUE(attribute)));
	return true;
}

bool attributes_skip(tree fn)
{
	return lookup_attribute(skip_name, DECL_ATTRIBUTES(fn)) != NULL_TREE;
}
