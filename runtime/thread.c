/* SPDX-License-Identifier: MIT */
/*
 * A thread's place in the segment: taken at its first measured call, given back at its end, used
 * again by a later thread.
 *
 * The end is seen through a pthread key's destructor.  Other thread-local destructors may call
 * measured functions after ours, so ours asks to be called again until the last round
 * (PTHREAD_DESTRUCTOR_ITERATIONS).
 */
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "runtime.h"

enum {
	STACK_STEP = 16 << 10, /* file reserved for frames at first; doubled at each growth */
	ARENA_FIRST = 16 << 10,
	ARENA_MAX = 256 << 10,
	SEPARATE_PLACES =
		64, /* so many threads keep a place of their own before places are used again */
};

/* The destructor's last round.  ThreadSanitizer, if we are built with it, forgets a thread in that round. */
#ifdef __SANITIZE_THREAD__
enum { LAST_ROUND = 1 };
#else
enum { LAST_ROUND = PTHREAD_DESTRUCTOR_ITERATIONS };
#endif

static pthread_key_t end_key;
static bool have_end_key;
static struct place *free_places;
static uint32_t free_lock;
static uint32_t n_places;

static bool try_lock(void)
{
	return __atomic_exchange_n(&free_lock, 1, __ATOMIC_ACQUIRE) == 0;
}

static void unlock(void)
{
	__atomic_store_n(&free_lock, 0, __ATOMIC_RELEASE);
}

