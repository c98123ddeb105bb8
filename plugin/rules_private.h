/* SPDX-License-Identifier: MIT */
/*
 * What the files of the rules share.
 *
 *   rules.c             rule files: rules, includes, loading and freeing
 *   rules_conditions.c  the conditions of a rule
 *   rules_read.c        what both use: words, complaints, keys
 *   rules_match.c       matching, labels
 */
#ifndef HOTPATH_RULES_PRIVATE_H
#define HOTPATH_RULES_PRIVATE_H

#include "rules.h"
#include "pattern.h"

#include <yaml.h>

struct pattern_list {
	struct pattern **items;
	size_t count;
};

/* enum condition_kind: in the order of the keys in condition_keys[]. */
enum condition_kind {
	CONDITION_FUNCTIONS,
	CONDITION_FILES,
	CONDITION_LANGUAGE,
	CONDITION_NAMESPACE,
	CONDITION_CLASS,
	CONDITION_SECTION,
	CONDITION_LINKAGE,
	CONDITION_INLINE,
	CONDITION_MIN_STATEMENTS,
	CONDITION_HAS_LOOP,
	CONDITION_LEAF,
	CONDITION_ALL,
	CONDITION_ANY,
	CONDITION_NOT,
	CONDITIONS,
};

/*
 * struct condition: one key of a rule, or a group of conditions.
 *
 * patterns  of FUNCTIONS, FILES, NAMESPACE, CLASS, SECTION
 * number    LANGUAGE, LINKAGE: a bit for each word of the list; INLINE, HAS_LOOP, LEAF: 0 or 1;
 *           MIN_STATEMENTS: the least number
 * parts     of ALL, ANY, NOT.  A mapping is an ALL of its keys
 * verdict   FILES: about the file of this `generation` of struct rules
 */
struct condition {
	enum condition_kind kind;
	struct pattern_list patterns;
	unsigned number;
	struct condition *parts;
	size_t n_parts;
	unsigned long generation;
	bool verdict, reached;
};

struct rule_entry {
	struct rule rule;
	char *label;
	char *group;
	char *name;
	struct pattern_list calls;
	struct condition when; /* an ALL */
};

/*
 * files       paths of all files that were read, the included ones too
 * last_file   the subject file that verdicts of this generation are about
 */
struct rules {
	struct rule_entry *entries;
	size_t count;
	char **files;
	size_t n_files;
	bool needs_shape, has_calls;
	unsigned budget;
	char *last_file;
	bool last_system;
	unsigned long generation;
};

/*
 * struct reader: one file that is being read.
 *
 * path       as it is shown; null for rules_parse()
 * text       of the file, size bytes
 * parent     the reader of the file that includes this one
 * rule_name  of the rule that is being read, for messages
 * depth      of the conditions that are being read; overflowed: a limit was met and reported
 */
struct reader {
	yaml_document_t document;
	struct rules *rules;
	rules_report_fn *report;
	void *context;
	const char *path;
	const char *text;
	size_t size;
	const struct reader *parent;
	const char *rule_name;
	unsigned depth, n_conditions;
	bool overflowed;
	bool failed;
};

__attribute__((format(printf, 3, 4))) void
reader_complain(struct reader *r, const yaml_mark_t *mark, const char *format, ...);
const char *reader_kind(const yaml_node_t *node);
const char *reader_text(const yaml_node_t *node);
bool reader_is_text(const yaml_node_t *node);
yaml_node_t *reader_node(struct reader *r, int index);
/* reader_key: the place of a mapping's key in `known`, or -1 after a complaint. */
int reader_key(struct reader *r, const yaml_node_t *key, const char *const *known, unsigned *seen);
/* reader_flag: true or false as YAML has them. */
void reader_flag(struct reader *r, const char *key, const yaml_node_t *node, bool *flag);

/* rules_words: "'a', 'b' or 'c'" */
void rules_words(const char *const *list, char *out, size_t size);

/* The keys of a rule: the conditions in the order of enum condition_kind, then these. */
enum {
	KEY_NAME = CONDITIONS,
	KEY_MEASURE,
	KEY_LABEL,
	KEY_CALLS,
	KEY_GROUP,
	KEY_SAMPLE,
};
extern const char *const rules_rule_keys[];

/* condition_read: adds the condition of one key to a group. */
void condition_read(struct reader *r, enum condition_kind kind, const yaml_node_t *node,
		    struct condition *group);
void condition_release(struct condition *condition);

/* reader_patterns: one pattern or a list of them. */
void reader_patterns(struct reader *r, const char *key, const yaml_node_t *node,
		     enum pattern_kind kind, struct pattern_list *list);
void pattern_list_release(struct pattern_list *list);
/* reader_number: a whole number from 1 to 1000000; 0 after a complaint. */
void reader_number(struct reader *r, const char *key, const yaml_node_t *node, unsigned *number);
/* reader_percentage: "2%", "0.5 %", as 1/1000 per cent. */
void reader_percentage(struct reader *r, const char *key, const yaml_node_t *node,
		       unsigned *thousandths);

extern const char *const rules_languages[];
extern const char *const rules_linkages[];

/* rules_label_keys: the placeholders of a label template; null-terminated. */
extern const char *const rules_label_keys[];

/*
 * rules_label_piece: steps *p over the next piece of a label template.
 *
 * Returns  the index of the placeholder in rules_label_keys; -1 for the text from *start to *p;
 *          -2 when a brace has no partner; -3 when the placeholder, from *start, is unknown
 */
int rules_label_piece(const char **p, const char **start);

#endif /* HOTPATH_RULES_PRIVATE_H */
