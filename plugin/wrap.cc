/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pass: hooks around the body of a measured function.
 *
 * Source before                    Source after, and who makes each line
 *
 *   int f(int a)                     int f(int a)
 *   {                                {
 *                                      if (unit.enter)                  wrap_append_hook()
 *                                              unit.enter(&slots[i]);
 *                                      try {                            wrap_body()
 *           int r = g(a);                      int r = g(a);
 *           return r;                          return r;
 *                                      } finally {
 *                                              if (unit.exit)           wrap_append_hook()
 *                                                      unit.exit(&slots[i]);
 *                                      }
 *   }                                }
 *
 *   r = setjmp(env);                 r = setjmp(env);
 *                                    if (unit.landed)                   blocks.cc
 *                                            unit.landed(&slots[i]);
 *
 * Where: directly after *warn_unused_result, on high GIMPLE.  All warnings of the front end have
 * been given, returns are still statements and lowering copies the cleanup to every way out,
 * exceptions included.  Everything is inside the outermost GIMPLE_BIND: a new bind that shares its
 * BLOCK breaks the actors of coroutines.
 *
 * In the middle of all that a hook is a marker, one call, which open.cc replaces by the lines above
 * when the optimisers are done; with -flto they are written out from the start.
 *
 * The loads are volatile.  Otherwise one load could serve entry and exit, and a unit that is
 * registered between the two would get an exit without entry; or a load could be moved out of a
 * loop into which the function was inlined.  It costs nothing: each load is made once anyway.
 *
 * The calls are marked as not throwing: a hook is C code of the runtime.  Nothing else is said of
 * them, so stores to memory stay on their side of a hook, and the time of the body is the
 * time of the body.
 *
 * The exit hook of a function that returns nothing may become a tail call.  That is right: hooks
 * are passed the address of a static object, nothing of the frame.
 */
#include "plugin.h"

/* append_test: if (unit.HOOK) unit.HOOK(args...); */
static void append_test(gimple_seq *seq, enum emit_hook hook, const vec<tree> &args,
			location_t where)
{
	tree ref = emit_hook_ref(hook);
	/* A temporary with a context and a place among the local declarations, or LTO fails. */
	tree pointer = create_tmp_var(TYPE_MAIN_VARIANT(TREE_TYPE(ref)), "hotpath");
	tree yes = create_artificial_label(where);
	tree no = create_artificial_label(where);
	gimple *load = gimple_build_assign(pointer, ref);
	gimple *test =
		gimple_build_cond(NE_EXPR, pointer, build_zero_cst(TREE_TYPE(pointer)), yes, no);
	gcall *call = gimple_build_call_vec(pointer, args);

	gimple_call_set_nothrow(call, true);
	gimple_set_location(load, where);
	gimple_set_location(test, where);
	gimple_set_location(call, where);

	gimple_seq_add_stmt(seq, load);
	gimple_seq_add_stmt(seq, test);
	gimple_seq_add_stmt(seq, gimple_build_label(yes));
	gimple_seq_add_stmt(seq, gimple_build_predict(PRED_HOT_LABEL, TAKEN));
	gimple_seq_add_stmt(seq, call);
	gimple_seq_add_stmt(seq, gimple_build_label(no));
}

/*
 * MARKER_WEIGHT: arguments that a marker has beside the slot, so that the inliner takes it for what
 * it becomes: a load, a test and an indirect call.  As one small call it made GCC inline small
 * measured functions everywhere: sqlite3 grew by 126 bytes a function at -O2.  Seconds to compile it
 * for 0, 4, 5, 6 and 8 of them: 19.8, 16.3, 15.5, 14.8, 14.9; with the tests written out 15.7.
 */
static const unsigned MARKER_WEIGHT = 5;

void wrap_append_hook(gimple_seq *seq, enum emit_hook hook, tree slot, tree key, location_t where)
{
	auto_vec<tree, MARKER_WEIGHT + 2> args;

	args.quick_push(slot ? unshare_expr(slot)
			     : build_zero_cst(build_pointer_type(uint32_type_node)));
	if (key)
		args.quick_push(unshare_expr(key));
	if (!open_wanted()) {
		append_test(seq, hook, args, where);
		return;
	}
	for (unsigned i = 0; i < MARKER_WEIGHT; i++)
		args.quick_push(integer_zero_node);

	gcall *call = gimple_build_call_vec(emit_marker(hook), args);
	gimple_set_location(call, where);
	gimple_seq_add_stmt(seq, call);
}

