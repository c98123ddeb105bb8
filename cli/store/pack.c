/* SPDX-License-Identifier: MIT */
#include "pack.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../segment/image.h"
#include "merge.h"

struct bit_writer {
	uint8_t *bytes;
	size_t n_bits, capacity; /* capacity in bytes */
	bool failed;
};

/*
 * Numbers are of some ten bits each, and a comparison reads a hundred thousand of them: they come out of a word that is filled up
 * eight bytes at a time.
 */
struct bit_reader {
	const uint8_t *next, *end; /* the bytes that are not in the window yet */
	uint64_t
		window; /* the bits to come, from the highest down; what stands below `have` comes again */
	unsigned have; /* bits */
	bool failed;
};

/* Digits of n in binary; 0 has none. */
static unsigned length_of(uint64_t n)
{
	return n ? 64 - (unsigned)__builtin_clzll(n) : 0;
}

static void write_bits(struct bit_writer *w, uint64_t value, unsigned n)
{
	if ((w->n_bits + n + 7) / 8 > w->capacity) {
		size_t capacity = 2 * w->capacity + 64;
		uint8_t *bytes = realloc(w->bytes, capacity);

		if (!bytes) {
			w->failed = true;
			return;
		}
		memset(bytes + w->capacity, 0, capacity - w->capacity);
		w->bytes = bytes;
		w->capacity = capacity;
	}
	while (n-- > 0) {
		if (value >> n & 1)
			w->bytes[w->n_bits / 8] |= (uint8_t)(0x80 >> w->n_bits % 8);
		w->n_bits++;
	}
}

static struct bit_reader reader_of(const void *bytes, size_t n)
{
	return (struct bit_reader){.next = bytes, .end = (const uint8_t *)bytes + n};
}

/* At least 56 bits in the window, or all that are left. */
static inline void fill(struct bit_reader *r)
{
	if (r->end - r->next >= 8) {
		uint64_t word;
		unsigned bytes = (63 - r->have) / 8;

		memcpy(&word, r->next, sizeof(word));
		r->window |= be64toh(word) >> r->have;
		r->next += bytes;
		r->have += 8 * bytes;
		return;
	}
	for (; r->have <= 56 && r->next < r->end; r->have += 8)
		r->window |= (uint64_t)*r->next++ << (56 - r->have);
}

static inline void skip_bits(struct bit_reader *r, unsigned n)
{
	r->window = n < 64 ? r->window << n : 0;
	r->have -= n;
}

static uint64_t fail(struct bit_reader *r)
{
	r->failed = true;
	r->next = r->end;
	r->window = r->have = 0;
	return 0;
}

/* Of at most 56 bits. */
static inline uint64_t read_few(struct bit_reader *r, unsigned n)
{
	uint64_t value;

	if (n > r->have)
		fill(r);
	if (n > r->have)
		return fail(r);
	value = r->window >> 1 >> (63 - n);
	skip_bits(r, n);
	return value;
}

static inline uint64_t read_bits(struct bit_reader *r, unsigned n)
{
	uint64_t high = n > 56 ? read_few(r, n - 32) : 0;

	return n > 56 ? high << 32 | read_few(r, 32) : read_few(r, n);
}

static void write_number(struct bit_writer *w, uint64_t n)
{
	unsigned length = length_of(n);

	write_bits(w, 0, length - 1);
	write_bits(w, n, length);
}

/* A number that may go beyond the window, or be none. */
static uint64_t read_long_number(struct bit_reader *r)
{
	unsigned before = 0, zeros;

	for (;; before += zeros) {
		fill(r);
		if (r->have == 0)
			return 0;
		zeros = r->window ? (unsigned)__builtin_clzll(r->window) : 64;
		if (zeros < r->have)
			break;
		zeros = r->have;
		skip_bits(r, zeros);
	}
	skip_bits(r, zeros);
	zeros += before;
	return zeros > 63 ? fail(r) : read_bits(r, zeros + 1);
}

/* 0 at the end of the bits: no number is 0. */
static inline uint64_t read_number(struct bit_reader *r)
{
	unsigned zeros;
	uint64_t n;

	if (r->have < 32)
		fill(r);
	zeros = (unsigned)__builtin_clzll(r->window | 1);
	if (2 * zeros + 1 > r->have)
		return read_long_number(r);
	n = r->window >> (63 - 2 * zeros);
	skip_bits(r, 2 * zeros + 1);
	return n;
}

