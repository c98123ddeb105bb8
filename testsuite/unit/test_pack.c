/* SPDX-License-Identifier: MIT */
/* What the store packs comes back, and damaged bytes do no harm. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/segment/image.h"
#include "../../cli/store/merge.h"
#include "../../cli/store/pack.h"
#include "fake_image.h"

static void packed_histograms_come_back(void **state)
{
	uint64_t seed = 42;

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct image_bucket in[200], *out;
		struct pack pack = {0};
		size_t n = 0, m;
		uint32_t bucket = 0;

		while (n < (size_t)round % 200) {
			bucket += (uint32_t)(fake_random(&seed) % 12) + (n > 0);
			if (bucket >= HIST_BUCKETS)
				break;
			in[n].bucket = bucket;
			in[n++].count = 1 + (fake_random(&seed) >> fake_random(&seed) % 64);
		}
		if (n && round % 7 == 0)
			in[n - 1].bucket = HIST_BUCKETS - 1;
		assert_int_equal(pack_histogram(&pack, in, n), 0);
		assert_int_equal(pack_histogram_read(pack.bytes, pack.n, &out, &m), 0);
		assert_int_equal(n, m);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(in[i].bucket, out[i].bucket);
			assert_int_equal(in[i].count, out[i].count);
		}
		free(out);
		free(pack.bytes);
	}
}

static void packed_calls_come_back(void **state)
{
	uint64_t seed = 43;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct pack_call in[IMAGE_RECENT], *out;
		size_t n = (size_t)round % (IMAGE_RECENT + 1), m;
		struct pack pack = {0};

		for (size_t i = 0; i < n; i++)
			in[i] = (struct pack_call){
				.function = (int64_t)(fake_random(&seed) % 100000),
				.thread = (int64_t)(fake_random(&seed) % 500),
				.start_ns = fake_random(&seed) >> (2 + fake_random(&seed) % 62),
				.duration_ns = fake_random(&seed) >> fake_random(&seed) % 64,
			};
		assert_int_equal(pack_calls(&pack, in, n), 0);
		assert_int_equal(pack_calls_read(pack.bytes, pack.n, &out, &m), 0);
		assert_int_equal(n, m);
		for (size_t i = 0; i < n; i++)
			assert_memory_equal(&in[i], &out[i], sizeof(in[i]));
		free(out);
		free(pack.bytes);
	}
}

/* Cut anywhere a histogram is refused, or is the buckets that are still whole; what lies behind the cut changes nothing. */
static void cut_histograms_are_refused_or_shorter(void **state)
{
	uint64_t seed = 44;

	(void)state;
	for (int round = 0; round < 50; round++) {
		struct image_bucket in[40], *out;
		struct pack pack = {0};

		for (uint32_t i = 0; i < 40; i++)
			in[i] = (struct image_bucket){
				.bucket = 7 * i,
				.count = 1 + (fake_random(&seed) >> fake_random(&seed) % 64)};
		assert_int_equal(pack_histogram(&pack, in, 40), 0);
		for (size_t cut = 0; cut < pack.n; cut++) {
			uint8_t *bytes = malloc(cut + 1); /* its last byte is no part of it */
			size_t n;

			memcpy(bytes, pack.bytes, cut);
			bytes[cut] = 0xff;
			if (!pack_histogram_read(bytes, cut, &out, &n)) {
				assert_true(n < 40);
				for (size_t i = 0; i < n; i++) {
					assert_int_equal(in[i].bucket, out[i].bucket);
					assert_int_equal(in[i].count, out[i].count);
				}
				free(out);
			}
			free(bytes);
		}
		free(pack.bytes);
	}
}

/* Whatever the bytes are, the readers end, and stay in their memory (the sanitizers watch). */
static void damaged_packs_are_refused_or_read(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct pack_context *contexts;
		struct image_bucket *buckets;
		struct pack_call *calls;
		uint8_t bytes[40];
		size_t n, length = fake_random(&seed) % sizeof(bytes);

		for (size_t i = 0; i < length; i++)
			bytes[i] = (uint8_t)(fake_random(&seed) >> 20);
		if (!pack_histogram_read(bytes, length, &buckets, &n)) {
			for (size_t i = 0; i < n; i++)
				assert_true(buckets[i].bucket < HIST_BUCKETS);
			free(buckets);
		}
		if (!pack_calls_read(bytes, length, &calls, &n)) {
			assert_true(n <= length / 2);
			free(calls);
		}
		if (!pack_contexts_read(bytes, length, &contexts, &n)) {
			for (size_t i = 0; i < n; i++)
				assert_true(contexts[i].parent < (int64_t)i);
			free(contexts);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packed_histograms_come_back),
		cmocka_unit_test(packed_calls_come_back),
		cmocka_unit_test(cut_histograms_are_refused_or_shorter),
		cmocka_unit_test(damaged_packs_are_refused_or_read),
	};

	return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
