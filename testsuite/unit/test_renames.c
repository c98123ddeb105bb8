/* SPDX-License-Identifier: MIT */
/* Which functions of one side are which of the other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/compare/compare.h"
#include "../../cli/base/error.h"

enum { BASE = 1, HEAD = 2, BOTH = 3 };

struct row {
	int on;
	const char *name, *file;
	uint64_t body;
	const char *label;
};

/* One run a side; each function is called where it says. */
static void make(struct model_diff *diff, const struct row *rows, size_t n)
{
	memset(diff, 0, sizeof(*diff));
	diff->base.n = diff->head.n = 1;
	diff->functions = calloc(n, sizeof(*diff->functions));
	diff->n = n;
	for (size_t i = 0; i < n; i++) {
		struct model_diff_function *f = &diff->functions[i];

		f->name = strdup(rows[i].name);
		f->mangled = strdup(rows[i].name);
		f->qualified = strdup(rows[i].name);
		f->file = strdup(rows[i].file);
		f->label = rows[i].label ? strdup(rows[i].label) : NULL;
		f->cells = calloc(2, sizeof(*f->cells));
		for (int side = 0; side < 2; side++) {
			if (!(rows[i].on >> side & 1))
				continue;
			f->cells[side].calls = 10;
			f->cells[side].self_ns = 1000 * (side + 1);
			f->body[side] = rows[i].body;
		}
	}
}

static void join(struct model_diff *diff)
{
	struct error error = {0};

	assert_int_equal(compare_renames(diff, &error), ERR_OK);
}

static struct model_diff_function *find(struct model_diff *diff, const char *name)
{
	for (size_t i = 0; i < diff->n; i++)
		if (strcmp(diff->functions[i].name, name) == 0)
			return &diff->functions[i];
	return NULL;
}

static void a_name_in_another_file_is_followed(void **state)
{
	static const struct row rows[] = {{BASE, "f", "old.c", 0, NULL},
					  {HEAD, "f", "new.c", 0, NULL},
					  {BOTH, "g", "old.c", 0, NULL}};
	struct model_diff diff;

	(void)state;
	make(&diff, rows, 3);
	join(&diff);
	assert_int_equal(diff.n, 2);
	assert_string_equal(find(&diff, "f")->old_file, "old.c");
	assert_string_equal(find(&diff, "f")->file, "new.c");
	assert_true(find(&diff, "f")->cells[0].self_ns == 1000);
	assert_true(find(&diff, "f")->cells[1].self_ns == 2000);
	assert_null(find(&diff, "g")->old_name);
	model_diff_release(&diff);
}

static void a_label_is_followed(void **state)
{
	static const struct row rows[] = {{BASE, "f", "x.c", 3, "step"},
					  {HEAD, "g", "x.c", 5, "step"},
					  {HEAD, "h", "x.c", 3, NULL}};
	struct model_diff diff;

	(void)state;
	make(&diff, rows, 3);
	join(&diff);
	assert_int_equal(diff.n, 2);
	assert_string_equal(find(&diff, "g")->old_name, "f");
	assert_null(find(&diff, "h")->old_name);
	model_diff_release(&diff);
}

static void names_that_several_have_are_not_followed(void **state)
{
	static const struct row rows[] = {{BASE, "init", "a.c", 0, NULL},
					  {BASE, "init", "b.c", 0, NULL},
					  {HEAD, "init", "c.c", 0, NULL}};
	static const struct row third[] = {{BASE, "init", "a.c", 0, NULL},
					   {BOTH, "init", "b.c", 0, NULL},
					   {HEAD, "init", "c.c", 0, NULL}};
	struct model_diff diff;

	(void)state;
	make(&diff, rows, 3);
	join(&diff);
	assert_int_equal(diff.n, 3);
	assert_null(diff.notes);
	model_diff_release(&diff);
	make(&diff, third, 3);
	join(&diff);
	assert_int_equal(diff.n, 3);
	model_diff_release(&diff);
}

static void a_body_is_followed(void **state)
{
	static const struct row rows[] = {{BASE, "parse", "a.c", 7, NULL},
					  {HEAD, "parse_all", "b.c", 7, NULL},
					  {BASE, "gone", "a.c", 9, NULL},
					  {HEAD, "new", "a.c", 11, NULL}};
	struct model_diff diff;
	struct model_diff_function *f;

	(void)state;
	make(&diff, rows, 4);
	join(&diff);
	assert_int_equal(diff.n, 3);
	f = find(&diff, "parse_all");
	assert_string_equal(f->old_name, "parse");
	assert_string_equal(f->old_mangled, "parse");
	assert_string_equal(f->old_file, "a.c");
	assert_string_equal(model_diff_other_name(f), "parse");
	assert_true(f->cells[0].self_ns == 1000);
	assert_null(diff.notes);
	model_diff_release(&diff);
}

static void small_and_unknown_bodies_are_not_followed(void **state)
{
	static const struct row rows[] = {{BASE, "get_a", "a.c", 6, NULL},
					  {HEAD, "get_b", "a.c", 6, NULL},
					  {BASE, "x", "a.c", 0, NULL},
					  {HEAD, "y", "a.c", 0, NULL}};
	struct model_diff diff;

	(void)state;
	make(&diff, rows, 4);
	join(&diff);
	assert_int_equal(diff.n, 4);
	model_diff_release(&diff);
}

