/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a function is called: as written, with its scopes, with its parameters, in the object file.
 *
 * C++ and D names with scopes come from the demangler and not from the front end's printer: the
 * printer adds return types and "[with T = int]", and the demangled form is what perf, gdb and nm
 * show.  Fortran, Ada and nested functions of C have no mangling of that kind; their scopes are
 * read off the declaration ("module::procedure").
 */
#include "plugin.h"

static struct names names;
static char *plain, *scoped, *qualified, *relative, *space, *classes;
static char *outer_space, *outer_scoped, *outer_qualified;

/* The newest file's path from the project's root: functions come file by file. */
static const char *relative_of;

enum hotpath_language names_language(void)
{
	static const struct {
		const char *prefix;
		enum hotpath_language language;
	} table[] = {
		{"GNU C++", HOTPATH_LANG_CXX},	   {"GNU Objective-C++", HOTPATH_LANG_CXX},
		{"GNU C", HOTPATH_LANG_C},	   {"GNU Objective-C", HOTPATH_LANG_C},
		{"GNU F77", HOTPATH_LANG_FORTRAN}, {"GNU Fortran", HOTPATH_LANG_FORTRAN},
		{"GNU Ada", HOTPATH_LANG_ADA},	   {"GNU D", HOTPATH_LANG_D},
		{"GNU Go", HOTPATH_LANG_GO},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (startswith(lang_hooks.name, table[i].prefix))
			return table[i].language;
	return HOTPATH_LANG_UNKNOWN;
}

/* drop_unlocked: "set" of "setN", the body of a protected operation; Ada's names have no capital letters else. */
static void drop_unlocked(char *name)
{
	size_t n = strlen(name);

	if (n > 1 && name[n - 1] == 'N' && name[n - 2] != '.')
		name[n - 1] = '\0';
}

/*
 * plain_name: "parse", "get" of get<int>, "operator<", "fib" of ad.fib.  For free().
 */
static char *plain_name(tree fn)
{
	const char *printed = lang_hooks.decl_printable_name(fn, 0);
	char *name, *end;

	if (!printed)
		printed = DECL_NAME(fn) ? IDENTIFIER_POINTER(DECL_NAME(fn)) : "?";
	if (names.language == HOTPATH_LANG_ADA && strrchr(printed, '.'))
		printed = strrchr(printed, '.') + 1;
	name = xstrdup(printed);
	if (names.language == HOTPATH_LANG_ADA)
		drop_unlocked(name);
	if (names.language == HOTPATH_LANG_CXX && !startswith(name, "operator")) {
		end = strchr(name, '<');
		if (end && end != name)
			*end = '\0';
	}
	/* name@module, of a module that is imported. */
	if (names.language == HOTPATH_LANG_CXX && (end = strchr(name, '@')) != NULL)
		*end = '\0';
	return name;
}

/* drop_parameters: "d.parse(int) const" becomes "d.parse"; the demangler of D knows no form without them. */
static void drop_parameters(char *name)
{
	char *at = name ? strrchr(name, ')') : NULL;
	int depth = 0;

	for (; at && at > name; at--) {
		depth += *at == ')' ? 1 : *at == '(' ? -1 : 0;
		if (depth == 0)
			break;
	}
	/* !( begins arguments of a template. */
	if (at && at > name && at[-1] != '!')
		*at = '\0';
}

/* prepend: SCOPE::TEXT in place of TEXT, which may be null. */
static void prepend(char **text, const char *scope)
{
	char *longer = *text ? concat(scope, "::", *text, NULL) : xstrdup(scope);

	free(*text);
	*text = longer;
}

/* scope_name: as the source has it, without template arguments; null for the class of a lambda. */
static const char *scope_name(tree scope)
{
	tree name = TYPE_P(scope) ? TYPE_IDENTIFIER(scope) : DECL_NAME(scope);

	if (TREE_CODE(scope) == NAMESPACE_DECL && (!name || !ISALPHA(*IDENTIFIER_POINTER(name))) &&
	    (!name || *IDENTIFIER_POINTER(name) != '_' ||
	     startswith(IDENTIFIER_POINTER(name), "_GLOBAL__N")))
		return "(anonymous namespace)";
	if (!name || strpbrk(IDENTIFIER_POINTER(name), ".<$"))
		return NULL;
	return IDENTIFIER_POINTER(name);
}

/*
 * module_of: "m" of "__m_MOD_f", where the declaration does not say it, as of a procedure with ENTRY and its entries.  For free();
 * null where it does.
 */
static char *module_of(tree fn)
{
	const char *mangled = IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(fn));
	const char *end = startswith(mangled, "__") ? strstr(mangled, "_MOD_") : NULL;

