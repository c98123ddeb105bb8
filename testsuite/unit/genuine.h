/* SPDX-License-Identifier: MIT */
/*
 * Genuine segments to damage: made by build/test/shapes, mapped writable, and mended again after
 * each test.
 *
 * The build folder is the environment's BUILD, else "build".
 */
#ifndef TEST_GENUINE_H
#define TEST_GENUINE_H

#include "../../cli/segment/image.h"

struct genuine {
	char path[300];
	int fd;
	uint64_t size;
	char *map;	   /* of the whole file, written through to it */
	struct image good; /* what it says undamaged */
};

/* genuine_make: runs a shape, as "threads 3", in a folder of its own below `folder`; 0 or -1. */
int genuine_make(struct genuine *g, const char *folder, const char *shape);
void genuine_release(struct genuine *g);

/* For cmocka: the segments of a group of tests, in a folder that is gone after the last; ended by one of no shape. */
struct genuine_shape {
	struct genuine *genuine;
	const char *shape;
};

extern char genuine_folder[];
void genuine_use(const struct genuine_shape *shapes);
int genuine_set_up(void **state);
int genuine_tear_down(void **state);

/* genuine_after: mends; a test that damaged more than it said would spoil the next. */
int genuine_after(void **state);

#define GENUINE_TEST(name) cmocka_unit_test_teardown(name, genuine_after)

struct seg_header *genuine_header(const struct genuine *g);

/* genuine_at: what a link in the segment leads to. */
void *genuine_at(const struct genuine *g, const void *link);

/* genuine_sibling: a node's link to its sibling; genuine_as_sibling: a link as a node has it, offset / 64. */
struct seg_node *genuine_sibling(const struct genuine *g, const struct seg_node *node);
uint32_t genuine_as_sibling(const struct genuine *g, const void *link);

/* genuine_link_to, genuine_link: a link to a place in the file. */
void *genuine_link_to(const struct genuine *g, uint64_t offset);
void *genuine_link(const struct genuine *g, const void *at);

/* genuine_wild: links that lead nowhere: header, end of the file, past it, round the top; NULL past the last. */
void *genuine_wild(const struct genuine *g, size_t i);

/* genuine_site: a function by its name; genuine_counted: the calls in its histogram. */
const struct image_site *genuine_site(const struct image *im, const char *function);
uint64_t genuine_counted(const struct image *im, const char *function);

/* genuine_poke: overwrites some bytes of the mapping; genuine_mend() puts all back. */
void genuine_poke(void *at, const void *value, size_t size);
void genuine_mend(void);

#define POKE(field, ...)                                                                           \
	do {                                                                                       \
		__typeof__(field) value_ = __VA_ARGS__;                                            \
		genuine_poke(&(field), &value_, sizeof(value_));                                   \
	} while (0)

/*
 * genuine_reads: reads the segment as it is now, asserts the error, and that all figures are sane;
 * the image is good until the next mend.
 */
const struct image *genuine_reads(const struct genuine *g, int error);

/* genuine_sane: asserts of any image that was read what must hold whatever the file said. */
void genuine_sane(const struct image *im);

/* genuine_damaged: as genuine_reads(); asserts that it can be read, and that the first damage is
 * this. */
const struct image *genuine_damaged(const struct genuine *g, const char *text);

/* genuine_sound: as genuine_reads(); asserts that no damage is seen. */
const struct image *genuine_sound(const struct genuine *g);

/* genuine_calls: calls of a function in an image; 0 when it does not know it. */
uint64_t genuine_calls(const struct image *image, const char *function);

/* genuine_same_calls: asserts that all functions have the calls that they had before the damage. */
void genuine_same_calls(const struct genuine *g, const struct image *image);
void genuine_same_times(const struct genuine *g, const struct image *image);

#endif /* TEST_GENUINE_H */
