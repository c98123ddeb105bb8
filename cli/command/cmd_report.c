/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "command.h"
#include "../base/error.h"
#include "report.h"

struct options {
	struct report_options report;
	const char *run;
	bool tree, callers;
	const char *by;
};

static const struct option_spec specs[] = {
	{"run", 'r', OPTION_RUN, offsetof(struct options, run), "NAME",
	 "last (default), last~N, or a run's number"},
	{"format", 'f', OPTION_FORMAT_BENCH, offsetof(struct options, report.format), "FORMAT",
	 "table (default), json, json-pretty, csv, markdown,\ngithub-benchmark or bencher"},
	{"sort", 's', OPTION_TEXT, offsetof(struct options, report.sort), "COLUMN",
	 "total (default), self, calls, mean, min, max, name,\nor a percentile such as p95"},
	{"limit", 'n', OPTION_COUNT, offsetof(struct options, report.limit), "N",
	 "show the first N functions (0: all; default 15, all for\ngithub-benchmark and bencher)"},
	{"focus", 0, OPTION_TEXT, offsetof(struct options, report.focus), "PATTERN",
	 "only functions whose name or label contains a text,\nor matches /regex/"},
	{"group", 'g', OPTION_TEXT, offsetof(struct options, report.group), "NAME",
	 "only functions that a rule put into this group"},
	{"by", 0, OPTION_TEXT, offsetof(struct options, by), "group",
	 "sum up the functions of each group"},
	{"percentiles", 'p', OPTION_TEXT, offsetof(struct options, report.percentiles), "LIST",
	 "percentiles to show (default 50,95,99)"},
	{"raw", 0, OPTION_FLAG, offsetof(struct options, report.raw), NULL,
	 "times as measured, with the cost of measuring in them"},
	{"tree", 't', OPTION_FLAG, offsetof(struct options, tree), NULL,
	 "show who called whom: each function below its caller"},
	{"callers", 'c', OPTION_FLAG, offsetof(struct options, callers), NULL,
	 "show for each function who called it"},
	OUTPUT_SPEC(offsetof(struct options, report.output)),
};

static const struct options defaults = {.report = REPORT_DEFAULTS};

static const char text[] =
	"Calls counts every entry; Mean and percentiles are of the durations of single calls that\n"
	"returned; Total counts recursion once; % run is Total in percent of the run's duration, "
	"and\n"
	"can pass 100 where threads work side by side.  What measuring cost is taken out of all\n"
	"times, as far as it is known; --raw leaves it in.  --tree and --callers have --format,\n"
	"--limit and --output besides.\n"
	"\n"
	"Examples:\n"
	"  hotpath report                              the newest run\n"
	"  hotpath report --run last~1 --sort self     the one before it, by time of its own\n"
	"  hotpath report --focus /^parse_/ --limit 0  all functions that begin with parse_\n"
	"  hotpath report --by group                   where it went, by the groups of "
	"hotpath.yaml\n"
	"  hotpath report --tree -n 40                 who called whom, the 40 largest\n"
	"  hotpath report -f json -p 50,99.9 -o r.json for a program\n";

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;

	if (options->tree && options->callers)
		return error_set(error, ERR_USAGE, "--tree and --callers exclude each other");
	if ((options->tree || options->callers || options->by) &&
	    (options->report.format == VIEW_GITHUB_BENCHMARK ||
	     options->report.format == VIEW_BENCHER))
		return error_set(error, ERR_USAGE,
				 "--format github-benchmark and bencher are of functions, not of "
				 "--tree, --callers or --by");
	if (options->by && strcmp(options->by, "group") != 0)
		return error_set(error, ERR_USAGE, "--by: expected group");
	if (options->by && (options->tree || options->callers))
		return error_set(error, ERR_USAGE, "--by is not for --tree and --callers");
	if (options->by)
		return report_groups(&in->store, in->run, &options->report, error);
	if (options->tree || options->callers)
		return report_tree(&in->store, in->run, &options->report, options->callers, error);
	return report_print(&in->store, in->run, &options->report, error);
}

const struct command command_report = {
	.name = "report",
	.summary = "Show where the time of a run went, function by function",
	.arguments = "",
	.text = text,
	.need = NEED_RUN,
	COMMAND_OPTIONS,
	.run = run,
};
