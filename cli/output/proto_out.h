/* SPDX-License-Identifier: MIT */
/*
 * Protocol buffers, as far as writing them needs: fields appended to a growing string of bytes.
 *
 *   key       field number * 8 + kind of what follows
 *   kind 0    a number, in groups of 7 bits, the lowest first, the high bit set in all but the last
 *   kind 2    its length, then bytes: text, a message, or numbers packed one behind the other
 */
#ifndef HOTPATH_PROTO_OUT_H
#define HOTPATH_PROTO_OUT_H

#include <stddef.h>
#include <stdint.h>

struct text;

/* proto_out_number: one number without a key, as in a packed list; negative ones as two's complement. */
void proto_out_number(struct text *out, uint64_t value);

/* proto_out_field: a number; 0 is what readers take for granted, and left out. */
void proto_out_field(struct text *out, unsigned field, uint64_t value);

/* proto_out_bytes: text, or a message that was written elsewhere. */
void proto_out_bytes(struct text *out, unsigned field, const char *bytes, size_t n);

/* proto_out_message: proto_out_bytes() with what is in `message`, which is emptied. */
void proto_out_message(struct text *out, unsigned field, struct text *message);

#endif /* HOTPATH_PROTO_OUT_H */
