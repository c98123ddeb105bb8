/* SPDX-License-Identifier: MIT */
/* A segment with one field damaged, a test a field: histograms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "genuine.h"

/* Site ids of shapes.c, which has one unit. */
enum { OUTER = 1, MIDDLE, INNER, LEAF };

static struct genuine nest, threads, die, recurse;

static struct seg_thread *thread(const struct genuine *g)
{
	return genuine_at(g, genuine_header(g)->threads);
}

/* stat: the histogram of a site on a thread. */
static struct seg_stat *stat_of(const struct genuine *g, uint32_t site)
{
	struct seg_stat *s = genuine_at(g, thread(g)->stats);

	while (s->site != site)
		s = genuine_at(g, s->next);
	return s;
}

static void stat_site(void **state)
{
	(void)state;
	POKE(stat_of(&nest, INNER)->site, UINT32_MAX);
	const struct image *im = genuine_damaged(&nest, "a histogram has the unknown site");

	genuine_same_times(&nest, im);
	assert_int_equal(genuine_counted(im, "leaf"), 4000);
	assert_int_equal(genuine_counted(im, "outer"), 1000);
	assert_true(genuine_counted(im, "inner") < 1000);
}

static void stat_next_cycle(void **state)
{
	struct seg_stat *last = genuine_at(&nest, thread(&nest)->stats);

	(void)state;
	while (last->next)
		last = genuine_at(&nest, last->next);
	POKE(last->next, thread(&nest)->stats);
	const struct image *im = genuine_damaged(&nest, "list of histograms breaks off");

	genuine_same_times(&nest, im);
	assert_int_equal(genuine_counted(im, "leaf"), 4000);
	assert_int_equal(genuine_counted(im, "inner"), 1000);
	for (size_t i = 0; genuine_wild(&nest, i); i++) {
		POKE(last->next, genuine_wild(&nest, i));
		assert_int_equal(
			genuine_counted(genuine_damaged(&nest, "list of histograms"), "leaf"),
			4000);
	}
}

/* spare: where the segment has nothing. */
static void *spare(void)
{
	return (char *)genuine_at(&nest, genuine_header(&nest)->info) + (40 << 10);
}

/* count_of: what stands in a bucket of leaf, where the clock does not go by steps. */
static uint64_t count_of(uint32_t bucket)
{
	POKE(genuine_header(&nest)->step, 1);
	const struct image_site *site = genuine_site(genuine_sound(&nest), "leaf");

	for (size_t b = 0; b < site->n_buckets; b++)
		if (site->buckets[b].bucket == bucket)
			return site->buckets[b].count;
	return 0;
}

/* line_used: a line that the stat has; where all calls were short they are put into one, the second. */
static uint32_t *line_used(struct seg_stat *s)
{
	uint32_t *counters = spare(), n = 0;

	for (uint32_t i = 0; i < SEG_LINES; i++)
		if (s->lines[i])
			return &s->lines[i];
	for (uint32_t i = 0; i < SEG_NEAR; i++) {
		n += s->near[i];
		if (s->near[i])
			POKE(s->near[i], 0);
	}
	POKE(counters[3], n);
	POKE(s->lines[1], (uint32_t)((char *)counters - nest.map) / 64);
	assert_int_equal(count_of(SEG_NEAR + HIST_LINE + 3), n);
	assert_int_equal(genuine_counted(genuine_sound(&nest), "leaf"), 4000);
	return &s->lines[1];
}

static void stat_near(void **state)
{
	struct seg_stat *s = stat_of(&nest, LEAF);
	const uint32_t buckets[] = {0, 1, SEG_NEAR - 1};

	(void)state;
	for (size_t i = 0; i < sizeof(buckets) / sizeof(*buckets); i++) {
		uint64_t before = count_of(buckets[i]);

		POKE(s->near[buckets[i]], s->near[buckets[i]] + 7);
		assert_int_equal(count_of(buckets[i]), before + 7);
		assert_int_equal(genuine_counted(genuine_sound(&nest), "leaf"), 4007);
		genuine_mend();
	}
}

/* near_limits: the counters of single durations say what the least and the greatest is. */
static void near_limits(const struct genuine *g)
{
	for (struct seg_stat *link = thread(g)->stats, *s; link; link = s->next) {
		uint32_t least = 0, most = SEG_NEAR;

		s = genuine_at(g, link);
		while (least < SEG_NEAR && !s->near[least])
			least++;
		while (most && !s->near[most - 1])
			most--;
		if (least < SEG_NEAR)
			assert_int_equal(s->min, least);
		if (s->min != UINT64_MAX && s->max < SEG_NEAR)
			assert_int_equal(s->max, most - 1);
		else if (most)
			assert_true(s->max >= most - 1);
	}
}

