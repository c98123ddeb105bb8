/* SPDX-License-Identifier: MIT */
/*
 * Sampling: the hooks of units some of whose calls are counted but not timed, because a rule says so (`sample:`) or so
 * as to stay within a budget (`budget:`, HOTPATH_BUDGET).  Units without either have the hooks of hook.c, which know
 * nothing of this.
 *
 * Which call is timed.  Each site has a countdown on each thread; the call that brings it to 0 is
 * timed, and draws the next one: from an exponential distribution, so that each call has the same
 * chance whatever came before, and no loop in the program can keep step with us.  A site's first
 * call on a thread is always timed.  A timed call stands for 2^exponent (invariant 8 of segment.h).
 *
 * How many are timed.  Under a budget each site has its exponent chosen while the program runs: at
 * the end of a fold, from how many calls of it were timed since the last one.  The level up to
 * which a site's rate of timed calls is let through is one for all sites of the thread, and is
 * moved until the total fits: so it is the sites with the most calls that are thinned out, and the
 * others stay exact.  The first calls of a site on a thread are all timed: what is called a few times can be
 * what everything else is called from.  So are all calls of a site of which one made many measured calls (of such, some
 * are a million times longer than others), but by recursion.  Counting alone costs, too; a program that makes hardly anything but measured calls can be over its
 * budget by that, and the report says so and names the functions.
 *
 * What a thinned-out site is worth depends on its few calls standing for as many each: two of 4,096 among hundreds of 64 make
 * the estimate as bad as if there were no more than those.  So exponents must not shoot past what is needed.
 *
 * No floating point: it would change the exception flags of the host.
 */
#include <errno.h>
#include <signal.h>
#include "frame.h"

enum {
	WARM = 64,	   /* calls of a site that are timed whatever their rate */
	PACE_SHIFT = 24,   /* a level is in calls per 2^24 ticks, some milliseconds */
	BUDGET_SHIFT = 20, /* seg_header.budget */
};

/* next_random: xorshift. */
static uint64_t next_random(struct place *place)
{
	uint64_t x = place->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return place->random = x;
}

/*
 * draw: how many calls from now the next one is timed: 1 + an exponential variable of mean 2^exponent - 1.
 *
 * -log2(u) is the count of leading zeros and a fraction, the latter taken as linear, which makes its
 * mean 3/2; what is cut off by rounding is made good by rounding at random.
 */
static uint32_t draw(struct place *place, unsigned exponent)
{
	if (!exponent)
		return 1;
	uint64_t r = next_random(place) | 1;
	unsigned zeros = (unsigned)__builtin_clzll(r);
	uint64_t fraction = zeros < 48 ? (r << zeros << 1) >> 48 : 0; /* of 2^16 */
	uint64_t log = ((uint64_t)(zeros + 1) << 16) - fraction;
	uint64_t mean = (1ull << exponent) - 1;

	return 1 + (uint32_t)((log * mean * 2 / 3 + (next_random(place) >> 48)) >> 16);
}

/* begin_timed: the top frame's call was chosen.  The clock is read last, as in every entry. */
static __attribute__((noinline)) void begin_timed(struct hot *hot, struct seg_frame *f,
						  struct seg_draw *d)
{
	uint64_t tag = SEG_TAG(d->drawn);

	f->node->stat->sampled = 1;
	d->drawn = d->exponent;
	d->countdown = draw(hot->place, d->drawn);
	f->before = (hot->cost & ~SEG_TAG_MASK) | tag;
	f->start = hp_ticks();
}

/* choose: whether the call of a frame that was just pushed is timed. */
static inline void choose(struct hot *hot, struct seg_frame *f)
{
	struct seg_stat *stat = f->node->stat;
	struct seg_draw *d = &stat->draw[is_inner(hot, f)];

	if (unlikely(--d->countdown == 0))
		begin_timed(hot, f, d);
}

