/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which functions are measured, and which cannot be.
 *
 * Who decides, the first of these that says anything:
 *
 *   1. functions that are not in the source (implicit members, thunks, the constructors that
 *      the compiler makes): never
 *   2. hotpath_skip, hotpath_measure
 *   3. no_instrument_function: not by what follows
 *   4. hotpath_measure_all of a class around it, #pragma hotpath measure_all on
 *   5. the last rule of hotpath.yaml that matches
 *
 * A block of hotpath.h is measured unless the last rule that matches it says otherwise.
 *
 * A chosen function that an obstacle stands against stays as it is, with a note in verbose mode:
 * a wrapped ifunc resolver crashes the program at load, a wrapped naked function has no frame.
 */
#include "plugin.h"

/* Attributes whose functions have no ordinary frame to call a hook from. */
static const char *const frameless[] = {
	"naked", "interrupt", "interrupt_handler", "signal", "isr", "no_caller_saved_registers",
};

/*
 * is_lambda: the front end marks a lambda's operator() as artificial although its body is in the
 * source.  No implicit member has that name.
 */
static bool is_lambda(tree fn)
{
	return DECL_NAME(fn) && startswith(lang_hooks.decl_printable_name(fn, 0), "operator()");
}

/*
 * is_ada_source: GNAT marks as artificial what it makes itself, but also instances of generics, bodies of tasks and protected
 * operations, which somebody wrote.  What it makes has a capital letter in the last part of its name (rec__IP, finalizeDA) or
 * begins that with _ (___finalizer).
 */
static bool is_ada_source(tree fn)
{
	if (names_language() != HOTPATH_LANG_ADA || !DECL_NAME(fn))
		return false;

	const char *name = IDENTIFIER_POINTER(DECL_NAME(fn)), *last = name;
	size_t n;

	for (const char *p = name; (p = strstr(p, "__")); p += 2)
		last = p + 2;
	n = strspn(last, "abcdefghijklmnopqrstuvwxyz0123456789_");
	return n && *last != '_' &&
	       (!last[n] || !strcmp(last + n, "TKB") || !strcmp(last + n, "N"));
}

static bool is_named(tree fn, const char *name)
{
	return DECL_NAME(fn) && id_equal(DECL_NAME(fn), name);
}

/* is_ada_finalizer: of a package's variables.  It has a name that one could write, but stands nowhere. */
static bool is_ada_finalizer(tree fn)
{
	if (names_language() != HOTPATH_LANG_ADA || DECL_SOURCE_LOCATION(fn) > BUILTINS_LOCATION ||
	    !DECL_NAME(fn))
		return false;

	const char *name = IDENTIFIER_POINTER(DECL_NAME(fn));
	const size_t n = strlen(name), end = strlen("__finalize_body");

	return n > end && (!strcmp(name + n - end, "__finalize_body") ||
			   !strcmp(name + n - end, "__finalize_spec"));
}

/* is_fortran_master: what gfortran makes of a procedure with ENTRY; each of its entries, which call it, is a function. */
static bool is_fortran_master(tree fn)
{
	return names_language() == HOTPATH_LANG_FORTRAN && DECL_NAME(fn) &&
	       startswith(IDENTIFIER_POINTER(DECL_NAME(fn)), "master.");
}

/* is_fortran_main: the C main() that gfortran adds to a program, whose body is MAIN__. */
static bool is_fortran_main(tree fn)
{
	return names_language() == HOTPATH_LANG_FORTRAN && is_named(fn, "main") &&
	       id_equal(DECL_ASSEMBLER_NAME(fn), "main");
}

/*
 * is_second_body: a C++ constructor or destructor whose real body is another function.
 *
 * A deleting destructor calls the complete one.  With -fdeclone-ctor-dtor (part of -Os) both clones
 * of a constructor only call the unified function they came from; the front end then takes their
 * abstract origin away, which every other clone has.
 */
static bool is_second_body(tree fn)
{
	if (is_named(fn, "__dt_del "))
		return true;
	if (!is_named(fn, "__ct_comp ") && !is_named(fn, "__ct_base ") &&
	    !is_named(fn, "__dt_comp ") && !is_named(fn, "__dt_base "))
		return false;

	return !DECL_ABSTRACT_ORIGIN(fn);
}

char *choose_rule_text(const struct rule *rule)
{
	const char *base = rule->file ? lbasename(rule->file) : "hotpath.yaml";

	return rule->name ? xasprintf("%s:%u (%s)", base, rule->line, rule->name)
			  : xasprintf("%s:%u", base, rule->line);
}

/* match: the last rule about functions and blocks that says something of this one, which has this body. */
static const struct rule *match(struct rules_subject *subject, gimple_seq body)
{
	if (!rules_count(plugin.rules))
		return NULL;
	if (rules_needs_shape(plugin.rules))
		shape_measure(body, subject);
	const struct rule *rule = rules_match(plugin.rules, subject);
	if (rule)
		list_rule(rule);
	/* Rules see the path as the compiler does; what goes into the object is mapped. */
	subject->file = remap_macro_filename(subject->file);
	return rule;
}

void choose_settings(struct choice *choice, const struct rule *rule,
		     const struct rules_subject *subject)
{
	if (!choice->rule) {
		choice->label = rules_label(rule, subject);
		choice->rule = choose_rule_text(rule);
	}
	choice->group = rules_group(rule, subject);
	choice->sample = rule->sample;
}

