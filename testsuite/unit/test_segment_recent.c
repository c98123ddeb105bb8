/* SPDX-License-Identifier: MIT */
/* The newest calls of a run, of genuine segments and of damaged rings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include "genuine.h"

static struct genuine few, threads, die;

static struct seg_thread *first_thread(const struct genuine *g)
{
	return genuine_at(g, genuine_header(g)->threads);
}

/* newest: the slot of a thread's ring that ended last. */
static struct seg_sample *newest(const struct genuine *g)
{
	struct seg_thread *t = first_thread(g);
	struct seg_sample *found = NULL;

	for (int i = 0; i < SEG_RING; i++)
		if (t->ring[i].word & SEG_NODE_MASK && (!found || t->ring[i].end > found->end))
			found = &t->ring[i];
	assert_non_null(found);
	return found;
}

/* A sealed run has them although all are folded, and a killed one too; in the order in which they ended. */
static void newest_calls_are_there(void **state)
{
	const struct genuine *all[] = {&few, &threads, &die};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct image *im = genuine_sound(all[i]);

		assert_true(im->n_recent > 0);
		for (size_t k = 0; k < im->n_recent; k++) {
			const struct image_call *c = &im->recent[k];

			assert_true(c->duration_ns <= im->sites[c->site].max_ns + 1);
			assert_true(c->start_ns + c->duration_ns <= im->duration_ns);
		}
	}
}

/* "threads": several made calls, and the newest of all of them are kept. */
static void newest_calls_are_of_all_threads(void **state)
{
	const struct image *im = genuine_sound(&threads);
	uint64_t calls = 0;

	(void)state;
	for (size_t i = 0; i < im->n_sites; i++)
		calls += im->sites[i].calls;
	assert_true(calls > IMAGE_RECENT);
	assert_int_equal(im->n_recent, IMAGE_RECENT);
}

/* Folded calls stay in their slots to be shown; a slot that was about to be written holds two halves of calls. */
static void slots_that_are_folded_or_taken(void **state)
{
	struct seg_sample *s = newest(&few);
	size_t all = few.good.n_recent;

	(void)state;
	assert_true(all > 1 && all < IMAGE_RECENT);
	POKE(s->word, s->word | SEG_FOLDED);
	assert_int_equal(genuine_sound(&few)->n_recent, all);
	POKE(s->word, s->word | SEG_TAKEN);
	assert_int_equal(genuine_sound(&few)->n_recent, all - 1);
}

/* A folded slot that makes no sense is no damage: it counts for nothing else. */
static void folded_slot_that_makes_no_sense(void **state)
{
	struct seg_sample *s = newest(&few);
	uint64_t end = s->end, incl = s->incl, below = s->below;
	size_t all = few.good.n_recent;

	(void)state;
	POKE(s->word, s->word | SEG_FOLDED);
	POKE(s->end, UINT64_MAX);
	assert_int_equal(genuine_sound(&few)->n_recent, all - 1);
	POKE(s->end, 0);
	assert_int_equal(genuine_sound(&few)->n_recent, all - 1);
	POKE(s->end, end);
	POKE(s->incl, UINT64_MAX);
	assert_int_equal(genuine_sound(&few)->n_recent, all - 1);
	POKE(s->incl, incl);
	POKE(s->below, UINT64_MAX);
	assert_true(genuine_sound(&few)->n_recent >= all - 1);
	POKE(s->below, below);
	POKE(s->word, (s->word & ~SEG_NODE_MASK) | 64);
	assert_int_equal(genuine_sound(&few)->n_recent, all - 1);
}

static const struct genuine_shape shapes[] = {
	{&few, "recurse 5"}, {&threads, "threads 3"}, {&die, "die 9"}, {0}};

int main(void)
{
	const struct CMUnitTest tests[] = {
		GENUINE_TEST(newest_calls_are_there),
		GENUINE_TEST(newest_calls_are_of_all_threads),
		GENUINE_TEST(slots_that_are_folded_or_taken),
		GENUINE_TEST(folded_slot_that_makes_no_sense),
	};

	genuine_use(shapes);
	return cmocka_run_group_tests_name("newest calls", tests, genuine_set_up,
					   genuine_tear_down);
}
