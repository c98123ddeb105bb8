/* SPDX-License-Identifier: MIT */
/*
 * image_read: a segment becomes a struct image.  Here: the process, its units and sites; the
 * threads and their trees are read in segment_tree.c.
 *
 * The file may be damaged anywhere.  What cannot be reached or makes no sense is left out and
 * counted (image.damaged); only a header that cannot be used is an error.
 */
#include <stdlib.h>
#include <string.h>
#include "../../runtime/seg_copy.h"
#include "segment_map.h"

/* copy_text: a string of known length that may hold anything; cut at its first NUL. */
static char *copy_text(const char *text, size_t length)
{
	return strndup(text, length);
}

static int add_arguments(struct image *image, const char *text, size_t length)
{
	size_t count = 0;

	if (image->argv)
		return IMAGE_OK;
	for (size_t i = 0; i < length; i++)
		count += text[i] == 0 || i == length - 1;
	image->argv = calloc(count + 1, sizeof(char *));
	if (!image->argv)
		return IMAGE_MEMORY;
	for (const char *end = text + length; text < end && image->argc < count;) {
		size_t n = strnlen(text, (size_t)(end - text));

		image->argv[image->argc] = copy_text(text, n);
		if (!image->argv[image->argc++])
			return IMAGE_MEMORY;
		text += n + 1;
	}
	return IMAGE_OK;
}

static char **text_of_key(struct image *image, uint32_t key)
{
	switch (key) {
	case SEG_KEY_CWD:
		return &image->cwd;
	case SEG_KEY_EXE:
		return &image->exe;
	case SEG_KEY_LABEL:
		return &image->label;
	case SEG_KEY_STORE:
		return &image->store;
	case SEG_KEY_ROOT:
		return &image->root;
	case SEG_KEY_HOST:
		return &image->host;
	case SEG_KEY_KERNEL:
		return &image->kernel;
	case SEG_KEY_CPU:
		return &image->cpu;
	case SEG_KEY_BRANCH:
		return &image->branch;
	case SEG_KEY_COMMIT:
		return &image->commit;
	case SEG_KEY_TOKEN:
		return &image->token;
	case SEG_KEY_GOVERNOR:
		return &image->governor;
	default:
		return NULL;
	}
}

static double read_load(const char *value, uint32_t length)
{
	char text[16], *end;
	double load;

	if (length >= sizeof(text))
		return -1;
	memcpy(text, value, length);
	text[length] = 0;
	load = strtod(text, &end);
	return end != text && !*end && load >= 0 && load < 1e6 ? load : -1;
}

static int add_record(struct image *image, uint32_t key, const char *value, uint32_t length)
{
	char **text = text_of_key(image, key);

	if (key == SEG_KEY_ARGV)
		return add_arguments(image, value, length);
	if (key == SEG_KEY_LOAD)
		image->load = read_load(value, length);
	if (key == SEG_KEY_CUT)
		image->argv_cut = true;
	if (key == SEG_KEY_BUDGET && length == sizeof(image->budget))
		memcpy(&image->budget, value, sizeof(image->budget));
	if (!text || *text)
		return IMAGE_OK;
	*text = copy_text(value, length);
	return *text ? IMAGE_OK : IMAGE_MEMORY;
}

static int read_info(const struct segment_map *map, struct image *image)
{
	const struct seg_info *info = segment_at(map, map->header.info, sizeof(*info), ALIGN_AREA);
	uint32_t size = info ? info->size : 0;
	int error = IMAGE_OK;

	if (!info || size > SEGMENT_INFO_MAX ||
	    !segment_at(map, map->header.info, sizeof(*info) + size, ALIGN_AREA)) {
		image_damage(image, "the list of process facts is unreachable");
		return IMAGE_OK;
	}
	for (uint32_t at = 0; !error && at + 8 <= size;) {
		uint32_t head[2];

		memcpy(head, info->records + at, sizeof(head));
		at += 8;
		if (head[1] > size - at) {
			image_damage(image, "process fact %u reaches past its list", head[0]);
			break;
		}
		error = add_record(image, head[0], info->records + at, head[1]);
		at += (head[1] + 7) & ~7u;
	}
	return error;
}

