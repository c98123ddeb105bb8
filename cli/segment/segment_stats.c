/* SPDX-License-Identifier: MIT */
/* The histograms of one thread: what the folds left in its stats. */
#include "segment_stats.h"

/* add_counters: of buckets in a row; false without memory. */
static bool add_counters(const struct segment_stats *r, const uint32_t *counters, uint32_t n,
			 uint32_t bucket, int site)
{
	for (uint32_t i = 0; i < n; i++)
		if (counters[i] && !sum_add(&r->sums[site], bucket + i, counters[i]))
			return false;
	return true;
}

/* read_line: 16 counters, where the stat says that they are. */
static int read_line(const struct segment_stats *r, uint64_t index, uint32_t line, int site)
{
	const void *link = (const void *)(r->map->header.map_base + 64 * index);
	const uint32_t *counters =
		segment_at(r->map, link, HIST_LINE * sizeof(uint32_t), ALIGN_LINE);
	int added = counters ? segment_seen_add(r->seen, link) : 0;

	if (added < 0)
		return added;
	if (!added) {
		image_damage(r->image, "a histogram of %s is %s", r->image->sites[site].name,
			     counters ? "in two places" : "unreachable");
		return IMAGE_OK;
	}
	return add_counters(r, counters, HIST_LINE, SEG_NEAR + line * HIST_LINE, site)
		       ? IMAGE_OK
		       : IMAGE_MEMORY;
}

static int read_lines(const struct segment_stats *r, const struct seg_stat *stat, int site)
{
	int error = add_counters(r, stat->near, SEG_NEAR, 0, site) ? IMAGE_OK : IMAGE_MEMORY;

	for (uint32_t line = 0; line < SEG_LINES && !error; line++) {
		uint64_t index = stat->lines[line];

		if (index)
			error = read_line(r, index, line, site);
	}
	return error;
}

static int read_carries(const struct segment_stats *r, const struct seg_stat *stat, int site)
{
	const struct seg_carry *link = stat->carry;

	while (link) {
		const struct seg_carry *c = segment_at(r->map, link, sizeof(*c), ALIGN_CARRY);
		uint64_t bucket = c ? c->bucket : 0;
		int added = c && bucket < HIST_BUCKETS ? segment_seen_add(r->seen, link) : 0;

		if (added < 0)
			return added;
		if (!added) {
			image_damage(r->image, "a histogram of %s breaks off",
				     r->image->sites[site].name);
			return IMAGE_OK;
		}
		if (!sum_add(&r->sums[site], (uint32_t)bucket, 1ull << 32))
			return IMAGE_MEMORY;
		link = c->next;
	}
	return IMAGE_OK;
}

/* read_stat: what one thread has of one site's histogram. */
static int read_stat(const struct segment_stats *r, const struct seg_stat *s)
{
	uint32_t id = s->site;
	int site = id >= 1 && id <= r->map->header.n_sites ? r->site_of_id[id] : -1;
	uint64_t min = s->min, max = s->max;

	if (site < 0) {
		image_damage(r->image, "a histogram has the unknown site %u", id);
		return IMAGE_OK;
	}
	if (min <= max && max <= r->most_ticks)
		sum_limits(&r->sums[site], min, max);
	else if (min != UINT64_MAX || max) /* else: no call yet */
		image_damage(r->image, "the limits of a histogram of %s are absurd",
			     r->image->sites[site].name);
	r->image->sites[site].sampled |= s->sampled != 0;
	if (s->unwound <= r->most_ticks)
		r->image->sites[site].unwound += s->unwound;
	if (s->squares >> 2 * SEG_EXPONENT_MAX <= r->most_ticks)
		r->image->sites[site].squares += s->squares;
	else
		image_damage(r->image, "the weights of the calls of %s are absurd",
			     r->image->sites[site].name);
	int error = read_lines(r, s, site);

	return error ? error : read_carries(r, s, site);
}

int segment_stats_read(const struct segment_stats *r, const struct seg_stat *link)
{
	int error = IMAGE_OK;

	while (link && !error) {
		const struct seg_stat *s = segment_at(r->map, link, sizeof(*s), ALIGN_STAT);
		int added = s ? segment_seen_add(r->seen, link) : 0;

		if (added < 0)
			return added;
		if (!added) {
			image_damage(r->image, "the list of histograms breaks off");
			break;
		}
		error = read_stat(r, s);
		link = s->next;
	}
	return error;
}
