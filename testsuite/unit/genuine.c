/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "genuine.h"

/* What was overwritten, oldest first. */
static struct {
	void *at;
	size_t size;
	char old[64];
} pokes[64];
static size_t n_pokes;

void genuine_poke(void *at, const void *value, size_t size)
{
	if (n_pokes == sizeof(pokes) / sizeof(*pokes) || size > sizeof(pokes->old))
		abort();
	pokes[n_pokes].at = at;
	pokes[n_pokes].size = size;
	memcpy(pokes[n_pokes++].old, at, size);
	memcpy(at, value, size);
}

/* What was read last. */
static struct image image;

void genuine_mend(void)
{
	image_release(&image);
	while (n_pokes) {
		n_pokes--;
		memcpy(pokes[n_pokes].at, pokes[n_pokes].old, pokes[n_pokes].size);
	}
}

struct seg_header *genuine_header(const struct genuine *g)
{
	return (struct seg_header *)g->map;
}

void *genuine_at(const struct genuine *g, const void *link)
{
	uint64_t at = (uint64_t)link - genuine_header(g)->map_base;

	if (at < SEG_PAGE || at >= g->size)
		abort();
	return g->map + at;
}

struct seg_node *genuine_sibling(const struct genuine *g, const struct seg_node *node)
{
	return node->sibling ? (void *)(genuine_header(g)->map_base + 64ull * node->sibling) : NULL;
}

uint32_t genuine_as_sibling(const struct genuine *g, const void *link)
{
	return (uint32_t)(((uint64_t)link - genuine_header(g)->map_base) / 64);
}

static _Noreturn void run_shape(const char *folder, const char *shape)
{
	const char *build = getenv("BUILD"), *name = NULL;
	char program[4200], store[300], first[32], second[32] = "";

	/* "lives SHAPE" is a program of its own. */
	if (strncmp(shape, "lives ", strlen("lives ")) == 0)
		name = "lives";
	shape += name ? strlen("lives ") : 0;
	snprintf(program, sizeof(program), "%s/test/%s", build ? build : "build",
		 name ? name : "shapes");
	snprintf(store, sizeof(store), "%s/store", folder);
	if (sscanf(shape, "%31s %31s", first, second) < 1)
		_exit(126);
	mkdir(store, 0700);
	setenv("HOTPATH_SEGMENTS", folder, 1);
	setenv("HOTPATH_DIR", store, 1);
	setenv("HOTPATH_RUN_TOKEN", "x", 1); /* nobody takes the segment in */
	unsetenv("HOTPATH_DISABLE");
	execl(program, program, first, *second ? second : NULL, NULL);
	_exit(127);
}

/* find_segment: the one segment of a folder. */
static int find_segment(struct genuine *g, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	int found = 0;

	while (dir && (e = readdir(dir)))
		if (strstr(e->d_name, SEG_SUFFIX)) {
			snprintf(g->path, sizeof(g->path), "%.40s/%.250s", folder, e->d_name);
			found++;
		}
	if (dir)
		closedir(dir);
	return found == 1 ? 0 : -1;
}

static int map_segment(struct genuine *g)
{
	struct stat st;

	g->fd = open(g->path, O_RDWR | O_CLOEXEC);
	if (g->fd < 0 || fstat(g->fd, &st) < 0)
		return -1;
	g->size = (uint64_t)st.st_size;
	g->map = mmap(NULL, g->size, PROT_READ | PROT_WRITE, MAP_SHARED, g->fd, 0);
	return g->map == MAP_FAILED ? -1 : 0;
}

int genuine_make(struct genuine *g, const char *folder, const char *shape)
{
	char own[64];
	int status;

	*g = (struct genuine){.fd = -1};
	snprintf(own, sizeof(own), "%.30s/%.20s", folder, shape);
	if (mkdir(own, 0700) < 0)
		return -1;
	fflush(stdout);

	pid_t pid = fork();

	if (pid == 0)
		run_shape(own, shape);
	if (pid < 0 || waitpid(pid, &status, 0) != pid ||
	    (WIFEXITED(status) && WEXITSTATUS(status) >= 126)) {
		fprintf(stderr, "shapes cannot be run: set BUILD to the build folder\n");
		return -1;
	}
	if (find_segment(g, own) < 0 || map_segment(g) < 0)
		return -1;
	return image_read(g->path, &g->good) == IMAGE_OK && !g->good.damaged ? 0 : -1;
}

void genuine_release(struct genuine *g)
{
	image_release(&g->good);
	if (g->map && g->map != MAP_FAILED)
		munmap(g->map, g->size);
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
	g->map = NULL;
}

