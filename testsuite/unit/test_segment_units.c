/* SPDX-License-Identifier: MIT */
/* A segment with one field of a unit or site damaged, a test a field; see test_segment.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include "../../runtime/abi.h"
#include "genuine.h"

static struct genuine nest;

static struct seg_header *header(void)
{
	return genuine_header(&nest);
}

static struct seg_unit *unit(void)
{
	return genuine_at(&nest, header()->units);
}

static void *link_at(uint64_t offset)
{
	return (void *)(header()->map_base + offset);
}

static void unit_next(void **state)
{
	(void)state;
	POKE(unit()->next, header()->units);
	genuine_same_times(&nest, genuine_damaged(&nest, "list of units breaks off"));
	POKE(unit()->next, link_at(nest.size - 8));
	genuine_same_times(&nest, genuine_damaged(&nest, "list of units breaks off"));
	POKE(unit()->next, (void *)header()->threads); /* something else */
	genuine_same_times(&nest, genuine_damaged(&nest, "list of units breaks off"));
}

static void unit_size(void **state)
{
	const uint64_t sizes[] = {0, sizeof(struct seg_unit), nest.size, UINT64_MAX, 1ull << 63};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		POKE(unit()->size, sizes[i]);
		assert_int_equal(genuine_damaged(&nest, "list of units breaks off")->n_sites, 0);
	}
	/* Sites, but no strings: they all look the same but for their line. */
	POKE(unit()->size, sizeof(struct seg_unit) + unit()->n_sites * sizeof(struct seg_site));
	const struct image *im = genuine_damaged(&nest, "a name reaches past its unit");

	assert_int_equal(im->n_sites, nest.good.n_sites);
	assert_int_equal(im->sites[3].calls, 4000);
}

static void unit_first_id(void **state)
{
	(void)state;
	POKE(unit()->first_id, 0);
	genuine_damaged(&nest, "site id 0");
	POKE(unit()->first_id, UINT32_MAX); /* goes round */
	genuine_damaged(&nest, "site id 4294967295");
	POKE(unit()->first_id, 3);
	genuine_damaged(&nest, "site id");
}

static void unit_n_sites(void **state)
{
	(void)state;
	POKE(unit()->n_sites, UINT32_MAX);
	genuine_damaged(&nest, "list of units breaks off");
	POKE(unit()->n_sites, header()->n_sites + 1);
	genuine_damaged(&nest, "list of units breaks off");
	POKE(unit()->n_sites, 3); /* leaf is lost */
	const struct image *im = genuine_damaged(&nest, "unknown site 4");

	assert_int_equal(im->n_sites, 3);
	assert_int_equal(genuine_calls(im, "outer"), 1000);
	assert_int_equal(genuine_calls(im, "inner"), 1000);
}

static void unit_strings(void **state)
{
	(void)state;
	POKE(unit()->source, UINT32_MAX);
	assert_string_equal(genuine_damaged(&nest, "a name")->units[0].source, "?");
	POKE(unit()->object, (uint32_t)unit()->size);
	assert_null(genuine_damaged(&nest, "a name")->units[0].object);
	genuine_same_times(&nest, genuine_reads(&nest, IMAGE_OK));
}

static void unit_build_id_len(void **state)
{
	(void)state;
	POKE(unit()->build_id_len, SEG_BUILD_ID + 1);
	assert_string_equal(genuine_damaged(&nest, "build-id")->units[0].build_id, "");
	POKE(unit()->build_id_len, UINT32_MAX);
	genuine_same_times(&nest, genuine_damaged(&nest, "build-id"));
}

static void site_strings(void **state)
{
	struct seg_site *s = &unit()->sites[0];
	uint32_t *fields[] = {&s->name, &s->qualified, &s->mangled, &s->label,
			      &s->file, &s->rule,      &s->group};
	const uint32_t offsets[] = {(uint32_t)unit()->size, (uint32_t)unit()->size + 1, UINT32_MAX};

	(void)state;
	for (size_t f = 0; f < sizeof(fields) / sizeof(*fields); f++)
		for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
			genuine_poke(fields[f], &offsets[i], sizeof(offsets[i]));
			const struct image *im =
				genuine_damaged(&nest, "a name reaches past its unit");

			assert_int_equal(im->sites[0].calls, 1000);
			assert_string_equal(im->sites[3].name, "leaf");
			genuine_mend();
		}
}