static void wrap_body(tree fn, tree slot)
{
	gbind *bind = as_a<gbind *>(gimple_seq_first_stmt(gimple_body(fn)));
	const location_t begin = names_place(fn);
	/* gcov would count the closing brace as a line. */
	const location_t end = flag_test_coverage ? UNKNOWN_LOCATION : cfun->function_end_locus;
	gimple_seq seq = NULL, cleanup = NULL;

	wrap_append_hook(&seq, EMIT_ENTER, slot, NULL_TREE, begin);
	wrap_append_hook(&cleanup, EMIT_EXIT, slot, NULL_TREE, end);
	gimple_seq_add_stmt(&seq,
			    gimple_build_try(gimple_bind_body(bind), cleanup, GIMPLE_TRY_FINALLY));
	gimple_bind_set_body(bind, seq);
}

/*
 * vfork's child returns into a frame that the parent still has, nothing was jumped over. getcontext
 * serves makecontext, and its second return is on whatever stack the program switched to.
 */
bool wrap_lands(gimple *stmt)
{
	if (gimple_code(stmt) == GIMPLE_LABEL)
		return DECL_NONLOCAL(gimple_label_label(as_a<glabel *>(stmt)));
	if (!is_gimple_call(stmt) || !(gimple_call_flags(stmt) & ECF_RETURNS_TWICE))
		return false;

	tree callee = gimple_call_fndecl(stmt);
	if (!callee || !DECL_NAME(callee))
		return true;

	const char *name = IDENTIFIER_POINTER(DECL_NAME(callee));
	if (startswith(name, "__builtin_"))
		name += strlen("__builtin_");
	while (*name == '_')
		name++;
	return strcmp(name, "vfork") != 0 && strcmp(name, "getcontext") != 0;
}

/* lands_wanted: in any function of a unit that may have measured ones, itself measured or not. */
static bool lands_wanted(tree fn)
{
	/* -fgnu-tm refuses calls of unknown functions inside transactions. */
	return !plugin.off && !flag_tm && (!DECL_ARTIFICIAL(fn) || cfun->calls_setjmp) &&
	       (attributes_any() || rules_count(plugin.rules));
}

/*
 * keep_calls: GCC drops calls of operator new and delete whose result is not needed.  With a body that it can inline it
 * does not get to that; a measured body is larger, and calls that the source makes would be lost.
 */
static void keep_calls(tree fn)
{
	DECL_SET_IS_OPERATOR_NEW(fn, false);
	DECL_SET_IS_OPERATOR_DELETE(fn, false);
}

static void tell(tree fn, const struct choice *choice, const char *obstacle)
{
	if (obstacle)
		list_obstacle(&names_of(fn)->subject, choice->kind, choice->rule, obstacle);
	if (!plugin.verbose)
		return;
	if (obstacle)
		inform(names_place(fn), "hotpath: %qD is not measured, though chosen by %s: %s", fn,
		       choice->rule, obstacle);
	else if (choice->label)
		inform(names_place(fn), "hotpath: %qD is measured by %s, as %qs", fn, choice->rule,
		       choice->label);
	else
		inform(names_place(fn), "hotpath: %qD is measured by %s", fn, choice->rule);
}

static void process(tree fn)
{
	if (coroutines_is_component(fn)) {
		calls_wrap(fn);
		blocks_open(fn, coroutines_open_actor(fn), lands_wanted(fn));
		return;
	}

	struct choice choice = choose_function(fn);
	const char *obstacle = choice.measure ? choose_obstacle(fn) : NULL;
	tree slot = NULL_TREE;

	if (choice.measure && !obstacle)
		choice.measure = !twin_begin();
	/* While all that is in the body is the source's own. */
	if (choice.measure && !obstacle)
		choice.body = body_hash(fn);
	calls_wrap(fn);
	coroutines_open_ramp(fn, &choice);
	if (choice.measure) {
		if (!obstacle) {
			slot = emit_site(fn, names_of(fn), &choice);
			wrap_body(fn, slot);
			keep_calls(fn);
		}
		tell(fn, &choice, obstacle);
	}
	blocks_open(fn, slot, lands_wanted(fn));
	choose_release(&choice);
}

namespace
{

const pass_data wrap_pass_data = {
	GIMPLE_PASS, "hotpath", OPTGROUP_NONE, TV_PLUGIN_RUN, PROP_gimple_any, 0, 0, 0, 0,
};

class wrap_pass : public gimple_opt_pass
{
      public:
	wrap_pass(gcc::context *context) : gimple_opt_pass(wrap_pass_data, context)
	{
	}

	unsigned int execute(function *fun) final override
	{
		process(fun->decl);
		return 0;
	}
};

} // namespace

gimple_opt_pass *wrap_make_pass(gcc::context *context)
{
	return new wrap_pass(context);
}
