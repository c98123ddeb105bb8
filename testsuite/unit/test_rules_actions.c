/* SPDX-License-Identifier: MIT */
/* What rules do besides measuring: groups, sampling, budgets; and rules about calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_rules.h"

static void group(const char *template, const char *expected)
{
	char text[200], *filled;
	struct rules *rules;

	snprintf(text, sizeof(text), "rules:\n- functions: '*'\n  group: '%s'\n", template);
	rules = good(text);
	filled = rules_group(rules_match(rules, &parser), &parser);
	assert_string_equal(filled, expected);
	free(filled);
	rules_free(rules);
}

static void test_groups(void **state)
{
	struct rules *rules = good("rules:\n- functions: '*'\n");

	(void)state;
	assert_null(rules_group(rules_match(rules, &parser), &parser));
	rules_free(rules);
	group("parser", "parser");
	group("{class}", "ns::Parser");
	group("{file}: {function}", "/abs/proj/src/a.cc: parse");
	bad("rules:\n- functions: x\n  group: [a]\n", "3:10 'group' takes a text, not a list\n");
	bad("rules:\n- functions: x\n  group:\n", "3:9 'group' takes a text, not nothing\n");
	bad("rules:\n- functions: x\n  group: 'a{function'\n",
	    "3:10 a brace in group 'a{function' has no partner; write {{ or }} for a plain "
	    "brace\n");
	bad("rules:\n- functions: x\n  group: '{name}'\n",
	    "3:10 unknown '{name}' in group; expected 'function', 'qualified', 'mangled', "
	    "'class', 'file' or 'line'\n");
}

static void sample(const char *value, unsigned expected)
{
	char text[200];
	struct rules *rules;

	snprintf(text, sizeof(text), "rules:\n- functions: '*'\n  sample: %s\n", value);
	rules = good(text);
	assert_int_equal(rules_match(rules, &parser)->sample, expected);
	rules_free(rules);
}

static void test_samples(void **state)
{
	(void)state;
	sample("1", 0);
	sample("2", 2);
	sample("1000000", 1000000);
	bad("rules:\n- functions: x\n  sample: 0\n",
	    "3:11 'sample' takes a whole number from 1 to 1000000, not '0'\n");
	bad("rules:\n- functions: x\n  sample: 1/100\n",
	    "3:11 'sample' takes a whole number from 1 to 1000000, not '1/100'\n");
	bad("rules:\n- functions: x\n  sample: -5\n",
	    "3:11 'sample' takes a whole number from 1 to 1000000, not '-5'\n");
	bad("rules:\n- functions: x\n  sample: 99999999999999999999999\n",
	    "3:11 'sample' takes a whole number from 1 to 1000000, not "
	    "'99999999999999999999999'\n");
	bad("rules:\n- functions: x\n  sample: [2]\n",
	    "3:11 'sample' takes a whole number from 1 to 1000000, not a list\n");
}

static void budget(const char *value, unsigned expected)
{
	char text[200];
	struct rules *rules;

	snprintf(text, sizeof(text), "budget: %s\n", value);
	rules = good(text);
	assert_int_equal(rules_budget(rules), expected);
	rules_free(rules);
}

static void bad_budget(const char *value, const char *shown)
{
	char text[200], expected[200];

	snprintf(text, sizeof(text), "rules: []\nbudget: %s\n", value);
	snprintf(expected, sizeof(expected),
		 "2:9 'budget' takes a percentage such as 2%% or 0.5%%, at most 1000%%, not %s\n",
		 shown);
	bad(text, expected);
}

static void test_budgets(void **state)
{
	struct rules *rules = good("rules: []\n");

	(void)state;
	assert_int_equal(rules_budget(rules), 0);
	rules_free(rules);
	budget("2%", 2000);
	budget("0.5%", 500);
	budget("'12.25 %'", 12250);
	budget("0.001%", 1);
	budget("1000%", 1000000);
	bad_budget("2", "'2'");
	bad_budget("0%", "'0%'");
	bad_budget("-2%", "'-2%'");
	bad_budget("'%'", "'%'");
	bad_budget(".5%", "'.5%'");
	bad_budget("2.%", "'2.%'");
	bad_budget("0.0005%", "'0.0005%'");
	bad_budget("1000.001%", "'1000.001%'");
	bad_budget("99999999999999999999999%", "'99999999999999999999999%'");
	bad_budget("2%%", "'2%%'");
	bad_budget("2% 3", "'2% 3'");
	bad_budget("[2%]", "a list");
}

static const struct rules_subject called = {
	.plain = "fread", .scoped = "fread", .qualified = "fread", .mangled = "fread"};

/* The line of the rule about calls that wins; 0 for none. */
static int call(const char *text, const struct rules_subject *caller)
{
	struct rules *rules = good(text);
	const struct rule *rule = rules_match_call(rules, caller, &called);
	int line = !rule ? 0 : rule->measure ? (int)rule->line : -(int)rule->line;

	rules_free(rules);
	return line;
}