static uint64_t zigzag_of(int64_t n)
{
	return n >= 0 ? 2 * (uint64_t)n : 2 * (uint64_t) - (n + 1) + 1;
}

static int64_t signed_of(uint64_t zigzag)
{
	return zigzag & 1 ? -(int64_t)(zigzag / 2) - 1 : (int64_t)(zigzag / 2);
}

/* |n| stays below 2^62: differences of numbers that SQLite can hold, see clamp() in ingest.c. */
static void write_signed(struct bit_writer *w, int64_t n)
{
	uint64_t zigzag = zigzag_of(n);

	if (zigzag == UINT64_MAX) {
		w->failed = true;
		return;
	}
	write_number(w, zigzag + 1);
}

static inline int64_t read_signed(struct bit_reader *r)
{
	uint64_t zigzag = read_number(r);

	if (zigzag-- == 0) {
		r->failed = true;
		return 0;
	}
	return signed_of(zigzag);
}

static void write_wide(struct bit_writer *w, uint64_t n)
{
	unsigned length = length_of(n);

	write_bits(w, length, 7);
	if (length > 1)
		write_bits(w, n & ~(1ull << (length - 1)), length - 1);
}

static inline uint64_t read_wide(struct bit_reader *r)
{
	unsigned length = (unsigned)read_bits(r, 7);

	if (length > 64) {
		r->failed = true;
		return 0;
	}
	return length == 0 ? 0 : 1ull << (length - 1) | read_bits(r, length - 1);
}

static int finish(struct bit_writer *w, struct pack *out)
{
	if (w->failed) {
		free(w->bytes);
		return -1;
	}
	out->bytes = w->bytes;
	out->n = (w->n_bits + 7) / 8;
	return 0;
}

int pack_histogram(struct pack *out, const struct image_bucket *buckets, size_t n)
{
	struct bit_writer w = {0};
	int64_t before = -1;
	unsigned length_before = 1;

	for (size_t i = 0; i < n; i++) {
		unsigned length = length_of(buckets[i].count);

		if (length == 0 || (int64_t)buckets[i].bucket <= before) {
			free(w.bytes);
			return -1;
		}
		write_number(&w, (uint64_t)((int64_t)buckets[i].bucket - before));
		write_signed(&w, (int64_t)length - (int64_t)length_before);
		write_bits(&w, buckets[i].count, length - 1);
		before = buckets[i].bucket;
		length_before = length;
	}
	return finish(&w, out);
}

int pack_histogram_read(const void *bytes, size_t n_bytes, struct image_bucket **buckets, size_t *n)
{
	struct bit_reader r = reader_of(bytes, n_bytes);
	struct image_bucket *list = NULL;
	size_t used = 0, capacity = 0;
	int64_t bucket = -1, length = 1;
	uint64_t gap;

	while ((gap = read_number(&r)) != 0) {
		if (used == capacity) {
			struct image_bucket *more;

			capacity = 2 * capacity + 16;
			more = realloc(list, capacity * sizeof(*list));
			if (!more) {
				free(list);
				return -1;
			}
			list = more;
		}
		length += read_signed(&r);
		if (r.failed || gap > (uint64_t)(HIST_BUCKETS - 1 - bucket) || length < 1 ||
		    length > 64)
			break;
		bucket += (int64_t)gap;
		list[used].bucket = (uint32_t)bucket;
		list[used].count = 1ull << (length - 1) | read_bits(&r, (unsigned)length - 1);
		used++;
	}
	if (gap != 0 || r.failed) {
		free(list);
		return -1;
	}
	*buckets = list;
	*n = used;
	return 0;
}

/* Appends whole bytes; a string of bits that begins anew each time. */
static int append_histogram(struct pack *all, size_t *capacity, const struct merged *m)
{
	struct pack one = {0};
	size_t length;

	if (pack_histogram(&one, m->buckets, m->n_buckets))
		return -1;
	length = one.n;
	if (all->n + length + 10 > *capacity) {
		size_t room = 2 * *capacity + length + 64;
		uint8_t *more = realloc(all->bytes, room);

		if (!more) {
			free(one.bytes);
			return -1;
		}
		all->bytes = more;
		*capacity = room;
	}
	for (; length >= 0x80; length >>= 7)
		all->bytes[all->n++] = (uint8_t)(length | 0x80);
	all->bytes[all->n++] = (uint8_t)length;
	if (one.n)
		memcpy(all->bytes + all->n, one.bytes, one.n);
	all->n += one.n;
	free(one.bytes);
	return 0;
}

