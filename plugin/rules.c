/* SPDX-License-Identifier: MIT */
/*
 * The rules of hotpath.yaml: see rules.h; hotpath.yaml.example shows the language.
 *
 * libyaml's document loader gives a tree whose nodes carry their line and column, so each mistake
 * is reported at the very word that is wrong.  All mistakes of a file are reported, not only the
 * first.
 *
 * The rules of included files stand before those of the file that includes them, in the order of
 * the list: the last rule that matches wins, and the file at hand is to have the last word.  A file
 * that comes in by two ways is read once, at its first place.
 */
#include "rules_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const top_keys[] = {"rules", "include", "budget", NULL};

static void read_file(const char *path, const struct reader *parent, struct reader *r);

/* ---- a rule ---- */

/* read_template: of a label or a group; null after a complaint. */
static char *read_template(struct reader *r, const char *key, const yaml_node_t *node)
{
	const char *p, *start;
	char *text;

	if (!reader_is_text(node)) {
		reader_complain(r, &node->start_mark, "'%s' takes a text, not %s", key,
				reader_kind(node));
		return NULL;
	}
	for (p = reader_text(node); *p;) {
		int piece = rules_label_piece(&p, &start);

		if (piece == -2) {
			reader_complain(
				r, &node->start_mark,
				"a brace in %s '%s' has no partner; write {{ or }} for a plain "
				"brace",
				key, reader_text(node));
			return NULL;
		}
		if (piece == -3) {
			char list[200];

			rules_words(rules_label_keys, list, sizeof(list));
			reader_complain(r, &node->start_mark, "unknown '{%.*s}' in %s; expected %s",
					(int)(p - start - 1), start, key, list);
			return NULL;
		}
	}
	text = strdup(reader_text(node));
	if (!text)
		reader_complain(r, &node->start_mark, "out of memory");
	return text;
}

/* read_sample: one in one is every call. */
static void read_sample(struct reader *r, const yaml_node_t *node, struct rule_entry *entry)
{
	reader_number(r, rules_rule_keys[KEY_SAMPLE], node, &entry->rule.sample);
	if (entry->rule.sample == 1)
		entry->rule.sample = 0;
}

static void read_calls(struct reader *r, const yaml_node_t *node, struct rule_entry *entry)
{
	entry->rule.calls = r->rules->has_calls = true;
	reader_patterns(r, rules_rule_keys[KEY_CALLS], node, PATTERN_NAME, &entry->calls);
}

/* read_name: names are unique, so that a message means one rule. */
static void read_name(struct reader *r, const yaml_node_t *node, struct rule_entry *entry)
{
	if (!reader_is_text(node)) {
		reader_complain(r, &node->start_mark, "'name' takes a text, not %s",
				reader_kind(node));
		return;
	}
	for (size_t i = 0; i < r->rules->count; i++) {
		const struct rule_entry *other = &r->rules->entries[i];

		if (!other->name || strcmp(other->name, reader_text(node)) != 0)
			continue;
		reader_complain(r, &node->start_mark,
				"the name is taken by the rule in %s%sline %u",
				other->rule.file ? other->rule.file : "",
				other->rule.file ? ", " : "", other->rule.line);
		return;
	}
	entry->name = strdup(reader_text(node));
	entry->rule.name = entry->name;
	if (!entry->name)
		reader_complain(r, &node->start_mark, "out of memory");
}

/* name_of: the text of a rule's name, wherever in the rule it stands; or null. */
static const char *name_of(struct reader *r, const yaml_node_t *rule)
{
	for (yaml_node_pair_t *i = rule->data.mapping.pairs.start; i < rule->data.mapping.pairs.top;
	     i++) {
		const yaml_node_t *key = reader_node(r, i->key), *value = reader_node(r, i->value);

		if (reader_is_text(key) && reader_is_text(value) &&
		    !strcmp(reader_text(key), rules_rule_keys[KEY_NAME]))
			return reader_text(value);
	}
	return NULL;
}

