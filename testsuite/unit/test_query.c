/* SPDX-License-Identifier: MIT */
/* Questions: names of runs, what the model holds, free SQL. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <string.h>

#include "../../cli/base/error.h"
#include "../../cli/store/ingest.h"
#include "../../cli/model/model.h"
#include "../../cli/model/percentile.h"
#include "../../cli/query/query.h"
#include "../../cli/store/store.h"
#include "fake_image.h"

struct fixture {
	char *dir;
	struct store store;
};

static void add_run(struct store *store, struct image *image, int dirty)
{
	struct ingest_facts facts = {.dirty = dirty};
	struct error error = {0};
	int64_t id;

	if (ingest_run(store, image, &facts, &id, NULL, &error))
		fail_msg("%s", error.text);
	image_release(image);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct error error = {0};

	*state = f;
	f->dir = fake_folder();
	return store_open(&f->store, f->dir, STORE_WRITE, &error);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	store_close(&f->store);
	fake_remove(f->dir);
	free(f);
	return 0;
}

static int resolve(struct fixture *f, const char *name, int64_t *id)
{
	struct error error = {0};

	return query_resolve(&f->store, name, id, &error);
}

static void runs_are_named(void **state)
{
	static const char *const wrong[] = {"",	  "x",	     "last~x", "last2", "-1",
					    "1a", "last~-1", "LAST",   " 1",	"last~ 1"};
	struct fixture *f = *state;
	struct image image;
	int64_t id;

	assert_int_equal(resolve(f, "last", &id), ERR_NO_RUN);
	for (unsigned i = 0; i < 3; i++) {
		fake_image(&image, i, 1);
		add_run(&f->store, &image, -1);
	}
	assert_int_equal(resolve(f, "last", &id), ERR_OK);
	assert_int_equal(id, 3);
	assert_int_equal(resolve(f, "last~", &id), ERR_OK);
	assert_int_equal(id, 2);
	assert_int_equal(resolve(f, "last~2", &id), ERR_OK);
	assert_int_equal(id, 1);
	assert_int_equal(resolve(f, "2", &id), ERR_OK);
	assert_int_equal(id, 2);
	assert_int_equal(resolve(f, "last~3", &id), ERR_NO_RUN);
	assert_int_equal(resolve(f, "4", &id), ERR_NO_RUN);
	assert_int_equal(resolve(f, "99999999999999999999999", &id), ERR_NO_RUN);
	assert_int_equal(resolve(f, "last~99999999999999999999999", &id), ERR_NO_RUN);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(resolve(f, wrong[i], &id), ERR_USAGE);
}

static void a_run_comes_back_as_recorded(void **state)
{
	struct fixture *f = *state;
	struct error error = {0};
	struct model_run run;
	struct image image;

	fake_image(&image, 5, 1);
	fake_call(&image, 0, 10);
	image.lost[0] = 3;
	image.lost[2] = 4;
	image.label = strdup("a label");
	image.exit_status = 7;
	add_run(&f->store, &image, 1);
	assert_int_equal(query_run(&f->store, 1, &run, &error), ERR_OK);
	assert_int_equal(run.argc, 2);
	assert_string_equal(run.argv[1], "an argument");
	assert_string_equal(run.label, "a label");
	assert_string_equal(run.branch, "main");
	assert_string_equal(run.commit, "0123456789abcdef0123456789abcdef01234567");
	assert_int_equal(run.dirty, 1);
	assert_true(run.sealed && run.has_status && !run.has_signal);
	assert_int_equal(run.status, 7);
	assert_int_equal(run.lost_total, 7);
	assert_int_equal(run.lost[2], 4);
	assert_int_equal(run.calls, 1);
	assert_int_equal(run.started_at_ns, 1700000005000000000);
	/* One call at 20 ns of measuring in a millisecond. */
	assert_true(fabs(run.overhead_percent - 0.002) < 1e-9);
	assert_null(run.exe);
	assert_string_equal(run.parent_id, "");
	model_run_release(&run);
}

static void unknown_facts_stay_unknown(void **state)
{
	struct fixture *f = *state;
	struct error error = {0};
	struct model_run run;
	struct image image;

	fake_image(&image, 5, 0);
	free(image.branch);
	free(image.commit);
	image.branch = image.commit = NULL;
	image.has_status = image.sealed = false;
	image.duration_ns = 0;
	image.threads[0].end_ns = 0;
	add_run(&f->store, &image, -1);
	assert_int_equal(query_run(&f->store, 1, &run, &error), ERR_OK);
	assert_null(run.branch);
	assert_null(run.commit);
	assert_int_equal(run.dirty, -1);
	assert_true(!run.sealed && !run.has_status && !run.has_signal);
	assert_true(run.overhead_percent < 0);
	model_run_release(&run);
	assert_int_equal(query_run(&f->store, 2, &run, &error), ERR_NO_RUN);
	model_run_release(&run);
}

