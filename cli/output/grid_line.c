/* SPDX-License-Identifier: MIT */
#include "grid.h"

#include <string.h>

#include "grid_fit.h"

/* Whether a word is the unit of the number before it, so that they stay together. */
static bool is_unit(const char *before, const char *word, size_t n)
{
	static const char *const units[] = {"ns", "us", "\xc2\xb5s", "ms", "s", "%", "%;", "%,"};

	if (before[0] < '0' || before[0] > '9')
		return false;
	while (n && strchr(",.;:)]", word[n - 1]))
		n--;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i]) == n && strncmp(units[i], word, n) == 0)
			return true;
	return false;
}

/* The end of what stays on one line: a word, with the unit behind it. */
static const char *end_of(const char *word)
{
	const char *end = word + strcspn(word, " "), *next = end + strspn(end, " ");

	if (next - end == 1 && is_unit(end - 1, next, strcspn(next, " ")))
		end = next + strcspn(next, " ");
	return end;
}

/* Escape sequences, which make a word bold, take none. */
static size_t columns_between(const char *from, const char *to, bool utf8)
{
	size_t sum = 0;

	for (; from < to; from++) {
		if (*from == '\033')
			while (from < to && *from != 'm')
				from++;
		else
			sum += !utf8 || (*from & 0xc0) != 0x80;
	}
	return sum;
}

/* The end of a short phrase, such as "lost 0", that ends with two spaces; NULL when there is none. */
static const char *end_of_phrase(const char *word, bool utf8)
{
	enum { SHORT = 24 };
	const char *end = strstr(word, "  ");

	if (!end)
		end = word + strlen(word);
	return columns_between(word, end, utf8) <= SHORT ? end : NULL;
}

void grid_line(const struct view *view, const char *text, size_t hang)
{
	size_t width = (size_t)view->width, used = 0;
	bool phrases = strstr(text + strspn(text, " "), "  ") != NULL, fresh = true;
	const char *begin = text;

	if (!width || view->format != VIEW_TABLE) {
		fprintf(view->stream, "%s\n", text);
		return;
	}
	while (*text) {
		const char *word = text + strspn(text, " "), *end = end_of(word);
		size_t gap = (size_t)(word - text), columns;
		bool starts = phrases && (gap > 1 || text == begin);
		const char *phrase = starts ? end_of_phrase(word, view->utf8) : NULL;

		if (phrase && phrase > end &&
		    hang + columns_between(word, phrase, view->utf8) <= width)
			end = phrase;
		columns = columns_between(word, end, view->utf8);
		if (!fresh && used + gap + columns > width) {
			fprintf(view->stream, "\n%*s", (int)hang, "");
			used = hang;
			gap = 0;
		}
		fprintf(view->stream, "%*s%.*s", (int)gap, "", (int)(end - word), word);
		used += gap + columns;
		fresh = false;
		text = end;
	}
	putc('\n', view->stream);
}
