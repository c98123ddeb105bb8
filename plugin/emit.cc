/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The unit: what runtime/abi.h describes, as declarations of the compiler.
 *
 *   static struct hotpath_unit hotpath_unit = { 2, n, 0, 0, 0, 0, 0, 0, slots, sites, "a.c", ... };
 *   static uint32_t hotpath_slots[n];
 *   static const struct hotpath_site hotpath_sites[n] = { ... };
 *   static void constructor(100) { ... }                             constructor()
 *   static void destructor(100) { if (unit.unregister) ... }         destructor()
 *
 * Unit and slots are declared when the first function refers to them and get their contents in
 * emit_finish(), at PLUGIN_ALL_IPA_PASSES_START: all functions have been through the pass by then,
 * and what is made still goes into LTO's stream.  At that moment nothing analyses new symbols by
 * itself, so emit_finish() does.
 *
 * Names from outside are reached through weakref aliases and not as weak symbols: a weak `dlopen`
 * in an object that also calls dlopen() itself would make the program's own reference weak, and a
 * static link would no longer pull it out of the archive.
 */
#define INCLUDE_MAP
#define INCLUDE_STRING
#include "plugin.h"

#include <dlfcn.h>

/* Slots are declared before their number is known; no unit has as many functions as this. */
static const HOST_WIDE_INT SLOTS_LIMIT = 1 << 26;
static const int PRIORITY = 100;

enum unit_field {
	UNIT_ABI,
	UNIT_N_SITES,
	UNIT_ENTER,
	UNIT_EXIT,
	UNIT_BEGIN,
	UNIT_END,
	UNIT_LANDED,
	UNIT_UNREGISTER,
	UNIT_SLOTS,
	UNIT_SITES,
	UNIT_SOURCE,
	UNIT_ROOT,
	UNIT_RUNTIME,
	UNIT_BUDGET,
	UNIT_ZERO,
	UNIT_NEXT,
	UNIT_FIELDS,
};

enum site_field {
	SITE_NAME,
	SITE_QUALIFIED,
	SITE_MANGLED,
	SITE_LABEL,
	SITE_FILE,
	SITE_RULE,
	SITE_GROUP,
	SITE_BODY,
	SITE_LINE,
	SITE_SAMPLE,
	SITE_LANGUAGE,
	SITE_KIND,
	SITE_ZERO,
	SITE_FIELDS,
};

/* Everything here that lives in GCC's collected memory, in one array: one root for the collector.
 */
enum cached {
	UNIT_TYPE,
	SITE_TYPE,
	UNIT_VAR,
	SLOTS_VAR,
	SITE_INITS, /* chain of TREE_LISTs, newest first */
	MARKERS,    /* one of each enum emit_hook */
	CACHED = MARKERS + EMIT_HOOKS,
};
static tree cache[CACHED];
static const ggc_root_tab roots[] = {
	{cache, CACHED, sizeof(tree), &gt_ggc_mx_tree_node, &gt_pch_nx_tree_node},
	LAST_GGC_ROOT_TAB,
};

static unsigned n_sites;
static bool finished;
/* The clones of one C++ constructor are one function of the source: by the origin's DECL_UID, and the part of it. */
static std::map<std::pair<unsigned, std::string>, unsigned> sites_by_origin;

/* ---- types ---- */

static tree const_char_pointer(void)
{
	return build_pointer_type(build_qualified_type(char_type_node, TYPE_QUAL_CONST));
}

/* emit_outer_type: of a function that was compiled elsewhere: the runtime and libc do not go by -mabi=ms. */
tree emit_outer_type(tree type)
{
#ifdef TARGET_64BIT_MS_ABI
	if (ix86_abi == MS_ABI)
		type = build_type_attribute_variant(
			type, tree_cons(get_identifier("sysv_abi"), NULL_TREE, NULL_TREE));
#endif
	return type;
}

static tree hook_pointer(void)
{
	return build_pointer_type(emit_outer_type(build_function_type_list(
		void_type_node, build_pointer_type(uint32_type_node), NULL_TREE)));
}

