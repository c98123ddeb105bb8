/* SPDX-License-Identifier: MIT */
/* Reading the conditions of a rule: see rules_private.h. */
#include "rules_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const rules_rule_keys[] = {
	"functions", "files",	       "language", "namespace", "class", "section", "linkage",
	"inline",    "min_statements", "has_loop", "leaf",	"all",	 "any",	    "not",
	"name",	     "measure",	       "label",	   "calls",	"group", "sample",  NULL,
};

/* The same without what belongs to the rule as a whole. */
static const char *const condition_keys[] = {
	"functions", "files",	       "language", "namespace", "class", "section", "linkage",
	"inline",    "min_statements", "has_loop", "leaf",	"all",	 "any",	    "not",
	NULL,
};

/* In the order of enum hotpath_language of the hook ABI, from C on. */
const char *const rules_languages[] = {"c", "c++", "fortran", "ada", "d", "go", NULL};
const char *const rules_linkages[] = {"static", "extern", NULL};

static void read_pattern(struct reader *r, const yaml_node_t *node, enum pattern_kind kind,
			 struct pattern_list *list)
{
	struct pattern *pattern, **items;
	char error[300];

	if (!reader_is_text(node)) {
		reader_complain(r, &node->start_mark, "expected a pattern, found %s",
				reader_kind(node));
		return;
	}
	pattern = pattern_new(reader_text(node), kind, error, sizeof(error));
	if (!pattern) {
		reader_complain(r, &node->start_mark, "bad pattern '%s': %s", reader_text(node),
				error);
		return;
	}
	items = realloc(list->items, (list->count + 1) * sizeof(struct pattern *));
	if (!items) {
		pattern_free(pattern);
		reader_complain(r, &node->start_mark, "out of memory");
		return;
	}
	list->items = items;
	items[list->count++] = pattern;
}

void reader_patterns(struct reader *r, const char *key, const yaml_node_t *node,
		     enum pattern_kind kind, struct pattern_list *list)
{
	if (reader_is_text(node)) {
		read_pattern(r, node, kind, list);
		return;
	}
	if (node->type != YAML_SEQUENCE_NODE) {
		reader_complain(r, &node->start_mark,
				"'%s' takes a pattern or a list of patterns, not %s", key,
				reader_kind(node));
		return;
	}
	if (node->data.sequence.items.start == node->data.sequence.items.top)
		reader_complain(r, &node->start_mark,
				"'%s' has an empty list; no function would match", key);
	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++)
		read_pattern(r, reader_node(r, *i), kind, list);
}

static void read_word(struct reader *r, const char *key, const yaml_node_t *node,
		      const char *const *known, unsigned *bits)
{
	char list[200];
	const char *near;

	rules_words(known, list, sizeof(list));
	if (!reader_is_text(node)) {
		reader_complain(r, &node->start_mark, "'%s' takes %s or a list of them, not %s",
				key, list, reader_kind(node));
		return;
	}
	for (unsigned i = 0; known[i]; i++)
		if (!strcmp(known[i], reader_text(node))) {
			*bits |= 1u << i;
			return;
		}
	near = rules_nearest(reader_text(node), known);
	if (near)
		reader_complain(r, &node->start_mark, "unknown %s '%s'; did you mean '%s'?", key,
				reader_text(node), near);
	else
		reader_complain(r, &node->start_mark, "unknown %s '%s'; expected %s", key,
				reader_text(node), list);
}

/* read_words: one of the known words or a list of them, as bits. */
static void read_words(struct reader *r, const char *key, const yaml_node_t *node,
		       const char *const *known, unsigned *bits)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		read_word(r, key, node, known, bits);
		return;
	}
	if (node->data.sequence.items.start == node->data.sequence.items.top)
		reader_complain(r, &node->start_mark,
				"'%s' has an empty list; no function would match", key);
	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++)
		read_word(r, key, reader_node(r, *i), known, bits);
}

/* Aliases of YAML can make a condition its own part, or a short file a very large one. */
enum {
	MOST_DEPTH = 20,
	MOST_CONDITIONS = 200000,
};

static bool too_many(struct reader *r, const yaml_node_t *node)
{
	if (r->depth <= MOST_DEPTH && r->n_conditions++ < MOST_CONDITIONS)
		return false;
	if (!r->overflowed)
		reader_complain(r, &node->start_mark,
				r->depth > MOST_DEPTH ? "conditions inside of conditions, too deep"
						      : "too many conditions");
	r->overflowed = true;
	return true;
}