/* What a site says of itself comes through, also what no version of ours writes. */
static void site_numbers(void **state)
{
	struct seg_site *s = unit()->sites;
	const struct image *im = genuine_sound(&nest);

	(void)state;
	assert_null(im->sites[0].group);
	assert_string_equal(im->sites[1].group, "rest");
	assert_int_equal(im->sites[1].body, 0x8000000000000001u);
	assert_int_equal(im->sites[1].kind, HOTPATH_KIND_FUNCTION);
	assert_int_equal(im->sites[1].sample, 0);
	POKE(s[0].kind, HOTPATH_KIND_CALL);
	POKE(s[1].kind, UINT16_MAX);
	POKE(s[2].sample, UINT32_MAX);
	POKE(s[3].body, UINT64_MAX);
	im = genuine_sound(&nest);
	assert_int_equal(im->sites[0].kind, HOTPATH_KIND_CALL);
	assert_int_equal(im->sites[1].kind, UINT16_MAX);
	assert_int_equal(im->sites[2].sample, UINT32_MAX);
	assert_true(im->sites[3].body == UINT64_MAX);
}

static void site_string_without_end(void **state)
{
	uint32_t size = (uint32_t)unit()->size;
	char *last = (char *)unit() + size - 1;

	(void)state;
	POKE(*last, 'x');
	POKE(unit()->sites[0].name, size - 1);
	genuine_damaged(&nest, "a name reaches past its unit");
}

/* Five sites that share a name as long as the file: each copy must be bounded. */
static void site_string_too_long(void **state)
{
	char *text = (char *)unit() + unit()->size;

	(void)state;
	assert_true(unit()->size % SEG_PAGE != 0);
	POKE(unit()->size, nest.size - (uint64_t)((char *)unit() - nest.map));
	POKE(*text, 'x');
	POKE(unit()->sites[0].name, (uint32_t)(text - (char *)unit()));
	assert_string_equal(genuine_sound(&nest)->sites[0].name, "x");
}

static void site_the_same_twice(void **state)
{
	(void)state;
	genuine_poke(&unit()->sites[3], &unit()->sites[2], sizeof(struct seg_site));
	const struct image *im =
		genuine_sound(&nest); /* an inline function of two units looks so */

	assert_int_equal(im->n_sites, nest.good.n_sites - 1);
	assert_int_equal(genuine_calls(im, "inner"), 5000);
	POKE(unit()->sites[3].body, 77); /* one of them has another body: which, nobody can say */
	im = genuine_sound(&nest);
	assert_int_equal(im->n_sites, nest.good.n_sites - 1);
	assert_int_equal(im->sites[2].body, 0);
}

/* Sites of one function that differ in what they measure, or how, are not one. */
static void site_of_another_kind(void **state)
{
	struct seg_site *s = unit()->sites;

	(void)state;
	genuine_poke(&s[3], &s[2], sizeof(*s));
	POKE(s[3].kind, HOTPATH_KIND_CALL);
	assert_int_equal(genuine_sound(&nest)->n_sites, nest.good.n_sites);
	POKE(s[3].kind, s[2].kind);
	POKE(s[3].sample, 10);
	assert_int_equal(genuine_sound(&nest)->n_sites, nest.good.n_sites);
	POKE(s[3].sample, s[2].sample);
	POKE(s[3].group, s[2].label);
	assert_int_equal(genuine_sound(&nest)->n_sites, nest.good.n_sites);
}

static const struct genuine_shape shapes[] = {{&nest, "nest"}, {0}};

int main(void)
{
	const struct CMUnitTest tests[] = {
		GENUINE_TEST(unit_next),
		GENUINE_TEST(unit_size),
		GENUINE_TEST(unit_first_id),
		GENUINE_TEST(unit_n_sites),
		GENUINE_TEST(unit_strings),
		GENUINE_TEST(unit_build_id_len),
		GENUINE_TEST(site_strings),
		GENUINE_TEST(site_numbers),
		GENUINE_TEST(site_string_without_end),
		GENUINE_TEST(site_string_too_long),
		GENUINE_TEST(site_the_same_twice),
		GENUINE_TEST(site_of_another_kind),
	};

	genuine_use(shapes);
	return cmocka_run_group_tests_name("units of a segment", tests, genuine_set_up,
					   genuine_tear_down);
}
