/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of hotpath.yaml and the search for it, without a compiler. */
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

#include "../../plugin/find_config.h"
#include "../../plugin/pattern.h"
#include "test_rules.h"

/* What was reported: "line:column message" a line; "file:line:column message" below the first file. */
char reported[4096];

const char *main_file;

void report(void *context, const char *file, unsigned line, unsigned column, const char *message)
{
	size_t used = strlen(reported);
	const bool other = file && main_file && strcmp(file, main_file) != 0;

	assert_ptr_equal(context, reported);
	snprintf(reported + used, sizeof(reported) - used, "%s%s%u:%u %s\n",
		 other ? strrchr(file, '/') + 1 : "", other ? ":" : "", line, column, message);
}

struct rules *parse(const char *text)
{
	reported[0] = '\0';
	return rules_parse(text, strlen(text), report, reported);
}

struct rules *good(const char *text)
{
	struct rules *rules = parse(text);

	assert_string_equal(reported, "");
	assert_non_null(rules);
	return rules;
}

void bad(const char *text, const char *expected)
{
	assert_null(parse(text));
	assert_string_equal(reported, expected);
}

const struct rules_subject parser = {
	.plain = "parse",
	.scoped = "ns::Parser::parse",
	.qualified = "ns::Parser::parse(int)",
	.mangled = "_ZN2ns6Parser5parseEi",
	.file = "/abs/proj/src/a.cc",
	.relative = "src/a.cc",
	.line = 7,
	.language = 2,
	.space = "ns",
	.classes = "Parser",
	.section = ".text.hot",
	.inlined = true,
	.statements = 12,
	.has_loop = true,
};

int verdict(const char *text, const struct rules_subject *subject)
{
	struct rules *rules = good(text);
	const struct rule *rule = rules_match(rules, subject);
	int line = !rule ? 0 : rule->measure ? (int)rule->line : -(int)rule->line;

	rules_free(rules);
	return line;
}

static bool name_fits(const char *pattern, const char *text)
{
	char error[200];
	struct pattern *p = pattern_new(pattern, PATTERN_NAME, error, sizeof(error));
	bool fits;

	assert_non_null(p);
	fits = pattern_match(p, text);
	pattern_free(p);
	return fits;
}

static bool path_fits(const char *pattern, const char *text)
{
	char error[200];
	struct pattern *p = pattern_new(pattern, PATTERN_PATH, error, sizeof(error));
	bool fits;

	assert_non_null(p);
	fits = pattern_match(p, text);
	pattern_free(p);
	return fits;
}

static void test_name_patterns(void **state)
{
	(void)state;
	assert_true(name_fits("parse", "parse"));
	assert_false(name_fits("parse", "parser"));
	assert_false(name_fits("parse", "pars"));
	assert_true(name_fits("parse_*", "parse_"));
	assert_true(name_fits("parse_*", "parse_row"));
	assert_false(name_fits("parse_*", "xparse_row"));
	assert_true(name_fits("*", ""));
	assert_true(name_fits("*row*", "a/row/b"));
	assert_true(name_fits("*ab*abc", "ababxabc"));
	assert_false(name_fits("*ab*abc", "ababxab"));
	assert_true(name_fits("ns::*::parse", "ns::Parser::parse"));
	assert_true(name_fits("p?rse", "parse"));
	assert_false(name_fits("p?rse", "prse"));
	assert_true(name_fits("f[0-9]", "f7"));
	assert_false(name_fits("f[!0-9]", "f7"));
	assert_true(name_fits("f[]x]", "f]"));
	assert_true(name_fits("operator\\[\\]", "operator[]"));
	assert_true(name_fits("operator\\*", "operator*"));
	assert_false(name_fits("operator\\*", "operator+"));
	assert_true(name_fits("/^luaV_/", "luaV_execute"));
	assert_false(name_fits("/^luaV_/", "xluaV_"));
	assert_true(name_fits("/x|y/", "axb"));
	assert_true(name_fits("operator/", "operator/"));
}

