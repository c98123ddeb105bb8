/* SPDX-License-Identifier: MIT */
/*
 * The threads of a segment, summed up: what the folds left in nodes and stats, what was still in
 * the rings, and the calls that never returned (invariants 3 to 6 of runtime/segment.h).
 */
#include <stdlib.h>
#include <string.h>
#include "segment_lives.h"
#include "segment_reader.h"
#include "segment_stats.h"

static uint64_t to_ns(const struct segment_reader *r, uint64_t ticks)
{
	return segment_clock_ns(&r->clock, ticks);
}

/* ---- the tree of one thread ---- */

static uint64_t table_slot(const struct segment_reader *r, const struct seg_node *link)
{
	uint64_t i = segment_mix((uint64_t)link) & r->table_mask;

	while (r->table[i] >= 0 && r->nodes[r->table[i]].link != link)
		i = (i + 1) & r->table_mask;
	return i;
}

static bool table_grow(struct segment_reader *r)
{
	uint64_t n = r->table ? 2 * (r->table_mask + 1) : 256;
	int *table = malloc(n * sizeof(int));

	if (!table)
		return false;
	memset(table, -1, n * sizeof(int));
	free(r->table);
	r->table = table;
	r->table_mask = n - 1;
	for (size_t i = 0; i < r->n_nodes; i++)
		table[table_slot(r, r->nodes[i].link)] = (int)i;
	return true;
}

int segment_node_find(const struct segment_reader *r, const void *link)
{
	return r->table ? r->table[table_slot(r, link)] : -1;
}

/* table_clear: for the next thread.  A large table is given back: emptying it for each of many
 * small threads would take long. */
static void table_clear(struct segment_reader *r)
{
	r->n_nodes = 0;
	free(r->table);
	r->table = NULL;
	r->table_mask = 0;
}

/* weight_of: how many calls a timed one stands for (invariant 8); UINT64_MAX when that is absurd. */
static uint64_t weight_of(uint64_t tagged)
{
	return tagged >> SEG_TAG_SHIFT > SEG_EXPONENT_MAX + 1 ? UINT64_MAX : seg_weight(tagged);
}

/* bounded: a net time that cannot be true, damaged, becomes its gross time. */
static int64_t bounded(int64_t net, uint64_t gross)
{
	return net > (int64_t)gross || net < -(int64_t)gross ? (int64_t)gross : net;
}

/* net_of: a time of a node's without what measuring took of it. */
static int64_t net_of(uint64_t gross, uint64_t cost)
{
	return bounded(minus((int64_t)gross, (int64_t)((cost + 8) >> 4)), gross);
}

/* absurd_calls: whether a node counts more calls than the run has had ticks. */
static bool absurd_calls(const struct segment_reader *r, const struct seg_node *n)
{
	return n->calls > r->clock.most_ticks || n->skipped > r->clock.most_ticks;
}

/* absurd_times: likewise of its times. */
static bool absurd_times(const struct segment_reader *r, const struct seg_node *n)
{
	uint64_t most = r->clock.most_ticks;
	/* Times of a sampled site are estimates, and may be more than there was. */
	double slack = n->skipped ? 1 << SEG_EXPONENT_MAX : 1;

	return (double)n->cost / 16 > (double)most * SEG_STACK_MAX ||
	       (n->incl > n->inner && (double)(n->incl - n->inner) > (double)most * slack) ||
	       (double)n->incl > (double)most * SEG_STACK_MAX;
}

/* is_behind: whether a time is a little less than nothing: the thread went to a processor whose clock is behind. */
static bool is_behind(const struct segment_reader *r, uint64_t ticks)
{
	return -ticks <= r->clock.most_ticks;
}

/*
 * take_figures: a node's.  Its calls were counted by adding ones, so they are right also where the clock was not; its times are
 * taken for nothing then.
 */
static void take_figures(struct segment_reader *r, struct segment_node *to,
			 const struct seg_node *n)
{
	const char *name = r->image->sites[to->site].name;

	if (absurd_calls(r, n)) {
		image_damage(r->image, "the calls of a calling context of %s are absurd", name);
		return;
	}
	to->calls = n->calls + n->skipped;
	to->timed = n->calls;
	to->skipped = n->skipped;
	if (absurd_times(r, n)) {
		if (!is_behind(r, n->incl))
			image_damage(r->image, "the times of a calling context of %s are absurd",
				     name);
		return;
	}
	to->incl = n->incl;
	to->cost = n->cost;
	to->inner = n->inner;
	to->inner_cost = n->inner_cost;
	to->back = n->back;
	to->back_cost = n->back_cost;
	to->back_child = n->back_child;
	to->back_child_cost = n->back_child_cost;
}

