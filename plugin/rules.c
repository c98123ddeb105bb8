/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules of hotpath.yaml: see rules.h; hotpath.yaml.example shows the language.
 *
 * libyaml's document loader gives a tree whose nodes carry their line and column, so each mistake
 * is reported at the very word that is wrong.  All mistakes of a file are reported, not only the
 * first.
 */
#include "rules_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct reader {
	yaml_document_t *document;
	struct rules *rules;
	rules_report_fn *report;
	void *context;
	bool failed;
};

static const char *const top_keys[] = {"rules", NULL};
static const char *const rule_keys[] = {"functions", "files", "measure", "label", NULL};

/* ---- words ---- */

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

/* words: "'a', 'b' or 'c'" */
static void words(const char *const *list, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; list[i] && used < size; i++) {
		const char *between = !i ? "" : list[i + 1] ? ", " : " or ";

		used += (size_t)snprintf(out + used, size - used, "%s'%s'", between, list[i]);
	}
}

/* ---- reading ---- */

__attribute__((format(printf, 3, 4))) static void
complain(struct reader *r, const yaml_mark_t *mark, const char *format, ...)
{
	char message[400];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	r->report(r->context, mark ? (unsigned)mark->line + 1 : 0,
		  mark ? (unsigned)mark->column + 1 : 0, message);
	r->failed = true;
}

static const char *kind_name(const yaml_node_t *node)
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

static const char *text_of(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

/* is_text: a scalar that is there, without a NUL inside. */
static bool is_text(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && node->data.scalar.length &&
	       strlen(text_of(node)) == node->data.scalar.length;
}

static yaml_node_t *node_at(const struct reader *r, int index)
{
	return yaml_document_get_node(r->document, index);
}

/* read_key: the place of a mapping's key in `known`, or -1 after a complaint. */
static int read_key(struct reader *r, const yaml_node_t *key, const char *const *known,
		    unsigned *seen)
{
	char list[200];
	const char *near;

	if (!is_text(key)) {
		complain(r, &key->start_mark, "expected a key, found %s", kind_name(key));
		return -1;
	}
	for (int i = 0; known[i]; i++) {
		if (strcmp(known[i], text_of(key)) != 0)
			continue;
		if (*seen & 1u << i) {
			complain(r, &key->start_mark, "key '%s' stands here twice", known[i]);
			return -1;
		}
		*seen |= 1u << i;
		return i;
	}
	words(known, list, sizeof(list));
	near = rules_nearest(text_of(key), known);
	if (near)
		complain(r, &key->start_mark, "unknown key '%s'; did you mean '%s'?", text_of(key),
			 near);
	else
		complain(r, &key->start_mark, "unknown key '%s'; expected %s", text_of(key), list);
	return -1;
}

static void read_pattern(struct reader *r, const yaml_node_t *node, enum pattern_kind kind,
			 struct pattern_list *list)
{
	struct pattern *pattern, **items;
	char error[300];

	if (!is_text(node)) {
		complain(r, &node->start_mark, "expected a pattern, found %s", kind_name(node));
		return;
	}
	pattern = pattern_new(text_of(node), kind, error, sizeof(error));
	if (!pattern) {
		complain(r, &node->start_mark, "bad pattern '%s': %s", text_of(node), error);
		return;
	}
	items = realloc(list->items, (list->count + 1) * sizeof(struct pattern *));
	if (!items) {
		pattern_free(pattern);
		complain(r, &node->start_mark, "out of memory");
		return;
	}
	list->items = items;
	items[list->count++] = pattern;
}

static void read_patterns(struct reader *r, const char *key, const yaml_node_t *node,
			  enum pattern_kind kind, struct pattern_list *list)
{
	if (is_text(node)) {
		read_pattern(r, node, kind, list);
		return;
	}
	if (node->type != YAML_SEQUENCE_NODE) {
		complain(r, &node->start_mark, "'%s' takes a pattern or a list of patterns, not %s",
			 key, kind_name(node));
		return;
	}
	if (node->data.sequence.items.start == node->data.sequence.items.top)
		complain(r, &node->start_mark, "'%s' has an empty list; no function would match",
			 key);
	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++)
		read_pattern(r, node_at(r, *i), kind, list);
}

