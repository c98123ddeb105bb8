/* SPDX-License-Identifier: MIT */
/*
 * A segment with one field damaged, a test a field: what is read of it, and what it is called.
 * Here: the header with its clock, process facts, and files that are no segments; units and sites are in
 * test_segment_units.c, threads in test_segment_threads.c, histograms in test_segment_stats.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../../cli/segment/segment_map.h"
#include "genuine.h"

static struct genuine nest, die;

static struct seg_header *header(void)
{
	return genuine_header(&nest);
}

static struct seg_info *info(void)
{
	return genuine_at(&nest, header()->info);
}

static struct seg_unit *unit(void)
{
	return genuine_at(&nest, header()->units);
}

static void *link_at(uint64_t offset)
{
	return (void *)(header()->map_base + offset);
}

static void genuine_segments_are_sound(void **state)
{
	(void)state;
	genuine_same_times(&nest, genuine_sound(&nest));
	assert_int_equal(genuine_calls(&nest.good, "leaf"), 4000);
	assert_int_equal(genuine_calls(&die.good, "middle"), 1);
	assert_int_equal(image_writer_alive(nest.path), 0);
}

/* ---- header ---- */

static void header_magic(void **state)
{
	(void)state;
	POKE(header()->magic[0], 'h');
	genuine_reads(&nest, IMAGE_NOT_A_SEGMENT);
}

static void header_version(void **state)
{
	(void)state;
	POKE(header()->version, SEG_VERSION + 1);
	genuine_reads(&nest, IMAGE_VERSION);
	POKE(header()->version, 0);
	genuine_reads(&nest, IMAGE_VERSION);
}

static void header_endian(void **state)
{
	(void)state;
	POKE(header()->endian, __builtin_bswap32(SEG_ENDIAN));
	POKE(header()->version, __builtin_bswap32(SEG_VERSION));
	genuine_reads(&nest, IMAGE_ENDIAN);
	POKE(header()->endian, 7);
	assert_string_equal(genuine_reads(&nest, IMAGE_DAMAGED)->damage,
			    "the header makes no sense");
}

static void header_header_size(void **state)
{
	(void)state;
	POKE(header()->header_size, sizeof(struct seg_header) + 8);
	assert_string_equal(genuine_reads(&nest, IMAGE_DAMAGED)->damage,
			    "the header makes no sense");
}

static void header_state(void **state)
{
	(void)state;
	POKE(header()->state, SEG_SEALED + 1);
	genuine_reads(&nest, IMAGE_DAMAGED);
	POKE(header()->state, SEG_NEW);
	genuine_reads(&nest, IMAGE_EMPTY);
	POKE(header()->state, SEG_RECORDING); /* the seal is lost, the calls are not */
	const struct image *im = genuine_sound(&nest);

	assert_false(im->sealed || im->has_status);
	genuine_same_calls(&nest, im);
}

static void header_map_base(void **state)
{
	(void)state;
	POKE(header()->map_base, 0);
	genuine_reads(&nest, IMAGE_DAMAGED);
	POKE(header()->map_base, (uint64_t)link_at(8) + 8);
	genuine_reads(&nest, IMAGE_DAMAGED);
}

static void header_map_base_moved(void **state)
{
	const uint64_t base = header()->map_base;
	const uint64_t bases[] = {base + SEG_PAGE, base - SEG_PAGE, SEG_PAGE,
				  base + nest.size / SEG_PAGE * SEG_PAGE, ~(uint64_t)0 << 12};

	(void)state;
	for (size_t i = 0; i < sizeof(bases) / sizeof(*bases); i++) {
		POKE(header()->map_base, bases[i]);
		assert_true(genuine_reads(&nest, IMAGE_OK)->damaged > 0);
	}
}

/* Only the writer uses these: whatever they say, the rest is right. */
static void header_used_and_map_size(void **state)
{
	(void)state;
	POKE(header()->used, UINT64_MAX);
	POKE(header()->map_size, 1);
	genuine_same_times(&nest, genuine_sound(&nest));
}

