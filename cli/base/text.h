/* SPDX-License-Identifier: MIT */
/*
 * Text: formatted and growing strings, and making foreign ones fit to print.
 */
#ifndef HOTPATH_TEXT_H
#define HOTPATH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* text_format: a formatted string, to be freed; NULL when out of memory. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A growing string.  After a failed append `failed` stays set and text is NULL. */
struct text {
	char *text; /* NUL-terminated, NULL while empty */
	size_t n, capacity;
	bool failed;
};

void text_append(struct text *text, const char *bytes, size_t n);
void text_print(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* text_take: the string, "" when nothing was appended, to be freed; NULL when out of memory.
 * Empties the struct. */
char *text_take(struct text *text);

/*
 * text_utf8: the length of the character at `at`, 0 when the bytes are no valid UTF-8 (too long a
 * form and surrogates included).
 */
size_t text_utf8(const char *at, size_t n);

/* text_valid: a copy in which each byte that is no UTF-8 became U+FFFD, for JSON and CSV; to be
 * freed. */
char *text_valid(const char *string);

/*
 * text_printable: a copy that cannot move the cursor, colour the screen or break a line: control
 * characters, C1 ones included, become \n, \t or \x1b, bytes that are no UTF-8 \xff, and direction
 * marks \u202e; to be freed.
 */
char *text_printable(const char *string);

/* text_unsafe: the number of the character at `at`, of that length, when text_printable() would not show it as it is; else 0. */
unsigned long text_unsafe(const char *at, size_t length);

/*
 * text_command: argv as one would type it, with quotes where a shell needs them; to be freed.
 * Not yet printable.
 */
char *text_command(char *const *argv, size_t argc);

/* text_plural: what a word of English has behind it when it stands for n things. */
const char *text_plural(int64_t n);

/* text_hex: 2 * n digits and a NUL into `out`. */
void text_hex(char *out, const void *bytes, size_t n);

/* text_distance: edits (insert, delete, replace, swap neighbours) between two words of at most 63
 * bytes; else 64. */
unsigned text_distance(const char *one, const char *other);

#endif /* HOTPATH_TEXT_H */
