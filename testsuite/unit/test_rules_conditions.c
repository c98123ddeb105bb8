/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of hotpath.yaml: properties of functions, groups of conditions, names, includes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test_rules.h"

/* A function of C, static, without a section, small and calling nothing. */
static const struct rules_subject helper = {
	.plain = "helper",
	.scoped = "helper",
	.qualified = "helper",
	.mangled = "helper",
	.file = "/abs/proj/src/b.c",
	.relative = "src/b.c",
	.line = 3,
	.language = 1,
	.local = true,
	.statements = 2,
	.leaf = true,
};

/* chooses: whether the rule `condition` matches the method and the helper. */
static void chooses(const char *condition, bool method, bool other)
{
	char text[500];

	snprintf(text, sizeof(text), "rules:\n- %s\n", condition);
	assert_int_equal(verdict(text, &parser), method ? 2 : 0);
	assert_int_equal(verdict(text, &helper), other ? 2 : 0);
}

static void test_properties(void **state)
{
	(void)state;
	chooses("language: c", false, true);
	chooses("language: c++", true, false);
	chooses("language: [c, c++]", true, true);
	chooses("language: [fortran, ada, d, go]", false, false);
	chooses("namespace: ns", true, false);
	chooses("namespace: n*", true, false);
	chooses("namespace: Parser", false, false);
	chooses("class: Parser", true, false);
	chooses("class: ns::Parser", true, false);
	chooses("class: ns", false, false);
	chooses("section: '.text.*'", true, false);
	chooses("linkage: static", false, true);
	chooses("linkage: extern", true, false);
	chooses("linkage: [static, extern]", true, true);
	chooses("inline: true", true, false);
	chooses("inline: false", false, true);
	chooses("min_statements: 2", true, true);
	chooses("min_statements: 3", true, false);
	chooses("has_loop: true", true, false);
	chooses("has_loop: false", false, true);
	chooses("leaf: true", false, true);
	chooses("leaf: false", true, false);
}

static void test_inner_scopes(void **state)
{
	struct rules_subject inner = parser;

	(void)state;
	inner.space = "a::b";
	inner.classes = "Outer::Inner";
	assert_int_equal(verdict("rules:\n- namespace: a\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- namespace: a::b\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- namespace: b\n", &inner), 0);
	assert_int_equal(verdict("rules:\n- class: Inner\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- class: Outer\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- class: Outer::Inner\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- class: a::b::Outer\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- class: b::Outer\n", &inner), 0);
}

static void test_inline_namespaces(void **state)
{
	struct rules_subject inner = parser;

	(void)state;
	inner.space = "q::v1::detail";
	inner.outer_space = "q::detail";
	inner.classes = "Outer";
	inner.scoped = "q::v1::detail::Outer::f";
	inner.qualified = "q::v1::detail::Outer::f(int)";
	inner.outer_scoped = "q::detail::Outer::f";
	inner.outer_qualified = "q::detail::Outer::f(int)";
	assert_int_equal(verdict("rules:\n- namespace: q\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- namespace: q::v1\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- namespace: q::detail\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- namespace: detail\n", &inner), 0);
	assert_int_equal(verdict("rules:\n- class: q::detail::Outer\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- class: q::v1::detail::Outer\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- class: v1::detail::Outer\n", &inner), 0);
	assert_int_equal(verdict("rules:\n- functions: q::detail::Outer::f\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- functions: \"q::detail::Outer::f(int)\"\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- functions: q::v1::detail::Outer::f\n", &inner), 2);
	assert_int_equal(verdict("rules:\n- functions: q::Outer::f\n", &inner), 0);
}

static void test_groups_of_conditions(void **state)
{
	(void)state;
	chooses("all: [language: c++, linkage: extern]", true, false);
	chooses("all: [language: c++, linkage: static]", false, false);
	chooses("any: [language: c++, linkage: static]", true, true);
	chooses("any: [functions: x, functions: helper]", false, true);
	chooses("not: {language: c}", true, false);
	chooses("not: {language: c, has_loop: true}", true, true);
	chooses("{functions: '*', not: {any: [leaf: true, language: ada]}}", true, false);
	chooses("{any: [leaf: true, has_loop: true], not: {files: '*.cc'}}", false, true);
	chooses("not: {not: {leaf: true}}", false, true);
}

static void test_groups_and_system_headers(void **state)
{
	struct rules_subject system = parser;

	(void)state;
	system.file = "/usr/include/x.h";
	system.relative = NULL;
	system.system = true;
	assert_int_equal(verdict("rules:\n- not: {functions: x}\n", &system), 0);
	assert_int_equal(verdict("rules:\n- not: {files: /opt/**}\n", &system), 0);
	assert_int_equal(
		verdict("rules:\n- any: [functions: '*', files: /usr/include/*]\n", &system), 2);
	assert_int_equal(
		verdict("rules:\n- all: [files: /usr/include/*, not: {leaf: true}]\n", &system), 2);
}

