/* SPDX-License-Identifier: MIT */
/*
 * What the runtime's files share.  Read hook.c first: it is what happens at each call.
 *
 *   frame.h    the shadow stack: how a frame is pushed and popped
 *   hook.c     entry and exit, the fast path and its named slow paths
 *   sample.c   which calls are timed, where not every one is
 *   life.c     coroutines: what lasts and is no call
 *   tree.c     calling contexts: find or make the node of a call
 *   fold.c     newest calls into nodes and histograms
 *   thread.c   a thread's place: taken, given back, used again
 *   unit.c     units come and go; the hooks are switched on
 *   segment.c  the file: made, reserved piece by piece, sealed
 *   process.c  what is known of the process at its start
 *   parent.c   which process, or program, it goes on from
 *   steer.c    measuring switched off and on
 *   session.c  what is asked for while the program runs: reset, flush, sessions
 *   fiber.c    stacks that the program switches by hand
 *   seg_copy.c a segment as it is at a moment
 *   clock.c    which clock, how fast
 *   cost.c     what a measured call costs
 *   speed.c    how fast the machine goes, and so what it costs now
 *   end.c      the end of the process, and who takes the run in
 *   kernel.c   system calls, past functions of the host that have their names
 *
 * Manners of a guest: nothing here exits, prints, takes a lock that the host could hold, calls
 * malloc, or leaves errno or a file descriptor changed.  Slow paths use little stack: the host's
 * may be a 2 KiB signal stack.
 */
#ifndef HOTPATH_RUNTIME_H
#define HOTPATH_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "abi.h"
#include "segment.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* A store before it is made before a store behind it, as a signal handler on this thread or a
 * reader after our death sees it. */
#define compiler_barrier() __atomic_signal_fence(__ATOMIC_SEQ_CST)

/*
 * bump: *p += v, whole or not at all for a signal handler on the same thread that does the same.
 * One instruction on x86; elsewhere a relaxed atomic.
 */
static inline void bump(uint64_t *p, uint64_t v)
{
#if defined(__x86_64__)
	__asm__ volatile("addq %1, %0" : "+m"(*p) : "er"(v) : "cc");
#else
	__atomic_fetch_add(p, v, __ATOMIC_RELAXED);
#endif
}

/*
 * take: returns *p and leaves *p + v, again whole for a handler on the same thread: what it takes
 * meanwhile is not given out twice.
 */
static inline uint64_t take(uint64_t *p, uint64_t v)
{
#if defined(__x86_64__)
	__asm__ volatile("xaddq %0, %1" : "+r"(v), "+m"(*p) : : "cc");
	return v;
#else
	return __atomic_fetch_add(p, v, __ATOMIC_RELAXED);
#endif
}

/* ticks: the clock of the run, hp_process.clock. */
static inline uint64_t ticks_tsc(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t v;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
	return v;
#else
	return 0;
#endif
}

/*
 * ticks_ordered: the same counter, read when all work before is done, and before any work after begins.  Dearer, for the processor has
 * nothing to do meanwhile.
 */
static inline uint64_t ticks_ordered(void)
{
#if defined(__x86_64__)
	__builtin_ia32_lfence();
	uint64_t v = ticks_tsc();

	__builtin_ia32_lfence();
#elif defined(__aarch64__)
	__asm__ volatile("isb" : : : "memory");
	uint64_t v = ticks_tsc();

	__asm__ volatile("isb" : : : "memory");
#else
	uint64_t v = ticks_tsc();
#endif
	return v;
}

uint64_t ticks_monotonic(void);
uint64_t hp_ticks(void);

/* An arena: memory of the segment for one thread's nodes, stats and histogram lines. */
struct arena {
	uint64_t pos; /* address of the next free byte; past `end` when it is used up */
	uint64_t end;
};

/* An edge of the calling-context tree, open-addressed by key. */
struct edge {
	uint64_t key; /* node of the caller and site; 0: free */
	void *to; /* struct seg_node; from the null caller, struct seg_stat; NULL while being added
		   */
};

struct edge_table {
	uint64_t mask;
	uint64_t used;
	struct edge edges[];
};

/* How often a thread may time a call and keep the budget (sample.c). */
struct pace {
	uint64_t since; /* tick of the last fold */
	uint64_t cost;	/* hot.cost at it */
	uint64_t level; /* calls of one site that may be timed, per 2^PACE_SHIFT ticks */
};

/* A thread's place: what the reader sees, then what only the runtime needs. */
struct place {
	struct seg_thread seg;
	struct arena *arena;
	struct edge_table *edges;
	uint64_t n_shortcuts; /* edges that lead to no child of the caller's (tree.c) */
	uint64_t bytes;	      /* of all arena chunks */
	uint64_t chunk;	      /* size of the next arena chunk */
	uint64_t clock_seen;  /* tick of the call after which seg.now_* was refreshed */
	uint64_t clock_every; /* and is again so far from there: clocks begin anew, too */
	uint64_t cost;	      /* hot.cost of the thread that left */
	uint64_t random;      /* state of the generator that draws the calls to be timed; never 0 */
	struct pace pace;
	uint64_t look_from,
		look_cost; /* hot.cost before hp_cost_follow() last looked, and what that cost */
	struct seg_sample *ring_from; /* where the ring went on after the last fold */
	struct place *free_next;
	struct seg_node lost_node; /* stands for a call that has no place */
	struct seg_stat lost_stat;
	struct seg_stat *stat_of[64]; /* cache, by site id modulo 64 */
};

