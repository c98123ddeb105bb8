/* SPDX-License-Identifier: MIT */
/* Runs that go from store to store, runs that are forgotten, and files that nobody should trust. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../cli/base/error.h"
#include "../../cli/store/ingest.h"
#include "../../cli/store/merge.h"
#include "../../cli/store/pack.h"
#include "../../cli/base/place.h"
#include "../../cli/query/query_set.h"
#include "../../cli/base/run_ids.h"
#include "../../cli/store/store.h"
#include "../../cli/store/store_copy.h"
#include "../../cli/store/store_file.h"
#include "../../cli/store/store_gc.h"
#include "../../cli/base/text.h"
#include "dump.h"
#include "fake_image.h"

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

#define OK(call)                                                                                   \
	do {                                                                                       \
		struct error error = {0};                                                          \
		if (call)                                                                          \
			fail_msg("%s", error.text);                                                \
	} while (0)

/* One of several stores and files below the test's folder; to be freed. */
static char *at(void **state, const char *name)
{
	return text_format("%s/%s", (char *)*state, name);
}

static void open_store(void **state, const char *name, struct store *store)
{
	char *dir = at(state, name);

	OK(store_open(store, dir, STORE_WRITE, &error));
	free(dir);
}

static void set_text(char **text, const char *value)
{
	free(*text);
	*text = value ? strdup(value) : NULL;
}

/* A run with something in every table. */
static int64_t add_run(struct store *store, unsigned seed)
{
	const struct ingest_facts facts = {.dirty = 1, .diff = "0123456789abcdef"};
	struct image image;
	int64_t id;
	int outer;

	fake_image(&image, seed, 6);
	set_text(&image.sites[seed % 6].name, "o'dd\n\x1b[31m\xc3\xa9 \xff\"name");
	set_text(&image.sites[(seed + 1) % 6].mangled, NULL);
	set_text(&image.sites[(seed + 2) % 6].label, seed % 2 ? "label" : NULL);
	set_text(&image.governor, seed % 2 ? "performance" : NULL);
	set_text(&image.label, seed % 3 ? "run" : NULL);
	set_text(&image.units[0].object, seed % 2 ? "/bin/x" : "/bin/y");
	image.load = 0.25 * seed;
	for (size_t s = 0; s < 6 && seed % 3 == 0; s++)
		image.sites[s].squares = (image.sites[s].skipped = s * 3) * seed;
	image.skipped_ns = seed % 3 ? 0 : 2.5;
	for (size_t s = 0; s < 6; s++)
		for (unsigned i = 0; i < 20 + seed; i++)
			fake_call(&image, s, 100 * (s + 1) * (i + seed));
	outer = fake_context(&image, -1, 0, 1, 1000, 800);
	fake_context(&image, outer, (int)(seed % 5) + 1, 7, 200, 200);
	image.lost[SEG_LOST_LATE] = seed;
	image.n_recent = 5;
	image.recent = calloc(image.n_recent, sizeof(*image.recent));
	for (size_t i = 0; i < image.n_recent; i++)
		image.recent[i] = (struct image_call){
			.site = (int)(i * seed) % 6, .start_ns = 10 * i, .duration_ns = seed};
	image.threads[0].calls = 3;
	OK(ingest_run(store, &image, &facts, &id, NULL, &error));
	image_release(&image);
	return id;
}

static void add_tag(struct store *store, int64_t run, const char *name)
{
	struct run_ids ids = {&run, 1, 1};
	int64_t n;

	OK(query_set_tag(store, &ids, name, false, &n, &error));
}

static void assert_sound(struct store *store)
{
	struct text problems = {0};
	int64_t n, runs;
	char *words;

	OK(store_examine(store, &problems, &n, &runs, &error));
	words = text_take(&problems);
	assert_string_equal(words, "");
	free(words);
}

static void assert_same(struct store *one, struct store *other)
{
	char *a = dump_store(one), *b = dump_store(other);

	assert_string_equal(a, b);
	free(a);
	free(b);
}

