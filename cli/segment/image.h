/* SPDX-License-Identifier: MIT */
/*
 * struct image: a segment, read, checked and summed up; what ingest writes into the store.
 *
 * Made by image_read() (segment_read.c) from a file that may be damaged or hostile, and held by no reference to
 * the file.  Times are nanoseconds, histograms stay in clock ticks; both without the cost of measuring.
 */
#ifndef HOTPATH_IMAGE_H
#define HOTPATH_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../../runtime/hist.h"
#include "../../runtime/segment.h"

enum image_error {
	IMAGE_OK = 0,
	IMAGE_IO = -1,		  /* the file cannot be opened or read; errno says why */
	IMAGE_MEMORY = -2,	  /* out of memory */
	IMAGE_NOT_A_SEGMENT = -3, /* wrong magic */
	IMAGE_VERSION = -4,	  /* written by a newer or older hotpath */
	IMAGE_ENDIAN = -5,	  /* written on a machine of the other byte order */
	IMAGE_EMPTY = -6,	  /* the process ended before it recorded anything (state NEW) */
	IMAGE_DAMAGED = -7,	  /* the header is unusable; image.damage says what */
};

/* How a process ended, as far as is known.  Values are stored: only append. */
enum image_end {
	IMAGE_END_UNSEEN = 0, /* a signal, _exit or exec, nobody knows */
	IMAGE_END_EXIT = 1,   /* exit() or return from main */
	IMAGE_END_UNLOAD = 2, /* quick_exit(), or the runtime was unloaded before */
	IMAGE_END_EXEC = 3,   /* it goes on as another program */
};

/* One non-empty bucket of a histogram. */
struct image_bucket {
	uint32_t bucket;
	uint64_t count;
};

struct image_site {
	char *name;
	char *qualified;
	char *mangled;
	char *label; /* NULL when none */
	char *file;
	char *rule;
	char *group;   /* NULL when none */
	uint64_t body; /* 0: unknown, or copies of the function differ */
	unsigned line;
	unsigned sample; /* 0 every call was timed, N one in N */
	int language;	 /* enum hotpath_language */
	int kind;	 /* enum hotpath_kind */
	int unit;	 /* index into image.units */

	uint64_t calls; /* all entries: returned, unwound and still running */
	uint64_t
		skipped; /* of these: counted, not timed.  With any, all times and the histogram are estimates */
	uint64_t squares; /* of how many calls each timed one stands for, added up */
	bool sampled;	  /* its calls are timed one in so many */
	uint64_t running; /* of these: never returned; not in min, max, buckets */
	uint64_t unwound; /* of these: left without an exit (longjmp, thread exit) */
	/* Times are net: without what measuring these calls and those that they made cost, as far as
	 * that is known (inside_ns, outside_ns).  The time that was measured is ..._ns + ..._cost_ns. */
	uint64_t total_ns; /* inclusive, recursion counted once, running frames up to the end */
	uint64_t self_ns;
	uint64_t
		sum_ns; /* durations of the returned calls added up; sum_ns / (calls - running) is the mean */
	uint64_t total_cost_ns;
	uint64_t self_cost_ns;
	uint64_t sum_cost_ns;
	uint64_t min_ns;
	uint64_t max_ns;
	struct image_bucket *buckets; /* ascending */
	size_t n_buckets;
};

/* A calling context of the whole run: the threads' trees laid over each other. Parents come before children. */
struct image_context {
	int parent; /* index, or -1 for a function called from no measured one */
	int site;   /* index into image.sites */
	uint64_t calls;
	uint64_t total_ns; /* inclusive; recursion counts in the outermost frame */
	uint64_t self_ns;
	uint64_t running; /* of the calls: never returned */
};

struct image_thread {
	uint32_t tid;
	char name[SEG_NAME + 1];
	uint32_t owners;   /* threads that shared the place, at least 1 */
	uint64_t start_ns; /* since the start of the run */
	uint64_t end_ns;
	uint64_t calls;
	uint64_t total_ns; /* inclusive time of its outermost calls = sum of self times */
	uint64_t running;  /* of the calls: never returned */
};

enum { IMAGE_RECENT = 64 }; /* newest calls kept of a run */

