/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A hash of a function's body: the same wherever the function stands and whatever it is called, another one when a
 * constant, an operator, a callee or a type in it is.  By it `hotpath diff` knows a renamed function again.
 *
 * Taken of high GIMPLE before the hooks are in it, so that debug information, the order of functions and the
 * optimisation that follows do not matter.
 *
 *   variables, parameters, labels, temporaries   their place among those met so far, and their type: no name, no DECL_UID
 *   functions and variables of the unit          their names; the function itself is "self", so that recursion has no name
 *   types                                        what they are made of; of structs the name, as their fields are told by theirs
 *   __func__                                     that it is that
 *   where in the file it stands                  left out, also where it is passed: assert(), run-time checks of Ada, D
 *                                                and Fortran, and Fortran's input and output
 *
 * Bit 0 tells whether the body is large enough for its hash to say something: two getters are soon alike.
 */
#include "plugin.h"

/* Fewer statements than this do not tell one function from another: about three lines of source. */
static const unsigned LARGE = 8;

struct body {
	tree fn = NULL_TREE;
	uint64_t hash = 1;
	unsigned statements = 0;
	bool omp = false; /* the statement that is being looked at is one of OpenMP's */
	hash_map<tree, unsigned> places; /* of what has no name of its own here */
	hash_map<tree, uint64_t> types;	 /* those hashed so far: no collection runs within a pass */
};

static void add(uint64_t *hash, uint64_t value)
{
	*hash = (*hash ^ value) * 0x9e3779b97f4a7c15u;
	*hash ^= *hash >> 29;
}

static void add_bytes(uint64_t *hash, const char *bytes, size_t n)
{
	uint64_t sum = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ (unsigned char)bytes[i]) * 0x100000001b3u;
	add(hash, sum);
	add(hash, n);
}

static void add_identifier(uint64_t *hash, tree identifier)
{
	if (identifier)
		add_bytes(hash, IDENTIFIER_POINTER(identifier), IDENTIFIER_LENGTH(identifier));
	else
		add(hash, 0);
}

static void add_integer(uint64_t *hash, tree cst)
{
	for (int i = 0; i < TREE_INT_CST_NUNITS(cst); i++)
		add(hash, (uint64_t)TREE_INT_CST_ELT(cst, i));
}

/* A name that a front end made up, with a number of the unit in it. */
static bool is_made_up(tree identifier)
{
	return !identifier || strchr(".$<", *IDENTIFIER_POINTER(identifier)) != NULL;
}

/* ---- types ---- */

static uint64_t type_hash(struct body *body, tree type, int depth);

static tree type_identifier(tree type)
{
	tree name = TYPE_NAME(TYPE_MAIN_VARIANT(type));

	return name && TREE_CODE(name) == TYPE_DECL ? DECL_NAME(name) : name;
}

static void add_record(struct body *body, uint64_t *hash, tree type, int depth)
{
	tree name = type_identifier(type);

	if (!is_made_up(name)) {
		add_identifier(hash, name);
		return;
	}
	for (tree field = TYPE_FIELDS(type); field; field = DECL_CHAIN(field)) {
		if (TREE_CODE(field) != FIELD_DECL)
			continue;
		if (!is_made_up(DECL_NAME(field)))
			add_identifier(hash, DECL_NAME(field));
		add(hash, type_hash(body, TREE_TYPE(field), depth + 1));
	}
}

static void add_type_parts(struct body *body, uint64_t *hash, tree type, int depth)
{
	switch (TREE_CODE(type)) {
	case RECORD_TYPE:
	case UNION_TYPE:
	case QUAL_UNION_TYPE:
		add_record(body, hash, type, depth);
		break;
	case FUNCTION_TYPE:
	case METHOD_TYPE:
		add(hash, type_hash(body, TREE_TYPE(type), depth + 1));
		for (tree arg = TYPE_ARG_TYPES(type); arg; arg = TREE_CHAIN(arg))
			add(hash, type_hash(body, TREE_VALUE(arg), depth + 1));
		break;
	case ARRAY_TYPE:
		add(hash, type_hash(body, TREE_TYPE(type), depth + 1));
		if (TYPE_SIZE_UNIT(type) && TREE_CODE(TYPE_SIZE_UNIT(type)) == INTEGER_CST)
			add_integer(hash, TYPE_SIZE_UNIT(type));
		break;
	case POINTER_TYPE:
	case REFERENCE_TYPE:
	case COMPLEX_TYPE:
	case VECTOR_TYPE:
		add(hash, type_hash(body, TREE_TYPE(type), depth + 1));
		break;
	default:
		/* Told apart where they are of one size, as long and long long are. */
		if (!is_made_up(type_identifier(type)))
			add_identifier(hash, type_identifier(type));
		break;
	}
}

