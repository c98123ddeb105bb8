/* SPDX-License-Identifier: MIT */
/* The store: opening, migrating, what ingest writes, and its size. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../cli/base/error.h"
#include "../../cli/store/ingest.h"
#include "../../cli/store/merge.h"
#include "../../cli/model/model.h"
#include "../../cli/store/pack.h"
#include "../../cli/base/place.h"
#include "../../cli/query/query.h"
#include "../../cli/store/store.h"
#include "../../cli/base/text.h"
#include "../../runtime/abi.h"
#include "fake_image.h"

static const struct ingest_facts no_facts = {.dirty = -1};

static int set_up(void **state)
{
	*state = fake_folder();
	return 0;
}

static int tear_down(void **state)
{
	fake_remove(*state);
	return 0;
}

static void open_store(struct store *store, const char *dir)
{
	struct error error = {0};

	if (store_open(store, dir, STORE_WRITE, &error))
		fail_msg("%s", error.text);
}

static int64_t number(struct store *store, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t value;

	assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

static void new_store_is_private_and_marked(void **state)
{
	struct store store;
	struct stat st;

	open_store(&store, *state);
	assert_int_equal(stat(store.file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(number(&store, "PRAGMA application_id"), STORE_APPLICATION_ID);
	assert_int_equal(number(&store, "PRAGMA user_version"), (int64_t)store_n_migrations);
	assert_int_equal(number(&store, "SELECT count(*) FROM runs"), 0);
	store_close(&store);
}

static void missing_store_is_an_answer(void **state)
{
	struct error error = {0};
	struct store store;

	assert_int_equal(store_open(&store, *state, STORE_READ, &error), ERR_NO_STORE);
	assert_non_null(strstr(error.text, "-fplugin=hotpath.so"));
	store_close(&store);
}

/* Our migrations and one or two more; how many there are. */
enum { LATER = 16 };
static size_t later_versions(struct store_migration later[LATER], const char *one, const char *two)
{
	size_t n = store_n_migrations;

	assert_true(n + 2 <= LATER);
	memcpy(later, store_migrations, n * sizeof(*later));
	later[n++].sql = one;
	if (two)
		later[n++].sql = two;
	return n;
}

/* A store is opened by a program that is two versions ahead: both scripts run, once, and keep what
 * was there. */