/* enter_slow: see hook.c. */
static __attribute__((noinline)) void enter_slow(uint32_t site, uint64_t depth)
{
	struct hot *hot = &hp_hot;
	int saved_errno = errno;
	bool pushed = hp_push_slow(hot, site, depth);

	errno = saved_errno;
	if (!pushed)
		return;
	hot->top->start = 0;
	choose(hot, hot->top);
}

static __attribute__((noinline)) void enter_back(struct seg_node *n, uint64_t depth)
{
	struct hot *hot = &hp_hot;
	struct seg_frame *f = raise_top(hot, n);

	if (n != f[-1].node)
		hp_cover(hot, f);
	else if (f < hot->back) /* a call of a function by itself covers nothing */
		hot->back = f;
	f->start = 0;
	fill(hot, f, depth);
	choose(hot, f);
}

static void enter(uint32_t *slot)
{
	struct hot *hot = &hp_hot;
	uint64_t depth = hook_depth();
	struct seg_frame *f = hot->top;
	struct seg_node *caller = f->node, *n = known_callee(caller, *slot);

	if (unlikely(!n || depth < f->depth || f == hot->limit)) {
		enter_slow(*slot, depth);
		return;
	}
	if (unlikely(n->parent != caller)) {
		enter_back(n, depth);
		return;
	}
	f = raise_top(hot, n);
	f->start = 0;
	fill(hot, f, depth);
	choose(hot, f);
}

#define DEFINE_EXIT(name, read_clock)                                                              \
	static void exit_##name(uint32_t *slot)                                                    \
	{                                                                                          \
		struct hot *hot = &hp_hot;                                                         \
		struct seg_frame *f = hot->top;                                                    \
                                                                                                   \
		if (likely(!f->start && f->node->site == *slot)) {                                 \
			pop_skipped(hot, f);                                                       \
			return;                                                                    \
		}                                                                                  \
		uint64_t now = read_clock();                                                       \
                                                                                                   \
		if (unlikely(f->node->site != *slot || !(f->before & SEG_TAG_MASK)))               \
			hp_exit_slow(*slot, now);                                                  \
		else                                                                               \
			pop_timed(hot, f, now, 0);                                                 \
	}

DEFINE_EXIT(tsc, ticks_tsc)
DEFINE_EXIT(ordered, ticks_ordered)
DEFINE_EXIT(monotonic, ticks_monotonic)

/* hp_sample_hooks: the hooks that sample. */
struct hooks hp_sample_hooks(uint32_t clock)
{
	struct hooks hooks = hp_hooks(clock);

	hooks.enter = enter;
	switch (clock) {
	case SEG_CLOCK_MONOTONIC:
		hooks.exit = exit_monotonic;
		break;
	case SEG_CLOCK_ORDERED_TSC:
	case SEG_CLOCK_ORDERED_CNTVCT:
		hooks.exit = exit_ordered;
		break;
	default:
		hooks.exit = exit_tsc;
	}
	return hooks;
}

static unsigned log2_up(uint64_t v)
{
	return v <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(v - 1);
}

/* hp_sample_stat: a stat was made: what its site's rule asks for. */
void hp_sample_stat(struct seg_stat *stat)
{
	const struct seg_unit *u = __atomic_load_n(&hp_process.seg->units, __ATOMIC_ACQUIRE);

	while (u && stat->site - u->first_id >= u->n_sites)
		u = u->next;
	if (!u)
		return;
	unsigned e = log2_up(u->sites[stat->site - u->first_id].sample);

	stat->least = (uint8_t)(e < SEG_EXPONENT_MAX ? e : SEG_EXPONENT_MAX);
	stat->draw[0].exponent = stat->draw[1].exponent = stat->least;
}

/*
 * hp_sample_large: the top frame's call, of this site, made many others, as what measuring these cost says: from now on all calls of its
 * kind are timed, as far as the rule lets them.  Returns false when it did not: the runtime only looked how fast the machine goes
 * meanwhile.
 */
