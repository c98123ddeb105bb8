/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks and scopes of hotpath.h: marks in a body become hooks around a part of it.
 *
 * HOTPATH_BLOCK("a") { B }, as the gimplifier leaves it      After, and who makes each line
 *
 *   hotpath_block_("a");                                       enter(&slots[i]);          put_hooks()
 *   if (0 != 0) goto T; else goto F;                           try {                      make_try()
 *   T: goto K;                                                         B
 *   F: B                                                       } finally {
 *   K:                                                                 exit(&slots[i]);   put_hooks()
 *                                                              }
 *
 * HOTPATH_SCOPE("b"); B
 *
 *   hotpath_scope_("b");                                       enter(&slots[j]);          put_hooks()
 *   x = 0;                                                     x = 0;
 *   try { B } finally { hotpath_scope_end_(&x); }              try { B } finally { exit(&slots[j]); }   likewise
 *
 * The front ends see an `if` and a variable with a cleanup, so break, continue, goto and return mean what they mean
 * without the macro, also in what is evaluated at compile time; from here on the lowering copies
 * the exit to every way out, exceptions included.
 *
 * A jump into the middle would pass the entry by: such a block is not measured, with a warning.
 *
 * A block of a coroutine in which it can be suspended is no frame, as its caller may be another one
 * afterwards: it is a life, whose key is the frame of the coroutine.
 *
 * In three walks over the body: blocks_find() moves the statements, judge() looks at the jumps, and
 * blocks_apply() puts the hooks in, by then each block's extent is known.
 */
#define INCLUDE_STRING
#include "plugin.h"

namespace
{

/*
 * struct block
 *
 * mark      the call that stands where it begins
 * body      what it holds; null for a scope whose end was not found, or when nothing is left of it
 * inside    index of the block around it, or -1
 * entered   something jumps into it
 * rests     the coroutine it is in can be suspended in it
 */
struct block {
	gcall *mark;
	bool scope;
	gtry *body;
	int inside;
	bool entered;
	bool rests;
	tree slot;
};

struct jump {
	tree to; /* null: computed */
	int from;
};

} // namespace

static const char block_name[] = "hotpath_block_";
static const char scope_name[] = "hotpath_scope_";
static const char scope_end_name[] = "hotpath_scope_end_";

/* Of the function at hand. */
static auto_vec<struct block> blocks;
static auto_vec<struct jump> jumps;
static hash_map<tree, int> *label_places;
static hash_map<gimple *, int> *block_of; /* by mark and by body */

static bool calls(gimple *stmt, const char *name)
{
	tree callee = is_gimple_call(stmt) ? gimple_call_fndecl(stmt) : NULL_TREE;

	return callee && DECL_NAME(callee) && id_equal(DECL_NAME(callee), name);
}

bool blocks_is_mark(gimple *stmt)
{
	return calls(stmt, block_name) || calls(stmt, scope_name) || calls(stmt, scope_end_name);
}

/* ---- walking ---- */

typedef void walk_fn(gimple_seq *seq, int inside);

/* walk_inner: the sequences inside of a statement. */
static void walk_inner(gimple *stmt, int inside, walk_fn *walk)
{
	switch (gimple_code(stmt)) {
	case GIMPLE_BIND:
		walk(gimple_bind_body_ptr(as_a<gbind *>(stmt)), inside);
		break;
	case GIMPLE_TRY: {
		int *block = block_of->get(stmt);

		walk(gimple_try_eval_ptr(stmt), block ? *block : inside);
		walk(gimple_try_cleanup_ptr(stmt), inside);
		break;
	}
	case GIMPLE_CATCH:
		walk(gimple_catch_handler_ptr(as_a<gcatch *>(stmt)), inside);
		break;
	case GIMPLE_EH_FILTER:
		walk(gimple_eh_filter_failure_ptr(stmt), inside);
		break;
	case GIMPLE_EH_ELSE:
		walk(gimple_eh_else_n_body_ptr(as_a<geh_else *>(stmt)), inside);
		walk(gimple_eh_else_e_body_ptr(as_a<geh_else *>(stmt)), inside);
		break;
	case GIMPLE_OMP_FOR:
		walk(gimple_omp_for_pre_body_ptr(stmt), inside);
		/* FALLTHRU */
	case GIMPLE_OMP_MASTER:
	case GIMPLE_OMP_TASKGROUP:
	case GIMPLE_OMP_ORDERED:
	case GIMPLE_OMP_SECTION:
	case GIMPLE_OMP_SECTIONS:
	case GIMPLE_OMP_PARALLEL:
	case GIMPLE_OMP_TASK:
	case GIMPLE_OMP_SINGLE:
	case GIMPLE_OMP_TARGET:
	case GIMPLE_OMP_TEAMS:
	case GIMPLE_OMP_CRITICAL:
	case GIMPLE_OMP_SCAN:
		walk(gimple_omp_body_ptr(stmt), inside);
		break;
	default:
		break;
	}
}

