/* SPDX-License-Identifier: MIT */
/*
 * Runs by what they have in common; each question adds to a list, and finds nothing without an error.
 */
#ifndef HOTPATH_QUERY_SET_H
#define HOTPATH_QUERY_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct run_ids;
struct store;
struct text;

/* Whether nobody saw how run r ended: it was killed, or ended by _exit(2) while no hotpath run was its parent. */
#define RUN_IS_UNSEEN "r.part = 0 AND r.ended = 0 AND r.status IS NULL AND r.signal IS NULL"

int query_set_between(struct store *store, int64_t first, int64_t last, struct run_ids *ids,
		      struct error *error);
int query_set_host(struct store *store, const char *host, struct run_ids *ids, struct error *error);

/* query_set_label: runs that were started with a label, or got it from `hotpath tag`. */
int query_set_label(struct store *store, const char *label, struct run_ids *ids,
		    struct error *error);

/*
 * query_set_branch: runs of a branch.
 *
 * until_ns     only runs that started by then
 * all_commits  false: only those of the commit of the newest of these runs
 * Cost         an index's rows of that commit, or of the branch
 */
int query_set_branch(struct store *store, const char *branch, int64_t until_ns, bool all_commits,
		     struct run_ids *ids, struct error *error);

/*
 * query_set_commit: runs of the commit that begins with `prefix`, lower-case hex digits.
 *
 * commits  the commits that do, with spaces between; more than one is for the caller to refuse
 * n        how many
 */
int query_set_commit(struct store *store, const char *prefix, struct run_ids *ids,
		     struct text *commits, size_t *n, struct error *error);

/* query_set_known: what runs can be named by here, in words for an error. */
int query_set_known(struct store *store, struct text *words, struct error *error);

/* query_set_tag: gives runs a name, or takes it from them; *n counts those that changed. */
int query_set_tag(struct store *store, const struct run_ids *ids, const char *name, bool remove,
		  int64_t *n, struct error *error);

#endif /* HOTPATH_QUERY_SET_H */
