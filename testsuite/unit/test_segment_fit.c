/* SPDX-License-Identifier: MIT */
/* Estimates of sampled calls never come to more than their callers had. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "../../cli/segment/segment_reader.h"

static struct segment_node node(int parent, uint64_t ticks, uint64_t skipped)
{
	return (struct segment_node){.parent = parent,
				     .incl = ticks,
				     .returned = ticks,
				     .net = (int64_t)ticks,
				     .returned_net = (int64_t)ticks,
				     .skipped = skipped};
}

static void what_fits_stays(void **state)
{
	struct segment_node nodes[] = {node(-1, 0, 0), node(0, 1000, 0), node(1, 600, 5),
				       node(1, 400, 0)};
	struct segment_node same[4];

	(void)state;
	memcpy(same, nodes, sizeof(same));
	segment_fit(nodes, 4, 1000);
	assert_memory_equal(same, nodes, sizeof(same));
}

/* Exact children keep their time; the others share what is left, and so do theirs. */
static void what_is_too_long_shares_what_is_left(void **state)
{
	struct segment_node nodes[] = {
		node(-1, 0, 0),	  node(0, 1000, 0),  /* root, caller */
		node(1, 400, 0),  node(1, 9000, 10), /* exact, estimate */
		node(1, 3000, 1), node(3, 9000, 7),  /* estimate, its child */
	};

	(void)state;
	segment_fit(nodes, 6, 5000);
	assert_int_equal(nodes[1].net, 1000);
	assert_int_equal(nodes[2].net, 400);
	assert_int_equal(nodes[3].net, 450);
	assert_int_equal(nodes[3].returned_net, 450);
	assert_int_equal(nodes[3].incl, 450);
	assert_int_equal(nodes[4].net, 150);
	assert_int_equal(nodes[5].net, 450);
}

/* What nobody measured called has the thread's time. */
static void outermost_calls_fit_into_the_thread(void **state)
{
	struct segment_node nodes[] = {node(-1, 0, 0), node(0, 8000, 10), node(0, 100, 0)};

	(void)state;
	segment_fit(nodes, 3, 500);
	assert_int_equal(nodes[1].net, 400);
	assert_int_equal(nodes[2].net, 100);
}

/* Calls by recursion are not their parent's; what a caller made by recursion is none of its children's. */
static void recursion_is_left_out(void **state)
{
	struct segment_node nodes[] = {node(-1, 0, 0), node(0, 1000, 0), node(1, 5000, 3)};

	(void)state;
	nodes[2].back = 4500;
	nodes[2].back_net = 4500;
	segment_fit(nodes, 3, 1000);
	assert_int_equal(nodes[2].net, 5000);
	nodes[1].back_child_net = 900;
	segment_fit(nodes, 3, 1000);
	assert_int_equal(nodes[2].net, 1000);
	assert_int_equal(nodes[2].back_net, 900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_stays),
		cmocka_unit_test(what_is_too_long_shares_what_is_left),
		cmocka_unit_test(outermost_calls_fit_into_the_thread),
		cmocka_unit_test(recursion_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
