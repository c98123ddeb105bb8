/* SPDX-License-Identifier: MIT */
/*
 * segdump FILE...: what a segment says, a line a fact, for the tests.
 *
 *   run sealed=1 status=0 threads=1 damaged=0 torn=0 lost=0
 *   site NAME calls=3 running=0 unwound=0 hist=3
 *   skipped NAME 5                   calls counted only; none: no line
 *   time NAME total=.. self=.. sum=.. min=.. max=..
 *   context PATH calls=..            PATH: main/parse/read
 *   thread NAME calls=..
 */
#include <inttypes.h>
#include <stdio.h>
#include "../../cli/segment/image.h"

static void print_path(const struct image *im, int context)
{
	const struct image_context *c = &im->contexts[context];

	if (c->parent >= 0) {
		print_path(im, c->parent);
		putchar('/');
	}
	fputs(im->sites[c->site].name, stdout);
}

static void print_image(const struct image *im)
{
	uint64_t lost = 0;

	for (int i = 0; i < SEG_LOST_COUNT; i++)
		lost += im->lost[i];
	printf("run sealed=%d status=%d threads=%u damaged=%" PRIu64 " torn=%" PRIu64
	       " lost=%" PRIu64 "\n",
	       im->sealed, im->has_status ? im->exit_status : -1, im->threads_seen, im->damaged,
	       im->torn, lost);
	if (im->damaged)
		printf("damage %s\n", im->damage);
	for (int i = 0; i < SEG_LOST_COUNT; i++)
		if (im->lost[i])
			printf("lost %s %" PRIu64 "\n", image_lost_name(i), im->lost[i]);
	for (size_t i = 0; i < im->n_sites; i++) {
		const struct image_site *s = &im->sites[i];
		uint64_t hist = 0;

		for (size_t b = 0; b < s->n_buckets; b++)
			hist += s->buckets[b].count;
		printf("site %s calls=%" PRIu64 " running=%" PRIu64 " unwound=%" PRIu64
		       " hist=%" PRIu64 "\n",
		       s->name, s->calls, s->running, s->unwound, hist);
		if (s->skipped)
			printf("skipped %s %" PRIu64 "\n", s->name, s->skipped);
		printf("time %s total=%" PRIu64 " self=%" PRIu64 " sum=%" PRIu64 " min=%" PRIu64
		       " max=%" PRIu64 "\n",
		       s->name, s->total_ns, s->self_ns, s->sum_ns, s->min_ns, s->max_ns);
	}
	for (size_t i = 0; i < im->n_contexts; i++) {
		printf("context ");
		print_path(im, (int)i);
		printf(" calls=%" PRIu64 "\n", im->contexts[i].calls);
	}
	for (size_t i = 0; i < im->n_threads; i++)
		printf("thread %s calls=%" PRIu64 " total=%" PRIu64 "\n", im->threads[i].name,
		       im->threads[i].calls, im->threads[i].total_ns);
	printf("clock %d duration=%" PRIu64 " started=%" PRId64 " rate=%.9f\n", im->clock,
	       im->duration_ns, im->started_at_ns, im->ns_per_tick);
	printf("branch %s commit %s\n", im->branch ? im->branch : "-",
	       im->commit ? im->commit : "-");
}

int main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		struct image im;
		int error = image_read(argv[i], &im);

		if (error) {
			printf("error %s\n", image_strerror(error));
			bad = 1;
		} else {
			print_image(&im);
		}
		image_release(&im);
	}
	return bad;
}
