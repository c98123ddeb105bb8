/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls to functions that are not compiled here, measured where they stand.
 *
 * Source before                    Source after, and who makes each line
 *
 *   n = fread(b, 1, m, f);           hotpath_enter(&slots[i]);            wrap_call()
 *                                    try {                                 only when the call may throw
 *                                            n = fread(b, 1, m, f);
 *                                    } finally {
 *                                            hotpath_exit(&slots[i]);
 *                                    }
 *
 * The statement of the call is the one that was there: arguments, result, its place for a result in memory, and
 * what it does to exceptions are untouched.  Arguments were evaluated before it, by GIMPLE's own order, and are no part
 * of the interval.  It is no tail call any more; calls that must be one are left alone.
 *
 * "Not compiled here" means: the unit has no body of the function, or one only to be inlined, whose real one is
 * elsewhere (GNU's extern inline, as in glibc's fortified headers).  Indirect and virtual calls name no function.
 *
 * A rule's conditions are about the caller; its `calls` about the callee.  A callee has one site in a unit for each
 * rule that chose it, with the place of the first call.
 */
#define INCLUDE_MAP
#define INCLUDE_STRING
#include "plugin.h"

/*
 * struct callee: what is known of a function that calls go to.
 *
 * subject  its names, in strings of its own
 * wanted   the `calls` of some rule fits it
 * sites    by the rule that chose the calls
 * told     rules that its obstacle was told of
 */
struct callee {
	struct rules_subject subject;
	bool wanted;
	std::map<const struct rule *, unsigned> sites;
	std::map<const struct rule *, bool> told;
};

static std::map<std::string, struct callee *> callees;

/* struct walk: the function whose calls are looked at; `caller` is filled in for the first that a rule may choose. */
struct walk {
	tree fn;
	struct rules_subject caller;
	bool known;
};

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

/* own_strings: names_of() keeps a subject's strings only until it is asked again. */
static void own_strings(struct rules_subject *s)
{
	s->plain = copy(s->plain);
	s->scoped = copy(s->scoped);
	s->qualified = copy(s->qualified);
	s->mangled = copy(s->mangled);
	s->relative = copy(s->relative);
	s->space = copy(s->space);
	s->outer_space = copy(s->outer_space);
	s->outer_scoped = copy(s->outer_scoped);
	s->outer_qualified = copy(s->outer_qualified);
	s->classes = copy(s->classes);
}

static void release_strings(const struct rules_subject *s)
{
	const char *const texts[] = {s->plain,		 s->scoped, s->qualified,   s->mangled,
				     s->relative,	 s->space,  s->outer_space, s->outer_scoped,
				     s->outer_qualified, s->classes};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(const_cast<char *>(texts[i]));
}

static const struct rules_subject *caller_of(struct walk *walk)
{
	if (!walk->known) {
		walk->caller = names_of(walk->fn)->subject;
		own_strings(&walk->caller);
		if (rules_needs_shape(plugin.rules))
			shape_measure(gimple_body(walk->fn), &walk->caller);
		walk->known = true;
	}
	return &walk->caller;
}

/* named_by: the clone that names a constructor or destructor: that of whole objects, of which there is one row. */
static tree named_by(tree fn, tree origin)
{
	for (tree clone = DECL_CHAIN(origin); clone && DECL_ABSTRACT_ORIGIN(clone) == origin;
	     clone = DECL_CHAIN(clone))
		if (DECL_NAME(clone) && (id_equal(DECL_NAME(clone), "__ct_comp ") ||
					 id_equal(DECL_NAME(clone), "__dt_comp ")))
			return clone;
	return fn;
}

/* callee_of: by its name in the object file, as it may have several declarations; clones of one function are one. */
static struct callee *callee_of(tree fn)
{
	tree origin = DECL_ABSTRACT_ORIGIN(fn);

	if (origin && origin != fn && TREE_CODE(origin) == FUNCTION_DECL)
		fn = named_by(fn, origin);
	struct callee *&known = callees[IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(fn))];

	if (!known) {
		known = new struct callee;
		known->subject = names_of(fn)->subject;
		own_strings(&known->subject);
		known->wanted = rules_may_call(plugin.rules, &known->subject);
	}
	return known;
}