/* ---- first walk: what is where ---- */

/* next_of: the statement behind one that does something. */
static gimple_stmt_iterator next_of(gimple_stmt_iterator gsi)
{
	do
		gsi_next(&gsi);
	while (!gsi_end_p(gsi) &&
	       (is_gimple_debug(gsi_stmt(gsi)) || gimple_code(gsi_stmt(gsi)) == GIMPLE_PREDICT));
	return gsi;
}

static bool is_label(gimple_stmt_iterator gsi, tree label)
{
	return !gsi_end_p(gsi) && gimple_code(gsi_stmt(gsi)) == GIMPLE_LABEL &&
	       gimple_label_label(as_a<glabel *>(gsi_stmt(gsi))) == label;
}

/* condition_of: the `if` behind a mark; C++ keeps its constant in a variable first. */
static gcond *condition_of(gimple_stmt_iterator *gsi)
{
	for (*gsi = next_of(*gsi); !gsi_end_p(*gsi); *gsi = next_of(*gsi)) {
		gimple *stmt = gsi_stmt(*gsi);

		if (gimple_code(stmt) == GIMPLE_COND)
			return as_a<gcond *>(stmt);
		if (!gimple_assign_single_p(stmt) ||
		    TREE_CODE(gimple_assign_rhs1(stmt)) != INTEGER_CST)
			return NULL;
	}
	return NULL;
}

/* drop: takes a statement out and goes on behind it. */
static void drop(gimple_stmt_iterator *gsi)
{
	gsi_remove(gsi, true);
	while (!gsi_end_p(*gsi) &&
	       (is_gimple_debug(gsi_stmt(*gsi)) || gimple_code(gsi_stmt(*gsi)) == GIMPLE_PREDICT))
		gsi_remove(gsi, true);
}

/*
 * make_try: puts what the `if` behind a mark governs into a try.  The extent ends at the label that the branch
 * not taken goes to.  Where the gimplifier jumps from the condition itself (HOTPATH_BLOCK("a") break;), that jump is all of it.
 *
 * The labels go with the `if`: GCC 11 and 12 lose the way to a setjmp behind a label that nothing jumps to, and with it the rest
 * of the function.
 */
static gtry *make_try(gimple_stmt_iterator mark)
{
	gimple_stmt_iterator gsi = mark;
	gcond *condition = condition_of(&gsi);

	if (!condition)
		return NULL;

	tree taken = gimple_cond_true_label(condition), body = gimple_cond_false_label(condition);
	location_t where = gimple_location(condition);
	gimple_seq inner = NULL;

	drop(&gsi);
	if (is_label(gsi, taken)) {
		drop(&gsi);
		if (!gsi_end_p(gsi) && gimple_code(gsi_stmt(gsi)) == GIMPLE_GOTO &&
		    is_label(next_of(gsi), body)) {
			taken = gimple_goto_dest(gsi_stmt(gsi));
			drop(&gsi);
		}
	}
	if (is_label(gsi, body)) {
		drop(&gsi);
		while (!gsi_end_p(gsi) && !is_label(gsi, taken)) {
			gimple *stmt = gsi_stmt(gsi);

			gsi_remove(&gsi, false);
			gimple_seq_add_stmt_without_update(&inner, stmt);
		}
		if (!gsi_end_p(gsi))
			gsi_remove(&gsi, true);
	} else {
		gimple *jump = gimple_build_goto(body);

		gimple_set_location(jump, where);
		gimple_seq_add_stmt_without_update(&inner, jump);
	}

	gtry *made = gimple_build_try(inner, NULL, GIMPLE_TRY_FINALLY);

	gimple_set_location(made, where);
	/* An empty cleanup is none; this one is replaced when hooks come. */
	gimple_seq_add_stmt_without_update(gimple_try_cleanup_ptr(made), gimple_build_nop());
	gsi_insert_after(&mark, made, GSI_SAME_STMT);
	return made;
}

