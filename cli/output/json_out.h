/* SPDX-License-Identifier: MIT */
/*
 * Small help for the JSON views.
 */
#ifndef HOTPATH_JSON_OUT_H
#define HOTPATH_JSON_OUT_H

#include <jansson.h>

struct error;
struct text;
struct view;

/* json_out_text: a string, bytes that are no UTF-8 replaced; null for NULL. */
json_t *json_out_text(const char *text);

/* json_out_lines: an array of the lines of a text that are not empty; null for NULL. */
json_t *json_out_lines(const char *text);

/* json_out_gathered: likewise, of a text that was printed line by line, and lets go of it. */
json_t *json_out_gathered(struct text *text);

/* json_out_real: a number with at most three decimals; null for NAN and infinity. */
json_t *json_out_real(double value);

/* json_out_interval: [low, high]; null when low is NAN. */
json_t *json_out_interval(double low, double high);

/*
 * json_out_print: writes a value and a newline, as view->format says, and lets go of it.
 *
 * Returns  ERR_OK, or ERR_MEMORY, also when value is NULL
 */
int json_out_print(json_t *value, const struct view *view, struct error *error);

#endif /* HOTPATH_JSON_OUT_H */
