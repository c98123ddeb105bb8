/* SPDX-License-Identifier: MIT */
#include "query_cell.h"

#include <stdlib.h>

#include "../model/model_diff.h"
#include "../model/percentile.h"
#include "../segment/image.h"
#include "../store/merge.h"
#include "../store/pack.h"

void query_cell_add(struct model_cell *cell, const struct merged *part, double p50_ns,
		    double p99_ns)
{
	if ((double)part->calls > cell->calls) {
		cell->p50_ns = p50_ns;
		cell->p99_ns = p99_ns;
	}
	cell->calls += (double)part->calls;
	cell->self_ns += (double)part->self_ns;
	cell->total_ns += (double)part->total_ns;
}

int query_cell_add_all(struct model_cell *cell, const struct merged *part, const uint8_t *histogram,
		       size_t length, double ns_per_tick)
{
	struct image_bucket *buckets = NULL;
	double min = (double)part->min_ns, max = (double)part->max_ns;
	size_t n = 0;

	if (!histogram || pack_histogram_read(histogram, length, &buckets, &n))
		return -1;
	query_cell_add(cell, part, percentile_of(buckets, n, ns_per_tick, 50, min, max),
		       percentile_of(buckets, n, ns_per_tick, 99, min, max));
	free(buckets);
	return 0;
}