static struct condition *add_part(struct reader *r, const yaml_node_t *node,
				  struct condition *group, enum condition_kind kind)
{
	struct condition *parts;

	if (too_many(r, node))
		return NULL;
	parts = realloc(group->parts, (group->n_parts + 1) * sizeof(*group->parts));
	if (!parts) {
		reader_complain(r, &node->start_mark, "out of memory");
		return NULL;
	}
	group->parts = parts;
	parts += group->n_parts++;
	memset(parts, 0, sizeof(*parts));
	parts->kind = kind;
	return parts;
}

/* belongs_to_rule: a key that stands in a rule, but not among conditions inside of it. */
static bool belongs_to_rule(struct reader *r, const char *key, const yaml_node_t *node)
{
	for (int i = CONDITIONS; reader_is_text(node) && rules_rule_keys[i]; i++)
		if (!strcmp(rules_rule_keys[i], reader_text(node))) {
			reader_complain(r, &node->start_mark,
					"'%s' is for the rule as a whole and cannot stand inside "
					"'%s'",
					rules_rule_keys[i], key);
			return true;
		}
	return false;
}

/* read_mapping: conditions that must all hold, as one part of a group. */
static void read_mapping(struct reader *r, const char *key, const yaml_node_t *node,
			 struct condition *group)
{
	struct condition *all;
	unsigned seen = 0;

	if (node->type != YAML_MAPPING_NODE) {
		reader_complain(r, &node->start_mark,
				"'%s' takes conditions such as 'functions: \"parse_*\"', not %s",
				key, reader_kind(node));
		return;
	}
	if (node->data.mapping.pairs.start == node->data.mapping.pairs.top)
		reader_complain(r, &node->start_mark, "'%s' has no condition", key);
	all = add_part(r, node, group, CONDITION_ALL);
	for (yaml_node_pair_t *i = node->data.mapping.pairs.start;
	     all && i < node->data.mapping.pairs.top; i++) {
		const yaml_node_t *word = reader_node(r, i->key);
		int kind = belongs_to_rule(r, key, word)
				   ? -1
				   : reader_key(r, word, condition_keys, &seen);

		if (kind >= 0)
			condition_read(r, (enum condition_kind)kind, reader_node(r, i->value), all);
	}
}

static void read_group(struct reader *r, const char *key, const yaml_node_t *node,
		       struct condition *group)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		reader_complain(
			r, &node->start_mark,
			"'%s' takes a list of conditions such as [functions: \"a*\", files: "
			"\"b.c\"], not %s",
			key, reader_kind(node));
		return;
	}
	if (node->data.sequence.items.start == node->data.sequence.items.top)
		reader_complain(r, &node->start_mark, "'%s' has an empty list", key);
	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++)
		read_mapping(r, key, reader_node(r, *i), group);
}

void condition_read(struct reader *r, enum condition_kind kind, const yaml_node_t *node,
		    struct condition *group)
{
	const char *key = condition_keys[kind];
	struct condition *c = add_part(r, node, group, kind);
	bool flag = true;

	if (!c)
		return;
	r->depth++;
	switch (kind) {
	case CONDITION_LANGUAGE:
		read_words(r, key, node, rules_languages, &c->number);
		break;
	case CONDITION_LINKAGE:
		read_words(r, key, node, rules_linkages, &c->number);
		break;
	case CONDITION_MIN_STATEMENTS:
		reader_number(r, key, node, &c->number);
		break;
	case CONDITION_INLINE:
	case CONDITION_HAS_LOOP:
	case CONDITION_LEAF:
		reader_flag(r, key, node, &flag);
		c->number = flag;
		break;
	case CONDITION_ALL:
	case CONDITION_ANY:
		read_group(r, key, node, c);
		break;
	case CONDITION_NOT:
		read_mapping(r, key, node, c);
		break;
	default:
		reader_patterns(r, key, node, kind == CONDITION_FILES ? PATTERN_PATH : PATTERN_NAME,
				&c->patterns);
		break;
	}
	r->depth--;
	if (kind == CONDITION_MIN_STATEMENTS || kind == CONDITION_HAS_LOOP ||
	    kind == CONDITION_LEAF)
		r->rules->needs_shape = true;
}

void pattern_list_release(struct pattern_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		pattern_free(list->items[i]);
	free(list->items);
}

void condition_release(struct condition *c)
{
	pattern_list_release(&c->patterns);
	for (size_t i = 0; i < c->n_parts; i++)
		condition_release(&c->parts[i]);
	free(c->parts);
}
