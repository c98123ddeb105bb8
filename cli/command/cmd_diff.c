/* SPDX-License-Identifier: MIT */
#include "command.h"
#include "diff.h"
#include "../base/error.h"

struct options {
	struct diff_options diff;
};

static const struct option_spec specs[] = {
	DIFF_SPECS(struct options, diff, 'n'),
	{"all-commits", 0, OPTION_FLAG, offsetof(struct options, diff.all_commits), NULL,
	 "a branch means all its runs, not only those of its\nnewest recorded commit"},
};

static const struct options defaults = {.diff = DIFF_DEFAULTS};

static const char text[] =
	"BASE and HEAD are sets of runs:\n"
	"  last, last~N, 42         one run\n"
	"  12..21, last~9..last     from one to another\n"
	"  main, release-2, 3f2c1ab a branch (the runs of its newest recorded commit), tag, "
	"commit\n"
	"  before                   a label, of `hotpath run --label` or `hotpath tag`\n"
	"  main@{2 days ago}        a branch as it was then\n"
	"  host:NAME                all runs on a machine; also branch:, tag:, commit:, label:\n"
	"  main+12                  several together\n"
	"\n"
	"Each function gives one number per run; calls within a run are no repetition.  Verdicts:\n"
	"slower and faster are changes of at least --min-effect that are not chance, with at most\n"
	"5 % of all comparisons in which nothing changed showing any; same is shown to differ by\n"
	"less than that; inconclusive says how many more runs a side would probably tell; renamed\n"
	"is neither slower nor faster and had another name or file.\n"
	"Change has the 95 % interval behind it.  By calls and By cost divide Impact, the change "
	"of\n"
	"the time of a run, into what more calls and what dearer calls make of it; the rows add "
	"up.\n"
	"\n"
	"Examples:\n"
	"  hotpath diff main feature\n"
	"  hotpath diff last~1 last                   two runs: figures, but no verdict\n"
	"  hotpath diff main feature --fail-on slower:5%   a gate for CI\n"
	"  hotpath diff -f markdown main feature      a comment for a pull request\n"
	"  hotpath diff -f bencher main feature       feature's figures, for a service that keeps "
	"them\n";

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	bool failed;
	int rc = diff_print(&in->store, in->argv[0], in->argv[1], &options->diff, NULL, &failed,
			    error);

	in->exit_status = failed;
	return rc;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "Compare two sets of runs, function by function",
	.arguments = "BASE HEAD",
	.text = text,
	.need = NEED_STORE,
	.min_args = 2,
	.max_args = 2,
	COMMAND_OPTIONS,
	.run = run,
};