/* record: a struct with fields of these types. */
static tree record(const char *name, const tree *types, int count)
{
	tree type = lang_hooks.types.make_type(RECORD_TYPE);
	tree fields = NULL_TREE;

	/* finish_builtin_struct() takes them last first. */
	for (int i = 0; i < count; i++) {
		tree field = build_decl(BUILTINS_LOCATION, FIELD_DECL, NULL_TREE, types[i]);

		DECL_CHAIN(field) = fields;
		fields = field;
	}
	finish_builtin_struct(type, name, fields, NULL_TREE);
	return type;
}

static tree nth_field(tree type, int n)
{
	tree field = TYPE_FIELDS(type);

	while (n--)
		field = DECL_CHAIN(field);
	return field;
}

static void make_types(void)
{
	const tree text = const_char_pointer();
	const tree hook = hook_pointer();
	const tree life = build_pointer_type(emit_outer_type(
		build_function_type_list(void_type_node, build_pointer_type(uint32_type_node),
					 const_ptr_type_node, NULL_TREE)));
	const tree unregister = build_pointer_type(emit_outer_type(
		build_function_type_list(void_type_node, ptr_type_node, NULL_TREE)));
	const tree unit[UNIT_FIELDS] = {
		uint32_type_node,
		uint32_type_node,
		hook,
		hook,
		life,
		life,
		hook,
		unregister,
		build_pointer_type(uint32_type_node),
		ptr_type_node,
		text,
		text,
		text,
		uint32_type_node,
		uint32_type_node,
		ptr_type_node,
	};
	const tree site[SITE_FIELDS] = {
		text,
		text,
		text,
		text,
		text,
		text,
		text,
		uint64_type_node,
		uint32_type_node,
		uint32_type_node,
		uint16_type_node,
		uint16_type_node,
		uint32_type_node,
	};

	cache[UNIT_TYPE] = record("hotpath_unit", unit, UNIT_FIELDS);
	cache[SITE_TYPE] = record("hotpath_site", site, SITE_FIELDS);
}

/* ---- variables ---- */

/* static_variable: without a word from -Wlarger-than, whose limit is for the variables of the source. */
static tree static_variable(const char *name, tree type)
{
	const HOST_WIDE_INT limit = warn_larger_than_size;

	warn_larger_than_size = HOST_WIDE_INT_MAX;
	tree var = build_decl(BUILTINS_LOCATION, VAR_DECL, get_identifier(name), type);
	warn_larger_than_size = limit;

	TREE_STATIC(var) = 1;
	TREE_USED(var) = 1;
	TREE_ADDRESSABLE(var) = 1;
	DECL_ARTIFICIAL(var) = 1;
	DECL_IGNORED_P(var) = 1;
	return var;
}

/* give_contents: an initial value, after analyze_functions() has gone by. */
static void give_contents(tree var, tree value)
{
	DECL_INITIAL(var) = value;
	varpool_node::finalize_decl(var);

	varpool_node *node = varpool_node::get(var);
	if (node->analyzed)
		record_references_in_initializer(var, false);
	else
		node->analyze();
}

static void ensure_unit(void)
{
	if (cache[UNIT_VAR])
		return;
	register_callback(plugin.name, PLUGIN_REGISTER_GGC_ROOTS, NULL,
			  const_cast<ggc_root_tab *>(roots));
	make_types();
	cache[UNIT_VAR] = static_variable("hotpath_unit", cache[UNIT_TYPE]);
	cache[SLOTS_VAR] = static_variable("hotpath_slots",
					   build_array_type_nelts(uint32_type_node, SLOTS_LIMIT));
}

static tree unit_field(enum unit_field which)
{
	tree field = nth_field(cache[UNIT_TYPE], which);

	return build3(COMPONENT_REF, TREE_TYPE(field), cache[UNIT_VAR], field, NULL_TREE);
}

