/* SPDX-License-Identifier: MIT */
/*
 * Damaged segments for the reader, which must neither crash nor take long nor make nonsense of them.
 *
 *   LLVMFuzzerTestOneInput   for libFuzzer or AFL++.  A segment is a sparse file of tens of megabytes, so the input is a
 *                            compact form of it: records of a page number (uint32_t) and that page's bytes
 *   main (-DWITH_MAIN)       without either: takes genuine segments of several shapes, damages them in place where it
 *                            hurts (links, counts, times, whole blocks, the end of the file) and mends them again
 *
 *       fuzz_segment --seconds N [--seed N]
 *
 * main does its work in a child.  When that dies, the damaged segment is still there, as the child maps it shared: the
 * parent keeps it and says where.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../unit/genuine.h"

enum {
	INPUT_PAGES_MAX = 1 << 20,
	HANG_SECONDS = 10, /* a reading that takes longer is a bug */
};

static char scratch[64];

static void remove_scratch(void)
{
	unlink(scratch);
}

/* scratch_file: a file in memory if possible; image_read() follows no link, so not /proc/self/fd. */
static int scratch_file(void)
{
	static int fd = -1;

	if (fd >= 0)
		return ftruncate(fd, 0) < 0 ? -1 : fd;
	strcpy(scratch, "/dev/shm/hotpath-fuzz.XXXXXX");
	fd = mkstemp(scratch);
	if (fd < 0) {
		strcpy(scratch, "/tmp/hotpath-fuzz.XXXXXX");
		fd = mkstemp(scratch);
	}
	if (fd >= 0)
		atexit(remove_scratch);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image image;
	int fd = scratch_file();

	if (fd < 0)
		return 0;
	for (size_t at = 0; at + sizeof(uint32_t) < size;) {
		uint32_t page;
		size_t n =
			size - at - sizeof(page) < SEG_PAGE ? size - at - sizeof(page) : SEG_PAGE;

		memcpy(&page, data + at, sizeof(page));
		at += sizeof(page);
		if (pwrite(fd, data + at, n, (off_t)(page % INPUT_PAGES_MAX) * SEG_PAGE) < 0)
			return 0;
		at += n;
	}
	if (image_read(scratch, &image) == IMAGE_OK)
		genuine_sane(&image);
	image_release(&image);
	return 0;
}

#ifdef WITH_MAIN

/* A file of some kilobytes that makes the reader take gigabytes is a bug too. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "hard_rss_limit_mb=2000:max_allocation_size_mb=2000";
}

/* A genuine segment, with all words that hold something. */
struct subject {
	struct genuine g;
	uint64_t *words; /* offsets */
	size_t n_words;
	uint64_t *links; /* offsets of words that are links */
	size_t n_links;
	char *pages; /* copy of all of the file that holds something */
	uint64_t *page_at;
	size_t n_pages;
};

static uint64_t rng;

static uint64_t draw(uint64_t below)
{
	rng ^= rng >> 12;
	rng ^= rng << 25;
	rng ^= rng >> 27;
	return below ? rng * 0x2545f4914f6cdd1dull % below : 0;
}

static uint64_t draw_word(void)
{
	return draw(1ull << 32) << 32 | draw(1ull << 32);
}

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return p;
}

static bool holds_something(const char *page)
{
	static const char zero[SEG_PAGE];

	return memcmp(page, zero, SEG_PAGE) != 0;
}

static void find_pages(struct subject *s)
{
	for (uint64_t at = 0, end;
	     (int64_t)(at = (uint64_t)lseek(s->g.fd, (off_t)at, SEEK_DATA)) >= 0; at = end) {
		end = (uint64_t)lseek(s->g.fd, (off_t)at, SEEK_HOLE);
		for (uint64_t page = at / SEG_PAGE * SEG_PAGE; page + SEG_PAGE <= end;
		     page += SEG_PAGE) {
			if (!holds_something(s->g.map + page))
				continue;
			size_t n = s->n_pages++;

			s->pages = must(realloc(s->pages, s->n_pages * SEG_PAGE));
			s->page_at = must(realloc(s->page_at, s->n_pages * sizeof(uint64_t)));
			s->page_at[n] = page;
			memcpy(s->pages + n * SEG_PAGE, s->g.map + page, SEG_PAGE);
		}
	}
}