static void old_store_is_migrated(void **state)
{
	struct store_migration later[LATER];
	size_t n = later_versions(
		later, "ALTER TABLE run ADD COLUMN mood TEXT; UPDATE run SET mood = 'fine';",
		"CREATE TABLE extra (n INTEGER) STRICT; INSERT INTO extra VALUES (3);");
	struct error error = {0};
	struct image image;
	struct store store;
	int64_t id;

	open_store(&store, *state);
	fake_image(&image, 1, 2);
	fake_call(&image, 0, 100);
	assert_int_equal(ingest_run(&store, &image, &no_facts, &id, NULL, &error), ERR_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(store_migrate(&store, later, n, &error), ERR_OK);
	assert_int_equal(number(&store, "PRAGMA user_version"), (int64_t)n);
	assert_int_equal(number(&store, "SELECT mood = 'fine' FROM run"), 1);
	assert_int_equal(number(&store, "SELECT count(*) FROM extra"), 1);
	assert_int_equal(number(&store, "SELECT calls FROM functions WHERE name = 'fn0'"), 1);
	store_close(&store);
	image_release(&image);
}

/* A script that fails leaves the store as it was. */
static void failed_migration_changes_nothing(void **state)
{
	struct store_migration later[LATER];
	size_t n = later_versions(
		later, "CREATE TABLE extra (n INTEGER); INSERT INTO nowhere VALUES (1);", NULL);
	struct error error = {0};
	struct store store;

	open_store(&store, *state);
	assert_int_equal(store_migrate(&store, later, n, &error), ERR_SQL);
	assert_int_equal(number(&store, "PRAGMA user_version"), (int64_t)store_n_migrations);
	assert_int_equal(number(&store, "SELECT count(*) FROM sqlite_master WHERE name = 'extra'"),
			 0);
	store_close(&store);
}

/* What version 2 knew of the end of a run becomes words. */
static void old_ends_are_kept(void **state)
{
	struct error error = {0};
	struct model_run run;
	struct store store;
	char *path = place_file(*state);
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, store_schema_sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, store_schema_2_sql, NULL, NULL, NULL), SQLITE_OK);
	for (int i = 0; i < 3; i++) {
		static const char *const ends[] = {"1, 0", "1, NULL", "0, NULL"};
		char *sql = sqlite3_mprintf("INSERT OR IGNORE INTO text VALUES (1, '[]'); INSERT "
					    "INTO run (run_id, pid, ppid, "
					    "argv, argv_cut, cpu_count, started_at_ns, "
					    "duration_ns, sealed, status, clock, "
					    "ns_per_tick, inside_ns, outside_ns, threads, "
					    "thread_ns, calls, lost, torn, "
					    "damaged) VALUES (randomblob(16), 1, 1, 1, 0, 1, 1, 1, "
					    "%s, 0, 1.0, 0.0, 0.0, 1, "
					    "1, 0, 0, 0, 0)",
					    ends[i]);

		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_free(sql);
	}
	sqlite3_exec(db, "PRAGMA application_id = 1752200296; PRAGMA user_version = 2", NULL, NULL,
		     NULL);
	sqlite3_close(db);
	free(path);
	open_store(&store, *state);
	for (int i = 0; i < 3; i++) {
		static const char *const words[] = {"exit", "quick_exit", "unseen"};

		assert_int_equal(query_run(&store, i + 1, &run, &error), ERR_OK);
		assert_string_equal(model_run_how(&run), words[i]);
		model_run_release(&run);
	}
	assert_int_equal(number(&store, "SELECT count(*) FROM runs WHERE how = 'exit'"), 1);
	store_close(&store);
}

/* The words of SQL are those of the model. */
static void ends_have_the_same_words_everywhere(void **state)
{
	struct error error = {0};
	struct store store;

	open_store(&store, *state);
	for (unsigned i = 0; i < 16; i++) {
		struct model_run run;
		struct image image;
		sqlite3_stmt *stmt;
		int64_t id;

		fake_image(&image, i + 1, 1);
		image.ended = (enum image_end)(i % 4);
		image.has_status = i & 4;
		image.token = strdup("t");
		assert_int_equal(ingest_run(&store, &image, &no_facts, &id, NULL, &error), ERR_OK);
		if (i & 8)
			assert_int_equal(ingest_end(&store, "t", image.pid,
						    &(struct ingest_seen){-1, 6, -1}, &error),
					 ERR_OK);
		image_release(&image);
		assert_int_equal(query_run(&store, id, &run, &error), ERR_OK);
		sqlite3_prepare_v2(store.db, "SELECT how FROM runs WHERE id = ?", -1, &stmt, NULL);
		sqlite3_bind_int64(stmt, 1, id);
		sqlite3_step(stmt);
		assert_string_equal(model_run_how(&run), sqlite3_column_text(stmt, 0));
		sqlite3_finalize(stmt);
		model_run_release(&run);
	}
	store_close(&store);
}

static int open_code(const char *dir, enum store_mode mode)
{
	struct error error = {0};
	struct store store;
	int rc = store_open(&store, dir, mode, &error);

	store_close(&store);
	return rc;
}

static void write_file(const char *dir, const char *content, size_t n)
{
	char *path = place_file(dir);
	FILE *file = fopen(path, "w");

	assert_int_equal(fwrite(content, 1, n, file), n);
	fclose(file);
	free(path);
}