int pack_functions(struct pack *numbers, struct pack *histograms, const struct merged *functions,
		   size_t n)
{
	struct bit_writer w = {0};
	struct pack all = {0};
	size_t capacity = 0;
	int64_t before = 0;

	for (size_t i = 0; i < n && !w.failed; i++) {
		const struct merged *m = &functions[i];

		w.failed = m->function <= before || append_histogram(&all, &capacity, m) != 0;
		if (w.failed)
			break;
		write_number(&w, (uint64_t)(m->function - before));
		write_wide(&w, m->calls);
		write_number(&w, m->running + 1);
		write_number(&w, m->unwound + 1);
		write_wide(&w, m->self_ns);
		write_wide(&w, m->total_ns - m->self_ns);
		write_signed(&w, (int64_t)(m->sum_ns - m->total_ns));
		write_wide(&w, m->min_ns);
		write_wide(&w, m->max_ns - m->min_ns);
		write_wide(&w, m->self_cost_ns);
		write_signed(&w, (int64_t)(m->total_cost_ns - m->self_cost_ns));
		write_signed(&w, (int64_t)(m->sum_cost_ns - m->total_cost_ns));
		before = m->function;
	}
	if (finish(&w, numbers)) {
		free(all.bytes);
		return -1;
	}
	*histograms = all;
	return 0;
}

int pack_functions_read(const void *bytes, size_t n_bytes, struct merged **functions, size_t *n)
{
	struct bit_reader r = reader_of(bytes, n_bytes);
	struct merged *list = NULL;
	size_t used = 0, capacity = 0;
	uint64_t gap, function = 0;

	while ((gap = read_number(&r)) != 0 && !r.failed) {
		struct merged *m;

		if (used == capacity) {
			capacity = 2 * capacity + 16;
			m = realloc(list, capacity * sizeof(*list));
			if (!m) {
				free(list);
				return -1;
			}
			list = m;
		}
		m = &list[used++];
		memset(m, 0, sizeof(*m));
		function += gap;
		m->function = (int64_t)function;
		m->calls = read_wide(&r);
		m->running = read_number(&r) - 1;
		m->unwound = read_number(&r) - 1;
		m->self_ns = read_wide(&r);
		m->total_ns = read_wide(&r) + m->self_ns;
		m->sum_ns = (uint64_t)read_signed(&r) + m->total_ns;
		m->min_ns = read_wide(&r);
		m->max_ns = read_wide(&r) + m->min_ns;
		m->self_cost_ns = read_wide(&r);
		m->total_cost_ns = (uint64_t)read_signed(&r) + m->self_cost_ns;
		m->sum_cost_ns = (uint64_t)read_signed(&r) + m->total_cost_ns;
	}
	if (r.failed) {
		free(list);
		return -1;
	}
	*functions = list;
	*n = used;
	return 0;
}

int pack_skipped(struct pack *out, const struct merged *functions, size_t n)
{
	struct bit_writer w = {0};
	bool any = false;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < n; i++) {
		any |= functions[i].skipped != 0;
		write_number(&w, functions[i].skipped + 1);
	}
	for (size_t i = 0; i < n; i++)
		write_number(&w, functions[i].skipped ? functions[i].squares + 1 : 1);
	if (any)
		return finish(&w, out);
	free(w.bytes);
	return w.failed ? -1 : 0;
}

int pack_skipped_read(const void *bytes, size_t n_bytes, struct merged *functions, size_t n)
{
	struct bit_reader r = reader_of(bytes, n_bytes);

	for (size_t i = 0; n_bytes && i < n && !r.failed; i++) {
		uint64_t number = read_number(&r);

		/* Past the end of the bytes. */
		r.failed |= number == 0;
		functions[i].skipped = number ? number - 1 : 0;
	}
	if (r.failed)
		return -1;
	for (size_t i = 0; n_bytes && i < n; i++) {
		uint64_t number = read_number(&r);

		functions[i].squares = number && !r.failed ? number - 1 : 0;
	}
	return 0;
}

