/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress_begin(struct progress *progress, int64_t all)
{
	const char *term = getenv("TERM");

	memset(progress, 0, sizeof(*progress));
	progress->all = all;
	progress->began = now();
	progress->shown = all > 0 && isatty(2) && term && strcmp(term, "dumb") != 0;
}

void progress_show(struct progress *progress, int64_t done, const char *what)
{
	enum { WIDTH = 20 };
	int full = progress->all ? (int)(WIDTH * done / progress->all) : 0;
	double left = 0;

	if (!progress->shown)
		return;
	fprintf(stderr, "\r\033[K[%.*s%*s] %lld of %lld: %s", full, "####################",
		WIDTH - full, "", (long long)done + 1, (long long)progress->all, what);
	if (done > 0) {
		left = (now() - progress->began) / (double)done * (double)(progress->all - done);
		fprintf(stderr, ", %.0f s left", left);
	}
	fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
