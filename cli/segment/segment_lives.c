/* SPDX-License-Identifier: MIT */
/* Lives: those that are over, a stat a site, and those that last, in the levels of a table. */
#include "segment_lives.h"
#include "../../runtime/seg_lives.h"

#include "../../runtime/abi.h"
#include "segment_reader.h"

/* life_site: the image's site of a life, -1 when it can be none. */
static int life_site(const struct segment_reader *r, uint32_t id)
{
	int site = id >= 1 && id <= r->map->header.n_sites ? r->site_of_id[id] : -1;

	return site >= 0 && r->image->sites[site].kind == HOTPATH_KIND_LIFE ? site : -1;
}

/* ---- over ---- */

static int read_line(struct segment_reader *r, uint64_t index, uint32_t line, int site)
{
	const void *link = (const void *)(r->map->header.map_base + 64 * index);
	const uint64_t *counters =
		segment_at(r->map, link, HIST_LINE * sizeof(uint64_t), ALIGN_LINE);
	int added = counters ? segment_seen_add(&r->seen, link) : 0;

	if (added < 0)
		return added;
	if (!added) {
		image_damage(r->image, "a histogram of lives of %s is %s",
			     r->image->sites[site].name,
			     counters ? "in two places" : "unreachable");
		return IMAGE_OK;
	}
	for (uint32_t i = 0; i < HIST_LINE; i++) {
		uint64_t count = counters[i];

		if (count > r->clock.most_ticks)
			image_damage(r->image, "a histogram of lives of %s is absurd",
				     r->image->sites[site].name);
		else if (count && !sum_add(&r->sums[site], line * HIST_LINE + i, count))
			return IMAGE_MEMORY;
	}
	return IMAGE_OK;
}

static int read_stat(struct segment_reader *r, const struct seg_life_stat *stat)
{
	uint64_t ended = stat->ended, total = stat->total, min = stat->min, max = stat->max;
	int site = life_site(r, stat->site), error = IMAGE_OK;

	if (site < 0) {
		image_damage(r->image, "lives have the site %u, which has none", stat->site);
		return IMAGE_OK;
	}
	if (!ended) /* made twice at the same time, or killed in between */
		return IMAGE_OK;
	if (ended > r->clock.most_ticks || max > r->clock.most_ticks || min > max ||
	    (double)total > (double)ended * (double)r->clock.most_ticks) {
		image_damage(r->image, "the lives of %s are absurd", r->image->sites[site].name);
		return IMAGE_OK;
	}
	r->image->sites[site].calls += ended;
	r->image->sites[site].total_ns += total; /* ticks until finish() */
	r->image->sites[site].sum_ns += total;
	sum_limits(&r->sums[site], min, max);
	for (uint32_t line = 0; line < HIST_LINES && !error; line++) {
		uint64_t index = stat->lines[line];

		if (index)
			error = read_line(r, index, line, site);
	}
	return error;
}

static int read_stats(struct segment_reader *r, const struct seg_life_stat *link)
{
	int error = IMAGE_OK;

	while (link && !error) {
		const struct seg_life_stat *stat =
			segment_at(r->map, link, sizeof(*stat), ALIGN_STAT);
		int added = stat ? segment_seen_add(&r->seen, link) : 0;

		if (added < 0)
			return added;
		if (!added) {
			image_damage(r->image, "the list of lives breaks off");
			break;
		}
		error = read_stat(r, stat);
		link = stat->next;
	}
	return error;
}

/* ---- lasting ---- */

/* read_life: counts as one that lasted to the end of the recording; how long it would have been is not known. */
static void read_life(struct segment_reader *r, const struct seg_life *at)
{
	struct seg_life life = *at;
	uint64_t end = r->clock.end_ticks;
	int site = life.key && life.site ? life_site(r, life.site) : -1;

	if (site < 0) {
		if (life.key && life.site)
			image_damage(r->image, "a life has the site %u, which has none", life.site);
		return;
	}
	r->image->sites[site].calls++;
	r->image->sites[site].running++;
	if (life.start < end && end - life.start <= r->clock.most_ticks)
		r->image->sites[site].total_ns += end - life.start;
}

static int read_level(struct segment_reader *r, const struct seg_life *link, uint32_t level)
{
	uint64_t n = seg_life_level_size(level) / sizeof(struct seg_life);
	const struct seg_life *lives =
		segment_at(r->map, link, seg_life_level_size(level), ALIGN_AREA);
	int added = lives ? segment_seen_add(&r->seen, link) : 0;

	if (added < 0)
		return added;
	if (!added)
		image_damage(r->image, "a table of lives is %s",
			     lives ? "in two places" : "unreachable");
	for (uint64_t i = 0; added && i < n; i++)
		read_life(r, &lives[i]);
	return IMAGE_OK;
}

int segment_lives_read(struct segment_reader *r)
{
	const struct seg_lives *link = r->map->header.lives, *lives;
	int added, error;

	if (!link)
		return IMAGE_OK;
	lives = segment_at(r->map, link, sizeof(*lives), ALIGN_AREA);
	added = lives ? segment_seen_add(&r->seen, link) : 0;
	if (added < 0)
		return added;
	if (!added) {
		image_damage(r->image, "the lives are unreachable");
		return IMAGE_OK;
	}
	error = read_stats(r, lives->stats);
	for (uint32_t i = 0; i < SEG_LIFE_LEVELS && !error; i++)
		if (lives->levels[i])
			error = read_level(r, lives->levels[i], i);
	return error;
}
