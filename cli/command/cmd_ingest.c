/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "../base/error.h"
#include "../query/query.h"
#include "report.h"
#include "../store/segments.h"

struct options {
	bool all, quiet, report, force;
};

static const struct option_spec specs[] = {
	{"all", 'a', OPTION_FLAG, offsetof(struct options, all), NULL,
	 "all that wait, for whichever store"},
	{"quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL,
	 "print nothing but errors"},
	{"force", 0, OPTION_FLAG, offsetof(struct options, force), NULL,
	 "also where it cannot be seen whether the process still\nruns: in another container"},
	{"report", 0, OPTION_FLAG, offsetof(struct options, report), NULL,
	 "then print the report that HOTPATH_OUTPUT_FORMAT and\nits companions ask for"},
};

static const struct options defaults = {0};

static const char text[] =
	"Programs hand over their segments themselves, and every command that reads the store "
	"takes in\n"
	"what waits for it first, so there is seldom a need for this.  Without FILE it takes in "
	"what\n"
	"waits for the store of this project.  A segment is deleted once its run is in the store; "
	"a\n"
	"damaged one is kept as FILE.damaged.\n"
	"\n"
	"Examples:\n"
	"  hotpath ingest                        what waits for this project\n"
	"  hotpath ingest --all                  what waits for any\n"
	"  hotpath ingest 4711-f00.hotpath-seg   one file, copied from another machine\n";

static int take_waiting(const struct invocation *in, const struct options *options,
			struct error *error)
{
	struct segment_wish wish = {.store = in->place.dir,
				    .only_store = !options->all,
				    .patient = true,
				    .force = options->force,
				    .tell_again = true};
	struct segment_tally tally;
	int rc = segments_take(&wish, 0, warn, &tally, error);

	if (rc)
		return rc;
	if (!options->quiet) {
		printf("%zu run%s taken in", tally.taken, tally.taken == 1 ? "" : "s");
		if (tally.live)
			printf(", %zu still recording", tally.live);
		if (tally.unknown)
			printf(" (%zu of them in another container, where it cannot be seen; "
			       "--force takes them)",
			       tally.unknown);
		putchar('\n');
	}
	return tally.refused ? error_set(error, ERR_SEGMENT, "%s", "") : ERR_OK;
}

/* Another process was first with the segment of the process that waits for us; its run is in the
 * store. */
static int find_parents_run(const char *dir, int64_t *id, struct error *error)
{
	struct store store;
	int rc = store_open(&store, dir, STORE_READ, error);

	if (!rc)
		rc = query_run_of_pid(&store, getppid(), id, error);
	store_close(&store);
	return rc;
}

static int print_report(const char *dir, int64_t id, const struct report_options *report,
			struct error *error)
{
	struct store store;
	int rc = store_open(&store, dir, STORE_READ, error);

	if (!rc)
		rc = report_print(&store, id, report, error);
	store_close(&store);
	return rc;
}

static int take_file(const struct invocation *in, const char *path, const struct options *options,
		     const struct report_options *report, struct error *error)
{
	struct segment_wish wish = {
		.store = in->place.dir, .patient = true, .force = options->force};
	struct segment_result result;
	bool existed = access(path, F_OK) == 0;
	int rc = segment_take(path, &wish, &result, error);

	if (rc)
		goto out;
	switch (result.outcome) {
	case SEGMENT_TAKEN:
	case SEGMENT_KNOWN:
		if (!options->quiet && !options->report)
			printf("run %lld%s\n", (long long)result.id,
			       result.outcome == SEGMENT_KNOWN ? " (known already)" : "");
		break;
	case SEGMENT_EMPTY:
		if (!options->quiet && !options->report)
			puts("nothing was recorded");
		break;
	case SEGMENT_LIVE:
		rc = error_set(error, ERR_SEGMENT,
			       "%s is still being recorded; it is taken in when its process has "
			       "ended (--force, when that was in a container that is gone)",
			       path);
		break;
	case SEGMENT_GONE:
		/* The hand-over of a program and a command may meet; that is nobody's mistake. */
		if (!existed && !options->quiet && !options->report)
			rc = error_set(error, ERR_SEGMENT, "there is no segment %s", path);
		else if (options->report)
			rc = find_parents_run(in->place.dir, &result.id, error);
		break;
	case SEGMENT_OTHER:
	case SEGMENT_REFUSED:
	case SEGMENT_FOREIGN:
		break;
	}
	if (!rc && report && result.id)
		rc = print_report(result.store ? result.store : in->place.dir, result.id, report,
				  error);
out:
	free(result.store);
	return rc;
}

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	struct report_options report;
	bool wanted = false;
	int failed = ERR_OK, rc = ERR_OK;

	if (options->all && in->argc)
		return error_set(error, ERR_USAGE,
				 "hotpath ingest: --all and FILE exclude each "
				 "other");
	/* A mistake in the environment must not keep the run out of the store. */
	if (options->report)
		rc = report_environment(&report, &wanted, error);
	if (in->argc == 0) {
		int taken = take_waiting(in, options, error);

		return rc ? rc : taken;
	}
	for (int i = 0; i < in->argc; i++) {
		struct error one = {0};

		if (take_file(in, in->argv[i], options, wanted ? &report : NULL, &one)) {
			warn(one.text);
			failed = ERR_SEGMENT;
		}
	}
	return rc ? rc : failed ? error_set(error, failed, "%s", "") : ERR_OK;
}

const struct command command_ingest = {
	.name = "ingest",
	.summary = "Take recorded segments into the store",
	.arguments = "[FILE...]",
	.text = text,
	.need = NEED_PLACE,
	.max_args = -1,
	COMMAND_OPTIONS,
	.run = run,
};
