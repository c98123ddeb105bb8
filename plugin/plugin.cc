/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The plugin's entry: arguments, configuration and callbacks.
 *
 *   plugin_init()      at the start of cc1, cc1plus, f951, gnat1, d21, lto1
 *   attributes         PLUGIN_ATTRIBUTES        attributes.cc
 *   pragmas            PLUGIN_PRAGMAS           pragmas.cc
 *   preprocess_begin() PLUGIN_PRAGMAS           preprocess.cc: gcc -E, gcc -M
 *   start_unit()       PLUGIN_START_UNIT        finds and reads hotpath.yaml
 *   the passes         for each function        wrap.cc, clear.cc, open.cc, align.cc, open_late.cc
 *   emit_finish()      PLUGIN_ALL_IPA_PASSES_START   emit.cc
 *   twin_begin()       before the first hook    twin.cc: who warns from then on
 *
 * lto1 loads the plugin too, at link time.  Everything was done when the units were compiled, so
 * there it only accepts its arguments.
 */
#include "plugin.h"

#include <dlfcn.h>

#pragma GCC visibility push(default)
extern int plugin_init(struct plugin_name_args *info, struct plugin_gcc_version *version);
int plugin_is_GPL_compatible;
#pragma GCC visibility pop

struct plugin_state plugin;

static const char *const known_args[] = {"config", "off", "verbose", NULL};

static bool bad_argument(const char *key, const char *what)
{
	const char *near = rules_nearest(key, known_args);

	if (near && strcmp(near, key) != 0)
		error("%<-fplugin-arg-%s-%s%>: %s; did you mean %<-fplugin-arg-%s-%s%>?",
		      plugin.name, key, what, plugin.name, near);
	else
		error("%<-fplugin-arg-%s-%s%>: %s; known are %<config=FILE%>, %<off%> and "
		      "%<verbose%>",
		      plugin.name, key, what);
	return false;
}

static bool read_argument(const struct plugin_argument *arg)
{
	const bool config = !strcmp(arg->key, "config");

	if (!config && strcmp(arg->key, "off") != 0 && strcmp(arg->key, "verbose") != 0)
		return bad_argument(arg->key, "unknown argument");
	if (config && (!arg->value || !*arg->value))
		return bad_argument(arg->key, "the path of a rule file is missing");
	if (!config && arg->value)
		return bad_argument(arg->key, "takes no value");
	if (config)
		plugin.config = arg->value;
	else if (!strcmp(arg->key, "off"))
		plugin.off = true;
	else
		plugin.verbose = true;
	return true;
}

/*
 * find_runtime: PREFIX/lib/libhotpath.so of PREFIX/lib/hotpath/gcc-12/plugin.so, which is this
 * file. Asked by a static function: the shim has symbols of the same names.  By its real path: the
 * plugin may have been reached through a link in GCC's own folder.
 */
static void find_runtime(void)
{
	Dl_info info;
	char *folder;

	if (dladdr((void *)find_runtime, &info) && info.dli_fname)
		plugin.file = realpath(info.dli_fname, NULL);
	folder = plugin.file ? xstrdup(plugin.file) : NULL;
	for (int i = 0; folder && i < 3; i++) {
		char *slash = strrchr(folder, '/');

		if (slash)
			*slash = '\0';
	}
	plugin.runtime = folder ? concat(folder, "/", HOTPATH_RUNTIME_SONAME, NULL)
				: xstrdup(HOTPATH_RUNTIME_SONAME);
	free(folder);
}

/* add_dependency: so that make rebuilds when a rule was edited. */
static void add_dependency(const char *path)
{
	if (!&parse_in || !parse_in || !cpp_get_deps || !deps_add_dep)
		return;
	if (auto deps = cpp_get_deps(parse_in))
		deps_add_dep(deps, path);
}

void plugin_read_rules(rules_report_fn *report)
{
	const char *source = main_input_filename;

	/* gcc -E has set no other name by now. */
	if (!source && LINEMAPS_ORDINARY_USED(line_table))
		source = LINEMAPS_ORDINARY_MAP_AT(line_table, 0)->to_file;
	project_find(source, plugin.config, &plugin.project);
	if (!plugin.project.config)
		return;
	plugin.rules = rules_load(plugin.project.config, report, NULL);
	plugin.budget = rules_budget(plugin.rules);
	for (size_t i = 0; rules_file(plugin.rules, i); i++)
		add_dependency(rules_file(plugin.rules, i));
}

