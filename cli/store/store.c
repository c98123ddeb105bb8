/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../base/error.h"
#include "../base/place.h"
#include "../base/text.h"

/* SQLite calls it an I/O error when there is no room for the index of its log. */
static bool is_without_room(const struct store *store, int code)
{
	int64_t room;

	if (code != SQLITE_IOERR && code != SQLITE_CANTOPEN)
		return false;
	room = place_room(store->dir);
	return room >= 0 && room < STORE_ROOM;
}

int store_error(struct store *store, struct error *error)
{
	int code = store->db ? sqlite3_errcode(store->db) & 0xff : SQLITE_NOMEM;
	const char *words = store->db ? sqlite3_errmsg(store->db) : "out of memory";

	if (is_without_room(store, code))
		code = SQLITE_FULL;
	switch (code) {
	case SQLITE_NOMEM:
		return error_memory(error);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_set(error, ERR_LOCKED,
				 "the store %s is locked by another process for more than %d "
				 "seconds; end that process (`fuser %s` names it) and try again",
				 store->file, STORE_WAIT_MS / 1000, store->file);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return error_set(error, ERR_READONLY,
				 "the store %s cannot be written (%s); make it and its folder "
				 "writable, or set HOTPATH_DIR to another folder",
				 store->file, words);
	case SQLITE_CORRUPT:
		return error_set(
			error, ERR_CORRUPT,
			"the store %s is damaged (%s); save what can be read with `sqlite3 "
			"%s .recover`, then move the file away: a new one is made",
			store->file, words, store->file);
	case SQLITE_NOTADB:
		return error_set(
			error, ERR_FOREIGN,
			"%s is not a hotpath store (%s); move it away, or set HOTPATH_DIR to "
			"another folder",
			store->file, words);
	case SQLITE_FULL:
		return error_set(
			error, ERR_FULL,
			"no room for the store %s; free some, the segments wait until then",
			store->file);
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return error_set(error, ERR_IO,
				 "cannot use the store %s: %s (%s); set HOTPATH_DIR to another "
				 "folder if that one cannot be mended",
				 store->file, words, strerror(sqlite3_system_errno(store->db)));
	default:
		return error_set(error, ERR_SQL, "%s: %s", store->file, words);
	}
}

int store_exec(struct store *store, const char *sql, struct error *error)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return store_error(store, error);
	return ERR_OK;
}

int store_prepare(struct store *store, struct sqlite3_stmt **stmt, const char *sql,
		  struct error *error)
{
	if (sqlite3_prepare_v2(store->db, sql, -1, stmt, NULL) != SQLITE_OK)
		return store_error(store, error);
	return ERR_OK;
}

int store_number(struct store *store, const char *sql, int64_t *n, struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(store, &stmt, sql, error);

	if (rc)
		return rc;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		*n = sqlite3_column_int64(stmt, 0);
	else
		rc = store_error(store, error);
	sqlite3_finalize(stmt);
	return rc;
}

char *store_text(struct sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text ? strdup(text) : NULL;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/*
 * Runs a statement until it is not refused for another process.  SQLite's busy handler is not asked
 * in some places (a change of the journal mode, recovery of the log by another process), hence this
 * loop above it.
 */
static int exec_patiently(struct store *store, const char *sql, struct error *error)
{
	long start = now_ms();
	unsigned pause_us = 500;

	for (;;) {
		int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL) & 0xff;

		if (rc == SQLITE_OK)
			return ERR_OK;
		if ((rc != SQLITE_BUSY && rc != SQLITE_LOCKED) || now_ms() - start > STORE_WAIT_MS)
			return store_error(store, error);
		usleep(pause_us);
		if (pause_us < 50000)
			pause_us *= 2;
	}
}

int store_begin(struct store *store, struct error *error)
{
	return exec_patiently(store, "BEGIN IMMEDIATE", error);
}

int store_begin_reading(struct store *store, struct error *error)
{
	return store_exec(store, "BEGIN", error);
}

int store_commit(struct store *store, struct error *error)
{
	return exec_patiently(store, "COMMIT", error);
}