/* is_compiled_here: the unit emits, or will emit, a body of the function. */
static bool is_compiled_here(tree fn)
{
	cgraph_node *node = cgraph_node::get(fn);

	return node && node->definition && !DECL_EXTERNAL(fn);
}

/* candidate: the function that a call names, when it is one that a rule may ask for; or null. */
static tree candidate(gimple *stmt)
{
	tree fn;

	if (!is_gimple_call(stmt) || gimple_call_internal_p(stmt))
		return NULL_TREE;
	fn = gimple_call_fndecl(stmt);
	if (!fn || !DECL_NAME(fn) || gimple_call_chain(as_a<gcall *>(stmt)) ||
	    is_compiled_here(fn) || attributes_skip(fn))
		return NULL_TREE;
	/* Our own, and what hotpath.h calls. */
	return startswith(IDENTIFIER_POINTER(DECL_NAME(fn)), "hotpath_") ? NULL_TREE : fn;
}

/* belongs_to_compiler: written by no one, or expanded where it stands. */
static bool belongs_to_compiler(tree fn)
{
	static const char *const prefixes[] = {"__builtin_", "__sync_",	 "__atomic_",
					       "__cxa_",     "_Unwind_", "__gxx_",
					       "__gcov_",    "__cyg_",	 "_ZGI"};
	const char *name = IDENTIFIER_POINTER(DECL_NAME(fn));

	if (fndecl_built_in_p(fn) && !fndecl_built_in_p(fn, BUILT_IN_NORMAL))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (startswith(name, prefixes[i]))
			return true;
	return false;
}

/*
 * is_unasked: a call that belongs to the compiler, chosen by a rule that would choose calls to anything.  Nobody wrote it; but for
 * alloca(), which is a macro.
 */
static bool is_unasked(gcall *call, tree fn, const struct rule *rule,
		       const struct rules_subject *caller)
{
	struct rules_subject anything = {};

	if (!belongs_to_compiler(fn) || gimple_call_builtin_p(call, BUILT_IN_ALLOCA))
		return false;
	anything.plain = anything.mangled = "\x7f";
	return rules_match_call(plugin.rules, caller, &anything) == rule;
}

/* call_obstacle: why a call cannot be measured, or null. */
static const char *call_obstacle(gcall *call, tree fn)
{
	const int flags = gimple_call_flags(call);

	if (flags & ECF_NORETURN)
		return "it does not return";
	if (flags & ECF_RETURNS_TWICE)
		return "it returns twice";
	if (flags & ECF_MAY_BE_ALLOCA)
		return "it moves the stack of its caller";
	if (belongs_to_compiler(fn))
		return "it belongs to the compiler";
	if (flags & ECF_CONST)
		return "it is const, so that the compiler may move the call or drop it";
	if (gimple_call_must_tail_p(call))
		return "the call must be a tail call";
	if (gimple_call_va_arg_pack_p(call))
		return "the call passes on the arguments of its caller";
	return NULL;
}

/* subject_at: a callee as a site has it, with the place of a call. */
static struct rules_subject subject_at(gcall *call, const struct callee *callee)
{
	const expanded_location place = expand_location(gimple_location(call));
	struct rules_subject subject = callee->subject;

	subject.file = place.file ? place.file : main_input_filename;
	subject.line = place.line > 0 ? place.line : 0;
	return subject;
}

static void tell(gcall *call, tree fn, const struct rule *rule)
{
	char *text = choose_rule_text(rule);

	if (plugin.verbose)
		inform(gimple_location(call), "hotpath: calls to %qD are measured by %s", fn, text);
	free(text);
}

static void tell_obstacle(gcall *call, tree fn, const struct callee *callee,
			  const struct rule *rule, const char *obstacle)
{
	const struct rules_subject subject = subject_at(call, callee);
	char *text = choose_rule_text(rule);

	list_obstacle(&subject, HOTPATH_KIND_CALL, text, obstacle);
	if (plugin.verbose)
		inform(gimple_location(call),
		       "hotpath: calls to %qD are not measured, though chosen by %s: %s", fn, text,
		       obstacle);
	free(text);
}