static void header_info(void **state)
{
	const uint64_t offsets[] = {0, 8, nest.size, nest.size - 4, (uint64_t)1 << 62};

	(void)state;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
		POKE(header()->info, link_at(offsets[i]));
		genuine_same_times(&nest, genuine_damaged(&nest, "process facts"));
	}
	POKE(header()->info, NULL);
	assert_null(genuine_damaged(&nest, "process facts")->cwd);
}

static void header_units(void **state)
{
	const uint64_t offsets[] = {0, 4, nest.size, nest.size - 4, (uint64_t)1 << 62};

	(void)state;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
		POKE(header()->units, link_at(offsets[i]));
		const struct image *im = genuine_damaged(&nest, "list of units breaks off");

		assert_int_equal(im->n_sites, 0);
		assert_non_null(im->cwd);
		assert_int_equal(im->n_threads, nest.good.n_threads);
	}
	POKE(header()->units, NULL);
	genuine_damaged(&nest, "unknown site");
}

static void header_threads(void **state)
{
	const uint64_t offsets[] = {0, 8, nest.size, nest.size - 4, (uint64_t)1 << 62};

	(void)state;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
		POKE(header()->threads, link_at(offsets[i]));
		const struct image *im = genuine_damaged(&nest, "list of threads breaks off");

		assert_int_equal(im->n_sites, nest.good.n_sites);
		assert_int_equal(genuine_calls(im, "leaf"), 0);
	}
}

static void header_n_sites(void **state)
{
	uint32_t was = header()->n_sites;

	(void)state;
	POKE(header()->n_sites, UINT32_MAX);
	assert_non_null(strstr(genuine_reads(&nest, IMAGE_DAMAGED)->damage, "more sites"));
	POKE(header()->n_sites, 0);
	genuine_damaged(&nest, "list of units breaks off");
	POKE(header()->n_sites, was - 1);
	genuine_damaged(&nest, "list of units breaks off");
	POKE(header()->n_sites, was + 1000); /* as if a unit had been lost */
	genuine_same_times(&nest, genuine_sound(&nest));
}

/* A file of holes is as long as it likes, at no cost. */
static void header_n_sites_of_a_file_of_holes(void **state)
{
	(void)state;
	assert_int_equal(ftruncate(nest.fd, (off_t)1 << 40), 0);
	POKE(header()->n_sites, INT32_MAX);
	genuine_reads(&nest, IMAGE_DAMAGED);
	genuine_mend();
	genuine_same_times(&nest, genuine_sound(&nest));
	POKE(unit()->size, 1ull << 39);
	POKE(unit()->n_sites, 1u << 21);
	POKE(header()->n_sites, 1u << 21);
	genuine_reads(&nest, IMAGE_OK);
	assert_int_equal(ftruncate(nest.fd, (off_t)nest.size), 0);
}

/* ---- the clock ---- */

static void header_clock(void **state)
{
	(void)state;
	POKE(header()->clock, SEG_CLOCK_COUNT);
	genuine_reads(&nest, IMAGE_DAMAGED);
	POKE(header()->clock, SEG_CLOCK_MONOTONIC);
	POKE(header()->hz, 3000000000);
	genuine_same_calls(&nest, genuine_damaged(&nest, "rate of the clock"));
}

/* step_of: an image of one site whose calls a clock with such steps has timed. */
static struct image step_of(uint32_t step, const struct image_bucket *buckets, size_t n)
{
	struct image im = {.clock_step = step, .n_sites = 1};

	im.sites = calloc(1, sizeof(*im.sites));
	im.sites[0].buckets = malloc(n * sizeof(*buckets));
	memcpy(im.sites[0].buckets, buckets, n * sizeof(*buckets));
	im.sites[0].n_buckets = n;
	assert_int_equal(segment_smooth(&im), IMAGE_OK);
	return im;
}

