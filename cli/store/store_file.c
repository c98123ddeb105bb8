/* SPDX-License-Identifier: MIT */
#include "store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/error.h"
#include "../base/place.h"
#include "store.h"
#include "../base/text.h"

enum { VALUE_MAX = 256 << 20 }; /* bytes of one value in somebody's store */

static int no_such_file(const char *path, struct error *error)
{
	char *shown = text_printable(path);

	error_set(error, ERR_NO_STORE,
		  "there is no store %s: expected a file that `hotpath db export` wrote, a "
		  "hotpath.db, "
		  "or the folder of a project that has one",
		  shown ? shown : "");
	free(shown);
	return ERR_NO_STORE;
}

/* The file that a path means, to be freed; NULL when there is none. */
static char *find_file(const char *path)
{
	static const char *const inside[] = {"", "/hotpath.db", "/.hotpath/hotpath.db"};
	struct stat st;

	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		char *file = text_format("%s%s", path, inside[i]);

		if (file && stat(file, &st) == 0 && S_ISREG(st.st_mode))
			return file;
		free(file);
	}
	return NULL;
}

static char *folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return !slash	       ? strdup(".")
	       : slash == file ? strdup("/")
			       : strndup(file, (size_t)(slash - file));
}

/* What a file that came from elsewhere could do to us by being read is switched off. */
static int harden(struct store *store, struct error *error)
{
	sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	return store_exec(
		store,
		"PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0",
		error);
}

/* Code that no store of ours has. */
static int check_schema(struct store *store, struct error *error)
{
	static const char odd[] = "SELECT count(*) FROM sqlite_master WHERE type NOT IN ('table', "
				  "'index', 'view') OR "
				  "(type = 'table' AND sql LIKE 'create virtual%')";
	int64_t n = 0;
	int rc = store_number(store, odd, &n, error);

	if (!rc && n)
		rc = error_set(
			error, ERR_FOREIGN,
			"%s has triggers or other things that no store has; nothing was taken "
			"from it",
			store->file);
	return rc;
}

/* Figures that are none, with which the views could not cope. */
static int check_figures(struct store *store, struct error *error)
{
	/* clang-format off */
	static const char bad[] =
		"SELECT count(*) FROM run WHERE typeof(run_id) <> 'blob' OR length(run_id) <> 16 OR "
		"min(duration_ns, started_at_ns, thread_ns, calls, lost, coalesce(measuring_ns, 0), cpu_count) < 0 OR "
		"max(duration_ns, thread_ns, calls, lost, coalesce(measuring_ns, 0)) > 1 << 62 OR "
		"started_at_ns > 9e18 OR cpu_count > 1 << 31 OR "
		"NOT min(ns_per_tick, inside_ns, outside_ns, coalesce(skipped_ns, 0), coalesce(budget, 0), coalesce(clock_step_ns, 0)) >= 0 OR "
		"NOT max(ns_per_tick, inside_ns, outside_ns, coalesce(skipped_ns, 0), coalesce(budget, 0), coalesce(clock_step_ns, 0)) <= 1e9";
	/* clang-format on */
	int64_t n = 0;
	int rc = store_number(store, bad, &n, error);

	if (!rc && n)
		rc = error_set(
			error, ERR_CORRUPT,
			"%s has %lld run%s with figures that cannot be; nothing was taken from it",
			store->file, (long long)n, n == 1 ? "" : "s");
	return rc;
}

/* Goes on with a copy that is gone when it is closed. */
static int migrate_copy(struct store *store, struct error *error)
{
	struct store copy = {.dir = store->dir, .file = store->file};
	sqlite3_backup *backup;
	int rc = ERR_OK;

	if (sqlite3_open_v2("", &copy.db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL)) {
		rc = store_error(&copy, error);
		sqlite3_close(copy.db);
		return rc;
	}
	backup = sqlite3_backup_init(copy.db, "main", store->db, "main");
	if (backup)
		sqlite3_backup_step(backup, -1);
	if (!backup || sqlite3_backup_finish(backup) != SQLITE_OK)
		rc = store_error(&copy, error);
	if (!rc)
		rc = store_functions(&copy, error);
	if (!rc)
		rc = harden(&copy, error);
	if (!rc)
		rc = store_migrate(&copy, store_migrations, store_n_migrations, error);
	sqlite3_close(store->db);
	*store = copy;
	return rc;
}

static int open_checked(struct store *store, struct error *error)
{
	int64_t version = 0;
	int rc = store_connect_reader(store, true, error);

	if (!rc)
		rc = harden(store, error);
	if (!rc)
		rc = store_read_version(store, store_n_migrations, &version, error);
	if (!rc && version == 0)
		rc = error_set(error, ERR_FOREIGN, "%s is empty: there is no store in it",
			       store->file);
	if (!rc)
		rc = store_check(store, error);
	if (!rc)
		rc = check_schema(store, error);
	if (!rc && (size_t)version < store_n_migrations)
		rc = migrate_copy(store, error);
	if (!rc)
		rc = check_figures(store, error);
	return rc;
}

int store_file_open(struct store *store, const char *path, struct error *error)
{
	memset(store, 0, sizeof(*store));
	store->file = find_file(path);
	if (!store->file)
		return no_such_file(path, error);
	store->dir = folder_of(store->file);
	if (!store->dir)
		return error_memory(error);
	return open_checked(store, error);
}

static int taken(const char *path, struct error *error)
{
	char *shown = text_printable(path);

	error_set(error, ERR_USAGE, "%s exists already; choose another name, or remove it first",
		  shown ? shown : "");
	free(shown);
	return ERR_USAGE;
}

int store_file_begin(struct store *store, const char *path, struct error *error)
{
	int fd, rc;

	memset(store, 0, sizeof(*store));
	if (access(path, F_OK) == 0)
		return taken(path, error);
	store->file = text_format("%s.part-%d", path, (int)getpid());
	store->dir = store->file ? folder_of(store->file) : NULL;
	if (!store->dir)
		return error_memory(error);
	/* For whoever may read the file that it becomes, as the umask says. */
	fd = open(store->file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_set(error, ERR_IO, "cannot write %s: %s", path, strerror(errno));
	close(fd);
	if (sqlite3_open_v2(store->file, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
			    NULL) != SQLITE_OK)
		return store_error(store, error);
	rc = store_functions(store, error);
	if (!rc)
		rc = store_migrate(store, store_migrations, store_n_migrations, error);
	/* It stands in nobody's way, and is thrown away unless it becomes whole. */
	if (!rc)
		rc = store_exec(store, "PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF", error);
	return rc;
}

/* Removes what SQLite may have left as well. */
static void remove_all(const char *file)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char *name = text_format("%s%s", file, ends[i]);

		if (name)
			unlink(name);
		free(name);
	}
}

int store_file_end(struct store *store, const char *path, int rc, struct error *error)
{
	char *file = store->file ? strdup(store->file) : NULL;

	if (!rc)
		rc = store_exec(store, "PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE",
				error);
	store_close(store);
	if (!rc && !file)
		rc = error_memory(error);
	/* link() does not overwrite what somebody made meanwhile. */
	if (!rc && link(file, path) != 0 && (errno == EEXIST || rename(file, path) != 0))
		rc = errno == EEXIST ? taken(path, error)
				     : error_set(error, ERR_IO, "cannot write %s: %s", path,
						 strerror(errno));
	if (file)
		remove_all(file);
	free(file);
	return rc;
}