static void find_words(struct subject *s)
{
	const struct seg_header *h = genuine_header(&s->g);
	size_t most = s->n_pages * SEG_PAGE / 8;

	s->words = must(malloc(most * sizeof(uint64_t)));
	s->links = must(malloc(most * sizeof(uint64_t)));
	for (size_t i = 0; i < most; i++) {
		uint64_t at = s->page_at[i / 512] + i % 512 * 8;
		uint64_t v = *(uint64_t *)(s->g.map + at);

		if (v)
			s->words[s->n_words++] = at;
		if (v >= h->map_base && v < h->map_base + s->g.size)
			s->links[s->n_links++] = at;
	}
}

/* tempting: values at which code goes wrong. */
static uint64_t tempting(const struct subject *s, uint64_t old)
{
	const uint64_t base = genuine_header(&s->g)->map_base;

	switch (draw(12)) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX >> draw(64);
	case 2:
		return 1ull << draw(64);
	case 3:
		return old + 1 - draw(3);
	case 4:
		return old ^ 1ull << draw(64);
	case 5:
		return base + s->g.size - draw(3) * 8;
	case 6:
		return base + s->words[draw(s->n_words)] / 64 * 64;
	case 7:
		return base + draw(s->g.size);
	case 8:
		return old + (draw(129) - 64) * 64;
	case 9:
		return (old & 0xffffffff00000000) | (UINT32_MAX >> draw(32));
	case 10:
		return (old & 0xffffffff) | draw_word() << 32;
	default:
		return draw_word();
	}
}

static void poke_word(struct subject *s, uint64_t at, uint64_t value)
{
	genuine_poke(s->g.map + at, &value, sizeof(value));
}

/* spot: a word to damage: of the header, a link, or any that holds something. */
static uint64_t spot(struct subject *s)
{
	switch (draw(4)) {
	case 0:
		return 8 + draw((sizeof(struct seg_header) - 8) / 8) * 8;
	case 1:
		return s->words[draw(s->n_words)];
	default:
		return s->links[draw(s->n_links)];
	}
}

static uint64_t word_at(const struct subject *s, uint64_t at)
{
	return *(uint64_t *)(s->g.map + at);
}

static void damage_one(struct subject *s)
{
	uint64_t at = spot(s);

	switch (draw(8)) {
	case 0: /* a cycle, or a part with two owners */
	case 1:
		poke_word(s, s->links[draw(s->n_links)], word_at(s, s->links[draw(s->n_links)]));
		break;
	case 2: { /* a link to what holds a link: a wrong kind of thing */
		uint64_t to = s->links[draw(s->n_links)] / 64 * 64;

		poke_word(s, s->links[draw(s->n_links)], genuine_header(&s->g)->map_base + to);
		break;
	}
	case 3: { /* a block where another was */
		char block[64];
		uint64_t from = s->words[draw(s->n_words)] / 64 * 64;

		at = at / 64 * 64;
		memcpy(block, s->g.map + from, sizeof(block));
		if (at) /* the magic is tried by other means often enough */
			genuine_poke(s->g.map + at, block, sizeof(block));
		break;
	}
	default:
		poke_word(s, at, tempting(s, word_at(s, at)));
	}
}

/* cut: shortens the file; uncut() makes it whole again. */
static void cut(struct subject *s)
{
	uint64_t size = draw(3) ? s->page_at[draw(s->n_pages)] + draw(SEG_PAGE) : draw(s->g.size);

	if (ftruncate(s->g.fd, (off_t)size) < 0)
		exit(1);
}

static void uncut(struct subject *s)
{
	if (ftruncate(s->g.fd, (off_t)s->g.size) < 0)
		exit(1);
	for (size_t i = 0; i < s->n_pages; i++)
		memcpy(s->g.map + s->page_at[i], s->pages + i * SEG_PAGE, SEG_PAGE);
}