static int add_block(gimple *mark, bool scope, int inside)
{
	struct block block = {as_a<gcall *>(mark), scope, NULL, inside, false, false, NULL_TREE};
	const int index = blocks.length();

	blocks.safe_push(block);
	block_of->put(mark, index);
	return index;
}

static tree find_end(gimple_stmt_iterator *gsi, bool *handled, struct walk_stmt_info *)
{
	*handled = calls(gsi_stmt(*gsi), scope_end_name);
	return *handled ? integer_one_node : NULL_TREE;
}

/* ends_scope: the statement is the try that a scope's variable has. */
static bool ends_scope(gimple *stmt)
{
	struct walk_stmt_info wi = {};

	return gimple_code(stmt) == GIMPLE_TRY && gimple_try_kind(stmt) == GIMPLE_TRY_FINALLY &&
	       walk_gimple_seq(gimple_try_cleanup(stmt), find_end, NULL, &wi);
}

static void add_jump(tree to, int from)
{
	struct jump jump = {to && TREE_CODE(to) == LABEL_DECL ? to : NULL_TREE, from};

	jumps.safe_push(jump);
}

static void note_jumps(gimple *stmt, int inside)
{
	switch (gimple_code(stmt)) {
	case GIMPLE_LABEL:
		label_places->put(gimple_label_label(as_a<glabel *>(stmt)), inside);
		break;
	case GIMPLE_GOTO:
		add_jump(gimple_goto_dest(stmt), inside);
		break;
	case GIMPLE_COND:
		add_jump(gimple_cond_true_label(as_a<gcond *>(stmt)), inside);
		add_jump(gimple_cond_false_label(as_a<gcond *>(stmt)), inside);
		break;
	case GIMPLE_SWITCH:
		for (unsigned i = 0; i < gimple_switch_num_labels(as_a<gswitch *>(stmt)); i++)
			add_jump(CASE_LABEL(gimple_switch_label(as_a<gswitch *>(stmt), i)), inside);
		break;
	case GIMPLE_ASM:
		for (unsigned i = 0; i < gimple_asm_nlabels(as_a<gasm *>(stmt)); i++)
			add_jump(TREE_VALUE(gimple_asm_label_op(as_a<gasm *>(stmt), i)), inside);
		break;
	default:
		break;
	}
}

static void find(gimple_seq *seq, int inside)
{
	int scope = -1; /* begun in this sequence, its try not yet met */

	for (gimple_stmt_iterator gsi = gsi_start(*seq); !gsi_end_p(gsi); gsi_next(&gsi)) {
		gimple *stmt = gsi_stmt(gsi);

		if (calls(stmt, block_name)) {
			int index = add_block(stmt, false, inside);

			if ((blocks[index].body = make_try(gsi)))
				block_of->put(blocks[index].body, index);
		} else if (calls(stmt, scope_name)) {
			scope = add_block(stmt, true, inside);
		} else if (scope >= 0 && ends_scope(stmt)) {
			blocks[scope].body = as_a<gtry *>(stmt);
			block_of->put(stmt, scope);
			scope = -1;
		} else if (gimple_call_internal_p(stmt, IFN_CO_YIELD)) {
			for (int i = inside; i >= 0; i = blocks[i].inside)
				blocks[i].rests = true;
		}
		note_jumps(stmt, inside);
		walk_inner(stmt, inside, find);
	}
}

static tree is_mark(gimple_stmt_iterator *gsi, bool *handled, struct walk_stmt_info *)
{
	*handled = blocks_is_mark(gsi_stmt(*gsi));
	return *handled ? integer_one_node : NULL_TREE;
}

/* ---- between: who jumps where ---- */

static bool is_inside(int block, int of)
{
	while (block > of)
		block = blocks[block].inside;
	return block == of;
}

/* judge_jump: every block around the label that is not around the jump is entered by it. */
static void judge_jump(int to, int from)
{
	for (int i = to; i >= 0; i = blocks[i].inside)
		if (!is_inside(from, i))
			blocks[i].entered = true;
}

static void judge(void)
{
	for (unsigned i = 0; i < jumps.length(); i++) {
		int *to = jumps[i].to ? label_places->get(jumps[i].to) : NULL;

		if (to)
			judge_jump(*to, jumps[i].from);
	}
	for (auto label : *label_places) {
		/* From a nested function. */
		if (DECL_NONLOCAL(label.first))
			judge_jump(label.second, -1);
		if (!FORCED_LABEL(label.first))
			continue;
		for (unsigned i = 0; i < jumps.length(); i++)
			if (!jumps[i].to)
				judge_jump(label.second, jumps[i].from);
	}
}

