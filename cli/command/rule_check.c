/* SPDX-License-Identifier: MIT */
#include "rule_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugin/rules.h"
#include "../base/text.h"

struct gathering {
	struct rule_check *check;
	bool failed; /* out of memory */
};

/* line_of: a line of a file without its end, to be freed; NULL when it is not there. */
static char *line_of(const char *path, unsigned line)
{
	FILE *file = line ? fopen(path, "re") : NULL;
	char *text = NULL;
	size_t room = 0;
	ssize_t n = -1;

	for (unsigned i = 0; file && i < line; i++)
		n = getline(&text, &room, file);
	if (file)
		fclose(file);
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[strcspn(text, "\r\n")] = '\0';
	return text;
}

static void gather(void *context, const char *file, unsigned line, unsigned column,
		   const char *message)
{
	struct gathering *g = context;
	struct rule_mistake *more = realloc(g->check->mistakes, (g->check->n + 1) * sizeof(*more));

	if (!more) {
		g->failed = true;
		return;
	}
	g->check->mistakes = more;
	more += g->check->n++;
	*more = (struct rule_mistake){.file = strdup(file ? file : "?"),
				      .line = line,
				      .column = column,
				      .message = strdup(message),
				      .source = line_of(file, line)};
	g->failed |= !more->file || !more->message;
}

int rule_check(const char *path, struct rule_check *check)
{
	struct gathering g = {.check = check};
	struct rules *rules;

	memset(check, 0, sizeof(*check));
	rules = rules_load(path, gather, &g);
	check->rules = rules_count(rules);
	check->unread = check->n && check->mistakes[0].line == 0;
	rules_free(rules);
	return g.failed ? -1 : 0;
}

void rule_check_release(struct rule_check *check)
{
	for (size_t i = 0; i < check->n; i++) {
		free(check->mistakes[i].file);
		free(check->mistakes[i].message);
		free(check->mistakes[i].source);
	}
	free(check->mistakes);
	memset(check, 0, sizeof(*check));
}

/* How wide the first characters of a line are once made printable. */
static size_t width_before(const char *line, unsigned column)
{
	size_t bytes = 0, width = 0;
	char *part, *shown;

	for (unsigned i = 1; i < column && line[bytes]; i++) {
		size_t n = text_utf8(line + bytes, strlen(line + bytes));

		bytes += n ? n : 1;
	}
	part = strndup(line, bytes);
	shown = part ? text_printable(part) : NULL;
	for (const char *c = shown; c && *c; c++)
		width += ((unsigned char)*c & 0xc0) != 0x80;
	free(part);
	free(shown);
	return width;
}

char *rule_check_show(const struct rule_mistake *m)
{
	char *file = text_printable(m->file), *message = text_printable(m->message);
	char *source = m->source ? text_printable(m->source) : NULL;
	struct text out = {0};

	text_print(&out, "%s:", file ? file : "");
	if (m->line)
		text_print(&out, "%u:%u:", m->line, m->column);
	text_print(&out, " error: %s\n", message ? message : "");
	if (source)
		text_print(&out, "%5u | %s\n      | %*s^\n", m->line, source,
			   (int)width_before(m->source, m->column), "");
	free(file);
	free(message);
	free(source);
	return text_take(&out);
}