/* add_site: for the first call that a rule chose. */
static unsigned add_site(gcall *call, struct callee *callee, const struct rule *rule)
{
	struct choice choice = {};
	struct rules_subject shown;
	struct names names = {};

	names.language = names_language();
	names.subject = subject_at(call, callee);
	shown = names.subject;
	shown.file = remap_macro_filename(shown.file);
	choice.kind = HOTPATH_KIND_CALL;
	choose_settings(&choice, rule, &shown);

	const unsigned site = emit_new_site(&names, &choice);
	choose_release(&choice);
	return site;
}

/* wrap_call: leaves the iterator at the last statement of what the call became. */
static void wrap_call(gimple_stmt_iterator *gsi, tree slot)
{
	gcall *call = as_a<gcall *>(gsi_stmt(*gsi));
	const location_t where = gimple_location(call);
	gimple_seq before = NULL, after = NULL, body = NULL;

	wrap_append_hook(&before, EMIT_ENTER, slot, NULL_TREE, where);
	wrap_append_hook(&after, EMIT_EXIT, slot, NULL_TREE, where);
	gsi_insert_seq_before(gsi, before, GSI_SAME_STMT);
	if (!flag_exceptions || gimple_call_nothrow_p(call) ||
	    (gimple_call_flags(call) & ECF_NOTHROW)) {
		gsi_insert_seq_after(gsi, after, GSI_CONTINUE_LINKING);
		return;
	}

	gtry *wrapped = gimple_build_try(NULL, after, GIMPLE_TRY_FINALLY);
	gsi_replace(gsi, wrapped, false);
	gimple_seq_add_stmt(&body, call);
	gimple_try_set_eval(wrapped, body);
}

/* consider: a walk_gimple_seq_mod callback. */
static tree consider(gimple_stmt_iterator *gsi, bool *handled, struct walk_stmt_info *wi)
{
	struct walk *walk = (struct walk *)wi->info;
	gimple *stmt = gsi_stmt(*gsi);
	tree fn = candidate(stmt);
	struct callee *callee;
	const struct rule *rule;
	const char *obstacle;

	/* What goes to another processor finds no hooks there. */
	*handled = gimple_code(stmt) == GIMPLE_OMP_TARGET;
	if (!fn || plugin.off)
		return NULL_TREE;

	gcall *call = as_a<gcall *>(stmt);
	callee = callee_of(fn);
	if (!callee->wanted)
		return NULL_TREE;
	rule = rules_match_call(plugin.rules, caller_of(walk), &callee->subject);
	if (rule && is_unasked(call, fn, rule, caller_of(walk)))
		return NULL_TREE;
	if (rule)
		list_rule(rule);
	if (!rule || !rule->measure)
		return NULL_TREE;
	obstacle = call_obstacle(call, fn);
	if (obstacle) {
		if (!callee->told[rule])
			tell_obstacle(call, fn, callee, rule, obstacle);
		callee->told[rule] = true;
		return NULL_TREE;
	}

	if (twin_begin())
		return NULL_TREE;
	auto known = callee->sites.find(rule);
	if (known == callee->sites.end()) {
		known = callee->sites.insert(std::make_pair(rule, add_site(call, callee, rule)))
				.first;
		tell(call, fn, rule);
	}
	wrap_call(gsi, emit_slot(known->second));
	/* Or the walk would go into the new statement, and find the call again. */
	*handled = true;
	return NULL_TREE;
}

void calls_wrap(tree fn)
{
	gimple_seq body = gimple_body(fn);
	struct walk_stmt_info wi = {};
	struct walk walk = {fn, {}, false};

	if (plugin.off || emit_finished() || !rules_has_calls(plugin.rules) || !body ||
	    attributes_skip(fn) ||
	    lookup_attribute("no_instrument_function", DECL_ATTRIBUTES(fn)) ||
	    choose_frame_obstacle(fn))
		return;
	wi.info = &walk;
	walk_gimple_seq_mod(&body, consider, NULL, &wi);
	gimple_set_body(fn, body);
	if (walk.known)
		release_strings(&walk.caller);
}