/* genuine_sane: what must hold for any image, whatever the file said. */
void genuine_sane(const struct image *im)
{
	assert_true(isfinite(im->ns_per_tick) && im->ns_per_tick > 0);
	assert_true(im->inside_ns >= 0 && im->inside_ns <= 1e6);
	assert_true(im->outside_ns >= 0 && im->outside_ns <= 1e6);
	assert_true(im->duration_ns <= 330000000000000000);
	assert_true(im->damaged ? im->damage[0] : !im->damage[0]);
	for (size_t i = 0; i < im->n_sites; i++) {
		const struct image_site *s = &im->sites[i];

		assert_non_null(s->name);
		assert_non_null(s->mangled);
		assert_true(s->total_ns <= INT64_MAX && s->self_ns <= INT64_MAX);
		assert_true(s->sum_ns <= INT64_MAX && s->max_ns <= INT64_MAX);
		assert_true(s->min_ns <= s->max_ns);
		for (size_t b = 0; b < s->n_buckets; b++)
			assert_true(s->buckets[b].bucket < HIST_BUCKETS && s->buckets[b].count);
	}
	for (size_t i = 0; i < im->n_contexts; i++) {
		assert_true(im->contexts[i].parent < (int)i);
		assert_true(im->contexts[i].site >= 0 &&
			    (size_t)im->contexts[i].site < im->n_sites);
		assert_true(im->contexts[i].total_ns <= INT64_MAX);
	}
	for (size_t i = 0; i < im->n_threads; i++)
		assert_true(im->threads[i].end_ns <= INT64_MAX && im->threads[i].owners);
	assert_true(im->n_recent <= IMAGE_RECENT);
	for (size_t i = 0; i < im->n_recent; i++) {
		const struct image_call *c = &im->recent[i];

		assert_true(c->site >= 0 && (size_t)c->site < im->n_sites);
		assert_true(c->thread >= 0 && (size_t)c->thread < im->n_threads);
		assert_true(c->start_ns <= INT64_MAX && c->duration_ns <= INT64_MAX);
	}
}

const struct image *genuine_reads(const struct genuine *g, int error)
{
	alarm(60); /* a reader that never comes back is a failed test too */
	image_release(&image);
	assert_int_equal(image_read(g->path, &image), error);
	alarm(0);
	if (error == IMAGE_OK)
		genuine_sane(&image);
	return &image;
}

const struct image *genuine_damaged(const struct genuine *g, const char *text)
{
	genuine_reads(g, IMAGE_OK);
	assert_true(image.damaged > 0);
	if (!strstr(image.damage, text))
		assert_string_equal(image.damage, text); /* shows both */
	return &image;
}

const struct image *genuine_sound(const struct genuine *g)
{
	genuine_reads(g, IMAGE_OK);
	assert_string_equal(image.damage, "");
	return &image;
}

uint64_t genuine_calls(const struct image *im, const char *function)
{
	for (size_t i = 0; i < im->n_sites; i++)
		if (strcmp(im->sites[i].name, function) == 0)
			return im->sites[i].calls;
	return 0;
}

void genuine_same_calls(const struct genuine *g, const struct image *im)
{
	assert_int_equal(im->n_sites, g->good.n_sites);
	for (size_t i = 0; i < im->n_sites; i++) {
		assert_string_equal(im->sites[i].name, g->good.sites[i].name);
		assert_int_equal(im->sites[i].calls, g->good.sites[i].calls);
	}
}

void genuine_same_times(const struct genuine *g, const struct image *im)
{
	genuine_same_calls(g, im);
	for (size_t i = 0; i < im->n_sites; i++) {
		double was = (double)g->good.sites[i].total_ns, is = (double)im->sites[i].total_ns;

		assert_true(fabs(was - is) <= was / 10 + 2);
	}
}

char genuine_folder[] = "/tmp/hotpath-test.XXXXXX";

static const struct genuine_shape *used;

void genuine_use(const struct genuine_shape *shapes)
{
	used = shapes;
}

int genuine_set_up(void **state)
{
	int rc = mkdtemp(genuine_folder) ? 0 : -1;

	(void)state;
	for (const struct genuine_shape *s = used; s->shape && !rc; s++)
		rc = genuine_make(s->genuine, genuine_folder, s->shape);
	return rc;
}

int genuine_tear_down(void **state)
{
	char command[64];

	(void)state;
	for (const struct genuine_shape *s = used; s->shape; s++)
		genuine_release(s->genuine);
	snprintf(command, sizeof(command), "rm -rf '%s'", genuine_folder);
	return system(command);
}

int genuine_after(void **state)
{
	(void)state;
	genuine_mend();
	return 0;
}

uint64_t genuine_counted(const struct image *im, const char *function)
{
	uint64_t n = 0;

	for (size_t i = 0; i < im->n_sites; i++)
		for (size_t b = 0; b < im->sites[i].n_buckets; b++)
			if (strcmp(im->sites[i].name, function) == 0)
				n += im->sites[i].buckets[b].count;
	return n;
}

const struct image_site *genuine_site(const struct image *im, const char *function)
{
	for (size_t i = 0; i < im->n_sites; i++)
		if (strcmp(im->sites[i].name, function) == 0)
			return &im->sites[i];
	fail();
	return NULL;
}

void *genuine_link_to(const struct genuine *g, uint64_t offset)
{
	return (void *)(genuine_header(g)->map_base + offset);
}

void *genuine_link(const struct genuine *g, const void *at)
{
	return genuine_link_to(g, (uint64_t)((const char *)at - g->map));
}

void *genuine_wild(const struct genuine *g, size_t i)
{
	const uint64_t offsets[] = {
		0, 64, g->size, g->size - 4, g->size + SEG_PAGE, 1ull << 62, ~(uint64_t)0 << 12};

	return i < sizeof(offsets) / sizeof(*offsets) ? genuine_link_to(g, offsets[i]) : NULL;
}
