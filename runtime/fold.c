/* SPDX-License-Identifier: MIT */
/*
 * Folding: the calls in a thread's ring become sums and histograms.
 *
 * Every step is one addition in memory, or a test before a compare-and-swap, so a signal handler
 * that folds in the middle of a fold changes nothing that we hold.  A full ring met inside a fold
 * (by such a handler) is not folded again: its one call goes straight into its node.
 */
#include "frame.h"

enum { LINES_ALWAYS = 8 }; /* that a histogram gets even when the thread has all that it may have */

/* lower, raise: *p = min / max(*p, v), though a handler may do the same at any instruction. */
static __attribute__((noinline)) void lower(uint64_t *p, uint64_t v)
{
	uint64_t old = *p;

	while (v < old &&
	       !__atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static __attribute__((noinline)) void raise_to(uint64_t *p, uint64_t v)
{
	uint64_t old = *p;

	while (v > old &&
	       !__atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/*
 * line_near: the bucket nearest to this one in a line that the histogram has; HIST_BUCKETS when it has none.  Not one in the stat
 * itself before it has a call of its own (struct seg_stat).
 */
static uint32_t line_near(const struct seg_stat *stat, uint32_t bucket)
{
	uint32_t line = (bucket - SEG_NEAR) / HIST_LINE, near = SEG_NEAR;

	for (uint32_t d = 0; d < SEG_LINES; d++) {
		if (d <= line && stat->lines[line - d])
			return d ? SEG_NEAR + (line - d + 1) * HIST_LINE - 1 : bucket;
		if (line + d < SEG_LINES && stat->lines[line + d])
			return SEG_NEAR + (line + d) * HIST_LINE;
	}
	while (near && !stat->near[near - 1])
		near--;
	return near ? near - 1 : HIST_BUCKETS;
}

/* counter_of: where a bucket is counted; NULL in a line that the histogram does not have. */
static inline uint32_t *counter_of(char *base, struct seg_stat *stat, uint32_t bucket)
{
	if (bucket < SEG_NEAR)
		return &stat->near[bucket];
	uint64_t index = stat->lines[(bucket - SEG_NEAR) / HIST_LINE];

	return index ? (uint32_t *)(base + 64 * index) + bucket % HIST_LINE : NULL;
}

/*
 * line_new: makes the place of 16 histogram counters that were not needed before; returns the bucket to count in.  That is another
 * one, the nearest, when there is no memory, or when the thread has all that it may have and the histogram is not small.
 */
static __attribute__((noinline)) uint32_t line_new(struct place *place, struct seg_stat *stat,
						   uint32_t bucket)
{
	uint32_t n = 0, none = 0;

	for (uint32_t i = 0; i < SEG_LINES; i++)
		n += stat->lines[i] != 0;

	uint64_t size = HIST_LINE * sizeof(uint32_t);
	void *counters = n < LINES_ALWAYS ? hp_arena_alloc(place, size, 64)
					  : hp_arena_spare(place, size, 64);

	if (counters)
		__atomic_compare_exchange_n(
			&stat->lines[(bucket - SEG_NEAR) / HIST_LINE], &none,
			(uint32_t)(((uint64_t)counters - hp_process.seg->map_base) / 64), false,
			__ATOMIC_RELAXED, __ATOMIC_RELAXED);
	return line_near(stat, bucket);
}

/* carry: a counter went round. */
static __attribute__((noinline)) void carry(struct place *place, struct seg_stat *stat,
					    uint32_t bucket)
{
	struct seg_carry *c = hp_arena_alloc(place, sizeof(*c), 16);

	if (!c)
		return;
	c->bucket = bucket;
	c->next = __atomic_load_n(&stat->carry, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&stat->carry, &c->next, c, false, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
}

/* add_wraps: *p += v, whole for a handler on the same thread; whether that went round. */
static inline bool add_wraps(uint32_t *p, uint32_t v)
{
#if defined(__x86_64__)
	__asm__ goto("addl %1, %0\n\tjc %l2" : : "m"(*p), "er"(v) : "cc", "memory" : wrapped);
	return false;
wrapped:
	return true;
#else
	return __atomic_fetch_add(p, v, __ATOMIC_RELAXED) > UINT32_MAX - v;
#endif
}

/* limits: a duration into min and max. */
static inline void limits(struct seg_stat *stat, uint64_t own)
{
	if (unlikely(own < stat->min))
		lower(&stat->min, own);
	if (unlikely(own > stat->max))
		raise_to(&stat->max, own);
}

/* first_near: the first call that is counted in a counter of the stat's own, or the first since it went round. */
static __attribute__((noinline)) void first_near(struct seg_stat *stat, uint64_t own)
{
	limits(stat, own);
	compiler_barrier();
}

/*
 * fold_time: a duration, of as many calls as a timed one stands for, into the site's histogram.  Short ones are quick: it is they that
 * are many, and for which other memory would be dear.
 */
static inline __attribute__((always_inline)) void
fold_time(struct place *place, char *base, struct seg_stat *stat, uint64_t own, uint64_t weight)
{
	uint32_t bucket, *counter;

	own &= (own >> 63) - 1; /* at least 0; which it is, is hard to predict */
	if (likely(own < SEG_NEAR)) {
		bucket = (uint32_t)own;
		counter = &stat->near[own];
		if (unlikely(!*counter))
			first_near(stat, own);
	} else {
		limits(stat, own);
		bucket = hist_bucket(own);
		counter = counter_of(base, stat, bucket);
		if (unlikely(!counter)) {
			bucket = line_new(place, stat, bucket);
			if (bucket == HIST_BUCKETS)
				return;
			counter = counter_of(base, stat, bucket);
		}
	}
	if (unlikely(add_wraps(counter, (uint32_t)weight)))
		carry(place, stat, bucket);
}

/*
 * fold_call: counts one call in its node and stat.
 *
 * bits     of the sample's word: SEG_INNER, SEG_BACK
 * cost     what measuring added to its time, in 1/1024 tick
 * weight   how many calls it stands for
 */
static inline __attribute__((always_inline)) void fold_call(struct place *place, char *base,
							    uint64_t incl, uint64_t node,
							    uint64_t bits, uint64_t cost,
							    uint64_t weight)
{
	struct seg_node *n = (struct seg_node *)node;
	uint64_t all = incl * weight, costs = seg_node_cost(cost) * weight;

	bump(&n->calls, 1);
	bump(&n->incl, all);
	bump(&n->cost, costs);
	if (bits & SEG_INNER) {
		bump(&n->inner, all);
		bump(&n->inner_cost, costs);
	}
	if (bits & SEG_BACK) {
		bump(&n->back, all);
		bump(&n->back_cost, costs);
	}
	fold_time(place, base, n->stat, net(incl, cost), weight);
}

/* fold_sampled: a call that stands for others, or was timed by the dearer hooks which choose. */
static __attribute__((noinline)) void fold_sampled(struct place *place, char *base,
						   const struct seg_sample *s, uint64_t word)
{
	struct seg_stat *stat = ((struct seg_node *)(word & SEG_NODE_MASK))->stat;

	stat->draw[word & SEG_INNER].timed++;
	if (stat->warm[word & SEG_INNER] < UINT8_MAX)
		stat->warm[word & SEG_INNER]++;
	bump(&stat->squares, seg_weight(word) * seg_weight(word));
	fold_call(place, base, s->incl, word & SEG_NODE_MASK, word,
		  call_cost(inside_of(word, s->incl, s->below), s->below), seg_weight(word));
}

static inline __attribute__((always_inline)) void
fold_one(struct place *place, char *base, const struct seg_sample *s, uint64_t word)
{
	if (unlikely(word & SEG_TAG_MASK))
		fold_sampled(place, base, s, word);
	else
		fold_call(place, base, s->incl, word & SEG_NODE_MASK, word,
			  call_cost(inside_of(word, s->incl, s->below), s->below), 1);
	bump(&place->seg.saved, (uint64_t)now_so(&hp_process.nominal[call_kind(word)]) -
					cost_of(word, s->incl, s->below));
}

/* save: so many ordinary calls, and of these so many that lasted. */
static inline void save(struct place *place, uint64_t n, uint64_t n_lasting)
{
	uint64_t cost = now_so(&hp_process.cost[CALL_PLAIN][0]);

	bump(&place->seg.saved,
	     n * ((uint64_t)now_so(&hp_process.nominal[CALL_PLAIN]) - cost) +
		     n_lasting * (cost - now_so(&hp_process.cost[CALL_PLAIN][1])));
}

/* What measuring costs, as most calls of a fold need it. */
struct fold_cost {
	uint64_t both; /* 1/1024 tick */
	uint64_t inside,
		lasting; /* of an empty call and of one that lasts, in 1/2^18 tick, and half a 1/16 tick */
	uint64_t n_lasting;
};

/*
 * fold_plain: fold_one() for most calls: neither sampled, nor inner, nor by recursion, nor unwound, and what measuring the calls
 * that they made cost fits 32 bits; false for others.
 *
 * c        what it costs; lasting calls are counted
 */
static inline __attribute__((always_inline)) bool fold_plain(struct place *place, char *base,
							     const struct seg_sample *s,
							     uint64_t word, struct fold_cost *c)
{
	struct seg_node *n = (struct seg_node *)word;
	uint64_t below = s->below, incl = s->incl;

	if (unlikely(word & (SEG_TAG_MASK | SEG_WORD_BITS)) || unlikely(below > UINT32_MAX))
		return false;
	bool lasting = lasts(0, incl, below);
	uint64_t cost = (below * c->both + (lasting ? c->lasting : c->inside)) >> 14;

	c->n_lasting += lasting;

	bump(&n->calls, 1);
	bump(&n->incl, incl);
	bump(&n->cost, cost);
	fold_time(place, base, n->stat, incl - ((cost + 8) >> 4), 1);
	return true;
}

/*
 * fold_recursive: fold_one() for calls that are inner ones or by recursion, of which there are many in a row; returns the first
 * sample that is of no such call.
 */
static __attribute__((noinline)) struct seg_sample *
fold_recursive(struct place *place, char *base, struct seg_sample *s, const struct seg_sample *to)
{
	const uint64_t bits = SEG_INNER | SEG_BACK;
	const struct seg_sample *first = s;
	uint64_t both = hp_process.both, n_lasting = 0;

	for (; s < to; s++) {
		uint64_t word = s->word, below = s->below;

		if (word & (SEG_TAG_MASK | SEG_WORD_BITS) & ~bits || below > UINT32_MAX)
			break;
		fold_call(place, base, s->incl, word & ~bits, word,
			  inside_of(word & bits, s->incl, below) + below * both / SEG_COST_CALL, 1);
		n_lasting += lasts(word, s->incl, below);
		compiler_barrier();
		s->word = word | SEG_FOLDED;
	}
	save(place, (uint64_t)(s - first), n_lasting);
	return s;
}

/* sign_of_life: notes the time, about once a millisecond: what a killed process leaves as its end.
 */
static __attribute__((noinline)) void sign_of_life(struct place *place, uint64_t now)
{
	uint64_t ticks, mono;

	hp_clock_now(&ticks, &mono, NULL);
	place->seg.now_ticks = ticks;
	place->seg.now_mono = mono;
	place->clock_seen = now;
	hp_steer_look();
}

/*
 * fold_ring: folds what is pending.
 *
 * Slots from ring_from up to `next` were taken since the last fold.  One of them that still says
 * SEG_FOLDED was taken but not yet written: we are a handler that interrupted its writer.  It is
 * marked and left alone, and the ring goes on behind it instead of at its start, until its writer
 * has come back.
 */
static void fold_ring(struct hot *hot)
{
	struct place *place = hot->place;
	struct seg_sample *ring = place->seg.ring;
	char *base = (char *)hp_process.seg;
	struct seg_sample *go_on = ring;
	/* Closes the ring while it is folded: a handler's calls go straight into their nodes. */
	struct seg_sample *to = (struct seg_sample *)take(&hot->next, sizeof(place->seg.ring));
	struct fold_cost cost = {
		hp_process.both,
		now_so(&hp_process.inside[CALL_PLAIN][0]) * SEG_COST_CALL + (1 << 13),
		now_so(&hp_process.inside[CALL_PLAIN][1]) * SEG_COST_CALL + (1 << 13), 0};
	uint64_t n_others = 0;

	if (to > hot->end)
		to = hot->end;
	for (struct seg_sample *s = ring, *behind; s < to; s++) {
		uint64_t word = s->word;

		if (unlikely(!fold_plain(place, base, s, word, &cost))) {
			n_others++;
			if (word & SEG_FOLDED) {
				if (s >= place->ring_from || word & SEG_TAKEN) {
					s->word = word | SEG_TAKEN;
					go_on = s + 1;
				}
				continue;
			}
			behind = fold_recursive(place, base, s, to);
			if (behind != s) {
				n_others += (uint64_t)(behind - s) - 1;
				s = behind - 1;
				continue;
			}
			fold_one(place, base, s, word);
		}
		compiler_barrier();
		s->word = word | SEG_FOLDED;
	}
	save(place, (uint64_t)(to - ring) - n_others, cost.n_lasting);
	if (hp_process.samples)
		hp_sample_adapt(hot, to);
	place->ring_from = go_on;
	compiler_barrier();
	hot->next = (uint64_t)go_on;
	if (to > ring && to[-1].end - place->clock_seen >= place->clock_every) {
		sign_of_life(place, to[-1].end);
		/* Not for a few calls, of a thread that ends: a look costs as much as some hundred. */
		if (to == hot->end)
			hp_cost_follow(hot, place->clock_seen);
	}
}

/* hp_fold: folds the ring unless we are a handler in the middle of a fold. */
void hp_fold(struct hot *hot)
{
	struct seg_thread *t = &hot->place->seg;

	if (t->folding)
		return;
	t->folding = 1;
	compiler_barrier();
	fold_ring(hot);
	compiler_barrier();
	t->folding = 0;
}

/* fold_direct: a call that met the ring closed. */
static __attribute__((noinline)) void fold_direct(struct place *place, const struct seg_sample *s)
{
	fold_one(place, (char *)hp_process.seg, s, s->word);
}

/* hp_fold_full: the ring had no slot for this call. */
__attribute__((noinline)) void hp_fold_full(struct hot *hot, uint64_t end, uint64_t incl,
					    uint64_t below, uint64_t word)
{
	struct seg_sample *s;

	hp_fold(hot);
	s = (struct seg_sample *)take(&hot->next, sizeof(*s));
	if (s < hot->end)
		write_sample(s, end, incl, below, word);
	else
		fold_direct(hot->place, &(struct seg_sample){end, incl, below, word});
}
