/* SPDX-License-Identifier: MIT */
/*
 * The store: one SQLite file with the runs of a project.
 *
 * Opened once per command, by main.c; ingest.c writes, query*.c reads.  Nothing else includes
 * sqlite3.h.
 *
 *   (no file) ──store_open(STORE_WRITE)──▶ version 0 ──migrations──▶ version STORE_VERSION
 *                                                                       ▲
 *   an older store ──store_open() migrates, in one transaction──────────┘
 *
 * The journal is a write-ahead log, so readers and the one writer do not wait for each other.
 * synchronous is FULL: a segment is deleted right after the commit of its run, so the commit has to
 * be on the disk; that is one fsync per run, in a process that nobody waits for.
 */
#ifndef HOTPATH_STORE_H
#define HOTPATH_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sqlite3;
struct sqlite3_stmt;
struct error;

enum {
	STORE_APPLICATION_ID = 0x68707468, /* "hpth": how file(1) and we know a store */
	STORE_WAIT_MS = 30000,		   /* for other processes that write, before we give up */
	STORE_ROOM = 64 << 10, /* free bytes below which SQLite cannot open one to write */
};

enum store_mode {
	STORE_READ,  /* the store must exist; it is not changed, but an old one is migrated */
	STORE_WRITE, /* made when missing */
};

struct store {
	struct sqlite3 *db;
	char *dir, *file;
	bool read_only; /* opened so because it cannot be written */
};

/*
 * store_open: opens the store in a folder.
 *
 * store    filled in; store_close() it in every case
 * Returns  ERR_OK; ERR_NO_STORE (STORE_READ), ERR_LOCKED, ERR_READONLY, ERR_CORRUPT, ERR_NEWER,
 * ERR_FOREIGN, ERR_IO, ERR_MEMORY, with what to do in words
 */
int store_open(struct store *store, const char *dir, enum store_mode mode, struct error *error);
void store_close(struct store *store);

/*
 * store_connect_reader: opens store->file, which may not be writable; without a look at what it is.
 *
 * untouched  so that nothing in its folder changes, as far as possible
 */
int store_connect_reader(struct store *store, bool untouched, struct error *error);

/* store_error: turns what SQLite said last into an error; returns its code. */
int store_error(struct store *store, struct error *error);

/* store_exec: runs statements that give no rows. */
int store_exec(struct store *store, const char *sql, struct error *error);

/* store_prepare: prepares one statement; sqlite3_finalize() it. */
int store_prepare(struct store *store, struct sqlite3_stmt **stmt, const char *sql,
		  struct error *error);

/* store_number: the answer to a question whose answer is one number. */
int store_number(struct store *store, const char *sql, int64_t *n, struct error *error);

/* store_text: a copy of a column's text; NULL for NULL, and when out of memory. */
char *store_text(struct sqlite3_stmt *stmt, int column);

/* store_begin_reading: what is read until store_rollback() is of one moment, whatever others write or remove meanwhile. */
int store_begin_reading(struct store *store, struct error *error);

/* store_begin: starts to write, waiting for other writers.  Then store_commit() or
 * store_rollback(). */
int store_begin(struct store *store, struct error *error);
int store_commit(struct store *store, struct error *error);
void store_rollback(struct store *store);

/* store_check: looks for damage; ERR_CORRUPT when there is some. */
int store_check(struct store *store, struct error *error);

/* store_schema.c */
struct store_migration {
	const char *sql; /* brings a store from the version before to this one's place in the list,
			    counted from 1 */
};

extern const struct store_migration store_migrations[];
extern const size_t store_n_migrations;

/* store_read_version: of a store of ours that is at most as new as this program, or why it is not. */
int store_read_version(struct store *store, size_t newest, int64_t *version, struct error *error);

/*
 * store_migrate: brings a store to the newest version of a list, in one transaction.
 *
 * list     store_migrations but in tests
 * Returns  as store_open()
 */
int store_migrate(struct store *store, const struct store_migration *list, size_t n,
		  struct error *error);

/* store_functions.c: gives a connection the hotpath_... functions that the views use. */
int store_functions(struct store *store, struct error *error);

/* Embedded at build time from schema*.sql and views.sql. */
extern const char store_schema_sql[];
extern const char store_schema_2_sql[];
extern const char store_schema_3_sql[];
extern const char store_schema_4_sql[];
extern const char store_schema_5_sql[];
extern const char store_schema_6_sql[];
extern const char store_schema_7_sql[];
extern const char store_schema_8_sql[];
extern const char store_schema_9_sql[];
extern const char store_schema_10_sql[];
extern const char store_views_sql[];

#endif /* HOTPATH_STORE_H */