static void read_pair(struct reader *r, int key, const yaml_node_t *value, struct rule_entry *entry)
{
	if (key < 0)
		return;
	switch (key) {
	case KEY_NAME:
		read_name(r, value, entry);
		break;
	case KEY_MEASURE:
		reader_flag(r, rules_rule_keys[key], value, &entry->rule.measure);
		break;
	case KEY_LABEL:
		entry->rule.label = entry->label = read_template(r, "label", value);
		break;
	case KEY_GROUP:
		entry->rule.group = entry->group = read_template(r, "group", value);
		break;
	case KEY_CALLS:
		read_calls(r, value, entry);
		break;
	case KEY_SAMPLE:
		read_sample(r, value, entry);
		break;
	default:
		condition_read(r, (enum condition_kind)key, value, &entry->when);
		break;
	}
}

static void read_rule(struct reader *r, const yaml_node_t *node, struct rule_entry *entry)
{
	unsigned seen = 0;
	bool unknown = false;

	entry->rule.measure = true;
	entry->rule.line = (unsigned)node->start_mark.line + 1;
	entry->rule.file = r->path;
	entry->when.kind = CONDITION_ALL;
	if (node->type != YAML_MAPPING_NODE) {
		reader_complain(r, &node->start_mark,
				"a rule is a mapping such as '- functions: [\"parse_*\"]', not %s",
				reader_kind(node));
		return;
	}
	r->rule_name = name_of(r, node);
	for (yaml_node_pair_t *i = node->data.mapping.pairs.start; i < node->data.mapping.pairs.top;
	     i++) {
		int key = reader_key(r, reader_node(r, i->key), rules_rule_keys, &seen);

		unknown |= key < 0;
		read_pair(r, key, reader_node(r, i->value), entry);
	}
	/* After a misspelt key the lack of the right one is no second mistake. */
	if (!entry->when.n_parts && !entry->rule.calls && !unknown)
		reader_complain(r, &node->start_mark,
				"a rule needs a condition such as 'functions' or 'files', or "
				"'calls'; functions: [\"*\"] means all");
	r->rule_name = NULL;
}

static void read_rules(struct reader *r, const yaml_node_t *node)
{
	struct rules *rules = r->rules;
	struct rule_entry *more;
	size_t count;

	if (node->type == YAML_SCALAR_NODE && !node->data.scalar.length)
		return;
	if (node->type != YAML_SEQUENCE_NODE) {
		reader_complain(r, &node->start_mark, "'rules' takes a list of rules, not %s",
				reader_kind(node));
		return;
	}
	count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	more = realloc(rules->entries, (rules->count + count + 1) * sizeof(*more));
	if (!more) {
		reader_complain(r, &node->start_mark, "out of memory");
		return;
	}
	rules->entries = more;
	for (size_t i = 0; i < count; i++) {
		struct rule_entry *entry = &rules->entries[rules->count];

		memset(entry, 0, sizeof(*entry));
		read_rule(r, reader_node(r, node->data.sequence.items.start[i]), entry);
		rules->count++;
	}
}

/* ---- includes ---- */

/* beside: the path of a file named in another file, for free(). */
static char *beside(const char *includer, const char *name)
{
	const char *slash = includer && name[0] != '/' ? strrchr(includer, '/') : NULL;
	size_t folder = slash ? (size_t)(slash - includer) + 1 : 0;
	char *path = malloc(folder + strlen(name) + 1);

	if (path) {
		memcpy(path, includer, folder);
		strcpy(path + folder, name);
	}
	return path;
}

static bool same_file(const char *a, const char *b)
{
	char *real_a = a ? realpath(a, NULL) : NULL, *real_b = b ? realpath(b, NULL) : NULL;
	bool same = real_a && real_b && !strcmp(real_a, real_b);

	free(real_a);
	free(real_b);
	return same;
}