/* fn0: 100 calls, one still running; fn1: recursion, so the calls' sum passes the total; fn2: never
 * called. */
static void functions_have_exact_numbers(void **state)
{
	struct model_report report = {0};
	struct fixture *f = *state;
	struct error error = {0};
	struct image image;
	struct model_function *fn;

	fake_image(&image, 1, 3);
	for (uint64_t i = 1; i <= 99; i++)
		fake_call(&image, 0, 2 * i);
	image.sites[0].calls++;
	image.measuring_ns += 20;
	image.sites[0].running = 1;
	image.sites[0].total_ns += 1000;
	image.sites[0].total_cost_ns = 3000;
	image.sites[0].self_cost_ns = 2000;
	image.sites[0].sum_cost_ns = 990;
	fake_call(&image, 1, 200);
	fake_call(&image, 1, 100);
	image.sites[1].total_ns = 100;
	image.sites[1].self_ns = 100;
	image.sites[1].unwound = 1;
	add_run(&f->store, &image, 0);
	assert_int_equal(percentiles_parse(&report.percentiles, "0,50,100", "x", &error), ERR_OK);
	assert_int_equal(query_run(&f->store, 1, &report.run, &error), ERR_OK);
	assert_int_equal(query_functions(&f->store, &report, &error), ERR_OK);
	assert_int_equal(report.n, 2);
	fn = &report.functions[0];
	assert_string_equal(fn->name, "fn0");
	assert_string_equal(fn->language, "C");
	assert_int_equal(fn->calls, 100);
	assert_int_equal(fn->running, 1);
	assert_int_equal(fn->sum_ns, 4950);
	assert_int_equal(fn->total_ns, 5950);
	assert_true(fn->mean_ns == 50);
	assert_true(fn->percentile_ns[0] == 1);
	assert_true(fn->percentile_ns[1] == 50);
	assert_true(fn->percentile_ns[2] == 99);
	/* 102 calls cost 20 ns each, and the duration is told without them too. */
	assert_true(fabs(fn->percent - 100.0 * 5950 / (1000000 - 102 * 20)) < 1e-9);
	fn = &report.functions[1];
	assert_int_equal(fn->total_ns, 100);
	assert_int_equal(fn->sum_ns, 150);
	assert_int_equal(fn->unwound, 1);
	assert_true(fn->mean_ns == 75);
	model_report_release(&report);

	report.raw = true;
	assert_int_equal(percentiles_parse(&report.percentiles, "50", "x", &error), ERR_OK);
	assert_int_equal(query_run(&f->store, 1, &report.run, &error), ERR_OK);
	assert_int_equal(query_functions(&f->store, &report, &error), ERR_OK);
	fn = &report.functions[0];
	assert_int_equal(fn->total_ns, 5950 + 3000);
	assert_int_equal(fn->self_ns, 4950 + 2000);
	assert_true(fn->mean_ns == 50 + 10);
	assert_true(fn->percentile_ns[0] == 50 + 10);
	assert_true(fabs(fn->percent - 0.895) < 1e-9);
	model_report_release(&report);
}

/* Calls that were counted only: told apart, and the error of the times goes with the spread of those timed, and what they stand for. */
static void estimates_have_their_error(void **state)
{
	struct fixture *f = *state;
	struct model_report report = {0};
	struct error error = {0};
	struct image image;

	fake_image(&image, 3, 3);
	image.budget = 2000;
	image.skipped_ns = 4;
	for (int i = 0; i < 100; i++)
		fake_call(&image, 0, i % 2 ? 40 : 120);
	fake_call(&image, 1, 100);
	image.sites[0].calls = 1000;
	image.sites[0].skipped = 900;
	/* Half of them stand for themselves, half for 19. */
	image.sites[0].squares = 50 + 50 * 19 * 19;
	image.sites[2].calls = image.sites[2].skipped = 7;
	image.measuring_ns = 5000;
	add_run(&f->store, &image, 0);
	assert_int_equal(query_run(&f->store, 1, &report.run, &error), ERR_OK);
	assert_int_equal(query_functions(&f->store, &report, &error), ERR_OK);
	assert_true(report.run.budget_percent == 2);
	assert_true(report.run.skipped_ns == 4);
	assert_true(fabs(report.run.overhead_percent - 0.5) < 1e-9);
	assert_int_equal(report.n, 3);
	assert_int_equal(report.functions[0].skipped, 900);
	/* Deviation 40 of mean 80; 18 of each 19 are guessed, and which 50 it were. */
	assert_true(fabs(report.functions[0].error_percent -
			 196 * sqrt(50 * 19 * 18 * 1.25) / 1000) < 1e-6);
	/* A store of before does not say what they stand for: as if each for 10. */
	assert_int_equal(sqlite3_exec(f->store.db,
				      "UPDATE profile SET skipped = substr(skipped, 1, 4)", NULL,
				      NULL, NULL),
			 SQLITE_OK);
	model_report_release(&report);
	report = (struct model_report){0};
	assert_int_equal(query_run(&f->store, 1, &report.run, &error), ERR_OK);
	assert_int_equal(query_functions(&f->store, &report, &error), ERR_OK);
	assert_int_equal(report.functions[0].skipped, 900);
	assert_true(fabs(report.functions[0].error_percent - 196 * sqrt(1.25 * 0.9 / 100)) < 1e-6);
	assert_int_equal(report.functions[1].skipped, 0);
	assert_true(report.functions[1].error_percent == 0);
	assert_int_equal(report.functions[2].skipped, 7);
	assert_true(isnan(report.functions[2].error_percent));
	model_report_release(&report);
}

