/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the plugin say to each other. */
#ifndef HOTPATH_PLUGIN_H
#define HOTPATH_PLUGIN_H

#include "gcc_compat.h"
#include "find_config.h"
#include "rules.h"
#include "../runtime/abi.h"

/*
 * The state of one compilation; set up by plugin.cc, read by all.
 *
 * rules      null when there is no hotpath.yaml
 * file       absolute path of this plugin, or null
 * runtime    absolute path of the libhotpath.so that belongs to this plugin
 * budget     as in struct hotpath_unit
 */
struct plugin_state {
	const char *name; /* "hotpath", as -fplugin-arg-NAME- has it */
	bool off;
	bool verbose;
	const char *config;
	struct project project;
	struct rules *rules;
	char *file;
	char *runtime;
	unsigned budget;
};
extern struct plugin_state plugin;

/* plugin.cc */
/* plugin_read_rules: finds the project, reads its rules and adds their files to the -MD list. */
extern void plugin_read_rules(rules_report_fn *report);

/* preprocess.cc */
/* preprocess_begin: for gcc -E and -M, at PLUGIN_PRAGMAS. */
extern void preprocess_begin(void *event_data, void *user_data);

/* attributes.cc */
extern void attributes_register(void *event_data, void *user_data);
/* attributes_measure: true when the function has hotpath_measure; *label is its text or null. */
extern bool attributes_measure(tree fn, const char **label);
extern bool attributes_skip(tree fn);
/* attributes_measure_all: true when a class around the function has hotpath_measure_all. */
extern bool attributes_measure_all(tree fn);
/* attributes_any: true when something in the unit's source chose functions. */
extern bool attributes_any(void);

/* memo.cc */
/* memo_get: what was last said of a name, also in a precompiled header; or null. */
extern tree memo_get(const char *name);
extern void memo_set(const char *name, tree value);

/* pragmas.cc */
extern void pragmas_register(void *event_data, void *user_data);
extern bool pragmas_any(void);
/* pragmas_measure: true when the function is defined where measure_all is on. */
extern bool pragmas_measure(tree fn);

/* diag.cc */
/* diag_config: a rules_report_fn. */
extern void diag_config(void *context, const char *path, unsigned line, unsigned column,
			const char *message);

/* names.cc */
/*
 * struct names: what a function is called.  Strings are owned by names.cc and stay until the next
 * call of names_of().
 */
struct names {
	struct rules_subject subject;
	enum hotpath_language language;
};
extern const struct names *names_of(tree fn);
/* names_place: where a function is defined, wherever it was declared before. */
extern location_t names_place(tree fn);
extern enum hotpath_language names_language(void);

/* shape.cc */
/* shape_measure: fills in statements, has_loop and leaf. */
extern void shape_measure(gimple_seq body, struct rules_subject *subject);

/* body.cc */
/* body_hash: struct hotpath_site's body; before the function gets its hooks. */
extern uint64_t body_hash(tree fn);

/* choose.cc */
/*
 * struct choice: whether a function is measured, and who said so.
 *
 * label   for free(), or null
 * rule    "attribute", "pragma", "hotpath.yaml:LINE" or "hotpath.yaml:LINE (NAME)", for free(); null when nobody
 *         chose the function
 * group   for free(), or null
 * body    hash of the function's body, 0 when unknown
 * sample  0 or N, as in struct hotpath_site
 */
struct choice {
	bool measure;
	char *label;
	char *rule;
	char *group;
	uint64_t body;
	unsigned sample;
	enum hotpath_kind kind;
};
extern struct choice choose_function(tree fn);
extern void choose_release(struct choice *choice);
/* choose_settings: label, group, sampling and the rule's own name, for something that a rule chose. */
extern void choose_settings(struct choice *choice, const struct rule *rule,
			    const struct rules_subject *subject);
/* choose_rule_text: how messages and reports call a rule.  For free(). */
extern char *choose_rule_text(const struct rule *rule);
/* choose_block: what the rules say of a block, which is measured when they say nothing; `macro` made it. */
extern struct choice choose_block(struct rules_subject *subject, gimple_seq body,
				  const char *macro);
/* choose_frame_obstacle: why no hook can be called in a function at all, or null. */
extern const char *choose_frame_obstacle(tree fn);
/* choose_obstacle: why a function of the source cannot be wrapped, or null. */
extern const char *choose_obstacle(tree fn);

/* The hooks of struct hotpath_unit. */
enum emit_hook {
	EMIT_ENTER,
	EMIT_EXIT,
	EMIT_LANDED,
	EMIT_BEGIN,
	EMIT_END,
	EMIT_HOOKS,
};

/* coroutines.cc */
/* coroutines_is_component: one of the two functions that the front end makes of a coroutine's body. */
extern bool coroutines_is_component(tree fn);
/* coroutines_ramp: the function of the source that an actor belongs to; null for any other function. */
extern tree coroutines_ramp(tree actor);
/* coroutines_open_ramp: lives begin there.  Does nothing where fn is no coroutine. */
extern void coroutines_open_ramp(tree fn, const struct choice *choice);
/* coroutines_open_actor: runs and the ends of lives; returns the slot of the runs, null when they are not measured. */
extern tree coroutines_open_actor(tree fn);

