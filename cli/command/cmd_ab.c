/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "diff.h"
#include "../base/environment.h"
#include "../base/error.h"
#include "../base/format.h"
#include "../base/input.h"
#include "../base/interrupt.h"
#include "../base/git.h"
#include "launch.h"
#include "../base/machine.h"
#include "../base/progress.h"
#include "../query/query.h"
#include "../store/segments.h"
#include "../base/text.h"
#include "../base/worktree.h"

struct options {
	struct diff_options diff;
	const char *base, *head, *base_ref, *head_ref, *build, *label;
	int64_t times, warm_up;
	bool show_output;
};

static const struct option_spec specs[] = {
	{"base", 0, OPTION_TEXT, offsetof(struct options, base), "COMMAND",
	 "what to run for the one side, by the shell"},
	{"head", 0, OPTION_TEXT, offsetof(struct options, head), "COMMAND", "and for the other"},
	{"base-ref", 0, OPTION_TEXT, offsetof(struct options, base_ref), "COMMIT",
	 "run it in a work tree of this branch, tag or commit"},
	{"head-ref", 0, OPTION_TEXT, offsetof(struct options, head_ref), "COMMIT",
	 "and the other side in one of this"},
	{"build", 0, OPTION_TEXT, offsetof(struct options, build), "COMMAND",
	 "run first in each work tree, by the shell"},
	{"times", 'n', OPTION_COUNT, offsetof(struct options, times), "N",
	 "runs of each side (default 10)"},
	{"warm-up", 'w', OPTION_COUNT, offsetof(struct options, warm_up), "N",
	 "runs of each side before them that are not recorded\n(default 1)"},
	{"label", 'l', OPTION_TEXT, offsetof(struct options, label), "TEXT",
	 "the runs get the labels TEXT-base and TEXT-head\n(default ab- and the time)"},
	{"show-output", 0, OPTION_FLAG, offsetof(struct options, show_output), NULL,
	 "do not drop what the commands print"},
	DIFF_SPECS(struct options, diff, 0),
};

static const struct options defaults = {.diff = DIFF_DEFAULTS, .times = 10, .warm_up = 1};

static const char text[] =
	"Runs two commands, or one command of two commits, in turns, and compares them like\n"
	"`hotpath diff`.  In each round chance says which side comes first, so that whatever\n"
	"changes on the machine meanwhile hits both.  A command that fails ends it all.\n"
	"A signal to hotpath ab alone reaches what the commands started as well.\n"
	"\n"
	"Examples:\n"
	"  hotpath ab --base './old' --head './new'\n"
	"  hotpath ab -n 20 --base-ref main --head-ref feature --build 'make -j2' -- ./prog input\n"
	"  hotpath ab --fail-on slower:5% --base-ref origin/main --head-ref HEAD --build make \\\n"
	"          -- ./bench\n";

/* All that the two sides differ in. */
struct side {
	const char *name, *command, *dir;
	const struct input *input;
	char *label, *branch; /* branch NULL: what CI says it is, "": none */
};

static bool is_given(const char *value)
{
	return value && *value;
}

static int check(const struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	bool refs = is_given(options->base_ref) || is_given(options->head_ref);
	bool by_side = is_given(options->base) || is_given(options->head);

	if (refs && (!is_given(options->base_ref) || !is_given(options->head_ref)))
		return error_set(error, ERR_USAGE, "--base-ref and --head-ref go together");
	if (by_side && (!is_given(options->base) || !is_given(options->head)))
		return error_set(error, ERR_USAGE, "--base and --head go together");
	if (by_side && in->argc > 0)
		return error_set(
			error, ERR_USAGE,
			"there is a command behind the options besides those of --base and "
			"--head");
	if (!by_side && !refs)
		return error_set(
			error, ERR_USAGE,
			"nothing to compare: expected --base 'COMMAND' --head 'COMMAND', or "
			"--base-ref COMMIT --head-ref COMMIT -- COMMAND");
	if (!by_side && in->argc == 0)
		return error_set(error, ERR_USAGE,
				 "no command to run in the work trees: expected it at the end, or "
				 "--base and --head");
	if (options->build && !refs)
		return error_set(error, ERR_USAGE,
				 "--build is for the work trees of --base-ref and --head-ref");
	if (options->times < 1)
		return error_set(error, ERR_USAGE, "--times: 0 runs are none: expected 1 or more");
	return diff_check(&options->diff, error);
}