static void newer_store_is_left_alone(void **state)
{
	struct error error = {0};
	struct store store;

	open_store(&store, *state);
	assert_int_equal(store_exec(&store, "PRAGMA user_version = 99", &error), ERR_OK);
	store_close(&store);
	assert_int_equal(open_code(*state, STORE_READ), ERR_NEWER);
	assert_int_equal(open_code(*state, STORE_WRITE), ERR_NEWER);
}

static void foreign_files_are_left_alone(void **state)
{
	struct error error = {0};
	struct store store;

	write_file(*state, "this is a letter to my aunt, and no database at all", 51);
	assert_int_equal(open_code(*state, STORE_WRITE), ERR_FOREIGN);
	write_file(*state, "", 0);
	open_store(&store, *state);
	assert_int_equal(store_exec(&store, "PRAGMA application_id = 5", &error), ERR_OK);
	store_close(&store);
	assert_int_equal(open_code(*state, STORE_READ), ERR_FOREIGN);
}

static void damaged_store_is_told(void **state)
{
	char *path = place_file(*state), junk[4096];
	struct error error = {0};
	struct store store;
	FILE *file;

	open_store(&store, *state);
	store_close(&store);
	memset(junk, 0x5a, sizeof(junk));
	file = fopen(path, "r+");
	fseek(file, 4096, SEEK_SET);
	for (int i = 0; i < 8; i++)
		fwrite(junk, 1, sizeof(junk), file);
	fclose(file);
	free(path);
	if (!store_open(&store, *state, STORE_READ, &error))
		store_check(&store, &error);
	assert_int_equal(error.code, ERR_CORRUPT);
	assert_non_null(strstr(error.text, ".recover"));
	store_close(&store);
}

static void same_segment_twice_is_one_run(void **state)
{
	struct error error = {0};
	struct image image;
	struct store store;
	int64_t one, two;
	bool added;

	open_store(&store, *state);
	fake_image(&image, 1, 1);
	fake_call(&image, 0, 100);
	assert_int_equal(ingest_run(&store, &image, &no_facts, &one, &added, &error), ERR_OK);
	assert_true(added);
	assert_int_equal(ingest_run(&store, &image, &no_facts, &two, &added, &error), ERR_OK);
	assert_false(added);
	assert_int_equal(one, two);
	assert_int_equal(number(&store, "SELECT count(*) FROM run"), 1);
	store_close(&store);
	image_release(&image);
}