/* ---- sites ---- */

/* label_of: the string literal that a mark was given; null for anything else. */
static const char *label_of(gcall *mark)
{
	tree value = gimple_call_num_args(mark) ? gimple_call_arg(mark, 0) : NULL_TREE;

	while (value && (CONVERT_EXPR_P(value) || TREE_CODE(value) == ADDR_EXPR ||
			 TREE_CODE(value) == ARRAY_REF))
		value = TREE_OPERAND(value, 0);
	return value && TREE_CODE(value) == STRING_CST ? TREE_STRING_POINTER(value) : NULL;
}

static location_t place_of(gcall *mark)
{
	return linemap_resolve_location(line_table, gimple_location(mark),
					LRK_MACRO_EXPANSION_POINT, NULL);
}

static const char *macro_of(const struct block *block)
{
	return block->scope ? "HOTPATH_SCOPE" : "HOTPATH_BLOCK";
}

static std::string inside_of(const char *function, const char *label)
{
	return std::string(function ? function : "") + "::" + label;
}

/*
 * make_site: asks the rules about a block and gives it its slot.  Its label is its name; the function around it gives the
 * scopes.
 */
static void make_site(tree fn, struct block *block)
{
	const char *label = label_of(block->mark);
	const location_t where = place_of(block->mark);

	if (!label)
		return;

	/* The body of a coroutine is in a function that nobody wrote. */
	tree ramp = coroutines_ramp(fn);
	struct names names = *names_of(ramp ? ramp : fn);
	const std::string scoped = inside_of(names.subject.scoped, label);
	const std::string qualified = inside_of(names.subject.qualified, label);
	const std::string mangled = std::string(names.subject.mangled) + "." + label;
	const std::string outer_scoped = inside_of(names.subject.outer_scoped, label);
	const std::string outer_qualified = inside_of(names.subject.outer_qualified, label);
	expanded_location place = expand_location(where);

	names.subject.plain = label;
	names.subject.scoped = scoped.c_str();
	names.subject.qualified = qualified.c_str();
	names.subject.mangled = mangled.c_str();
	if (names.subject.outer_space) {
		names.subject.outer_scoped = outer_scoped.c_str();
		names.subject.outer_qualified = outer_qualified.c_str();
	}
	if (place.line > 0)
		names.subject.line = place.line;
	const std::string part = std::to_string(names.subject.line) + ":" + label;

	struct choice choice =
		choose_block(&names.subject, gimple_try_eval(block->body), macro_of(block));

	choice.kind = block->rests ? HOTPATH_KIND_LIFE : HOTPATH_KIND_BLOCK;
	if (block->rests)
		choice.sample = 0;
	if (choice.measure)
		block->slot = emit_part(fn, part.c_str(), &names, &choice);
	if (plugin.verbose && choice.label)
		inform(where, "hotpath: %qs is measured by %s, as %qs", label, choice.rule,
		       choice.label);
	else if (plugin.verbose && choice.measure)
		inform(where, "hotpath: %qs is measured by %s", label, choice.rule);
	else if (plugin.verbose)
		inform(where, "hotpath: %qs is not measured; %s says so", label, choice.rule);
	choose_release(&choice);
}

static void make_sites(tree fn)
{
	const char *obstacle = choose_frame_obstacle(fn);

	if (plugin.off)
		return;
	for (unsigned i = 0; i < blocks.length(); i++) {
		struct block *block = &blocks[i];

		if (!block->body)
			continue;
		if (block->entered)
			warning_at(place_of(block->mark), OPT_Wattributes,
				   "%qs is not measured; a jump leads into the middle of it",
				   label_of(block->mark));
		else if (obstacle && plugin.verbose)
			inform(place_of(block->mark), "hotpath: %qs is not measured: %s",
			       label_of(block->mark), obstacle);
		else if (!obstacle)
			make_site(fn, block);
	}
}

/* ---- last walk: the hooks ---- */

static void put_hooks(gimple_seq *seq, const struct block *block, bool begin, location_t where)
{
	if (block->rests)
		wrap_append_hook(seq, begin ? EMIT_BEGIN : EMIT_END, block->slot,
				 DECL_ARGUMENTS(current_function_decl), where);
	else
		wrap_append_hook(seq, begin ? EMIT_ENTER : EMIT_EXIT, block->slot, NULL_TREE,
				 where);
}

