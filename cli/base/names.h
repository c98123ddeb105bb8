/* SPDX-License-Identifier: MIT */
/*
 * Names of functions by which each is told from the others.
 */
#ifndef HOTPATH_NAMES_H
#define HOTPATH_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct name_parts {
	const char *title; /* what it is called on the screen */
	const char *file;  /* NULL: unknown */
	const char *linker_name;
	int64_t line;
};

/*
 * names_apart: the title of each; where several have the same, with the file as well, then the line, then the linker's name.
 *
 * Returns  n strings, for names_free(); NULL when out of memory
 */
char **names_apart(const struct name_parts *parts, size_t n);
void names_free(char **names, size_t n);

/* names_cut: a name of at most `most` bytes, whole characters, to be freed: a longer one ends with a hash of all of it.
 * most is at least 32. */
char *names_cut(const char *name, size_t most);

#endif /* HOTPATH_NAMES_H */