static void test_shape_is_asked_for(void **state)
{
	struct rules *rules = good("rules:\n- functions: x\n");

	(void)state;
	assert_false(rules_needs_shape(rules));
	rules_free(rules);
	rules = good("rules:\n- any: [functions: x, not: {leaf: true}]\n");
	assert_true(rules_needs_shape(rules));
	rules_free(rules);
	assert_false(rules_needs_shape(NULL));
}

static void test_property_errors(void **state)
{
	(void)state;
	bad("rules:\n- language: fortrn\n",
	    "2:13 unknown language 'fortrn'; did you mean 'fortran'?\n");
	bad("rules:\n- language: [c, cobol]\n",
	    "2:17 unknown language 'cobol'; expected 'c', 'c++', 'fortran', 'ada', 'd' or 'go'\n");
	bad("rules:\n- language: {}\n",
	    "2:13 'language' takes 'c', 'c++', 'fortran', 'ada', 'd' or "
	    "'go' or a list of them, not a mapping\n");
	bad("rules:\n- language: []\n",
	    "2:13 'language' has an empty list; no function would match\n");
	bad("rules:\n- linkage: statik\n",
	    "2:12 unknown linkage 'statik'; did you mean 'static'?\n");
	bad("rules:\n- inline: yes\n", "2:11 'inline' takes true or false, not 'yes'\n");
	bad("rules:\n- has_loop: 1\n", "2:13 'has_loop' takes true or false, not '1'\n");
	bad("rules:\n- leaf: []\n", "2:9 'leaf' takes true or false, not a list\n");
	bad("rules:\n- min_statements: 0\n",
	    "2:19 'min_statements' takes a whole number from 1 to 1000000, not '0'\n");
	bad("rules:\n- min_statements: -3\n",
	    "2:19 'min_statements' takes a whole number from 1 to 1000000, not '-3'\n");
	bad("rules:\n- min_statements: 99999999999999999999\n",
	    "2:19 'min_statements' takes a whole number from 1 to 1000000, not "
	    "'99999999999999999999'\n");
	bad("rules:\n- min_statements: [1]\n",
	    "2:19 'min_statements' takes a whole number from 1 to 1000000, not a list\n");
	bad("rules:\n- namespace: {a: b}\n",
	    "2:14 'namespace' takes a pattern or a list of patterns, not a mapping\n");
	bad("rules:\n- class: 'a['\n",
	    "2:10 bad pattern 'a[': no ] ends the set of characters; write "
	    "\\[ for the character itself\n");
	bad("rules:\n- section: []\n",
	    "2:12 'section' has an empty list; no function would match\n");
}

static void test_group_errors(void **state)
{
	(void)state;
	bad("rules:\n- any: {leaf: true}\n", "2:8 'any' takes a list of conditions such as "
					     "[functions: \"a*\", files: \"b.c\"], not a "
					     "mapping\n");
	bad("rules:\n- all: [x]\n",
	    "2:9 'all' takes conditions such as 'functions: \"parse_*\"', not a word\n");
	bad("rules:\n- all: []\n", "2:8 'all' has an empty list\n");
	bad("rules:\n- not: [leaf: true]\n",
	    "2:8 'not' takes conditions such as 'functions: \"parse_*\"', not a list\n");
	bad("rules:\n- not: {}\n", "2:8 'not' has no condition\n");
	bad("rules:\n- not: {lea: true}\n", "2:9 unknown key 'lea'; did you mean 'leaf'?\n");
	bad("rules:\n- any:\n  - leaf: true\n    measure: false\n",
	    "4:5 'measure' is for the rule as a whole and cannot stand inside 'any'\n");
}

/* YAML's aliases can make a tree endless or enormous. */
static void test_aliases(void **state)
{
	char text[2000] = "rules:\n- any: &a0 [leaf: true, leaf: false]\n";

	(void)state;
	assert_null(parse("rules:\n- not: &a {not: *a}\n"));
	assert_non_null(strstr(reported, "too deep"));
	for (int i = 1; i < 30; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "- any: &a%d [any: *a%d, any: *a%d]\n", i, i - 1, i - 1);
	assert_null(parse(text));
	assert_non_null(strstr(reported, "too "));
}