/* Called for what failed, also when that is because all of it was asked to end; run() tells that. */
static int ended_badly(const struct side *side, const char *what, const struct launched *done,
		       struct error *error)
{
	if (done->failure)
		return error_set(error, ERR_SPAWN, "the %s of the %s side cannot be started: %s",
				 what, side->name, strerror(done->failure));
	return error_set(error, ERR_SPAWN,
			 "the %s of the %s side ended with status %d; nothing was compared%s", what,
			 side->name, launch_exit_status(done),
			 side->dir && git_lacks_submodules(side->dir)
				 ? ".  The work tree has its submodules not checked out: begin "
				   "--build with `git submodule update --init --recursive`"
				 : "");
}

static int build(const struct invocation *in, const struct side *side, struct error *error)
{
	const struct options *options = in->options;
	char *argv[] = {"sh", "-c", (char *)options->build, NULL};
	const struct launch what = {.argv = argv,
				    .dir = side->dir,
				    .store = in->place.dir,
				    .idle = true,
				    .quiet = true,
				    .input = side->input,
				    .whole = true};
	struct launched done;
	int rc = launch(&what, &done, error);

	if (!rc && launch_exit_status(&done) != 0)
		rc = ended_badly(side, "build", &done, error);
	launch_release(&done);
	return rc;
}

static int run_side(struct invocation *in, const struct side *side, bool idle, struct error *error)
{
	const struct options *options = in->options;
	char *shell[] = {"sh", "-c", (char *)side->command, NULL};
	const struct launch what = {.argv = side->command ? shell : in->argv,
				    .dir = side->dir,
				    .store = in->place.dir,
				    .label = side->label,
				    .branch = side->branch,
				    .idle = idle,
				    .quiet = !options->show_output,
				    .input = side->input,
				    .whole = true};
	struct segment_tally tally;
	struct launched done;
	int rc = launch(&what, &done, error);

	if (!rc && launch_exit_status(&done) != 0)
		rc = ended_badly(side, "command", &done, error);
	if (rc || idle)
		goto out;
	rc = launch_take(&what, &done, &in->store, &tally, error);
	store_close(&in->store);
	if (!rc && !done.runs) {
		if (!tally.refused)
			launch_explain(&tally, in->place.dir,
				       side->command ? side->command : in->argv[0]);
		rc = error_set(error, ERR_NO_RUN, "the %s side recorded nothing", side->name);
	}
out:
	launch_release(&done);
	return rc;
}

static bool toss(void)
{
	unsigned char byte = 0;

	return getrandom(&byte, 1, 0) == 1 && byte & 1;
}

static int run_all(struct invocation *in, const struct side sides[2], struct error *error)
{
	const struct options *options = in->options;
	int64_t rounds = options->warm_up + options->times;
	struct progress progress;
	int rc = ERR_OK;

	progress_begin(&progress, 2 * rounds);
	for (int64_t i = 0; i < rounds && !rc && !interrupt_signal(); i++) {
		bool idle = i < options->warm_up;
		int first = toss();

		for (int turn = 0; turn < 2 && !rc && !interrupt_signal(); turn++) {
			const struct side *side = &sides[first ^ turn];
			char words[40];

			snprintf(words, sizeof(words), "%s%s", side->name, idle ? ", warm-up" : "");
			progress_show(&progress, 2 * i + turn, words);
			rc = run_side(in, side, idle, error);
		}
	}
	progress_end(&progress);
	return rc;
}

static int make_labels(const struct options *options, struct side sides[2], struct error *error)
{
	char name[40] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(name, sizeof(name), "ab-%Y%m%d-%H%M%S", &tm);
	for (int i = 0; i < 2; i++) {
		/* The process number keeps two of the same second apart. */
		if (is_given(options->label))
			sides[i].label = text_format("%s-%s", options->label, sides[i].name);
		else
			sides[i].label =
				text_format("%s-%d-%s", name, (int)getpid(), sides[i].name);
		if (!sides[i].label)
			return error_memory(error);
	}
	return ERR_OK;
}

