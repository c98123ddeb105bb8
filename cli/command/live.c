/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../runtime/seg_copy.h"
#include "../base/error.h"
#include "../segment/image.h"
#include "../model/model_live.h"
#include "../store/segments.h"
#include "../base/place.h"
#include "../base/text.h"

enum { ANSWER_MS = 1000, ANSWER_STEP_MS = 5 };

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t ticks_of(uint32_t clock)
{
#if defined(__x86_64__)
	if (clock == SEG_CLOCK_TSC || clock == SEG_CLOCK_ORDERED_TSC)
		return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t v;

	if (clock == SEG_CLOCK_CNTVCT || clock == SEG_CLOCK_ORDERED_CNTVCT) {
		__asm__ volatile("mrs %0, cntvct_el0" : "=r"(v));
		return v;
	}
#endif
	return clock == SEG_CLOCK_MONOTONIC ? clock_ns(CLOCK_MONOTONIC) : 0;
}

/* The clock of the segment that is being copied. */
static uint32_t clock_of_copy;

static void now(struct seg_copy *edit)
{
	edit->end_ticks = ticks_of(clock_of_copy);
	edit->end_mono = clock_ns(CLOCK_MONOTONIC);
	edit->end_real = clock_ns(CLOCK_REALTIME);
}

static int cannot(const char *what, const char *path, struct error *error)
{
	return error_set(error, ERR_SEGMENT, "cannot %s the segment %s: %s", what, path,
			 strerror(errno));
}

/* header_map: the header of a segment that is being written, to be unmapped; NULL with an error. */
static struct seg_header *header_map(const char *path, bool write, struct error *error)
{
	int fd = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct seg_header *header = MAP_FAILED;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < SEG_PAGE) {
		close(fd);
		error_set(error, ERR_SEGMENT, "%s is no segment of a running program", path);
		return NULL;
	}
	if (fd >= 0)
		header = mmap(NULL, SEG_PAGE, PROT_READ | (write ? PROT_WRITE : 0), MAP_SHARED, fd,
			      0);
	if (fd >= 0)
		close(fd);
	if (header == MAP_FAILED) {
		cannot("read", path, error);
		return NULL;
	}
	if (memcmp(header->magic, SEG_MAGIC, sizeof(header->magic)) == 0 &&
	    header->version == SEG_VERSION && header->header_size == sizeof(*header))
		return header;
	munmap(header, SEG_PAGE);
	error_set(error, ERR_SEGMENT, "%s is no segment of this version of hotpath", path);
	return NULL;
}

/* copy_now: a copy of what is recorded up to now, named for us alone; *copy to be unlinked and freed. */
static int copy_now(const char *path, char **copy, struct error *error)
{
	struct seg_header *header = header_map(path, false, error);
	struct seg_copy edit = {.part = SEG_PART_LIVE};
	size_t room = strlen(path) + 32;
	int rc = ERR_OK;

	*copy = NULL;
	if (!header)
		return error->code;
	edit.base = header->base;
	clock_of_copy = header->clock;
	munmap(header, SEG_PAGE);
	*copy = malloc(room);
	if (!*copy || seg_stem_name(*copy, room, path, ".dump-", (uint32_t)getpid(), "") != 0)
		return error_memory(error);
	if (seg_copy(path, *copy, &edit, now) != 0)
		rc = cannot("copy", path, error);
	return rc;
}

/* fill: what a list shows of an image, whose texts it takes over. */
static void fill(struct model_live *live, struct image *image, bool off)
{
	live->pid = image->pid;
	live->argv = image->argv;
	live->argc = image->argc;
	live->label = image->label;
	live->root = image->root;
	live->started_at_ns = image->started_at_ns;
	live->duration_ns = (int64_t)image->duration_ns;
	live->threads = image->threads_seen;
	live->off = off;
	for (size_t i = 0; i < image->n_sites; i++) {
		live->calls += (int64_t)image->sites[i].calls;
		live->running += (int64_t)image->sites[i].running;
	}
	image->argv = NULL;
	image->argc = 0;
	image->label = image->root = NULL;
}

/* read_live: one segment into the list; one that cannot be read, or ended a moment ago, is left out. */
static int read_live(const char *path, const char *store, struct model_live_list *list,
		     struct error *error)
{
	struct error unread = {0};
	struct seg_header *header = header_map(path, false, &unread);
	struct model_live *more;
	struct image image = {0};
	char *copy = NULL;
	bool off, read;

