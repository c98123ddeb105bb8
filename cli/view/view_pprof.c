/* SPDX-License-Identifier: MIT */
/*
 * The profile of pprof: a gzipped protocol buffer, whose messages and field numbers are profile.proto's.
 *
 * A sample is one calling context, with its calls and the time of its own; a location is a function, for that is all that
 * was recorded of a place.  All text stands in one list and is named by its number there.
 */
#include "view_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../base/error.h"
#include "../model/model_tree.h"
#include "../output/proto_out.h"
#include "../base/text.h"
#include "view.h"

enum profile_field {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
};
enum type_field { TYPE_TYPE = 1, TYPE_UNIT = 2 };
enum sample_field { SAMPLE_LOCATION = 1, SAMPLE_VALUE = 2 };
enum mapping_field {
	MAPPING_ID = 1,
	MAPPING_FILENAME = 5,
	MAPPING_BUILD_ID = 6,
	MAPPING_HAS_FUNCTIONS = 7,
	MAPPING_HAS_FILENAMES = 8,
	MAPPING_HAS_LINES = 9,
};
enum location_field { LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_LINE = 4 };
enum line_field { LINE_FUNCTION = 1, LINE_LINE = 2 };
enum function_field {
	FUNCTION_ID = 1,
	FUNCTION_NAME = 2,
	FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILENAME = 4,
	FUNCTION_START_LINE = 5,
};

struct profile {
	struct text out;     /* all but the texts, */
	struct text strings; /* which follow it */
	uint64_t n_strings;
};

/* The number of a text; the list may have it twice, which gzip makes good. */
static uint64_t string(struct profile *p, const char *text)
{
	char *shown;

	if (!text || !*text)
		return 0;
	shown = text_printable(text);
	if (!shown) {
		p->out.failed = true;
		return 0;
	}
	proto_out_bytes(&p->strings, PROFILE_STRING, shown, strlen(shown));
	free(shown);
	return p->n_strings++;
}

static uint64_t add_type(struct profile *p, const char *type, const char *unit)
{
	struct text message = {0};
	uint64_t name = string(p, type);

	proto_out_field(&message, TYPE_TYPE, name);
	proto_out_field(&message, TYPE_UNIT, string(p, unit));
	proto_out_message(&p->out, PROFILE_SAMPLE_TYPE, &message);
	free(message.text);
	return name;
}

static void add_samples(struct profile *p, const struct model_tree *tree)
{
	struct text message = {0}, list = {0};

	for (size_t i = 0; i < tree->n; i++) {
		const struct model_context *c = &tree->contexts[i];

		if (c->calls == 0 && c->self_ns == 0)
			continue;
		/* From the callee to its callers. */
		for (int64_t at = (int64_t)i; at >= 0; at = tree->contexts[at].parent)
			proto_out_number(&list, tree->contexts[at].function + 1);
		proto_out_message(&message, SAMPLE_LOCATION, &list);
		proto_out_number(&list, (uint64_t)c->calls);
		proto_out_number(&list, (uint64_t)c->self_ns);
		proto_out_message(&message, SAMPLE_VALUE, &list);
		proto_out_message(&p->out, PROFILE_SAMPLE, &message);
	}
	free(message.text);
	free(list.text);
}

static void add_mappings(struct profile *p, const struct model_tree *tree)
{
	struct text message = {0};

	for (size_t i = 0; i < tree->n_objects; i++) {
		const struct model_tree_object *object = &tree->objects[i];

		proto_out_field(&message, MAPPING_ID, i + 1);
		proto_out_field(&message, MAPPING_FILENAME, string(p, object->path));
		proto_out_field(&message, MAPPING_BUILD_ID, string(p, object->build_id));
		/* Nothing is left to be looked up in the file. */
		proto_out_field(&message, MAPPING_HAS_FUNCTIONS, 1);
		proto_out_field(&message, MAPPING_HAS_FILENAMES, 1);
		proto_out_field(&message, MAPPING_HAS_LINES, 1);
		proto_out_message(&p->out, PROFILE_MAPPING, &message);
	}
	free(message.text);
}