static void steps_are_spread_evenly(void **state)
{
	/* 100 durations of 0, 1,000 of 26 and 401 of 52 ticks, and one too long for the steps to show. */
	const struct image_bucket read[] = {
		{.bucket = 0, .count = 100},
		{.bucket = 26, .count = 1000},
		{.bucket = 52, .count = 401},
		{.bucket = hist_bucket(1000000), .count = 1},
	};
	struct image im = step_of(26, read, 4);
	const struct image_site *s = &im.sites[0];
	uint64_t calls = 0;

	(void)state;
	assert_int_equal(s->n_buckets, 13 + 26 + 26 + 1);
	for (size_t i = 0; i < s->n_buckets - 1; i++) {
		uint32_t b = s->buckets[i].bucket;

		assert_int_equal(b, i);
		assert_in_range(s->buckets[i].count,
				b < 13	 ? 7
				: b < 39 ? 38
					 : 15,
				b < 13	 ? 8
				: b < 39 ? 39
					 : 16);
		calls += s->buckets[i].count;
	}
	assert_int_equal(calls, 1501);
	assert_int_equal(s->buckets[65].bucket, hist_bucket(1000000));
	image_release(&im);

	im = step_of(1, read, 4);
	assert_int_equal(im.sites[0].n_buckets, 4);
	image_release(&im);
}

static void header_step(void **state)
{
	(void)state;
	POKE(header()->step, 26);
	const struct image *im = genuine_sound(&nest);

	assert_int_equal(im->clock_step, 26);
	genuine_same_calls(&nest, im);
	POKE(header()->step, SEG_STEP_MAX + 1);
	genuine_same_times(&nest, genuine_damaged(&nest, "absurd steps"));
}

static void header_overlap(void **state)
{
	(void)state;
	/* Then nothing is taken out of the times of calls that last. */
	POKE(header()->overlap, UINT64_MAX);
	POKE(header()->overlap_inside, UINT64_MAX);
	genuine_same_calls(&nest, genuine_sound(&nest));
	POKE(genuine_header(&die)->overlap, UINT64_MAX);
	POKE(genuine_header(&die)->overlap_inside, UINT64_MAX);
	genuine_same_calls(&die, genuine_sound(&die));
}

static void header_hz(void **state)
{
	const uint64_t rates[] = {1, 99999, 1ull << 37, UINT64_MAX};

	(void)state;
	if (header()->clock == SEG_CLOCK_MONOTONIC)
		skip();
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		POKE(header()->hz, rates[i]);
		/* The seal has the rate too. */
		genuine_same_times(&nest, genuine_damaged(&nest, "rate of the clock"));
	}
	POKE(header()->hz, 0); /* could not be measured */
	genuine_same_times(&nest, genuine_sound(&nest));
}

/* Without seal and rate, what the threads noted has to do. */
static void header_hz_of_a_killed_process(void **state)
{
	(void)state;
	POKE(genuine_header(&die)->hz, 0);
	genuine_same_times(&die, genuine_sound(&die));
}

static void header_start(void **state)
{
	(void)state;
	POKE(header()->start_ticks, UINT64_MAX);
	genuine_same_calls(&nest, genuine_damaged(&nest, "end of the recording"));
	POKE(header()->start_ticks, 0);
	genuine_same_calls(&nest, genuine_reads(&nest, IMAGE_OK));
	genuine_mend();
	POKE(header()->start_mono, UINT64_MAX);
	genuine_same_times(&nest, genuine_damaged(&nest, "end of the recording"));
	POKE(header()->start_mono, 0);
	genuine_same_times(&nest, genuine_damaged(&nest, "end of the recording"));
	genuine_mend();
	POKE(header()->start_real, UINT64_MAX);
	genuine_same_times(&nest, genuine_sound(&nest));
}

