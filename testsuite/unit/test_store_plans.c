/* SPDX-License-Identifier: MIT */
/*
 * No question reads all runs: each command is run, as its users run it, over a store and over one of four times as many
 * runs, and does the same work in both; and no statement of it has a plan that goes through a table run by run.
 *
 * The command's main() is linked under another name; SQLite tells of each statement that it ran.
 */
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../cli/base/error.h"
#include "../../cli/store/ingest.h"
#include "../../cli/store/store.h"
#include "../../cli/base/text.h"
#include "fake_image.h"

enum { FEW = 120, MANY = 480, SITES = 4, SIDE = 10 };

int hotpath_main(int argc, char **argv);

static char *folder, *few, *many;

/* What a child tells its parent about each statement: its work, a blank, its text with a NUL. */
static int report;

static int on_statement(unsigned event, void *unused, void *stmt, void *time)
{
	int work = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 1);
	char head[16];

	(void)event;
	(void)unused;
	(void)time;
	snprintf(head, sizeof(head), "%d ", work);
	(void)!write(report, head, strlen(head));
	(void)!write(report, sqlite3_sql(stmt), strlen(sqlite3_sql(stmt)) + 1);
	return 0;
}

static int watch(sqlite3 *db, char **words, const struct sqlite3_api_routines *api)
{
	(void)words;
	(void)api;
	return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, on_statement, NULL);
}

/* Runs of both branches in turn, ten of each commit, one host of three each. */
static void add_run(struct store *store, unsigned i)
{
	static const char *const hosts[] = {"one", "two", "three"};
	const struct ingest_facts facts = {.dirty = 0};
	struct error error = {0};
	struct image image;
	int64_t id;

	fake_image(&image, i + 1, SITES);
	for (size_t s = 0; s < SITES; s++)
		fake_call(&image, s, 1000 + 10 * s + i % 7);
	free(image.commit);
	free(image.branch);
	free(image.host);
	image.commit = text_format("%08x%032x", i / (2 * SIDE) * 2 + i % 2 + 1, i % 2);
	image.branch = strdup(i % 2 ? "feature" : "main");
	image.host = strdup(hosts[i % 3]);
	image.label = i >= 40 && i < 60 ? strdup("labelled") : NULL;
	image.token = text_format("token-%u", i);
	fake_context(&image, -1, 0, 1, 1000, 800);
	assert_int_equal(ingest_run(store, &image, &facts, &id, NULL, &error), ERR_OK);
	image_release(&image);
}

static char *make_store(const char *name, unsigned runs)
{
	char *dir = text_format("%s/%s", folder, name);
	struct error error = {0};
	struct store store;

	if (store_open(&store, dir, STORE_WRITE, &error) ||
	    store_exec(&store, "PRAGMA synchronous = OFF", &error))
		fail_msg("%s", error.text);
	for (unsigned i = 0; i < runs; i++)
		add_run(&store, i);
	store_close(&store);
	return dir;
}

static int set_up(void **state)
{
	(void)state;
	folder = fake_folder();
	setenv("HOTPATH_SEGMENTS", folder, 1);
	unsetenv("HOTPATH_OUTPUT_FORMAT");
	setenv("PATH", "/nonexistent", 1);
	few = make_store("few", FEW);
	many = make_store("many", MANY);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_remove(folder);
	free(few);
	free(many);
	return 0;
}

/* Runs "report --tree" and gives what on_statement() told, ended by an empty text. */
static char *run_command(const char *store, const char *command, size_t *length)
{
	struct text told = {0};
	char bytes[4096];
	int channel[2], status;
	ssize_t n;
	pid_t pid;

	fflush(stdout);
	assert_int_equal(pipe(channel), 0);
	pid = fork();
	if (pid == 0) {
		char *words = text_format("hotpath %s", command), *argv[32];
		int argc = 0, null = open("/dev/null", O_WRONLY);

		for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
			argv[argc++] = w;
		argv[argc] = NULL;
		report = channel[1];
		dup2(null, 1);
		setenv("HOTPATH_DIR", store, 1);
		sqlite3_auto_extension((void (*)(void))watch);
		_exit(hotpath_main(argc, argv));
	}
	close(channel[1]);
	while ((n = read(channel[0], bytes, sizeof(bytes))) > 0)
		text_append(&told, bytes, (size_t)n);
	close(channel[0]);
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("hotpath %s: status %#x", command, status);
	*length = told.n;
	return text_take(&told);
}

