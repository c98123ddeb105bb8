/* SPDX-License-Identifier: MIT */
/*
 * A segment with one field damaged, a test a field: threads, their calling contexts, newest calls and stacks.  Histograms are in
 * test_segment_stats.c, the rest is in test_segment.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include "genuine.h"

/* Site ids of shapes.c, which has one unit. */
enum { OUTER = 1, MIDDLE, INNER, LEAF };

static struct genuine nest, threads, die, recurse;

static struct seg_thread *thread(const struct genuine *g, int i)
{
	struct seg_thread *t = genuine_at(g, genuine_header(g)->threads);

	while (i--)
		t = genuine_at(g, t->next);
	return t;
}

static struct seg_node *root(const struct genuine *g)
{
	return genuine_at(g, thread(g, 0)->root);
}

/* child: link to the node of a site below another. */
static struct seg_node *child(const struct genuine *g, const struct seg_node *n, uint32_t site)
{
	struct seg_node *link = n->child;

	while (((struct seg_node *)genuine_at(g, link))->site != site)
		link = genuine_sibling(g, genuine_at(g, link));
	return link;
}

static struct seg_node *outer(void)
{
	return genuine_at(&nest, child(&nest, root(&nest), OUTER));
}

static struct seg_node *below_outer(uint32_t site)
{
	return genuine_at(&nest, child(&nest, outer(), site));
}

/* pending: a slot of the ring that still waits to be folded; NULL when none does. */
static struct seg_sample *pending(const struct genuine *g)
{
	for (struct seg_thread *t = thread(g, 0);; t = genuine_at(g, t->next)) {
		for (int i = 0; i < SEG_RING; i++)
			if (t->ring[i].word && !(t->ring[i].word & SEG_FOLDED))
				return &t->ring[i];
		if (!t->next)
			return NULL;
	}
}

static void genuine_segments_are_sound(void **state)
{
	(void)state;
	genuine_same_times(&nest, genuine_sound(&nest));
	genuine_same_times(&threads, genuine_sound(&threads));
	genuine_same_times(&die, genuine_sound(&die));
	genuine_same_times(&recurse, genuine_sound(&recurse));
	assert_int_equal(threads.good.n_threads, 3);
	assert_int_equal(genuine_calls(&threads.good, "leaf"), 6000);
	assert_int_equal(genuine_calls(&recurse.good, "outer"), 9);
	assert_int_equal(genuine_counted(&nest.good, "leaf"), 4000);
}

/* ---- threads ---- */

static void thread_next(void **state)
{
	const void *first = genuine_header(&threads)->threads;

	(void)state;
	POKE(thread(&threads, 2)->next, (void *)first); /* a cycle of all */
	genuine_same_times(&threads, genuine_damaged(&threads, "list of threads breaks off"));
	genuine_mend();
	POKE(thread(&threads, 1)->next, genuine_link(&threads, thread(&threads, 1)));
	const struct image *im = genuine_damaged(&threads, "list of threads breaks off");

	assert_int_equal(im->n_threads, 2);
	assert_int_equal(genuine_calls(im, "leaf"), 4000);
	assert_int_equal(genuine_counted(im, "leaf"), 4000);
	genuine_mend();
	for (size_t i = 0; genuine_wild(&threads, i); i++) {
		POKE(thread(&threads, 0)->next, genuine_wild(&threads, i));
		im = genuine_damaged(&threads, "list of threads breaks off");
		assert_int_equal(genuine_calls(im, "leaf"), 2000);
		genuine_mend();
	}
}

