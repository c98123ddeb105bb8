/* SPDX-License-Identifier: MIT */
/*
 * Adds up what the processes of a run have of a function, and its copies that only differ in their line.
 */
#ifndef HOTPATH_QUERY_CELL_H
#define HOTPATH_QUERY_CELL_H

#include <stddef.h>
#include <stdint.h>

struct merged;
struct model_cell;

/* query_cell_add: adds a part; of percentiles those of the largest part stand for all, NAN when nobody asked for them. */
void query_cell_add(struct model_cell *cell, const struct merged *part, double p50_ns,
		    double p99_ns);

/* query_cell_add_all: likewise, with the percentiles of the part's packed histogram; -1 when there is none that can be read. */
int query_cell_add_all(struct model_cell *cell, const struct merged *part, const uint8_t *histogram,
		       size_t length, double ns_per_tick);

#endif /* HOTPATH_QUERY_CELL_H */