static void read_measure(struct reader *r, const yaml_node_t *node, struct rule *rule)
{
	bool plain = is_text(node) && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (plain && strcmp(text_of(node), "true") == 0)
		rule->measure = true;
	else if (plain && strcmp(text_of(node), "false") == 0)
		rule->measure = false;
	else if (is_text(node))
		complain(r, &node->start_mark, "'measure' takes true or false, not '%s'%s",
			 text_of(node), plain ? "" : " in quotes");
	else
		complain(r, &node->start_mark, "'measure' takes true or false, not %s",
			 kind_name(node));
}

static void read_label(struct reader *r, const yaml_node_t *node, struct rule_entry *entry)
{
	const char *p, *start;

	if (!is_text(node)) {
		complain(r, &node->start_mark, "'label' takes a text, not %s", kind_name(node));
		return;
	}
	for (p = text_of(node); *p;) {
		int piece = rules_label_piece(&p, &start);

		if (piece == -2) {
			complain(r, &node->start_mark,
				 "a brace in label '%s' has no partner; write {{ or }} for a plain "
				 "brace",
				 text_of(node));
			return;
		}
		if (piece == -3) {
			char list[200];

			words(rules_label_keys, list, sizeof(list));
			complain(r, &node->start_mark, "unknown '{%.*s}' in label; expected %s",
				 (int)(p - start - 1), start, list);
			return;
		}
	}
	entry->label = strdup(text_of(node));
	entry->rule.label = entry->label;
	if (!entry->label)
		complain(r, &node->start_mark, "out of memory");
}

static void read_rule(struct reader *r, const yaml_node_t *node, struct rule_entry *entry)
{
	unsigned seen = 0;
	bool unknown = false;

	entry->rule.measure = true;
	entry->rule.line = (unsigned)node->start_mark.line + 1;
	if (node->type != YAML_MAPPING_NODE) {
		complain(r, &node->start_mark,
			 "a rule is a mapping such as '- functions: [\"parse_*\"]', not %s",
			 kind_name(node));
		return;
	}
	for (yaml_node_pair_t *i = node->data.mapping.pairs.start; i < node->data.mapping.pairs.top;
	     i++) {
		const yaml_node_t *value = node_at(r, i->value);

		switch (read_key(r, node_at(r, i->key), rule_keys, &seen)) {
		case 0:
			read_patterns(r, rule_keys[0], value, PATTERN_NAME, &entry->functions);
			break;
		case 1:
			read_patterns(r, rule_keys[1], value, PATTERN_PATH, &entry->files);
			break;
		case 2:
			read_measure(r, value, &entry->rule);
			break;
		case 3:
			read_label(r, value, entry);
			break;
		default:
			unknown = true;
			break;
		}
	}
	/* After a misspelt key the lack of the right one is no second mistake. */
	if (!(seen & 3u) && !unknown)
		complain(r, &node->start_mark,
			 "a rule needs 'functions' or 'files'; functions: [\"*\"] means all");
}

static void read_rules(struct reader *r, const yaml_node_t *node)
{
	struct rules *rules = r->rules;
	size_t count;

	if (node->type == YAML_SCALAR_NODE && !node->data.scalar.length)
		return;
	if (node->type != YAML_SEQUENCE_NODE) {
		complain(r, &node->start_mark, "'rules' takes a list of rules, not %s",
			 kind_name(node));
		return;
	}
	count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	rules->entries = calloc(count ? count : 1, sizeof(*rules->entries));
	if (!rules->entries) {
		complain(r, &node->start_mark, "out of memory");
		return;
	}
	rules->count = count;
	for (size_t i = 0; i < count; i++)
		read_rule(r, node_at(r, node->data.sequence.items.start[i]), &rules->entries[i]);
}

