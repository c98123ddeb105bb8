/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the reader (rules.c) and the matcher (rules_match.c) share. */
#ifndef HOTPATH_RULES_PRIVATE_H
#define HOTPATH_RULES_PRIVATE_H

#include "rules.h"
#include "pattern.h"

enum verdict {
	UNKNOWN,
	YES,
	NO,
};

struct pattern_list {
	struct pattern **items;
	size_t count;
};

struct rule_entry {
	struct rule rule;
	char *label;
	struct pattern_list functions;
	struct pattern_list files;
	enum verdict file_verdict; /* for rules->last_file */
};

struct rules {
	struct rule_entry *entries;
	size_t count;
	char *last_file; /* the subject file that the verdicts are about */
	bool last_system;
};

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