static void thread_root(void **state)
{
	struct seg_thread *t = thread(&threads, 0);

	(void)state;
	for (size_t i = 0; genuine_wild(&threads, i); i++) {
		POKE(t->root, genuine_wild(&threads, i));
		assert_int_equal(
			genuine_calls(genuine_damaged(&threads, "a calling context is unreachable"),
				      "leaf"),
			4000);
		genuine_mend();
	}
	POKE(t->root, NULL);
	genuine_damaged(&threads, "a calling context is unreachable");
	genuine_mend();
	POKE(t->root, ((struct seg_node *)genuine_at(&threads, t->root))->child);
	genuine_damaged(&threads, "does not begin with its root");
	genuine_mend();
	POKE(t->root, thread(&threads, 1)->root);
	assert_int_equal(genuine_calls(genuine_damaged(&threads, "in two places"), "leaf"), 4000);
}

static void thread_stats(void **state)
{
	struct seg_thread *t = thread(&threads, 0);

	(void)state;
	for (size_t i = 0; genuine_wild(&threads, i); i++) {
		POKE(t->stats, genuine_wild(&threads, i));
		const struct image *im = genuine_damaged(&threads, "list of histograms breaks off");

		genuine_same_times(&threads, im);
		assert_true(genuine_counted(im, "leaf") >= 4000 &&
			    genuine_counted(im, "leaf") < 6000);
		genuine_mend();
	}
	POKE(t->stats, thread(&threads, 2)->stats);
	const struct image *im = genuine_damaged(&threads, "list of histograms breaks off");

	genuine_same_times(&threads, im);
	assert_true(genuine_counted(im, "leaf") < 6000); /* those of thread 2 once, ours not */
}

static void thread_stack(void **state)
{
	struct seg_thread *t = thread(&die, 0);

	(void)state;
	assert_int_equal(t->live, 1);
	for (size_t i = 0; genuine_wild(&die, i); i++) {
		POKE(t->stack, genuine_wild(&die, i));
		const struct image *im = genuine_damaged(&die, "a thread's stack is unreachable");

		assert_int_equal(genuine_calls(im, "middle"), 0); /* it never returned */
		assert_int_equal(genuine_calls(im, "leaf"), 1000);
		genuine_mend();
	}
	POKE(t->stack, genuine_link(&die, t));
	genuine_damaged(&die, "a thread's stack is unreachable"); /* something else's place */
	genuine_mend();
	POKE(t->stack, t->stack + SEG_PAGE); /* its own, but not its beginning */
	assert_int_equal(genuine_calls(genuine_damaged(&die, "not its own"), "leaf"), 1000);
}

static void thread_stack_used(void **state)
{
	struct seg_thread *t = thread(&die, 0);

	(void)state;
	POKE(t->stack_used, UINT64_MAX);
	genuine_same_calls(&die, genuine_damaged(&die, "longer than the file"));
	POKE(t->stack_used, 0);
	assert_int_equal(genuine_calls(genuine_damaged(&die, "stack"), "leaf"), 1000);
	POKE(t->stack_used, 1);
	assert_int_equal(genuine_calls(genuine_reads(&die, IMAGE_OK), "leaf"), 1000);
}

static void thread_frame(void **state)
{
	struct seg_frame *stack = genuine_at(&die, thread(&die, 0)->stack);

	(void)state;
	POKE(stack[1].start, UINT64_MAX);
	const struct image *im = genuine_damaged(&die, "a time that a thread left is absurd");

	genuine_same_calls(&die, im);
	assert_int_equal(genuine_site(im, "outer")->total_ns, 0);
	genuine_mend();
	POKE(stack[1].node, genuine_link_to(&die, die.size));
	im = genuine_reads(&die, IMAGE_OK); /* a call without a place looks so */
	assert_int_equal(genuine_calls(im, "outer"), 0);
	assert_int_equal(genuine_calls(im, "middle"), 1);
}

static void thread_times(void **state)
{
	struct seg_thread *t = thread(&die, 0);

	(void)state;
	POKE(t->now_ticks, UINT64_MAX);
	genuine_same_times(&die, genuine_damaged(&die, "reading of the clock"));
	genuine_mend();
	POKE(t->now_mono, UINT64_MAX);
	genuine_same_times(&die, genuine_damaged(&die, "reading of the clock"));
	POKE(t->now_mono, 1);
	genuine_same_times(&die, genuine_damaged(&die, "reading of the clock"));
	genuine_mend();
	POKE(t->start_ticks, UINT64_MAX);
	POKE(t->end_ticks, UINT64_MAX);
	genuine_same_times(&die, genuine_reads(&die, IMAGE_OK));
}

