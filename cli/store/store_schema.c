/* SPDX-License-Identifier: MIT */
/*
 * Versions of the store.
 *
 * A new version is a new script at the end of store_migrations[]; scripts that were released never
 * change. PRAGMA user_version is the number of scripts a store has had.
 */
#include "store.h"

#include <sqlite3.h>
#include <stdio.h>

#include "../base/error.h"
#include "../segment/image.h"

const struct store_migration store_migrations[] = {
	{store_schema_sql},   {store_schema_2_sql},  {store_schema_3_sql}, {store_schema_4_sql},
	{store_schema_5_sql}, {store_schema_6_sql},  {store_schema_7_sql}, {store_schema_8_sql},
	{store_schema_9_sql}, {store_schema_10_sql},
};
const size_t store_n_migrations = sizeof(store_migrations) / sizeof(store_migrations[0]);

/*
 * Finds out the version, and whether the file is ours at all; an empty file is version 0 of a store.
 *
 * Another process may be making the store, all in one transaction.  So what says whose it is is read last: a table that
 * was seen cannot be older.
 */
int store_read_version(struct store *store, size_t newest, int64_t *version, struct error *error)
{
	int64_t id = 0, tables = 0;
	int rc = store_number(store, "SELECT count(*) FROM sqlite_master", &tables, error);

	if (!rc)
		rc = store_number(store, "PRAGMA user_version", version, error);
	if (!rc)
		rc = store_number(store, "PRAGMA application_id", &id, error);
	if (rc)
		return rc;
	if (id != STORE_APPLICATION_ID && (tables != 0 || *version != 0))
		return error_set(error, ERR_FOREIGN,
				 "%s is a database of another program; move it away, or set "
				 "HOTPATH_DIR to another folder",
				 store->file);
	if (*version < 0 || (size_t)*version > newest)
		return error_set(
			error, ERR_NEWER,
			"the store %s was written by a newer hotpath (its version is %lld, "
			"this one knows up to %zu); install that, or set HOTPATH_DIR to "
			"another folder",
			store->file, (long long)*version, newest);
	return ERR_OK;
}

static int name_causes(struct store *store, struct error *error)
{
	char sql[256];
	int rc = ERR_OK;

	for (int cause = 0; cause < SEG_LOST_COUNT && !rc; cause++) {
		if (!image_lost_name(cause))
			continue;
		sqlite3_snprintf(sizeof(sql), sql,
				 "INSERT OR REPLACE INTO lost_cause (id, name) VALUES (%d, %Q)",
				 cause, image_lost_name(cause));
		rc = store_exec(store, sql, error);
	}
	return rc;
}

/* Within a transaction.  The version is read again: another process may have migrated while we
 * waited for it. */
static int apply(struct store *store, const struct store_migration *list, size_t n,
		 struct error *error)
{
	char sql[96];
	int64_t version = 0;
	int rc = store_read_version(store, n, &version, error);

	if (rc || (size_t)version == n)
		return rc;
	for (size_t i = (size_t)version; i < n && !rc; i++)
		rc = store_exec(store, list[i].sql, error);
	if (!rc)
		rc = store_exec(store, store_views_sql, error);
	if (!rc)
		rc = name_causes(store, error);
	if (rc)
		return rc;
	snprintf(sql, sizeof(sql), "PRAGMA application_id=%d; PRAGMA user_version=%zu",
		 STORE_APPLICATION_ID, n);
	return store_exec(store, sql, error);
}

/* The journal mode stays with the file, so it is set once, before the first table. */
static int begin_migration(struct store *store, int64_t version, struct error *error)
{
	sqlite3_stmt *stmt;

	for (int tries = 0; version == 0 && tries < 2000; tries++) {
		int rc = store_prepare(store, &stmt, "PRAGMA journal_mode=WAL", error);

		if (rc)
			return rc;
		rc = sqlite3_step(stmt);
		sqlite3_finalize(stmt);
		if (rc == SQLITE_ROW)
			break;
		if ((rc & 0xff) != SQLITE_BUSY)
			return store_error(store, error);
		sqlite3_sleep(5);
	}
	return store_begin(store, error);
}

int store_migrate(struct store *store, const struct store_migration *list, size_t n,
		  struct error *error)
{
	int64_t version = 0;
	int rc = store_read_version(store, n, &version, error);

	if (rc || (size_t)version == n)
		return rc;
	if (store->read_only)
		return error_set(
			error, ERR_READONLY,
			"the store %s is of an older version (%lld, now %zu) and cannot be "
			"brought up to date because it cannot be written; make it and its "
			"folder writable",
			store->file, (long long)version, n);
	rc = begin_migration(store, version, error);
	if (rc)
		return rc;
	rc = apply(store, list, n, error);
	if (!rc)
		rc = store_commit(store, error);
	if (rc)
		store_rollback(store);
	return rc;
}
