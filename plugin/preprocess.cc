/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gcc -E and gcc -M: what the rules have to do with a file that is only preprocessed.
 *
 * -M lists the files of the rules, as -MD does.  -E says, in two lines, what the object depends on beside
 * the text:
 *
 *   # 0 "src/a.c"
 *   # 1 "hotpath-3f1c0e64b0a1d2c3" 1        the rules, the root, the plugin, as one number
 *   # 0 "src/a.c" 2
 *   # 0 "<built-in>"
 *
 * They are for ccache, which takes an object from its cache when the output of gcc -E is one that it knows;
 * an edit of hotpath.yaml would give the same output and so a stale object.  To compilers such a pair is a
 * header without a line.
 *
 * ccache's direct mode goes further: it does not even run gcc -E while all files that were named in such
 * lines are as they were.  A hotpath.yaml that is created nearer to the source would go by unseen, and an
 * object made in one checkout, with its root, would serve another.  So the name is that of a file which is
 * not there, and ccache (4.7 and the newest) leaves direct mode for this source.  Only where everything
 * is said by the command line, with config= and an absolute path, is it a name in angle brackets, which is
 * no file, and the files follow:
 *
 *   # 1 "<hotpath-3f1c0e64b0a1d2c3>" 1
 *   # 1 "/project/hotpath.yaml" 1
 *   # 1 "<hotpath-3f1c0e64b0a1d2c3>" 2
 *   # 0 "src/a.c" 2
 */
#include "plugin.h"

#include <limits.h>
#include <sys/stat.h>

/* ---- the number ---- */

/* FNV-1a, 64 bits. */
static void mix_bytes(uint64_t *hash, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		*hash = (*hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
}

/* mix_text: with its end; a missing one is another than an empty one. */
static void mix_text(uint64_t *hash, const char *text)
{
	mix_bytes(hash, text ? text : "\1", text ? strlen(text) + 1 : 2);
}

static void mix_file(uint64_t *hash, const char *path)
{
	char buffer[4096];
	size_t size;
	FILE *file = fopen(path, "r");

	mix_text(hash, remap_macro_filename(path));
	while (file && (size = fread(buffer, 1, sizeof(buffer), file)) > 0)
		mix_bytes(hash, buffer, size);
	mix_text(hash, file ? "" : NULL);
	if (file)
		fclose(file);
}

/* mix_plugin: which build of the plugin this is. */
static void mix_plugin(uint64_t *hash)
{
	struct stat st = {};
	char text[64];

	mix_text(hash, plugin.runtime);
	if (plugin.file)
		stat(plugin.file, &st);
	snprintf(text, sizeof(text), "%lld %lld", (long long)st.st_size, (long long)st.st_mtime);
	mix_text(hash, text);
}

/* mix_project: the root as it goes into the object, and where paths in rules begin. */
static void mix_project(uint64_t *hash)
{
	char *here = project_relative(&plugin.project, "./here");

	mix_text(hash, emit_root());
	mix_text(hash, here);
	free(here);
}

static uint64_t number(void)
{
	uint64_t hash = 0xcbf29ce484222325u;

	mix_plugin(&hash);
	mix_project(&hash);
	if (plugin.project.config)
		mix_file(&hash, plugin.project.config);
	for (size_t i = 0; rules_file(plugin.rules, i); i++)
		mix_file(&hash, rules_file(plugin.rules, i));
	return hash;
}

/* ---- the lines ---- */

static void enter(const char *name)
{
	/* Line maps keep the name. */
	pp_file_change(
		linemap_check_ordinary(linemap_add(line_table, LC_ENTER, 0, xstrdup(name), 1)));
}

static void leave(void)
{
	pp_file_change(linemap_check_ordinary(linemap_add(line_table, LC_LEAVE, 0, NULL, 0)));
}

static void put_lines(void)
{
	const bool all_said = plugin.config && IS_ABSOLUTE_PATH(plugin.config);
	char name[64];

	snprintf(name, sizeof(name), all_said ? "<hotpath-%016llx>" : "hotpath-%016llx",
		 (unsigned long long)number());
	enter(name);
	for (size_t i = 0; all_said && rules_file(plugin.rules, i); i++) {
		enter(rules_file(plugin.rules, i));
		leave();
	}
	if (all_said && plugin.file) {
		enter(plugin.file);
		leave();
	}
	leave();
}

/* no_report: mistakes in rules are the compilation's to report. */
static void no_report(void *, const char *, unsigned, unsigned, const char *)
{
}

void preprocess_begin(void *, void *)
{
	if (!flag_preprocess_only || !&parse_in || cpp_get_options(parse_in)->lang == CLK_ASM)
		return;
	plugin_read_rules(no_report);
	if (&pp_file_change && !flag_no_output && !flag_no_line_commands)
		put_lines();
}
