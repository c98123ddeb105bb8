/* SPDX-License-Identifier: MIT */
/*
 * Copies runs from one store into another.
 *
 * What names a run is run_id, so a run is there once, however often and by whatever way it comes, and of a run up to a moment and
 * a later state of it the later one; its number is another in each store.  Names, functions, objects and units are looked up in the dictionary of the store that gets them, and the
 * packed numbers of functions are packed anew.
 *
 * The store that is read may be hostile (store_file.h): what makes no sense is refused, with nothing written.
 */
#ifndef HOTPATH_STORE_COPY_H
#define HOTPATH_STORE_COPY_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

struct store_copied {
	int64_t added; /* runs */
	int64_t known; /* that were there already; they got the tags that they have in the other store */
	int64_t replaced; /* that were there up to an earlier moment; they keep their number and their tags */
};

/*
 * store_copy: copies runs, in one transaction, the one that started first as the first.
 *
 * from     of the same version; not changed
 * ids      numbers of runs in `from`; NULL: all
 * done     added to
 * Returns  ERR_OK, or an error, and then `to` is as it was
 */
int store_copy(struct store *from, struct store *to, const int64_t *ids, size_t n,
	       struct store_copied *done, struct error *error);

#endif /* HOTPATH_STORE_COPY_H */
