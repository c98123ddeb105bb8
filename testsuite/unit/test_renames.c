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

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct model_diff));
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	model_diff_release(*state);
	free(*state);
	return 0;
}

/* One run a side; each function is called where it says. */
static struct model_diff *make(void **state, const struct row *rows, size_t n)
{
	struct model_diff *diff = *state;

	model_diff_release(diff);
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
	return diff;
}

#define MAKE(rows) make(state, rows, sizeof(rows) / sizeof((rows)[0]))

static struct model_diff *join(struct model_diff *diff)
{
	struct error error = {0};

	assert_int_equal(compare_renames(diff, &error), ERR_OK);
	return diff;
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
	struct model_diff *diff = join(MAKE(rows));

	assert_int_equal(diff->n, 2);
	assert_string_equal(find(diff, "f")->old_file, "old.c");
	assert_string_equal(find(diff, "f")->file, "new.c");
	assert_true(find(diff, "f")->cells[0].self_ns == 1000);
	assert_true(find(diff, "f")->cells[1].self_ns == 2000);
	assert_null(find(diff, "g")->old_name);
}

static void a_label_is_followed(void **state)
{
	static const struct row rows[] = {{BASE, "f", "x.c", 3, "step"},
					  {HEAD, "g", "x.c", 5, "step"},
					  {HEAD, "h", "x.c", 3, NULL}};
	struct model_diff *diff = join(MAKE(rows));

	assert_int_equal(diff->n, 2);
	assert_string_equal(find(diff, "g")->old_name, "f");
	assert_null(find(diff, "h")->old_name);
}

static void names_that_several_have_are_not_followed(void **state)
{
	static const struct row rows[] = {{BASE, "init", "a.c", 0, NULL},
					  {BASE, "init", "b.c", 0, NULL},
					  {HEAD, "init", "c.c", 0, NULL}};
	static const struct row third[] = {{BASE, "init", "a.c", 0, NULL},
					   {BOTH, "init", "b.c", 0, NULL},
					   {HEAD, "init", "c.c", 0, NULL}};
	struct model_diff *diff = join(MAKE(rows));

	assert_int_equal(diff->n, 3);
	assert_null(diff->notes);
	diff = join(MAKE(third));
	assert_int_equal(diff->n, 3);
}

static void a_body_is_followed(void **state)
{
	static const struct row rows[] = {{BASE, "parse", "a.c", 7, NULL},
					  {HEAD, "parse_all", "b.c", 7, NULL},
					  {BASE, "gone", "a.c", 9, NULL},
					  {HEAD, "new", "a.c", 11, NULL}};
	struct model_diff *diff = join(MAKE(rows));
	struct model_diff_function *f = find(diff, "parse_all");

	assert_int_equal(diff->n, 3);
	assert_string_equal(f->old_name, "parse");
	assert_string_equal(f->old_mangled, "parse");
	assert_string_equal(f->old_file, "a.c");
	assert_string_equal(model_diff_other_name(f), "parse");
	assert_true(f->cells[0].self_ns == 1000);
	assert_null(diff->notes);
}

static void small_and_unknown_bodies_are_not_followed(void **state)
{
	static const struct row rows[] = {{BASE, "get_a", "a.c", 6, NULL},
					  {HEAD, "get_b", "a.c", 6, NULL},
					  {BASE, "x", "a.c", 0, NULL},
					  {HEAD, "y", "a.c", 0, NULL}};
	struct model_diff *diff = join(MAKE(rows));

	assert_int_equal(diff->n, 4);
}

static void calls_have_no_body(void **state)
{
	static const struct row rows[] = {{BASE, "read", "a.c", 7, NULL},
					  {HEAD, "fread", "a.c", 7, NULL}};
	struct model_diff *diff = MAKE(rows);

	diff->functions[0].kind = diff->functions[1].kind = 1;
	join(diff);
	assert_int_equal(diff->n, 2);
}

static void where_there_is_a_choice_a_note_says_so(void **state)
{
	static const struct row two[] = {{BASE, "a", "a.c", 7, NULL},
					 {HEAD, "b", "a.c", 7, NULL},
					 {HEAD, "c\033[2J\n", "a.c", 7, NULL}};
	static const struct row copy[] = {{BASE, "a", "a.c", 7, NULL},
					  {HEAD, "b", "a.c", 7, NULL},
					  {BOTH, "c", "a.c", 7, NULL}};
	struct model_diff *diff = MAKE(two);

	diff->notes = strdup("One more.\n");
	join(diff);
	assert_int_equal(diff->n, 3);
	assert_non_null(strstr(diff->notes, "have the same body: which of them was renamed"));
	assert_non_null(strstr(diff->notes, "a (base)"));
	assert_non_null(strstr(diff->notes, "c\\x1b[2J\\n (head)"));
	assert_non_null(strstr(diff->notes, "\nOne more.\n"));
	diff = join(MAKE(copy));
	assert_int_equal(diff->n, 3);
	assert_non_null(strstr(diff->notes, "c (both)"));
}

/* A copy that was made, or taken away: nothing was renamed, and there is nothing to say. */
static void copies_on_one_side_are_no_choice(void **state)
{
	static const struct row rows[] = {{HEAD, "a", "a.c", 7, NULL},
					  {HEAD, "b", "a.c", 7, NULL},
					  {BOTH, "c", "a.c", 7, NULL}};
	struct model_diff *diff = join(MAKE(rows));

	assert_int_equal(diff->n, 3);
	assert_null(diff->notes);
}

static void what_changed_otherwise_keeps_its_verdict(void **state)
{
	static const struct row rows[] = {{BASE, "f", "a.c", 7, NULL}, {HEAD, "g", "a.c", 7, NULL}};
	struct compare_options options = COMPARE_DEFAULTS;
	struct error error = {0};
	struct model_diff *diff = join(MAKE(rows));

	assert_int_equal(compare(diff, &options, &error), ERR_OK);
	assert_int_equal(diff->functions[0].change.verdict, VERDICT_RENAMED);
	options.metric = METRIC_CALLS;
	diff->functions[0].cells = realloc(diff->functions[0].cells, 4 * sizeof(struct model_cell));
	diff->functions[0].cells[1] = diff->functions[0].cells[0];
	for (int r = 2; r < 4; r++)
		diff->functions[0].cells[r] = (struct model_cell){.calls = 20, .self_ns = 1};
	free(diff->total.cells);
	diff->total.cells = NULL;
	diff->base.n = diff->head.n = 2;
	assert_int_equal(compare(diff, &options, &error), ERR_OK);
	assert_int_equal(diff->functions[0].change.verdict, VERDICT_SLOWER);
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
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_name_in_another_file_is_followed),
		TEST(a_label_is_followed),
		TEST(names_that_several_have_are_not_followed),
		TEST(a_body_is_followed),
		TEST(small_and_unknown_bodies_are_not_followed),
		TEST(calls_have_no_body),
		TEST(where_there_is_a_choice_a_note_says_so),
		TEST(copies_on_one_side_are_no_choice),
		TEST(what_changed_otherwise_keeps_its_verdict),
		TEST(another_build_folder_is_no_other_file),
	};

	return cmocka_run_group_tests_name("renames", tests, NULL, NULL);
}
