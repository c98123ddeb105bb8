/* SPDX-License-Identifier: MIT */
/*
 * Patterns: see pattern.h.
 *
 * Matching is not left to fnmatch(): it has no `**`, reads each pattern anew and treats a name in
 * the locale's encoding.  The glob here works on bytes with one point of return for each kind of
 * star, so its time is bounded by the product of both lengths.  Most patterns fail on their first
 * letters; those are compared before anything else.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "pattern.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pattern {
	char *text;
	enum pattern_kind kind;
	size_t literal;	 /* bytes at the start without a meaning of their own */
	bool is_literal; /* all of them */
	bool has_slash;
	pcre2_code *regex;
	pcre2_match_data *match;
};

/* set_end: the bracket that ends the set which begins at p ("[..."), or null. */
static const char *set_end(const char *p)
{
	p++;
	if (*p == '!' || *p == '^')
		p++;
	if (*p == ']')
		p++;
	while (*p && *p != ']') {
		if (*p == '\\' && p[1])
			p++;
		p++;
	}
	return *p ? p : NULL;
}

static bool set_has(const char *p, const char *end, unsigned char c)
{
	bool negate = false, found = false;

	p++;
	if (*p == '!' || *p == '^') {
		negate = true;
		p++;
	}
	while (p < end) {
		unsigned char low, high;

		if (*p == '\\' && p + 1 < end)
			p++;
		low = high = (unsigned char)*p++;
		if (p + 1 < end && *p == '-') {
			p++;
			if (*p == '\\' && p + 1 < end)
				p++;
			high = (unsigned char)*p++;
		}
		if (c >= low && c <= high)
			found = true;
	}
	return found != negate;
}

/* one: matches one character of text; returns the pattern's next place, or null. */
static const char *one(const char *p, unsigned char c, bool path)
{
	const char *end;

	if (!c)
		return NULL;
	switch (*p) {
	case '?':
		return path && c == '/' ? NULL : p + 1;
	case '[':
		if (path && c == '/')
			return NULL;
		end = set_end(p);
		return set_has(p, end, c) ? end + 1 : NULL;
	case '\\':
		return (unsigned char)p[1] == c ? p + 2 : NULL;
	default:
		return (unsigned char)*p == c ? p + 1 : NULL;
	}
}

/*
 * glob: iterative match.  A failed attempt goes back to the newest star and lets it take one more
 * character; when that star may not take a slash, to the newest double star.
 */
static bool glob(const char *p, const char *t, bool path)
{
	const char *star = NULL, *star_text = NULL;
	const char *wide = NULL, *wide_text = NULL;

	for (;;) {
		const char *next;

		if (*p == '*') {
			bool is_wide = !path || p[1] == '*';

			while (*p == '*')
				p++;
			/* A folder pattern with a double star also matches no folder at all. */
			if (path && is_wide && *p == '/' && glob(p + 1, t, path))
				return true;
			if (is_wide) {
				wide = p;
				wide_text = t;
				star = NULL;
			} else {
				star = p;
				star_text = t;
			}
			continue;
		}
		if (!*p && !*t)
			return true;
		next = *p ? one(p, (unsigned char)*t, path) : NULL;
		if (next) {
			p = next;
			t++;
			continue;
		}
		if (star && *star_text && *star_text != '/') {
			p = star;
			t = ++star_text;
		} else if (wide && *wide_text) {
			p = wide;
			t = ++wide_text;
			star = NULL;
		} else {
			return false;
		}
	}
}

static bool glob_valid(const char *p, char *error, size_t size)
{
	for (; *p; p++) {
		if (*p == '\\') {
			if (!*++p) {
				snprintf(error, size, "the pattern ends with a backslash");
				return false;
			}
		} else if (*p == '[') {
			const char *end = set_end(p);

			if (!end) {
				snprintf(error, size,
					 "no ] ends the set of characters; write \\[ for the "
					 "character itself");
				return false;
			}
			p = end;
		}
	}
	return true;
}

static bool regex_compile(struct pattern *pattern, char *error, size_t size)
{
	size_t length = strlen(pattern->text);
	PCRE2_SIZE offset;
	int code;

	pattern->regex =
		pcre2_compile((PCRE2_SPTR)pattern->text + 1, length - 2, 0, &code, &offset, NULL);
	if (!pattern->regex) {
		PCRE2_UCHAR message[160];

		pcre2_get_error_message(code, message, sizeof(message));
		snprintf(error, size, "%s, at character %zu of the expression",
			 (const char *)message, (size_t)offset + 1);
		return false;
	}
	/* Without the just-in-time compiler pcre2_match() interprets: slower, not wrong. */
	pcre2_jit_compile(pattern->regex, PCRE2_JIT_COMPLETE);
	pattern->match = pcre2_match_data_create(1, NULL);
	return pattern->match != NULL;
}

struct pattern *pattern_new(const char *text, enum pattern_kind kind, char *error, size_t size)
{
	size_t length = strlen(text);
	struct pattern *pattern;
	bool good;

	if (!length) {
		snprintf(error, size, "the pattern is empty");
		return NULL;
	}
	pattern = calloc(1, sizeof(*pattern));
	if (!pattern || !(pattern->text = strdup(text))) {
		snprintf(error, size, "out of memory");
		free(pattern);
		return NULL;
	}
	pattern->kind = kind;
	pattern->has_slash = strchr(text, '/') != NULL;
	if (length > 2 && text[0] == '/' && text[length - 1] == '/') {
		good = regex_compile(pattern, error, size);
	} else {
		good = glob_valid(text, error, size);
		pattern->literal = strcspn(text, "*?[\\");
		pattern->is_literal = pattern->literal == length;
	}
	if (!good) {
		pattern_free(pattern);
		return NULL;
	}
	return pattern;
}

void pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	pcre2_match_data_free(pattern->match);
	pcre2_code_free(pattern->regex);
	free(pattern->text);
	free(pattern);
}

bool pattern_match(const struct pattern *pattern, const char *text)
{
	if (pattern->regex)
		return pcre2_match(pattern->regex, (PCRE2_SPTR)text, strlen(text), 0, 0,
				   pattern->match, NULL) >= 0;
	if (pattern->literal && text[0] != pattern->text[0])
		return false;
	if (pattern->is_literal)
		return strcmp(text, pattern->text) == 0;
	if (strncmp(text, pattern->text, pattern->literal) != 0)
		return false;
	return glob(pattern->text + pattern->literal, text + pattern->literal,
		    pattern->kind == PATTERN_PATH);
}

bool pattern_has_slash(const struct pattern *pattern)
{
	return pattern->has_slash;
}
