/* SPDX-License-Identifier: MIT */
/*
 * A segment with one field damaged, a test a field: what steering a program leaves in it.  And images taken from each
 * other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>
#include "../../runtime/seg_copy.h"
#include "genuine.h"

static struct genuine fiber, die;

static struct seg_header *header(void)
{
	return genuine_header(&fiber);
}

static struct seg_thread *thread(const struct genuine *g)
{
	return genuine_at(g, genuine_header(g)->threads);
}

static struct seg_fiber *aside(void)
{
	return genuine_at(&fiber,
			  (void *)(header()->map_base + 64 * (uint64_t)thread(&fiber)->fibers));
}

static uint64_t running(const struct image *im, const char *function)
{
	for (size_t i = 0; i < im->n_sites; i++)
		if (strcmp(im->sites[i].name, function) == 0)
			return im->sites[i].running;
	return 0;
}

static void genuine_segments_are_sound(void **state)
{
	(void)state;
	genuine_same_times(&fiber, genuine_sound(&fiber));
	assert_int_equal(running(&fiber.good, "outer"), 1);
	assert_int_equal(running(&fiber.good, "middle"), 1);
	assert_int_equal(running(&fiber.good, "inner"), 1);
}

static void thread_fibers(void **state)
{
	const uint32_t wrong[] = {1, 63, UINT32_MAX, (uint32_t)(fiber.size / 64) + 1};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		POKE(thread(&fiber)->fibers, wrong[i]);
		assert_int_equal(
			running(genuine_damaged(&fiber, "list of fibers breaks off"), "outer"), 0);
		genuine_mend();
	}
}

static void fiber_next(void **state)
{
	(void)state;
	POKE(aside()->next, thread(&fiber)->fibers); /* a cycle */
	genuine_same_times(&fiber, genuine_damaged(&fiber, "list of fibers breaks off"));
}

static void fiber_n(void **state)
{
	(void)state;
	POKE(aside()->n, UINT32_MAX);
	assert_int_equal(running(genuine_damaged(&fiber, "list of fibers breaks off"), "outer"), 0);
	genuine_mend();
	POKE(aside()->n, 1);
	assert_int_equal(running(genuine_sound(&fiber), "middle"), 0);
}

static void fiber_frame_start(void **state)
{
	(void)state;
	POKE(aside()->frames[0].start, UINT64_MAX);
	const struct image *im = genuine_damaged(&fiber, "fiber's call has an absurd time");

	assert_int_equal(running(im, "outer"), 0);
	assert_int_equal(running(im, "middle"), 1);
}

static void fiber_frame_before(void **state)
{
	(void)state;
	POKE(aside()->frames[0].before, (uint64_t)1 << 57);
	genuine_damaged(&fiber, "fiber's call has an absurd time");
}

static void fiber_frame_node(void **state)
{
	(void)state;
	POKE(aside()->frames[0].node, (struct seg_node *)64);
	assert_int_equal(running(genuine_sound(&fiber), "outer"), 0);
}

/* The writer's own, which nobody believes. */
static void fiber_class_offs_place_name_after(void **state)
{
	(void)state;
	POKE(aside()->class, UINT32_MAX);
	POKE(aside()->offs, UINT32_MAX);
	POKE(aside()->place, (struct seg_thread *)1);
	POKE(aside()->name, UINT64_MAX);
	POKE(aside()->after, (struct seg_fiber *)1);
	genuine_same_times(&fiber, genuine_sound(&fiber));
}

static void header_control_off_and_followed(void **state)
{
	(void)state;
	POKE(header()->control, UINT32_MAX);
	POKE(header()->off, UINT32_MAX);
	POKE(header()->followed, UINT32_MAX);
	genuine_same_times(&fiber, genuine_sound(&fiber));
}

static void header_part(void **state)
{
	(void)state;
	POKE(header()->part, UINT32_MAX);
	assert_int_equal(genuine_sound(&fiber)->part, SEG_PART_WHOLE);
	POKE(header()->part, SEG_PART_SESSION);
	assert_int_equal(genuine_sound(&fiber)->part, SEG_PART_SESSION);
}

static void header_base(void **state)
{
	(void)state;
	POKE(header()->base, UINT32_MAX);
	genuine_same_times(&fiber, genuine_damaged(&fiber, "what was recorded before"));
}

/* A call ends where measuring was switched off; not before it began. */
static void thread_stopped(void **state)
{
	const struct seg_frame *stack = genuine_at(&die, thread(&die)->stack);

	(void)state;
	POKE(thread(&die)->stopped, 1);
	assert_true(genuine_sound(&die)->duration_ns == die.good.duration_ns);
	POKE(thread(&die)->stopped, stack[1].start);
	genuine_same_calls(&die, genuine_sound(&die));
	POKE(thread(&die)->stopped, UINT64_MAX);
	genuine_reads(&die, IMAGE_OK);
}

/* A segment less itself is nothing but what still runs. */
static void less_itself(void **state)
{
	struct seg_copy edit = {.part = SEG_PART_LIVE,
				.end_ticks = header()->end_ticks,
				.end_mono = header()->end_mono,
				.end_real = header()->end_real};
	char base[400];

	(void)state;
	assert_int_equal(seg_stem_name(base, sizeof(base), fiber.path, ".base-", 7, ""), 0);
	assert_int_equal(seg_copy(fiber.path, base, &edit, NULL), 0);
	assert_int_equal(seg_copy(fiber.path, base, &edit, NULL), -1); /* it is there */
	POKE(header()->base, 7);
	const struct image *im = genuine_sound(&fiber);

	assert_int_equal(genuine_calls(im, "leaf"), 0);
	assert_int_equal(genuine_calls(im, "outer"), 1);
	assert_int_equal(genuine_calls(im, "inner"), 1);
	assert_int_equal(im->duration_ns, 0);
	assert_int_equal(im->n_recent, 0);
	for (size_t i = 0; i < im->n_sites; i++)
		assert_true(im->sites[i].total_ns == 0 && im->sites[i].n_buckets == 0);
	unlink(base);
}

/* The base of another run is none. */
static void less_another(void **state)
{
	struct seg_copy edit = {.part = SEG_PART_LIVE};
	char base[400];

	(void)state;
	assert_int_equal(seg_stem_name(base, sizeof(base), fiber.path, ".base-", 8, ""), 0);
	assert_int_equal(seg_copy(die.path, base, &edit, NULL), 0);
	POKE(header()->base, 8);
	genuine_same_times(&fiber, genuine_damaged(&fiber, "what was recorded before"));
	unlink(base);
}

static const struct genuine_shape shapes[] = {{&fiber, "fiber"}, {&die, "die 9"}, {0}};

int main(void)
{
	const struct CMUnitTest tests[] = {
		GENUINE_TEST(genuine_segments_are_sound),
		GENUINE_TEST(thread_fibers),
		GENUINE_TEST(fiber_next),
		GENUINE_TEST(fiber_n),
		GENUINE_TEST(fiber_frame_start),
		GENUINE_TEST(fiber_frame_before),
		GENUINE_TEST(fiber_frame_node),
		GENUINE_TEST(fiber_class_offs_place_name_after),
		GENUINE_TEST(header_control_off_and_followed),
		GENUINE_TEST(header_part),
		GENUINE_TEST(header_base),
		GENUINE_TEST(thread_stopped),
		GENUINE_TEST(less_itself),
		GENUINE_TEST(less_another),
	};

	genuine_use(shapes);
	return cmocka_run_group_tests(tests, genuine_set_up, genuine_tear_down);
}
