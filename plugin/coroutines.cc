/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Coroutines of C++20.
 *
 * The front end makes three functions of one.  What is measured, when the coroutine is chosen:
 *
 *   task f(int n) { ... }     the ramp, which is called: makes the frame,       site "f(int)", as any function
 *                             calls the actor for the first time
 *   f.actor(frame)            the body: run at the first call and at each       site "f(int) [resume]": a call is one run, from
 *                             resume, until it is suspended or over              there to the suspension, the end, or an exception
 *   f.destroy(frame)          calls the actor with an odd resume index,         nothing: destructors run then
 *                             which destroys what is alive
 *   from the making of the frame to its deletion                               site "f(int)" of kind life
 *
 * The actor before                       after, and who makes each line
 *
 *                                          runs = (frame->index & 1) == 0;               wrap_actor()
 *                                          if (runs) enter(&slots[i]);
 *   dispatch, body ...                     try { dispatch, body ...
 *   operator delete(frame);                        end(&slots[j], frame);                note_lives()
 *                                                  operator delete(frame);
 *   actor.suspend.ret:                     actor.suspend.ret:
 *   return;                                        return;
 *                                          } finally { if (runs) exit(&slots[i]); }
 *   actor.continue.ret:                    actor.continue.ret:
 *                                          exit(&slots[i]);
 *   __builtin_coro_resume(next);           __builtin_coro_resume(next);
 *   return;                                return;
 *
 * A symmetric transfer has to be a tail call, or a chain of them would fill the stack: it stands behind the try.  The jump
 * to it (.CO_SUSPN) is made a jump after the lowering has copied cleanups, so the exit stands there by itself.
 *
 * After await_suspend() the coroutine may run on another thread, or be gone.  Nothing behind it may look at the
 * frame: `runs` and the slots are no part of it.
 */
#define INCLUDE_MAP
#define INCLUDE_STRING
#include "plugin.h"

/* The choice for each coroutine, by the DECL_UID of its ramp: ramp and actor come in any order. */
static std::map<unsigned, struct choice> choices;

static bool ends_with(tree fn, const char *suffix)
{
	const char *name = IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(fn));
	const size_t length = strlen(name), n = strlen(suffix);

	return length > n && strcmp(name + length - n, suffix) == 0;
}

static bool is_actor(tree fn)
{
	return coroutines_is_component(fn) && ends_with(fn, "actor");
}

/* A lambda is artificial too, and GCC counts the ramp as a component. */
bool coroutines_is_component(tree fn)
{
	return DECL_ARTIFICIAL(fn) && DECL_STRUCT_FUNCTION(fn) &&
	       DECL_STRUCT_FUNCTION(fn)->coroutine_component &&
	       (ends_with(fn, "actor") || ends_with(fn, "destroy"));
}

/* frame_type: of an actor's argument. */
static tree frame_type(tree frame)
{
	tree type =
		frame && POINTER_TYPE_P(TREE_TYPE(frame)) ? TREE_TYPE(TREE_TYPE(frame)) : NULL_TREE;

	return type && TREE_CODE(type) == RECORD_TYPE ? type : NULL_TREE;
}

/* The type of the frame is local to the ramp. */
tree coroutines_ramp(tree actor)
{
	tree type = is_actor(actor) ? frame_type(DECL_ARGUMENTS(actor)) : NULL_TREE;
	tree context = type && TYPE_NAME(type) && DECL_P(TYPE_NAME(type))
			       ? DECL_CONTEXT(TYPE_NAME(type))
			       : NULL_TREE;

	return context && TREE_CODE(context) == FUNCTION_DECL ? context : NULL_TREE;
}

/* choice_of: what was chosen for a coroutine; `choice` is what the ramp itself has just been given, or null. */
static const struct choice *choice_of(tree ramp, const struct choice *choice)
{
	auto known = choices.find(DECL_UID(ramp));

	if (known != choices.end())
		return &known->second;
	struct choice own = choice ? *choice : choose_function(ramp);

	if (choice) {
		own.label = choice->label ? xstrdup(choice->label) : NULL;
		own.rule = choice->rule ? xstrdup(choice->rule) : NULL;
		own.group = choice->group ? xstrdup(choice->group) : NULL;
	}
	return &(choices[DECL_UID(ramp)] = own);
}

/* ---- sites ---- */

static tree life_slot(tree ramp, const struct choice *chosen)
{
	struct names names = *names_of(ramp);
	const std::string mangled = std::string(names.subject.mangled) + ".life";
	struct choice choice = *chosen;

	names.subject.mangled = mangled.c_str();
	choice.kind = HOTPATH_KIND_LIFE;
	choice.sample = 0;
	choice.body = 0;
	return emit_part(ramp, "life", &names, &choice);
}