static void start_unit(void *, void *)
{
	plugin_read_rules(diag_config);
}

static bool right_version(struct plugin_gcc_version *version)
{
	if (plugin_default_version_check(version, &gcc_version))
		return true;
	error("hotpath: this plugin was built for GCC %s and this is GCC %s; run %<make install%> "
	      "of hotpath with %<CC%> set to this compiler",
	      gcc_version.basever, version->basever);
	return false;
}

/* has_pass: GCC ends with an error when a pass is to stand beside one that it does not have. */
static bool has_pass(const opt_pass *first, const char *name)
{
	for (const opt_pass *p = first; p; p = p->next)
		if (!strcmp(p->name, name) || has_pass(p->sub, name))
			return true;
	return false;
}

static void register_clear(const char *around)
{
	struct register_pass_info pass = {};
	gcc::pass_manager *passes = g->get_passes();

	if (!has_pass(passes->all_small_ipa_passes, around) &&
	    !has_pass(passes->all_passes, around))
		return;
	pass.reference_pass_name = around;
	pass.pass = clear_make_pass(g, true);
	pass.pos_op = PASS_POS_INSERT_BEFORE;
	register_callback(plugin.name, PLUGIN_PASS_MANAGER_SETUP, NULL, &pass);
	pass.pass = clear_make_pass(g, false);
	pass.pos_op = PASS_POS_INSERT_AFTER;
	register_callback(plugin.name, PLUGIN_PASS_MANAGER_SETUP, NULL, &pass);
}

int plugin_init(struct plugin_name_args *info, struct plugin_gcc_version *version)
{
	struct register_pass_info pass = {};
	bool good = true;

	plugin.name = info->base_name;
	if (!right_version(version))
		return 1;
	for (int i = 0; i < info->argc; i++)
		good = read_argument(&info->argv[i]) && good;
	/* The errors are reported: GCC stops by itself, without "failed to initialize plugin". */
	if (!good || !strcmp(lang_hooks.name, "GNU GIMPLE"))
		return 0;

	find_runtime();
	register_callback(plugin.name, PLUGIN_ATTRIBUTES, attributes_register, NULL);
	register_callback(plugin.name, PLUGIN_PRAGMAS, pragmas_register, NULL);
	if (plugin.off)
		return 0;
	register_callback(plugin.name, PLUGIN_PRAGMAS, preprocess_begin, NULL);
	register_callback(plugin.name, PLUGIN_START_UNIT, start_unit, NULL);
	register_callback(plugin.name, PLUGIN_FINISH_PARSE_FUNCTION, blocks_function_parsed, NULL);
	register_callback(plugin.name, PLUGIN_ALL_IPA_PASSES_START, emit_finish, NULL);

	open_late_register();
	twin_register();

	pass.pass = wrap_make_pass(g);
	pass.reference_pass_name = "*warn_unused_result";
	pass.ref_pass_instance_number = 1;
	pass.pos_op = PASS_POS_INSERT_AFTER;
	register_callback(plugin.name, PLUGIN_PASS_MANAGER_SETUP, NULL, &pass);

	register_clear(EARLY_UNINIT_PASS);
	register_clear("uninit");
	register_clear("waccess");

	pass.pass = open_make_pass(g);
	pass.reference_pass_name = "optimized";
	register_callback(plugin.name, PLUGIN_PASS_MANAGER_SETUP, NULL, &pass);

	pass.pass = align_make_pass(g);
	pass.reference_pass_name = "peephole2";
	pass.pos_op = PASS_POS_INSERT_BEFORE;
	register_callback(plugin.name, PLUGIN_PASS_MANAGER_SETUP, NULL, &pass);
	pass.pass = align_make_pass(g);
	pass.pos_op = PASS_POS_INSERT_AFTER;
	register_callback(plugin.name, PLUGIN_PASS_MANAGER_SETUP, NULL, &pass);

	pass.pass = open_late_make_pass(g);
	pass.reference_pass_name = "*free_cfg";
	register_callback(plugin.name, PLUGIN_PASS_MANAGER_SETUP, NULL, &pass);
	return 0;
}
