/* SPDX-License-Identifier: MIT */
#include "command.h"
#include "../base/error.h"
#include "trend.h"

struct options {
	struct trend_options trend;
};

static const struct option_spec specs[] = {
	TREND_SPECS(struct options, trend),
	{"format", 'f', OPTION_TEXT, offsetof(struct options, trend.format), "FORMAT",
	 "table (default), json, json-pretty, csv or markdown"},
};

static const struct options defaults = {.trend = TREND_DEFAULTS};

static const char text[] =
	"For each change in the history of a function (see `hotpath trend`): the last commit that "
	"was\n"
	"run before it and the first one after, how large it is, with the 95 % interval, and the\n"
	"commits in between, where their repository is the current folder's.\n"
	"\n"
	"Examples:\n"
	"  hotpath blame parse_row\n"
	"  hotpath blame total --since \"2 weeks ago\" -f json\n";

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;

	return trend_blame(&in->store, in->argv[0], &options->trend, error);
}

const struct command command_blame = {
	.name = "blame",
	.summary = "Find the commits in which a function became slower or faster",
	.arguments = "FUNCTION|total",
	.text = text,
	.need = NEED_STORE,
	.min_args = 1,
	.max_args = 1,
	COMMAND_OPTIONS,
	.run = run,
};
