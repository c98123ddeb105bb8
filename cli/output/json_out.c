/* SPDX-License-Identifier: MIT */
#include "json_out.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "grid.h"
#include "../base/text.h"

json_t *json_out_text(const char *text)
{
	char *valid;
	json_t *json;

	if (!text)
		return json_null();
	valid = text_valid(text);
	json = valid ? json_string(valid) : NULL;
	free(valid);
	return json;
}

json_t *json_out_lines(const char *text)
{
	char *copy = text ? strdup(text) : NULL, *rest = copy, *line;
	json_t *lines = copy ? json_array() : json_null();

	while (copy && (line = strsep(&rest, "\n")))
		if (*line)
			json_array_append_new(lines, json_out_text(line));
	free(copy);
	return lines;
}

json_t *json_out_gathered(struct text *text)
{
	char *all = text_take(text);
	json_t *lines = json_out_lines(all);

	free(all);
	return lines;
}

json_t *json_out_real(double value)
{
	if (!isfinite(value))
		return json_null();
	/* Clocks do not tell picoseconds apart; long tails of digits only cost room. */
	return json_real(fabs(value) < 1e12 ? round(value * 1000) / 1000 : value);
}

json_t *json_out_interval(double low, double high)
{
	if (isnan(low))
		return json_null();
	return json_pack("[o,o]", json_out_real(low), json_out_real(high));
}

/* What JSON lets stand in a string and a terminal would act on: DEL, C1 controls, marks of direction. */
static int print_safely(const char *bytes, size_t n, void *data)
{
	FILE *stream = data;

	for (size_t i = 0; i < n;) {
		size_t length = text_utf8(bytes + i, n - i);
		unsigned long code = length ? text_unsafe(bytes + i, length) : 0;

		length = length ? length : 1;
		/* Line ends of the pretty form are no part of a string. */
		if (code >= 0x20)
			fprintf(stream, "\\u%04lx", code);
		else
			fwrite(bytes + i, 1, length, stream);
		i += length;
	}
	return ferror(stream) ? -1 : 0;
}

int json_out_print(json_t *value, const struct view *view, struct error *error)
{
	size_t flags = JSON_REAL_PRECISION(15) | JSON_ENCODE_ANY;
	int rc = -1;

	flags |= view->format == VIEW_JSON_PRETTY ? JSON_INDENT(2) : JSON_COMPACT;
	if (value)
		rc = json_dump_callback(value, print_safely, view->stream, flags);
	putc('\n', view->stream);
	json_decref(value);
	/* A stream that takes no more is its owner's to notice, with the reason. */
	return rc && !ferror(view->stream) ? error_memory(error) : ERR_OK;
}