static uint64_t type_hash(struct body *body, tree type, int depth)
{
	/* Pointers to functions that take pointers to functions: enough is enough. */
	static const int DEEP = 4;
	uint64_t hash = 1;

	if (!type || depth > DEEP || !TYPE_P(type))
		return hash;
	if (uint64_t *known = body->types.get(type))
		return *known;
	add(&hash, TREE_CODE(type));
	add(&hash, TYPE_VOLATILE(type));
	if (INTEGRAL_TYPE_P(type) || SCALAR_FLOAT_TYPE_P(type))
		add(&hash, 2 * TYPE_PRECISION(type) + TYPE_UNSIGNED(type));
	add_type_parts(body, &hash, type, depth);
	/* What was cut off deep down is not for others. */
	if (depth == 0)
		body->types.put(type, hash);
	return hash;
}

static void add_type(struct body *body, tree type)
{
	add(&body->hash, type_hash(body, type, 0));
}

/* ---- declarations ---- */

static void add_tree(struct body *body, tree t);

static void add_place(struct body *body, tree decl, bool *first)
{
	bool known;
	unsigned *place = &body->places.get_or_insert(decl, &known);

	if (!known)
		*place = (unsigned)body->places.elements();
	*first = !known;
	add(&body->hash, *place);
}

static void add_scopes(struct body *body, tree decl)
{
	for (tree scope = DECL_CONTEXT(decl); scope && scope != decl;) {
		if (TYPE_P(scope)) {
			add_identifier(&body->hash, type_identifier(scope));
			scope = TYPE_CONTEXT(scope);
		} else if (DECL_P(scope) && TREE_CODE(scope) != TRANSLATION_UNIT_DECL) {
			add_identifier(&body->hash, DECL_NAME(scope));
			scope = DECL_CONTEXT(scope);
		} else {
			break;
		}
	}
}

/* is_named: it is known by its name wherever it is used; a type_info and a vtable are, though no source names them. */
static bool is_named(tree decl)
{
	if (decl_function_context(decl) || !DECL_NAME(decl))
		return false;
	return !DECL_ARTIFICIAL(decl) || startswith(IDENTIFIER_POINTER(DECL_NAME(decl)), "_ZT");
}

static void add_variable(struct body *body, tree decl)
{
	bool first = false;

	if (TREE_CODE(decl) == VAR_DECL && (TREE_STATIC(decl) || DECL_EXTERNAL(decl)) &&
	    is_named(decl)) {
		add_identifier(&body->hash, DECL_NAME(decl));
		add_scopes(body, decl);
		return;
	}
	add_place(body, decl, &first);
	if (!first)
		return;
	add_type(body, TREE_TYPE(decl));
	/* What a local static begins with is in the body's text; so is an array that the gimplifier made one of.  Other
	 * artificial ones hold what the front end knows of places in the source. */
	if (TREE_CODE(decl) == VAR_DECL && TREE_STATIC(decl) && DECL_INITIAL(decl) &&
	    DECL_INITIAL(decl) != error_mark_node &&
	    (!DECL_ARTIFICIAL(decl) ||
	     (DECL_NAME(decl) && startswith(IDENTIFIER_POINTER(DECL_NAME(decl)), "C."))))
		add_tree(body, DECL_INITIAL(decl));
}

static void add_function(struct body *body, tree fn)
{
	bool first = false;

	if (fn == body->fn) {
		add_bytes(&body->hash, "self", 4);
	} else if (decl_function_context(fn)) {
		/* A lambda's or a nested function's own name has that of the function around it. */
		add_place(body, fn, &first);
		add_type(body, TREE_TYPE(fn));
	} else {
		add_identifier(&body->hash, DECL_ASSEMBLER_NAME(fn));
	}
}

/* ---- expressions ---- */

static void add_constant(struct body *body, tree cst)
{
	switch (TREE_CODE(cst)) {
	case INTEGER_CST:
		add_integer(&body->hash, cst);
		break;
	case REAL_CST:
		add(&body->hash, real_hash(TREE_REAL_CST_PTR(cst)));
		break;
	case STRING_CST:
		add_bytes(&body->hash, TREE_STRING_POINTER(cst), (size_t)TREE_STRING_LENGTH(cst));
		break;
	case COMPLEX_CST:
		add_tree(body, TREE_REALPART(cst));
		add_tree(body, TREE_IMAGPART(cst));
		break;
	case VECTOR_CST:
		add(&body->hash, VECTOR_CST_NPATTERNS(cst));
		for (unsigned i = 0; i < vector_cst_encoded_nelts(cst); i++)
			add_tree(body, VECTOR_CST_ENCODED_ELT(cst, i));
		break;
	default:
		break;
	}
}

