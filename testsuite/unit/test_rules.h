/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the rules' tests share; defined in test_rules.c. */
#ifndef HOTPATH_TEST_RULES_H
#define HOTPATH_TEST_RULES_H

#include "../../plugin/rules.h"

extern char reported[4096];
/* The path that rules_load() was given, whose name goes without saying in what is reported. */
extern const char *main_file;
/* ns::Parser::parse(int), a large extern member declared inline. */
extern const struct rules_subject parser;

void report(void *context, const char *file, unsigned line, unsigned column, const char *message);
struct rules *parse(const char *text);
struct rules *good(const char *text);
void bad(const char *text, const char *expected);
/* verdict: the line of the rule that wins, negative when it says not to measure; 0 for none. */
int verdict(const char *text, const struct rules_subject *subject);

/* conditions_run: the tests of test_rules_conditions.c; how many failed. */
int conditions_run(void);
/* actions_run: likewise of test_rules_actions.c. */
int actions_run(void);

#endif /* HOTPATH_TEST_RULES_H */
