/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a precompiled header has to keep.
 *
 * A precompiled header holds GCC's own memory and none of a plugin's: what an attribute or a pragma in
 * the header said would be gone where the header is used.  So it is kept where GCC keeps what the source said
 * of a function, in the attributes of a builtin that every front end has and no program defines.
 */
#include "plugin.h"

static tree keeper(void)
{
	return builtin_decl_explicit(BUILT_IN_UNREACHABLE);
}

tree memo_get(const char *name)
{
	tree fn = keeper();
	tree found = fn ? lookup_attribute(name, DECL_ATTRIBUTES(fn)) : NULL_TREE;

	return found ? TREE_VALUE(found) : NULL_TREE;
}

void memo_set(const char *name, tree value)
{
	tree fn = keeper();
	tree found = fn ? lookup_attribute(name, DECL_ATTRIBUTES(fn)) : NULL_TREE;

	if (found)
		TREE_VALUE(found) = value;
	else if (fn)
		DECL_ATTRIBUTES(fn) = tree_cons(get_identifier(name), value, DECL_ATTRIBUTES(fn));
}