/* node_site: the image's site of a node, -1 when it can have none. */
static int node_site(struct segment_reader *r, const struct seg_node *n,
		     const struct segment_node *parent)
{
	uint32_t id = n->site;
	int site = id >= 1 && id <= r->map->header.n_sites ? r->site_of_id[id] : -1;

	if (site < 0)
		image_damage(r->image, "a calling context has the unknown site %u", id);
	else if (n->parent != parent->link)
		image_damage(r->image, "a calling context of %s has another parent",
			     r->image->sites[site].name);
	else if (parent->depth >= r->map->header.n_sites) /* invariant 5 */
		image_damage(r->image, "calling contexts are deeper than there are functions");
	else
		return site;
	return -1;
}

/* node_add: appends a node; one that makes no sense is damage, and left out. */
static int node_add(struct segment_reader *r, const struct seg_node *link, const struct seg_node *n,
		    int parent)
{
	struct segment_node add = {.link = link, .parent = parent, .site = -1, .context = -1};

	if (parent >= 0) {
		add.site = node_site(r, n, &r->nodes[parent]);
		if (add.site < 0)
			return IMAGE_OK;
		add.depth = r->nodes[parent].depth + 1;
		add.context =
			segment_context(&r->contexts, r->image, r->nodes[parent].context, add.site);
		if (add.context < 0)
			return IMAGE_MEMORY;
	} else if (n->site != SEG_NO_SITE || n->parent) {
		image_damage(r->image, "a thread's tree does not begin with its root");
		return IMAGE_OK;
	}
	if (parent >= 0) {
		take_figures(r, &add, n);
	} else {
		add.back_child = n->back_child;
		add.back_child_cost = n->back_child_cost;
	}
	if (!segment_grow((void **)&r->nodes, r->n_nodes, &r->room_nodes, sizeof(*r->nodes)))
		return IMAGE_MEMORY;
	if ((!r->table || r->n_nodes * 2 >= r->table_mask) && !table_grow(r))
		return IMAGE_MEMORY;
	r->nodes[r->n_nodes] = add;
	r->table[table_slot(r, link)] = (int)r->n_nodes;
	r->n_nodes++;
	return IMAGE_OK;
}

/* node_take: what a link to a node leads to, NULL when that is nowhere, or where we were before. */
static int node_take(struct segment_reader *r, const struct seg_node *link,
		     const struct seg_node **n)
{
	int added = 0;

	*n = segment_at(r->map, link, sizeof(**n), ALIGN_NODE);
	if (*n)
		added = segment_seen_add(&r->seen, link);
	if (added == 1)
		return IMAGE_OK;
	if (added == 0)
		image_damage(r->image, "a calling context is %s",
			     *n ? "in two places" : "unreachable");
	*n = NULL;
	return added;
}

/* read_children: the nodes right below one.  One that makes no sense is left out; the list ends
 * where it leads nowhere.
 */
static int read_children(struct segment_reader *r, const struct seg_node *link, int parent)
{
	int error = IMAGE_OK;

	while (link && !error) {
		const struct seg_node *n;

		error = node_take(r, link, &n);
		if (error || !n)
			break;
		error = node_add(r, link, n, parent);
		link = n->sibling
			       ? (const void *)(r->map->header.map_base + 64 * (uint64_t)n->sibling)
			       : NULL;
	}
	return error;
}

/* read_tree: all nodes, parents before children. */
static int read_tree(struct segment_reader *r, const struct seg_node *root)
{
	const struct seg_node *n;
	int error = node_take(r, root, &n);

	if (!error && n)
		error = node_add(r, root, n, -1);
	for (size_t i = 0; i < r->n_nodes && !error; i++) {
		n = segment_at(r->map, r->nodes[i].link, sizeof(*n), ALIGN_NODE);
		error = read_children(r, n->child, (int)i);
	}
	return error;
}

/* ---- what was not folded ---- */

/*
 * note_recent: keeps a call, folded or not, as one of the newest.  A folded slot is nothing but this, so one that makes no sense
 * (its thread was killed while it wrote the next call there) is passed over.
 */
