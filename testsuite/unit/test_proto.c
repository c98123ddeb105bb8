/* SPDX-License-Identifier: MIT */
/* Bytes of protocol buffers, against those that the format's description gives or that follow from its rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../cli/output/proto_out.h"
#include "../../cli/base/text.h"

#define expect(out, bytes)                                                                         \
	do {                                                                                       \
		assert_int_equal((out)->n, sizeof(bytes) - 1);                                     \
		assert_memory_equal((out)->text, bytes, sizeof(bytes) - 1);                        \
		free((out)->text);                                                                 \
		memset((out), 0, sizeof(*(out)));                                                  \
	} while (0)

static void test_numbers(void **state)
{
	struct text out = {0};

	(void)state;
	proto_out_number(&out, 0);
	expect(&out, "\x00");
	proto_out_number(&out, 127);
	expect(&out, "\x7f");
	proto_out_number(&out, 128);
	expect(&out, "\x80\x01");
	proto_out_number(&out, 150);
	expect(&out, "\x96\x01");
	proto_out_number(&out, UINT64_MAX);
	expect(&out, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	proto_out_number(&out, (uint64_t)INT64_C(-2));
	expect(&out, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

static void test_fields(void **state)
{
	struct text out = {0};

	(void)state;
	proto_out_field(&out, 1, 150);
	expect(&out, "\x08\x96\x01");
	/* A field number of more than four bits takes a second byte. */
	proto_out_field(&out, 16, 1);
	expect(&out, "\x80\x01\x01");
	proto_out_field(&out, 1, 0);
	assert_int_equal(out.n, 0);
	proto_out_bytes(&out, 2, "testing", 7);
	expect(&out, "\x12\x07testing");
	proto_out_bytes(&out, 6, "", 0);
	expect(&out, "\x32\x00");
}

static void test_messages(void **state)
{
	struct text out = {0}, message = {0};

	(void)state;
	proto_out_field(&message, 1, 150);
	proto_out_message(&out, 3, &message);
	assert_int_equal(message.n, 0);
	/* Emptied, and to be filled again. */
	proto_out_field(&message, 2, 1);
	proto_out_message(&out, 3, &message);
	expect(&out, "\x1a\x03\x08\x96\x01\x1a\x02\x10\x01");
	proto_out_message(&out, 3, &message);
	expect(&out, "\x1a\x00");
	message.failed = true;
	proto_out_message(&out, 3, &message);
	assert_true(out.failed);
	free(message.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
