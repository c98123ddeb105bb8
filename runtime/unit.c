/* SPDX-License-Identifier: MIT */
/*
 * Units: each instrumented object registers its sites here before main, or when it is loaded.
 *
 * A unit's sites are copied into the segment with their strings, so that the reader needs neither
 * the program nor its libraries; a unit with the same content (the same library, loaded again) gets
 * the same site ids.
 */
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include "runtime.h"

enum {
	ROOM_FIRST = 16 << 10, /* area for units; doubled each time */
	ROOM_MAX = 256 << 10,
};

struct process hp_process;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What dl_iterate_phdr finds out about the object that a unit is in. */
struct object {
	uint64_t address;
	const char *path;
	const uint8_t *build_id;
	uint32_t build_id_len;
};

/* find_build_id: looks through a note segment. */
static void find_build_id(struct object *o, const char *notes, uint64_t size)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *n = (const void *)notes;
		uint64_t name = (n->n_namesz + 3u) & ~3u;
		uint64_t all = sizeof(*n) + name + ((n->n_descsz + 3u) & ~3u);

		if (all > size)
			return;
		if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 &&
		    memcmp(notes + sizeof(*n), "GNU", 4) == 0 && n->n_descsz <= SEG_BUILD_ID) {
			o->build_id = (const uint8_t *)notes + sizeof(*n) + name;
			o->build_id_len = n->n_descsz;
			return;
		}
		notes += all;
		size -= all;
	}
}

static int find_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct object *o = arg;
	bool ours = false;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD &&
		    o->address - (info->dlpi_addr + p->p_vaddr) < p->p_memsz)
			ours = true;
	}
	if (!ours)
		return 0;
	o->path = info->dlpi_name;
	for (int i = 0; i < info->dlpi_phnum && !o->build_id; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_NOTE)
			find_build_id(o, (const char *)(info->dlpi_addr + p->p_vaddr), p->p_memsz);
	}
	return 1;
}