static void test_names(void **state)
{
	struct rules *rules = good("rules:\n- name: parsers\n  functions: parse\n");

	(void)state;
	assert_string_equal(rules_match(rules, &parser)->name, "parsers");
	rules_free(rules);
	bad("rules:\n- functions: x\n  name: [a]\n", "3:9 'name' takes a text, not a list\n");
	bad("rules:\n- name: a\n  files: x\n- name: a\n  files: y\n",
	    "4:9 rule 'a': the name is taken by the rule in line 2\n");
	bad("rules:\n- measure: 3\n  files: x\n  name: mine\n",
	    "2:12 rule 'mine': 'measure' takes true or false, not '3'\n");
}

/* ---- includes ---- */

static char folder[] = "/tmp/hotpath-rules-XXXXXX";

static char *in_folder(const char *name)
{
	static char buffer[4][200];
	static int next;
	char *out = buffer[next++ % 4];

	snprintf(out, sizeof(buffer[0]), "%s/%s", folder, name);
	return out;
}

static void write_rules(const char *name, const char *text)
{
	FILE *f = fopen(in_folder(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static struct rules *load(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s", in_folder(name));
	main_file = path;
	reported[0] = '\0';
	return rules_load(path, report, reported);
}

static int make_folder(void **state)
{
	(void)state;
	return !mkdtemp(folder) || mkdir(in_folder("sub"), 0700);
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"a.yaml", "b.yaml", "c.yaml", "sub/d.yaml",
					    "sub/e.yaml"};

	(void)state;
	main_file = NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(in_folder(names[i]));
	rmdir(in_folder("sub"));
	return rmdir(folder);
}

static void test_include(void **state)
{
	struct rules *rules;
	const struct rule *rule;

	(void)state;
	write_rules("a.yaml", "rules:\n- functions: helper\ninclude: [b.yaml, sub/d.yaml]\n");
	write_rules("b.yaml", "rules:\n- name: b\n  functions: ['*']\n");
	write_rules("sub/d.yaml", "include: [e.yaml, ../b.yaml]\n");
	write_rules("sub/e.yaml", "rules:\n- functions: parse\n  measure: false\n");
	rules = load("a.yaml");
	assert_string_equal(reported, "");
	assert_non_null(rules);
	assert_int_equal(rules_count(rules), 3);
	rule = rules_match(rules, &helper);
	assert_string_equal(rule->file, in_folder("a.yaml"));
	rule = rules_match(rules, &parser);
	assert_string_equal(rule->file, in_folder("sub/e.yaml"));
	assert_int_equal(rule->line, 2);
	assert_string_equal(rules_file(rules, 0), in_folder("a.yaml"));
	assert_string_equal(rules_file(rules, 1), in_folder("b.yaml"));
	assert_string_equal(rules_file(rules, 3), in_folder("sub/e.yaml"));
	assert_null(rules_file(rules, 4));
	rules_free(rules);
}

static void test_include_errors(void **state)
{
	(void)state;
	write_rules("a.yaml", "include: no.yaml\n");
	assert_null(load("a.yaml"));
	assert_string_equal(reported, "1:10 cannot read 'no.yaml': No such file or directory\n");
	write_rules("a.yaml", "include: [[x]]\n");
	assert_null(load("a.yaml"));
	assert_string_equal(reported, "1:11 expected the path of a rule file, found a list\n");
	write_rules("a.yaml", "include: a.yaml\n");
	assert_null(load("a.yaml"));
	assert_string_equal(reported, "1:10 'a.yaml' includes itself\n");
	write_rules("a.yaml", "include: b.yaml\n");
	write_rules("b.yaml", "rules: []\ninclude: sub/../a.yaml\n");
	assert_null(load("a.yaml"));
	assert_string_equal(
		reported, "b.yaml:2:10 'sub/../a.yaml' is the file that this one is included by\n");
	write_rules("b.yaml", "rules:\n- name: b\n  function: x\n");
	assert_null(load("a.yaml"));
	assert_string_equal(
		reported,
		"b.yaml:3:3 rule 'b': unknown key 'function'; did you mean 'functions'?\n");
}

int conditions_run(void)
{
	const struct CMUnitTest conditions[] = {
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_inner_scopes),
		cmocka_unit_test(test_inline_namespaces),
		cmocka_unit_test(test_groups_of_conditions),
		cmocka_unit_test(test_groups_and_system_headers),
		cmocka_unit_test(test_shape_is_asked_for),
		cmocka_unit_test(test_property_errors),
		cmocka_unit_test(test_group_errors),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_names),
	};
	const struct CMUnitTest includes[] = {
		cmocka_unit_test(test_include),
		cmocka_unit_test(test_include_errors),
	};
	int failed = cmocka_run_group_tests(conditions, NULL, NULL);

	return failed + cmocka_run_group_tests(includes, make_folder, remove_folder);
}
