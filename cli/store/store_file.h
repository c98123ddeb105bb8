/* SPDX-License-Identifier: MIT */
/*
 * Stores outside the project: files that came from elsewhere, and files to send away.
 *
 * An export is a store like any other, in one file without a log beside it.
 */
#ifndef HOTPATH_STORE_FILE_H
#define HOTPATH_STORE_FILE_H

struct error;
struct store;

/*
 * store_file_open: opens somebody's store to read from, which may be older, damaged or hostile.
 *
 * It is checked as a whole first, and nothing in it is run: no triggers, no views.  The file is not
 * changed; one of an older version is copied to a temporary one and migrated there.
 *
 * store    filled in; store_close() it in every case
 * path     a file, a folder with hotpath.db, or a project with .hotpath/hotpath.db
 * Returns  ERR_OK; ERR_NO_STORE, ERR_CORRUPT, ERR_NEWER, ERR_FOREIGN, ERR_IO, ERR_MEMORY
 */
int store_file_open(struct store *store, const char *path, struct error *error);

/*
 * store_file_begin: makes a new store beside where it is to be; store_file_end() puts it in its place, which must
 * be free, or throws it away after an error.
 *
 * store    filled in; store_file_end() it in every case
 * rc       how it went so far
 * Returns  rc, or another error
 */
int store_file_begin(struct store *store, const char *path, struct error *error);
int store_file_end(struct store *store, const char *path, int rc, struct error *error);

#endif /* HOTPATH_STORE_FILE_H */