static tree resume_slot(tree ramp, tree actor, uint64_t body, const struct choice *chosen)
{
	static const char mark[] = " [resume]";
	struct names names = *names_of(ramp);
	const std::string plain = std::string(names.subject.plain) + mark;
	const std::string qualified = std::string(names.subject.qualified) + mark;
	const std::string label = chosen->label ? std::string(chosen->label) + mark : "";
	struct choice choice = *chosen;

	names.subject.plain = plain.c_str();
	names.subject.qualified = qualified.c_str();
	names.subject.mangled = IDENTIFIER_POINTER(DECL_ASSEMBLER_NAME(actor));
	choice.label = chosen->label ? const_cast<char *>(label.c_str()) : NULL;
	choice.body = body;
	return emit_part(ramp, "resume", &names, &choice);
}

/* ---- lives ---- */

struct life {
	tree slot;
	tree frame; /* the variable of the ramp, or the argument of the actor */
};

/* is_deletion: operator delete, the program's, a class's or the library's, of the frame itself. */
static bool is_deletion(gimple *stmt, tree frame)
{
	tree callee = gimple_call_fndecl(stmt);

	return callee && DECL_NAME(callee) && id_equal(DECL_NAME(callee), "operator delete") &&
	       gimple_call_num_args(stmt) && gimple_call_arg(stmt, 0) == frame;
}

static bool calls_actor(gimple *stmt)
{
	tree callee = is_gimple_call(stmt) ? gimple_call_fndecl(stmt) : NULL_TREE;

	return callee && is_actor(callee) && gimple_call_num_args(stmt) == 1;
}

static tree find_actor_call(gimple_stmt_iterator *gsi, bool *handled, struct walk_stmt_info *wi)
{
	if (!calls_actor(gsi_stmt(*gsi)))
		return NULL_TREE;
	*(tree *)wi->info = gimple_call_arg(gsi_stmt(*gsi), 0);
	*handled = true;
	return integer_one_node;
}

static tree note_life(gimple_stmt_iterator *gsi, bool *, struct walk_stmt_info *wi)
{
	const struct life *life = (const struct life *)wi->info;
	gimple *stmt = gsi_stmt(*gsi);
	gimple_seq seq = NULL;

	if (!is_gimple_call(stmt))
		return NULL_TREE;
	if (calls_actor(stmt))
		wrap_append_hook(&seq, EMIT_BEGIN, life->slot, life->frame, gimple_location(stmt));
	else if (is_deletion(stmt, life->frame))
		wrap_append_hook(&seq, EMIT_END, life->slot, life->frame, gimple_location(stmt));
	gsi_insert_seq_before(gsi, seq, GSI_SAME_STMT);
	return NULL_TREE;
}

static void note_lives(tree fn, struct life life)
{
	gimple_seq body = gimple_body(fn);
	struct walk_stmt_info wi = {};

	wi.info = &life;
	walk_gimple_seq_mod(&body, note_life, NULL, &wi);
	gimple_set_body(fn, body);
}

void coroutines_open_ramp(tree fn, const struct choice *choice)
{
	tree frame = NULL_TREE;
	struct walk_stmt_info wi = {};

	if (!flag_coroutines || coroutines_is_component(fn))
		return;
	wi.info = &frame;
	walk_gimple_seq(gimple_body(fn), find_actor_call, NULL, &wi);
	if (!frame)
		return;

	const struct choice *chosen = choice_of(fn, choice);

	if (chosen->measure && !choose_frame_obstacle(fn) && !twin_begin())
		note_lives(fn, {life_slot(fn, chosen), frame});
}

/* ---- the actor ---- */

/* continuation: the sequence with the label behind which a symmetric transfer is made; null when there is none. */
static gimple_seq *continuation(gimple_seq *seq, gimple_stmt_iterator *at)
{
	for (gimple_stmt_iterator gsi = gsi_start(*seq); !gsi_end_p(gsi); gsi_next(&gsi)) {
		gimple *stmt = gsi_stmt(gsi);
		gimple_seq *found = NULL;

		if (gimple_code(stmt) == GIMPLE_LABEL) {
			tree label = gimple_label_label(as_a<glabel *>(stmt));

			if (DECL_NAME(label) && id_equal(DECL_NAME(label), "actor.continue.ret")) {
				*at = gsi;
				return seq;
			}
		} else if (gimple_code(stmt) == GIMPLE_BIND) {
			found = continuation(gimple_bind_body_ptr(as_a<gbind *>(stmt)), at);
		} else if (gimple_code(stmt) == GIMPLE_TRY) {
			found = continuation(gimple_try_eval_ptr(stmt), at);
		}
		if (found)
			return found;
	}
	return NULL;
}