/* A table from site id to index in image.sites, and a hash to find equal sites. */
struct site_table {
	int *of_id; /* n_ids + 1, -1 where there is none */
	uint32_t n_ids;
	int *buckets;
	uint64_t mask;
	uint64_t texts_left; /* bytes of names that may still be copied */
};

/* A unit while it is read.  Its size and counts are copies: the writer may be at work, and what was
 * checked must be what is used. */
struct unit {
	const struct seg_unit *at;
	uint64_t size;
	uint32_t n_sites;
};

/* unit_text: a string of a unit; a copy, NULL when the offset is 0 or wrong. */
static char *unit_text(struct image *image, struct site_table *t, const struct unit *u, uint32_t at)
{
	uint64_t room = at < u->size ? u->size - at : 0;
	const char *text = (const char *)u->at + at;

	if (!at)
		return NULL;
	if (room > SEGMENT_TEXT_MAX)
		room = SEGMENT_TEXT_MAX;

	size_t length = room ? strnlen(text, room) : 0;

	if (length == room) {
		image_damage(image, "a name reaches past its unit, or is too long");
		return NULL;
	}
	if (length > t->texts_left) {
		image_damage(image, "the names of the sites are too long together");
		return NULL;
	}
	t->texts_left -= length;
	return strndup(text, length);
}

static char *or_unknown(char *text)
{
	return text ? text : strdup("?");
}

static void read_site(struct image *image, struct site_table *t, const struct unit *u, uint32_t i,
		      struct image_site *site)
{
	struct seg_site s = u->at->sites[i];

