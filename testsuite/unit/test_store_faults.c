/* SPDX-License-Identifier: MIT */
/*
 * What happens to a store when its writer is killed, or the disk is full or broken, at each single step: whatever was in it is in it,
 * and a run is in it whole, or its segment is still there.
 */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../cli/base/error.h"
#include "../../cli/store/ingest.h"
#include "../../cli/base/place.h"
#include "../../cli/store/segments.h"
#include "../../cli/store/store.h"
#include "../../cli/store/store_copy.h"
#include "../../cli/store/store_file.h"
#include "../../cli/store/store_gc.h"
#include "../../cli/base/text.h"
#include "dump.h"
#include "fake_image.h"
#include "faulty_vfs.h"
#include "genuine.h"

static char *folder;
static char *store_dir;			 /* where the segment wants to go */
static char segment[300], base[300];	 /* the segment; the store before, or none */
static char *segment_bytes, *base_bytes; /* and what is in them */
static size_t segment_size, base_size;

static char *read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	char *bytes;

	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	*size = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(*size + 1);
	assert_int_equal(fread(bytes, 1, *size, file), *size);
	fclose(file);
	return bytes;
}

/* With holes as a segment has them: most of its 32 MiB is one. */
static void write_all(const char *path, const char *bytes, size_t size)
{
	static const char zeros[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	for (size_t i = 0; i < size; i += sizeof(zeros)) {
		size_t n = size - i < sizeof(zeros) ? size - i : sizeof(zeros);

		if (memcmp(bytes + i, zeros, n) != 0)
			assert_int_equal(pwrite(fd, bytes + i, n, (off_t)i), n);
	}
	close(fd);
}

static int set_up_all(void **state)
{
	struct genuine g;
	int failed;

	(void)state;
	/* Where a sync takes no time: what is waited for is the real disk's affair. */
	folder = strdup("/dev/shm/hotpath-test-XXXXXX");
	if (!mkdtemp(folder)) {
		free(folder);
		folder = fake_folder();
	}
	failed = genuine_make(&g, folder, "nest");
	strcpy(segment, g.path);
	store_dir = g.good.store ? strdup(g.good.store) : NULL;
	genuine_release(&g);
	if (failed || !store_dir)
		return -1;
	segment_bytes = read_all(segment, &segment_size);
	/* Nobody's git, so that each try is short. */
	setenv("PATH", "/nonexistent", 1);
	setenv("HOTPATH_SEGMENTS", store_dir, 1);
	*strrchr(getenv("HOTPATH_SEGMENTS"), '/') = '\0';
	snprintf(base, sizeof(base), "%.200s/base.db", folder);
	faulty_vfs_install();
	return 0;
}

static int tear_down_all(void **state)
{
	(void)state;
	fake_remove(folder);
	free(store_dir);
	free(segment_bytes);
	return 0;
}

static void no_warning(const char *text)
{
	(void)text;
}

/* The same state at the beginning of each try. */
static void begin(void)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char *file = place_file(store_dir);

	for (size_t i = 0; i < 4; i++) {
		char *name = text_format("%s%s", file, ends[i]);

		unlink(name);
		free(name);
	}
	if (base_bytes)
		write_all(file, base_bytes, base_size);
	write_all(segment, segment_bytes, segment_size);
	free(file);
}

static bool has_segment(void)
{
	return access(segment, F_OK) == 0;
}

static int take(void)
{
	const struct segment_wish wish = {.store = store_dir, .patient = true};
	struct segment_result result;
	struct error error = {0};
	int rc = segment_take(segment, &wish, &result, &error);

	free(result.store);
	return rc;
}

static char *content(void)
{
	struct error error = {0};
	struct store store;
	char *dump;

	if (store_open(&store, store_dir, STORE_READ, &error))
		fail_msg("%s", error.text);
	if (store_check(&store, &error))
		fail_msg("%s", error.text);
	dump = dump_exact(&store);
	store_close(&store);
	return dump;
}

