/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shape of a function's body, for rules with min_statements, has_loop and leaf.
 *
 * Counted on high GIMPLE, before any optimisation: the same source has the same shape at each level.
 * The gimplifier has made loops into jumps by then, so a loop is a jump backwards; and has taken
 * expressions apart, so a line of source is about three statements.
 */
#include "plugin.h"

struct shape {
	struct rules_subject *subject;
	hash_set<tree> labels; /* met so far: a jump to one of them goes backwards */
};

static void see_jump(struct shape *shape, tree target)
{
	if (target && TREE_CODE(target) == LABEL_DECL && shape->labels.contains(target))
		shape->subject->has_loop = true;
}

/* is_plain_call: becomes a few instructions and no call, as __builtin_expect or __builtin_clz. */
static bool is_plain_call(gimple *stmt)
{
	tree callee = gimple_call_fndecl(stmt);

	return gimple_call_internal_p(stmt) || (callee && is_inexpensive_builtin(callee));
}

static tree see(gimple_stmt_iterator *gsi, bool *, struct walk_stmt_info *wi)
{
	struct shape *shape = (struct shape *)wi->info;
	gimple *stmt = gsi_stmt(*gsi);

	switch (gimple_code(stmt)) {
	case GIMPLE_LABEL:
		shape->labels.add(gimple_label_label(as_a<glabel *>(stmt)));
		return NULL_TREE;
	case GIMPLE_BIND:
	case GIMPLE_TRY:
	case GIMPLE_PREDICT:
	case GIMPLE_NOP:
	case GIMPLE_DEBUG:
		return NULL_TREE;
	case GIMPLE_GOTO:
		see_jump(shape, gimple_goto_dest(stmt));
		break;
	case GIMPLE_COND:
		see_jump(shape, gimple_cond_true_label(as_a<gcond *>(stmt)));
		see_jump(shape, gimple_cond_false_label(as_a<gcond *>(stmt)));
		break;
	case GIMPLE_OMP_FOR:
		shape->subject->has_loop = true;
		break;
	case GIMPLE_CALL:
		if (blocks_is_mark(stmt))
			return NULL_TREE;
		if (!is_plain_call(stmt))
			shape->subject->leaf = false;
		break;
	default:
		if (gimple_clobber_p(stmt))
			return NULL_TREE;
		break;
	}
	shape->subject->statements++;
	return NULL_TREE;
}

void shape_measure(gimple_seq body, struct rules_subject *subject)
{
	struct shape shape;
	struct walk_stmt_info wi = {};

	subject->statements = 0;
	subject->has_loop = false;
	subject->leaf = true;
	shape.subject = subject;
	wi.info = &shape;
	walk_gimple_seq(body, see, NULL, &wi);
}