static void runs_are_the_same_in_another_store(void **state)
{
	struct store one, other;
	struct store_copied done = {0};

	open_store(state, "one", &one);
	open_store(state, "other", &other);
	/* The other store has other names and functions, so that all numbers differ. */
	for (unsigned i = 40; i > 30; i--)
		add_run(&other, i);
	for (unsigned i = 1; i <= 12; i++)
		add_tag(&one, add_run(&one, i), i % 2 ? "odd" : "even");
	OK(store_copy(&other, &one, NULL, 0, &done, &error));
	assert_int_equal(done.added, 10);
	done = (struct store_copied){0};
	OK(store_copy(&one, &other, NULL, 0, &done, &error));
	assert_int_equal(done.added, 12);
	assert_int_equal(done.known, 10);
	assert_same(&one, &other);
	assert_sound(&one);
	assert_sound(&other);
	/* By time, whatever their numbers were. */
	assert_int_equal(dump_number(&one,
				     "SELECT count(*) FROM run AS a JOIN run AS b ON b.id = a.id + "
				     "1 WHERE a.id > 12 AND b.started_at_ns < a.started_at_ns"),
			 0);
	/* Names are there once. */
	assert_int_equal(dump_number(&other, "SELECT count(*) - count(DISTINCT value) FROM text"),
			 0);
	store_close(&one);
	store_close(&other);
}

/* Whoever adds a packed column says in store_copy.c, store_gc.c and store_examine.c what it holds. */
static void every_packed_column_is_known(void **state)
{
	struct store store;

	open_store(state, "one", &store);
	assert_int_equal(dump_number(&store,
				     "SELECT count(*) FROM pragma_table_info('profile') WHERE name "
				     "NOT IN ('run', 'functions', 'contexts', 'histograms', "
				     "'skipped')"),
			 0);
	assert_int_equal(dump_number(&store,
				     "SELECT count(*) FROM sqlite_master AS t, "
				     "pragma_table_info(t.name) AS c WHERE t.type = 'table' AND "
				     "c.type = 'BLOB' AND t.name NOT IN ('profile', 'run_recent') "
				     "AND c.name NOT IN "
				     "('run_id', 'parent_id')"),
			 0);
	store_close(&store);
}

static void a_known_run_gets_the_tags(void **state)
{
	struct store one, other;
	struct store_copied done = {0};

	open_store(state, "one", &one);
	open_store(state, "other", &other);
	add_tag(&one, add_run(&one, 1), "mine");
	add_tag(&other, add_run(&other, 1), "theirs");
	for (int i = 0; i < 2; i++)
		OK(store_copy(&other, &one, NULL, 0, &done, &error));
	assert_int_equal(done.known, 2);
	assert_int_equal(dump_number(&one, "SELECT count(*) FROM run"), 1);
	assert_int_equal(dump_number(&one, "SELECT count(*) FROM run_tag"), 2);
	store_close(&one);
	store_close(&other);
}

/* One run, up to a moment or whole; longer ones have more calls. */
static int64_t add_part(struct store *store, enum seg_part part, uint64_t duration_ns)
{
	const struct ingest_facts facts = {.dirty = 0};
	struct image image;
	int64_t id;

	fake_image(&image, 1, 6);
	image.part = part;
	image.duration_ns = duration_ns;
	for (uint64_t i = 0; i < duration_ns / 1000000; i++)
		fake_call(&image, 1, 500);
	OK(ingest_run(store, &image, &facts, &id, NULL, &error));
	image_release(&image);
	return id;
}