/* arena_take: `size` bytes at a multiple of `align`, NULL when the arena has no room for them. */
static void *arena_take(struct arena *a, uint64_t size, uint64_t align)
{
	uint64_t pos = __atomic_load_n(&a->pos, __ATOMIC_RELAXED);
	uint64_t at;

	do {
		at = (pos + align - 1) & ~(align - 1);
		if (at + size > a->end)
			return NULL;
	} while (!__atomic_compare_exchange_n(&a->pos, &pos, at + size, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return (void *)at;
}

/* arena_new: an arena is its own first bytes, of whole pages; NULL when the file cannot grow. */
static struct arena *arena_new(struct place *place, uint64_t size)
{
	size = (size + SEG_PAGE - 1) & ~(uint64_t)(SEG_PAGE - 1);

	struct arena *a = hp_segment_area(size, size);

	if (!a)
		return NULL;
	bump(&place->bytes, size);
	a->pos = (uint64_t)(a + 1);
	a->end = (uint64_t)a + size;
	return a;
}

/*
 * hp_arena_alloc: zeroed memory of the segment for this place; NULL when the file cannot grow.  What is large gets an area of its
 * own.  Going over to a new arena is a single store.
 */
void *hp_arena_alloc(struct place *place, uint64_t size, uint64_t align)
{
	void *at = place->arena ? arena_take(place->arena, size, align) : NULL;

	if (at)
		return at;
	bool large = 2 * (size + align + sizeof(struct arena)) > place->chunk;
	struct arena *a =
		arena_new(place, large ? size + align + sizeof(struct arena) : place->chunk);

	if (!a)
		return NULL;
	at = arena_take(a, size, align);
	if (large)
		return at;
	if (place->chunk < ARENA_MAX)
		place->chunk *= 2;
	compiler_barrier();
	place->arena = a;
	return at;
}

/* hp_arena_bound: how many bytes of arenas a thread may have: with its place and its first frames, 1 MiB and 4 KiB for each
 * function that it called. */
uint64_t hp_arena_bound(const struct place *place)
{
	return (1 << 20) - sizeof(*place) - 2 * SEG_PAGE - STACK_STEP +
	       4096 * (uint64_t)place->seg.n_stats;
}

/* hp_arena_spare: as hp_arena_alloc(), and NULL too when the thread would have more than it may. */
void *hp_arena_spare(struct place *place, uint64_t size, uint64_t align)
{
	void *at = place->arena ? arena_take(place->arena, size, align) : NULL;

	if (at || place->bytes + place->chunk > hp_arena_bound(place))
		return at;
	return hp_arena_alloc(place, size, align);
}

/* hp_stack_grow: raises the limit of the shadow stack; false when it is as deep as it may be. */
bool hp_stack_grow(struct hot *hot)
{
	struct seg_thread *t = &hot->place->seg;
	uint64_t used = __atomic_load_n(&t->stack_used, __ATOMIC_RELAXED), more = used;

	/* Two frames stay free above the limit: one for the wall above the deepest call, one that
	 * reads as unused. */
	if (used >= SEG_STACK_MAX)
		return false;
	if (used + more > SEG_STACK_MAX)
		more = SEG_STACK_MAX - used;
	if (hp_segment_commit(t->stack + used, more * sizeof(struct seg_frame)))
		return false;
	/* Not where a handler has grown it meanwhile. */
	__atomic_compare_exchange_n(&t->stack_used, &used, used + more, false, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
	hot->limit = t->stack + t->stack_used - 3;
	return true;
}

/* hp_place_new: a place with room for so many frames at most; NULL when the file cannot grow. */
struct place *hp_place_new(uint64_t max_frames)
{
	struct place *p = hp_segment_area(sizeof(*p), sizeof(*p));

	if (!p)
		return NULL;
	p->chunk = ARENA_FIRST;
	p->clock_every = hp_process.ms_ticks;
	p->seg.stack = hp_segment_area(max_frames * sizeof(struct seg_frame), STACK_STEP);
	p->seg.root = p->seg.stack ? hp_tree_root(p) : NULL;
	if (!p->seg.root)
		return NULL;
	p->seg.stack_used = STACK_STEP / sizeof(struct seg_frame);
	p->seg.stack[0] = (struct seg_frame){.node = p->seg.root};
	for (int i = 0; i < SEG_RING; i++)
		p->seg.ring[i].word = SEG_FOLDED;
	p->ring_from = p->seg.ring;
	p->random = hp_ticks() * 0x9e3779b97f4a7c15ull | 1;
	return p;
}

/* hp_place_attach: makes the hooks of this thread use a place. */
void hp_place_attach(struct hot *hot, struct place *p)
{
	hot->limit = p->seg.stack + p->seg.stack_used - 3;
	hot->next = (uint64_t)p->ring_from;
	hot->end = p->seg.ring + SEG_RING;
	hot->back = NO_FRAME;
	hot->place = p;
	hot->cost = p->cost;
	hot->over = 0;
	compiler_barrier();
	hot->top = p->seg.stack;
}

static void place_detach(struct hot *hot)
{
	hot->top = &hp_unborn[0];
	hot->limit = &hp_unborn[0];
	hot->back = NO_FRAME;
	compiler_barrier();
	hot->place = NULL;
}

/* place_take: a free place, else a new one.  Never waits: whoever meets the lock held gets a new
 * place. */
static struct place *place_take(void)
{
	struct place *p = NULL;

	if (__atomic_load_n(&n_places, __ATOMIC_RELAXED) >= SEPARATE_PLACES && try_lock()) {
		p = free_places;
		if (p)
			free_places = p->free_next;
		unlock();
	}
	if (p)
		return p;
	p = hp_place_new(SEG_STACK_MAX);
	if (!p)
		return NULL;
	__atomic_fetch_add(&n_places, 1, __ATOMIC_RELAXED);

	struct seg_thread *head = __atomic_load_n(&hp_process.seg->threads, __ATOMIC_RELAXED);

	do
		p->seg.next = head;
	while (!__atomic_compare_exchange_n(&hp_process.seg->threads, &head, &p->seg, false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	return p;
}

/* move_in: gives this thread a place; false when it has none to get. */
static bool move_in(struct hot *hot)
{
	if (hp_process.state != PROCESS_ON &&
	    (hp_process.state != PROCESS_FORKED || !hp_process_restart()))
		return false;
	hot->state = THREAD_BEING_BORN;

	struct place *p = place_take();

	if (!p) {
		hot->state = THREAD_HOMELESS;
		return false;
	}
	p->seg.tid = (uint32_t)syscall(SYS_gettid);
	prctl(PR_GET_NAME, p->seg.name);
	p->seg.end_ticks = 0;
	__atomic_store_n(&p->seg.stopped, 0, __ATOMIC_RELAXED);
	p->seg.owners++;
	__atomic_store_n(&p->seg.live, 1, __ATOMIC_RELAXED);
	if (!p->seg.start_ticks)
		p->seg.start_ticks = hp_ticks();
	__atomic_fetch_add(&hp_process.seg->n_threads, 1, __ATOMIC_RELAXED);
	if (have_end_key)
		pthread_setspecific(end_key, (void *)1);
	hp_place_attach(hot, p);
	hot->state = THREAD_LIVE;
	hp_steer_look();
	return true;
}

/*
 * hp_thread_born: at a thread's first measured call; false when it stays without a place.
 * Signals wait meanwhile: their handlers' calls could not be recorded.
 */
bool hp_thread_born(struct hot *hot)
{
	sigset_t all, old;
	bool born;

	if (hot->state != THREAD_UNBORN ||
	    (hp_process.state != PROCESS_ON && hp_process.state != PROCESS_FORKED))
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	born = hot->state == THREAD_UNBORN && move_in(hot);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return born || hot->place;
}

static void place_give_back(struct place *p)
{
	if (!try_lock())
		return; /* a place that nobody gets again, rather than a wait */
	p->free_next = free_places;
	free_places = p;
	unlock();
}

/* thread_end: destructor of end_key; `round` counts its calls. */
static void thread_end(void *round)
{
	struct hot *hot = &hp_hot;
	struct place *p = hot->place;

	if (!p)
		return;
	if ((uintptr_t)round < LAST_ROUND) {
		pthread_setspecific(end_key, (void *)((uintptr_t)round + 1));
		return;
	}
	hp_end_stopped_frames(hot);
	hp_fiber_thread_end(hot);

	uint64_t now = hp_ticks();

	hp_close_frames(hot, p->seg.stack, now);
	p->seg.folding = 0; /* a thread may be cancelled at any instruction */
	hp_fold(hot);
	p->cost = hot->cost;
	p->seg.end_ticks = now;
	__atomic_store_n(&p->seg.live, 0, __ATOMIC_RELAXED);
	hot->state = THREAD_OVER;
	place_detach(hot);
	place_give_back(p);
}

/* hp_thread_init: once a process, before the first thread has a place. */
void hp_thread_init(void)
{
	have_end_key = pthread_key_create(&end_key, thread_end) == 0;
}

/* hp_threads_forget: in the child of a fork; the places are the parent's. */
void hp_threads_forget(void)
{
	struct hot *hot = &hp_hot;

	free_places = NULL;
	free_lock = 0;
	n_places = 0;
	place_detach(hot);
	hot->state = THREAD_UNBORN;
}
