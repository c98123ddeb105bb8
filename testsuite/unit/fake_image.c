/* SPDX-License-Identifier: MIT */
#include "fake_image.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fake_image(struct image *image, unsigned seed, size_t sites)
{
	char name[32];

	memset(image, 0, sizeof(*image));
	memcpy(image->run_id, &seed, sizeof(seed));
	image->run_id[15] = 1;
	image->pid = 1000 + seed;
	image->ppid = 1;
	image->argv = calloc(3, sizeof(*image->argv));
	image->argv[0] = strdup("./prog");
	image->argv[1] = strdup("an argument");
	image->argc = 2;
	image->cwd = strdup("/");
	image->host = strdup("box");
	image->branch = strdup("main");
	image->commit = strdup("0123456789abcdef0123456789abcdef01234567");
	image->started_at_ns = 1700000000000000000 + seed * 1000000000ll;
	image->duration_ns = 1000000;
	image->sealed = true;
	image->has_status = true;
	image->clock = SEG_CLOCK_TSC;
	image->ns_per_tick = 0.5;
	image->inside_ns = 10;
	image->outside_ns = 10;
	image->sites = calloc(sites + 1, sizeof(*image->sites));
	image->n_sites = sites;
	image->units = calloc(1, sizeof(*image->units));
	image->units[0].source = strdup("prog.c");
	strcpy(image->units[0].build_id, "abcd");
	image->n_units = 1;
	image->threads = calloc(1, sizeof(*image->threads));
	image->threads[0] =
		(struct image_thread){.tid = 7, .name = "prog", .owners = 1, .end_ns = 1000000};
	image->n_threads = image->threads_seen = 1;
	for (size_t i = 0; i < sites; i++) {
		struct image_site *s = &image->sites[i];

		snprintf(name, sizeof(name), "fn%zu", i);
		s->name = strdup(name);
		s->qualified = strdup(name);
		s->mangled = strdup(name);
		s->file = strdup("prog.c");
		s->rule = strdup("attribute");
		s->line = (unsigned)i + 1;
		s->language = 1;
	}
}

void fake_call(struct image *image, size_t site, uint64_t ticks)
{
	struct image_site *s = &image->sites[site];
	uint64_t ns = (uint64_t)((double)ticks * image->ns_per_tick);
	uint32_t bucket = hist_bucket(ticks);
	size_t at = 0;

	s->min_ns = s->calls == 0 || ns < s->min_ns ? ns : s->min_ns;
	s->max_ns = ns > s->max_ns ? ns : s->max_ns;
	s->calls++;
	s->total_ns += ns;
	s->self_ns += ns;
	s->sum_ns += ns;
	while (at < s->n_buckets && s->buckets[at].bucket < bucket)
		at++;
	if (at == s->n_buckets || s->buckets[at].bucket != bucket) {
		s->buckets = realloc(s->buckets, (s->n_buckets + 1) * sizeof(*s->buckets));
		memmove(s->buckets + at + 1, s->buckets + at,
			(s->n_buckets - at) * sizeof(*s->buckets));
		s->buckets[at] = (struct image_bucket){bucket, 0};
		s->n_buckets++;
	}
	s->buckets[at].count++;
	image->measuring_ns += (uint64_t)(image->inside_ns + image->outside_ns);
}

int fake_context(struct image *image, int parent, int site, uint64_t calls, uint64_t total_ns,
		 uint64_t self_ns)
{
	image->contexts =
		realloc(image->contexts, (image->n_contexts + 1) * sizeof(*image->contexts));
	image->contexts[image->n_contexts] =
		(struct image_context){parent, site, calls, total_ns, self_ns, 0};
	return (int)image->n_contexts++;
}

uint64_t fake_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

double fake_normal(uint64_t *state)
{
	double u = ((double)(fake_random(state) >> 11) + 1) / 9007199254740993.0;
	double v = (double)(fake_random(state) >> 11) / 9007199254740992.0;

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

char *fake_folder(void)
{
	char *folder = strdup("/tmp/hotpath-test-XXXXXX");

	if (!mkdtemp(folder))
		abort();
	return folder;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void fake_remove(char *folder)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(folder);
}
