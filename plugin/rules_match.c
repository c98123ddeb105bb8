/* SPDX-License-Identifier: MIT */
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
	const char *names[] = {subject->plain,	 subject->scoped,	subject->qualified,
			       subject->mangled, subject->outer_scoped, subject->outer_qualified};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
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
	rules->generation++;
}

/* file_holds: the verdict of a FILES condition, kept until another file is asked for. */
static bool file_holds(struct condition *c, const struct rules *rules,
		       const struct rules_subject *subject)
{
	if (c->generation != rules->generation) {
		c->generation = rules->generation;
		c->verdict = subject->file && file_matches(&c->patterns, subject);
	}
	return c->verdict;
}

/*
 * scope_holds: a pattern fits a scope or one around it: "ns" fits what is in ns::inner too.
 *
 * before   with more than one name: scopes in front of it, which the pattern may name too; or null
 * parts    true when the pattern may also fit the last name alone
 */
static bool scope_holds(const struct pattern_list *list, const char *scope, const char *before,
			bool parts)
{
	char text[1000], full[2000];

	if (!scope || strlen(scope) >= sizeof(text))
		return false;
	strcpy(text, scope);
	for (;;) {
		char *last = text, *colons;

		while ((colons = strstr(last, "::")))
			last = colons + 2;
		if (list_has(list, text) || (parts && list_has(list, last)))
			return true;
		if (before) {
			snprintf(full, sizeof(full), "%s::%s", before, text);
			if (list_has(list, full))
				return true;
		}
		if (last == text)
			return false;
		last[-2] = '\0';
	}
}

/*
 * struct outcome: whether a condition holds, and whether it names the folder of the file: the only
 * thing that reaches functions of system headers.
 */
struct outcome {
	bool holds, reaches;
};

static struct outcome evaluate(struct condition *c, const struct rules *rules,
			       const struct rules_subject *subject);

static struct outcome evaluate_all(struct condition *c, const struct rules *rules,
				   const struct rules_subject *subject)
{
	struct outcome all = {.holds = true};

	for (size_t i = 0; i < c->n_parts; i++) {
		struct outcome part = evaluate(&c->parts[i], rules, subject);

		if (!part.holds)
			return part;
		all.reaches |= part.reaches;
	}
	return all;
}

static struct outcome evaluate_any(struct condition *c, const struct rules *rules,
				   const struct rules_subject *subject)
{
	struct outcome any = {.holds = false};

	for (size_t i = 0; i < c->n_parts; i++) {
		struct outcome part = evaluate(&c->parts[i], rules, subject);

		if (!part.holds)
			continue;
		any.holds = true;
		any.reaches |= part.reaches;
		if (any.reaches || !subject->system)
			break;
	}
	return any;
}

static struct outcome evaluate(struct condition *c, const struct rules *rules,
			       const struct rules_subject *subject)
{
	struct outcome out = {.holds = false};

	switch (c->kind) {
	case CONDITION_ALL:
		return evaluate_all(c, rules, subject);
	case CONDITION_ANY:
		return evaluate_any(c, rules, subject);
	case CONDITION_NOT:
		out.holds = !evaluate_all(c, rules, subject).holds;
		break;
	case CONDITION_FUNCTIONS:
		out.holds = names_match(&c->patterns, subject);
		break;
	case CONDITION_FILES:
		/* In a system header only patterns with a slash fit at all. */
		out.holds = out.reaches = file_holds(c, rules, subject);
		break;
	case CONDITION_LANGUAGE:
		out.holds = subject->language && (c->number >> (subject->language - 1) & 1);
		break;
	case CONDITION_NAMESPACE:
		out.holds = scope_holds(&c->patterns, subject->space, NULL, false) ||
			    scope_holds(&c->patterns, subject->outer_space, NULL, false);
		break;
	case CONDITION_CLASS:
		out.holds = scope_holds(&c->patterns, subject->classes, subject->space, true) ||
			    (subject->outer_space && scope_holds(&c->patterns, subject->classes,
								 subject->outer_space, true));
		break;
	case CONDITION_SECTION:
		out.holds = subject->section && list_has(&c->patterns, subject->section);
		break;
	case CONDITION_LINKAGE:
		out.holds = c->number & (subject->local ? 1u : 2u);
		break;
	case CONDITION_INLINE:
		out.holds = c->number == subject->inlined;
		break;
	case CONDITION_MIN_STATEMENTS:
		out.holds = subject->statements >= c->number;
		break;
	case CONDITION_HAS_LOOP:
		out.holds = c->number == subject->has_loop;
		break;
	case CONDITION_LEAF:
		out.holds = c->number == subject->leaf;
		break;
	case CONDITIONS:
		break;
	}
	return out;
}

/* match: the last rule of one sort that holds; callee is null for rules about functions. */
static const struct rule *match(struct rules *rules, const struct rules_subject *subject,
				const struct rules_subject *callee)
{
	if (!rules_count(rules))
		return NULL;
	forget_other_file(rules, subject);
	for (size_t i = rules->count; i-- > 0;) {
		struct rule_entry *entry = &rules->entries[i];
		struct outcome out;

		if (entry->rule.calls != (callee != NULL))
			continue;
		if (callee && !names_match(&entry->calls, callee))
			continue;
		out = evaluate(&entry->when, rules, subject);
		if (out.holds && (out.reaches || !subject->system))
			return &entry->rule;
	}
	return NULL;
}

const struct rule *rules_match(struct rules *rules, const struct rules_subject *subject)
{
	return match(rules, subject, NULL);
}

bool rules_may_call(const struct rules *rules, const struct rules_subject *callee)
{
	for (size_t i = 0; i < rules_count(rules); i++)
		if (rules->entries[i].rule.calls && names_match(&rules->entries[i].calls, callee))
			return true;
	return false;
}

const struct rule *rules_match_call(struct rules *rules, const struct rules_subject *caller,
				    const struct rules_subject *callee)
{
	return match(rules, caller, callee);
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

static char *fill(const char *template, const struct rules_subject *subject)
{
	const char *p = template, *start;
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

char *rules_label(const struct rule *rule, const struct rules_subject *subject)
{
	return fill(rule->label, subject);
}

char *rules_group(const struct rule *rule, const struct rules_subject *subject)
{
	return fill(rule->group, subject);
}