/* Only the runs made here are compared, whatever else has their labels. */
static int show(struct invocation *in, const struct side sides[2], const struct machine *before,
		int64_t newest, struct error *error)
{
	const struct options *options = in->options;
	struct diff_about about = {.after = newest};
	struct text notes = {0};
	bool failed = false;
	char *words;
	int rc;

	machine_note(before, &notes);
	about.notes = words = text_take(&notes);
	interrupt_release();
	/* Now nothing more is started that would inherit this. */
	signal(SIGPIPE, SIG_IGN);
	rc = store_open(&in->store, in->place.dir, STORE_READ, error);
	if (!rc)
		rc = diff_print(&in->store, sides[0].label, sides[1].label, &options->diff, &about,
				&failed, error);
	free(words);
	in->exit_status = failed;
	return rc;
}

/* The number of the newest run there is before ours; 0 when there is none. */
static int find_newest(struct invocation *in, int64_t *newest, struct error *error)
{
	int rc = store_open(&in->store, in->place.dir, STORE_READ, error);

	*newest = 0;
	if (!rc)
		rc = query_resolve(&in->store, "last", newest, error);
	store_close(&in->store);
	if (rc != ERR_NO_STORE && rc != ERR_NO_RUN)
		return rc;
	*newest = 0;
	*error = (struct error){0};
	return ERR_OK;
}

/* Only HEAD itself may be the branch that CI says is being built. */
static int find_branches(const char *const refs[2], struct side sides[2], struct error *error)
{
	for (int i = 0; i < 2; i++) {
		const char *ci = strcmp(refs[i], "HEAD") == 0 ? git_ci_branch() : NULL;

		sides[i].branch = git_branch_of(refs[i]);
		if (!sides[i].branch && !(sides[i].branch = strdup(ci ? ci : "")))
			return error_memory(error);
	}
	return ERR_OK;
}

/* It is no matter what failed then. */
static int tell_interrupted(struct invocation *in, struct error *error)
{
	char name[FORMAT_ROOM], *words;

	*error = (struct error){0};
	in->signal = interrupt_signal();
	in->exit_status = 128 + in->signal;
	words = text_format("ended by %s; nothing was compared", format_signal(name, in->signal));
	if (words)
		warn(words);
	free(words);
	return ERR_OK;
}

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	const char *const refs[] = {options->base_ref, options->head_ref};
	struct input input;
	struct side sides[] = {{.name = "base", .command = options->base, .input = &input},
			       {.name = "head", .command = options->head, .input = &input}};
	struct worktree trees = {0};
	struct machine before;
	int64_t newest = 0;
	int rc = check(in, error);

	input_begin(&input);
	if (!rc)
		rc = environment_check(error);
	if (!rc)
		rc = make_labels(options, sides, error);
	if (!rc && is_given(options->base_ref)) {
		interrupt_catch();
		rc = find_branches(refs, sides, error);
		if (!rc)
			rc = worktree_make(&trees, refs, error);
		for (int i = 0; i < 2 && !rc && !interrupt_signal(); i++) {
			sides[i].dir = trees.places[i];
			if (options->build)
				rc = build(in, &sides[i], error);
		}
	}
	machine_read(&before);
	if (!rc)
		rc = find_newest(in, &newest, error);
	if (!rc)
		rc = run_all(in, sides, error);
	worktree_remove(&trees);
	if (!rc)
		launch_tell_input(&input);
	if (interrupt_signal())
		rc = tell_interrupted(in, error);
	else if (!rc)
		rc = show(in, sides, &before, newest, error);
	for (int i = 0; i < 2; i++) {
		free(sides[i].label);
		free(sides[i].branch);
	}
	return rc;
}

const struct command command_ab = {
	.name = "ab",
	.summary = "Run two versions in turns and compare them",
	.arguments = "[--] [COMMAND [ARGUMENT...]]",
	.text = text,
	.need = NEED_PLACE,
	.max_args = -1,
	.passes_on = true,
	COMMAND_OPTIONS,
	.run = run,
};