static void the_later_state_of_a_run_replaces_the_earlier(void **state)
{
	static const struct {
		enum seg_part here, there;
		uint64_t here_ns, there_ns;
		bool replaced;
	} cases[] = {
		{SEG_PART_LIVE, SEG_PART_WHOLE, 10000000, 30000000, true},
		{SEG_PART_LIVE, SEG_PART_LIVE, 10000000, 20000000, true},
		{SEG_PART_LIVE, SEG_PART_LIVE, 20000000, 10000000, false},
		{SEG_PART_WHOLE, SEG_PART_LIVE, 30000000, 10000000, false},
		{SEG_PART_WHOLE, SEG_PART_WHOLE, 30000000, 30000000, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *here = text_format("here%zu", i), *there = text_format("there%zu", i);
		struct store_copied done = {0};
		struct store one, other;
		uint64_t expected;
		int64_t number;

		open_store(state, here, &one);
		open_store(state, there, &other);
		add_run(&one, 7);
		number = add_part(&one, cases[i].here, cases[i].here_ns);
		assert_int_equal(number, 2);
		add_run(&one, 8);
		add_tag(&one, number, "mine");
		add_tag(&one, number, "both");
		add_tag(&other, add_part(&other, cases[i].there, cases[i].there_ns), "both");
		add_tag(&other, 1, "theirs");
		for (int times = 0; times < 2; times++)
			OK(store_copy(&other, &one, NULL, 0, &done, &error));
		assert_int_equal(done.added, 0);
		assert_int_equal(done.replaced, cases[i].replaced);
		assert_int_equal(done.known, 2 - cases[i].replaced);
		assert_int_equal(dump_number(&one, "SELECT count(*) FROM run"), 3);
		/* Under its number, with the tags of both. */
		assert_int_equal(dump_number(&one, "SELECT count(*) FROM run_tag WHERE run = 2"),
				 3);
		expected = cases[i].replaced ? cases[i].there_ns : cases[i].here_ns;
		assert_int_equal(dump_number(&one, "SELECT duration_ns FROM run WHERE id = 2"),
				 expected);
		assert_int_equal(dump_number(&one, "SELECT calls FROM functions WHERE run = 2"),
				 expected / 1000000);
		assert_sound(&one);
		store_close(&one);
		store_close(&other);
		free(here);
		free(there);
	}
}

static void export_file(void **state, struct store *store, const char *name)
{
	struct store_copied done = {0};
	char *path = at(state, name);
	struct store file;

	OK(store_file_begin(&file, path, &error));
	OK(store_file_end(&file, path, store_copy(store, &file, NULL, 0, &done, &error), &error));
	free(path);
}

static int import_file(void **state, const char *name, struct store *store, struct error *error)
{
	struct store_copied done = {0};
	char *path = at(state, name);
	struct store file;
	int rc = store_file_open(&file, path, error);

	if (!rc)
		rc = store_copy(&file, store, NULL, 0, &done, error);
	store_close(&file);
	free(path);
	return rc;
}

static void a_file_is_whole_and_alone(void **state)
{
	char *path = at(state, "x.hotpath"), *wal = at(state, "x.hotpath-wal");
	struct store one, back, file;

	open_store(state, "one", &one);
	for (unsigned i = 1; i <= 5; i++)
		add_tag(&one, add_run(&one, i), "t");
	OK(store_check(&one, &error));
	export_file(state, &one, "x.hotpath");
	assert_int_not_equal(access(wal, F_OK), 0);
	open_store(state, "back", &back);
	OK(import_file(state, "x.hotpath", &back, &error));
	assert_same(&one, &back);
	/* Never over what is there. */
	struct error error = {0};

	assert_int_equal(store_file_begin(&file, path, &error), ERR_USAGE);
	assert_int_equal(store_file_end(&file, path, ERR_USAGE, &error), ERR_USAGE);
	assert_int_equal(access(path, F_OK), 0);
	/* A failed one leaves nothing. */
	unlink(path);
	error = (struct error){0};
	assert_int_equal(store_file_begin(&file, path, &error), ERR_OK);
	assert_int_equal(store_file_end(&file, path, ERR_IO, &error), ERR_IO);
	assert_int_not_equal(access(path, F_OK), 0);
	store_close(&one);
	store_close(&back);
	free(path);
	free(wal);
}

/* What a store of an earlier version holds comes along, and the file stays of that version. */
static void older_versions_are_read(void **state)
{
	for (size_t version = 1; version < store_n_migrations; version++) {
		char *name = text_format("old-%zu", version), *path = at(state, name);
		struct store mine, old = {.file = path};
		char sql[96];

		assert_int_equal(sqlite3_open(path, &old.db), SQLITE_OK);
		for (size_t i = 0; i < version; i++)
			OK(store_exec(&old, store_migrations[i].sql, &error));
		OK(store_exec(
			&old,
			"INSERT INTO text VALUES (5, '[\"old\"]'), (9, 'f'); INSERT INTO function "
			"(id, name, line, language) VALUES (3, 9, 1, 1); INSERT INTO run (run_id, "
			"pid, ppid, argv, argv_cut, cpu_count, started_at_ns, duration_ns, sealed, "
			"status, clock, ns_per_tick, inside_ns, outside_ns, threads, thread_ns, "
			"calls, lost, torn, damaged) VALUES (randomblob(16), 1, 1, 5, 0, 1, "
			"1, 1, 1, 0, 0, 1.0, 0.0, 0.0, 1, 1, 0, 0, 0, 0)",
			&error));
		snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %zu",
			 STORE_APPLICATION_ID, version);
		OK(store_exec(&old, sql, &error));
		open_store(state, "mine", &mine);
		OK(import_file(state, name, &mine, &error));
		assert_int_equal(dump_number(&mine, "SELECT count(*) FROM run"), version);
		/* Since version 4 it stands in a column of its own, which this run has not filled in. */
		assert_int_equal(dump_number(&mine, "SELECT count(*) FROM runs WHERE how = 'exit'"),
				 version < 4 ? version : 3);
		assert_int_equal(dump_number(&old, "PRAGMA user_version"), version);
		sqlite3_close(old.db);
		store_close(&mine);
		free(name);
		free(path);
	}
}