static void add_constructor(struct body *body, tree ctor)
{
	unsigned HOST_WIDE_INT i;
	tree index, value;

	FOR_EACH_CONSTRUCTOR_ELT(CONSTRUCTOR_ELTS(ctor), i, index, value)
	{
		add_tree(body, index);
		add_tree(body, value);
	}
}

static void add_operands(struct body *body, tree t)
{
	const int n = TREE_OPERAND_LENGTH(t);

	for (int i = 0; i < n; i++)
		add_tree(body, TREE_OPERAND(t, i));
}

static void add_declaration(struct body *body, tree decl)
{
	switch (TREE_CODE(decl)) {
	case FUNCTION_DECL:
		add_function(body, decl);
		break;
	case FIELD_DECL:
		if (is_made_up(DECL_NAME(decl)))
			add_tree(body, DECL_FIELD_BIT_OFFSET(decl));
		else
			add_identifier(&body->hash, DECL_NAME(decl));
		break;
	case CONST_DECL:
		add_tree(body, DECL_INITIAL(decl));
		break;
	default:
		add_variable(body, decl);
		break;
	}
}

static void add_clause(struct body *body, tree clause)
{
	add(&body->hash, OMP_CLAUSE_CODE(clause));
	for (int i = 0; i < omp_clause_num_ops[OMP_CLAUSE_CODE(clause)]; i++)
		add_tree(body, OMP_CLAUSE_OPERAND(clause, i));
	add_tree(body, OMP_CLAUSE_CHAIN(clause));
}

/* is_own_name: &__func__, whose text and length are those of the function's name. */
static bool is_own_name(tree t)
{
	tree name;

	if (TREE_CODE(t) == ADDR_EXPR)
		t = TREE_OPERAND(t, 0);
	if (TREE_CODE(t) != VAR_DECL || !DECL_ARTIFICIAL(t) || !(name = DECL_NAME(t)))
		return false;
	return id_equal(name, "__func__") || id_equal(name, "__FUNCTION__") ||
	       id_equal(name, "__PRETTY_FUNCTION__");
}

static void add_tree(struct body *body, tree t)
{
	bool first = false;

	if (!t) {
		add(&body->hash, 0);
		return;
	}
	add(&body->hash, TREE_CODE(t));
	if (is_own_name(t))
		return;
	if (DECL_P(t)) {
		add_declaration(body, t);
		return;
	}
	if (TYPE_P(t)) {
		add_type(body, t);
		return;
	}
	switch (TREE_CODE(t)) {
	case IDENTIFIER_NODE:
		add_identifier(&body->hash, t);
		return;
	case TREE_LIST: /* the operands of asm */
		add_tree(body, TREE_PURPOSE(t));
		add_tree(body, TREE_VALUE(t));
		add_tree(body, TREE_CHAIN(t));
		return;
	case TREE_VEC:
		for (int i = 0; i < TREE_VEC_LENGTH(t); i++)
			add_tree(body, TREE_VEC_ELT(t, i));
		return;
	case CASE_LABEL_EXPR:
		add_tree(body, CASE_LOW(t));
		add_tree(body, CASE_HIGH(t));
		add_tree(body, CASE_LABEL(t));
		return;
	case OMP_CLAUSE:
		add_clause(body, t);
		return;
	default:
		break;
	}
	add_type(body, TREE_TYPE(t));
	if (CONSTANT_CLASS_P(t))
		add_constant(body, t);
	else if (TREE_CODE(t) == SSA_NAME)
		add_place(body, t, &first);
	else if (TREE_CODE(t) == CONSTRUCTOR)
		add_constructor(body, t);
	else if (EXPR_P(t))
		add_operands(body, t);
}

/* ---- statements ---- */

/* tells_place: a call that is passed file and line. */
static bool tells_place(gimple *stmt)
{
	static const char *const names[] = {
		"__assert",	      "__gnat_rcheck_",	 "_gfortran_runtime_",
		"_gfortran_os_error", "_d_assert",	 "_d_arraybounds",
		"_d_unittest",	      "_d_switch_error", "__ubsan_handle_"};
	tree callee = gimple_call_fndecl(stmt);

	if (!callee || !DECL_NAME(callee))
		return false;
	for (const char *name : names)
		if (startswith(IDENTIFIER_POINTER(DECL_NAME(callee)), name))
			return true;
	return false;
}

/* stores_place: dt_parm.common.line = 12, before each WRITE of Fortran. */
static bool stores_place(gimple *stmt)
{
	tree left = gimple_assign_lhs(stmt), name;

	if (TREE_CODE(left) != COMPONENT_REF)
		return false;
	name = DECL_NAME(TREE_OPERAND(left, 1));
	if (!name || (!id_equal(name, "line") && !id_equal(name, "filename")))
		return false;
	name = type_identifier(TREE_TYPE(TREE_OPERAND(left, 0)));
	return name && strstr(IDENTIFIER_POINTER(name), "st_parameter_common");
}

