/* SPDX-License-Identifier: MIT */
/*
 * The rules of hotpath.yaml: which functions are measured, as a pure function of strings.
 *
 * Plain C without a GCC header, so that testsuite/unit/test_rules.c can run it alone.
 */
#ifndef HOTPATH_RULES_H
#define HOTPATH_RULES_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rules;

/*
 * struct rule: what the plugin needs to know of the rule that won.
 *
 * calls    the rule is about calls to functions, not about functions
 * label    template as written, or null
 * group    likewise
 * sample   0: time every call; N: one call in N
 * name     as given by `name:`, or null
 * file     path of the file it stands in, as that was opened; null after rules_parse()
 * line     where the rule begins in the file, from 1
 */
struct rule {
	bool measure;
	bool calls;
	const char *label;
	const char *group;
	unsigned sample;
	const char *name;
	const char *file;
	unsigned line;
};

/*
 * struct rules_subject: one function, as the rules see it.  All strings may be null.
 *
 * plain      "parse"
 * scoped     "ns::Parser::parse"
 * qualified  "ns::Parser::parse(int)"
 * mangled    "_ZN2ns6Parser5parseEi"
 * file       path as the compiler names it
 * relative   the same from the folder of hotpath.yaml; null when it lies elsewhere
 * system     defined in a system header: only a `files` pattern with a slash reaches it
 * language   as in enum hotpath_language of the hook ABI: 1 for C; 0 when unknown
 * space      namespaces or modules around it: "ns::inner"
 * outer_space, outer_scoped, outer_qualified   the same names without the inline namespaces of C++ among them, as one may write
 *            them too; null where there are none
 * classes    classes around it: "Outer::Inner"
 * section    that the source puts it into
 * local      not visible outside its unit: static, or in an anonymous namespace
 * inlined    declared inline; in C++ also constexpr and members defined in their class
 * statements, has_loop, leaf   of its body; only looked at when rules_needs_shape()
 */
struct rules_subject {
	const char *plain;
	const char *scoped;
	const char *qualified;
	const char *mangled;
	const char *file;
	const char *relative;
	unsigned line;
	bool system;
	unsigned language;
	const char *space;
	const char *outer_space;
	const char *outer_scoped;
	const char *outer_qualified;
	const char *classes;
	const char *section;
	bool local;
	bool inlined;
	unsigned statements;
	bool has_loop;
	bool leaf;
};

/*
 * rules_report_fn: told every mistake.
 *
 * file           where it is; null for the text of rules_parse()
 * line, column   count from 1; 0 when there is no place
 */
typedef void rules_report_fn(void *context, const char *file, unsigned line, unsigned column,
			     const char *message);

/*
 * rules_parse: reads rules from memory; text need not end with a NUL.
 *
 * Returns  the rules, for rules_free(); null when `report` was called at least once
 */
struct rules *rules_parse(const char *text, size_t size, rules_report_fn *report, void *context);

/* rules_load: the same from a file.  A file that cannot be read is reported with line 0. */
struct rules *rules_load(const char *path, rules_report_fn *report, void *context);

void rules_free(struct rules *rules);

size_t rules_count(const struct rules *rules);

/* rules_at: the i-th rule, in the order in which they are weighed; null behind the last. */
const struct rule *rules_at(const struct rules *rules, size_t i);

/* rules_budget: how much measuring may slow a program down, in 1/1000 per cent; 0: no limit. */
unsigned rules_budget(const struct rules *rules);

/* rules_file: the path of the i-th file that was read; null behind the last. */
const char *rules_file(const struct rules *rules, size_t i);

/* rules_needs_shape: true when a rule asks for statements, has_loop or leaf. */
bool rules_needs_shape(const struct rules *rules);

/*
 * rules_match: the last rule that matches the subject, or null.
 *
 * Cost     looks at rules from the last to the first and stops at the first hit; verdicts on a file
 *          are kept until another file is asked for
 */
const struct rule *rules_match(struct rules *rules, const struct rules_subject *subject);

/* rules_has_calls: true when a rule is about calls. */
bool rules_has_calls(const struct rules *rules);

/* rules_may_call: true when the `calls` of some rule fits a function, whoever calls it. */
bool rules_may_call(const struct rules *rules, const struct rules_subject *callee);

/*
 * rules_match_call: the last rule about calls that matches, or null.
 *
 * caller   the function that the call stands in: what the rule's conditions are about
 * callee   only its names are looked at
 */
const struct rule *rules_match_call(struct rules *rules, const struct rules_subject *caller,
				    const struct rules_subject *callee);

/*
 * rules_label, rules_group: fill the template for a function.
 *
 * Returns  a string for free(); null when the rule has none
 */
char *rules_label(const struct rule *rule, const struct rules_subject *subject);
char *rules_group(const struct rule *rule, const struct rules_subject *subject);

/* rules_nearest: the word of a null-terminated list that `word` is a slip of, or null. */
const char *rules_nearest(const char *word, const char *const *list);

#ifdef __cplusplus
}
#endif

#endif /* HOTPATH_RULES_H */