/* Each makes something of a sound file that no store has; nothing comes of it, and it is said what was wrong. */
static void hostile_files_are_refused(void **state)
{
	static const struct {
		const char *sql;
		int code;
	} cases[] = {
		{"CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM run; END", ERR_FOREIGN},
		{"CREATE VIRTUAL TABLE v USING fts5(x)", ERR_FOREIGN},
		{"PRAGMA user_version = 99", ERR_NEWER},
		{"PRAGMA application_id = 1", ERR_FOREIGN},
		{"UPDATE run SET run_id = x'00' WHERE id = 1", ERR_CORRUPT},
		{"UPDATE run SET duration_ns = -1", ERR_CORRUPT},
		{"UPDATE run SET ns_per_tick = -1e300", ERR_CORRUPT},
		{"UPDATE run SET ns_per_tick = 9e999", ERR_CORRUPT},
		{"UPDATE run SET calls = -5", ERR_CORRUPT},
		{"PRAGMA foreign_keys = OFF; UPDATE run SET argv = 12345", ERR_CORRUPT},
		{"PRAGMA foreign_keys = OFF; DELETE FROM function", ERR_CORRUPT},
		{"PRAGMA foreign_keys = OFF; DELETE FROM object", ERR_CORRUPT},
		{"UPDATE profile SET functions = x'ffff'", ERR_CORRUPT},
		{"UPDATE profile SET functions = zeroblob(100)", ERR_CORRUPT},
		{"UPDATE profile SET histograms = x'05'", ERR_CORRUPT},
		{"UPDATE profile SET contexts = x'00000000000001'", ERR_CORRUPT},
		{"UPDATE profile SET skipped = x'0000000000' WHERE skipped IS NOT NULL",
		 ERR_CORRUPT},
		{"UPDATE run_recent SET calls = x'00000000'", ERR_CORRUPT},
		{"UPDATE run SET budget = -1.0", ERR_CORRUPT},
		{"DROP TABLE thread", ERR_SQL},
		{"ALTER TABLE run RENAME TO run_2; CREATE VIEW run AS SELECT * FROM run_2",
		 ERR_SQL},
	};
	struct store one, mine;
	char *before;

	open_store(state, "one", &one);
	add_run(&one, 1);
	add_run(&one, 3);
	open_store(state, "mine", &mine);
	add_run(&mine, 4);
	before = dump_exact(&mine);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *path = at(state, "bad"), *after;
		struct error error = {0};
		sqlite3 *db;

		export_file(state, &one, "bad");
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		if (sqlite3_exec(db, cases[i].sql, NULL, NULL, NULL) != SQLITE_OK) {
			print_message("skipped (%s): %s\n", sqlite3_errmsg(db), cases[i].sql);
			sqlite3_close(db);
			unlink(path);
			free(path);
			continue;
		}
		sqlite3_close(db);
		if (import_file(state, "bad", &mine, &error) != cases[i].code)
			fail_msg("%s: %d, %s", cases[i].sql, (int)error.code, error.text);
		assert_non_null(strstr(error.text, "/bad"));
		after = dump_exact(&mine);
		assert_string_equal(before, after);
		free(after);
		unlink(path);
		free(path);
	}
	free(before);
	store_close(&one);
	store_close(&mine);
}

static void write_bytes(const char *path, const char *bytes, size_t n)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	fclose(file);
}