static void note_recent(struct segment_reader *r, const struct seg_sample *s, int index)
{
	const struct segment_clock *clock = &r->clock;
	int64_t own = one_net(s->incl, one_cost(r, s->incl, s->below, s->word));

	if (s->word & SEG_TAKEN || s->end > clock->end_ticks || s->end < clock->start_ticks ||
	    s->incl > s->end - clock->start_ticks)
		return;
	segment_recent_add(&r->recent, &(struct segment_recent_call){
					       .end = s->end,
					       .incl = s->incl,
					       .net = own > 0 ? (uint64_t)own : 0,
					       .site = r->nodes[index].site,
					       .thread = (int)r->image->n_threads - 1,
				       });
}

static int read_ring(struct segment_reader *r, const struct seg_thread *t)
{
	for (int i = 0; i < SEG_RING; i++) {
		struct seg_sample s = t->ring[i];
		int index;

		index = segment_node_find(r, (void *)(s.word & SEG_NODE_MASK));
		if (index > 0)
			note_recent(r, &s, index);
		if (s.word & SEG_FOLDED || !s.word)
			continue;
		if (index <= 0) {
			image_damage(r->image, "a recorded call has no calling context");
			continue;
		}
		uint64_t weight = weight_of(s.word), most = r->clock.most_ticks;

		if (s.below / SEG_COST_CALL > most || weight == UINT64_MAX) {
			image_damage(r->image, "a recorded call has an absurd cost");
			continue;
		}
		if (s.incl > most) {
			if (!is_behind(r, s.incl))
				image_damage(r->image, "a recorded call has an absurd time");
			s.incl = 0;
		}
		struct segment_node *n = &r->nodes[index];
		uint64_t cost = one_cost(r, s.incl, s.below, s.word);
		int64_t own = one_net(s.incl, cost);
		uint64_t shown = own > 0 ? (uint64_t)own : 0;
		uint64_t all = s.incl * weight, costs = seg_node_cost(cost) * weight;

		r->thread_saved += one_saved(r, s.incl, s.below, s.word);
		n->calls++;
		n->timed++;
		if (s.word & SEG_TAG_MASK)
			r->image->sites[n->site].squares += weight * weight;
		n->incl += all;
		n->cost += costs;
		if (s.word & SEG_INNER) {
			n->inner += all;
			n->inner_cost += costs;
		}
		if (s.word & SEG_BACK) {
			n->back += all;
			n->back_cost += costs;
		}
		sum_limits(&r->sums[n->site], shown, shown);
		if (!sum_add(&r->sums[n->site], hist_bucket(shown), weight))
			return IMAGE_MEMORY;
	}
	return IMAGE_OK;
}

/* ---- sums ---- */

/*
 * add_times: a gross and a net time into a sum of net ones and a sum of costs.  The cost is a mean: of a short time it
 * can take more than there is.
 *
 * estimate   a sampled site's gross time is what it would have been with the cost of timing every call in it, so it
 *            says nothing of what its caller has left
 */
static void add_times(uint64_t *sum, uint64_t *costs, uint64_t gross, int64_t net, bool estimate)
{
	uint64_t shown = net < 0 ? 0 : (uint64_t)net;

	if (shown > gross && !estimate)
		shown = gross;
	*sum += shown;
	*costs += less(gross, shown);
}

/* add_node: a node's figures into its context and its site. */
static void add_node(struct segment_reader *r, const struct segment_node *n)
{
	struct image_context *c = &r->image->contexts[n->context];
	struct image_site *s = &r->image->sites[n->site];
	uint64_t total = 0, self = 0, total_cost = 0, self_cost = 0;

	/* ticks until finish() */
	add_times(&total, &total_cost, less(n->incl, n->inner), minus(n->net, n->inner_net),
		  n->skipped != 0);
	add_times(&self, &self_cost, less(n->incl, n->back_child + n->children),
		  minus(minus(n->net, n->back_child_net), n->children_net), n->estimate);
	add_times(&s->sum_ns, &s->sum_cost_ns, n->returned, n->returned_net, n->skipped != 0);
	c->calls += n->calls;
	c->running += n->running;
	c->total_ns += total;
	c->self_ns += self;
	s->calls += n->calls;
	s->skipped += n->skipped;
	s->running += n->running;
	s->total_ns += total;
	s->total_cost_ns += total_cost;
	s->self_ns += self;
	s->self_cost_ns += self_cost;
}

static void sum_thread(struct segment_reader *r, const struct seg_thread *from,
		       struct image_thread *t)
{
	uint64_t end = from->end_ticks ? from->end_ticks : r->clock.end_ticks;

