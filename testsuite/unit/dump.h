/* SPDX-License-Identifier: MIT */
/* What a store says of its runs, as text: the same for the same runs, whatever their numbers and those of names are. */
#ifndef TEST_DUMP_H
#define TEST_DUMP_H

#include <stdint.h>

struct store;

/* dump_run: all that the views know of a run, found by its run_id in hex; to be freed. */
char *dump_run(struct store *store, const char *run_id);

/* dump_store: all runs, ordered by run_id; to be freed. */
char *dump_store(struct store *store);

/* dump_exact: every row of every table, numbers included; to be freed. */
char *dump_exact(struct store *store);

/* dump_number: the first column of the first row. */
int64_t dump_number(struct store *store, const char *sql);

#endif /* TEST_DUMP_H */