	*site = (struct image_site){
		.name = or_unknown(unit_text(image, t, u, s.name)),
		.qualified = or_unknown(unit_text(image, t, u, s.qualified)),
		.mangled = or_unknown(unit_text(image, t, u, s.mangled)),
		.label = unit_text(image, t, u, s.label),
		.file = or_unknown(unit_text(image, t, u, s.file)),
		.rule = or_unknown(unit_text(image, t, u, s.rule)),
		.group = unit_text(image, t, u, s.group),
		.body = s.body,
		.line = s.line,
		.sample = s.sample,
		.language = s.language,
		.kind = s.kind,
		.unit = (int)image->n_units - 1,
		.min_ns = UINT64_MAX,
	};
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_site(const struct image_site *a, const struct image_site *b)
{
	return a->line == b->line && a->kind == b->kind && a->sample == b->sample &&
	       same_text(a->mangled, b->mangled) && same_text(a->file, b->file) &&
	       same_text(a->label, b->label) && same_text(a->group, b->group);
}

/* site_find: a site of another unit that is the same function: an inline function is in every unit
 * that uses it. */
static int site_find(const struct image *image, const int *buckets, uint64_t mask,
		     const struct image_site *s, uint64_t *slot)
{
	uint64_t h = s->line * 0x9e3779b97f4a7c15ull;

	for (const char *p = s->mangled; *p; p++)
		h = (h ^ (uint8_t)*p) * 0x100000001b3ull;
	for (*slot = (h ^ h >> 29) & mask; buckets[*slot] >= 0; *slot = (*slot + 1) & mask) {
		if (same_site(&image->sites[buckets[*slot]], s))
			return buckets[*slot];
	}
	return -1;
}

static void site_free_texts(struct image_site *s)
{
	free(s->name);
	free(s->qualified);
	free(s->mangled);
	free(s->label);
	free(s->file);
	free(s->rule);
	free(s->group);
}

static int site_table_init(struct site_table *t, struct image *image, uint32_t n_ids)
{
	uint64_t n = 16;

	while (n < 2 * ((uint64_t)n_ids + 1))
		n *= 2;
	t->n_ids = n_ids;
	t->texts_left = SEGMENT_TEXTS_MAX;
	t->mask = n - 1;
	t->of_id = malloc(((size_t)n_ids + 1) * sizeof(int));
	t->buckets = malloc(n * sizeof(int));
	image->sites = calloc((size_t)n_ids + 1, sizeof(*image->sites));
	if (!t->of_id || !t->buckets || !image->sites)
		return IMAGE_MEMORY;
	memset(t->of_id, -1, ((size_t)n_ids + 1) * sizeof(int));
	memset(t->buckets, -1, n * sizeof(int));
	return IMAGE_OK;
}

static int add_site(struct image *image, struct site_table *t, uint32_t id, struct image_site *site)
{
	uint64_t slot;

	if (!site->name || !site->qualified || !site->mangled || !site->file || !site->rule) {
		site_free_texts(site);
		return IMAGE_MEMORY;
	}
	int known = site_find(image, t->buckets, t->mask, site, &slot);

	if (known >= 0) {
		if (image->sites[known].body != site->body)
			image->sites[known].body = 0;
		site_free_texts(site);
		t->of_id[id] = known;
		return IMAGE_OK;
	}
	t->buckets[slot] = t->of_id[id] = (int)image->n_sites;
	image->sites[image->n_sites++] = *site;
	return IMAGE_OK;
}

static int add_unit(struct image *image, struct site_table *t, const struct unit *u)
{
	struct image_unit *to = &image->units[image->n_units++];
	uint32_t length = u->at->build_id_len;

	*to = (struct image_unit){0};
	to->source = or_unknown(unit_text(image, t, u, u->at->source));
	to->object = unit_text(image, t, u, u->at->object);
	if (length > SEG_BUILD_ID) {
		image_damage(image, "the build-id of a unit is too long");
		length = 0;
	}
	for (uint32_t i = 0; i < length; i++) {
		to->build_id[2 * i] = "0123456789abcdef"[u->at->build_id[i] >> 4];
		to->build_id[2 * i + 1] = "0123456789abcdef"[u->at->build_id[i] & 15];
	}
	return to->source ? IMAGE_OK : IMAGE_MEMORY;
}

static int read_unit(struct image *image, struct site_table *t, const struct unit *u)
{
	uint32_t first = u->at->first_id;
	int error = add_unit(image, t, u);

	for (uint32_t i = 0; !error && i < u->n_sites; i++) {
		struct image_site site;
		uint32_t id = first + i;

		if (id < 1 || id > t->n_ids || t->of_id[id] >= 0) {
			image_damage(image, "site id %u is out of range or given twice", id);
			continue;
		}
		read_site(image, t, u, i, &site);
		error = add_site(image, t, id, &site);
	}
	return error;
}

/* find_unit: what a link to a unit leads to; false when it is no unit, or no whole one. */
static bool find_unit(const struct segment_map *map, const struct seg_unit *link, struct unit *u)
{
	*u = (struct unit){.at = segment_at(map, link, sizeof(*link), ALIGN_UNIT)};
	if (!u->at)
		return false;
	u->size = u->at->size;
	u->n_sites = u->at->n_sites;
	return u->size >= sizeof(*link) && segment_at(map, link, u->size, ALIGN_UNIT) &&
	       u->n_sites <= (u->size - sizeof(*link)) / sizeof(struct seg_site);
}

/*
 * find_units: all units that can be reached.  Together they have no more sites than the header
 * says: a cycle or units that lie over each other would have us read the same ones for hours.
 */
static int find_units(const struct segment_map *map, struct image *image, struct unit **units,
		      size_t *n)
{
	const struct seg_unit *link = map->header.units;
	uint64_t left = map->header.n_sites;
	struct segment_seen seen = {0};
	size_t room = 0;
	int error = IMAGE_OK;

	while (link && !error) {
		struct unit u;
		bool ok = find_unit(map, link, &u) && u.n_sites <= left;
		int added = ok ? segment_seen_add(&seen, link) : 0;

		if (added == 0) {
			image_damage(image, "the list of units breaks off");
			break;
		}
		if (*n == room) {
			struct unit *more = realloc(*units, (room = 2 * room + 16) * sizeof(u));

			if (more)
				*units = more;
			else
				error = IMAGE_MEMORY;
		}
		if (added < 0)
			error = added;
		if (error)
			break;
		(*units)[(*n)++] = u;
		left -= u.n_sites;
		link = u.at->next;
	}
	segment_seen_release(&seen);
	return error;
}

static int read_units(const struct segment_map *map, struct image *image, struct site_table *t)
{
	struct unit *units = NULL;
	size_t n = 0;
	int error = find_units(map, image, &units, &n);

	if (!error) {
		image->units = calloc(n + 1, sizeof(*image->units));
		error = image->units ? IMAGE_OK : IMAGE_MEMORY;
	}
	for (size_t i = 0; i < n && !error; i++)
		error = read_unit(image, t, &units[i]);
	free(units);
	return error;
}

static void read_header(const struct seg_header *h, struct image *image)
{
	memcpy(image->run_id, h->run_id, sizeof(image->run_id));
	memcpy(image->parent_id, h->parent_id, sizeof(image->parent_id));
	image->pid = h->pid;
	image->ppid = h->ppid;
	image->cpu_count = h->cpu_count;
	image->started_at_ns = (int64_t)h->start_real;
	image->sealed = h->state == SEG_SEALED && h->end_how != SEG_END_LIVE;
	image->part = h->part <= SEG_PART_SESSION ? (int)h->part : SEG_PART_WHOLE;
	image->has_status = image->sealed && h->end_how == SEG_END_EXIT;
	image->exit_status = image->has_status ? h->exit_status & 0xff : 0;
	image->load = -1;
	if (image->sealed)
		image->ended = image->has_status ? IMAGE_END_EXIT : IMAGE_END_UNLOAD;
	image->clock = (int)h->clock;
	/* A longer one than any clock's is damage, or would take its time. */
	image->clock_step = h->step <= SEG_STEP_MAX ? (uint32_t)h->step : 0;
	if (h->step > SEG_STEP_MAX)
		image_damage(image, "the clock has absurd steps");
	image->threads_seen = h->n_threads;
	memcpy(image->lost, h->lost, sizeof(image->lost));
}

/* read_one: a segment, without its base; *base is the number of that. */
static int read_one(const char *path, double ns_per_tick, struct image *image, uint32_t *base)
{
	struct segment_map map;
	struct site_table table = {0};
	int error = segment_map_open(&map, path);

	*image = (struct image){0};
	if (error == IMAGE_DAMAGED)
		image_damage(image, "the header makes no sense");
	if (error) {
		segment_map_close(&map);
		return error;
	}
	map.ns_per_tick = ns_per_tick;
	*base = map.header.base;
	read_header(&map.header, image);
	if (map.header.n_sites > SEGMENT_SITES_MAX ||
	    map.header.n_sites > map.size / sizeof(struct seg_site)) {
		image_damage(image, "the header names more sites than the file can hold");
		error = IMAGE_DAMAGED;
	}
	if (!error)
		error = read_info(&map, image);
	if (!error)
		error = site_table_init(&table, image, map.header.n_sites);
	if (!error)
		error = read_units(&map, image, &table);
	if (!error)
		error = segment_read_threads(&map, image, table.of_id);
	image->site_of_id = table.of_id;
	image->n_ids = table.of_id ? map.header.n_sites : 0;
	free(table.buckets);
	segment_map_close(&map);
	return error;
}

/* take_off: leaves out what the base holds.  Without it the figures are those of the whole recording, and that is said. */
static int take_off(const char *path, uint32_t number, struct image *image)
{
	struct image base = {0};
	uint32_t none;
	char *name = malloc(strlen(path) + 32);
	int error = name ? seg_stem_name(name, strlen(path) + 32, path, ".base-", number, "")
			 : IMAGE_MEMORY;

	if (!error)
		error = read_one(name, image->ns_per_tick, &base, &none);
	if (!error && memcmp(base.run_id, image->parent_id, sizeof(base.run_id)) != 0 &&
	    memcmp(base.run_id, image->run_id, sizeof(base.run_id)) != 0)
		error = IMAGE_DAMAGED;
	if (!error && base.damaged)
		image_damage(image, "what was recorded before: %s", base.damage);
	if (!error)
		error = image_less(image, &base);
	else if (error != IMAGE_MEMORY) {
		image_damage(image, "what was recorded before its beginning is not to be found");
		error = IMAGE_OK;
	}
	image_release(&base);
	free(name);
	return error;
}

int image_read(const char *path, struct image *image)
{
	uint32_t base = 0;
	int error = read_one(path, 0, image, &base);

	if (!error && base)
		error = take_off(path, base, image);
	return error ? error : segment_smooth(image);
}