/* blocks.cc */
/* blocks_open: puts hooks around blocks and scopes, and behind what a longjmp may land at; slot is the function's, or null. */
extern void blocks_open(tree fn, tree slot, bool landings);
/* blocks_is_mark: a statement that hotpath.h wrote, and none of the program. */
extern bool blocks_is_mark(gimple *stmt);
/* blocks_seen: called when the front end comes to a block. */
extern void blocks_seen(void);
extern void blocks_function_parsed(void *fn, void *user_data);

/* wrap.cc */
/*
 * wrap_append_hook: a hook's marker, or at once what it stands for.
 *
 * slot   &slots[i]; may be null for EMIT_LANDED
 * key    for EMIT_BEGIN and EMIT_END, else null
 */
extern void wrap_append_hook(gimple_seq *seq, enum emit_hook hook, tree slot, tree key,
			     location_t where);
/* wrap_lands: a longjmp may arrive behind this statement. */
extern bool wrap_lands(gimple *stmt);
extern gimple_opt_pass *wrap_make_pass(gcc::context *context);

/* open.cc */
/* open_wanted: true when hooks of this compilation are written as markers. */
extern bool open_wanted(void);
/* open_has_hooks: true when the function has hooks, once open.cc has been there; of the one that is being compiled. */
extern bool open_has_hooks(function *fun);
extern gimple_opt_pass *open_make_pass(gcc::context *context);

/* emit.cc */
/* emit_site: adds a site, or finds the one of another clone; returns &slots[i]. */
extern tree emit_site(tree fn, const struct names *names, const struct choice *choice);
/* emit_part: the same for a part of a function that has a site of its own; `part` tells it from the others. */
extern tree emit_part(tree fn, const char *part, const struct names *names,
		      const struct choice *choice);
/* emit_new_site: adds a site and returns its number; emit_slot: a fresh &slots[number]. */
extern unsigned emit_new_site(const struct names *names, const struct choice *choice);
extern tree emit_slot(unsigned site);
/* emit_finished: true when the unit's tables are made: nothing can be measured any more. */
extern bool emit_finished(void);
/* emit_outer_type: the type of a function of the runtime or of libc, of this function type. */
extern tree emit_outer_type(tree type);
/* emit_hook_args: arguments that a hook takes. */
extern unsigned emit_hook_args(enum emit_hook hook);
/* emit_hook_ref: a fresh volatile reference to one of the unit's hook pointers. */
extern tree emit_hook_ref(enum emit_hook hook);
/* emit_unit, emit_slots: the unit's variables, when emit_has_unit(); emit_hook_offset: where in it a hook pointer stands. */
extern tree emit_unit(void);
extern tree emit_slots(void);
extern HOST_WIDE_INT emit_hook_offset(enum emit_hook hook);
/* emit_root: the project's root as it goes into the object; null when -ffile-prefix-map maps it away. */
extern const char *emit_root(void);
/* emit_marker: the function that stands for a hook until open.cc opens its calls. */
extern tree emit_marker(enum emit_hook hook);
/* emit_marked: the enum emit_hook whose marker this is, or -1. */
extern int emit_marked(tree decl);
/* emit_clear_markers: true: they touch no memory; false: any, as ever. */
extern void emit_clear_markers(bool clear);
extern bool emit_has_unit(void);
/* emit_finish: gives the unit its tables, constructor and destructor, when something refers to it.
 */
extern void emit_finish(void *event_data, void *user_data);

/* list.cc */
/* list_rule: notes that a rule decided about something; list_site, list_obstacle: what came of it. */
extern void list_rule(const struct rule *rule);
extern void list_site(const struct names *names, const struct choice *choice);
extern void list_obstacle(const struct rules_subject *subject, enum hotpath_kind kind,
			  const char *rule, const char *reason);
/* list_finish: puts the list into the unit. */
extern void list_finish(void);

/* calls.cc */
/* calls_wrap: measures the calls in a function that rules chose. */
extern void calls_wrap(tree fn);

/* twin.cc */
extern void twin_register(void);
/*
 * twin_begin: to be called before anything of a unit is changed; from then on plugin.off may be set.
 *
 * Returns  true in the twin, in which nothing is to be changed
 */
extern bool twin_begin(void);

/* twin_waits: what is warned of from now on may wake it. */
extern bool twin_waits(void);

/* clear.cc */
/* clear_make_pass: before and behind a pass that only warns. */
extern opt_pass *clear_make_pass(gcc::context *context, bool begin);

/* align.cc */
/* align_make_pass: before peephole2, and once more behind it. */
extern opt_pass *align_make_pass(gcc::context *context);

/* open_late.cc */
/* open_late_wanted: true when markers stay calls until the end of RTL. */
extern bool open_late_wanted(void);
/* open_late_register: asks GCC not to copy markers, once. */
extern void open_late_register(void);
extern opt_pass *open_late_make_pass(gcc::context *context);

#endif /* HOTPATH_PLUGIN_H */