static long work_of(const char *told, size_t length)
{
	long work = 0;

	for (const char *at = told; at < told + length; at += strlen(at) + 1)
		work += strtol(at, NULL, 10);
	return work;
}

/* Plans that go through a table of which each run has a row or more. */
static bool is_scan(const char *plan)
{
	/* By the names under which statements know them. */
	static const char *const names[] = {"run",    "r",	  "profile",   "p",
					    "thread", "run_unit", "u",	       "run_tag",
					    "t",      "run_lost", "run_recent"};

	if (strncmp(plan, "SCAN ", 5) != 0)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i]);

		if (strncmp(plan + 5, names[i], n) == 0 && (!plan[5 + n] || plan[5 + n] == ' '))
			return true;
	}
	return false;
}

/* Statements whose plan is a scan that ends early, or that is asked for. */
static bool is_allowed(const char *sql)
{
	static const char *const known[] = {
		"ORDER BY r.id DESC LIMIT", /* from the newest on, as many as are shown */
		"ORDER BY id DESC LIMIT",
		"SELECT count(*) FROM run", /* how many there are: an index, and no run, is read */
		"SELECT max(id) FROM run",
		"SELECT min(id)",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(sql, known[i]))
			return true;
	return false;
}

static void check_plan(struct store *store, const char *command, const char *sql)
{
	char *explain = text_format("EXPLAIN QUERY PLAN %s", sql);
	sqlite3_stmt *stmt;

	if (strncmp(sql, "SELECT", 6) == 0 || strncmp(sql, "WITH", 4) == 0) {
		if (sqlite3_prepare_v2(store->db, explain, -1, &stmt, NULL) != SQLITE_OK)
			fail_msg("%s: %s", sql, sqlite3_errmsg(store->db));
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			const char *plan = (const char *)sqlite3_column_text(stmt, 3);

			if (is_scan(plan) && !is_allowed(sql))
				fail_msg("hotpath %s: %s in %s", command, plan, sql);
		}
		sqlite3_finalize(stmt);
	}
	free(explain);
}

static void check_command(const char *command)
{
	size_t length_few, length_many, statements = 0;
	char *told_few = run_command(few, command, &length_few);
	char *told_many = run_command(many, command, &length_many);
	long work_few = work_of(told_few, length_few), work_many = work_of(told_many, length_many);
	struct error error = {0};
	struct store store;

	assert_int_equal(store_open(&store, many, STORE_READ, &error), ERR_OK);
	for (const char *at = told_many; at < told_many + length_many; at += strlen(at) + 1) {
		check_plan(&store, command, strchr(at, ' ') + 1);
		statements++;
	}
	store_close(&store);
	print_message("%-52s %3zu statements, %6ld steps with %d runs, %6ld with %d\n", command,
		      statements, work_few, FEW, work_many, MANY);
	assert_true(statements > 0);
	if ((double)work_many > 1.2 * (double)work_few + 60)
		fail_msg("hotpath %s: the work grows with the number of runs", command);
	free(told_few);
	free(told_many);
}

static void one_run(void **state)
{
	static const char *const commands[] = {"report",
					       "report --run last~3",
					       "report --run 5",
					       "report --tree",
					       "report --callers",
					       "report -f json",
					       "export",
					       "export -f speedscope",
					       "export -f callgrind",
					       "flamegraph -o /dev/null"};

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		check_command(commands[i]);
}

static void lists_and_sets(void **state)
{
	static const char *const commands[] = {
		"runs", "runs -n 5", "diff 1..10 11..20", "diff main feature", "diff labelled main",
		/* A commit, by its beginning. */
		"diff 00000001 00000002", "diff last last~1", "diff 1..10 11..20 -f json",
		"tag 7 some-name", "show last"};

	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		check_command(commands[i]);
}

/* What is asked of all runs may read all runs; that must show here, or this test sees nothing. */
static void a_scan_is_seen(void **state)
{
	size_t length;
	char *told_few = run_command(few, "gc -n", &length);
	long work_few = work_of(told_few, length);
	char *told_many = run_command(many, "gc -n", &length);

	(void)state;
	assert_true(work_of(told_many, length) > 2 * work_few);
	assert_true(is_scan("SCAN r") && is_scan("SCAN run USING COVERING INDEX x"));
	assert_false(is_scan("SCAN s") || is_scan("SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"));
	free(told_few);
	free(told_many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_run),
		cmocka_unit_test(lists_and_sets),
		cmocka_unit_test(a_scan_is_seen),
	};

	return cmocka_run_group_tests_name("store plans", tests, set_up, tear_down);
}
