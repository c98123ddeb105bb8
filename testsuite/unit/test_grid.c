/* SPDX-License-Identifier: MIT */
/* How tables fit into narrow terminals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <locale.h>

#include <cmocka.h>

#include "../../cli/base/error.h"
#include "../../cli/output/grid.h"
#include "../../cli/output/grid_fit.h"

static void expect_cut(const char *text, size_t room, bool tail, bool tree, bool utf8,
		       const char *expected)
{
	char *cut = grid_fit_cut(text, room, tail, tree, utf8);

	assert_string_equal(cut, expected);
	assert_true(grid_fit_columns(cut) <= room);
	free(cut);
}

static void test_cut(void **state)
{
	(void)state;
	expect_cut("abcdef", 6, true, false, true, "abcdef");
	expect_cut("abcdefghij", 7, true, false, true, "abc\xe2\x80\xa6hij");
	expect_cut("abcdefghij", 6, true, false, true, "abc\xe2\x80\xa6ij");
	expect_cut("abcdefghij", 7, false, false, true, "abcdef\xe2\x80\xa6");
	expect_cut("abcdefghij", 7, true, false, false, "abc..ij");
	expect_cut("abcdefghij", 1, true, false, true, "\xe2\x80\xa6");
	/* Characters of several bytes stay whole, wide ones take two columns. */
	expect_cut("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9", 3, true, false, true,
		   "\xc3\xa4\xe2\x80\xa6\xc3\xa9");
	assert_int_equal(grid_fit_columns("\xe6\xbc\xa2\xe5\xad\x97"), 4);
	expect_cut("\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97", 6, true, false, true,
		   "\xe6\xbc\xa2\xe2\x80\xa6\xe5\xad\x97");
}

static void test_cut_tree(void **state)
{
	(void)state;
	expect_cut("    abcdefghij", 11, true, true, true, "    abc\xe2\x80\xa6hij");
	expect_cut("    abcdef", 12, true, true, true, "    abcdef");
	/* 10 levels: as many as fit, and how many more. */
	expect_cut("                    ab", 12, true, true, true, "      +7 ab");
	expect_cut("                    abcdefgh", 12, true, true, true, "      +7 a\xe2\x80\xa6h");
	/* Not a tree: spaces are text. */
	expect_cut("  ab", 3, true, false, true,
		   " \xe2\x80\xa6"
		   "b");
}

static void add_rows(struct grid *grid)
{
	grid_column(grid, "Function", "name", "s");
	grid_column(grid, "Calls", "calls", "r2");
	grid_column(grid, "Mean", "mean", "r1");
	grid_column(grid, "Total", "total", "r");
	for (int i = 0; i < 2; i++) {
		grid_text(grid, GRID_CODE, i ? "short" : "a_name_of_some_length_too");
		grid_integer(grid, GRID_INTEGER, 12345678);
		grid_integer(grid, GRID_NS, 123000);
		grid_integer(grid, GRID_NS, 123456000);
	}
}

/* The table in a terminal of a width, as text, to be freed. */
static char *printed(int width)
{
	struct error error = {0};
	struct grid grid = {0};
	struct view view = {.format = VIEW_TABLE, .utf8 = true, .width = width};
	char *out = NULL;
	size_t n;

	view.stream = open_memstream(&out, &n);
	add_rows(&grid);
	assert_int_equal(grid_print(&grid, &view, &error), ERR_OK);
	fclose(view.stream);
	grid_release(&grid);
	return out;
}

static void expect_table(int width, const char *expected)
{
	char *out = printed(width);

	assert_string_equal(out, expected);
	free(out);
}

static void test_table(void **state)
{
	(void)state;
	/* No terminal: nothing is cut. */
	expect_table(0, "Function                      Calls    Mean   Total\n"
			"a_name_of_some_length_too  12345678  123 \xc2\xb5s  123 ms\n"
			"short                      12345678  123 \xc2\xb5s  123 ms\n");
	expect_table(51, "Function                      Calls    Mean   Total\n"
			 "a_name_of_some_length_too  12345678  123 \xc2\xb5s  123 ms\n"
			 "short                      12345678  123 \xc2\xb5s  123 ms\n");
	expect_table(40, "Function           Calls    Mean   Total\n"
			 "a_name_\xe2\x80\xa6th_too  12345678  123 \xc2\xb5s  123 ms\n"
			 "short           12345678  123 \xc2\xb5s  123 ms\n");
	expect_table(36, "Function               Calls   Total\n"
			 "a_name_of\xe2\x80\xa6ngth_too  12345678  123 ms\n"
			 "short               12345678  123 ms\n"
			 "Not shown for want of room: Mean\n");
	expect_table(20, "Function       Total\n"
			 "a_name\xe2\x80\xa6h_too  123 ms\n"
			 "short         123 ms\n"
			 "Not shown for want\nof room: Calls, Mean\n");
	expect_table(19, "Function  a_name\xe2\x80\xa6h_too\n"
			 "Calls     12345678\n"
			 "Mean      123 \xc2\xb5s\n"
			 "Total     123 ms\n"
			 "\n"
			 "Function  short\n"
			 "Calls     12345678\n"
			 "Mean      123 \xc2\xb5s\n"
			 "Total     123 ms\n");
}

static void expect_line(int width, size_t hang, const char *text, const char *expected)
{
	struct view view = {.format = VIEW_TABLE, .utf8 = true, .width = width};
	char *out = NULL;
	size_t n;

	view.stream = open_memstream(&out, &n);
	grid_line(&view, text, hang);
	fclose(view.stream);
	assert_string_equal(out, expected);
	free(out);
}

static void test_line(void **state)
{
	(void)state;
	expect_line(0, 0, "one two  three", "one two  three\n");
	expect_line(8, 0, "one two  three", "one two\nthree\n");
	expect_line(3, 0, "one two  three", "one\ntwo\nthree\n");
	/* A number keeps its unit. */
	expect_line(8, 0, "took 5.50 ms, 3 %  of", "took\n5.50 ms,\n3 %  of\n");
	expect_line(7, 0, "run 12 main", "run 12\nmain\n");
	/* Escape sequences take no room. */
	expect_line(7, 0, "\033[1mRun 1\033[0m a b", "\033[1mRun 1\033[0m a\nb\n");
	expect_line(5, 0, "\xc3\xa4\xc3\xb6 \xc3\xbc\xc3\x9f",
		    "\xc3\xa4\xc3\xb6 \xc3\xbc\xc3\x9f\n");
	expect_line(5, 0, "", "\n");
	/* A short phrase stays whole, a long one does not. */
	expect_line(12, 0, "exit 0  lost 12 of  a", "exit 0\nlost 12 of\na\n");
	expect_line(12, 0, "one two three", "one two\nthree\n");
	expect_line(12, 3, "ab one two three", "ab one two\n   three\n");
	expect_line(6, 3, "ab longerthanthat x", "ab\n   longerthanthat\n   x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_tree),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_line),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