static void calls_have_no_body(void **state)
{
	static const struct row rows[] = {{BASE, "read", "a.c", 7, NULL},
					  {HEAD, "fread", "a.c", 7, NULL}};
	struct model_diff diff;

	(void)state;
	make(&diff, rows, 2);
	diff.functions[0].kind = diff.functions[1].kind = 1;
	join(&diff);
	assert_int_equal(diff.n, 2);
	model_diff_release(&diff);
}

static void where_there_is_a_choice_a_note_says_so(void **state)
{
	static const struct row two[] = {{BASE, "a", "a.c", 7, NULL},
					 {HEAD, "b", "a.c", 7, NULL},
					 {HEAD, "c\033[2J\n", "a.c", 7, NULL}};
	static const struct row copy[] = {{BASE, "a", "a.c", 7, NULL},
					  {HEAD, "b", "a.c", 7, NULL},
					  {BOTH, "c", "a.c", 7, NULL}};
	struct model_diff diff;

	(void)state;
	make(&diff, two, 3);
	diff.notes = strdup("One more.\n");
	join(&diff);
	assert_int_equal(diff.n, 3);
	assert_non_null(strstr(diff.notes, "have the same body: which of them was renamed"));
	assert_non_null(strstr(diff.notes, "a (base)"));
	assert_non_null(strstr(diff.notes, "c\\x1b[2J\\n (head)"));
	assert_non_null(strstr(diff.notes, "\nOne more.\n"));
	model_diff_release(&diff);
	make(&diff, copy, 3);
	join(&diff);
	assert_int_equal(diff.n, 3);
	assert_non_null(strstr(diff.notes, "c (both)"));
	model_diff_release(&diff);
}

/* A copy that was made, or taken away: nothing was renamed, and there is nothing to say. */
static void copies_on_one_side_are_no_choice(void **state)
{
	static const struct row rows[] = {{HEAD, "a", "a.c", 7, NULL},
					  {HEAD, "b", "a.c", 7, NULL},
					  {BOTH, "c", "a.c", 7, NULL}};
	struct model_diff diff;

	(void)state;
	make(&diff, rows, 3);
	join(&diff);
	assert_int_equal(diff.n, 3);
	assert_null(diff.notes);
	model_diff_release(&diff);
}

static void what_changed_otherwise_keeps_its_verdict(void **state)
{
	static const struct row rows[] = {{BASE, "f", "a.c", 7, NULL}, {HEAD, "g", "a.c", 7, NULL}};
	struct compare_options options = COMPARE_DEFAULTS;
	struct error error = {0};
	struct model_diff diff;

	(void)state;
	make(&diff, rows, 2);
	join(&diff);
	assert_int_equal(compare(&diff, &options, &error), ERR_OK);
	assert_int_equal(diff.functions[0].change.verdict, VERDICT_RENAMED);
	options.metric = METRIC_CALLS;
	diff.functions[0].cells = realloc(diff.functions[0].cells, 4 * sizeof(struct model_cell));
	diff.functions[0].cells[1] = diff.functions[0].cells[0];
	for (int r = 2; r < 4; r++)
		diff.functions[0].cells[r] = (struct model_cell){.calls = 20, .self_ns = 1};
	free(diff.total.cells);
	diff.total.cells = NULL;
	diff.base.n = diff.head.n = 2;
	assert_int_equal(compare(&diff, &options, &error), ERR_OK);
	assert_int_equal(diff.functions[0].change.verdict, VERDICT_SLOWER);
	model_diff_release(&diff);
}

static void another_build_folder_is_no_other_file(void **state)
{
	char f[] = "f", g[] = "g", a[] = "/a/x.c", b[] = "/b/x.c", c[] = "/a/y.c", d[] = "x.c",
	     e[] = "src/x.c";
	const struct {
		char *old_name, *old_file, *file;
		bool renamed;
	} cases[] = {{NULL, a, b, false}, {f, a, b, false}, {f, a, c, true}, {g, a, a, true},
		     {f, d, e, true},	  {f, a, d, true},  {f, d, d, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct model_diff_function function = {.name = f,
						       .old_name = cases[i].old_name,
						       .file = cases[i].file,
						       .old_file = cases[i].old_file};

		assert_int_equal(model_diff_renamed(&function), cases[i].renamed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_in_another_file_is_followed),
		cmocka_unit_test(a_label_is_followed),
		cmocka_unit_test(names_that_several_have_are_not_followed),
		cmocka_unit_test(a_body_is_followed),
		cmocka_unit_test(small_and_unknown_bodies_are_not_followed),
		cmocka_unit_test(calls_have_no_body),
		cmocka_unit_test(where_there_is_a_choice_a_note_says_so),
		cmocka_unit_test(copies_on_one_side_are_no_choice),
		cmocka_unit_test(what_changed_otherwise_keeps_its_verdict),
		cmocka_unit_test(another_build_folder_is_no_other_file),
	};

	return cmocka_run_group_tests_name("renames", tests, NULL, NULL);
}