struct choice choose_block(struct rules_subject *subject, gimple_seq body, const char *macro)
{
	struct choice choice = {};
	const struct rule *rule = match(subject, body);

	choice.measure = !rule || rule->measure;
	if (rule && rule->measure)
		choose_settings(&choice, rule, subject);
	else
		choice.rule = rule ? choose_rule_text(rule) : xstrdup(macro);
	return choice;
}

struct choice choose_function(tree fn)
{
	struct choice choice = {};
	struct rules_subject subject;
	const struct rule *rule;
	const char *label = NULL;

	if (plugin.off || (DECL_ARTIFICIAL(fn) && !is_lambda(fn) && !is_ada_source(fn)) ||
	    is_second_body(fn) || is_fortran_main(fn) || is_fortran_master(fn) ||
	    is_ada_finalizer(fn) || attributes_skip(fn))
		return choice;
	if (attributes_measure(fn, &label)) {
		choice.label = label ? xstrdup(label) : NULL;
		choice.rule = xstrdup("attribute");
	} else if (lookup_attribute("no_instrument_function", DECL_ATTRIBUTES(fn))) {
		/* The flag on the declaration is set on ordinary C functions too. */
		return choice;
	} else if (attributes_measure_all(fn) || pragmas_measure(fn)) {
		choice.rule = xstrdup(pragmas_measure(fn) ? "pragma" : "attribute");
	}

	/* Group and sampling come from the rule also where an attribute chose the function. */
	if (rules_count(plugin.rules))
		subject = names_of(fn)->subject;
	rule = match(&subject, gimple_body(fn));
	if (rule && rule->measure)
		choose_settings(&choice, rule, &subject);
	choice.measure = choice.rule != NULL;
	return choice;
}

void choose_release(struct choice *choice)
{
	free(choice->label);
	free(choice->rule);
	free(choice->group);
}

/* is_resolver: some function of the unit names this one in its ifunc attribute. */
static bool is_resolver(tree fn)
{
	static hash_set<nofree_string_hash> *resolvers;

	if (!resolvers) {
		cgraph_node *node;

		resolvers = new hash_set<nofree_string_hash>;
		FOR_EACH_FUNCTION(node)
		{
			tree ifunc = lookup_attribute("ifunc", DECL_ATTRIBUTES(node->decl));

			if (ifunc && TREE_VALUE(ifunc))
				resolvers->add(xstrdup(
					TREE_STRING_POINTER(TREE_VALUE(TREE_VALUE(ifunc)))));
		}
	}
	return resolvers->contains(
		targetm.strip_name_encoding(IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(fn))));
}

/* statement_obstacle: walk_gimple_seq callback; the reason goes to wi->info. */
static tree statement_obstacle(gimple_stmt_iterator *gsi, bool *handled, struct walk_stmt_info *wi)
{
	gimple *stmt = gsi_stmt(*gsi);
	const char **reason = (const char **)wi->info;

	if (!is_gimple_call(stmt))
		return NULL_TREE;
	if (gimple_call_must_tail_p(as_a<gcall *>(stmt)))
		*reason = "it has a call that must be a tail call";
	else if (gimple_call_builtin_p(stmt, BUILT_IN_APPLY_ARGS))
		*reason = "it uses __builtin_apply_args";
	else if (gimple_call_builtin_p(stmt, BUILT_IN_RETURN))
		*reason = "it uses __builtin_return";
	else if (gimple_call_builtin_p(stmt, BUILT_IN_EH_RETURN) ||
		 gimple_call_builtin_p(stmt, BUILT_IN_UNWIND_INIT))
		*reason = "it unwinds the stack by itself";
	/* The walk may only be ended by a callback that says it saw to the operands too. */
	*handled = *reason != NULL;
	return *reason ? integer_zero_node : NULL_TREE;
}

const char *choose_frame_obstacle(tree fn)
{
	for (size_t i = 0; i < ARRAY_SIZE(frameless); i++)
		if (lookup_attribute(frameless[i], DECL_ATTRIBUTES(fn)) ||
		    lookup_attribute(frameless[i], TYPE_ATTRIBUTES(TREE_TYPE(fn))))
			return "it has no ordinary frame";
	if (is_resolver(fn))
		return "it is an ifunc resolver, which runs before the program is relocated";
	if (flag_tm)
		return "the unit is compiled with -fgnu-tm";

	cgraph_node *node = cgraph_node::get(fn);
	return node && node->thunk ? "it is a thunk" : NULL;
}

const char *choose_obstacle(tree fn)
{
	const char *reason = choose_frame_obstacle(fn);

	if (reason)
		return reason;
	if (flags_from_decl_or_type(fn) & ECF_RETURNS_TWICE)
		return "it returns twice";

	gimple_seq body = gimple_body(fn);
	if (!body || gimple_code(gimple_seq_first_stmt(body)) != GIMPLE_BIND ||
	    gimple_seq_first_stmt(body) != gimple_seq_last_stmt(body))
		return "its body has an unknown shape";

	struct walk_stmt_info wi = {};
	wi.info = &reason;
	walk_gimple_seq(body, statement_obstacle, NULL, &wi);
	return reason;
}
