/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "../base/environment.h"
#include "../base/error.h"
#include "../base/format.h"
#include "../base/input.h"
#include "../base/interrupt.h"
#include "launch.h"
#include "../base/progress.h"
#include "report.h"
#include "../store/segments.h"
#include "../base/text.h"

struct options {
	const char *label;
	bool report;
	int64_t times, warm_up;
};

static const struct option_spec specs[] = {
	{"label", 'l', OPTION_TEXT, offsetof(struct options, label), "TEXT",
	 "a name for the run (as HOTPATH_LABEL)"},
	{"times", 'n', OPTION_COUNT, offsetof(struct options, times), "N",
	 "run it N times, after warm-ups (default 1)"},
	{"warm-up", 'w', OPTION_COUNT, offsetof(struct options, warm_up), "N",
	 "with --times: runs before them that are not recorded\n(default 1)"},
	{"report", 0, OPTION_FLAG, offsetof(struct options, report), NULL,
	 "print the report at the end"},
};

static const struct options defaults = {.times = 1, .warm_up = 1};

static const char text[] = "Runs a command built with -fplugin=hotpath.so and takes its runs, and "
			   "those of the processes\n"
			   "it starts, into the store, with the exit status or signal as its "
			   "parent sees it.  Ends with the\n"
			   "status of the command: 128 + N when signal N killed it, 127 when it "
			   "was not found, 126 when\n"
			   "it could not be started.\n"
			   "With --times each run is one of its own; the first that fails is the "
			   "last.\n"
			   "\n"
			   "Examples:\n"
			   "  hotpath run -- ./lua bench.lua\n"
			   "  hotpath run -n 10 --label before -- ./lua bench.lua\n"
			   "  hotpath run --label baseline --report -- make check\n";

/* Takes in what the command recorded, and prints the report when it is wanted. */
static int finish(struct invocation *in, const struct launch *what, struct launched *done,
		  const struct report_options *report, struct error *error)
{
	struct segment_tally tally;
	int rc = launch_take(what, done, &in->store, &tally, error);

	if (!rc && !done->runs && !tally.refused)
		launch_explain(&tally, in->place.dir, in->argv[0]);
	/* Not before: a program that is started inherits what is ignored. */
	if (report)
		signal(SIGPIPE, SIG_IGN);
	if (!rc && done->runs && report)
		rc = report_print(&in->store, done->run, report, error);
	store_close(&in->store);
	return rc;
}

static void cannot_start(const char *command, int failure)
{
	char *why = text_format("cannot start '%s': %s", command, strerror(failure));

	if (why)
		warn(why);
	free(why);
}

/* One run, recorded or to warm up; *go_on is false after one that failed. */
static int run_once(struct invocation *in, const struct input *input, bool idle,
		    const struct report_options *report, bool *go_on, struct error *error)
{
	const struct options *options = in->options;
	const struct launch what = {.argv = in->argv,
				    .store = in->place.dir,
				    .label = options->label,
				    .idle = idle,
				    .input = options->times > 1 ? input : NULL,
				    .whole = options->times > 1};
	struct launched done;
	int rc = launch(&what, &done, error);

	*go_on = false;
	if (rc)
		goto out;
	in->exit_status = launch_exit_status(&done);
	if (done.failure == EINTR && interrupt_signal())
		goto out;
	if (done.failure) {
		cannot_start(in->argv[0], done.failure);
		goto out;
	}
	*go_on = in->exit_status == 0;
	/* Whatever goes wrong with the recording, the command's own end is what the caller has to
	 * see. */
	if (!idle && finish(in, &what, &done, report, error)) {
		warn(error->text);
		*go_on = false;
	}
out:
	launch_release(&done);
	return rc;
}

/* The end of a series that was asked to end; of one run the command's own end says it all. */
static void tell_interrupted(struct invocation *in, int64_t done)
{
	const struct options *options = in->options;
	char name[FORMAT_ROOM], *words;

	in->signal = interrupt_signal();
	in->exit_status = 128 + in->signal;
	words = text_format("ended by %s, after %lld of %lld runs", format_signal(name, in->signal),
			    (long long)done, (long long)options->times);
	if (words)
		warn(words);
	free(words);
}

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	struct report_options report = REPORT_DEFAULTS;
	int64_t warm_up = options->times > 1 ? options->warm_up : 0;
	struct progress progress;
	struct input input;
	bool wanted = false, go_on = true;
	int64_t done = 0;
	int rc = environment_check(error);

	if (!rc)
		rc = report_environment(&report, &wanted, error);
	if (!rc && options->times < 1)
		rc = error_set(error, ERR_USAGE, "--times: 0 runs are none: expected 1 or more");
	input_begin(&input);
	progress_begin(&progress, options->times > 1 ? warm_up + options->times : 0);
	for (int64_t i = 0; i < warm_up + options->times && go_on && !rc; i++) {
		bool last = i == warm_up + options->times - 1;

		progress_show(&progress, i, i < warm_up ? "warm-up" : "run");
		rc = run_once(in, &input, i < warm_up,
			      last && (wanted || options->report) ? &report : NULL, &go_on, error);
		done += go_on && i >= warm_up;
		go_on = go_on && (last || !interrupt_signal());
	}
	progress_end(&progress);
	if (!rc && options->times > 1)
		launch_tell_input(&input);
	if (!rc && options->times > 1 && interrupt_signal())
		tell_interrupted(in, done);
	return rc;
}

const struct command command_run = {
	.name = "run",
	.summary = "Run a command and take its runs into the store",
	.arguments = "[--] COMMAND [ARGUMENT...]",
	.text = text,
	.need = NEED_PLACE,
	.min_args = 1,
	.max_args = -1,
	.passes_on = true,
	COMMAND_OPTIONS,
	.run = run,
};