/* keep_file: takes the path over, into the list of files; false after a complaint. */
static bool keep_file(struct reader *r, const yaml_mark_t *mark, char *path)
{
	char **more =
		path ? realloc(r->rules->files, (r->rules->n_files + 1) * sizeof(*more)) : NULL;

	if (!more) {
		free(path);
		reader_complain(r, mark, "out of memory");
		return false;
	}
	r->rules->files = more;
	more[r->rules->n_files++] = path;
	return true;
}

static void read_include(struct reader *r, const yaml_node_t *node)
{
	struct reader inner = {.rules = r->rules, .report = r->report, .context = r->context};
	char *path;

	if (!reader_is_text(node)) {
		reader_complain(r, &node->start_mark, "expected the path of a rule file, found %s",
				reader_kind(node));
		return;
	}
	path = beside(r->path, reader_text(node));
	for (const struct reader *up = r; up; up = up->parent)
		if (same_file(up->path, path)) {
			reader_complain(r, &node->start_mark,
					up == r ? "'%s' includes itself"
						: "'%s' is the file that this one is included by",
					reader_text(node));
			free(path);
			return;
		}
	for (size_t i = 0; i < r->rules->n_files; i++)
		if (same_file(r->rules->files[i], path)) {
			free(path);
			return;
		}
	errno = 0;
	if (!keep_file(r, &node->start_mark, path))
		return;
	read_file(path, r, &inner);
	if (inner.failed && !inner.path)
		reader_complain(r, &node->start_mark, "cannot read '%s': %s", reader_text(node),
				strerror(errno));
	r->failed |= inner.failed;
}

static void read_includes(struct reader *r, const yaml_node_t *node)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		read_include(r, node);
		return;
	}
	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++)
		read_include(r, reader_node(r, *i));
}

/* ---- a file ---- */

static void read_document(struct reader *r)
{
	const yaml_node_t *root = yaml_document_get_root_node(&r->document);
	const yaml_node_t *values[3] = {NULL, NULL, NULL};
	unsigned seen = 0;

	if (!root || (root->type == YAML_SCALAR_NODE && !root->data.scalar.length))
		return; /* an empty file has no rules, which is no mistake */
	if (root->type != YAML_MAPPING_NODE) {
		reader_complain(r, &root->start_mark,
				"expected a mapping with the key 'rules', found %s",
				reader_kind(root));
		return;
	}
	for (yaml_node_pair_t *i = root->data.mapping.pairs.start; i < root->data.mapping.pairs.top;
	     i++) {
		int key = reader_key(r, reader_node(r, i->key), top_keys, &seen);

		if (key >= 0)
			values[key] = reader_node(r, i->value);
	}
	/* Whichever comes first in the file. */
	if (values[1])
		read_includes(r, values[1]);
	if (values[0])
		read_rules(r, values[0]);
	if (values[2])
		reader_percentage(r, top_keys[2], values[2], &r->rules->budget);
}

/* see: the place behind one more byte of a text. */
static void see(yaml_mark_t *mark, unsigned char c)
{
	if (c == '\n') {
		mark->line++;
		mark->column = 0;
	} else if ((c & 0xc0) != 0x80) {
		mark->column++;
	}
}

/* is_tab_at: a tab stands at a place of the text. */
static bool is_tab_at(const struct reader *r, const yaml_mark_t *mark)
{
	yaml_mark_t at = {0};

	for (size_t i = 0; i < r->size && at.line <= mark->line; i++) {
		if (at.line == mark->line && at.column == mark->column)
			return r->text[i] == '\t';
		see(&at, (unsigned char)r->text[i]);
	}
	return false;
}