static enum unit_field hook_field(enum emit_hook hook)
{
	static const enum unit_field fields[] = {UNIT_ENTER, UNIT_EXIT, UNIT_LANDED, UNIT_BEGIN,
						 UNIT_END};

	return fields[hook];
}

tree emit_hook_ref(enum emit_hook hook)
{
	ensure_unit();
	tree ref = unit_field(hook_field(hook));
	TREE_THIS_VOLATILE(ref) = 1;
	TREE_SIDE_EFFECTS(ref) = 1;
	return ref;
}

tree emit_unit(void)
{
	return cache[UNIT_VAR];
}

tree emit_slots(void)
{
	return cache[SLOTS_VAR];
}

HOST_WIDE_INT emit_hook_offset(enum emit_hook hook)
{
	return int_byte_position(nth_field(cache[UNIT_TYPE], hook_field(hook)));
}

tree emit_marker(enum emit_hook hook)
{
	static const char *const names[] = {"hotpath_enter", "hotpath_exit", "hotpath_landed",
					    "hotpath_begin", "hotpath_end"};
	tree decl = cache[MARKERS + hook];

	if (decl)
		return decl;
	ensure_unit();
	decl = build_decl(BUILTINS_LOCATION, FUNCTION_DECL, get_identifier(names[hook]),
			  TREE_TYPE(TREE_TYPE(emit_hook_ref(hook))));
	TREE_PUBLIC(decl) = 1;
	DECL_VISIBILITY(decl) = VISIBILITY_HIDDEN;
	DECL_VISIBILITY_SPECIFIED(decl) = 1;
	TREE_USED(decl) = 1;
	TREE_NOTHROW(decl) = 1;
	DECL_EXTERNAL(decl) = 1;
	DECL_ARTIFICIAL(decl) = 1;
	DECL_IGNORED_P(decl) = 1;
	DECL_ATTRIBUTES(decl) = tree_cons(get_identifier("leaf"), NULL_TREE, NULL_TREE);
	cache[MARKERS + hook] = decl;
	return decl;
}

int emit_marked(tree decl)
{
	for (int hook = 0; decl && hook < EMIT_HOOKS; hook++)
		if (decl == cache[MARKERS + hook])
			return hook;
	return -1;
}

void emit_clear_markers(bool clear)
{
	for (int hook = 0; hook < EMIT_HOOKS; hook++)
		if (cache[MARKERS + hook])
			TREE_READONLY(cache[MARKERS + hook]) = clear;
}

unsigned emit_hook_args(enum emit_hook hook)
{
	return hook == EMIT_BEGIN || hook == EMIT_END ? 2 : 1;
}

bool emit_has_unit(void)
{
	return cache[UNIT_VAR] != NULL_TREE;
}

/* ---- sites ---- */

static tree text(const char *string)
{
	return build_string_literal(strlen(string) + 1, string);
}

static tree text_or_null(const char *string)
{
	return string ? text(string) : build_zero_cst(const_char_pointer());
}

/* constructor_of: a constant of a record type, from one value a field. */
static tree constructor_of(tree type, const tree *values)
{
	vec<constructor_elt, va_gc> *elements = NULL;
	int i = 0;

	for (tree field = TYPE_FIELDS(type); field; field = DECL_CHAIN(field), i++) {
		tree value = values[i];

		if (POINTER_TYPE_P(TREE_TYPE(field)) && TREE_TYPE(value) != TREE_TYPE(field))
			value = fold_convert(TREE_TYPE(field), value);
		CONSTRUCTOR_APPEND_ELT(elements, field, value);
	}

	tree constant = build_constructor(type, elements);
	TREE_CONSTANT(constant) = 1;
	TREE_STATIC(constant) = 1;
	return constant;
}