__attribute__((noinline)) bool hp_sample_large(const struct hot *hot, const struct seg_frame *f,
					       uint64_t below)
{
	const struct place *place = hot->place;
	struct seg_stat *stat = f->node->stat;
	unsigned i = is_inner(hot, f);

	if ((f->before & ~SEG_TAG_MASK) <= place->look_from &&
	    below <= place->look_cost + SAMPLE_LARGE)
		return false;
	if (stat->large >> i & 1)
		return true;
	stat->large = (uint8_t)(stat->large | 1u << i);
	stat->draw[i].exponent = stat->draw[i].drawn = stat->least;
	if (!stat->least)
		stat->draw[i].countdown = 1;
	return true;
}

/* share: v * of / 2^shift, whatever their product. */
static uint64_t share(uint64_t v, uint64_t of, unsigned shift)
{
	return (uint64_t)(((unsigned __int128)v * of) >> shift);
}

/* lowered: an exponent with which at most half of `times` as many calls are timed. */
static unsigned lowered(unsigned e, unsigned least, uint64_t times)
{
	unsigned by = 62 - (unsigned)__builtin_clzll(times);

	return e > least + by ? e - by : least;
}

/*
 * raise_or_lower: a site's exponent, by how many of its calls were timed since it was last looked at, and how many the
 * level lets through.  One may be all there is to judge by, so both are in 1/256.
 */
static void raise_or_lower(struct seg_draw *d, unsigned least, bool large, uint64_t now,
			   uint64_t level)
{
	uint32_t tick = (uint32_t)(now >> 10);
	uint64_t ticks = (uint64_t)(uint32_t)(tick - d->since) << 10;
	uint64_t allowed = share(ticks, level, PACE_SHIFT - 8), timed = 256 * (uint64_t)d->timed;
	bool first = !d->since;
	unsigned e = d->exponent;

	d->since = tick | 1;
	d->timed = 0;
	if (first)
		return;
	if (large)
		e = least;
	else if (timed > allowed)
		e += log2_up(timed / (allowed + 1) + 1);
	else if (4 * timed < allowed)
		e = lowered(e, least, allowed / timed);
	d->exponent = (uint8_t)(e < SEG_EXPONENT_MAX ? e : SEG_EXPONENT_MAX);
}

static struct seg_draw *draw_of(const struct seg_sample *s)
{
	struct seg_node *n = (struct seg_node *)(s->word & SEG_NODE_MASK);

	return &n->stat->draw[s->word & SEG_INNER];
}

/* count_draws: of how many sites, or of which calls of theirs, the timed calls in the ring are. */
static uint64_t count_draws(const struct seg_sample *ring, const struct seg_sample *to)
{
	uint64_t parts = 0;

	for (const struct seg_sample *s = ring; s < to; s++)
		if (s->word & SEG_TAG_MASK)
			parts += (1 << 16) / (draw_of(s)->timed | 1u);
	return (parts >> 16) + 1;
}

/*
 * move_level: by how many of the calls in the ring were timed, in so many ticks, and how many there was room for.  When all sites that
 * were met keep to their equal share there is room for all of them, so the level never falls below that: what is timed too
 * often at first does not throw it down, from where it would rise only slowly.
 */
static void move_level(struct place *place, const struct seg_sample *to, uint64_t ticks,
		       uint64_t timed, uint64_t room)
{
	struct pace *pace = &place->pace;
	uint64_t most = (uint64_t)(((unsigned __int128)room << PACE_SHIFT) / (ticks | 1)) + 1;

	if (timed > room) {
		uint64_t equal = most / count_draws(place->seg.ring, to);

		pace->level = pace->level * (room + 1) / timed;
		if (pace->level < equal)
			pace->level = equal;
	} else if (pace->level && timed < room - room / 4)
		pace->level += pace->level / 4 + 1;
	if (pace->level > most || !pace->level)
		pace->level = most;
}

