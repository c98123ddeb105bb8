/* SPDX-License-Identifier: MIT */
/*
 * make_store DIR RUNS FUNCTIONS: a store as a project has it after years, for `make bench-store`.
 *
 * Calls per function are spread over five orders of magnitude, as in real programs; durations are lognormal with a tail; each
 * run has a calling context and a half per function.  20 runs of each commit, of two branches in turn, on three hosts.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/base/error.h"
#include "../../cli/store/ingest.h"
#include "../../cli/store/store.h"
#include "../../cli/base/text.h"
#include "../unit/fake_image.h"

enum { TEMPLATES = 8 };

static void make_template(struct image *image, unsigned seed, size_t functions)
{
	uint64_t random = seed * 2654435761u + 1;

	fake_image(image, seed, functions);
	for (size_t i = 0; i < functions; i++) {
		struct image_site *s = &image->sites[i];
		double calls = pow(10, 5.0 * pow((double)i / (double)functions, 3));
		double centre = 5 + (double)(i * 7919 % 300) / 30;
		int parent = i ? (int)(i * 31 % i) : -1;

		for (double c = 0; c < calls; c++)
			fake_call(image, i,
				  (uint64_t)exp(centre + 0.15 * fake_normal(&random) +
						(fake_random(&random) % 100 == 0)));
		s->self_cost_ns = s->calls * 20;
		s->total_cost_ns = s->sum_cost_ns = s->calls * 40;
		fake_context(image, parent, (int)i, s->calls, s->total_ns, s->self_ns);
		if (i % 2)
			fake_context(image, (int)i - 1, (int)i, s->calls / 3, s->total_ns / 3,
				     s->self_ns / 3);
	}
}

/* Another run of the same: nothing has quite the same time twice. */
static void vary(struct image *image, uint64_t *random)
{
	for (size_t i = 0; i < image->n_sites; i++) {
		struct image_site *s = &image->sites[i];
		double factor = 1 + 0.01 * fake_normal(random);

		s->self_ns = (uint64_t)((double)s->self_ns * factor);
		s->total_ns = s->self_ns;
		s->sum_ns = s->total_ns;
		if (s->n_buckets > 2 && s->buckets[1].count > 1) {
			s->buckets[1].count--;
			s->buckets[2].count++;
		}
	}
}

static void set_text(char **text, char *value)
{
	free(*text);
	*text = value;
}

static int add_run(struct store *store, struct image *image, unsigned i, struct error *error)
{
	static const char *const hosts[] = {"one", "two", "three"};
	const struct ingest_facts facts = {.dirty = 0};
	int64_t id;

	memcpy(image->run_id, &i, sizeof(i));
	image->pid = 1000 + i;
	image->started_at_ns = 1700000000000000000 + i * 600000000000ll;
	set_text(&image->token, text_format("%032x", i));
	set_text(&image->commit, text_format("%08x%032x", i / 20 + 1, i / 20));
	set_text(&image->branch, strdup(i / 20 % 2 ? "feature" : "main"));
	set_text(&image->host, strdup(hosts[i % 3]));
	return ingest_run(store, image, &facts, &id, NULL, error);
}

int main(int argc, char **argv)
{
	unsigned runs = argc > 3 ? (unsigned)atoi(argv[2]) : 0;
	struct image templates[TEMPLATES];
	struct error error = {0};
	uint64_t random = 42;
	struct store store;
	int rc;

	if (!runs || atoi(argv[3]) < 1) {
		fputs("make_store DIR RUNS FUNCTIONS\n", stderr);
		return 2;
	}
	for (unsigned t = 0; t < TEMPLATES; t++)
		make_template(&templates[t], t + 1, (size_t)atoi(argv[3]));
	rc = store_open(&store, argv[1], STORE_WRITE, &error);
	if (!rc)
		rc = store_exec(&store, "PRAGMA synchronous = OFF", &error);
	for (unsigned i = 0; i < runs && !rc; i++) {
		vary(&templates[i % TEMPLATES], &random);
		rc = add_run(&store, &templates[i % TEMPLATES], i, &error);
	}
	store_close(&store);
	for (unsigned t = 0; t < TEMPLATES; t++)
		image_release(&templates[t]);
	if (rc)
		fprintf(stderr, "make_store: %s\n", error.text);
	return rc != 0;
}
