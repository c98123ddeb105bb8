/* SPDX-License-Identifier: MIT */
#include "source_tree.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* More than any tree whose owner would wait for the answer. */
enum { MOST_ENTRIES = 500000, MOST_DEPTH = 40 };

static const struct {
	const char *end;
	enum source_language language;
} ends[] = {
	{"c", SOURCE_C},	 {"cc", SOURCE_CXX},	  {"cpp", SOURCE_CXX},
	{"cxx", SOURCE_CXX},	 {"c++", SOURCE_CXX},	  {"C", SOURCE_CXX},
	{"hpp", SOURCE_CXX},	 {"hh", SOURCE_CXX},	  {"f", SOURCE_FORTRAN},
	{"for", SOURCE_FORTRAN}, {"f77", SOURCE_FORTRAN}, {"f90", SOURCE_FORTRAN},
	{"f95", SOURCE_FORTRAN}, {"f03", SOURCE_FORTRAN}, {"f08", SOURCE_FORTRAN},
	{"F", SOURCE_FORTRAN},	 {"F90", SOURCE_FORTRAN}, {"adb", SOURCE_ADA},
	{"d", SOURCE_D},
};

static const char *const tests[] = {"test",	 "tests", "testing", "testsuite", "unittest",
				    "unittests", "t",	  "spec",    NULL};
static const char *const vendored[] = {"third_party",  "third-party", "thirdparty", "3rdparty",
				       "vendor",       "vendored",    "external",   "extern",
				       "externals",    "contrib",     "deps",	    "subprojects",
				       "node_modules", NULL};
static const char *const built[] = {"build",  "builddir", "_build",	    "CMakeFiles", "out",
				    "target", "dist",	  "autom4te.cache", NULL};

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcasecmp(name, *list) == 0)
			return true;
	return false;
}

const char *source_language_name(enum source_language language)
{
	static const char *const names[] = {"C", "C++", "Fortran", "Ada", "D"};

	return names[language];
}

static int keep(struct source_folders *folders, const char *path)
{
	char **more = realloc(folders->paths, (folders->n + 1) * sizeof(*more));

	if (!more)
		return -1;
	folders->paths = more;
	more[folders->n] = strdup(path);
	return more[folders->n++] ? 0 : -1;
}

/* count: a file by the end of its name. */
static void count(struct source_tree *tree, const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strcmp(dot + 1, ends[i].end) == 0)
			tree->files[ends[i].language]++;
}

/* see_folder: whether it is to be entered. */
static int see_folder(struct source_tree *tree, const FTSENT *e, const char *path, bool *enter)
{
	*enter = e->fts_name[0] != '.' && !is_one_of(e->fts_name, built) &&
		 strncmp(e->fts_name, "cmake-build-", 12) != 0 && e->fts_level < MOST_DEPTH;
	if (!*enter)
		return 0;
	if (is_one_of(e->fts_name, tests))
		*enter = false;
	else if (!is_one_of(e->fts_name, vendored))
		return 0;
	if (*enter) {
		*enter = false;
		return keep(&tree->folders[SOURCE_VENDORED], path);
	}
	return keep(&tree->folders[SOURCE_TESTS], path);
}

static int by_name(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

static int walk(FTS *fts, size_t top, struct source_tree *tree)
{
	size_t seen = 0;
	FTSENT *e;

	while ((e = fts_read(fts))) {
		const char *path = e->fts_path + top;
		bool enter = true;

		while (*path == '/')
			path++;
		if (e->fts_level == 0) {
			if (e->fts_info == FTS_D || e->fts_info == FTS_DP)
				continue;
			errno = e->fts_info == FTS_F ? ENOTDIR : e->fts_errno;
			return -1;
		}
		if (++seen > MOST_ENTRIES) {
			tree->cut = true;
			return 0;
		}
		if (e->fts_info == FTS_F)
			count(tree, e->fts_name);
		else if (e->fts_info == FTS_D && see_folder(tree, e, path, &enter))
			return -1;
		if (!enter)
			fts_set(fts, e, FTS_SKIP);
	}
	return errno ? -1 : 0;
}

int source_tree_read(const char *top, struct source_tree *tree)
{
	char *const paths[] = {(char *)top, NULL};
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, NULL);
	int rc;

	memset(tree, 0, sizeof(*tree));
	if (!fts)
		return -1;
	rc = walk(fts, strlen(top), tree);
	if (rc) {
		int saved = errno;

		fts_close(fts);
		errno = saved;
		return rc;
	}
	fts_close(fts);
	for (int use = 0; use < SOURCE_USES; use++)
		if (tree->folders[use].n)
			qsort(tree->folders[use].paths, tree->folders[use].n, sizeof(char *),
			      by_name);
	return 0;
}

void source_tree_release(struct source_tree *tree)
{
	for (int use = 0; use < SOURCE_USES; use++) {
		for (size_t i = 0; i < tree->folders[use].n; i++)
			free(tree->folders[use].paths[i]);
		free(tree->folders[use].paths);
	}
	memset(tree, 0, sizeof(*tree));
}
