/* SPDX-License-Identifier: MIT */
#include "command.h"
#include "../base/error.h"
#include "show.h"

struct options {
	struct show_options show;
};

static const struct option_spec specs[] = {
	{"run", 'r', OPTION_TEXT, offsetof(struct options, show.run), "RUNS",
	 "runs of the function, as in `hotpath diff` (default last);\nwhat is asked for is then a "
	 "function, whatever its name"},
	{"percentiles", 'p', OPTION_TEXT, offsetof(struct options, show.percentiles), "LIST",
	 "percentiles to show (default 50,95,99)"},
	{"limit", 'n', OPTION_COUNT, offsetof(struct options, show.limit), "N",
	 "rows of each list (default 10, 0: all)"},
	FORMAT_JSON_SPEC(offsetof(struct options, show.format)),
	OUTPUT_SPEC(offsetof(struct options, show.output)),
};

static const struct options defaults = {.show = SHOW_DEFAULTS};

static const char text[] =
	"Of a run (last, last~N, a number): how it ended, its functions, git, machine, clock,\n"
	"programs and libraries, threads, and its newest calls.\n"
	"Of a function (a name or label; FILE:NAME where several have it): its figures, what "
	"chose\n"
	"it, a histogram of its durations, its callers and callees, and its newest calls.\n"
	"\n"
	"Examples:\n"
	"  hotpath show last\n"
	"  hotpath show parse_row\n"
	"  hotpath show parse_row --run main -p 50,99,99.9 -f json\n";

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;

	return show_print(&in->store, in->argv[0], &options->show, error);
}

const struct command command_show = {
	.name = "show",
	.summary = "Show everything about one run, or about one function",
	.arguments = "RUN|FUNCTION",
	.text = text,
	.need = NEED_STORE,
	.min_args = 1,
	.max_args = 1,
	COMMAND_OPTIONS,
	.run = run,
};