static void stat_near_limits(void **state)
{
	(void)state;
	near_limits(&nest);
	near_limits(&threads);
	near_limits(&die);
	near_limits(&recurse);
}

static void stat_lines(void **state)
{
	const uint32_t lines[] = {1, UINT32_MAX, (uint32_t)(nest.size / 64)};
	struct seg_stat *s = stat_of(&nest, LEAF);
	uint32_t *line = line_used(s);

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		POKE(*line, lines[i]);
		const struct image *im =
			genuine_damaged(&nest, "a histogram of leaf is unreachable");

		genuine_same_times(&nest, im);
		assert_int_equal(genuine_counted(im, "inner"), 1000);
		assert_true(genuine_counted(im, "leaf") < 4000);
	}
	genuine_mend();
	line = line_used(s);
	POKE(s->lines[SEG_LINES - 1], *line);
	genuine_same_times(&nest, genuine_damaged(&nest, "in two places"));
}

static void stat_limits(void **state)
{
	struct seg_stat *s = stat_of(&nest, LEAF);

	(void)state;
	POKE(s->max, UINT64_MAX);
	genuine_same_times(&nest, genuine_damaged(&nest, "limits of a histogram of leaf"));
	genuine_mend();
	POKE(s->min, UINT64_MAX - 1);
	const struct image_site *leaf =
		genuine_site(genuine_damaged(&nest, "limits of a histogram of leaf"), "leaf");
	uint64_t max = genuine_site(&nest.good, "leaf")->max_ns;

	/* From the histogram then, or from the calls not yet folded. */
	assert_true(leaf->min_ns <= leaf->max_ns && leaf->max_ns <= max);
}

/* spare_carries: two carries where the segment has nothing, the second behind the first. */
static struct seg_carry *spare_carries(void)
{
	struct seg_carry *c = spare();

	POKE(c[0].bucket, 100);
	POKE(c[1].bucket, 100);
	POKE(c[0].next, (void *)genuine_link(&nest, &c[1]));
	POKE(stat_of(&nest, LEAF)->carry, (void *)genuine_link(&nest, &c[0]));
	return c;
}

static void stat_carry(void **state)
{
	(void)state;
	spare_carries();
	const struct image *im = genuine_sound(&nest);

	assert_int_equal(genuine_counted(im, "leaf"), 4000 + (2ull << 32));
	for (size_t i = 0; genuine_wild(&nest, i); i++) {
		POKE(stat_of(&nest, LEAF)->carry, genuine_wild(&nest, i));
		im = genuine_damaged(&nest, "a histogram of leaf breaks off");
		assert_int_equal(genuine_counted(im, "leaf"), 4000);
	}
}

static void stat_carry_cycle(void **state)
{
	struct seg_carry *c = spare_carries();

	(void)state;
	POKE(c[1].next, (void *)genuine_link(&nest, &c[0]));
	const struct image *im = genuine_damaged(&nest, "a histogram of leaf breaks off");

	assert_int_equal(genuine_counted(im, "leaf"), 4000 + (2ull << 32));
	genuine_same_times(&nest, im);
}

static void stat_carry_bucket(void **state)
{
	struct seg_carry *c = spare_carries();

	(void)state;
	POKE(c[1].bucket, HIST_BUCKETS);
	assert_int_equal(genuine_counted(genuine_damaged(&nest, "breaks off"), "leaf"),
			 4000 + (1ull << 32));
	POKE(c[0].bucket, UINT64_MAX);
	assert_int_equal(genuine_counted(genuine_damaged(&nest, "breaks off"), "leaf"), 4000);
}

static const struct genuine_shape shapes[] = {
	{&nest, "nest"}, {&threads, "threads 3"}, {&die, "die 9"}, {&recurse, "recurse 9"}, {0}};

int main(void)
{
	const struct CMUnitTest tests[] = {
		GENUINE_TEST(stat_site),	 GENUINE_TEST(stat_next_cycle),
		GENUINE_TEST(stat_near),	 GENUINE_TEST(stat_near_limits),
		GENUINE_TEST(stat_lines),	 GENUINE_TEST(stat_limits),
		GENUINE_TEST(stat_carry),	 GENUINE_TEST(stat_carry_cycle),
		GENUINE_TEST(stat_carry_bucket),
	};

	genuine_use(shapes);
	return cmocka_run_group_tests_name("segment_stats", tests, genuine_set_up,
					   genuine_tear_down);
}
