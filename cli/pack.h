/* SPDX-License-Identifier: MIT */
/*
 * Histograms and calling-context trees as the store keeps them: strings of bits.
 *
 * A run of 300 functions has to fit in 20 KiB.  With a varint for the gap and one for the count of
 * each bucket, histograms of 10^5 calls took 1.6 times the room; counts of neighbouring buckets are
 * of like size, so only the change of their length is written, and the digits below the leading
 * one.
 *
 *   number n >= 1   Elias gamma: length(n) - 1 zero bits, then n in binary
 *   signed n        zigzag: 2n for n >= 0, -2n - 1 for n < 0, then plus 1 as a number
 *   wide n >= 0     length(n) in 7 bits, then n below its leading one
 *
 *   histogram       for each non-empty bucket, ascending:
 *                     number   bucket - the one before (which is -1 at first)
 *                     signed   length(count) - that of the count before (1 at first)
 *                     bits     count below its leading one
 *
 *   tree            number     contexts + 1, then for each, parents first:
 *                     number   its index - index of its parent (index + 1 when it has none)
 *                     signed   function - function of the context before (0 at first)
 *                     wide     calls
 *                     wide     self_ns
 *                     signed   total_ns - self_ns - sum of its children's total_ns: small without
 * recursion
 *
 * Bits fill bytes from the highest down; the last byte is filled up with zero bits, which no number
 * ends with.
 */
#ifndef HOTPATH_PACK_H
#define HOTPATH_PACK_H

#include <stddef.h>
#include <stdint.h>

struct image_bucket;

struct pack {
	uint8_t *bytes; /* free() it */
	size_t n;
};

struct pack_context {
	int64_t parent; /* index, or -1 */
	int64_t function;
	uint64_t calls, total_ns, self_ns;
};

/*
 * pack_histogram, pack_contexts: write.  pack_..._read: read what may be damaged.
 *
 * Buckets ascend and have counts of at least 1; parents come before their children.
 * Return 0, or -1 when out of memory; readers also when the bytes are no such thing.  The caller
 * frees.
 */
int pack_histogram(struct pack *out, const struct image_bucket *buckets, size_t n);
int pack_histogram_read(const void *bytes, size_t n_bytes, struct image_bucket **buckets,
			size_t *n);
int pack_contexts(struct pack *out, const struct pack_context *contexts, size_t n);
int pack_contexts_read(const void *bytes, size_t n_bytes, struct pack_context **contexts,
		       size_t *n);

#endif /* HOTPATH_PACK_H */