static void complain_yaml(struct reader *r, const yaml_parser_t *parser)
{
	const char *problem = parser->problem ? parser->problem : "unreadable";
	const yaml_mark_t *mark = &parser->problem_mark;
	yaml_mark_t place = {0};

	if (parser->error == YAML_READER_ERROR) {
		/* The reader of characters knows no mark, only how far it came; it reads ahead. */
		for (size_t i = 0; i < r->size && i < parser->problem_offset; i++)
			see(&place, (unsigned char)r->text[i]);
		reader_complain(r, &place, "not YAML: %s", problem);
	} else if (parser->error == YAML_SCANNER_ERROR && is_tab_at(r, mark)) {
		reader_complain(r, mark, "not YAML: a tab; lines are indented with spaces");
	} else if (parser->context) {
		reader_complain(r, mark, "not YAML: %s %s (begun in line %zu)", problem,
				parser->context, parser->context_mark.line + 1);
	} else {
		reader_complain(r, mark, "not YAML: %s", problem);
	}
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
		reader_complain(r, &root->start_mark,
				"a second document; one file holds one set of rules");
	yaml_document_delete(&document);
}

static void read_text(struct reader *r, const char *text, size_t size)
{
	yaml_parser_t parser;

	r->text = text;
	r->size = size;
	if (!yaml_parser_initialize(&parser)) {
		reader_complain(r, NULL, "out of memory");
		return;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	if (!yaml_parser_load(&parser, &r->document)) {
		complain_yaml(r, &parser);
	} else {
		read_document(r);
		refuse_second(r, &parser);
		yaml_document_delete(&r->document);
	}
	yaml_parser_delete(&parser);
}

/* finish: the rules when all was well. */
static struct rules *finish(struct reader *r)
{
	if (!r->failed)
		return r->rules;
	rules_free(r->rules);
	return NULL;
}

struct rules *rules_parse(const char *text, size_t size, rules_report_fn *report, void *context)
{
	struct reader r = {.report = report, .context = context};

	r.rules = calloc(1, sizeof(*r.rules));
	if (!r.rules) {
		reader_complain(&r, NULL, "out of memory");
		return NULL;
	}
	read_text(&r, text, size);
	return finish(&r);
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

/*
 * read_file: path stays valid as long as the rules.
 *
 * When the file cannot be read `failed` is set, `path` is not and errno says why: the caller knows
 * where to report it.
 */
static void read_file(const char *path, const struct reader *parent, struct reader *r)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	int error;

	if (file)
		text = read_all(file, &size);
	error = errno;
	if (file)
		fclose(file);
	if (text) {
		r->path = path;
		r->parent = parent;
		read_text(r, text, size);
	} else {
		r->failed = true;
		errno = error;
	}
	free(text);
}

struct rules *rules_load(const char *path, rules_report_fn *report, void *context)
{
	struct reader r = {.report = report, .context = context};

	r.rules = calloc(1, sizeof(*r.rules));
	if (!r.rules || !keep_file(&r, NULL, strdup(path))) {
		report(context, path, 0, 0, "out of memory");
		free(r.rules);
		return NULL;
	}
	read_file(r.rules->files[0], NULL, &r);
	if (r.failed && !r.path) {
		char message[200];

		snprintf(message, sizeof(message), "cannot read the file: %s", strerror(errno));
		report(context, path, 0, 0, message);
	}
	return finish(&r);
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->count; i++) {
		condition_release(&rules->entries[i].when);
		pattern_list_release(&rules->entries[i].calls);
		free(rules->entries[i].label);
		free(rules->entries[i].group);
		free(rules->entries[i].name);
	}
	for (size_t i = 0; i < rules->n_files; i++)
		free(rules->files[i]);
	free(rules->files);
	free(rules->entries);
	free(rules->last_file);
	free(rules);
}

size_t rules_count(const struct rules *rules)
{
	return rules ? rules->count : 0;
}

const char *rules_file(const struct rules *rules, size_t i)
{
	return rules && i < rules->n_files ? rules->files[i] : NULL;
}

const struct rule *rules_at(const struct rules *rules, size_t i)
{
	return i < rules_count(rules) ? &rules->entries[i].rule : NULL;
}

unsigned rules_budget(const struct rules *rules)
{
	return rules ? rules->budget : 0;
}

bool rules_has_calls(const struct rules *rules)
{
	return rules && rules->has_calls;
}

bool rules_needs_shape(const struct rules *rules)
{
	return rules && rules->needs_shape;
}
