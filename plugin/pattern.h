/* SPDX-License-Identifier: MIT */
/*
 * Patterns of hotpath.yaml: globs, and regular expressions between slashes.
 *
 * In a glob `?` is one character, `*` any number, `[a-z]` and `[!a-z]` one of a set, `\x` the
 * character x.  In the glob of a path `*`, `?` and sets stop at a slash and `**` does not.
 */
#ifndef HOTPATH_PATTERN_H
#define HOTPATH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

enum pattern_kind {
	PATTERN_NAME, /* a function's name */
	PATTERN_PATH, /* a file's path */
};

struct pattern;

/*
 * pattern_new: compiles a pattern, once.
 *
 * error    where the reason goes when null is returned
 * Returns  the pattern, for pattern_free(); null when it is malformed
 */
struct pattern *pattern_new(const char *text, enum pattern_kind kind, char *error, size_t size);
void pattern_free(struct pattern *pattern);

/* pattern_match: true when the pattern fits the whole text (a regular expression: a part of it). */
bool pattern_match(const struct pattern *pattern, const char *text);

/* pattern_has_slash: true for a path pattern that names a folder. */
bool pattern_has_slash(const struct pattern *pattern);

#endif /* HOTPATH_PATTERN_H */