unsigned emit_new_site(const struct names *names, const struct choice *choice)
{
	ensure_unit();
	const struct rules_subject *s = &names->subject;
	const tree values[SITE_FIELDS] = {
		text(s->plain),
		text(s->qualified),
		text(s->mangled),
		text_or_null(choice->label),
		text(remap_macro_filename(s->file)),
		text(choice->rule),
		text_or_null(choice->group),
		build_int_cst(uint64_type_node, choice->body),
		build_int_cst(uint32_type_node, s->line),
		build_int_cst(uint32_type_node, choice->sample),
		build_int_cst(uint16_type_node, names->language),
		build_int_cst(uint16_type_node, choice->kind),
		build_int_cst(uint32_type_node, 0),
	};

	cache[SITE_INITS] =
		tree_cons(NULL_TREE, constructor_of(cache[SITE_TYPE], values), cache[SITE_INITS]);
	list_site(names, choice);
	return n_sites++;
}

tree emit_slot(unsigned site)
{
	tree slot = build4(ARRAY_REF, uint32_type_node, cache[SLOTS_VAR], size_int(site), NULL_TREE,
			   NULL_TREE);
	return build1(ADDR_EXPR, build_pointer_type(uint32_type_node), slot);
}

tree emit_part(tree fn, const char *part, const struct names *names, const struct choice *choice)
{
	tree origin = DECL_ABSTRACT_ORIGIN(fn) ? DECL_ABSTRACT_ORIGIN(fn) : fn;
	const auto key = std::make_pair(unsigned(DECL_UID(origin)), std::string(part));

	auto known = sites_by_origin.find(key);
	unsigned site =
		known != sites_by_origin.end() ? known->second : emit_new_site(names, choice);
	sites_by_origin[key] = site;

	return emit_slot(site);
}

tree emit_site(tree fn, const struct names *names, const struct choice *choice)
{
	return emit_part(fn, "", names, choice);
}

static tree make_sites(void)
{
	tree type = build_array_type_nelts(build_qualified_type(cache[SITE_TYPE], TYPE_QUAL_CONST),
					   n_sites);
	tree var = static_variable("hotpath_sites", type);
	vec<constructor_elt, va_gc> *elements = NULL;
	unsigned i = 0;

	for (tree l = nreverse(cache[SITE_INITS]); l; l = TREE_CHAIN(l), i++)
		CONSTRUCTOR_APPEND_ELT(elements, size_int(i), TREE_VALUE(l));
	cache[SITE_INITS] = NULL_TREE;

	tree value = build_constructor(type, elements);
	TREE_CONSTANT(value) = 1;
	TREE_STATIC(value) = 1;
	TREE_READONLY(var) = 1;
	give_contents(var, value);
	return build_fold_addr_expr(var);
}

/* make_slots: the variable that code has referred to gets its real size. */
static tree make_slots(void)
{
	tree var = cache[SLOTS_VAR];

	TREE_TYPE(var) = build_array_type_nelts(uint32_type_node, n_sites);
	relayout_decl(var);
	give_contents(var, build_zero_cst(TREE_TYPE(var)));
	return build_fold_addr_expr(var);
}

/* A build whose paths are mapped away must not depend on where the store is. */
const char *emit_root(void)
{
	const char *root = plugin.project.root;

	return root && !strcmp(remap_macro_filename(root), root) ? root : NULL;
}

static void fill_unit(void)
{
	const tree none = null_pointer_node;
	const char *source = main_input_filename ? main_input_filename : "";
	const tree values[UNIT_FIELDS] = {
		build_int_cst(uint32_type_node, HOTPATH_ABI),
		build_int_cst(uint32_type_node, n_sites),
		none,
		none,
		none,
		none,
		none,
		none,
		n_sites ? make_slots() : none,
		n_sites ? make_sites() : none,
		text(remap_macro_filename(source)),
		text_or_null(emit_root()),
		text(plugin.runtime),
		build_int_cst(uint32_type_node, plugin.budget),
		build_int_cst(uint32_type_node, 0),
		none,
	};

	give_contents(cache[UNIT_VAR], constructor_of(cache[UNIT_TYPE], values));
}

/* ---- constructor and destructor ---- */