/* Cut and damaged anywhere: refused with nothing written, or else what came of it is sound. */
static void damaged_files_do_no_harm(void **state)
{
	enum { ROUNDS = 300 };
	char *path = at(state, "x"), *bad = at(state, "bad");
	uint64_t seed = 11;
	struct store one, mine;
	size_t size, refused = 0;
	char *good, *bytes;
	FILE *file;

	open_store(state, "one", &one);
	for (unsigned i = 1; i <= 4; i++)
		add_run(&one, i);
	export_file(state, &one, "x");
	file = fopen(path, "r");
	fseek(file, 0, SEEK_END);
	size = (size_t)ftell(file);
	rewind(file);
	good = malloc(size);
	bytes = malloc(size);
	assert_int_equal(fread(good, 1, size, file), size);
	fclose(file);
	open_store(state, "mine", &mine);
	add_run(&mine, 9);
	for (int round = 0; round < ROUNDS; round++) {
		struct error error = {0};
		size_t n = round % 5 ? size : fake_random(&seed) % size;

		memcpy(bytes, good, size);
		for (uint64_t i = fake_random(&seed) % 8 + 1; i > 0; i--)
			bytes[fake_random(&seed) % size] = (char)fake_random(&seed);
		write_bytes(bad, bytes, n);
		refused += import_file(state, "bad", &mine, &error) != ERR_OK;
		assert_true(!error.code || *error.text);
	}
	print_message("%zu of %d damaged files were refused\n", refused, ROUNDS);
	assert_true(refused > ROUNDS / 4);
	assert_sound(&mine);
	assert_int_equal(dump_number(&mine, "SELECT count(*) FROM runs WHERE run_id LIKE '09%'"),
			 1);
	store_close(&one);
	store_close(&mine);
	free(good);
	free(bytes);
	free(path);
	free(bad);
}

static const int64_t DAY = 86400ll * 1000000000;

/* A run of so many days ago, from day 1000. */
static void add_old(struct store *store, unsigned seed, int days, const char *branch,
		    const char *token)
{
	const struct ingest_facts facts = {.dirty = -1};
	char function[32];
	struct image image;
	int64_t id;

	fake_image(&image, seed, 1);
	set_text(&image.branch, branch);
	set_text(&image.token, token);
	snprintf(function, sizeof(function), "of_%u", seed);
	set_text(&image.sites[0].name, function);
	fake_call(&image, 0, 100);
	/* Known from the tree alone, as one of which all calls still run. */
	image.started_at_ns = (1000 - days) * DAY;
	OK(ingest_run(store, &image, &facts, &id, NULL, &error));
	image_release(&image);
}

static char *ids_left(struct store *store)
{
	struct text out = {0};
	sqlite3_stmt *stmt;

	sqlite3_prepare_v2(store->db, "SELECT id FROM run ORDER BY id", -1, &stmt, NULL);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		text_print(&out, "%d ", sqlite3_column_int(stmt, 0));
	sqlite3_finalize(stmt);
	return text_take(&out);
}

