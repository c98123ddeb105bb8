/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *text_format(const char *format, ...)
{
	char *result;
	va_list args;

	va_start(args, format);
	if (vasprintf(&result, format, args) < 0)
		result = NULL;
	va_end(args);
	return result;
}

void text_append(struct text *text, const char *bytes, size_t n)
{
	if (text->failed)
		return;
	if (text->n + n + 1 > text->capacity) {
		size_t capacity = 2 * text->capacity + n + 64;
		char *more = realloc(text->text, capacity);

		if (!more) {
			free(text->text);
			text->text = NULL;
			text->n = text->capacity = 0;
			text->failed = true;
			return;
		}
		text->text = more;
		text->capacity = capacity;
	}
	memcpy(text->text + text->n, bytes, n);
	text->n += n;
	text->text[text->n] = '\0';
}

void text_print(struct text *text, const char *format, ...)
{
	char *piece;
	va_list args;

	va_start(args, format);
	if (vasprintf(&piece, format, args) < 0) {
		text->failed = true;
	} else {
		text_append(text, piece, strlen(piece));
		free(piece);
	}
	va_end(args);
}

char *text_take(struct text *text)
{
	char *result;

	text_append(text, "", 0);
	result = text->failed ? NULL : text->text;
	if (text->failed)
		free(text->text);
	memset(text, 0, sizeof(*text));
	return result;
}

size_t text_utf8(const char *at, size_t n)
{
	const unsigned char *s = (const unsigned char *)at;
	size_t length;

	if (n == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		length = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		length = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		length = 4;
	else
		return 0;
	if (length > n)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return length;
}

char *text_valid(const char *string)
{
	struct text out = {0};
	size_t n = strlen(string);

	for (size_t i = 0; i < n;) {
		size_t length = text_utf8(string + i, n - i);

		if (length)
			text_append(&out, string + i, length);
		else
			text_append(&out, "\xef\xbf\xbd", 3);
		i += length ? length : 1;
	}
	return text_take(&out);
}

static unsigned long code_point(const char *at, size_t length)
{
	const unsigned char *s = (const unsigned char *)at;
	unsigned long code = length == 1 ? s[0] : s[0] & (0xff >> (length + 1));

	for (size_t i = 1; i < length; i++)
		code = code << 6 | (s[i] & 0x3f);
	return code;
}

/* Marks that reorder or hide what follows them. */
static bool is_direction_mark(unsigned long code)
{
	return code == 0x061c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
	       code == 0xfeff;
}

unsigned long text_unsafe(const char *at, size_t length)
{
	unsigned long code = code_point(at, length);

	return code < 0x20 || (code >= 0x7f && code < 0xa0) || is_direction_mark(code) ? code : 0;
}

char *text_printable(const char *string)
{
	struct text out = {0};
	size_t n = strlen(string);

	for (size_t i = 0; i < n;) {
		size_t length = text_utf8(string + i, n - i);
		unsigned long code = length ? code_point(string + i, length) : 0;

		if (length == 0)
			text_print(&out, "\\x%02x", (unsigned char)string[i]);
		else if (code == '\n')
			text_append(&out, "\\n", 2);
		else if (code == '\t')
			text_append(&out, "\\t", 2);
		else if (text_unsafe(string + i, length))
			text_print(&out, code < 0x100 ? "\\x%02lx" : "\\u%04lx", code);
		else
			text_append(&out, string + i, length);
		i += length ? length : 1;
	}
	return text_take(&out);
}

static bool shell_safe(const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_@%+=:,./-";

	return *word && word[strspn(word, safe)] == '\0';
}

char *text_command(char *const *argv, size_t argc)
{
	struct text out = {0};

	for (size_t i = 0; i < argc; i++) {
		if (i)
			text_append(&out, " ", 1);
		if (shell_safe(argv[i])) {
			text_append(&out, argv[i], strlen(argv[i]));
			continue;
		}
		text_append(&out, "'", 1);
		for (const char *c = argv[i]; *c; c++) {
			if (*c == '\'')
				text_append(&out, "'\\''", 4);
			else
				text_append(&out, c, 1);
		}
		text_append(&out, "'", 1);
	}
	return text_take(&out);
}

const char *text_plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

void text_hex(char *out, const void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sprintf(out + 2 * i, "%02x", ((const unsigned char *)bytes)[i]);
	out[2 * n] = '\0';
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

unsigned text_distance(const char *one, const char *other)
{
	unsigned row[3][64];
	size_t n = strlen(one), m = strlen(other);

	if (n > 63 || m > 63)
		return 64;
	for (unsigned j = 0; j <= m; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= n; i++) {
		unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *older = row[(i + 1) % 3];

		now[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			unsigned differs = one[i - 1] != other[j - 1];

			now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + differs);
			if (i > 1 && j > 1 && one[i - 1] == other[j - 2] &&
			    one[i - 2] == other[j - 1] && older[j - 2] + 1 < now[j])
				now[j] = older[j - 2] + 1;
		}
	}
	return row[n % 3][m];
}
