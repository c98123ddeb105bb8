/* SPDX-License-Identifier: MIT */
#include "command.h"
#include "../base/error.h"
#include "live.h"
#include "../model/model.h"
#include "../model/model_live.h"
#include "../query/query.h"
#include "../view/view.h"
#include "../view/view_live.h"

struct options {
	enum view_format format;
	int64_t limit;
	const char *output;
	bool live, all;
};

static const struct option_spec specs[] = {
	FORMAT_SPEC(offsetof(struct options, format)),
	{"limit", 'n', OPTION_COUNT, offsetof(struct options, limit), "N",
	 "show the newest N runs (default 20, 0: all)"},
	OUTPUT_SPEC(offsetof(struct options, output)),
	{"live", 'L', OPTION_FLAG, offsetof(struct options, live), NULL,
	 "list the programs that are being recorded now"},
	{"all", 'a', OPTION_FLAG, offsetof(struct options, all), NULL,
	 "with --live: those of other projects too"},
};

static const struct options defaults = {.format = VIEW_TABLE, .limit = 20};

static const char text[] = "Examples:\n"
			   "  hotpath runs              the newest 20, the newest first\n"
			   "  hotpath runs -n 0 -f csv  all, for a program\n"
			   "  hotpath runs --live       what is running now, for `hotpath ctl`\n";

static bool without_store(const void *options)
{
	return ((const struct options *)options)->live;
}

static int run_live(struct invocation *in, const struct options *options, struct error *error)
{
	struct model_live_list list;
	struct view view = {0};
	int rc = live_list(in->place.dir, options->all, &list, error);

	if (!rc)
		rc = view_open(&view, options->format, options->output, error);
	if (!rc) {
		rc = view_live(&list, &view, error);
		rc = view_close(&view, rc, error);
	}
	model_live_list_release(&list);
	return rc;
}

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;

	if (options->live)
		return run_live(in, options, error);
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
	COMMAND_OPTIONS,
	.without_store = without_store,
	.run = run,
};