static void thread_name_and_owners(void **state)
{
	struct seg_thread *t = thread(&nest, 0);

	(void)state;
	genuine_poke(t->name, "0123456789abcdef", SEG_NAME); /* no NUL */
	POKE(t->owners, 0);
	const struct image *im = genuine_sound(&nest);

	assert_string_equal(im->threads[0].name, "0123456789abcdef");
	assert_int_equal(im->threads[0].owners, 1);
}

static void thread_saved(void **state)
{
	(void)state;
	POKE(thread(&threads, 0)->saved, INT64_MAX);
	genuine_same_times(&threads, genuine_damaged(&threads, "absurd cost"));
	POKE(thread(&threads, 0)->saved, (uint64_t)INT64_MIN);
	genuine_same_times(&threads, genuine_damaged(&threads, "absurd cost"));
}

static void thread_folding(void **state)
{
	(void)state;
	POKE(thread(&nest, 0)->folding, UINT64_MAX);
	const struct image *im = genuine_sound(&nest);

	assert_int_equal(im->torn, 1);
	genuine_same_times(&nest, im);
}

/* ---- newest calls ---- */

static void ring_word(void **state)
{
	const uint64_t words[] = {64, ~(uint64_t)SEG_WORD_BITS,
				  (uint64_t)genuine_link_to(&die, die.size)};
	struct seg_sample *s = pending(&die);

	(void)state;
	assert_non_null(s);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		POKE(s->word, words[i]);
		const struct image *im = genuine_damaged(&die, "no calling context");

		assert_int_equal(genuine_calls(im, "leaf") + genuine_calls(im, "inner"), 1999);
	}
	POKE(s->word, (uint64_t)thread(&die, 0)->root); /* nobody calls the root */
	genuine_damaged(&die, "no calling context");
	POKE(s->word, 0);
	genuine_reads(&die, IMAGE_OK);
}

static void ring_incl(void **state)
{
	struct seg_sample *s = pending(&die);

	(void)state;
	/* A call that ended on a processor whose clock is behind; one in which the clock began anew. */
	POKE(s->incl, (uint64_t)-100);
	genuine_same_calls(&die, genuine_sound(&die));
	POKE(s->incl, 1ull << 63);
	genuine_same_calls(&die, genuine_damaged(&die, "a recorded call has an absurd time"));
	genuine_mend();
	POKE(s->below, UINT64_MAX);
	const struct image *im = genuine_damaged(&die, "a recorded call has an absurd cost");

	assert_int_equal(genuine_calls(im, "leaf") + genuine_calls(im, "inner"), 1999);
}

static void ring_end(void **state)
{
	struct seg_sample *s = pending(&die);

	(void)state;
	POKE(s->end, UINT64_MAX);
	genuine_same_times(&die, genuine_damaged(&die, "a time that a thread left is absurd"));
	POKE(s->end, 0);
	genuine_same_times(&die, genuine_sound(&die));
}

/* ---- calling contexts ---- */

static void node_site(void **state)
{
	const uint32_t ids[] = {0, genuine_header(&nest)->n_sites + 1, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		POKE(below_outer(INNER)->site, ids[i]);
		const struct image *im = genuine_damaged(&nest, "unknown site");

		assert_int_equal(genuine_calls(im, "outer"), 1000);
		assert_int_equal(genuine_calls(im, "leaf"), 1000); /* those of outer itself */
		assert_int_equal(genuine_calls(im, "inner"), 0);
		genuine_mend();
	}
}

