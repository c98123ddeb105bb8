/* SPDX-License-Identifier: MIT */
#include "proto_out.h"

#include "../base/text.h"

enum { KIND_NUMBER = 0, KIND_BYTES = 2 };

void proto_out_number(struct text *out, uint64_t value)
{
	char group;

	for (; value >= 0x80; value >>= 7) {
		group = (char)(value | 0x80);
		text_append(out, &group, 1);
	}
	group = (char)value;
	text_append(out, &group, 1);
}

void proto_out_field(struct text *out, unsigned field, uint64_t value)
{
	if (value == 0)
		return;
	proto_out_number(out, field << 3 | KIND_NUMBER);
	proto_out_number(out, value);
}

void proto_out_bytes(struct text *out, unsigned field, const char *bytes, size_t n)
{
	proto_out_number(out, field << 3 | KIND_BYTES);
	proto_out_number(out, n);
	text_append(out, bytes, n);
}

void proto_out_message(struct text *out, unsigned field, struct text *message)
{
	if (message->failed)
		out->failed = true;
	else
		proto_out_bytes(out, field, message->text ? message->text : "", message->n);
	message->n = 0;
}
