/* SPDX-License-Identifier: MIT */
#include "command.h"
#include "error.h"
#include "model.h"
#include "query.h"
#include "view.h"

struct options {
	enum view_format format;
	int64_t limit;
	const char *output;
};

static const struct option_spec specs[] = {
	{"format", 'f', OPTION_FORMAT, offsetof(struct options, format), "FORMAT",
	 "table (default), json, json-pretty, csv or markdown"},
	{"limit", 'n', OPTION_COUNT, offsetof(struct options, limit), "N",
	 "show the newest N runs (default 20, 0: all)"},
	{"output", 'o', OPTION_TEXT, offsetof(struct options, output), "FILE",
	 "write to a file instead of the screen"},
};

static const struct options defaults = {.format = VIEW_TABLE, .limit = 20};

static const char text[] = "Examples:\n"
			   "  hotpath runs              the newest 20, the newest first\n"
			   "  hotpath runs -n 0 -f csv  all, for a program\n";

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	struct model_run_list list;
	struct view view = {0};
	int rc = query_runs(&in->store, options->limit, &list, error);

	if (!rc)
		rc = view_open(&view, options->format, options->output, error);
	if (!rc) {
		rc = view_runs(&list, &view, error);
		rc = view_close(&view, rc, error);
	}
	model_run_list_release(&list);
	return rc;
}

const struct command command_runs = {
	.name = "runs",
	.summary = "List the runs in the store, the newest first",
	.arguments = "",
	.text = text,
	.need = NEED_STORE,
	.specs = specs,
	.n_specs = sizeof(specs) / sizeof(specs[0]),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.run = run,
};
