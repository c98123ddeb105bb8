/* SPDX-License-Identifier: MIT */
/*
 * Keeping a store small and sound.
 */
#ifndef HOTPATH_STORE_GC_H
#define HOTPATH_STORE_GC_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct store;
struct text;

struct store_gc_wish {
	int64_t before_ns; /* runs that started before may go */
	int64_t per_branch; /* but for so many of each branch, the newest; processes of one `hotpath run` count as one */
	bool tagged; /* those with a tag too */
	bool dry;    /* only count: the store stays as it is */
};

struct store_gc_done {
	int64_t runs, kept;
	int64_t functions, texts; /* of the dictionary that no run has any more */
	int64_t bytes;		  /* of the file that are free by it */
};

/*
 * store_gc: forgets runs, and the names and functions that only they had, in one transaction.
 *
 * Runs without a branch are taken for one branch.  What is free within the file is for later runs;
 * store_vacuum() gives it back to the disk.
 */
int store_gc(struct store *store, const struct store_gc_wish *wish, struct store_gc_done *done,
	     struct error *error);

/* store_vacuum: writes the file anew, without what is free in it; sizes in bytes.  Needs as much room on the disk again. */
int store_vacuum(struct store *store, int64_t *before, int64_t *after, struct error *error);

/*
 * store_examine: reads everything there is.
 *
 * problems   a line for each thing that is wrong, the first ones of many
 * runs       how many there are
 */
int store_examine(struct store *store, struct text *problems, int64_t *n_problems, int64_t *runs,
		  struct error *error);

#endif /* HOTPATH_STORE_GC_H */
