/* SPDX-License-Identifier: MIT */
/*
 * Which calls are inner ones: at random calls, returns and jumps over frames, what the hooks keep count of is what a look at the
 * whole stack says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <cmocka.h>
#include "../../runtime/hook.c"
#include "../../runtime/tree.c"
#include "../../runtime/fold.c"

enum { MEMORY = 64 << 20, DEPTH = 60 };

/* What the hooks need of the rest. */
struct process hp_process;
static char *memory;
static uint64_t used;

void *hp_arena_alloc(struct place *place, uint64_t size, uint64_t align)
{
	(void)place;
	used = (used + align - 1) & ~(align - 1);
	assert_true(used + size <= MEMORY);
	used += size;
	return memory + used - size;
}

void *hp_arena_spare(struct place *place, uint64_t size, uint64_t align)
{
	return hp_arena_alloc(place, size, align);
}

bool hp_thread_born(struct hot *hot)
{
	return hot->place;
}

bool hp_stack_grow(struct hot *hot)
{
	(void)hot;
	return false;
}

uint64_t ticks_monotonic(void)
{
	return 0;
}

uint64_t hp_ticks(void)
{
	return ticks_tsc();
}

void hp_clock_now(uint64_t *ticks, uint64_t *mono_ns, uint64_t *real_ns)
{
	(void)real_ns;
	*ticks = *mono_ns = 0;
}

void hp_cost_follow(struct hot *hot, uint64_t now)
{
	(void)hot, (void)now;
}

void hp_steer_look(void)
{
}

bool hp_sample_large(const struct hot *hot, const struct seg_frame *f, uint64_t below)
{
	(void)hot, (void)f, (void)below;
	return true;
}

void hp_sample_stat(struct seg_stat *stat)
{
	(void)stat;
}

void hp_sample_adapt(struct hot *hot, const struct seg_sample *to)
{
	(void)hot, (void)to;
}

/* A thread in memory of its own, all zero. */
static int begin(void **state)
{
	struct hot *hot = &hp_hot;
	struct place *p;

	(void)state;
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	used = SEG_PAGE;
	hp_process.seg = (void *)memory;
	hp_process.seg->map_base = (uint64_t)memory;
	p = hp_arena_alloc(NULL, sizeof(*p), 64);
	p->seg.stack = hp_arena_alloc(NULL, (DEPTH + 16) * sizeof(struct seg_frame), 64);
	p->seg.root = hp_tree_root(p);
	p->seg.stack[0].node = p->seg.root;
	p->ring_from = p->seg.ring;
	p->clock_every = UINT64_MAX;
	for (int i = 0; i < SEG_RING; i++)
		p->seg.ring[i].word = SEG_FOLDED;
	*hot = (struct hot){.top = p->seg.stack,
			    .limit = p->seg.stack + DEPTH + 12,
			    .back = NO_FRAME,
			    .next = (uint64_t)p->seg.ring,
			    .end = p->seg.ring + SEG_RING,
			    .place = p};
	return 0;
}

static int end(void **state)
{
	(void)state;
	return munmap(memory, MEMORY);
}

/* The newest sample, which may be the first one after a fold. */
static uint64_t newest_word(void)
{
	return ((struct seg_sample *)hp_hot.next)[-1].word;
}

static uint32_t site_at(const struct seg_frame *f)
{
	return f->node->site;
}

static bool live_below(const struct seg_frame *f)
{
	for (const struct seg_frame *g = hp_hot.place->seg.stack + 1; g < f; g++)
		if (site_at(g) == site_at(f))
			return true;
	return false;
}

/* check_counts: `covered` and `back` against the whole stack. */
static void check_counts(void)
{
	static uint32_t kept[512], found[512];
	struct seg_frame *back = hp_hot.back;
	struct seg_stat *s;

	for (s = hp_hot.place->seg.stats; s; s = s->next)
		kept[s->site] = s->covered;
	hp_recount(&hp_hot);
	for (s = hp_hot.place->seg.stats; s; s = s->next) {
		found[s->site] = s->covered;
		assert_int_equal(kept[s->site], found[s->site]);
	}
	assert_true(back <= hp_hot.back); /* it may stand for a frame that went half made */
}

static void check_is_inner(void)
{
	const struct seg_frame *f = hp_hot.top;

	if (f > hp_hot.place->seg.stack && !hp_hot.over && f->node != &hp_hot.place->lost_node)
		assert_int_equal(is_inner(&hp_hot, f), live_below(f));
}