static uint64_t hash_text(uint64_t h, const char *text)
{
	for (; text && *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3ull;
	return (h ^ 0xff) * 0x100000001b3ull;
}

/* unit_hash: never 0. */
static uint64_t unit_hash(const struct hotpath_unit *unit, const struct object *o)
{
	uint64_t h = hash_text(0xcbf29ce484222325ull, o->path);

	h = hash_text(h, unit->source);
	for (uint32_t i = 0; i < unit->n_sites; i++) {
		const struct hotpath_site *s = &unit->sites[i];

		h = hash_text(hash_text(hash_text(h, s->mangled), s->label), s->group);
		h = (h ^ s->line) * 0x100000001b3ull;
		h = (h ^ s->body) * 0x100000001b3ull;
		h = (h ^ s->sample ^ (uint64_t)s->kind << 32) * 0x100000001b3ull;
	}
	return h ? h : 1;
}

static uint64_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static uint64_t unit_size(const struct hotpath_unit *unit, const struct object *o)
{
	uint64_t size = sizeof(struct seg_unit) + unit->n_sites * sizeof(struct seg_site) +
			text_size(unit->source) + text_size(o->path);

	for (uint32_t i = 0; i < unit->n_sites; i++) {
		const struct hotpath_site *s = &unit->sites[i];

		size += text_size(s->name) + text_size(s->qualified) + text_size(s->mangled) +
			text_size(s->label) + text_size(s->file) + text_size(s->rule) +
			text_size(s->group);
	}
	return size;
}

/* put_text: appends a string to a unit's area; its offset, 0 for null. */
static uint32_t put_text(struct seg_unit *u, uint64_t *at, const char *text)
{
	uint64_t size = text_size(text), here = *at;

	if (!size)
		return 0;
	memcpy((char *)u + here, text, size);
	*at += size;
	return (uint32_t)here;
}

static void put_site(struct seg_unit *u, uint64_t *at, struct seg_site *to,
		     const struct hotpath_site *s)
{
	to->name = put_text(u, at, s->name);
	to->qualified = put_text(u, at, s->qualified);
	to->mangled = put_text(u, at, s->mangled);
	to->label = put_text(u, at, s->label);
	to->file = put_text(u, at, s->file);
	to->rule = put_text(u, at, s->rule);
	to->group = put_text(u, at, s->group);
	to->body = s->body;
	to->line = s->line;
	to->sample = s->sample;
	to->language = s->language;
	to->kind = s->kind;
}

/* The units in the segment, by hash: a program may have thousands, and a library may be loaded again and again. */
static struct known {
	uint64_t hash; /* 0: free */
	struct seg_unit *unit;
} * known;
static uint64_t known_room; /* a power of two */
static uint64_t known_used;

static struct known *known_slot(uint64_t hash)
{
	uint64_t i = hash & (known_room - 1);

	while (known[i].hash && known[i].hash != hash)
		i = (i + 1) & (known_room - 1);
	return &known[i];
}

/* known_grow: doubles the table; without memory it stays, and units are not known again. */
static void known_grow(void)
{
	struct known *old = known;
	uint64_t room = known_room, more = room ? 2 * room : 256;
	void *p = mmap(NULL, more * sizeof(*known), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return;
	known = p;
	known_room = more;
	for (uint64_t i = 0; i < room; i++)
		if (old[i].hash)
			*known_slot(old[i].hash) = old[i];
	if (old)
		munmap(old, room * sizeof(*old));
}

static void known_add(struct seg_unit *u)
{
	if (2 * known_used >= known_room)
		known_grow();
	if (known_used + 1 >= known_room)
		return;
	*known_slot(u->hash) = (struct known){u->hash, u};
	known_used++;
}

/* unit_known: the copy of a unit with the same content, NULL when there is none. */
static struct seg_unit *unit_known(uint64_t hash, uint32_t n_sites)
{
	struct seg_unit *u = known_room ? known_slot(hash)->unit : NULL;

	return u && u->n_sites == n_sites ? u : NULL;
}

/* Where the next unit goes: units are small and many, so they share areas. */
static char *room_at, *room_end;
static uint64_t room_size;

/* unit_room: memory of the segment for one unit; NULL when the file cannot grow. */
static struct seg_unit *unit_room(uint64_t size)
{
	size = (size + SEG_UNIT_ALIGN - 1) & ~(uint64_t)(SEG_UNIT_ALIGN - 1);
	if ((uint64_t)(room_end - room_at) < size) {
		uint64_t area = room_size < ROOM_MAX
					? (room_size = room_size ? 2 * room_size : ROOM_FIRST)
					: ROOM_MAX;

		if (area < size)
			area = size;
		room_at = hp_segment_area(area, area);
		room_end = room_at ? room_at + area : NULL;
		if (!room_at)
			return NULL;
	}
	room_at += size;
	return (struct seg_unit *)(room_at - size);
}

/* unit_link: makes a complete unit known to the reader. */
static void unit_link(struct seg_unit *u)
{
	u->next = hp_process.seg->units;
	__atomic_store_n(&hp_process.seg->units, u, __ATOMIC_RELEASE);
	known_add(u);
}

/* unit_copy: puts a unit into the segment; NULL when the file cannot grow. */
static struct seg_unit *unit_copy(const struct hotpath_unit *unit)
{
	struct object o = {.address = (uint64_t)unit};
	struct seg_header *seg = hp_process.seg;

	dl_iterate_phdr(find_object, &o);

	uint64_t hash = unit_hash(unit, &o);
	struct seg_unit *u = unit_known(hash, unit->n_sites);

	if (u)
		return u;
	uint64_t size = unit_size(unit, &o);
	uint64_t at = sizeof(*u) + unit->n_sites * sizeof(struct seg_site);

	if (size > UINT32_MAX)
		return NULL;
	u = unit_room(size);
	if (!u)
		return NULL;
	u->size = size;
	u->first_id = seg->n_sites + 1;
	u->n_sites = unit->n_sites;
	u->hash = hash;
	u->source = put_text(u, &at, unit->source);
	u->object = put_text(u, &at, o.path);
	u->build_id_len = o.build_id_len;
	if (o.build_id)
		memcpy(u->build_id, o.build_id, o.build_id_len);
	for (uint32_t i = 0; i < unit->n_sites; i++)
		put_site(u, &at, &u->sites[i], &unit->sites[i]);
	seg->n_sites += unit->n_sites;
	unit_link(u);
	return u;
}

static void unit_hook(struct hotpath_unit *unit)
{
	struct hooks hooks = hp_steer_hooks(hp_sample_wanted(unit));

	__atomic_store_n(&unit->landed, hooks.landed, __ATOMIC_RELEASE);
	__atomic_store_n(&unit->exit, hooks.exit, __ATOMIC_RELEASE);
	__atomic_store_n(&unit->enter, hooks.enter, __ATOMIC_RELEASE);
	/* While measuring is off no life begins, and none that ends is recorded. */
	__atomic_store_n(&unit->end, hooks.exit ? hp_life_end : hp_life_forget, __ATOMIC_RELEASE);
	__atomic_store_n(&unit->begin, hooks.exit ? hp_life_begin : NULL, __ATOMIC_RELEASE);
}

/* hp_units_hook: gives all units the hooks that steer.c says.  With hp_units_lock() held. */
void hp_units_hook(void)
{
	for (struct hotpath_unit *u = hp_process.units; u; u = u->next)
		unit_hook(u);
}

/* hp_units_lock: false when it is held and we do not wait: a hook must not, it may stand in its holder's way. */
bool hp_units_lock(bool wait)
{
	return wait ? pthread_mutex_lock(&lock) == 0 : pthread_mutex_trylock(&lock) == 0;
}

void hp_units_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* unit_on: hands out the ids and switches the hooks on, `exit` first: an exit without an entry does
 * no harm. */
static void unit_on(struct hotpath_unit *unit, const struct seg_unit *copy)
{
	if (hp_sample_wanted(unit))
		hp_sample_start();
	for (uint32_t i = 0; i < unit->n_sites; i++)
		unit->slots[i] = copy->first_id + i;
	unit_hook(unit);
}

static void unit_unregister(struct hotpath_unit *unit)
{
	struct hotpath_unit **p = &hp_process.units;

	pthread_mutex_lock(&lock);
	while (*p && *p != unit)
		p = &(*p)->next;
	if (*p)
		*p = unit->next;
	pthread_mutex_unlock(&lock);
}

static int register_locked(struct hotpath_unit *unit)
{
	if (hp_process.state == PROCESS_NEW)
		hp_process.state = hp_process_start(unit) ? PROCESS_ON : PROCESS_OFF;
	else if (hp_process.state == PROCESS_FORKED)
		hp_process_restart();
	if (hp_process.state != PROCESS_ON)
		return -1;
	struct seg_unit *copy = unit_copy(unit);

	if (!copy) {
		hp_process.seg->lost[SEG_LOST_SITES] += unit->n_sites;
		return -1;
	}
	unit->next = hp_process.units;
	hp_process.units = unit;
	unit->unregister = unit_unregister;
	unit_on(unit, copy);
	return 0;
}

__attribute__((visibility("default"))) int hotpath_unit_register(struct hotpath_unit *unit)
{
	if (unit->abi != HOTPATH_ABI)
		return -1;
	pthread_mutex_lock(&lock);
	int result = register_locked(unit);

	pthread_mutex_unlock(&lock);
	return result;
}

/* hp_units_relink: after a fork, copies the units of the parent's segment into ours; the site ids
 * that objects hold stay right. */
bool hp_units_relink(const struct seg_header *old)
{
	struct seg_header *seg = hp_process.seg;

	room_at = room_end = NULL;
	room_size = 0;
	known_used = 0;
	if (known)
		memset(known, 0, known_room * sizeof(*known));
	seg->n_sites = old->n_sites;
	for (const struct seg_unit *from = old->units; from; from = from->next) {
		struct seg_unit *u = unit_room(from->size);

		if (!u)
			return false;
		memcpy(u, from, from->size);
		unit_link(u);
	}
	return true;
}

/* hp_units_off: no new calls are measured; those that have begun still find their exit. */
void hp_units_off(void)
{
	for (struct hotpath_unit *u = hp_process.units; u; u = u->next)
		__atomic_store_n(&u->enter, NULL, __ATOMIC_RELEASE);
}

/* hp_units_forget_lock: in the child of a fork, where nobody holds it. */
void hp_units_forget_lock(void)
{
	pthread_mutex_init(&lock, NULL);
}