static void header_end(void **state)
{
	const uint64_t ends[] = {0, 1, 1ull << 62, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		POKE(header()->end_ticks, ends[i]);
		genuine_same_times(&nest, genuine_damaged(&nest, i < 2 ? "the clock began anew"
								       : "end of the recording"));
		genuine_mend();
		POKE(header()->end_mono, ends[i]);
		genuine_same_times(&nest, genuine_damaged(&nest, "end of the recording"));
		genuine_mend();
	}
	POKE(header()->end_ticks, UINT64_MAX); /* both: a rate that could be */
	POKE(header()->end_mono, UINT64_MAX);
	genuine_same_times(&nest, genuine_damaged(&nest, "end of the recording"));
}

/* When the machine slept for an hour CLOCK_MONOTONIC stood still, and the calendar did not. */
static void header_end_of_a_run_that_slept(void **state)
{
	const uint64_t hour = 3600ull * 1000000000;
	uint64_t ran = nest.good.duration_ns;
	const struct image *im;

	(void)state;
	POKE(header()->end_real, header()->end_real + hour);
	POKE(header()->end_ticks,
	     header()->end_ticks + (uint64_t)((double)hour / nest.good.ns_per_tick));
	im = genuine_damaged(&nest, "the machine slept");
	genuine_same_calls(&nest, im);
	assert_in_range(im->duration_ns, hour / 100 * 99, hour / 100 * 101);
	POKE(header()->end_ticks, 1000);
	im = genuine_damaged(&nest, "the clock began anew");
	genuine_same_times(&nest, im);
	assert_in_range(im->duration_ns, ran / 100 * 99, ran / 100 * 101);
}

/* runs: so many seconds by each clock of the seal. */
static void runs(double ticks, double mono, double real)
{
	const struct seg_header *h = header();

	POKE(header()->end_ticks, h->start_ticks + (uint64_t)(ticks * 1e9 / nest.good.ns_per_tick));
	POKE(header()->end_mono, h->start_mono + (uint64_t)(mono * 1e9));
	POKE(header()->end_real, h->start_real + (uint64_t)(real * 1e9));
}

/* Some of it, so that the TSC's rate by CLOCK_MONOTONIC is one that could be. */
static void header_end_of_a_run_that_slept_in_part(void **state)
{
	const double slept[] = {1.24, 1.1, 1.02};
	const struct image *im;

	(void)state;
	for (size_t i = 0; i < sizeof(slept) / sizeof(*slept); i++) {
		runs(1000 * slept[i], 1000, 1000 * slept[i]);
		im = genuine_damaged(&nest, "the machine slept");
		genuine_same_calls(&nest, im);
		assert_in_range(im->duration_ns, (uint64_t)(slept[i] * 0.99e12),
				(uint64_t)(slept[i] * 1.01e12));
		/* The same of a calendar that was set, or a start at which the TSC seemed slow. */
		runs(1000, 1000, 1000 * slept[i]);
		assert_in_range(genuine_sound(&nest)->duration_ns, 999999000000, 1000001000000);
		runs(1000 * slept[i], 1000, 1000);
		assert_in_range(genuine_sound(&nest)->duration_ns, 999999000000, 1000001000000);
		genuine_mend();
	}
	/* Not by what is less than clocks may differ by. */
	runs(1000, 999.5, 1000);
	assert_in_range(genuine_sound(&nest)->duration_ns, 999499000000, 999501000000);
}

static void header_end_how(void **state)
{
	(void)state;
	POKE(header()->end_how, 77);
	assert_false(genuine_sound(&nest)->has_status);
	POKE(header()->end_how, SEG_END_EXIT);
	POKE(header()->exit_status, -1);
	assert_int_equal(genuine_sound(&nest)->exit_status, 255);
}

static void header_inside_and_outside(void **state)
{
	(void)state;
	POKE(header()->inside, UINT64_MAX);
	assert_true(genuine_damaged(&nest, "cost of measuring")->inside_ns == 0);
	genuine_mend();
	POKE(header()->outside, 1ull << 60);
	genuine_same_calls(&nest, genuine_damaged(&nest, "cost of measuring"));
}