/* walk: random calls of so many sites, and returns, some of which jump over frames. */
static void walk(unsigned sites, unsigned steps, unsigned seed)
{
	struct hooks hooks = hp_hooks(SEG_CLOCK_TSC);
	struct seg_frame *bottom = hp_hot.place->seg.stack;
	unsigned inner = 0, outer = 0;
	long depth = DEPTH / 2;

	srandom(seed);
	for (unsigned i = 0; i < steps; i++) {
		long n = hp_hot.top - bottom;
		uint32_t site = 1 + (uint32_t)random() % sites;

		if (i % 100 == 0)
			depth = 1 + random() % (DEPTH / 2);
		if (random() % (2 * depth) > n) {
			hooks.enter(&site);
			assert_ptr_equal(hp_hot.top, bottom + n + 1);
		} else if (n) {
			struct seg_frame *f = random() % 8 ? hp_hot.top : bottom + 1 + random() % n;

			site = site_at(f);
			for (struct seg_frame *g = f; g <= hp_hot.top; g++)
				if (site_at(g) == site)
					f = g;
			bool was_inner = live_below(f);

			hooks.exit(&site);
			assert_ptr_equal(hp_hot.top, f - 1);
			assert_int_equal(newest_word() & SEG_INNER, was_inner ? SEG_INNER : 0);
			was_inner ? inner++ : outer++;
		}
		check_is_inner();
		if (i % 16 == 0)
			check_counts();
	}
	assert_true(steps < 10000 || (inner && outer));
}

static void few_sites(void **state)
{
	(void)state;
	for (unsigned sites = 2; sites < 10; sites++)
		walk(sites, 20000, sites);
}

/* The tree fills up, and calls are sent to the root. */
static void a_full_tree(void **state)
{
	(void)state;
	walk(100, 100000, 7);
	assert_true(hp_hot.place->seg.lost[SEG_LOST_CONTEXTS] > 1000);
}

/* leave_half_made: the newest entry or exit was left by longjmp out of a signal handler after so many of its steps. */
static void leave_half_made(uint32_t site, unsigned covered)
{
	struct hot *hot = &hp_hot;
	struct seg_frame *f = raise_top(hot, hp_tree_child(hot->place, hot->top->node, site));
	struct seg_node *n = f[-1].node;

	if (!is_back(f))
		return;
	hot->back = f < hot->back ? f : hot->back;
	for (; covered && n != f->node && n->stat; n = n->parent, covered--)
		n->stat->covered++;
}

static void left_by_a_handler(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		struct hooks hooks = hp_hooks(SEG_CLOCK_TSC);
		struct seg_frame *f;
		uint32_t site;

		walk(5, 50 + i % 50, i);
		f = hp_hot.top;
		leave_half_made(1 + i % 5, i % 4);
		site = 1 + i % 3;
		hooks.enter(&site);
		hp_close_frames(&hp_hot, f, 1);
		assert_ptr_equal(hp_hot.top, f);
		check_counts();
	}
	hp_close_frames(&hp_hot, hp_hot.place->seg.stack, 1);
	assert_ptr_equal(hp_hot.back, NO_FRAME);
	for (struct seg_stat *s = hp_hot.place->seg.stats; s; s = s->next)
		assert_int_equal(s->covered, 0);
}

/* Of a cost that is no whole number of ticks nothing is lost: the part of each call adds up. */
static void costs_of_recursion_add_up(void **state)
{
	enum { CALLS = 50, COST = 1024 + 300 }; /* 1/1024 tick */
	struct hooks hooks = hp_hooks(SEG_CLOCK_TSC);
	uint32_t site = 1;

	(void)state;
	hp_process.knee = 1ull << 40;
	hp_process.inside[CALL_PLAIN][0] = COST;
	for (int i = 0; i < CALLS; i++)
		hooks.enter(&site);
	for (int i = 0; i < CALLS; i++)
		hooks.exit(&site);
	hp_fold(&hp_hot);

	const struct seg_node *n = hp_hot.place->seg.root->child;

	assert_int_equal(n->cost, CALLS * seg_node_cost(COST));
	assert_int_equal(n->inner_cost, (CALLS - 1) * seg_node_cost(COST));
	assert_int_equal(n->back_cost, (CALLS - 1) * seg_node_cost(COST));
	assert_int_equal(n->back_child_cost, (CALLS - 1) * seg_node_cost(COST));
	hp_process.inside[CALL_PLAIN][0] = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(few_sites, begin, end),
		cmocka_unit_test_setup_teardown(a_full_tree, begin, end),
		cmocka_unit_test_setup_teardown(left_by_a_handler, begin, end),
		cmocka_unit_test_setup_teardown(costs_of_recursion_add_up, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