/* plant_carries: what else takes four billion calls. */
static void plant_carries(struct genuine *g)
{
	struct seg_header *h = genuine_header(g);

	if (!h->threads) /* a program of lives only */
		return;

	struct seg_thread *t = genuine_at(g, h->threads);
	struct seg_stat *stat = genuine_at(g, t->stats);
	struct seg_carry *link =
		(void *)((char *)h->info + (40 << 10)); /* its area has room there */
	struct seg_carry *c = genuine_at(g, link);

	c[0] = (struct seg_carry){.next = link + 1, .bucket = 100};
	c[1] = (struct seg_carry){.bucket = HIST_BUCKETS - 1};
	stat->carry = link;
}

struct tally {
	uint64_t runs, refused, damaged, sound;
	double slowest;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fuzz_once(struct subject *s, struct tally *tally)
{
	struct image image;
	bool is_cut = draw(50) == 0;
	double start = now();

	for (uint64_t n = 1 + draw(draw(4) ? 3 : 24); n--;)
		damage_one(s);
	if (is_cut)
		cut(s);
	alarm(HANG_SECONDS);

	int error = image_read(s->g.path, &image);

	if (error == IMAGE_OK)
		genuine_sane(&image);
	tally->refused += error != IMAGE_OK;
	tally->damaged += error == IMAGE_OK && image.damaged;
	tally->sound += error == IMAGE_OK && !image.damaged;
	image_release(&image);
	if (draw(64) == 0)
		image_writer_alive(s->g.path);
	alarm(0);
	if (is_cut)
		uncut(s);
	genuine_mend();
	if (is_cut)
		uncut(s); /* the mend put back what was there after the cut */
	tally->runs++;
	if (now() - start > tally->slowest)
		tally->slowest = now() - start;
}

static int fuzz(struct subject *subjects, size_t n, double seconds)
{
	struct tally tally = {0};
	double end = now() + seconds;

	while (now() < end)
		for (int i = 0; i < 100; i++)
			fuzz_once(&subjects[draw(n)], &tally);
	for (size_t i = 0; i < n; i++) {
		struct image image;

		if (image_read(subjects[i].g.path, &image) || image.damaged) {
			printf("a segment was not mended: the fuzzer is wrong\n");
			return 1;
		}
		image_release(&image);
	}
	printf("%llu segments in %.0f s: %llu refused, %llu with damage, %llu without, slowest "
	       "%.0f ms\n",
	       (unsigned long long)tally.runs, seconds, (unsigned long long)tally.refused,
	       (unsigned long long)tally.damaged, (unsigned long long)tally.sound,
	       tally.slowest * 1e3);
	return 0;
}

static int run(const char *folder, double seconds)
{
	const char *shapes[] = {"nest",	  "recurse 50", "mutual 100", "threads 3",
				"jump 1", "die 9",	"die 0",      "lives kill"};
	enum { N = sizeof(shapes) / sizeof(*shapes) };
	static struct subject subjects[N];
	int status;

	for (size_t i = 0; i < N; i++) {
		setenv("HOTPATH_CLOCK", i % 2 ? "monotonic" : "tsc", 1);
		if (genuine_make(&subjects[i].g, folder, shapes[i])) {
			fprintf(stderr, "no segment of shape %s\n", shapes[i]);
			return 1;
		}
		plant_carries(&subjects[i].g);
		find_pages(&subjects[i]);
		find_words(&subjects[i]);
	}
	fflush(stdout);

	pid_t pid = fork();

	if (pid == 0)
		exit(fuzz(subjects, N, seconds));
	for (size_t i = 0; i < N; i++) {
		genuine_release(&subjects[i].g);
		free(subjects[i].words);
		free(subjects[i].links);
		free(subjects[i].pages);
		free(subjects[i].page_at);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/hotpath-fuzz.XXXXXX", command[64];
	double seconds = 10;
	uint64_t seed = 1;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--seconds"))
			seconds = atof(argv[i + 1]);
		else if (!strcmp(argv[i], "--seed"))
			seed = strtoull(argv[i + 1], NULL, 10);
	}
	rng = seed * 0x9e3779b97f4a7c15ull | 1;
	if (!mkdtemp(folder))
		return 1;
	if (run(folder, seconds)) {
		printf("failed with --seed %llu; one of the segments in %s is what did it\n",
		       (unsigned long long)seed, folder);
		return 1;
	}
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command) ? 1 : 0;
}

#endif /* WITH_MAIN */
