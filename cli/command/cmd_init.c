/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "../base/error.h"
#include "source_tree.h"
#include "../base/text.h"

static const char text[] =
	"Looks at the source tree in DIR (default: this folder) and writes a hotpath.yaml that\n"
	"measures its functions of some size, without its tests and without others' code, to "
	"begin\n"
	"with.  Its comments say how to go on.  A file that is there is never overwritten.\n"
	"\n"
	"Example:\n"
	"  hotpath init && make CFLAGS='-O2 -g -fplugin=hotpath.so' && ./prog && hotpath report\n";

static const char head[] =
	"# hotpath.yaml: which functions are measured.  Written by `hotpath init`, to be changed.\n"
	"#\n"
	"# The compiler reads it with -fplugin=hotpath.so; an edit builds anew what it concerns.  "
	"`hotpath check` validates\n"
	"# it, `hotpath sites PROGRAM` lists what it chose, and the rules that chose nothing.\n"
	"#\n"
	"# The LAST rule that matches a function decides.  In the source, "
	"__attribute__((hotpath_measure)) and\n"
	"# __attribute__((hotpath_skip)) beat every rule.\n"
	"#\n";

static const char middle[] =
	"\n"
	"rules:\n"
	"  # All functions of some size, wherever they are: about three lines and more.  A small "
	"one that is called a million\n"
	"  # times costs more to measure than it takes.  Others to ask for: functions, files, "
	"namespace, class, has_loop,\n"
	"  # language, linkage, section; `all`, `any` and `not` combine them.\n"
	"  - name: functions of some size\n"
	"    min_statements: 10\n"
	"\n"
	"  # By name, with a group for `hotpath report --by group`:\n"
	"  #\n"
	"  # - functions: [\"parse_*\", \"/^scan_(row|column)$/\", \"Parser::*\"]\n"
	"  #   files: [\"src/**\"]\n"
	"  #   group: parser\n"
	"\n"
	"  # Calls to functions that are not compiled here, as those of a library:\n"
	"  #\n"
	"  # - calls: [fread, fwrite, \"pthread_mutex_*\"]\n"
	"  #   group: libraries\n";

/* put_pattern: what is inside of a folder, as a glob in the quotes of YAML. */
static void put_pattern(struct text *out, const char *folder)
{
	text_append(out, "\"", 1);
	for (const char *c = folder; *c; c++) {
		/* A backslash for the glob, written as two for YAML. */
		if (strchr("*?[\\", *c))
			text_append(out, "\\\\", 2);
		if (*c == '\\' || *c == '"')
			text_append(out, "\\", 1);
		text_append(out, c, 1);
	}
	text_append(out, "/**\"", 4);
}

/* is_plain: a name that YAML takes as it is. */
static bool is_plain(const char *name)
{
	for (size_t n; *name; name += n) {
		n = text_utf8(name, strlen(name));
		if (!n || (unsigned char)*name < ' ' || *name == 0x7f ||
		    (n == 2 && (unsigned char)name[0] == 0xc2 && (unsigned char)name[1] < 0xa0))
			return false;
	}
	return true;
}

static void put_folders(struct text *out, const struct source_folders *folders, const char *why,
			const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < folders->n; i++)
		n += is_plain(folders->paths[i]);
	if (!n)
		return;
	text_print(out, "\n  # %s\n  - name: %s\n    files:\n", why, name);
	for (size_t i = 0; i < folders->n; i++) {
		if (!is_plain(folders->paths[i]))
			continue;
		text_print(out, "      - ");
		put_pattern(out, folders->paths[i]);
		text_append(out, "\n", 1);
	}
	text_print(out, "    measure: false\n");
}

/* describe: "12 files of C, 3 of Fortran"; "no source files" when there are none. */
static char *describe(const struct source_tree *tree)
{
	struct text out = {0};
	bool any = false;

	for (int i = 0; i < SOURCE_LANGUAGES; i++) {
		size_t n = tree->files[i];

		if (!n)
			continue;
		text_print(&out,
			   any	    ? ", %zu of %s"
			   : n == 1 ? "%zu file of %s"
				    : "%zu files of %s",
			   n, source_language_name((enum source_language)i));
		any = true;
	}
	if (!any)
		text_print(&out, "no source files");
	if (tree->cut)
		text_print(&out, ", and more than was looked at");
	return text_take(&out);
}

static char *contents(const struct source_tree *tree, const char *found)
{
	struct text out = {0};

	text_print(&out, "%s# Found here: %s.\n%s", head, found, middle);
	put_folders(&out, &tree->folders[SOURCE_TESTS], "Tests would be found in every report.",
		    "not the tests");
	put_folders(&out, &tree->folders[SOURCE_VENDORED],
		    "Others' code; take out of the list what is to be measured.",
		    "not others' code");
	return text_take(&out);
}

static int write_file(const char *path, const char *words, struct error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	size_t n = strlen(words);

	if (fd < 0 && errno == EEXIST)
		return error_set(error, ERR_USAGE,
				 "%s is there already, and stays as it is; `hotpath check` "
				 "validates it",
				 path);
	if (fd < 0)
		return error_set(error, ERR_IO, "cannot write %s: %s", path, strerror(errno));
	if (write(fd, words, n) != (ssize_t)n || close(fd) != 0) {
		int saved = errno;

		unlink(path);
		return error_set(error, ERR_IO, "cannot write %s: %s", path, strerror(saved));
	}
	return ERR_OK;
}

static void say(const char *path, const char *found, const struct source_tree *tree)
{
	char *shown = text_printable(path);
	const size_t n = tree->folders[SOURCE_TESTS].n + tree->folders[SOURCE_VENDORED].n;

	printf("wrote %s for %s; %zu folder%s of tests and others' code left out\n"
	       "Now build with -fplugin=hotpath.so, and `hotpath sites PROGRAM` lists what is "
	       "measured.\n",
	       shown ? shown : "", found, n, n == 1 ? "" : "s");
	free(shown);
}

static int run(struct invocation *in, struct error *error)
{
	const char *folder = in->argc ? in->argv[0] : ".";
	char *path = text_format("%s/hotpath.yaml", folder), *found = NULL, *words = NULL;
	struct source_tree tree = {0};
	int rc = path ? ERR_OK : error_memory(error);

	if (!rc && source_tree_read(folder, &tree))
		rc = error_set(error, ERR_IO, "cannot look at %s: %s", folder, strerror(errno));
	if (!rc) {
		found = describe(&tree);
		words = found ? contents(&tree, found) : NULL;
		rc = words ? write_file(path, words, error) : error_memory(error);
	}
	if (!rc)
		say(path, found, &tree);
	source_tree_release(&tree);
	free(path);
	free(found);
	free(words);
	return rc;
}

const struct command command_init = {
	.name = "init",
	.summary = "Write a first hotpath.yaml for a source tree",
	.arguments = "[DIR]",
	.text = text,
	.need = NEED_NOTHING,
	.max_args = 1,
	.run = run,
};
