/* SPDX-License-Identifier: MIT */
/*
 * Validates rule files as the plugin would, without a compiler.
 */
#ifndef HOTPATH_RULE_CHECK_H
#define HOTPATH_RULE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

struct rule_mistake {
	char *file;	       /* the file itself, or one that it includes */
	unsigned line, column; /* from 1; 0: of the file as a whole */
	char *message;
	char *source; /* the line as it stands there; NULL unknown */
};

struct rule_check {
	struct rule_mistake *mistakes; /* in the order of the plugin */
	size_t n;
	size_t rules; /* with those of included files; 0 after a mistake */
	bool unread;  /* the file itself cannot be read */
};

/* rule_check: reads one file; 0 or -1 when out of memory.  rule_check_release() in either case. */
int rule_check(const char *path, struct rule_check *check);
void rule_check_release(struct rule_check *check);

/* rule_check_show: a mistake as GCC shows it, with the line and a caret below it; printable, to be freed. */
char *rule_check_show(const struct rule_mistake *mistake);

#endif /* HOTPATH_RULE_CHECK_H */