static void add_functions(struct profile *p, const struct model_tree *tree)
{
	struct text message = {0}, line = {0};

	for (size_t i = 0; i < tree->n_functions; i++) {
		const struct model_tree_function *f = &tree->functions[i];

		proto_out_field(&line, LINE_FUNCTION, i + 1);
		proto_out_field(&line, LINE_LINE, (uint64_t)f->line);
		proto_out_field(&message, LOCATION_ID, i + 1);
		proto_out_field(&message, LOCATION_MAPPING, (uint64_t)(f->object + 1));
		proto_out_message(&message, LOCATION_LINE, &line);
		proto_out_message(&p->out, PROFILE_LOCATION, &message);
		proto_out_field(&message, FUNCTION_ID, i + 1);
		proto_out_field(&message, FUNCTION_NAME, string(p, f->name));
		proto_out_field(&message, FUNCTION_SYSTEM_NAME,
				string(p, f->mangled ? f->mangled : f->plain));
		proto_out_field(&message, FUNCTION_FILENAME, string(p, f->file));
		proto_out_field(&message, FUNCTION_START_LINE, (uint64_t)f->line);
		proto_out_message(&p->out, PROFILE_FUNCTION, &message);
	}
	free(message.text);
	free(line.text);
}

static void fill(struct profile *p, const struct model_tree *tree)
{
	char *command = view_run_command(&tree->run);
	uint64_t time;

	/* The first text is the empty one. */
	proto_out_bytes(&p->strings, PROFILE_STRING, "", 0);
	p->n_strings = 1;
	add_type(p, "calls", "count");
	time = add_type(p, "time", "nanoseconds");
	add_samples(p, tree);
	add_mappings(p, tree);
	add_functions(p, tree);
	proto_out_field(&p->out, PROFILE_TIME_NANOS, (uint64_t)tree->run.started_at_ns);
	proto_out_field(&p->out, PROFILE_DURATION_NANOS, (uint64_t)tree->run.duration_ns);
	proto_out_field(&p->out, PROFILE_COMMENT, string(p, "hotpath " HOTPATH_VERSION));
	proto_out_field(&p->out, PROFILE_COMMENT, string(p, command));
	if (model_estimates(&tree->run))
		proto_out_field(&p->out, PROFILE_COMMENT,
				string(p, "calls are exact, some times are estimates"));
	proto_out_field(&p->out, PROFILE_DEFAULT_SAMPLE_TYPE, time);
	free(command);
}

static int print_zipped(const char *bytes, size_t n, FILE *stream)
{
	enum { BEST = 9, WINDOW = 15, GZIP = 16, MEMORY = 8 };
	z_stream zip = {0};
	unsigned char out[16384];
	int rc = Z_STREAM_ERROR;

	if (deflateInit2(&zip, BEST, Z_DEFLATED, WINDOW + GZIP, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return -1;
	do {
		/* It counts in int: feed it by pieces. */
		size_t piece = n > 1 << 30 ? 1 << 30 : n;

		zip.next_in = (unsigned char *)bytes;
		zip.avail_in = (unsigned)piece;
		bytes += piece;
		n -= piece;
		do {
			zip.next_out = out;
			zip.avail_out = sizeof(out);
			rc = deflate(&zip, n ? Z_NO_FLUSH : Z_FINISH);
			fwrite(out, 1, sizeof(out) - zip.avail_out, stream);
		} while (zip.avail_out == 0);
	} while (n);
	deflateEnd(&zip);
	return rc == Z_STREAM_END ? 0 : -1;
}

int view_export_pprof(const struct model_tree *tree, const struct view *view, struct error *error)
{
	struct profile p = {0};
	char *bytes;
	int rc;

	if (view->width)
		return error_set(error, ERR_USAGE,
				 "--format pprof is not for a screen: give a file with -o");
	fill(&p, tree);
	text_append(&p.out, p.strings.text ? p.strings.text : "", p.strings.n);
	p.out.failed |= p.strings.failed;
	bytes = p.out.failed ? NULL : p.out.text;
	rc = bytes && print_zipped(bytes, p.out.n, view->stream) == 0 ? ERR_OK
								      : error_memory(error);
	free(p.out.text);
	free(p.strings.text);
	return rc;
}