/* One of the newest calls that returned. */
struct image_call {
	int site;	   /* index into image.sites */
	int thread;	   /* index into image.threads */
	uint64_t start_ns; /* since the start of the run */
	uint64_t duration_ns;
};

struct image_unit {
	char *source;
	char *object;			     /* program or library, NULL when unknown */
	char build_id[2 * SEG_BUILD_ID + 1]; /* hex, "" when it has none */
};

struct image {
	/* the process */
	uint8_t run_id[16];
	uint8_t parent_id[16];
	uint32_t pid, ppid;
	char **argv; /* NULL-terminated */
	size_t argc;
	bool argv_cut; /* argv was too long to keep whole */
	/* NULL: unknown */
	char *cwd, *exe, *label, *store, *root, *host, *kernel, *cpu, *branch, *commit, *token,
		*governor;
	double load; /* of the last minute at the start; negative: unknown */
	uint32_t cpu_count;

	/* when, and how it ended */
	int64_t started_at_ns; /* CLOCK_REALTIME */
	uint64_t duration_ns;
	int part;    /* enum seg_part: all of the recording, or a piece of it */
	bool sealed; /* the process saw its own end */
	enum image_end ended;
	bool has_status; /* exit_status is known */
	int exit_status;

	/* clock and cost */
	int clock;	     /* enum seg_clock */
	uint32_t clock_step; /* ticks by which it advances at a time; 0 or 1: each is seen */
	double ns_per_tick;
	double inside_ns, outside_ns;
	double skipped_ns;     /* cost of a call that is counted only; 0 when there are none */
	uint64_t measuring_ns; /* what measuring took in all, on all threads */
	uint32_t budget;       /* slowdown that was allowed, in 1/1000 per cent; 0: no limit */

	/* what was recorded */
	struct image_site *sites;
	size_t n_sites;
	int *site_of_id; /* n_ids + 1: site ids of the segment, -1 where there is none */
	uint32_t n_ids;
	struct image_context *contexts;
	size_t n_contexts;
	struct image_thread *threads;
	size_t n_threads;
	uint32_t threads_seen; /* threads that ever called a measured function */
	struct image_unit *units;
	size_t n_units;
	struct image_call *
		recent; /* the newest IMAGE_RECENT of those that were timed, in the order in which they ended */
	size_t n_recent;
	uint64_t lost[SEG_LOST_COUNT];
	uint64_t torn;	  /* calls that may be counted twice: killed while folding */
	uint64_t damaged; /* links that led nowhere and were left out; 0 for a sound segment */
	char damage[160]; /* the first such, in words; "" when none */
};

/*
 * image_read: reads a segment, less its base when it has one (runtime/seg_copy.h).
 *
 * path     the file; opened read-only, never followed when it is a symbolic link
 * image    filled in, also in part on IMAGE_DAMAGED; image_release() it in every case
 * Returns  IMAGE_OK or a negative enum image_error
 */
int image_read(const char *path, struct image *image);

/*
 * image_less (segment_less.c): leaves in an image only what came after an earlier image of the same process.
 *
 * A call that was running then counts as one call after it, with the time since; among the durations (sum_ns, buckets)
 * it stands whole.  min_ns and max_ns come from the histogram where there were calls before.
 * Returns IMAGE_OK or IMAGE_MEMORY.
 */
int image_less(struct image *image, const struct image *base);

/* image_release: frees what an image holds; the struct itself is the caller's. */
void image_release(struct image *image);

/* image_strerror: a sentence for an enum image_error, without a full stop. */
const char *image_strerror(int error);

/* image_lost_name: JSON key of a cause of loss, NULL for an unused one. */
const char *image_lost_name(int cause);

/*
 * image_writer_alive: whether the process that writes a segment still does.
 *
 * path     the segment file
 * Returns  1 alive, 0 ended (or replaced by exec), -1 cannot be known (another pid namespace, and we are
 *          not in the machine's first, from which all can be seen): treat as alive
 */
int image_writer_alive(const char *path);

/* image_writer_replaced: whether that process goes on as another program, by exec. */
bool image_writer_replaced(const char *path);

#endif /* HOTPATH_IMAGE_H */
