/* SPDX-License-Identifier: MIT */
/*
 * The numbers of some runs, ascending, each once.
 */
#ifndef HOTPATH_RUN_IDS_H
#define HOTPATH_RUN_IDS_H

#include <stddef.h>
#include <stdint.h>

struct run_ids {
	int64_t *ids; /* free() it */
	size_t n, capacity;
};

/* run_ids_add: returns 0, or -1 when out of memory. */
int run_ids_add(struct run_ids *ids, int64_t id);

/* run_ids_sort: ascending, without repetitions. */
void run_ids_sort(struct run_ids *ids);

#endif /* HOTPATH_RUN_IDS_H */