	if (names.language != HOTPATH_LANG_FORTRAN || !end || end <= mangled + 2 ||
	    (DECL_CONTEXT(fn) && TREE_CODE(DECL_CONTEXT(fn)) == NAMESPACE_DECL))
		return NULL;
	return xstrndup(mangled + 2, end - mangled - 2);
}

/* without_master: "s" of "master.0.s", which gfortran makes of a procedure with ENTRY. */
static const char *without_master(const char *name)
{
	const size_t n = strlen("master.");

	if (names.language != HOTPATH_LANG_FORTRAN || !startswith(name, "master."))
		return name;
	const char *dot = strchr(name + n, '.');
	return dot ? dot + 1 : name;
}

/* with_scopes: "module::procedure", from the declaration.  For free(). */
static char *with_scopes(tree fn, const char *name)
{
	char *out = xstrdup(name);
	tree outer;

	for (tree scope = DECL_CONTEXT(fn); scope; scope = outer) {
		const char *text = NULL;

		outer = TYPE_P(scope) ? TYPE_CONTEXT(scope) : DECL_CONTEXT(scope);
		/* Where the demangler knows no answer, as of modules in C++. */
		if (RECORD_OR_UNION_TYPE_P(scope))
			text = scope_name(scope);
		else if ((TREE_CODE(scope) == FUNCTION_DECL ||
			  TREE_CODE(scope) == NAMESPACE_DECL) &&
			 DECL_NAME(scope))
			text = without_master(IDENTIFIER_POINTER(DECL_NAME(scope)));
		/* Inside Fortran's main program everything would begin with MAIN__. */
		if (!text || !strcmp(text, "MAIN__") || !strcmp(text, "::"))
			break;
		prepend(&out, text);
	}
	if (char *module = module_of(fn)) {
		prepend(&out, module);
		free(module);
	}
	return out;
}

static void name_scopes(tree fn, const char *mangled)
{
	int style = 0;

	free(scoped);
	free(qualified);
	scoped = qualified = NULL;
	if (startswith(mangled, "_Z"))
		style = HOTPATH_DMGL_GNU_V3;
	else if (names.language == HOTPATH_LANG_D && startswith(mangled, "_D"))
		style = HOTPATH_DMGL_DLANG;
	if (style && cplus_demangle) {
		const int full = HOTPATH_DMGL_PARAMS | HOTPATH_DMGL_ANSI | HOTPATH_DMGL_RET_DROP;

		scoped = cplus_demangle(mangled, style);
		qualified = cplus_demangle(mangled, style | full);
		if (style == HOTPATH_DMGL_DLANG)
			drop_parameters(scoped);
	}
	/* Ada's printer gives the scopes itself: "package.procedure". */
	if (!scoped && names.language == HOTPATH_LANG_ADA) {
		scoped = xstrdup(lang_hooks.decl_printable_name(fn, 1));
		drop_unlocked(scoped);
	}
	if (!scoped)
		scoped = with_scopes(fn, plain);
	if (!qualified)
		qualified = xstrdup(scoped);
}

/* see_place: walk_gimple_seq callback; stops at the first statement that stands somewhere. */
static tree see_place(gimple_stmt_iterator *gsi, bool *handled, struct walk_stmt_info *wi)
{
	const location_t where = gimple_location(gsi_stmt(*gsi));

	*handled = where > BUILTINS_LOCATION;
	if (!*handled)
		return NULL_TREE;
	*(location_t *)wi->info = where;
	return integer_one_node;
}

/* body_place: where a function's first statement stands. */
static location_t body_place(tree fn)
{
	location_t where = DECL_SOURCE_LOCATION(fn);
	struct walk_stmt_info wi = {};

	wi.info = &where;
	walk_gimple_seq(gimple_body(fn), see_place, NULL, &wi);
	return where;
}

/*
 * names_place: where a function is defined.  The C front end leaves the place of a declaration in a function that a system
 * header declares first, and of a prototype in one defined without; the result is declared with the definition.  GNAT has no place
 * for what overrides a controlled type's Finalize.
 */
