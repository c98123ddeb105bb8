/* SPDX-License-Identifier: MIT */
/*
 * The numbers of functions, histograms and calling-context trees as the store keeps them: strings
 * of bits.
 *
 * A run of 300 functions has to fit in 20 KiB.  Counts of neighbouring buckets are of like size, so only the
 * change of their length is written, and the digits below the leading one.
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
 *   functions       for each, ascending by their number in the store:
 *                     number   function - the one before (0 at first)
 *                     wide     calls
 *                     number   running + 1
 *                     number   unwound + 1
 *                     wide     self_ns
 *                     wide     total_ns - self_ns (modulo 2^64)
 *                     signed   sum_ns - total_ns: 0 without recursion
 *                     wide     min_ns
 *                     wide     max_ns - min_ns (modulo 2^64)
 *                     wide     self_cost_ns
 *                     signed   total_cost_ns - self_cost_ns
 *                     signed   sum_cost_ns - total_cost_ns: 0 without recursion
 *
 *   skipped         for each function: number skipped + 1; then likewise, but in stores of before, number squares + 1
 *
 *   histograms      for each function: its bytes in 7-bit groups, the lowest first, the high bit
 * set in all but the last; then the histogram
 *
 *   tree            number     contexts + 1, then for each, parents first:
 *                     number   its index - index of its parent (index + 1 when it has none)
 *                     signed   function - function of the context before (0 at first)
 *                     wide     calls
 *                     wide     self_ns
 *                     signed   total_ns - self_ns - sum of its children's total_ns: small without
 * recursion
 *
 *   calls           number     calls + 1, then for each, in the order in which they ended:
 *                     signed   function - function of the call before (0 at first)
 *                     signed   thread - thread of the call before (0 at first)
 *                     wide     zigzag of start_ns - start_ns of the call before (0 at first)
 *                     wide     duration_ns
 *
 * Bits fill bytes from the highest down; the last byte is filled up with zero bits, which no number
 * ends with.
 */
#ifndef HOTPATH_PACK_H
#define HOTPATH_PACK_H

#include <stddef.h>
#include <stdint.h>

struct image_bucket;
struct merged;

struct pack {
	uint8_t *bytes; /* free() it */
	size_t n;
};

struct pack_context {
	int64_t parent; /* index, or -1 */
	int64_t function;
	uint64_t calls, total_ns, self_ns;
};

struct pack_call {
	int64_t function, thread;
	uint64_t start_ns, duration_ns; /* below 2^62 */
};

/*
 * pack_histogram, pack_functions, pack_contexts: write.  pack_..._read: read what may be damaged.
 *
 * Buckets ascend and have counts of at least 1; parents come before their children.
 * Return 0, or -1 when out of memory; readers also when the bytes are no such thing.  The caller
 * frees.
 */
int pack_histogram(struct pack *out, const struct image_bucket *buckets, size_t n);
int pack_histogram_read(const void *bytes, size_t n_bytes, struct image_bucket **buckets,
			size_t *n);
int pack_functions(struct pack *numbers, struct pack *histograms, const struct merged *functions,
		   size_t n);
int pack_functions_read(const void *bytes, size_t n_bytes, struct merged **functions, size_t *n);
/* pack_skipped: no bytes when nothing was skipped.  pack_skipped_read: fills `skipped` and `squares` of as many functions. */
int pack_skipped(struct pack *out, const struct merged *functions, size_t n);
int pack_skipped_read(const void *bytes, size_t n_bytes, struct merged *functions, size_t n);
int pack_contexts(struct pack *out, const struct pack_context *contexts, size_t n);
int pack_contexts_read(const void *bytes, size_t n_bytes, struct pack_context **contexts,
		       size_t *n);
int pack_calls(struct pack *out, const struct pack_call *calls, size_t n);
int pack_calls_read(const void *bytes, size_t n_bytes, struct pack_call **calls, size_t *n);

/*
 * pack_next_histogram: one of those that pack_functions() put one after the other.
 *
 * at       begins as the first byte, and is moved behind the histogram
 * end      behind the last byte
 * Returns  its first byte, *length of them; NULL when there is none or the bytes are damaged
 */
const uint8_t *pack_next_histogram(const uint8_t **at, const uint8_t *end, size_t *length);

#endif /* HOTPATH_PACK_H */
