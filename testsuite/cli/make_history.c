/* SPDX-License-Identifier: MIT */
/*
 * Fills a store with runs of a history that never was, for tests and measurements: make_history DIR [KEY=VALUE...]
 *
 *   commits=20 runs=5     so many commits, each run so often; commits=FILE takes their names from a file
 *   functions=3           fn0, fn1, ...; fn0 takes 1 ms a call at first, the others 0.1 ms
 *   calls=10              of each function a run
 *   step=AT:PERCENT       from commit AT (from 0) on fn0 takes so many percent more; may be given several times
 *   more=AT:CALLS         from commit AT on fn0 is called so often
 *   noise=2 jitter=0      percent, between runs and between commits
 *   busy=AT same=1        from commit AT on the machine has a load of 12 on 4 processors; all ran the same binary
 *   host=box branch=main  dirty=AT: the runs of that commit are of a changed work tree
 *   seed=1 day=1          seconds since 1970 of the first run in days from 2026-01-01; commits are an hour apart
 *
 * A second call adds to what is there, when its seed differs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../cli/base/error.h"
#include "../../cli/segment/image.h"
#include "../../cli/store/ingest.h"
#include "../../cli/store/store.h"
#include "../unit/fake_image.h"

enum { MOST = 16 };

struct at {
	long commit;
	double value;
};

static struct {
	long commits, runs, functions, calls, dirty, seed, day, busy, same;
	double noise, jitter;
	const char *host, *branch, *cpu;
	char **names;
	struct at steps[MOST], more[MOST];
	int n_steps, n_more;
} wish = {.commits = 20,
	  .runs = 5,
	  .functions = 3,
	  .calls = 10,
	  .dirty = -1,
	  .busy = -1,
	  .seed = 1,
	  .day = 1,
	  .noise = 2,
	  .host = "box",
	  .branch = "main",
	  .cpu = "a processor"};

static void read_names(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[128];

	if (!file) {
		perror(path);
		exit(2);
	}
	for (wish.commits = 0; fgets(line, sizeof(line), file); wish.commits++) {
		line[strcspn(line, "\n")] = '\0';
		wish.names = realloc(wish.names, (size_t)(wish.commits + 1) * sizeof(char *));
		wish.names[wish.commits] = strdup(line);
	}
	fclose(file);
}

static struct at parse_at(const char *text)
{
	const char *colon = strchr(text, ':');

	return (struct at){atol(text), colon ? atof(colon + 1) : 0};
}

static void parse(const char *word)
{
	const char *value = strchr(word, '=');
	size_t n = value ? (size_t)(value - word) : 0;
	const struct {
		const char *key;
		long *number;
		double *real;
		const char **text;
	} keys[] = {
		{"runs", &wish.runs, NULL, NULL},     {"functions", &wish.functions, NULL, NULL},
		{"calls", &wish.calls, NULL, NULL},   {"dirty", &wish.dirty, NULL, NULL},
		{"seed", &wish.seed, NULL, NULL},     {"busy", &wish.busy, NULL, NULL},
		{"same", &wish.same, NULL, NULL},     {"day", &wish.day, NULL, NULL},
		{"noise", NULL, &wish.noise, NULL},   {"jitter", NULL, &wish.jitter, NULL},
		{"host", NULL, NULL, &wish.host},     {"cpu", NULL, NULL, &wish.cpu},
		{"branch", NULL, NULL, &wish.branch},
	};

	if (value++ && n == 4 && strncmp(word, "step", n) == 0 && wish.n_steps < MOST) {
		wish.steps[wish.n_steps++] = parse_at(value);
		return;
	}
	if (value && n == 4 && strncmp(word, "more", n) == 0 && wish.n_more < MOST) {
		wish.more[wish.n_more++] = parse_at(value);
		return;
	}
	if (value && n == 7 && strncmp(word, "commits", n) == 0) {
		wish.commits = atol(value);
		if (wish.commits == 0)
			read_names(value);
		return;
	}
	for (size_t i = 0; value && i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strlen(keys[i].key) != n || strncmp(keys[i].key, word, n) != 0)
			continue;
		if (keys[i].number)
			*keys[i].number = atol(value);
		else if (keys[i].real)
			*keys[i].real = atof(value);
		else
			*keys[i].text = value;
		return;
	}
	fprintf(stderr, "make_history: what is %s?\n", word);
	exit(2);
}

static char *replace(char *old, const char *text)
{
	free(old);
	return *text ? strdup(text) : NULL;
}

static void make_run(struct image *image, long commit, long run, double level, uint64_t *random)
{
	double noise = exp(level + wish.noise / 100 * fake_normal(random)), step = 1;
	long calls = wish.calls;
	char name[64];

	fake_image(image, (unsigned)(wish.seed * 1000000 + commit * wish.runs + run),
		   (size_t)wish.functions);
	for (int i = 0; i < wish.n_steps; i++)
		step *= commit >= wish.steps[i].commit ? 1 + wish.steps[i].value / 100 : 1;
	for (int i = 0; i < wish.n_more; i++)
		calls = commit >= wish.more[i].commit ? (long)wish.more[i].value : calls;
	image->host = replace(image->host, wish.host);
	image->branch = replace(image->branch, wish.branch);
	image->cpu = replace(image->cpu, wish.cpu);
	snprintf(name, sizeof(name), "%08lx%032lx",
		 (unsigned long)(commit + 1) * 2654435761u & 0xffffffff, (unsigned long)commit);
	image->commit = replace(image->commit, wish.names ? wish.names[commit] : name);
	image->load = wish.busy >= 0 && commit >= wish.busy ? 12 : 0.2;
	image->cpu_count = 4;
	snprintf(image->units[0].build_id, sizeof(image->units[0].build_id), "ab%04lx",
		 wish.same ? 0 : (unsigned long)commit);
	image->started_at_ns = 1767225600000000000 + wish.day * 86400000000000 +
			       commit * 3600000000000 + run * 60000000000;
	image->duration_ns = 50000000;
	for (long i = 0; i < wish.functions; i++) {
		struct image_site *s = &image->sites[i];
		double ns = i == 0 ? 1e6 * step * noise : 1e5 * exp(0.02 * fake_normal(random));

		for (long c = 0; c < (i ? wish.calls : calls); c++)
			fake_call(image, (size_t)i, (uint64_t)(ns / image->ns_per_tick));
		fake_context(image, i ? 0 : -1, (int)i, s->calls, s->total_ns, s->self_ns);
	}
}

int main(int argc, char **argv)
{
	struct error error = {0};
	struct store store;
	uint64_t random;

	for (int i = 2; i < argc; i++)
		parse(argv[i]);
	random = 88172645463325252u + (uint64_t)wish.seed;
	if (argc < 2 || store_open(&store, argv[1], STORE_WRITE, &error))
		goto failed;
	if (store_exec(&store, "PRAGMA synchronous = OFF", &error))
		goto failed;
	for (long c = 0; c < wish.commits; c++) {
		double level = wish.jitter / 100 * fake_normal(&random);

		for (long r = 0; r < wish.runs; r++) {
			struct ingest_facts facts = {.dirty = c == wish.dirty};
			struct image image;
			int64_t id;

			make_run(&image, c, r, level, &random);
			if (ingest_run(&store, &image, &facts, &id, NULL, &error))
				goto failed;
			image_release(&image);
		}
	}
	store_close(&store);
	return 0;
failed:
	fprintf(stderr, "make_history: %s\n", argc < 2 ? "needs a folder" : error.text);
	return 1;
}