static void test_path_patterns(void **state)
{
	(void)state;
	assert_true(path_fits("src/*.c", "src/a.c"));
	assert_false(path_fits("src/*.c", "src/x/a.c"));
	assert_true(path_fits("src/**", "src/x/a.c"));
	assert_true(path_fits("src/**/*.c", "src/a.c"));
	assert_true(path_fits("src/**/*.c", "src/x/y/a.c"));
	assert_false(path_fits("src/**/*.c", "lib/src/a.c"));
	assert_true(path_fits("**/a.c", "a.c"));
	assert_true(path_fits("**/a.c", "x/y/a.c"));
	assert_false(path_fits("**/a.c", "x/ba.c"));
	assert_false(path_fits("src?a.c", "src/a.c"));
	assert_false(path_fits("src[/]a.c", "src/a.c"));
	assert_true(path_fits("/usr/include/**", "/usr/include/c++/12/vector"));
	assert_true(path_fits("/\\.(c|cc)$/", "x/y.cc"));
}

static void test_stars_take_bounded_time(void **state)
{
	char text[2001];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(name_fits("*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
	assert_false(path_fits("**a*a**a*a*a**a*a*a**a*b", text));
}

static void test_every_form_of_a_name(void **state)
{
	(void)state;
	assert_int_equal(verdict("rules:\n- functions: parse\n", &parser), 2);
	assert_int_equal(verdict("rules:\n- functions: ns::Parser::parse\n", &parser), 2);
	assert_int_equal(verdict("rules:\n- functions: 'ns::Parser::parse(int)'\n", &parser), 2);
	assert_int_equal(verdict("rules:\n- functions: _ZN2ns6Parser5parseEi\n", &parser), 2);
	assert_int_equal(verdict("rules:\n- functions: Parser::parse\n", &parser), 0);
	assert_int_equal(verdict("rules:\n- functions: ['no', '/^ns::/']\n", &parser), 2);
}

static void test_files(void **state)
{
	struct rules_subject outside = parser;

	(void)state;
	outside.file = "../lib/b.cc";
	outside.relative = NULL;
	assert_int_equal(verdict("rules:\n- files: src/*.cc\n", &parser), 2);
	assert_int_equal(verdict("rules:\n- files: a.cc\n", &parser), 2);
	assert_int_equal(verdict("rules:\n- files: /abs/**\n", &parser), 2);
	assert_int_equal(verdict("rules:\n- files: '*.c'\n", &parser), 0);
	assert_int_equal(verdict("rules:\n- files: src/*.cc\n", &outside), 0);
	assert_int_equal(verdict("rules:\n- files: '../lib/*.cc'\n", &outside), 2);
	assert_int_equal(verdict("rules:\n- functions: parse\n  files: b.cc\n", &parser), 0);
	assert_int_equal(verdict("rules:\n- functions: x\n  files: a.cc\n", &parser), 0);
	assert_int_equal(verdict("rules:\n- functions: parse\n  files: a.cc\n", &parser), 2);
}

/* Verdicts on files are kept between calls: another file must not get the old one. */
static void test_files_change_between_calls(void **state)
{
	struct rules *rules = good("rules:\n- files: a.cc\n");
	struct rules_subject other = parser;

	(void)state;
	other.file = "/abs/proj/src/b.cc";
	other.relative = "src/b.cc";
	for (int i = 0; i < 3; i++) {
		assert_non_null(rules_match(rules, &parser));
		assert_null(rules_match(rules, &other));
	}
	rules_free(rules);
}

static void test_system_headers(void **state)
{
	struct rules_subject system = parser;

	(void)state;
	system.file = "/usr/include/x.h";
	system.relative = NULL;
	system.system = true;
	assert_int_equal(verdict("rules:\n- functions: '*'\n", &system), 0);
	assert_int_equal(verdict("rules:\n- files: '*.h'\n", &system), 0);
	assert_int_equal(verdict("rules:\n- files: /usr/include/*\n", &system), 2);
	assert_int_equal(verdict("rules:\n- files: '/x\\.h$/'\n", &system), 2);
}

static void test_last_rule_wins(void **state)
{
	(void)state;
	assert_int_equal(verdict("rules:\n"
				 "- functions: '*'\n"
				 "- functions: parse\n"
				 "  measure: false\n",
				 &parser),
			 -3);
	assert_int_equal(verdict("rules:\n"
				 "- functions: '*'\n"
				 "  measure: false\n"
				 "- functions: parse\n"
				 "  measure: true\n",
				 &parser),
			 4);
}

static void test_nothing_to_say(void **state)
{
	(void)state;
	assert_int_equal(verdict("", &parser), 0);
	assert_int_equal(verdict("# nothing\n", &parser), 0);
	assert_int_equal(verdict("rules:\n", &parser), 0);
	assert_int_equal(verdict("rules: []\n", &parser), 0);
}

static void label(const char *template, const char *expected)
{
	char text[200];
	struct rules *rules;
	const struct rule *rule;
	char *filled;

	snprintf(text, sizeof(text), "rules:\n- functions: '*'\n  label: '%s'\n", template);
	rules = good(text);
	rule = rules_match(rules, &parser);
	filled = rules_label(rule, &parser);
	assert_string_equal(filled, expected);
	free(filled);
	rules_free(rules);
}

static void test_labels(void **state)
{
	(void)state;
	label("row", "row");
	label("{function}", "parse");
	label("{class}/{function}", "ns::Parser/parse");
	label("{qualified} {mangled}", "ns::Parser::parse(int) _ZN2ns6Parser5parseEi");
	label("{file}:{line}", "/abs/proj/src/a.cc:7");
	label("a{{b}}c", "a{b}c");
}

static void test_top_level_errors(void **state)
{
	(void)state;
	bad("rule:\n", "1:1 unknown key 'rule'; did you mean 'rules'?\n");
	bad("colour: red\n", "1:1 unknown key 'colour'; expected 'rules', 'include' or 'budget'\n");
	bad("- a\n", "1:1 expected a mapping with the key 'rules', found a list\n");
	bad("rules: yes\n", "1:8 'rules' takes a list of rules, not a word\n");
	bad("rules: {}\n", "1:8 'rules' takes a list of rules, not a mapping\n");
	bad("rules: []\nrules: []\n", "2:1 key 'rules' stands here twice\n");
	bad("rules: []\n---\nrules: []\n",
	    "3:1 a second document; one file holds one set of rules\n");
	bad("[a]: b\n", "1:1 expected a key, found a list\n");
}

static void test_rule_errors(void **state)
{
	(void)state;
	bad("rules:\n  - parse\n",
	    "2:5 a rule is a mapping such as '- functions: [\"parse_*\"]', not a word\n");
	bad("rules:\n  - measure: true\n",
	    "2:5 a rule needs a condition such as 'functions' or 'files', or 'calls'; functions: "
	    "[\"*\"] means all\n");
	bad("rules:\n  - function: x\n", "2:5 unknown key 'function'; did you mean 'functions'?\n");
	bad("rules:\n  - functions: x\n    priority: 3\n",
	    "3:5 unknown key 'priority'; expected 'functions', 'files', 'language', 'namespace', "
	    "'class', 'section', 'linkage', 'inline', 'min_statements', 'has_loop', 'leaf', 'all', "
	    "'any', 'not', 'name', 'measure', 'label', 'calls', 'group' or 'sample'\n");
	bad("rules:\n  - functions: x\n    functions: y\n",
	    "3:5 key 'functions' stands here twice\n");
	bad("rules:\n  - functions:\n", "2:15 'functions' takes a pattern or a list of patterns, "
					"not nothing\n");
	bad("rules:\n  - functions: {a: b}\n",
	    "2:16 'functions' takes a pattern or a list of patterns, not a mapping\n");
	bad("rules:\n  - files: []\n", "2:12 'files' has an empty list; no function would match\n");
	bad("rules:\n  - files: [a, [b]]\n", "2:16 expected a pattern, found a list\n");
	bad("rules:\n  - functions: ['']\n", "2:17 expected a pattern, found nothing\n");
}

static void test_value_errors(void **state)
{
	(void)state;
	bad("rules:\n- functions: x\n  measure: yes\n",
	    "3:12 'measure' takes true or false, not 'yes'\n");
	bad("rules:\n- functions: x\n  measure: 'true'\n",
	    "3:12 'measure' takes true or false, not 'true' in quotes\n");
	bad("rules:\n- functions: x\n  measure: [true]\n",
	    "3:12 'measure' takes true or false, not a list\n");
	bad("rules:\n- functions: x\n  label: [a]\n", "3:10 'label' takes a text, not a list\n");
	bad("rules:\n- functions: x\n  label: '{name}'\n",
	    "3:10 unknown '{name}' in label; expected 'function', 'qualified', 'mangled', "
	    "'class', 'file' or 'line'\n");
	bad("rules:\n- functions: x\n  label: 'a{function'\n",
	    "3:10 a brace in label 'a{function' has no partner; write {{ or }} for a plain "
	    "brace\n");
	bad("rules:\n- functions: x\n  label: 'a}'\n",
	    "3:10 a brace in label 'a}' has no partner; write {{ or }} for a plain brace\n");
}

static void test_pattern_errors(void **state)
{
	(void)state;
	bad("rules:\n- functions: ['ok', 'a[b']\n",
	    "2:21 bad pattern 'a[b': no ] ends the set of characters; write \\[ for the character "
	    "itself\n");
	bad("rules:\n- functions: 'a\\'\n",
	    "2:14 bad pattern 'a\\': the pattern ends with a backslash\n");
	bad("rules:\n- functions: '/a(b/'\n",
	    "2:14 bad pattern '/a(b/': missing closing parenthesis, at character 4 of the "
	    "expression\n");
}

static void test_yaml_errors(void **state)
{
	(void)state;
	bad("rules:\n\t- a\n", "2:1 not YAML: a tab; lines are indented with spaces\n");
	bad("rules:\n  - functions: \"\xc3\xa9\"\n    \tfiles: a.c\n",
	    "3:5 not YAML: a tab; lines are indented with spaces\n");
	assert_null(parse("rules:\n  - `a\n"));
	assert_memory_equal(reported, "2:5 not YAML: found character", 29);
	assert_null(parse("rules: [a\n"));
	assert_memory_equal(reported, "2:1 not YAML: ", 14);
	assert_null(parse("rules: \"\xff\xfe\"\n"));
	assert_memory_equal(reported, "1:9 not YAML: ", 14);
	/* Far behind what the parser has read, with characters of several bytes before it. */
	assert_null(parse("rules:\n- functions: f\n- label: \"\xc3\xa9\xff\"\n  functions: g\n"));
	assert_memory_equal(reported, "3:12 not YAML: invalid leading UTF-8 octet\n", 43);
	assert_null(parse("rules:\n# \x01\n"));
	assert_memory_equal(reported, "2:3 not YAML: control characters", 32);
}

static void test_all_errors_are_reported(void **state)
{
	(void)state;
	bad("rules:\n- functions: x\n  measure: 1\n- files: a\n  lable: b\n",
	    "3:12 'measure' takes true or false, not '1'\n"
	    "5:3 unknown key 'lable'; did you mean 'label'?\n");
}

static void test_unreadable_file(void **state)
{
	(void)state;
	reported[0] = '\0';
	assert_null(rules_load("/nonexistent/hotpath.yaml", report, reported));
	assert_string_equal(reported, "0:0 cannot read the file: No such file or directory\n");
	reported[0] = '\0';
	assert_null(rules_load("/", report, reported));
	assert_string_equal(reported, "0:0 cannot read the file: Is a directory\n");
}

static void test_the_example(void **state)
{
	struct rules *rules;

	(void)state;
	reported[0] = '\0';
	rules = rules_load("hotpath.yaml.example", report, reported);
	assert_string_equal(reported, "");
	assert_int_equal(rules_count(rules), 6);
	rules_free(rules);
}

/* ---- find_config ---- */

static char top[64];

static char *in_top(const char *path)
{
	static char buffer[4][200];
	static int next;
	char *out = buffer[next++ % 4];

	snprintf(out, sizeof(buffer[0]), "%s/%s", top, path);
	return out;
}

static void make_file(const char *path)
{
	FILE *f = fopen(in_top(path), "w");

	assert_non_null(f);
	fclose(f);
}

static int make_tree(void **state)
{
	char template[] = "/tmp/hotpath-test-XXXXXX", *real;

	(void)state;
	assert_non_null(mkdtemp(template));
	real = realpath(template, NULL);
	snprintf(top, sizeof(top), "%s", real);
	free(real);
	assert_int_equal(mkdir(in_top("repo"), 0700) | mkdir(in_top("repo/.git"), 0700) |
				 mkdir(in_top("repo/src"), 0700) |
				 mkdir(in_top("repo/proj"), 0700) |
				 mkdir(in_top("repo/proj/src"), 0700),
			 0);
	make_file("repo/proj/hotpath.yaml");
	return symlink("repo/proj", in_top("link"));
}

static int remove_tree(void **state)
{
	(void)state;
	unlink(in_top("link"));
	unlink(in_top("repo/proj/hotpath.yaml"));
	rmdir(in_top("repo/proj/src"));
	rmdir(in_top("repo/proj"));
	rmdir(in_top("repo/src"));
	rmdir(in_top("repo/.git"));
	rmdir(in_top("repo"));
	return rmdir(top);
}

static void found(const char *source, const char *config, const char *root)
{
	struct project project;

	project_find(source, NULL, &project);
	if (config)
		assert_string_equal(project.config, config);
	else
		assert_null(project.config);
	if (root)
		assert_string_equal(project.root, root);
	else
		assert_null(project.root);
	project_release(&project);
}

static void test_find(void **state)
{
	struct project project;

	(void)state;
	found(in_top("repo/proj/src/a.c"), in_top("repo/proj/hotpath.yaml"), in_top("repo/proj"));
	found(in_top("repo/proj/a.c"), in_top("repo/proj/hotpath.yaml"), in_top("repo/proj"));
	found(in_top("link/src/a.c"), in_top("repo/proj/hotpath.yaml"), in_top("repo/proj"));
	found(in_top("repo/src/a.c"), NULL, in_top("repo"));
	found(in_top("nowhere/a.c"), NULL, NULL);
	found("/a.c", NULL, NULL);

	assert_int_equal(chdir(in_top("repo/proj/src")), 0);
	found("a.c", in_top("repo/proj/hotpath.yaml"), in_top("repo/proj"));
	found("<stdin>", in_top("repo/proj/hotpath.yaml"), in_top("repo/proj"));
	found("-", in_top("repo/proj/hotpath.yaml"), in_top("repo/proj"));
	found(NULL, in_top("repo/proj/hotpath.yaml"), in_top("repo/proj"));

	project_find("a.c", in_top("repo/rules.yaml"), &project);
	assert_string_equal(project.config, in_top("repo/rules.yaml"));
	assert_string_equal(project.root, in_top("repo"));
	project_release(&project);
}

static void test_relative(void **state)
{
	struct project project;
	char *path;

	(void)state;
	project_find(in_top("repo/proj/a.c"), NULL, &project);
	path = project_relative(&project, in_top("repo/proj/src/a.c"));
	assert_string_equal(path, "src/a.c");
	free(path);
	path = project_relative(&project, in_top("link/a.c"));
	assert_string_equal(path, "a.c");
	free(path);
	assert_null(project_relative(&project, in_top("repo/src/a.c")));
	assert_null(project_relative(&project, in_top("nowhere/a.c")));
	project_release(&project);
}

int main(void)
{
	const struct CMUnitTest rules[] = {
		cmocka_unit_test(test_name_patterns),
		cmocka_unit_test(test_path_patterns),
		cmocka_unit_test(test_stars_take_bounded_time),
		cmocka_unit_test(test_every_form_of_a_name),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_files_change_between_calls),
		cmocka_unit_test(test_system_headers),
		cmocka_unit_test(test_last_rule_wins),
		cmocka_unit_test(test_nothing_to_say),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_top_level_errors),
		cmocka_unit_test(test_rule_errors),
		cmocka_unit_test(test_value_errors),
		cmocka_unit_test(test_pattern_errors),
		cmocka_unit_test(test_yaml_errors),
		cmocka_unit_test(test_all_errors_are_reported),
		cmocka_unit_test(test_unreadable_file),
		cmocka_unit_test(test_the_example),
	};
	const struct CMUnitTest find[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_relative),
	};
	int failed = cmocka_run_group_tests(rules, NULL, NULL);

	failed += conditions_run() + actions_run();
	return failed + cmocka_run_group_tests(find, make_tree, remove_tree);
}