/* Does something in a process of its own with a fault; whether it came to its end, with its status. */
static bool try_it(int (*act)(void), enum fault fault, int n, int *result, int *count)
{
	int status, report[2];
	pid_t pid;

	fflush(stdout);
	assert_int_equal(pipe(report), 0);
	pid = fork();
	if (pid == 0) {
		int done[2];

		faulty_vfs_arm(fault, n);
		done[0] = act();
		done[1] = faulty_vfs_steps();
		faulty_vfs_arm(FAULT_NONE, 0);
		_exit(write(report[1], done, sizeof(done)) != sizeof(done));
	}
	close(report[1]);
	int got[2] = {0, 0};
	bool whole = read(report[0], got, sizeof(got)) == sizeof(got);

	close(report[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(whole || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
	*result = got[0];
	*count = got[1];
	return whole;
}

/* At each step: afterwards the store is what it is without the fault. */
static void ingest_survives(enum fault fault)
{
	char *good;
	int steps, result, n = 0, count, lost = 0;

	begin();
	assert_true(try_it(take, FAULT_NONE, 0, &result, &steps));
	assert_int_equal(result, 0);
	assert_false(has_segment());
	good = content();
	assert_true(steps > 10);
	for (n = 1; n <= steps; n++) {
		char *after;
		bool came_to_end;

		begin();
		came_to_end = try_it(take, fault, n, &result, &count);
		if (fault == FAULT_KILL || fault == FAULT_KILL_HALF)
			assert_false(came_to_end);
		else
			lost += result != 0;
		/* An error is one: it is only said to be well when it is. */
		if (came_to_end && result == 0)
			assert_false(has_segment());
		if (has_segment())
			assert_int_equal(take(), 0);
		after = content();
		if (strcmp(after, good) != 0)
			fail_msg("step %d of %d: not the same", n, steps);
		assert_false(has_segment());
		free(after);
	}
	print_message("%d steps, each broken once%s\n", steps,
		      fault == FAULT_FULL || fault == FAULT_IO ? "; most were told" : "");
	if (fault == FAULT_FULL || fault == FAULT_IO)
		assert_true(lost > steps / 4);
	free(good);
}

static void remember_base(void)
{
	struct error error = {0};
	struct store store;
	char *file = place_file(store_dir);

	base_bytes = NULL;
	begin();
	unlink(segment);
	assert_int_equal(store_open(&store, store_dir, STORE_WRITE, &error), ERR_OK);
	for (unsigned i = 1; i <= 6; i++) {
		const struct ingest_facts facts = {.dirty = -1};
		struct image image;
		int64_t id;

		fake_image(&image, i, 40);
		for (size_t s = i; s < 40; s++)
			fake_call(&image, s, 100 * s + i);
		assert_int_equal(ingest_run(&store, &image, &facts, &id, NULL, &error), ERR_OK);
		image_release(&image);
	}
	assert_int_equal(store_exec(&store, "PRAGMA wal_checkpoint(TRUNCATE)", &error), ERR_OK);
	store_close(&store);
	base_bytes = read_all(file, &base_size);
	free(file);
}

static int with_store(void **state)
{
	(void)state;
	remember_base();
	return 0;
}

static int without_store(void **state)
{
	(void)state;
	free(base_bytes);
	base_bytes = NULL;
	return 0;
}

static void first_run_survives_being_killed(void **state)
{
	(void)state;
	ingest_survives(FAULT_KILL);
}

static void run_survives_being_killed(void **state)
{
	(void)state;
	ingest_survives(FAULT_KILL);
}

static void run_survives_half_written_pages(void **state)
{
	(void)state;
	ingest_survives(FAULT_KILL_HALF);
}

static void first_run_survives_a_full_disk(void **state)
{
	(void)state;
	ingest_survives(FAULT_FULL);
}

static void run_survives_a_full_disk(void **state)
{
	(void)state;
	ingest_survives(FAULT_FULL);
}

static void run_survives_failing_writes(void **state)
{
	(void)state;
	ingest_survives(FAULT_IO);
}

static int with_open_store(int (*act)(struct store *store, struct error *error))
{
	struct error error = {0};
	struct store store;
	int rc = store_open(&store, store_dir, STORE_READ, &error);

	if (!rc)
		rc = act(&store, &error);
	store_close(&store);
	return rc;
}

static int collect(struct store *store, struct error *error)
{
	const struct store_gc_wish wish = {.before_ns = INT64_MAX, .per_branch = 2};
	struct store_gc_done done;
	int64_t before, after;
	int rc = store_gc(store, &wish, &done, error);

	return rc ? rc : store_vacuum(store, &before, &after, error);
}

static int gc(void)
{
	return with_open_store(collect);
}

static int bring(struct store *store, struct error *error)
{
	struct store_copied done = {0};
	struct store from;
	int rc = store_file_open(&from, base, error);

	if (!rc)
		rc = store_copy(&from, store, NULL, 0, &done, error);
	store_close(&from);
	return rc;
}

static int import(void)
{
	return with_open_store(bring);
}

/* At each step of what is one change, the store is as it was before, or as it is after. */
static void is_all_or_nothing(int (*act)(void))
{
	static const enum fault others[] = {FAULT_KILL_HALF, FAULT_FULL, FAULT_IO};
	int steps, result, count;
	char *before, *after;

	begin();
	before = content();
	assert_true(try_it(act, FAULT_NONE, 0, &result, &steps));
	assert_int_equal(result, 0);
	after = content();
	assert_string_not_equal(before, after);
	for (int i = 0; i < 2 * steps; i++) {
		enum fault fault = i % 2 ? others[i / 2 % 3] : FAULT_KILL;
		char *now;

		begin();
		try_it(act, fault, i / 2 + 1, &result, &count);
		now = content();
		if (strcmp(now, before) != 0 && strcmp(now, after) != 0)
			fail_msg("fault %d at step %d of %d: neither", (int)fault, i / 2 + 1,
				 steps);
		free(now);
	}
	print_message("%d steps, each broken in two ways\n", steps);
	free(before);
	free(after);
}

static void gc_is_all_or_nothing(void **state)
{
	(void)state;
	is_all_or_nothing(gc);
}

static void import_is_all_or_nothing(void **state)
{
	struct store_copied done = {0};
	struct error error = {0};
	struct store from, out;

	(void)state;
	begin();
	unlink(segment);
	assert_int_equal(store_open(&from, store_dir, STORE_READ, &error), ERR_OK);
	assert_int_equal(store_file_begin(&out, base, &error), ERR_OK);
	assert_int_equal(
		store_file_end(&out, base, store_copy(&from, &out, NULL, 0, &done, &error), &error),
		ERR_OK);
	/* Some of the runs are known there. */
	assert_int_equal(store_exec(&from, "DELETE FROM run WHERE id > 3", &error), ERR_OK);
	assert_int_equal(store_exec(&from, "PRAGMA wal_checkpoint(TRUNCATE)", &error), ERR_OK);
	store_close(&from);
	free(base_bytes);
	char *file = place_file(store_dir);

	base_bytes = read_all(file, &base_size);
	free(file);
	is_all_or_nothing(import);
}

/* 64 processes of one command end at the same instant, and whoever comes first takes in what it finds. */
static void many_takers_of_many_segments(void **state)
{
	enum { TAKERS = 64 };
	int go[2], failed = 0, status;
	struct error error = {0};
	struct store store;

	(void)state;
	begin();
	unlink(segment);
	for (int i = 0; i < TAKERS; i++) {
		struct seg_header *header = (struct seg_header *)segment_bytes;
		char *path = text_format("%s/%d-x.hotpath-seg", getenv("HOTPATH_SEGMENTS"), i + 1);

		header->run_id[0] = (uint8_t)i;
		header->pid = (uint32_t)(100000 + i);
		write_all(path, segment_bytes, segment_size);
		free(path);
	}
	assert_int_equal(pipe(go), 0);
	for (int i = 0; i < TAKERS; i++) {
		if (fork() == 0) {
			const struct segment_wish wish = {.store = store_dir, .patient = true};
			struct segment_tally tally;
			char byte;

			close(go[1]);
			(void)!read(go[0], &byte, 1);
			_exit(segments_take(&wish, 0, no_warning, &tally, &error) != 0 ||
			      tally.refused != 0);
		}
	}
	close(go[0]);
	close(go[1]);
	for (int i = 0; i < TAKERS; i++) {
		wait(&status);
		failed += status != 0;
	}
	assert_int_equal(failed, 0);
	assert_int_equal(store_open(&store, store_dir, STORE_READ, &error), ERR_OK);
	assert_int_equal(dump_number(&store, "SELECT count(*) FROM run"), TAKERS);
	assert_int_equal(dump_number(&store, "SELECT count(DISTINCT pid) FROM run"), TAKERS);
	assert_int_equal(dump_number(&store, "SELECT count(*) FROM profile"), TAKERS);
	assert_int_equal(store_check(&store, &error), ERR_OK);
	store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_takers_of_many_segments),
		cmocka_unit_test(first_run_survives_being_killed),
		cmocka_unit_test(first_run_survives_a_full_disk),
#define ON_STORE(f) cmocka_unit_test_setup_teardown(f, with_store, without_store)
		ON_STORE(run_survives_being_killed),
		ON_STORE(run_survives_half_written_pages),
		ON_STORE(run_survives_a_full_disk),
		ON_STORE(run_survives_failing_writes),
		ON_STORE(gc_is_all_or_nothing),
		ON_STORE(import_is_all_or_nothing),
	};

	return cmocka_run_group_tests_name("store faults", tests, set_up_all, tear_down_all);
}