/* ---- process facts ---- */

static void info_size(void **state)
{
	(void)state;
	POKE(info()->size, UINT32_MAX);
	genuine_same_times(&nest, genuine_damaged(&nest, "process facts"));
	POKE(info()->size, (uint32_t)(nest.size - 100));
	genuine_same_times(&nest, genuine_damaged(&nest, "process facts"));
	POKE(info()->size, 9); /* cuts the first record */
	genuine_same_times(&nest, genuine_damaged(&nest, "past its list"));
	POKE(info()->size, 7);
	assert_null(genuine_sound(&nest)->argv);
}

static void info_record_length(void **state)
{
	const uint32_t lengths[] = {UINT32_MAX, UINT32_MAX - 7, UINT32_MAX - 8, 1u << 31,
				    info()->size};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		genuine_poke(info()->records + 4, &lengths[i], sizeof(lengths[i]));
		genuine_same_times(&nest, genuine_damaged(&nest, "past its list"));
	}
}

/* The position in the list once wrapped at 2^32, and the list had no end. */
static void info_of_four_gigabytes(void **state)
{
	const uint32_t length = UINT32_MAX - 8;

	(void)state;
	assert_int_equal(ftruncate(nest.fd, (off_t)5 << 30), 0);
	POKE(info()->size, UINT32_MAX);
	genuine_poke(info()->records + 4, &length, sizeof(length));
	genuine_damaged(&nest, "process facts");
	assert_int_equal(ftruncate(nest.fd, (off_t)nest.size), 0);
}

static void info_record_key(void **state)
{
	const uint32_t key = 4711;

	(void)state;
	genuine_poke(info()->records, &key, sizeof(key));
	assert_null(genuine_sound(&nest)->argv); /* from a later version: passed over */
}

/* ---- files ---- */

/* copy: a copy of the first `size` bytes of the segment, with its holes. */
static void copy(const char *path, uint64_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	for (off_t at = 0; (at = lseek(nest.fd, at, SEEK_DATA)) >= 0 && (uint64_t)at < size;) {
		off_t end = lseek(nest.fd, at, SEEK_HOLE);
		uint64_t n = (uint64_t)end < size ? (uint64_t)(end - at) : size - (uint64_t)at;

		assert_int_equal(pwrite(fd, nest.map + at, n, at), n);
		at = end;
	}
	close(fd);
}

/* same_as_whole: whether an image has all that the whole segment has. */
static bool same_as_whole(const struct image *im)
{
	const char *names[] = {"outer", "inner", "leaf"};

	for (size_t i = 0; i < 3; i++)
		if (genuine_calls(im, names[i]) != genuine_calls(&nest.good, names[i]))
			return false;
	return im->cwd && im->duration_ns == nest.good.duration_ns;
}

static void file_truncated(void **state)
{
	struct genuine cut = {.fd = -1};
	unsigned cuts = 0;

	(void)state;
	snprintf(cut.path, sizeof(cut.path), "%s/cut", genuine_folder);
	copy(cut.path, nest.size);
	srand(1);
	for (uint64_t size = nest.size; size >= SEG_PAGE; size -= SEG_PAGE, cuts++) {
		struct image im;
		/* At each page, and somewhere in every eighth. */
		uint64_t to = size - (cuts % 8 ? 0 : (uint64_t)rand() % SEG_PAGE);

		assert_int_equal(truncate(cut.path, (off_t)to), 0);
		alarm(60);
		int error = image_read(cut.path, &im);

		alarm(0);
		if (to < SEG_PAGE)
			assert_int_equal(error, IMAGE_NOT_A_SEGMENT);
		else
			assert_true(error || im.damaged || same_as_whole(&im));
		image_release(&im);
	}
	assert_true(cuts > 30);
}