/*
 * outside: a function that may not be there, or null when it cannot be asked for.
 *
 * A unit that refers to the function itself gets its own declaration back: an alias of a symbol
 * that is already in the symbol table would have to be analysed by hand at this late hour.  A
 * static function or a variable of that name hides the one that is meant.
 */
static tree outside(const char *alias, const char *target, tree type)
{
	if (symtab_node *known = symtab_node::get_for_asmname(get_identifier(target)))
		return TREE_CODE(known->decl) == FUNCTION_DECL && TREE_PUBLIC(known->decl)
			       ? known->decl
			       : NULL_TREE;

	tree decl = build_decl(BUILTINS_LOCATION, FUNCTION_DECL, get_identifier(alias), type);
	tree name = build_string(strlen(target) + 1, target);

	DECL_ARTIFICIAL(decl) = 1;
	DECL_WEAK(decl) = 1;
	TREE_USED(decl) = 1;
	TREE_NOTHROW(decl) = 1;
	DECL_INITIAL(decl) = error_mark_node; /* what the C front end gives every alias */
	DECL_ATTRIBUTES(decl) = tree_cons(
		get_identifier("weakref"), NULL_TREE,
		tree_cons(get_identifier("alias"), build_tree_list(NULL_TREE, name), NULL_TREE));
	assemble_alias(decl, get_identifier(target));
	return decl;
}

static tree is_there(tree fn)
{
	if (!fn)
		return boolean_false_node;
	return build2(NE_EXPR, boolean_type_node, build_fold_addr_expr(fn),
		      build_zero_cst(build_pointer_type(TREE_TYPE(fn))));
}

static tree is_set(tree pointer)
{
	return build2(NE_EXPR, boolean_type_node, pointer, build_zero_cst(TREE_TYPE(pointer)));
}

static tree when(tree condition, tree then, tree otherwise)
{
	return build3(COND_EXPR, void_type_node, condition, then,
		      otherwise ? otherwise : build_empty_stmt(BUILTINS_LOCATION));
}

static tree unit_address(void)
{
	return build1(ADDR_EXPR, ptr_type_node, cache[UNIT_VAR]);
}

/* call_through: calls a pointer as if it had this type. */
static tree call_through(tree pointer, tree type, int count, tree first = NULL_TREE,
			 tree second = NULL_TREE)
{
	tree fn = build1(NOP_EXPR, build_pointer_type(type), pointer);
	if (count == 0)
		return build_call_nary(TREE_TYPE(type), fn, 0);

	return count == 1 ? build_call_nary(TREE_TYPE(type), fn, 1, first)
			  : build_call_nary(TREE_TYPE(type), fn, 2, first, second);
}

/* call_outside: null when the function cannot be asked for; is_there() is false then. */
static tree call_outside(tree fn, tree type, int count, tree first = NULL_TREE,
			 tree second = NULL_TREE)
{
	if (!fn)
		return build_zero_cst(TREE_TYPE(type));
	return call_through(build_fold_addr_expr(fn), type, count, first, second);
}

/* if_set: pointer ? value : 0 */
static tree if_set(tree pointer, tree value)
{
	return build3(COND_EXPR, ptr_type_node, is_set(pointer), value, null_pointer_node);
}

/*
 * by_dlopen:
 *
 *   open = dlsym(RTLD_DEFAULT, "dlopen");            null in a static program, which stays
 * unmeasured: handle = open ? open(unit.runtime, ...) : 0;     a second libc in it would be worse.
 * A plain found = handle ? dlsym(handle, "...") : 0;       reference to dlopen makes ld warn there
 *   if (found) found(&unit);
 *   else if (dlerror) dlerror();                     a failure leaves a message that the program's
 *                                                    own dlerror() would show: it is fetched
 */
