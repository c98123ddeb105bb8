/* SPDX-License-Identifier: MIT */
#include "run_ids.h"

#include <stdlib.h>

int run_ids_add(struct run_ids *ids, int64_t id)
{
	if (ids->n == ids->capacity) {
		size_t capacity = 2 * ids->capacity + 16;
		int64_t *more = realloc(ids->ids, capacity * sizeof(*more));

		if (!more)
			return -1;
		ids->ids = more;
		ids->capacity = capacity;
	}
	ids->ids[ids->n++] = id;
	return 0;
}

static int by_number(const void *one, const void *other)
{
	int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

	return (a > b) - (a < b);
}

void run_ids_sort(struct run_ids *ids)
{
	size_t kept = 0;

	if (ids->n)
		qsort(ids->ids, ids->n, sizeof(*ids->ids), by_number);
	for (size_t i = 0; i < ids->n; i++)
		if (kept == 0 || ids->ids[kept - 1] != ids->ids[i])
			ids->ids[kept++] = ids->ids[i];
	ids->n = kept;
}
