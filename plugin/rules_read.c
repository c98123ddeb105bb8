/* SPDX-License-Identifier: MIT */
/* What all readers of a rule file use: words, complaints with a place, keys of mappings. */
#include "rules_private.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* distance: how many letters must be put in, taken out or changed; words here are short. */
static size_t distance(const char *a, const char *b)
{
	size_t row[32], n = strlen(b);

	if (n >= sizeof(row) / sizeof(row[0]))
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

const char *rules_nearest(const char *word, const char *const *list)
{
	const char *best = NULL;
	size_t least = strlen(word) < 4 ? 2 : 3;

	for (; *list; list++) {
		size_t d = distance(word, *list);

		if (d < least) {
			least = d;
			best = *list;
		}
	}
	return best;
}

/* rules_words: "'a', 'b' or 'c'" */
void rules_words(const char *const *list, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; list[i] && used < size; i++) {
		const char *between = !i ? "" : list[i + 1] ? ", " : " or ";

		used += (size_t)snprintf(out + used, size - used, "%s'%s'", between, list[i]);
	}
}

void reader_complain(struct reader *r, const yaml_mark_t *mark, const char *format, ...)
{
	char message[700];
	size_t used = 0;
	va_list args;

	if (r->rule_name)
		used = (size_t)snprintf(message, sizeof(message), "rule '%.100s': ", r->rule_name);
	va_start(args, format);
	vsnprintf(message + used, sizeof(message) - used, format, args);
	va_end(args);
	r->report(r->context, r->path, mark ? (unsigned)mark->line + 1 : 0,
		  mark ? (unsigned)mark->column + 1 : 0, message);
	r->failed = true;
}

const char *reader_kind(const yaml_node_t *node)
{
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return node->data.scalar.length ? "a word" : "nothing";
	case YAML_SEQUENCE_NODE:
		return "a list";
	case YAML_MAPPING_NODE:
		return "a mapping";
	default:
		return "nothing";
	}
}

const char *reader_text(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

/* is_text: a scalar that is there, without a NUL inside. */
bool reader_is_text(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && node->data.scalar.length &&
	       strlen(reader_text(node)) == node->data.scalar.length;
}

yaml_node_t *reader_node(struct reader *r, int index)
{
	return yaml_document_get_node(&r->document, index);
}

/* reader_key: the place of a mapping's key in `known`, or -1 after a complaint. */
int reader_key(struct reader *r, const yaml_node_t *key, const char *const *known, unsigned *seen)
{
	char list[400];
	const char *near;

	if (!reader_is_text(key)) {
		reader_complain(r, &key->start_mark, "expected a key, found %s", reader_kind(key));
		return -1;
	}
	for (int i = 0; known[i]; i++) {
		if (strcmp(known[i], reader_text(key)) != 0)
			continue;
		if (*seen & 1u << i) {
			reader_complain(r, &key->start_mark, "key '%s' stands here twice",
					known[i]);
			return -1;
		}
		*seen |= 1u << i;
		return i;
	}
	rules_words(known, list, sizeof(list));
	near = rules_nearest(reader_text(key), known);
	if (near)
		reader_complain(r, &key->start_mark, "unknown key '%s'; did you mean '%s'?",
				reader_text(key), near);
	else
		reader_complain(r, &key->start_mark, "unknown key '%s'; expected %s",
				reader_text(key), list);
	return -1;
}

void reader_flag(struct reader *r, const char *key, const yaml_node_t *node, bool *flag)
{
	bool plain = reader_is_text(node) && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (plain && strcmp(reader_text(node), "true") == 0)
		*flag = true;
	else if (plain && strcmp(reader_text(node), "false") == 0)
		*flag = false;
	else if (reader_is_text(node))
		reader_complain(r, &node->start_mark, "'%s' takes true or false, not '%s'%s", key,
				reader_text(node), plain ? "" : " in quotes");
	else
		reader_complain(r, &node->start_mark, "'%s' takes true or false, not %s", key,
				reader_kind(node));
}

void reader_number(struct reader *r, const char *key, const yaml_node_t *node, unsigned *number)
{
	char *end = NULL;
	unsigned long value = 0;

	if (reader_is_text(node) &&
	    strspn(reader_text(node), "0123456789") == node->data.scalar.length)
		value = strtoul(reader_text(node), &end, 10);
	if (!value || value > 1000000)
		reader_complain(r, &node->start_mark,
				"'%s' takes a whole number from 1 to 1000000, not %s%s%s", key,
				reader_is_text(node) ? "'" : "",
				reader_is_text(node) ? reader_text(node) : reader_kind(node),
				reader_is_text(node) ? "'" : "");
	*number = (unsigned)value;
}

void reader_percentage(struct reader *r, const char *key, const yaml_node_t *node,
		       unsigned *thousandths)
{
	const char *text = reader_is_text(node) ? reader_text(node) : "";
	size_t whole = strspn(text, "0123456789");
	size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
	const char *end = text + whole + (text[whole] == '.' ? part + 1 : 0);
	double percent = 0;

	/* Not by strtod: where the locale has a decimal comma it would stop at the point. */
	for (const char *p = text; p < text + whole && percent < 1e5; p++)
		percent = 10 * percent + (*p - '0');
	*thousandths = (unsigned)(1000 * percent);
	for (size_t i = 0, digit = 100; i < part && i < 3; i++, digit /= 10)
		*thousandths += (unsigned)digit * (unsigned)(text[whole + 1 + i] - '0');
	end += strspn(end, " ");
	if (!whole || part > 3 || (text[whole] == '.' && !part) || strcmp(end, "%") != 0 ||
	    percent > 1000 || *thousandths == 0 || *thousandths > 1000000) {
		reader_complain(r, &node->start_mark,
				"'%s' takes a percentage such as 2%% or 0.5%%, at most 1000%%, "
				"not %s%s%s",
				key, *text ? "'" : "", *text ? text : reader_kind(node),
				*text ? "'" : "");
		*thousandths = 0;
	}
}