/* 48 processes make the store and write a run each, all at once. */
static void many_writers_all_get_in(void **state)
{
	enum { WRITERS = 48 };
	struct store store;
	int failed = 0, status;

	for (unsigned i = 0; i < WRITERS; i++) {
		if (fork() == 0) {
			struct error error = {0};
			struct image image;
			int64_t id;

			fake_image(&image, i, 20);
			for (size_t s = 0; s < 20; s++)
				fake_call(&image, s, 100 + i);
			if (store_open(&store, *state, STORE_WRITE, &error) ||
			    ingest_run(&store, &image, &no_facts, &id, NULL, &error))
				fprintf(stderr, "%s\n", error.text);
			store_close(&store);
			_exit(error.code != ERR_OK);
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		wait(&status);
		failed += status != 0;
	}
	assert_int_equal(failed, 0);
	open_store(&store, *state);
	assert_int_equal(number(&store, "SELECT count(*) FROM run"), WRITERS);
	assert_int_equal(number(&store, "SELECT count(*) FROM functions"), WRITERS * 20);
	assert_int_equal(number(&store, "SELECT count(*) FROM function"), 20);
	store_close(&store);
}

/* An inline function has a site in each unit that uses it; a report has one row for it. */
static void copies_of_a_function_are_one(void **state)
{
	struct error error = {0};
	struct image image;
	struct store store;
	int64_t id;
	int outer;

	open_store(&store, *state);
	fake_image(&image, 1, 2);
	free(image.sites[1].name);
	free(image.sites[1].qualified);
	free(image.sites[1].mangled);
	image.sites[1].name = strdup("fn0");
	image.sites[1].qualified = strdup("fn0");
	image.sites[1].mangled = strdup("fn0");
	image.sites[1].line = 1;
	fake_call(&image, 0, 2000);
	fake_call(&image, 1, 400);
	/* The second copy was called by the first: its time is inside already. */
	outer = fake_context(&image, -1, 0, 1, 1000, 800);
	fake_context(&image, outer, 1, 1, 200, 200);
	image.sites[0].self_ns = 800;
	image.sites[0].total_cost_ns = 30;
	image.sites[1].total_cost_ns = 6;
	assert_int_equal(ingest_run(&store, &image, &no_facts, &id, NULL, &error), ERR_OK);
	assert_int_equal(number(&store, "SELECT count(*) FROM functions"), 1);
	assert_int_equal(number(&store, "SELECT calls FROM functions"), 2);
	assert_int_equal(number(&store, "SELECT total_ns FROM functions"), 1000);
	assert_int_equal(number(&store, "SELECT self_ns FROM functions"), 1000);
	assert_int_equal(number(&store, "SELECT sum_ns FROM functions"), 1200);
	assert_int_equal(number(&store, "SELECT raw_total_ns - total_ns FROM functions"), 30);
	assert_int_equal(number(&store, "SELECT min_ns FROM functions"), 200);
	assert_int_equal(number(&store, "SELECT max_ns FROM functions"), 1000);
	assert_int_equal(number(&store, "SELECT mean_ns FROM functions"), 600);
	assert_int_equal(number(&store, "SELECT count(*) FROM contexts"), 2);
	assert_int_equal(number(&store, "SELECT total_ns FROM contexts WHERE parent = 0"), 200);
	store_close(&store);
	image_release(&image);
}

/* What a site measures, its group, body and sampling are told apart, each once in the dictionary. */
static void kinds_and_groups_are_kept(void **state)
{
	struct error error = {0};
	struct image image;
	struct store store;
	int64_t id;

	open_store(&store, *state);
	for (unsigned run = 0; run < 2; run++) {
		fake_image(&image, 40 + run, 5);
		for (size_t i = 0; i < 5; i++) {
			struct image_site *s = &image.sites[i];

			strcpy(s->name, "fn0");
			strcpy(s->qualified, "fn0");
			strcpy(s->mangled, "fn0");
			s->line = 1;
			fake_call(&image, i, 100 * (i + 1));
		}
		image.sites[1].group = strdup("parser");
		image.sites[2].kind = HOTPATH_KIND_CALL;
		image.sites[3].body = UINT64_MAX;
		image.sites[4].sample = 100;
		assert_int_equal(ingest_run(&store, &image, &no_facts, &id, NULL, &error), ERR_OK);
		image_release(&image);
	}
	assert_int_equal(number(&store, "SELECT count(*) FROM function"), 5);
	assert_int_equal(number(&store, "SELECT count(*) FROM functions"), 10);
	assert_int_equal(number(&store, "SELECT count(*) FROM functions WHERE kind = 'call' AND "
					"\"group\" IS NULL AND body IS NULL AND sample = 0"),
			 2);
	assert_int_equal(
		number(&store, "SELECT count(*) FROM functions WHERE \"group\" = 'parser'"), 2);
	assert_int_equal(
		number(&store, "SELECT count(*) FROM functions WHERE body = 'ffffffffffffffff'"),
		2);
	assert_int_equal(number(&store, "SELECT count(*) FROM functions WHERE sample = 100"), 2);
	store_close(&store);
}

/* A store of version 2, as the release before wrote it, is brought up to date with its runs. */
static void store_of_version_2(void **state)
{
	struct store store;
	char path[4200], sql[256];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/hotpath.db", (const char *)*state);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(sqlite3_exec(db, store_migrations[i].sql, NULL, NULL, NULL),
				 SQLITE_OK);
	snprintf(sql, sizeof(sql),
		 "PRAGMA application_id = %d; PRAGMA user_version = 2;"
		 "INSERT INTO text VALUES (1, 'old'), (2, 'a.c');"
		 "INSERT INTO function (name, file, line, language) VALUES (1, 2, 3, 1);",
		 STORE_APPLICATION_ID);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	open_store(&store, *state);
	assert_int_equal(number(&store, "PRAGMA user_version"), (int64_t)store_n_migrations);
	assert_int_equal(number(&store, "SELECT count(*) FROM function WHERE kind = 0 AND body = 0 "
					"AND sample = 0 AND grp IS NULL"),
			 1);
	store_close(&store);
}