static void add_call(struct body *body, gimple *stmt)
{
	if (gimple_call_internal_p(stmt)) {
		const char *name = internal_fn_name(gimple_call_internal_fn(stmt));

		add_bytes(&body->hash, name, strlen(name));
	}
	if (tells_place(stmt)) {
		add_tree(body, gimple_call_fn(stmt));
		return;
	}
	for (unsigned i = 0; i < gimple_num_ops(stmt); i++)
		add_tree(body, gimple_op(stmt, i));
}

static void add_asm(struct body *body, gasm *stmt)
{
	const char *text = gimple_asm_string(stmt);

	add_bytes(&body->hash, text, strlen(text));
	for (unsigned i = 0; i < gimple_num_ops(stmt); i++)
		add_tree(body, gimple_op(stmt, i));
}

static bool says_nothing(gimple *stmt)
{
	const enum gimple_code code = gimple_code(stmt);

	return code == GIMPLE_DEBUG || code == GIMPLE_NOP || code == GIMPLE_PREDICT ||
	       gimple_clobber_p(stmt) || (code == GIMPLE_ASSIGN && stores_place(stmt));
}

/* Where a sequence within a statement ends: the walk does not say. */
static void add_length(struct body *body, gimple_seq seq)
{
	unsigned n = 0;

	for (gimple_stmt_iterator gsi = gsi_start(seq); !gsi_end_p(gsi); gsi_next(&gsi))
		n += !says_nothing(gsi_stmt(gsi));
	add(&body->hash, n);
}

static void add_parts(struct body *body, gimple *stmt)
{
	switch (gimple_code(stmt)) {
	case GIMPLE_BIND:
		break;
	case GIMPLE_TRY:
		add(&body->hash, gimple_try_kind(stmt));
		add_length(body, gimple_try_eval(stmt));
		add_length(body, gimple_try_cleanup(stmt));
		break;
	case GIMPLE_CATCH:
		add_tree(body, gimple_catch_types(as_a<gcatch *>(stmt)));
		add_length(body, gimple_catch_handler(as_a<gcatch *>(stmt)));
		break;
	case GIMPLE_EH_FILTER:
		add_tree(body, gimple_eh_filter_types(stmt));
		add_length(body, gimple_eh_filter_failure(stmt));
		break;
	case GIMPLE_CALL:
		add_call(body, stmt);
		break;
	case GIMPLE_ASM:
		add_asm(body, as_a<gasm *>(stmt));
		break;
	case GIMPLE_ASSIGN:
	case GIMPLE_COND:
		add(&body->hash, gimple_expr_code(stmt));
		/* fall through */
	default:
		for (unsigned i = 0; i < gimple_num_ops(stmt); i++)
			add_tree(body, gimple_op(stmt, i));
		break;
	}
}

static tree see(gimple_stmt_iterator *gsi, bool *, struct walk_stmt_info *wi)
{
	struct body *body = (struct body *)wi->info;
	gimple *stmt = gsi_stmt(*gsi);
	const enum gimple_code code = gimple_code(stmt);

	body->omp = is_gimple_omp(stmt);
	if (says_nothing(stmt))
		return NULL_TREE;
	add(&body->hash, 1000 + code);
	body->statements += code != GIMPLE_BIND && code != GIMPLE_LABEL && code != GIMPLE_TRY;
	add_parts(body, stmt);
	return NULL_TREE;
}

/* What OpenMP's statements hold beside those in them; other statements' operands are known already. */
static tree see_operand(tree *t, int *walk_subtrees, void *data)
{
	struct body *body = (struct body *)((struct walk_stmt_info *)data)->info;

	*walk_subtrees = 0;
	if (body->omp)
		add_tree(body, *t);
	return NULL_TREE;
}

uint64_t body_hash(tree fn)
{
	struct body body;
	struct walk_stmt_info wi = {};
	bool first = false;

	body.fn = fn;
	add_type(&body, TREE_TYPE(TREE_TYPE(fn)));
	for (tree parm = DECL_ARGUMENTS(fn); parm; parm = DECL_CHAIN(parm)) {
		add_place(&body, parm, &first);
		add_type(&body, TREE_TYPE(parm));
	}
	wi.info = &body;
	walk_gimple_seq(gimple_body(fn), see, flag_openmp ? see_operand : NULL, &wi);
	body.hash ^= body.hash >> 32;
	if (body.hash >> 1 == 0)
		body.hash |= 2;
	return (body.hash & ~(uint64_t)1) | (body.statements >= LARGE);
}