location_t names_place(tree fn)
{
	tree result = DECL_RESULT(fn);

	if (names_language() == HOTPATH_LANG_C && result &&
	    DECL_SOURCE_LOCATION(result) > BUILTINS_LOCATION)
		return DECL_SOURCE_LOCATION(result);
	if (names_language() == HOTPATH_LANG_ADA && DECL_SOURCE_LOCATION(fn) <= BUILTINS_LOCATION)
		return body_place(fn);
	return DECL_SOURCE_LOCATION(fn);
}

/* is_ada_library: the packages that a program cannot add to. */
static bool is_ada_library(const char *scoped)
{
	return startswith(scoped, "system.") || startswith(scoped, "ada.") ||
	       startswith(scoped, "interfaces.") || startswith(scoped, "gnat.");
}

static void name_place(tree fn)
{
	const location_t where = names_place(fn);
	expanded_location place = expand_location(where);

	names.subject.line = place.line > 0 ? place.line : 0;
	names.subject.file = place.file ? place.file : main_input_filename;
	names.subject.system = in_system_header_at(where);
	/* What gnatbind writes, and the library's inline functions, are no more the user's than a system header. */
	if (names.language == HOTPATH_LANG_ADA &&
	    (startswith(lbasename(names.subject.file), "b~") || is_ada_library(scoped)))
		names.subject.system = true;
	if (names.subject.file != relative_of) {
		free(relative);
		relative = project_relative(&plugin.project, names.subject.file);
		relative_of = names.subject.file;
	}
	names.subject.relative = relative;
}

/* without_space: "q::f" of "q::v1::f"; null when a name does not begin with those namespaces.  For free(). */
static char *without_space(const char *name)
{
	const size_t n = space ? strlen(space) : 0;

	if (!n || !name || !startswith(name, space) || !startswith(name + n, "::"))
		return NULL;
	return outer_space ? concat(outer_space, name + n, NULL) : xstrdup(name + n + 2);
}

/* name_outside: in an inline namespace a function is also what it is called from outside. */
static void name_outside(bool has_inline)
{
	free(outer_scoped);
	free(outer_qualified);
	outer_scoped = has_inline ? without_space(scoped) : NULL;
	outer_qualified = has_inline ? without_space(qualified) : NULL;
	names.subject.outer_space = has_inline ? outer_space ? outer_space : "" : NULL;
	names.subject.outer_scoped = outer_scoped;
	names.subject.outer_qualified = outer_qualified;
}

/*
 * name_surroundings: the classes and the namespaces around a function; functions around it, as of a
 * lambda or a member of a local class, are stepped over.
 */
static void name_surroundings(tree fn)
{
	bool has_inline = false;

	free(space);
	free(outer_space);
	free(classes);
	space = outer_space = classes = NULL;
	for (tree scope = DECL_CONTEXT(fn); scope && TREE_CODE(scope) != TRANSLATION_UNIT_DECL;
	     scope = TYPE_P(scope) ? TYPE_CONTEXT(scope) : DECL_CONTEXT(scope)) {
		const char *name;

		if (TREE_CODE(scope) != NAMESPACE_DECL && !RECORD_OR_UNION_TYPE_P(scope))
			continue;
		/* C++ has the global namespace around everything. */
		if (TREE_CODE(scope) == NAMESPACE_DECL && DECL_NAME(scope) &&
		    id_equal(DECL_NAME(scope), "::"))
			break;
		name = scope_name(scope);
		if (name)
			prepend(TYPE_P(scope) ? &classes : &space, name);
		if (TREE_CODE(scope) != NAMESPACE_DECL)
			continue;
		if (names.language == HOTPATH_LANG_CXX && NAMESPACE_IS_INLINE(scope))
			has_inline = true;
		else if (name)
			prepend(&outer_space, name);
	}
	if (!space)
		space = module_of(fn);
	names.subject.space = space;
	names.subject.classes = classes;
	name_outside(has_inline);
}

const struct names *names_of(tree fn)
{
	const char *mangled = IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(fn));

	if (*mangled == '*')
		mangled++;
	names.language = names_language();
	free(plain);
	plain = plain_name(fn);
	names.subject.plain = plain;
	names.subject.mangled = mangled;
	name_scopes(fn, mangled);
	names.subject.scoped = scoped;
	names.subject.qualified = qualified;
	name_place(fn);
	name_surroundings(fn);
	names.subject.language = names.language;
	names.subject.section = DECL_SECTION_NAME(fn);
	names.subject.local = !TREE_PUBLIC(fn);
	names.subject.inlined = DECL_DECLARED_INLINE_P(fn);
	return &names;
}