static int read_file(const char *name)
{
	struct image im;
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", genuine_folder, name);
	alarm(10);
	int error = image_read(path, &im);

	image_release(&im);
	assert_int_equal(image_writer_alive(path),
			 error == IMAGE_EMPTY); /* for its first seconds */
	alarm(0);
	return error;
}

static void make(const char *name, uint64_t size)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", genuine_folder, name);
	copy(path, size);
}

static void file_too_short(void **state)
{
	(void)state;
	make("one", 1);
	assert_int_equal(read_file("one"), IMAGE_NOT_A_SEGMENT);
	make("short", SEG_PAGE - 1);
	assert_int_equal(read_file("short"), IMAGE_NOT_A_SEGMENT);
	make("page", SEG_PAGE);
	assert_int_equal(read_file("page"), IMAGE_OK);
}

static void file_empty(void **state)
{
	(void)state;
	make("empty", 0);
	assert_int_equal(read_file("empty"), IMAGE_EMPTY);
}

static void file_missing(void **state)
{
	(void)state;
	assert_int_equal(read_file("missing"), IMAGE_IO);
}

static void file_is_a_folder(void **state)
{
	(void)state;
	assert_int_equal(read_file("."), IMAGE_NOT_A_SEGMENT);
}

static void file_is_a_symbolic_link(void **state)
{
	char path[300];

	(void)state;
	snprintf(path, sizeof(path), "%s/link", genuine_folder);
	assert_int_equal(symlink(nest.path, path), 0);
	assert_int_equal(read_file("link"), IMAGE_IO);
}

static void file_is_a_fifo(void **state)
{
	char path[300];

	(void)state;
	snprintf(path, sizeof(path), "%s/fifo", genuine_folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(read_file("fifo"), IMAGE_NOT_A_SEGMENT);
}

static const struct genuine_shape shapes[] = {{&nest, "nest"}, {&die, "die 9"}, {0}};

int main(void)
{
	const struct CMUnitTest tests[] = {
		GENUINE_TEST(genuine_segments_are_sound),
		GENUINE_TEST(header_magic),
		GENUINE_TEST(header_version),
		GENUINE_TEST(header_endian),
		GENUINE_TEST(header_header_size),
		GENUINE_TEST(header_state),
		GENUINE_TEST(header_map_base),
		GENUINE_TEST(header_map_base_moved),
		GENUINE_TEST(header_used_and_map_size),
		GENUINE_TEST(header_info),
		GENUINE_TEST(header_units),
		GENUINE_TEST(header_threads),
		GENUINE_TEST(header_n_sites),
		GENUINE_TEST(header_n_sites_of_a_file_of_holes),
		GENUINE_TEST(header_clock),
		cmocka_unit_test(steps_are_spread_evenly),
		GENUINE_TEST(header_step),
		GENUINE_TEST(header_overlap),
		GENUINE_TEST(header_hz),
		GENUINE_TEST(header_hz_of_a_killed_process),
		GENUINE_TEST(header_start),
		GENUINE_TEST(header_end),
		GENUINE_TEST(header_end_of_a_run_that_slept),
		GENUINE_TEST(header_end_of_a_run_that_slept_in_part),
		GENUINE_TEST(header_end_how),
		GENUINE_TEST(header_inside_and_outside),
		GENUINE_TEST(info_size),
		GENUINE_TEST(info_record_length),
		GENUINE_TEST(info_of_four_gigabytes),
		GENUINE_TEST(info_record_key),
		GENUINE_TEST(file_truncated),
		GENUINE_TEST(file_too_short),
		GENUINE_TEST(file_empty),
		GENUINE_TEST(file_missing),
		GENUINE_TEST(file_is_a_folder),
		GENUINE_TEST(file_is_a_symbolic_link),
		GENUINE_TEST(file_is_a_fifo),
		GENUINE_TEST(genuine_segments_are_sound),
	};

	genuine_use(shapes);
	return cmocka_run_group_tests_name("segment", tests, genuine_set_up, genuine_tear_down);
}