static void test_calls(void **state)
{
	struct rules *rules = good("rules:\n- calls: fread\n");
	struct rules_subject header = parser;

	(void)state;
	header.system = true;
	assert_true(rules_has_calls(rules));
	assert_true(rules_at(rules, 0)->calls);
	assert_null(rules_at(rules, 1));
	rules_free(rules);
	rules = good("rules:\n- functions: fread\n");
	assert_false(rules_has_calls(rules));
	rules_free(rules);

	assert_int_equal(call("rules:\n- calls: fread\n", &parser), 2);
	assert_int_equal(call("rules:\n- calls: [write, 'fr*']\n", &parser), 2);
	assert_int_equal(call("rules:\n- calls: fwrite\n", &parser), 0);
	assert_int_equal(call("rules:\n- calls: '*'\n- calls: /^fre/\n  measure: false\n", &parser),
			 -3);
	/* The other conditions are about the caller. */
	assert_int_equal(call("rules:\n- calls: fread\n  functions: parse\n", &parser), 2);
	assert_int_equal(call("rules:\n- calls: fread\n  functions: fread\n", &parser), 0);
	assert_int_equal(call("rules:\n- calls: fread\n  files: 'src/*'\n", &parser), 2);
	assert_int_equal(call("rules:\n- calls: fread\n  not: {files: 'src/*'}\n", &parser), 0);
	assert_int_equal(call("rules:\n- calls: fread\n", &header), 0);
	assert_int_equal(call("rules:\n- calls: fread\n  files: '/abs/**'\n", &header), 2);
	/* Rules about functions and rules about calls know nothing of each other. */
	assert_int_equal(
		call("rules:\n- calls: fread\n- functions: '*'\n  measure: false\n", &parser), 2);
	assert_int_equal(
		verdict("rules:\n- functions: parse\n- calls: '*'\n  measure: false\n", &parser),
		2);
	assert_int_equal(verdict("rules:\n- calls: parse\n", &parser), 0);
}

static void test_call_errors(void **state)
{
	(void)state;
	bad("rules:\n- calls: []\n", "2:10 'calls' has an empty list; no function would match\n");
	bad("rules:\n- calls: {a: b}\n",
	    "2:10 'calls' takes a pattern or a list of patterns, not a mapping\n");
	bad("rules:\n- calls: [/a(/]\n",
	    "2:11 bad pattern '/a(/': missing closing parenthesis, at character 3 of the "
	    "expression\n");
	bad("rules:\n- any: [calls: a]\n",
	    "2:9 'calls' is for the rule as a whole and cannot stand inside 'any'\n");
	bad("rules:\n- not: {functions: a, measure: true}\n",
	    "2:23 'measure' is for the rule as a whole and cannot stand inside 'not'\n");
}

int actions_run(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups),	    cmocka_unit_test(test_samples),
		cmocka_unit_test(test_budgets),	    cmocka_unit_test(test_calls),
		cmocka_unit_test(test_call_errors),
	};

	return cmocka_run_group_tests_name("actions of rules", tests, NULL, NULL);
}