/* index_of: the field of the frame that says where to go on, odd when it is to be destroyed. */
static tree index_of(tree frame)
{
	tree type = frame_type(frame);

	if (!type)
		return NULL_TREE;
	for (tree field = TYPE_FIELDS(type); field; field = DECL_CHAIN(field))
		if (TREE_CODE(field) == FIELD_DECL && DECL_NAME(field) &&
		    (id_equal(DECL_NAME(field), "_Coro_resume_index") ||
		     id_equal(DECL_NAME(field), "__resume_at")))
			return build3(COMPONENT_REF, TREE_TYPE(field), build_simple_mem_ref(frame),
				      field, NULL_TREE);
	return NULL_TREE;
}

/* append_when: if (runs) hook(slot); */
static void append_when(gimple_seq *seq, tree runs, enum emit_hook hook, tree slot,
			location_t where)
{
	tree yes = create_artificial_label(where), no = create_artificial_label(where);

	gimple_seq_add_stmt(
		seq, gimple_build_cond(NE_EXPR, runs, build_zero_cst(TREE_TYPE(runs)), yes, no));
	gimple_seq_add_stmt(seq, gimple_build_label(yes));
	wrap_append_hook(seq, hook, slot, NULL_TREE, where);
	gimple_seq_add_stmt(seq, gimple_build_label(no));
}

/* append_runs: runs = (frame->index & 1) == 0; returns `runs`. */
static tree append_runs(gimple_seq *seq, tree index)
{
	tree type = TREE_TYPE(index);
	tree loaded = create_tmp_var(type, "hotpath");
	tree odd = create_tmp_var(type, "hotpath");
	tree runs = create_tmp_var(type, "hotpath");

	gimple_seq_add_stmt(seq, gimple_build_assign(loaded, index));
	gimple_seq_add_stmt(seq,
			    gimple_build_assign(odd, BIT_AND_EXPR, loaded, build_one_cst(type)));
	gimple_seq_add_stmt(seq, gimple_build_assign(runs, BIT_XOR_EXPR, odd, build_one_cst(type)));
	return runs;
}

static void wrap_actor(tree fn, tree slot, tree index)
{
	const location_t begin = DECL_SOURCE_LOCATION(fn), end = cfun->function_end_locus;
	gbind *bind = as_a<gbind *>(gimple_seq_first_stmt(gimple_body(fn)));
	gimple_stmt_iterator at;
	gimple_seq *whole = continuation(gimple_bind_body_ptr(bind), &at);
	gimple_seq rest = NULL, seq = NULL, cleanup = NULL;

	if (whole) {
		gimple_seq leave = NULL;

		/* Only a run is suspended, so it needs no question here. */
		wrap_append_hook(&leave, EMIT_EXIT, slot, NULL_TREE, end);
		gsi_insert_seq_after(&at, leave, GSI_SAME_STMT);
		while (!gsi_end_p(at)) {
			gimple *stmt = gsi_stmt(at);

			gsi_remove(&at, false);
			gimple_seq_add_stmt_without_update(&rest, stmt);
		}
	} else {
		whole = gimple_bind_body_ptr(bind);
	}

	tree runs = append_runs(&seq, index);

	append_when(&seq, runs, EMIT_ENTER, slot, begin);
	append_when(&cleanup, runs, EMIT_EXIT, slot, end);
	gimple_seq_add_stmt(&seq, gimple_build_try(*whole, cleanup, GIMPLE_TRY_FINALLY));
	gimple_seq_add_seq_without_update(&seq, rest);
	*whole = seq;
}

tree coroutines_open_actor(tree fn)
{
	tree ramp = coroutines_ramp(fn);
	gimple_seq body = gimple_body(fn);

	if (!ramp)
		return NULL_TREE;

	const struct choice *choice = choice_of(ramp, NULL);
	tree index = index_of(DECL_ARGUMENTS(fn));

	if (!choice->measure || choose_frame_obstacle(ramp) || twin_begin())
		return NULL_TREE;
	if (!index || !gimple_seq_first_stmt(body) ||
	    gimple_code(gimple_seq_first_stmt(body)) != GIMPLE_BIND ||
	    gimple_seq_first_stmt(body) != gimple_seq_last_stmt(body)) {
		if (plugin.verbose)
			inform(DECL_SOURCE_LOCATION(fn),
			       "hotpath: runs of %qD are not measured: its frame has an unknown "
			       "shape",
			       ramp);
		return NULL_TREE;
	}

	const uint64_t hash = body_hash(fn);

	note_lives(fn, {life_slot(ramp, choice), DECL_ARGUMENTS(fn)});

	tree slot = resume_slot(ramp, fn, hash, choice);

	wrap_actor(fn, slot, index);
	return slot;
}
