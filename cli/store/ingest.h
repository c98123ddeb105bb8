/* SPDX-License-Identifier: MIT */
/*
 * Writes a run into the store.
 */
#ifndef HOTPATH_INGEST_H
#define HOTPATH_INGEST_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct image;
struct store;

/* What is known of a run besides its image. */
struct ingest_facts {
	const char *branch, *commit; /* NULL: those of the image */
	int dirty;		     /* -1 unknown */
	const char *diff; /* hash of the difference from the commit; NULL: none, or unknown */
	bool git_at_start; /* dirty and diff were taken when the run started; else when it was taken in */
};

/*
 * ingest_run: writes one run, in one transaction.
 *
 * id       its number; that of the earlier one when the run is in the store already
 * added    whether it was new; may be NULL
 * Returns  ERR_OK, or an error, and then the store is as it was
 */
int ingest_run(struct store *store, const struct image *image, const struct ingest_facts *facts,
	       int64_t *id, bool *added, struct error *error);

/* What the parent of a process saw. */
struct ingest_seen {
	int status; /* exit status, or -1 */
	int signal; /* that killed it, or 0 */
	double steal_percent; /* of the processors' time that other virtual machines took meanwhile; negative: unknown */
};

/*
 * ingest_end: notes how the process of a `hotpath run` ended.
 *
 * It is the newest run with that token and pid (a process that called exec has several), and only
 * fills in what the process did not see itself.  The state of the machine goes to all runs with that token.
 */
int ingest_end(struct store *store, const char *token, int64_t pid, const struct ingest_seen *seen,
	       struct error *error);

#endif /* HOTPATH_INGEST_H */