	for (size_t i = 0; i < r->n_nodes; i++) {
		struct segment_node *n = &r->nodes[i];

		n->net = net_of(n->incl, n->cost);
		n->inner_net = net_of(n->inner, n->inner_cost);
		n->back_net = net_of(n->back, n->back_cost);
		n->back_child_net = net_of(n->back_child, n->back_child_cost);
	}
	segment_fit(r->nodes, r->n_nodes, less(end, from->start_ticks));
	for (size_t i = r->n_nodes; i-- > 1;) {
		struct segment_node *n = &r->nodes[i];
		struct segment_node *parent = &r->nodes[n->parent];

		n->estimate |= n->skipped != 0;
		parent->estimate |= n->skipped != 0;
		parent->children += less(n->incl, n->back);
		/* What comes out below nothing is shown as nothing, and must not be added to its caller's own
		 * time: own times add up to the time of the outermost calls. */
		if (minus(n->net, n->back_net) > 0)
			parent->children_net =
				minus(parent->children_net, minus(n->back_net, n->net));
		t->calls += n->calls;
		t->running += n->running;
	}
	for (size_t i = 1; i < r->n_nodes; i++)
		add_node(r, &r->nodes[i]);
	if (r->n_nodes && r->nodes[0].children_net > 0)
		t->total_ns = to_ns(r, (uint64_t)r->nodes[0].children_net);
}

/*
 * is_plausible: whether measuring a thread's calls can have cost so much less than the header says; in two's complement, for a
 * machine that went slower than at the start it is more, and looking how fast it goes costs something, too.
 */
static bool is_plausible(uint64_t spent, uint64_t saved)
{
	enum { SLOWER = 64, LOOK = 1024 * SEG_COST_CALL };

	return saved >> 63 ? -saved / SLOWER <= spent + LOOK : saved <= spent;
}

static int read_thread(struct segment_reader *r, const struct seg_thread *t,
		       struct image_thread *to)
{
	const struct segment_stats stats = {r->map,  r->image, r->site_of_id,
					    r->sums, &r->seen, r->clock.most_ticks};
	int error;

	table_clear(r);
	to->tid = t->tid;
	memcpy(to->name, t->name, SEG_NAME);
	to->owners = t->owners ? t->owners : 1;
	to->start_ns = segment_clock_since_start(&r->clock, t->start_ticks);
	to->end_ns = segment_clock_since_start(&r->clock,
					       t->end_ticks ? t->end_ticks : r->clock.end_ticks);
	r->image->torn += t->folding != 0;
	for (int i = 0; i < SEG_LOST_COUNT; i++)
		r->image->lost[i] += t->lost[i];
	error = read_tree(r, t->root);
	if (!error)
		error = segment_stats_read(&stats, t->stats);
	r->thread_spent = 0;
	r->thread_saved = t->saved;
	if (!error)
		error = read_ring(r, t);
	if (error)
		return error;
	for (size_t i = 1; i < r->n_nodes; i++)
		r->thread_spent += segment_spent(r, &r->nodes[i]);
	if (!is_plausible(r->thread_spent, r->thread_saved))
		image_damage(r->image, "measuring a thread's calls has an absurd cost");
	else
		r->thread_spent -= r->thread_saved;
	r->spent += r->thread_spent;
	for (size_t i = 0; i < r->n_nodes; i++) {
		struct segment_node *n = &r->nodes[i];

		n->returned = n->incl;
		n->returned_net = net_of(n->incl, n->cost);
	}
	if (t->live && r->n_nodes)
		error = segment_read_stack(r, t);
	if (!error && r->n_nodes)
		error = segment_read_fibers(r, t);
	sum_thread(r, t, to);
	return error;
}

/* find_threads: all threads that can be reached. */
static int find_threads(struct segment_reader *r)
{
	const struct seg_thread *link = r->map->header.threads;

	while (link) {
		const struct seg_thread *t = segment_at(r->map, link, sizeof(*t), ALIGN_AREA);
		int added = t ? segment_seen_add(&r->seen, link) : 0;

		if (added < 0)
			return added;
		if (!added) {
			image_damage(r->image, "the list of threads breaks off");
			break;
		}
		if (!segment_grow((void **)&r->threads, r->n_threads, &r->room_threads,
				  sizeof(*r->threads)))
			return IMAGE_MEMORY;
		r->threads[r->n_threads++] = t;
		link = t->next;
	}
	return IMAGE_OK;
}

