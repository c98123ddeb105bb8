/* SPDX-License-Identifier: MIT */
#include "command.h"
#include "../base/error.h"
#include "trend.h"

struct options {
	struct trend_options trend;
	int64_t limit;
};

static const struct option_spec specs[] = {
	TREND_SPECS(struct options, trend),
	{"format", 'f', OPTION_TEXT, offsetof(struct options, trend.format), "FORMAT",
	 "table (default), json, json-pretty, csv, markdown or svg"},
	{"limit", 'n', OPTION_COUNT, offsetof(struct options, limit), "N",
	 "rows for the newest N commits (default 20, 0: all)"},
};

static const struct options defaults = {.trend = TREND_DEFAULTS, .limit = 20};

static const char text[] =
	"The history of one function, or of all together with `total`: a median for each commit, "
	"in\n"
	"the order in which they were first run, and the commits at which its level changed.\n"
	"FUNCTION is a name or label; FILE:NAME where several have it.\n"
	"\n"
	"A change is told from chance by a permutation test over the runs (fewer than 5 % of "
	"histories\n"
	"without a change show one), and commits that differ a little all the time count for "
	"none.\n"
	"Runs of other machines are left out, and this is said.\n"
	"\n"
	"Examples:\n"
	"  hotpath trend parse_row\n"
	"  hotpath trend total --branch main --since \"3 months ago\"\n"
	"  hotpath trend parse_row --metric p99 -f svg -o parse_row.svg\n";

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;

	return trend_print(&in->store, in->argv[0], &options->trend, options->limit, error);
}

const struct command command_trend = {
	.name = "trend",
	.summary = "Show a function's history over commits, and where it changed",
	.arguments = "FUNCTION|total",
	.text = text,
	.need = NEED_STORE,
	.min_args = 1,
	.max_args = 1,
	COMMAND_OPTIONS,
	.run = run,
};