static void node_parent(void **state)
{
	struct seg_node *inner = below_outer(INNER);

	(void)state;
	POKE(inner->parent, thread(&nest, 0)->root);
	const struct image *im =
		genuine_damaged(&nest, "a calling context of inner has another parent");

	assert_int_equal(genuine_calls(im, "outer"), 1000);
	assert_int_equal(genuine_calls(im, "leaf"), 1000);
	POKE(inner->parent, genuine_link_to(&nest, nest.size));
	genuine_damaged(&nest, "another parent");
	genuine_mend();
	POKE(root(&nest)->parent, genuine_link(&nest, outer()));
	genuine_damaged(&nest, "does not begin with its root");
}

static void node_child_cycle(void **state)
{
	struct seg_node *leaf = below_outer(LEAF);

	(void)state;
	POKE(leaf->child, genuine_link(&nest, outer()));
	genuine_same_times(&nest, genuine_damaged(&nest, "in two places"));
	POKE(leaf->child, genuine_link(&nest, leaf));
	genuine_same_times(&nest, genuine_damaged(&nest, "in two places"));
	POKE(leaf->child, thread(&nest, 0)->root);
	genuine_same_times(&nest, genuine_damaged(&nest, "in two places"));
}

static void node_child(void **state)
{
	(void)state;
	for (size_t i = 0; genuine_wild(&nest, i); i++) {
		POKE(outer()->child, genuine_wild(&nest, i));
		const struct image *im = genuine_damaged(&nest, "a calling context is unreachable");

		assert_int_equal(genuine_calls(im, "outer"), 1000);
		assert_int_equal(genuine_calls(im, "leaf"), 0);
		genuine_mend();
	}
	POKE(outer()->child, genuine_link(&nest, outer()) + 8); /* crooked */
	genuine_damaged(&nest, "a calling context is unreachable");
}

static void node_sibling_cycle(void **state)
{
	struct seg_node *last = below_outer(INNER);

	(void)state;
	if (last->sibling)
		last = below_outer(LEAF);
	POKE(last->sibling, genuine_as_sibling(&nest, outer()->child));
	genuine_same_times(&nest, genuine_damaged(&nest, "in two places"));
	POKE(last->sibling, genuine_as_sibling(&nest, genuine_link(&nest, last)));
	genuine_same_times(&nest, genuine_damaged(&nest, "in two places"));
	POKE(last->sibling, (uint32_t)(nest.size / 64));
	genuine_same_times(&nest, genuine_damaged(&nest, "unreachable"));
}

/* Invariant 5: a path has each site once, so no path is longer than there are sites. */
static void node_depth(void **state)
{
	struct seg_node *leaf = genuine_at(&nest, child(&nest, below_outer(INNER), LEAF));
	char *spare = (char *)genuine_at(&nest, genuine_header(&nest)->info) + (32 << 10);
	struct seg_node *above = genuine_link(&nest, leaf);
	struct seg_node chain[8];

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct seg_node *link = genuine_link(&nest, spare + i * sizeof(struct seg_node));

		chain[i] = (struct seg_node){.site = LEAF, .parent = above, .child = link + 1};
		above = link;
	}
	chain[7].child = NULL;
	POKE(leaf->child, (void *)genuine_link(&nest, spare));
	for (int i = 0; i < 8; i++) {
		genuine_poke(spare + i * 128, &chain[i], 64);
		genuine_poke(spare + i * 128 + 64, (char *)&chain[i] + 64, 64);
	}
	genuine_same_times(&nest, genuine_damaged(&nest, "deeper than there are functions"));
}

static void node_calls(void **state)
{
	(void)state;
	POKE(below_outer(LEAF)->calls, 1ull << 63);
	const struct image *im =
		genuine_damaged(&nest, "calls of a calling context of leaf are absurd");

	assert_int_equal(genuine_calls(im, "outer"), 1000);
	assert_in_range(genuine_calls(im, "leaf"), 3000, 3999);
}