/* replace: a mark by hooks, or by nothing where the block is not measured. */
static void replace(gimple_stmt_iterator *gsi, const struct block *block, bool begin)
{
	gimple_seq hooks = NULL;

	if (block && block->slot)
		put_hooks(&hooks, block, begin, gimple_location(gsi_stmt(*gsi)));
	else
		/* A cleanup must not become empty. */
		gimple_seq_add_stmt(&hooks, gimple_build_nop());
	gsi_insert_seq_before(gsi, hooks, GSI_SAME_STMT);
	gsi_remove(gsi, true);
}

/* hide: the variable of a scope is nobody's business. */
static void hide(gimple *end)
{
	tree variable = gimple_call_arg(end, 0);

	if (TREE_CODE(variable) != ADDR_EXPR || !VAR_P(TREE_OPERAND(variable, 0)))
		return;
	variable = TREE_OPERAND(variable, 0);
	DECL_ARTIFICIAL(variable) = 1;
	DECL_IGNORED_P(variable) = 1;
}

static tree function_slot; /* null when the function is not measured */
static bool with_landings;
static int ending; /* the scope in whose cleanup we are, or -1 */

/* slot_around: of the innermost measured thing around a place. */
static tree slot_around(int inside)
{
	while (inside >= 0 && (!blocks[inside].slot || blocks[inside].rests))
		inside = blocks[inside].inside;
	return inside >= 0 ? blocks[inside].slot : function_slot;
}

static void apply(gimple_seq *seq, int inside)
{
	for (gimple_stmt_iterator gsi = gsi_start(*seq); !gsi_end_p(gsi);) {
		gimple *stmt = gsi_stmt(gsi);
		int *index = block_of->get(stmt);

		if (calls(stmt, scope_end_name)) {
			hide(stmt);
			replace(&gsi, ending >= 0 ? &blocks[ending] : NULL, false);
			continue;
		}
		if (blocks_is_mark(stmt)) {
			replace(&gsi, index ? &blocks[*index] : NULL, true);
			continue;
		}
		if (index && !blocks[*index].scope && blocks[*index].slot) {
			gimple_seq cleanup = NULL;

			put_hooks(&cleanup, &blocks[*index], false, gimple_location(stmt));
			gimple_try_set_cleanup(as_a<gtry *>(stmt), cleanup);
		}
		if (index && blocks[*index].scope) {
			const int outer = ending;

			apply(gimple_try_eval_ptr(stmt), *index);
			ending = *index;
			apply(gimple_try_cleanup_ptr(stmt), inside);
			ending = outer;
		} else {
			walk_inner(stmt, inside, apply);
		}
		if (with_landings && wrap_lands(stmt) && !twin_begin()) {
			gimple_seq landing = NULL;

			wrap_append_hook(&landing, EMIT_LANDED, slot_around(inside), NULL_TREE,
					 gimple_location(stmt));
			gsi_insert_seq_after(&gsi, landing, GSI_CONTINUE_LINKING);
		}
		gsi_next(&gsi);
	}
}

void blocks_open(tree fn, tree slot, bool landings)
{
	gimple_seq body = gimple_body(fn);
	struct walk_stmt_info wi = {};
	const bool marked = walk_gimple_seq(body, is_mark, NULL, &wi) != NULL;

	if (!marked && !landings)
		return;
	if (marked)
		twin_begin();
	label_places = new hash_map<tree, int>;
	block_of = new hash_map<gimple *, int>;
	if (marked) {
		find(&body, -1);
		judge();
		make_sites(fn);
	}
	ending = -1;
	function_slot = slot;
	with_landings = landings;
	apply(&body, -1);
	gimple_set_body(fn, body);
	blocks.truncate(0);
	jumps.truncate(0);
	delete label_places;
	delete block_of;
}

/* ---- while a function is parsed ---- */

/*
 * -Wdangling-else would speak up where a HOTPATH_BLOCK is all that an `if` governs.  It is off from the block to the end of the
 * outermost function around it: a lambda inside may end before that `if` does.
 */
static tree quiet_in;
static int dangling_else;

void blocks_seen(void)
{
	if (quiet_in || !cfun)
		return;
	quiet_in = cfun->decl;
	dangling_else = warn_dangling_else;
	warn_dangling_else = 0;
}

void blocks_function_parsed(void *fn, void *)
{
	if (!quiet_in || fn != quiet_in)
		return;
	warn_dangling_else = dangling_else;
	quiet_in = NULL_TREE;
}