static int read_threads(struct segment_reader *r)
{
	struct image *image = r->image;
	int error = IMAGE_OK;

	image->threads = calloc(r->n_threads + 1, sizeof(*image->threads));
	if (!image->threads)
		return IMAGE_MEMORY;
	for (size_t i = 0; i < r->n_threads && !error; i++)
		error = read_thread(r, r->threads[i], &image->threads[image->n_threads++]);
	return error;
}

/* ---- ticks into nanoseconds, counts into buckets ---- */

static int finish_site(struct segment_reader *r, struct image_site *s, const struct sum *sum)
{
	uint64_t min = sum->min, max = sum->max;

	s->total_ns = to_ns(r, s->total_ns);
	s->self_ns = to_ns(r, s->self_ns);
	s->sum_ns = to_ns(r, s->sum_ns);
	s->total_cost_ns = to_ns(r, s->total_cost_ns);
	s->self_cost_ns = to_ns(r, s->self_cost_ns);
	s->sum_cost_ns = to_ns(r, s->sum_cost_ns);
	s->min_ns = s->max_ns = 0;
	s->buckets = sum_buckets(sum, &s->n_buckets);
	if (!s->buckets)
		return IMAGE_MEMORY;
	if (!s->n_buckets)
		return IMAGE_OK;
	if (min > max) { /* lost; the histogram still says them roughly */
		min = hist_lower(s->buckets[0].bucket);
		max = hist_lower(s->buckets[s->n_buckets - 1].bucket);
	}
	s->min_ns = to_ns(r, min);
	s->max_ns = to_ns(r, max);
	return IMAGE_OK;
}

static int finish(struct segment_reader *r)
{
	int error = IMAGE_OK;

	for (size_t i = 0; i < r->image->n_sites && !error; i++)
		error = finish_site(r, &r->image->sites[i], &r->sums[i]);
	for (size_t i = 0; i < r->image->n_contexts; i++) {
		struct image_context *c = &r->image->contexts[i];

		c->total_ns = to_ns(r, c->total_ns);
		c->self_ns = to_ns(r, c->self_ns);
	}
	return error;
}

/* read_costs: what measuring costs, as hp_cost_use() of the runtime reckons it. */
static void read_costs(struct segment_reader *r)
{
	const struct seg_header *h = &r->map->header;

	if (r->image->inside_ns <= 0 && r->image->outside_ns <= 0) /* absurd, or none */
		return;
	r->inside = h->inside;
	r->both = h->inside + h->outside;
	r->overlap_inside = h->overlap_inside;
	r->overlap_cost = SEG_COST_CALL - seg_cost(less(r->both, h->overlap), r->both);
	r->knee = seg_knee(h->inside);
	r->always_cost = r->drawn_cost = SEG_COST_CALL;
	if (r->image->skipped_ns <= 0)
		return;
	r->always_inside = h->always_inside;
	r->drawn_inside = h->drawn_inside;
	r->always_cost = seg_cost(h->always_inside + h->always_outside, r->both);
	r->drawn_cost = seg_cost(h->drawn_inside + h->drawn_outside, r->both);
	r->skipped_cost = seg_cost(h->skipped, r->both);
}

int segment_read_threads(const struct segment_map *map, struct image *image, const int *site_of_id)
{
	struct segment_reader r = {.map = map,
				   .image = image,
				   .site_of_id = site_of_id,
				   .frames = map->size / sizeof(struct seg_frame)};
	int error = IMAGE_MEMORY;

	r.sums = calloc(image->n_sites + 1, sizeof(*r.sums));
	r.live = calloc(image->n_sites + 1, sizeof(*r.live));
	if (!r.sums || !r.live)
		goto out;
	for (size_t i = 0; i < image->n_sites; i++)
		r.sums[i] = SUM_EMPTY;
	error = find_threads(&r);
	if (!error) {
		segment_clock_read(&r.clock, map, r.threads, r.n_threads, image);
		read_costs(&r);
		error = read_threads(&r);
	}
	if (!error)
		error = segment_lives_read(&r);
	if (!error)
		error = finish(&r);
	if (!error)
		error = segment_recent_finish(&r.recent, &r.clock, image);
	image->measuring_ns = (uint64_t)((double)r.spent / SEG_COST_CALL *
					 (image->inside_ns + image->outside_ns));
out:
	for (size_t i = 0; r.sums && i < image->n_sites; i++)
		sum_release(&r.sums[i]);
	free(r.sums);
	free(r.live);
	free(r.threads);
	free(r.nodes);
	free(r.table);
	segment_contexts_release(&r.contexts);
	segment_seen_release(&r.seen);
	return error;
}