static void node_times(void **state)
{
	(void)state;
	/* Times that cannot be are nothing, and change no count; a little below nothing they can be. */
	POKE(below_outer(LEAF)->incl, 1ull << 63);
	genuine_same_calls(&nest,
			   genuine_damaged(&nest, "times of a calling context of leaf are absurd"));
	genuine_mend();
	POKE(below_outer(LEAF)->incl, (uint64_t)-100);
	genuine_same_calls(&nest, genuine_sound(&nest));
	genuine_mend();
	POKE(below_outer(LEAF)->inner, UINT64_MAX);
	POKE(below_outer(LEAF)->back, UINT64_MAX);
	POKE(outer()->back_child, UINT64_MAX);
	genuine_same_calls(&nest, genuine_reads(&nest, IMAGE_OK));
	genuine_mend();
	POKE(((struct seg_stat *)genuine_at(&nest, below_outer(LEAF)->stat))->unwound, UINT64_MAX);
	genuine_same_times(&nest, genuine_reads(&nest, IMAGE_OK));
	genuine_mend();
	POKE(((struct seg_stat *)genuine_at(&nest, below_outer(LEAF)->stat))->squares, UINT64_MAX);
	genuine_same_times(&nest,
			   genuine_damaged(&nest, "weights of the calls of leaf are absurd"));
	genuine_mend();
	/* What the cost is reckoned from: times come out as measured, or as nothing, never as more. */
	POKE(below_outer(LEAF)->cost, UINT64_MAX);
	genuine_same_calls(&nest,
			   genuine_damaged(&nest, "times of a calling context of leaf are absurd"));
	genuine_mend();
	POKE(below_outer(LEAF)->inner_cost, UINT64_MAX);
	POKE(below_outer(LEAF)->back_cost, (uint64_t)INT64_MAX);
	POKE(outer()->back_child_cost, (uint64_t)INT64_MIN);
	genuine_same_calls(&nest, genuine_reads(&nest, IMAGE_OK));
}

/* A node of a recursive function may have more time than the run: once for each level. */
static void node_times_of_recursion_are_not_absurd(void **state)
{
	struct seg_node *n = genuine_at(&recurse, child(&recurse, root(&recurse), OUTER));
	const struct seg_header *h = genuine_header(&recurse);
	uint64_t run = h->end_ticks - h->start_ticks;

	(void)state;
	POKE(n->incl, 8 * run);
	POKE(n->inner, 7 * run);
	genuine_same_calls(&recurse, genuine_sound(&recurse));
}

static const struct genuine_shape shapes[] = {
	{&nest, "nest"}, {&threads, "threads 3"}, {&die, "die 9"}, {&recurse, "recurse 9"}, {0}};

int main(void)
{
	const struct CMUnitTest tests[] = {
		GENUINE_TEST(genuine_segments_are_sound),
		GENUINE_TEST(thread_next),
		GENUINE_TEST(thread_root),
		GENUINE_TEST(thread_stats),
		GENUINE_TEST(thread_stack),
		GENUINE_TEST(thread_stack_used),
		GENUINE_TEST(thread_frame),
		GENUINE_TEST(thread_times),
		GENUINE_TEST(thread_name_and_owners),
		GENUINE_TEST(thread_saved),
		GENUINE_TEST(thread_folding),
		GENUINE_TEST(ring_word),
		GENUINE_TEST(ring_incl),
		GENUINE_TEST(ring_end),
		GENUINE_TEST(node_site),
		GENUINE_TEST(node_parent),
		GENUINE_TEST(node_child_cycle),
		GENUINE_TEST(node_child),
		GENUINE_TEST(node_sibling_cycle),
		GENUINE_TEST(node_depth),
		GENUINE_TEST(node_calls),
		GENUINE_TEST(node_times),
		GENUINE_TEST(node_times_of_recursion_are_not_absurd),
		GENUINE_TEST(genuine_segments_are_sound),
	};

	genuine_use(shapes);
	return cmocka_run_group_tests_name("segment_threads", tests, genuine_set_up,
					   genuine_tear_down);
}