/*
 * hp_sample_adapt: at the end of a fold of the ring up to `to`: chooses how often each of the sites in it is timed from
 * now on.
 */
void hp_sample_adapt(struct hot *hot, const struct seg_sample *to)
{
	struct place *place = hot->place;
	struct pace *pace = &place->pace;
	uint64_t now = hp_ticks(), ticks = now - pace->since, timed = 0, cost = 0;
	uint64_t spent = hot->cost - pace->cost;
	bool first = !pace->since;

	pace->since = now;
	pace->cost = hot->cost;
	if (!hp_process.budget || first)
		return;
	for (const struct seg_sample *s = place->seg.ring; s < to; s++)
		if (s->word & SEG_TAG_MASK) {
			timed++;
			cost += cost_of(s->word, s->incl, s->below);
		}
	if (!timed)
		return;
	uint64_t whole = share(ticks, hp_process.budget, BUDGET_SHIFT);
	uint64_t counting = share(spent > cost ? spent - cost : 0, hp_process.both, 18);
	uint64_t room = whole > counting ? whole - counting : 0;

	/* When counting has used the budget up, timing some is not what breaks it. */
	if (room < (whole + counting) / 8)
		room = (whole + counting) / 8;

	move_level(place, to, ticks, timed, room / (share(cost / timed, hp_process.both, 18) + 1));
	for (const struct seg_sample *s = place->seg.ring; s < to; s++) {
		struct seg_stat *stat = ((struct seg_node *)(s->word & SEG_NODE_MASK))->stat;
		struct seg_draw *d = draw_of(s);

		if (s->word & SEG_TAG_MASK && d->timed && stat->warm[s->word & SEG_INNER] >= WARM)
			raise_or_lower(d, stat->least, stat->large >> (s->word & SEG_INNER) & 1,
				       now, pace->level);
	}
}

/* hp_sample_wanted: whether a unit needs the hooks that sample. */
bool hp_sample_wanted(const struct hotpath_unit *unit)
{
	if (hp_process.budget)
		return true;
	for (uint32_t i = 0; i < unit->n_sites; i++)
		if (unit->sites[i].sample > 1)
			return true;
	return false;
}

/* parse_budget: "2%", "0.5 %" or "2" in 1/1000 per cent; 0 when it is no such thing, or no limit. */
static uint32_t parse_budget(const char *text)
{
	uint64_t value = 0, scale = 1;
	bool point = false, any = false;

	for (; (*text >= '0' && *text <= '9') || (*text == '.' && !point); text++) {
		if (*text == '.') {
			point = true;
			continue;
		}
		if (value < 100000000) {
			value = 10 * value + (uint64_t)(*text - '0');
			scale *= point ? 10 : 1;
		}
		any = true;
	}
	while (*text == ' ')
		text++;
	if (*text == '%')
		text++;
	return *text || !any || value > 1000 * scale ? 0 : (uint32_t)(value * 1000 / scale);
}

/* hp_sample_budget: at the start: HOTPATH_BUDGET, else what the first unit's rules ask for; in 1/1000 per cent. */
uint32_t hp_sample_budget(const struct hotpath_unit *unit)
{
	const char *text = hp_env("HOTPATH_BUDGET");
	uint32_t budget = text ? parse_budget(text) : unit->budget;

	hp_process.budget = (uint32_t)(((uint64_t)budget << BUDGET_SHIFT) / 100000);
	return budget;
}

/*
 * hp_sample_start: before the first unit that needs them: makes the hooks that sample ready.
 * Signals wait: what their handlers call would be recorded where we measure.
 */
void hp_sample_start(void)
{
	sigset_t all, old;

	if (hp_process.samples)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	hp_cost_calibrate_sampling();
	hp_process.samples = true; /* not before: what is measured must not be adapted */
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}
