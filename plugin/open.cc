/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The late pass: markers become the test of a hook pointer and the call through it.
 *
 *   Before                              After, just before RTL is made
 *
 *   hotpath_enter(&slots[i], 0 ...);    p = unit.enter;
 *                                       if (p != 0)
 *                                               p(&slots[i]);
 *
 * A marker is one statement: no optimisation sees a branch, a block or a load more than with
 * -finstrument-functions, coverage counts no branch of ours, and the sanitizers leave the load
 * alone.  With the tests written out from the start every function had four blocks more in each of
 * the tree passes: 1.28 times the compile time of -finstrument-functions on functions of one line,
 * where it is 1.1 to 1.2 now; the rest is RTL's.
 *
 * Markers are `leaf`, since no hook calls the unit back or jumps into it: they end no block, also
 * in functions that call setjmp, so that a block can be cut anywhere around them.
 *
 * On x86-64 markers are only made slim here, and opened still later: see open_late.cc.
 *
 * Not for LTO: there the bodies go through the link's compiler, which may run without this plugin.
 */
#include "plugin.h"

bool open_wanted(void)
{
	return !flag_lto && !flag_generate_lto;
}

/* join_memory: behind the test memory is as the hook left it, or as it was. */
static void join_memory(gcall *call, tree before, tree after, basic_block from)
{
	basic_block then = gimple_bb(call);
	gphi *phi = create_phi_node(after, single_succ(then));

	add_phi_arg(phi, gimple_vdef(call), single_succ_edge(then), UNKNOWN_LOCATION);
	add_phi_arg(phi, before, find_edge(from, single_succ(then)), UNKNOWN_LOCATION);
}

/* open_marker: what follows the marker in its block moves to a new one. */
static void open_marker(gcall *marker, enum emit_hook hook)
{
	const location_t where = gimple_location(marker);
	basic_block from = gimple_bb(marker);
	gimple_stmt_iterator gsi = gsi_for_stmt(marker);
	tree before = gimple_vuse(marker), after = gimple_vdef(marker);
	tree ref = emit_hook_ref(hook);
	tree pointer = make_ssa_name(TYPE_MAIN_VARIANT(TREE_TYPE(ref)));
	gimple *load = gimple_build_assign(pointer, ref);
	gimple *test = gimple_build_cond(NE_EXPR, pointer, build_zero_cst(TREE_TYPE(pointer)),
					 NULL_TREE, NULL_TREE);
	gcall *call = emit_hook_args(hook) == 1
			      ? gimple_build_call(pointer, 1, gimple_call_arg(marker, 0))
			      : gimple_build_call(pointer, 2, gimple_call_arg(marker, 0),
						  gimple_call_arg(marker, 1));

	gimple_set_location(load, where);
	gimple_set_location(test, where);
	gimple_set_location(call, where);
	gimple_set_block(call, gimple_block(marker));
	gimple_call_set_nothrow(call, true);

	/* Before a statement is looked at: a new use of memory would ask for SSA to
   * be made anew. */
	gimple_set_vuse(load, before);
	gimple_set_vuse(call, before);
	if (after)
		gimple_set_vdef(call, make_ssa_name(gimple_vop(cfun), call));

	gsi_insert_before(&gsi, load, GSI_SAME_STMT);
	gsi_remove(&gsi, true);
	basic_block then = insert_cond_bb(from, load, test, profile_probability::likely());
	gsi = gsi_start_bb(then);
	gsi_insert_after(&gsi, call, GSI_NEW_STMT);
	if (after)
		join_memory(call, before, after, from);
}

/* site_of: the number of the site whose slot a marker's argument is the address of; or -1. */
static HOST_WIDE_INT site_of(gcall *marker)
{
	tree argument = gimple_call_arg(marker, 0);
	poly_int64 offset;
	HOST_WIDE_INT bytes;

	if (TREE_CODE(argument) != ADDR_EXPR)
		return -1;
	tree base = get_addr_base_and_unit_offset(TREE_OPERAND(argument, 0), &offset);
	return base == emit_slots() && offset.is_constant(&bytes) ? bytes / 4 : -1;
}

/*
 * slim_marker: hotpath_enter(&slots[i], 0 ...) becomes hotpath_enter(i) for open_late.cc; no tail call, since it
 * is to be two ways.
 */
static void slim_marker(gcall *marker, HOST_WIDE_INT site)
{
	gimple_stmt_iterator gsi = gsi_for_stmt(marker);
	gcall *slim = gimple_build_call(gimple_call_fndecl(marker), 1,
					build_int_cst(uint32_type_node, site));

	gimple_call_set_fntype(slim, emit_outer_type(build_function_type_list(
					     void_type_node, uint32_type_node, NULL_TREE)));
	gimple_set_location(slim, gimple_location(marker));
	gimple_set_block(slim, gimple_block(marker));
	gimple_call_set_nothrow(slim, true);
	gimple_move_vops(slim, marker);
	gsi_replace(&gsi, slim, false);
}

/* with_hooks: the last function with markers; functions go through all later passes one after the other. */
static int with_hooks = -1;

bool open_has_hooks(function *fun)
{
	return fun->funcdef_no == with_hooks;
}

static void open_function(function *fun)
{
	const bool late = open_late_wanted();
	bool cut = false;
	auto_vec<gcall *, 16> markers;
	basic_block bb;

	FOR_EACH_BB_FN(bb, fun)
	{
		for (gimple_stmt_iterator gsi = gsi_start_bb(bb); !gsi_end_p(gsi); gsi_next(&gsi))
			if (is_gimple_call(gsi_stmt(gsi)) &&
			    emit_marked(gimple_call_fndecl(gsi_stmt(gsi))) >= 0)
				markers.safe_push(as_a<gcall *>(gsi_stmt(gsi)));
	}
	for (unsigned i = 0; i < markers.length(); i++) {
		const enum emit_hook hook =
			(enum emit_hook)emit_marked(gimple_call_fndecl(markers[i]));
		const HOST_WIDE_INT site =
			late && emit_hook_args(hook) == 1 ? site_of(markers[i]) : -1;

		if (site >= 0) {
			slim_marker(markers[i], site);
			continue;
		}
		open_marker(markers[i], hook);
		cut = true;
	}
	if (markers.length())
		with_hooks = fun->funcdef_no;
	if (cut)
		free_dominance_info(CDI_POST_DOMINATORS);
}

namespace
{

const pass_data open_pass_data = {
	GIMPLE_PASS, "hotpath_open", OPTGROUP_NONE, TV_PLUGIN_RUN, PROP_cfg | PROP_ssa, 0, 0, 0, 0,
};

class open_pass : public gimple_opt_pass
{
      public:
	open_pass(gcc::context *context) : gimple_opt_pass(open_pass_data, context)
	{
	}

	bool gate(function *) final override
	{
		return emit_has_unit();
	}

	unsigned int execute(function *fun) final override
	{
		open_function(fun);
		return 0;
	}
};

} // namespace

gimple_opt_pass *open_make_pass(gcc::context *context)
{
	return new open_pass(context);
}