	if (!header)
		return ERR_OK;
	off = header->off;
	munmap(header, SEG_PAGE);
	read = copy_now(path, &copy, &unread) == ERR_OK && image_read(copy, &image) == IMAGE_OK;
	if (copy)
		unlink(copy);
	free(copy);
	if (read && (!store || (image.store && place_same_folder(store, image.store)))) {
		more = realloc(list->live, (list->n + 1) * sizeof(*more));
		if (!more) {
			image_release(&image);
			return error_memory(error);
		}
		list->live = more;
		more[list->n] = (struct model_live){0};
		fill(&more[list->n++], &image, off);
	}
	image_release(&image);
	return ERR_OK;
}

int live_list(const char *store, bool any, struct model_live_list *list, struct error *error)
{
	struct segment_file *files;
	size_t n;
	int rc = segments_list(store, &files, &n, error);

	*list = (struct model_live_list){0};
	for (size_t i = 0; i < n && !rc; i++)
		if (files[i].live)
			rc = read_live(files[i].path, any ? NULL : store, list, error);
	segments_list_release(files, n);
	return rc;
}

/* A recording that has ended is not to be steered: its figures would be gone by a reset. */
static int check_alive(const char *path, struct error *error)
{
	struct seg_header *header = header_map(path, false, error);
	bool sealed;

	if (!header)
		return error->code;
	sealed = header->state == SEG_SEALED;
	munmap(header, SEG_PAGE);
	if (!sealed && image_writer_alive(path) != 0)
		return ERR_OK;
	return error_set(error, ERR_NO_RUN,
			 "the process that recorded %s has ended; `hotpath ingest` takes it in",
			 path);
}

int live_find(const char *who, const char *store, char **path, struct error *error)
{
	struct segment_file *files;
	size_t n;
	char *end;
	long pid = strtol(who, &end, 10);
	int rc;

	*path = NULL;
	if (strchr(who, '/')) {
		rc = check_alive(who, error);
		if (!rc && !(*path = strdup(who)))
			rc = error_memory(error);
		return rc;
	}
	if (*end || end == who || pid <= 0)
		return error_set(error, ERR_USAGE,
				 "'%s' is no process: expected its number; `hotpath runs --live` "
				 "lists those that are being recorded",
				 who);
	rc = segments_list(store, &files, &n, error);
	for (size_t i = 0; i < n && !rc; i++) {
		if (!files[i].live || files[i].pid != pid)
			continue;
		free(*path);
		*path = strdup(files[i].path);
		if (!*path)
			rc = error_memory(error);
	}
	segments_list_release(files, n);
	if (!rc && !*path)
		rc = error_set(error, ERR_NO_RUN,
			       "process %s is not being recorded; `hotpath runs --live` lists "
			       "those that are",
			       who);
	return rc;
}

int live_switch(const char *path, bool on, bool *followed, struct error *error)
{
	struct seg_header *header = header_map(path, true, error);
	uint32_t old, order;

	if (!header)
		return error->code;
	old = __atomic_load_n(&header->control, __ATOMIC_RELAXED);
	do
		order = (old & ~(uint32_t)1) + SEG_CONTROL_STEP +
			(on ? SEG_CONTROL_ON : SEG_CONTROL_OFF);
	while (!__atomic_compare_exchange_n(&header->control, &old, order, 0, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED));
	*followed = false;
	for (int ms = 0; ms < ANSWER_MS && !*followed; ms += ANSWER_STEP_MS) {
		*followed = __atomic_load_n(&header->followed, __ATOMIC_RELAXED) == order;
		if (!*followed)
			usleep(1000 * ANSWER_STEP_MS);
	}
	munmap(header, SEG_PAGE);
	return ERR_OK;
}

int live_reset(const char *path, struct error *error)
{
	struct seg_header *header = header_map(path, true, error);
	struct seg_copy edit = {.part = SEG_PART_LIVE};
	int rc;

	if (!header)
		return error->code;
	clock_of_copy = header->clock;
	now(&edit); /* the program goes on while we copy */
	rc = seg_rebase(path, header, &edit, NULL);
	if (rc)
		rc = cannot("copy", path, error);
	munmap(header, SEG_PAGE);
	return rc;
}

int live_dump(const char *path, const char *store, int64_t *id, struct error *error)
{
	struct segment_wish wish = {.store = store, .patient = true};
	struct segment_result result = {0};
	char *copy = NULL;
	int rc = copy_now(path, &copy, error);

	if (!rc)
		rc = segment_take(copy, &wish, &result, error);
	if (copy)
		unlink(copy);
	*id = result.id;
	free(result.store);
	free(copy);
	return rc;
}