static void read_document(struct reader *r)
{
	const yaml_node_t *root = yaml_document_get_root_node(r->document);
	unsigned seen = 0;

	if (!root || (root->type == YAML_SCALAR_NODE && !root->data.scalar.length))
		return; /* an empty file has no rules, which is no mistake */
	if (root->type != YAML_MAPPING_NODE) {
		complain(r, &root->start_mark, "expected a mapping with the key 'rules', found %s",
			 kind_name(root));
		return;
	}
	for (yaml_node_pair_t *i = root->data.mapping.pairs.start; i < root->data.mapping.pairs.top;
	     i++)
		if (read_key(r, node_at(r, i->key), top_keys, &seen) == 0)
			read_rules(r, node_at(r, i->value));
}

static void complain_yaml(struct reader *r, const yaml_parser_t *parser)
{
	const char *problem = parser->problem ? parser->problem : "unreadable";
	/* The reader of characters knows no mark, only how far it came. */
	const yaml_mark_t *mark =
		parser->error == YAML_READER_ERROR ? &parser->mark : &parser->problem_mark;

	if (parser->error != YAML_READER_ERROR && parser->context)
		complain(r, mark, "not YAML: %s %s (begun in line %zu)", problem, parser->context,
			 parser->context_mark.line + 1);
	else
		complain(r, mark, "not YAML: %s", problem);
}

/* refuse_second: one file holds one set of rules. */
static void refuse_second(struct reader *r, yaml_parser_t *parser)
{
	yaml_document_t document;
	const yaml_node_t *root;

	if (!yaml_parser_load(parser, &document)) {
		complain_yaml(r, parser);
		return;
	}
	root = yaml_document_get_root_node(&document);
	if (root)
		complain(r, &root->start_mark,
			 "a second document; one file holds one set of rules");
	yaml_document_delete(&document);
}

struct rules *rules_parse(const char *text, size_t size, rules_report_fn *report, void *context)
{
	struct reader r = {.report = report, .context = context};
	yaml_parser_t parser;
	yaml_document_t document;

	r.rules = calloc(1, sizeof(*r.rules));
	if (!r.rules || !yaml_parser_initialize(&parser)) {
		complain(&r, NULL, "out of memory");
		free(r.rules);
		return NULL;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	if (!yaml_parser_load(&parser, &document)) {
		complain_yaml(&r, &parser);
	} else {
		r.document = &document;
		read_document(&r);
		refuse_second(&r, &parser);
		yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
	if (r.failed) {
		rules_free(r.rules);
		return NULL;
	}
	return r.rules;
}

/* read_all: the whole of a stream, for free(); null with errno set. */
static char *read_all(FILE *file, size_t *size)
{
	char *text = NULL, *more;
	size_t room = 0, got;

	*size = 0;
	do {
		if (*size == room) {
			room = room ? 2 * room : 4096;
			more = realloc(text, room);
			if (!more) {
				free(text);
				return NULL;
			}
			text = more;
		}
		got = fread(text + *size, 1, room - *size, file);
		*size += got;
	} while (got);
	if (ferror(file)) {
		free(text);
		return NULL;
	}
	return text;
}

struct rules *rules_load(const char *path, rules_report_fn *report, void *context)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	struct rules *rules = NULL;

	if (file)
		text = read_all(file, &size);
	if (text) {
		rules = rules_parse(text, size, report, context);
	} else {
		char message[200];

		snprintf(message, sizeof(message), "cannot read the file: %s", strerror(errno));
		report(context, 0, 0, message);
	}
	free(text);
	if (file)
		fclose(file);
	return rules;
}

static void list_free(struct pattern_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		pattern_free(list->items[i]);
	free(list->items);
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->count; i++) {
		list_free(&rules->entries[i].functions);
		list_free(&rules->entries[i].files);
		free(rules->entries[i].label);
	}
	free(rules->entries);
	free(rules->last_file);
	free(rules);
}

size_t rules_count(const struct rules *rules)
{
	return rules ? rules->count : 0;
}