static tree by_dlopen(tree register_type)
{
	tree open_type = emit_outer_type(build_function_type_list(
		ptr_type_node, const_char_pointer(), integer_type_node, NULL_TREE));
	tree find_type = emit_outer_type(build_function_type_list(ptr_type_node, ptr_type_node,
								  const_char_pointer(), NULL_TREE));
	tree error_type = emit_outer_type(build_function_type_list(ptr_type_node, NULL_TREE));
	tree find = outside("hotpath_dlsym", "dlsym", find_type);
	tree message = outside("hotpath_dlerror", "dlerror", error_type);
	tree flags = build_int_cst(integer_type_node, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	tree open = save_expr(call_outside(find, find_type, 2, null_pointer_node, text("dlopen")));
	tree handle = save_expr(
		if_set(open, call_through(open, open_type, 2, unit_field(UNIT_RUNTIME), flags)));
	tree found = save_expr(if_set(
		handle, call_outside(find, find_type, 2, handle, text(HOTPATH_REGISTER_SYMBOL))));
	tree forget = when(is_there(message), call_outside(message, error_type, 0), NULL_TREE);

	return when(
		is_there(find),
		when(is_set(found), call_through(found, register_type, 1, unit_address()), forget),
		NULL_TREE);
}

/*
 * constructor:
 *
 *   e = __errno_location ? __errno_location() : (int *)&unit;      main() begins with errno 0 even
 *   saved = *e;                                                      when no runtime was found
 *   if (hotpath_unit_register) hotpath_unit_register(&unit); else by_dlopen();
 *   *e = saved;
 */
static void constructor(int priority)
{
	tree register_type = emit_outer_type(
		build_function_type_list(integer_type_node, ptr_type_node, NULL_TREE));
	tree errno_type = emit_outer_type(
		build_function_type_list(build_pointer_type(integer_type_node), NULL_TREE));
	tree linked = outside("hotpath_linked", HOTPATH_REGISTER_SYMBOL, register_type);
	tree errno_at = outside("hotpath_errno", "__errno_location", errno_type);
	tree statements = NULL_TREE;

	tree place = save_expr(build3(COND_EXPR, TREE_TYPE(errno_type), is_there(errno_at),
				      call_outside(errno_at, errno_type, 0),
				      fold_convert(TREE_TYPE(errno_type), unit_address())));
	tree value = save_expr(build1(INDIRECT_REF, integer_type_node, place));

	append_to_statement_list(build1(CONVERT_EXPR, void_type_node, value), &statements);
	append_to_statement_list(when(is_there(linked),
				      call_outside(linked, register_type, 1, unit_address()),
				      by_dlopen(register_type)),
				 &statements);
	append_to_statement_list(build2(MODIFY_EXPR, integer_type_node,
					build1(INDIRECT_REF, integer_type_node, place), value),
				 &statements);
	cgraph_build_static_cdtor('I', statements, priority);
}

/* destructor: if (unit.unregister) unit.unregister(&unit); */
static void destructor(int priority)
{
	tree hook = save_expr(unit_field(UNIT_UNREGISTER));
	tree call = build_call_nary(void_type_node, hook, 1, unit_address());
	tree statements = NULL_TREE;

	append_to_statement_list(when(is_set(hook), call, NULL_TREE), &statements);
	cgraph_build_static_cdtor('D', statements, priority);
}

bool emit_finished(void)
{
	return finished;
}

void emit_finish(void *, void *)
{
	const int priority = SUPPORTS_INIT_PRIORITY ? PRIORITY : DEFAULT_INIT_PRIORITY;
	const location_t saved = input_location;
	const HOST_WIDE_INT limit = warn_larger_than_size;

	finished = true;
	if (!in_lto_p && !seen_error())
		list_finish();
	if (in_lto_p || !cache[UNIT_VAR] || seen_error())
		return;
	input_location = BUILTINS_LOCATION;
	warn_larger_than_size = HOST_WIDE_INT_MAX;
	fill_unit();
	constructor(priority);
	destructor(priority);
	symtab->process_new_functions();
	warn_larger_than_size = limit;
	input_location = saved;
	set_cfun(NULL);
	current_function_decl = NULL_TREE;
}
