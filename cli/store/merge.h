/* SPDX-License-Identifier: MIT */
/*
 * Sums up the sites of an image that are one function of the source: an inline function or a
 * template stands in the table of every unit that used it.
 */
#ifndef HOTPATH_MERGE_H
#define HOTPATH_MERGE_H

#include <stddef.h>
#include <stdint.h>

struct image;
struct image_bucket;

struct merged {
	int64_t function; /* number in the store */
	uint64_t calls, running, unwound;
	uint64_t skipped;  /* of the calls: counted, not timed.  With any, times are estimates */
	uint64_t squares;  /* of how many calls each timed one stands for, added up; 0: not known */
	uint64_t total_ns; /* recursion counted once, also when it went through several copies */
	uint64_t self_ns, sum_ns, min_ns, max_ns;
	uint64_t total_cost_ns, self_cost_ns, sum_cost_ns; /* what measuring took besides */
	struct image_bucket *buckets;			   /* ascending */
	size_t n_buckets;
};

/*
 * merge_sites: one entry per function that was called, ascending by number.
 *
 * functions  the number of each site's function, image->n_sites of them
 * Returns    0 or -1 when out of memory; merge_release() in both cases
 */
int merge_sites(const struct image *image, const int64_t *functions, struct merged **merged,
		size_t *n);
void merge_release(struct merged *merged, size_t n);

#endif /* HOTPATH_MERGE_H */