const uint8_t *pack_next_histogram(const uint8_t **at, const uint8_t *end, size_t *length)
{
	const uint8_t *bytes = *at;
	unsigned shift = 0;

	*length = 0;
	do {
		if (bytes == end || shift > 28)
			return NULL;
		*length |= (size_t)(*bytes & 0x7f) << shift;
		shift += 7;
	} while (*bytes++ & 0x80);
	if (*length > (size_t)(end - bytes))
		return NULL;
	*at = bytes + *length;
	return bytes;
}

/* What the total time of each context is without recursion: its own time and its children's. */
static uint64_t *plain_totals(const struct pack_context *contexts, size_t n)
{
	uint64_t *sums = calloc(n + 1, sizeof(*sums));

	if (!sums)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		sums[i] += contexts[i].self_ns;
		if (contexts[i].parent >= 0)
			sums[contexts[i].parent] += contexts[i].total_ns;
	}
	return sums;
}

int pack_contexts(struct pack *out, const struct pack_context *contexts, size_t n)
{
	struct bit_writer w = {0};
	uint64_t *plain = plain_totals(contexts, n);
	int64_t before = 0;

	if (!plain)
		return -1;
	write_number(&w, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct pack_context *c = &contexts[i];

		if (c->parent >= (int64_t)i || c->parent < -1) {
			w.failed = true;
			break;
		}
		write_number(&w, (uint64_t)((int64_t)i - c->parent));
		write_signed(&w, c->function - before);
		write_wide(&w, c->calls);
		write_wide(&w, c->self_ns);
		write_signed(&w, (int64_t)(c->total_ns - plain[i]));
		before = c->function;
	}
	free(plain);
	return finish(&w, out);
}

int pack_contexts_read(const void *bytes, size_t n_bytes, struct pack_context **contexts, size_t *n)
{
	struct bit_reader r = reader_of(bytes, n_bytes);
	uint64_t count = read_number(&r);
	struct pack_context *list;
	int64_t function = 0;

	/* A context takes at least 17 bits, so a damaged count cannot ask for much memory. */
	if (count-- == 0 || count > 8 * n_bytes / 17)
		return -1;
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return -1;
	for (size_t i = 0; i < count && !r.failed; i++) {
		uint64_t up = read_number(&r);

		if (up == 0 || up > i + 1) {
			r.failed = true;
			break;
		}
		function = (int64_t)((uint64_t)function + (uint64_t)read_signed(&r));
		list[i].parent = (int64_t)i - (int64_t)up;
		list[i].function = function;
		list[i].calls = read_wide(&r);
		list[i].self_ns = read_wide(&r);
		list[i].total_ns = (uint64_t)read_signed(&r) + list[i].self_ns;
	}
	if (r.failed) {
		free(list);
		return -1;
	}
	/* Children come after their parents, so from the end on each total is complete when it is
	 * added. */
	for (size_t i = count; i-- > 0;)
		if (list[i].parent >= 0)
			list[list[i].parent].total_ns += list[i].total_ns;
	*contexts = list;
	*n = count;
	return 0;
}

int pack_calls(struct pack *out, const struct pack_call *calls, size_t n)
{
	struct pack_call before = {0};
	struct bit_writer w = {0};

	write_number(&w, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct pack_call *c = &calls[i];

		write_signed(&w, c->function - before.function);
		write_signed(&w, c->thread - before.thread);
		write_wide(&w, zigzag_of((int64_t)(c->start_ns - before.start_ns)));
		write_wide(&w, c->duration_ns);
		before = *c;
	}
	return finish(&w, out);
}

int pack_calls_read(const void *bytes, size_t n_bytes, struct pack_call **calls, size_t *n)
{
	struct bit_reader r = reader_of(bytes, n_bytes);
	uint64_t count = read_number(&r);
	struct pack_call *list, before = {0};

	/* A call takes at least 16 bits, so a damaged count cannot ask for much memory. */
	if (count-- == 0 || count > 8 * n_bytes / 16)
		return -1;
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return -1;
	for (size_t i = 0; i < count && !r.failed; i++) {
		struct pack_call *c = &list[i];

		c->function = (int64_t)((uint64_t)before.function + (uint64_t)read_signed(&r));
		c->thread = (int64_t)((uint64_t)before.thread + (uint64_t)read_signed(&r));
		c->start_ns = before.start_ns + (uint64_t)signed_of(read_wide(&r));
		c->duration_ns = read_wide(&r);
		before = *c;
	}
	if (r.failed) {
		free(list);
		return -1;
	}
	*calls = list;
	*n = count;
	return 0;
}