static void runs_are_listed_newest_first(void **state)
{
	struct fixture *f = *state;
	struct model_run_list list;
	struct error error = {0};
	struct image image;

	for (unsigned i = 0; i < 5; i++) {
		fake_image(&image, i, 1);
		add_run(&f->store, &image, -1);
	}
	assert_int_equal(query_runs(&f->store, 2, &list, &error), ERR_OK);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.total, 5);
	assert_int_equal(list.runs[0].id, 5);
	assert_int_equal(list.runs[1].id, 4);
	model_run_list_release(&list);
	assert_int_equal(query_runs(&f->store, 0, &list, &error), ERR_OK);
	assert_int_equal(list.n, 5);
	model_run_list_release(&list);
}

static int ask(struct fixture *f, const char *sql, struct model_table *table)
{
	struct error error = {0};

	return query_sql(&f->store, sql, table, &error);
}

static void sql_only_reads(void **state)
{
	static const char *const refused[] = {
		"DELETE FROM run",
		"DROP TABLE run",
		"INSERT INTO text (value) VALUES ('x')",
		"UPDATE run SET status = 0",
		"PRAGMA user_version = 7",
		"PRAGMA writable_schema = 1",
		"ATTACH '/tmp/x.db' AS x",
		"CREATE TEMP TABLE t (x)",
		"VACUUM",
		"BEGIN",
		"SELECT load_extension('x')",
		"",
		" ; -- nothing",
		"SELECT 1; DELETE FROM run",
		"SELECT nothing FROM runs",
		"SELEC 1",
		"SELECT hotpath_percentile(1)",
		"SELECT hotpath_percentile(x'ff', 1, 200)",
	};
	struct fixture *f = *state;
	struct model_table table;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(ask(f, refused[i], &table), ERR_USAGE);
		model_table_release(&table);
	}
	assert_int_equal(ask(f, "SELECT 1 AS a, 2.5, 'x', NULL, x'ab' ; -- end", &table), ERR_OK);
	assert_int_equal(table.n_columns, 5);
	assert_int_equal(table.n_rows, 1);
	assert_string_equal(table.columns[0], "a");
	assert_int_equal(table.values[0].integer, 1);
	assert_true(table.values[1].real == 2.5);
	assert_string_equal(table.values[2].text, "x");
	assert_int_equal(table.values[3].kind, MODEL_NULL);
	assert_string_equal(table.values[4].text, "ab");
	model_table_release(&table);
}

static void views_answer(void **state)
{
	static const char *const views[] = {"runs",    "functions", "contexts",
					    "threads", "lost",	    "objects"};
	struct fixture *f = *state;
	struct model_table table;
	struct image image;
	char sql[64];

	fake_image(&image, 1, 2);
	fake_call(&image, 0, 10);
	fake_call(&image, 1, 10);
	fake_context(&image, fake_context(&image, -1, 0, 1, 5, 5), 1, 1, 5, 5);
	add_run(&f->store, &image, -1);
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		snprintf(sql, sizeof(sql), "SELECT * FROM %s", views[i]);
		assert_int_equal(ask(f, sql, &table), ERR_OK);
		assert_true(table.n_rows > 0);
		model_table_release(&table);
	}
	assert_int_equal(ask(f,
			     "SELECT p50_ns, hotpath_percentile(hist, ns_per_tick, 50) "
			     "FROM functions WHERE name = 'fn1'",
			     &table),
			 ERR_OK);
	assert_int_equal(table.n_rows, 1);
	assert_true(table.values[0].real == 5 && table.values[1].real == 5);
	model_table_release(&table);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(runs_are_named),
		TEST(a_run_comes_back_as_recorded),
		TEST(unknown_facts_stay_unknown),
		TEST(functions_have_exact_numbers),
		TEST(estimates_have_their_error),
		TEST(runs_are_listed_newest_first),
		TEST(sql_only_reads),
		TEST(views_answer),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