static void assert_kept(struct store *store, int days, int per_branch, bool tagged, const char *ids)
{
	struct store_gc_wish wish = {.before_ns = (1000 - days) * DAY,
				     .per_branch = per_branch,
				     .tagged = tagged,
				     .dry = true};
	struct store_gc_done dry, done;
	char *before = dump_exact(store), *after, *left;

	OK(store_gc(store, &wish, &dry, &error));
	after = dump_exact(store);
	assert_string_equal(before, after);
	free(after);
	free(before);
	wish.dry = false;
	OK(store_gc(store, &wish, &done, &error));
	assert_memory_equal(&dry, &done, sizeof(done));
	left = ids_left(store);
	assert_string_equal(left, ids);
	assert_int_equal(done.kept, dump_number(store, "SELECT count(*) FROM run"));
	assert_int_equal(dump_number(store, "SELECT count(*) FROM function"), done.kept);
	assert_int_equal(dump_number(store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	assert_int_equal(dump_number(store, "PRAGMA foreign_keys"), 1);
	assert_sound(store);
	free(left);
}

static void old_runs_go_but_for_the_newest_of_each_branch(void **state)
{
	struct store store;

	open_store(state, "one", &store);
	add_old(&store, 1, 400, "main", NULL);
	add_old(&store, 2, 300, "main", NULL);
	add_old(&store, 3, 200, "main", NULL);
	add_old(&store, 4, 5, "main", NULL);
	add_old(&store, 5, 500, "idle", NULL);
	add_old(&store, 6, 600, "idle", NULL); /* older, though it came later */
	add_old(&store, 7, 700, NULL, NULL);
	add_old(&store, 8, 350, "main", NULL);
	add_tag(&store, 1, "release");
	assert_kept(&store, 250, 10, false, "1 2 3 4 5 6 7 8 ");
	assert_kept(&store, 250, 1, false, "1 3 4 5 7 ");
	assert_kept(&store, 90, 0, false, "1 4 ");
	assert_kept(&store, 90, 0, true, "4 ");
	assert_kept(&store, 0, 0, true, "");
	assert_int_equal(dump_number(&store, "SELECT count(*) FROM text"), 0);
	/* A number is never given again. */
	add_old(&store, 9, 1, "main", NULL);
	assert_int_equal(dump_number(&store, "SELECT id FROM run"), 9);
	store_close(&store);
}

static void processes_of_one_command_go_together(void **state)
{
	struct store store;

	open_store(state, "one", &store);
	for (unsigned i = 1; i <= 9; i++)
		add_old(&store, i, 100 - (int)i, "main", i <= 3 ? "a" : i <= 6 ? "b" : "c");
	assert_kept(&store, 10, 2, false, "4 5 6 7 8 9 ");
	store_close(&store);
}

static void what_is_kept_is_as_it_was(void **state)
{
	struct store store, other;
	struct store_gc_done done;
	struct store_copied copied = {0};
	struct store_gc_wish wish = {.before_ns = INT64_MAX, .per_branch = 4};
	const int64_t newest[] = {9, 10, 11, 12};
	int64_t before, after;

	open_store(state, "one", &store);
	open_store(state, "other", &other);
	for (unsigned i = 1; i <= 12; i++)
		add_run(&store, i);
	OK(store_copy(&store, &other, newest, 4, &copied, &error));
	OK(store_gc(&store, &wish, &done, &error));
	assert_int_equal(done.runs, 8);
	assert_same(&store, &other);
	OK(store_vacuum(&store, &before, &after, &error));
	assert_same(&store, &other);
	assert_sound(&store);
	store_close(&store);
	store_close(&other);
}

static void damage_is_found(void **state)
{
	static const struct {
		const char *sql, *words;
	} cases[] = {
		{"UPDATE profile SET functions = x'ffff' WHERE run = 1", "run 1: its functions"},
		{"UPDATE profile SET histograms = x'05' WHERE run = 2", "run 2: a histogram"},
		{"UPDATE profile SET contexts = x'00000000000001' WHERE run = 2",
		 "run 2: its calling contexts"},
		{"UPDATE profile SET skipped = x'0000000000' WHERE run = 2",
		 "run 2: its calls that were counted only"},
		{"UPDATE run_recent SET calls = x'00000000' WHERE run = 2",
		 "run 2: its newest calls cannot be read"},
		{"DELETE FROM function WHERE id = 2", "function 2 is not there"},
		{"DELETE FROM profile WHERE run = 1", "run 1: what it measured is not there"},
		{"UPDATE run SET host = 77777", "refers to a row of text that is not there"},
		{"UPDATE text SET value = value || 'x'; DELETE FROM text WHERE id = 1", "table "},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text problems = {0};
		char *words, *name = text_format("case-%zu", i);
		int64_t n, runs;
		struct store store;

		open_store(state, name, &store);
		add_run(&store, 1);
		add_run(&store, 2);
		assert_sound(&store);
		OK(store_exec(&store, "PRAGMA foreign_keys = OFF", &error));
		OK(store_exec(&store, cases[i].sql, &error));
		OK(store_examine(&store, &problems, &n, &runs, &error));
		words = text_take(&problems);
		assert_true(n > 0);
		if (!strstr(words, cases[i].words))
			fail_msg("%s: %s", cases[i].sql, words);
		free(words);
		free(name);
		store_close(&store);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(runs_are_the_same_in_another_store),
		TEST(every_packed_column_is_known),
		TEST(a_known_run_gets_the_tags),
		TEST(the_later_state_of_a_run_replaces_the_earlier),
		TEST(a_file_is_whole_and_alone),
		TEST(older_versions_are_read),
		TEST(hostile_files_are_refused),
		TEST(damaged_files_do_no_harm),
		TEST(old_runs_go_but_for_the_newest_of_each_branch),
		TEST(processes_of_one_command_go_together),
		TEST(what_is_kept_is_as_it_was),
		TEST(damage_is_found),
	};

	return cmocka_run_group_tests_name("store copy", tests, NULL, NULL);
}