static void hostile_numbers_and_names_are_kept_in_bounds(void **state)
{
	struct error error = {0};
	struct image image;
	struct store store;
	int64_t id;

	open_store(&store, *state);
	fake_image(&image, 1, 1);
	fake_call(&image, 0, 1);
	image.sites[0].total_ns = UINT64_MAX;
	image.sites[0].calls = UINT64_MAX;
	image.lost[0] = UINT64_MAX;
	image.duration_ns = UINT64_MAX;
	image.ns_per_tick = 1;
	free(image.sites[0].name);
	image.sites[0].name = strdup("'; DROP TABLE run; --\xff\x1b[2J");
	fake_context(&image, -1, 0, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	assert_int_equal(ingest_run(&store, &image, &no_facts, &id, NULL, &error), ERR_OK);
	assert_int_equal(number(&store, "SELECT calls > 0 AND total_ns > 0 FROM functions"), 1);
	assert_int_equal(number(&store, "SELECT count(*) FROM contexts"), 1);
	store_close(&store);
	image_release(&image);
}

static void end_of_a_command_is_noted(void **state)
{
	struct error error = {0};
	struct model_run run;
	struct image image;
	struct store store;
	int64_t id;

	open_store(&store, *state);
	fake_image(&image, 1, 1);
	image.token = strdup("t1");
	image.has_status = image.sealed = false;
	assert_int_equal(ingest_run(&store, &image, &no_facts, &id, NULL, &error), ERR_OK);
	assert_int_equal(ingest_end(&store, "other", 1001, &(struct ingest_seen){5, 0, -1}, &error),
			 ERR_OK);
	assert_int_equal(query_run(&store, id, &run, &error), ERR_OK);
	assert_false(run.has_status || run.has_signal);
	model_run_release(&run);
	assert_int_equal(ingest_end(&store, "t1", 1001, &(struct ingest_seen){-1, 9, 2.5}, &error),
			 ERR_OK);
	assert_int_equal(query_run(&store, id, &run, &error), ERR_OK);
	assert_true(run.has_signal && !run.has_status);
	assert_int_equal(run.signal, 9);
	assert_true(run.steal_percent == 2.5);
	model_run_release(&run);
	store_close(&store);
	image_release(&image);
}

/* What a view shows of them: the newest first, with names; and none is no row. */
static void newest_calls_are_kept(void **state)
{
	struct error error = {0};
	struct image image;
	struct store store;
	int64_t id;

	open_store(&store, *state);
	for (unsigned run = 1; run <= 2; run++) {
		fake_image(&image, run, 3);
		for (size_t s = 0; s < 3; s++)
			fake_call(&image, s, 100);
		if (run == 1) {
			image.recent = calloc(2, sizeof(*image.recent));
			image.recent[0] = (struct image_call){2, 0, 1000, 50};
			image.recent[1] = (struct image_call){1, 0, 900, UINT64_MAX};
			image.n_recent = 2;
		}
		assert_int_equal(ingest_run(&store, &image, &no_facts, &id, NULL, &error), ERR_OK);
		image_release(&image);
	}
	assert_int_equal(number(&store, "SELECT count(*) FROM recent"), 2);
	assert_int_equal(number(&store, "SELECT name = 'fn1' AND thread = 1 AND start_ns = 900 AND "
					"duration_ns > 1000000 FROM recent LIMIT 1"),
			 1);
	assert_int_equal(number(&store, "SELECT name = 'fn2' AND duration_ns = 50 FROM recent "
					"LIMIT 1 OFFSET 1"),
			 1);
	assert_int_equal(number(&store, "SELECT count(*) FROM run_recent"), 1);
	store_close(&store);
}

/*
 * What a run of 300 functions takes.  Calls per function are spread over five orders of magnitude
 * as in real programs (a few hot ones, many that are called some times), durations are lognormal
 * with a tail.
 */
static void large_image(struct image *image, unsigned seed)
{
	uint64_t random = seed * 2654435761u + 1;

	fake_image(image, seed, 300);
	for (size_t i = 0; i < 300; i++) {
		double calls = pow(10, 5.0 * pow((double)i / 299, 3));
		double centre = 5 + (double)(i * 7919 % 300) / 30;
		int parent = i ? (int)(i * 31 % i) : -1;

		for (double c = 0; c < calls; c++)
			fake_call(image, i,
				  (uint64_t)exp(centre + 0.15 * fake_normal(&random) +
						(fake_random(&random) % 100 == 0)));
		image->sites[i].self_cost_ns = image->sites[i].calls * 20;
		image->sites[i].total_cost_ns = image->sites[i].calls * 40;
		image->sites[i].sum_cost_ns = image->sites[i].calls * 40;
		fake_context(image, parent, (int)i, image->sites[i].calls, image->sites[i].total_ns,
			     image->sites[i].self_ns);
		if (i % 2)
			fake_context(image, (int)i - 1, (int)i, image->sites[i].calls / 3,
				     image->sites[i].total_ns / 3, image->sites[i].self_ns / 3);
	}
	image->recent = calloc(IMAGE_RECENT, sizeof(*image->recent));
	image->n_recent = IMAGE_RECENT;
	for (size_t i = 0; i < IMAGE_RECENT; i++)
		image->recent[i] = (struct image_call){
			.site = (int)(fake_random(&random) % 300),
			.start_ns = 990000000 + 1000 * i + fake_random(&random) % 1000,
			.duration_ns = fake_random(&random) % 100000,
		};
}

static void run_of_300_functions_is_small(void **state)
{
	enum { RUNS = 20 };
	struct error error = {0};
	struct store store;
	int64_t before = 0, after, id, hist;

	open_store(&store, *state);
	for (unsigned i = 0; i <= RUNS; i++) {
		struct image image;

		large_image(&image, i + 1);
		assert_int_equal(ingest_run(&store, &image, &no_facts, &id, NULL, &error), ERR_OK);
		image_release(&image);
		if (i == 0)
			before = number(&store, "PRAGMA page_count");
	}
	after = number(&store, "PRAGMA page_count");
	hist = number(&store, "SELECT sum(length(histograms)) FROM profile");
	print_message(
		"a run of 300 functions and 450 contexts takes %.1f KiB, %.1f of it histograms\n",
		(double)(after - before) * 4 / RUNS, (double)hist / 1024 / (RUNS + 1));
	assert_true((after - before) * 4096 / RUNS <= 20 * 1024);
	store_close(&store);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(new_store_is_private_and_marked),
		TEST(missing_store_is_an_answer),
		TEST(old_store_is_migrated),
		TEST(failed_migration_changes_nothing),
		TEST(old_ends_are_kept),
		TEST(ends_have_the_same_words_everywhere),
		TEST(newer_store_is_left_alone),
		TEST(foreign_files_are_left_alone),
		TEST(damaged_store_is_told),
		TEST(same_segment_twice_is_one_run),
		TEST(many_writers_all_get_in),
		TEST(copies_of_a_function_are_one),
		TEST(kinds_and_groups_are_kept),
		TEST(store_of_version_2),
		TEST(hostile_numbers_and_names_are_kept_in_bounds),
		TEST(end_of_a_command_is_noted),
		TEST(newest_calls_are_kept),
		TEST(run_of_300_functions_is_small),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
