/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matching the rules that rules.c has read, and filling label templates: see rules.h. */
#include "rules_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const rules_label_keys[] = {"function", "qualified", "mangled", "class",
					"file",	    "line",	 NULL};

int rules_label_piece(const char **p, const char **start)
{
	const char *end;

	*start = *p;
	if (((*p)[0] == '{' || (*p)[0] == '}') && (*p)[1] == (*p)[0]) {
		*p += 2;
		*start += 1;
		return -1;
	}
	if (**p == '}')
		return -2;
	if (**p != '{') {
		*p += strcspn(*p, "{}");
		return -1;
	}
	end = strchr(*p, '}');
	if (!end)
		return -2;
	*start = *p + 1;
	*p = end + 1;
	for (int i = 0; rules_label_keys[i]; i++) {
		size_t length = (size_t)(end - *start);

		if (strlen(rules_label_keys[i]) == length &&
		    !strncmp(rules_label_keys[i], *start, length))
			return i;
	}
	return -3;
}

static bool list_has(const struct pattern_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (pattern_match(list->items[i], text))
			return true;
	return false;
}

static bool file_matches(const struct pattern_list *list, const struct rules_subject *subject)
{
	const char *slash = strrchr(subject->file, '/');
	const char *base = slash ? slash + 1 : subject->file;

	for (size_t i = 0; i < list->count; i++) {
		const struct pattern *pattern = list->items[i];

		if (pattern_has_slash(pattern)) {
			if (pattern_match(pattern, subject->file) ||
			    (subject->relative && pattern_match(pattern, subject->relative)))
				return true;
		} else if (!subject->system && pattern_match(pattern, base)) {
			return true;
		}
	}
	return false;
}

static bool names_match(const struct pattern_list *list, const struct rules_subject *subject)
{
	const char *names[4] = {subject->plain, subject->scoped, subject->qualified,
				subject->mangled};

	for (size_t i = 0; i < 4; i++) {
		bool again = false;

		/* In C all four are the same string: ask once. */
		for (size_t j = 0; j < i && names[i]; j++)
			again |= names[j] && !strcmp(names[j], names[i]);
		if (names[i] && !again && list_has(list, names[i]))
			return true;
	}
	return false;
}

/* forget_other_file: verdicts are about one file; functions come file by file. */
static void forget_other_file(struct rules *rules, const struct rules_subject *subject)
{
	const char *file = subject->file ? subject->file : "";

	if (rules->last_file && !strcmp(rules->last_file, file) &&
	    rules->last_system == subject->system)
		return;
	free(rules->last_file);
	rules->last_file = strdup(file);
	rules->last_system = subject->system;
	for (size_t i = 0; i < rules->count; i++)
		rules->entries[i].file_verdict = UNKNOWN;
}

static bool entry_has_file(struct rule_entry *entry, const struct rules_subject *subject)
{
	if (!entry->files.count)
		return !subject->system;
	if (entry->file_verdict == UNKNOWN)
		entry->file_verdict =
			subject->file && file_matches(&entry->files, subject) ? YES : NO;
	return entry->file_verdict == YES;
}

const struct rule *rules_match(struct rules *rules, const struct rules_subject *subject)
{
	if (!rules_count(rules))
		return NULL;
	forget_other_file(rules, subject);
	for (size_t i = rules->count; i-- > 0;) {
		struct rule_entry *entry = &rules->entries[i];

		if (entry_has_file(entry, subject) &&
		    (!entry->functions.count || names_match(&entry->functions, subject)))
			return &entry->rule;
	}
	return NULL;
}

/* class_length: how much of "ns::Parser::parse" is its scope, "ns::Parser". */
static size_t class_length(const char *scoped)
{
	size_t end = 0;
	int depth = 0;

	for (size_t i = 0; scoped[i]; i++) {
		if (strchr("<({", scoped[i]))
			depth++;
		else if (strchr(">)}", scoped[i]))
			depth--;
		else if (!depth && scoped[i] == ':' && scoped[i + 1] == ':')
			end = i;
	}
	return end;
}

char *rules_label(const struct rule *rule, const struct rules_subject *subject)
{
	const char *p = rule->label, *start;
	char *out = NULL, line[16];
	size_t size;
	FILE *stream = p ? open_memstream(&out, &size) : NULL;

	if (!stream)
		return NULL;
	snprintf(line, sizeof(line), "%u", subject->line);
	while (*p) {
		const char *values[] = {subject->plain,	 subject->qualified, subject->mangled,
					subject->scoped, subject->file,	     line};
		int piece = rules_label_piece(&p, &start);

		if (piece == -1)
			fwrite(start, 1, (size_t)(p - start), stream);
		else if (piece == 3 && values[3])
			fwrite(values[3], 1, class_length(values[3]), stream);
		else if (piece >= 0 && values[piece])
			fputs(values[piece], stream);
	}
	fclose(stream);
	return out;
}