void store_rollback(struct store *store)
{
	if (!sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

/* SQLite gives its log the mode of the database, so the file is made first, readable by its owner
 * only. */
static int make_file(struct store *store, struct error *error)
{
	int fd = open(store->file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 && access(store->file, F_OK) == 0)
		return error_set(error, ERR_READONLY,
				 "the store %s cannot be written; make it and its folder writable, "
				 "or set HOTPATH_DIR to another folder",
				 store->file);
	if (fd < 0)
		return error_set(error, errno == EACCES || errno == EROFS ? ERR_READONLY : ERR_IO,
				 "cannot make the store %s: %s; set HOTPATH_DIR to a folder that "
				 "can be written",
				 store->file, strerror(errno));
	close(fd);
	return ERR_OK;
}

static int connect_as(struct store *store, int flags)
{
	int rc;

	/* The command has one thread, and nobody asks how much memory SQLite has; refused once it is in use. */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	sqlite3_close(store->db);
	store->db = NULL;
	rc = sqlite3_open_v2(store->file, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		sqlite3_busy_timeout(store->db, STORE_WAIT_MS);
	/* Opening is lazy: only reading finds out. */
	return rc != SQLITE_OK
		       ? rc
		       : sqlite3_exec(store->db, "SELECT 1 FROM sqlite_master", NULL, NULL, NULL);
}

/*
 * In a folder that cannot be written SQLite cannot make the index of its log.  Without a log there
 * is nobody who writes, and the file may be read as it is.
 */
static int connect_immutable(struct store *store)
{
	struct text uri = {0};
	char *text;
	int rc;

	text_append(&uri, "file:", 5);
	for (const char *c = store->file; *c; c++) {
		if (strchr("%?#", *c))
			text_print(&uri, "%%%02x", (unsigned char)*c);
		else
			text_append(&uri, c, 1);
	}
	text_print(&uri, "?immutable=1");
	text = text_take(&uri);
	if (!text)
		return SQLITE_NOMEM;
	sqlite3_close(store->db);
	store->db = NULL;
	rc = sqlite3_open_v2(text, &store->db,
			     SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
	free(text);
	return rc != SQLITE_OK
		       ? rc
		       : sqlite3_exec(store->db, "SELECT 1 FROM sqlite_master", NULL, NULL, NULL);
}

/*
 * On a full disk there is no room for the index of the log.  With a lock on the whole file SQLite has it in memory, and may
 * read what is there.
 */
static int connect_alone(struct store *store)
{
	int rc;

	sqlite3_close(store->db);
	store->db = NULL;
	rc = sqlite3_open_v2(store->file, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			     NULL);
	if (rc == SQLITE_OK)
		sqlite3_busy_timeout(store->db, STORE_WAIT_MS);
	return rc != SQLITE_OK ? rc
			       : sqlite3_exec(store->db,
					      "PRAGMA locking_mode = EXCLUSIVE; "
					      "SELECT 1 FROM sqlite_master",
					      NULL, NULL, NULL);
}

static bool log_is_empty(const struct store *store)
{
	char *log = text_format("%s-wal", store->file);
	struct stat st;
	bool empty = log && (stat(log, &st) != 0 || st.st_size == 0);

	free(log);
	return empty;
}

int store_connect_reader(struct store *store, bool untouched, struct error *error)
{
	bool writable =
		!untouched && access(store->file, W_OK) == 0 && access(store->dir, W_OK) == 0;
	int rc;

	if (access(store->file, R_OK) != 0)
		return error_set(
			error, ERR_IO,
			"cannot read the store %s: %s; ask its owner, or set HOTPATH_DIR to "
			"another folder",
			store->file, strerror(errno));
	rc = connect_as(store, writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
	store->read_only = !writable;
	if (writable && is_without_room(store, rc & 0xff))
		rc = connect_alone(store);
	/* Which of the two codes it is depends on what stands in the way of the log's index. */
	if (!writable && ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY) &&
	    log_is_empty(store))
		rc = connect_immutable(store);
	return rc == SQLITE_OK ? ERR_OK : store_error(store, error);
}

static int connect_writer(struct store *store, struct error *error)
{
	int rc = place_make(store->dir, error);

	if (rc || (rc = make_file(store, error)))
		return rc;
	if (connect_as(store, SQLITE_OPEN_READWRITE) != SQLITE_OK)
		return store_error(store, error);
	if (sqlite3_db_readonly(store->db, "main"))
		return error_set(error, ERR_READONLY,
				 "the store %s cannot be written; make it and its folder writable, "
				 "or set HOTPATH_DIR to another folder",
				 store->file);
	return ERR_OK;
}

int store_open(struct store *store, const char *dir, enum store_mode mode, struct error *error)
{
	int rc;

	memset(store, 0, sizeof(*store));
	store->dir = strdup(dir);
	store->file = place_file(dir);
	if (!store->dir || !store->file)
		return error_memory(error);
	if (mode == STORE_READ && access(store->file, F_OK) != 0 && errno == ENOENT)
		return error_set(
			error, ERR_NO_STORE,
			"no runs yet: there is no store in %s; build a program with "
			"-fplugin=hotpath.so and run it, or `hotpath run -- COMMAND`, then "
			"ask again (`hotpath sites PROGRAM` says what it measures, "
			"`hotpath doctor` what is missing)",
			dir);
	rc = mode == STORE_WRITE ? connect_writer(store, error)
				 : store_connect_reader(store, false, error);
	if (!rc)
		rc = store_functions(store, error);
	if (!rc)
		rc = store_migrate(store, store_migrations, store_n_migrations, error);
	if (!rc && !store->read_only)
		rc = exec_patiently(store, "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL",
				    error);
	return rc;
}

void store_close(struct store *store)
{
	sqlite3_close(store->db);
	free(store->dir);
	free(store->file);
	memset(store, 0, sizeof(*store));
}

int store_check(struct store *store, struct error *error)
{
	sqlite3_stmt *stmt;
	/* SQLite 3.40's quick_check takes a sound run_tag for damaged: its key has its columns in another order. */
	int rc = store_prepare(store, &stmt, "PRAGMA integrity_check(1)", error);

	if (rc)
		return rc;
	if (sqlite3_step(stmt) != SQLITE_ROW)
		rc = store_error(store, error);
	else if (strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") != 0)
		rc = error_set(
			error, ERR_CORRUPT,
			"the store %s is damaged (%s); save what can be read with `sqlite3 %s "
			".recover`, then move the file away: a new one is made",
			store->file, (const char *)sqlite3_column_text(stmt, 0), store->file);
	sqlite3_finalize(stmt);
	return rc;
}