/*
 * What the hooks need of a thread, in its TLS block.  An unborn thread's top is a frame whose node
 * matches no site, so that the fast path needs no test for it.
 */
struct hot {
	struct seg_frame *top;	 /* the newest live frame */
	struct seg_frame *limit; /* no frame may be pushed above this one without a look */
	struct seg_frame *back;	 /* the oldest live frame whose call did not go down the tree: of it
				   and of those above, exits look closer (frame.h); or NO_FRAME */
	uint64_t next; /* address of the ring slot of the next call; `end` or above: the ring is
			  full */
	struct seg_sample *end;
	struct place *place;
	uint64_t
		cost; /* of measuring the calls that returned on this thread, and on those that had its place
			  before; SEG_COST_CALL is one call */
	uint64_t over;	/* calls above the deepest frame */
	uint32_t state; /* enum thread_state */
};

#define NO_FRAME ((struct seg_frame *)UINTPTR_MAX)

enum thread_state {
	THREAD_UNBORN = 0,
	THREAD_BEING_BORN = 1,
	THREAD_LIVE = 2,
	THREAD_OVER = 3,     /* its end was recorded */
	THREAD_HOMELESS = 4, /* there was no memory for a place */
};

/* write_sample: fills a slot; a reader or a handler sees it with the last store. */
static inline void write_sample(struct seg_sample *s, uint64_t end, uint64_t incl, uint64_t below,
				uint64_t word)
{
	compiler_barrier();
	s->end = end;
	s->incl = incl;
	s->below = below;
	compiler_barrier();
	s->word = word;
}

extern __thread struct hot hp_hot __attribute__((tls_model("initial-exec"), visibility("hidden")));
extern struct seg_frame hp_unborn[2] __attribute__((visibility("hidden")));

struct hooks {
	hotpath_hook_fn *enter;
	hotpath_hook_fn *exit;
	hotpath_hook_fn *landed;
};

enum process_state {
	PROCESS_NEW = 0,
	PROCESS_ON = 1,
	PROCESS_OFF = 2,    /* disabled, setuid, or no segment to be had */
	PROCESS_FORKED = 3, /* a child that has not yet called a measured function */
	PROCESS_OVER = 4,   /* sealed */
};

/* How a call came to be timed, which makes its cost. */
enum call_kind {
	CALL_PLAIN,  /* all of its site are, by the hooks that only time */
	CALL_ALWAYS, /* all of its site are, by the hooks that sample */
	CALL_DRAWN,  /* it was chosen among others: it comes unexpected */
	CALL_KINDS,
};

struct process {
	uint32_t state; /* enum process_state */
	uint32_t clock; /* enum seg_clock */
	struct hooks hooks;
	struct seg_header *seg; /* the mapping, while ON */
	struct hotpath_unit *units;
	uint64_t ms_ticks; /* ticks in a millisecond, roughly */
	/* What measuring costs, as in the segment's header; 0 while it is being found out. */
	uint64_t both;		      /* inside + outside of an empty call */
	uint32_t nominal[CALL_KINDS]; /* of a call that does not last, in the unit of hot.cost */
	/* And what it costs at the speed that the machine goes at now (speed.c), by the kind of call, and whether it lasts. */
	uint64_t knee;			/* ticks from which on it does (seg_lasts()) */
	uint64_t inside[CALL_KINDS][2]; /* 1/1024 tick */
	uint32_t cost[CALL_KINDS][2];	/* in all, in the unit of hot.cost */
	uint32_t skipped_cost;
	uint32_t budget; /* share of the time that measuring may take, in 1/2^20; 0: no limit */
	bool samples;	 /* the hooks that sample are in use */
	uint32_t
		offs; /* how often measuring was switched off; then exits may come without entries */
	bool follow;  /* children are measured too */
	bool by_command;  /* started by `hotpath run`, which takes the run in itself */
	char path[512];	  /* of the segment */
	char store[512];  /* folder of the store */
	char folder[512]; /* folder of the segment */
	char cli[512];	  /* the hotpath command; "" when not found */
};

extern struct process hp_process __attribute__((
	visibility("hidden"))); /* said here too: else each use asks the GOT where it is */

/*
 * call_cost: what measuring took of the time of a call, in 1/1024 tick; `below` is what measuring the calls that it made
 * cost.  A process can make calls for weeks inside one: their product does not fit 64 bits.
 */
static inline uint64_t call_cost(uint64_t inside, uint64_t below)
{
	return inside + (uint64_t)(((unsigned __int128)below * hp_process.both) / SEG_COST_CALL);
}

/* net: a time less a cost.  May come out below 0, in two's complement: the cost is a mean, and a single call's can
 * be less. */
static inline uint64_t net(uint64_t incl, uint64_t cost)
{
	return incl - ((cost + 512) >> 10);
}

/* hook.c */
struct hooks hp_hooks(uint32_t clock);
bool hp_push_slow(struct hot *hot, uint32_t site, uint64_t depth);
void hp_exit_slow(uint32_t site, uint64_t now);
void hp_close_frames(struct hot *hot, struct seg_frame *down_to, uint64_t now);
void hp_cover(struct hot *hot, struct seg_frame *f);
void hp_recount(struct hot *hot);
void hp_rehearse(struct hot *hot, const uint32_t *slot, int calls);
bool hp_drop_back(struct hot *hot, struct seg_frame *f, uint64_t cost);
void hp_pop_back(struct hot *hot, struct seg_frame *f, uint64_t now, uint64_t below, uint64_t bits);

/* tree.c: the node of a call to `site` from `caller`; the place's lost_node when there is no
 * memory. */
struct seg_node *hp_tree_child(struct place *place, struct seg_node *caller, uint32_t site);
struct seg_node *hp_tree_root(struct place *place);

/* fold.c */
void hp_fold_full(struct hot *hot, uint64_t end, uint64_t incl, uint64_t below, uint64_t word);
void hp_fold(struct hot *hot);

/* sample.c */
enum { SAMPLE_LARGE = 64 * SEG_COST_CALL };
bool hp_sample_large(const struct hot *hot, const struct seg_frame *f, uint64_t below);
struct hooks hp_sample_hooks(uint32_t clock);
void hp_sample_stat(struct seg_stat *stat);
void hp_sample_adapt(struct hot *hot, const struct seg_sample *to);
bool hp_sample_wanted(const struct hotpath_unit *unit);
void hp_sample_start(void);
uint32_t hp_sample_budget(const struct hotpath_unit *unit);

/* thread.c */
bool hp_thread_born(struct hot *hot);
void hp_thread_init(void);
void hp_threads_forget(void);
void hp_place_attach(struct hot *hot, struct place *place);
bool hp_stack_grow(struct hot *hot);
void *hp_arena_alloc(struct place *place, uint64_t size, uint64_t align);
void *hp_arena_spare(struct place *place, uint64_t size, uint64_t align);
uint64_t hp_arena_bound(const struct place *place);
struct place *hp_place_new(uint64_t max_frames);

/* segment.c */
int hp_segment_create(const char *folder);
void *hp_segment_area(uint64_t reserve, uint64_t commit);
int hp_segment_commit(void *at, uint64_t size);
void hp_segment_start(void);
void hp_segment_seal(uint32_t how, int status);

/* process.c */
bool hp_process_start(const struct hotpath_unit *first);
bool hp_process_restart(void);
void hp_process_forked(void);
const char *hp_env(const char *name);
long hp_read_file(const char *path, char *buf, size_t size);

/* parent.c */
void hp_parent_find(void);

/* facts.c */
void hp_governor(char *word, size_t size);
void hp_load(char *word, size_t size);

/* clock.c */
uint32_t hp_clock_choose(void);
void hp_clock_now(uint64_t *ticks, uint64_t *mono_ns, uint64_t *real_ns);
void hp_clock_rate(uint64_t ticks, uint64_t mono_ns);
void hp_clock_step(void);
void hp_order(uint64_t *v, int n);

/* cost.c */
void hp_cost_calibrate(void);
void hp_cost_calibrate_sampling(void);
void hp_cost_restart(void);
void hp_cost_follow(struct hot *hot, uint64_t now);

/* speed.c */
void hp_speed_start(struct hot *hot);
void hp_speed_stage(const struct hot *hot);
uint64_t hp_speed_rehearse(struct hot *hot);
uint64_t hp_speed_look(uint64_t now);
uint64_t hp_speed_now(uint64_t cost);
uint64_t hp_speed_share(uint64_t cost, uint64_t rehearsed);
uint64_t hp_speed_then(uint64_t share);
void hp_speed_forked(void);

/* unit.c */
bool hp_units_relink(const struct seg_header *old);
void hp_units_off(void);
bool hp_units_lock(bool wait);
void hp_units_unlock(void);
void hp_units_hook(void);
void hp_units_forget_lock(void);

/* end.c */
void hp_end_init(void);
int hp_end_run(const char *const *argv, bool detached);
bool hp_end_report_wanted(void);
void hp_end_after(const char *ms);

/* steer.c */
struct hooks hp_steer_hooks(bool samples);
bool hp_steer(bool on, bool wait);
void hp_steer_look(void);
void hp_steer_begin(void);
void hp_end_stopped_frames(struct hot *hot);

/* session.c */
void hp_sessions_end(void);
void hp_sessions_forget(void);

/* fiber.c */
void hp_fiber_switch(const void *fiber);
void hp_fiber_end(const void *fiber);
void hp_fiber_thread_end(struct hot *hot);
void hp_fibers_forget(void);

/* life.c: begin and end of a life; forget: an end that nothing records.  Forgetting all of them: in the child of a fork. */
hotpath_life_fn hp_life_begin, hp_life_end, hp_life_forget;
void hp_lives_forget(void);

#endif /* HOTPATH_RUNTIME_H */
