/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "command.h"
#include "../base/error.h"
#include "../base/format.h"
#include "../store/store_gc.h"
#include "../base/text.h"
#include "../base/when.h"
#include "../view/view_json.h"

struct options {
	enum view_format format;
	const char *keep;
	int64_t per_branch;
	bool tagged, dry;
};

static const struct option_spec specs[] = {
	{"keep", 'k', OPTION_TEXT, offsetof(struct options, keep), "AGE",
	 "keep all runs that are younger: 90d (the default), 12h,\n4w, 6m, 1y"},
	{"keep-per-branch", 'b', OPTION_COUNT, offsetof(struct options, per_branch), "N",
	 "keep the N newest of each branch, however old (default 20)"},
	{"tagged", 0, OPTION_FLAG, offsetof(struct options, tagged), NULL,
	 "do not spare runs that `hotpath tag` gave a name"},
	{"dry-run", 'n', OPTION_FLAG, offsetof(struct options, dry), NULL,
	 "only say what would be removed"},
	FORMAT_JSON_SPEC(offsetof(struct options, format)),
};

static const struct options defaults = {.keep = "90d", .per_branch = 20};

static const char text[] = "Removes runs that are both older than --keep and not among the newest "
			   "of their branch, the\n"
			   "names and functions that no other run has, and gives the room back to "
			   "the disk.  Runs of no\n"
			   "branch are a branch of their own, the processes of one `hotpath run` "
			   "count as one, and runs\n"
			   "with a tag stay.\n"
			   "\n"
			   "Examples:\n"
			   "  hotpath gc --dry-run\n"
			   "  hotpath gc --keep 30d --keep-per-branch 10\n"
			   "  hotpath gc --keep 0d --keep-per-branch 100      by number alone\n";

static int tell(const struct store_gc_done *done, const struct options *options, int64_t bytes,
		struct error *error)
{
	char size[FORMAT_ROOM];

	if (view_is_json(options->format))
		return view_json(options->format,
				 json_pack("{s:i, s:b, s:I, s:I, s:I, s:I, s:I}", "schema", 1,
					   "dry_run", options->dry, "removed",
					   (json_int_t)done->runs, "kept", (json_int_t)done->kept,
					   "functions", (json_int_t)done->functions, "names",
					   (json_int_t)done->texts, "bytes", (json_int_t)bytes),
				 error);
	printf("%lld run%s%s removed, %lld kept; %lld function%s and %lld name%s that no other run "
	       "has; "
	       "%s free\n",
	       (long long)done->runs, text_plural(done->runs), options->dry ? " would be" : "",
	       (long long)done->kept, (long long)done->functions, text_plural(done->functions),
	       (long long)done->texts, text_plural(done->texts), format_bytes(size, bytes));
	return ERR_OK;
}

/* What was removed stays so when the file cannot be made smaller. */
static int64_t shrink(struct store *store, const struct store_gc_done *done)
{
	struct error error = {0};
	int64_t before, after;

	if (store_vacuum(store, &before, &after, &error) == ERR_OK)
		return before > after ? before - after : 0;
	warn("the file keeps its size, with room in it for later runs");
	warn(error.text);
	return done->bytes;
}

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	struct store_gc_wish wish = {
		.per_branch = options->per_branch, .tagged = options->tagged, .dry = options->dry};
	struct store_gc_done done;
	struct timespec now;
	char *shown;
	int rc;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!when_parse_age(options->keep, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
			    &wish.before_ns)) {
		shown = text_printable(options->keep);
		error_set(error, ERR_USAGE,
			  "--keep: '%s' is not an age: expected such as 90d, 12h, 4w, 6m or 1y",
			  shown ? shown : "");
		free(shown);
		return ERR_USAGE;
	}
	if (in->store.read_only)
		return error_set(error, ERR_READONLY,
				 "the store %s cannot be written; make it and its folder writable",
				 in->store.file);
	rc = store_gc(&in->store, &wish, &done, error);
	if (!rc)
		rc = tell(&done, options,
			  options->dry || done.runs == 0 ? done.bytes : shrink(&in->store, &done),
			  error);
	return rc;
}

const struct command command_gc = {
	.name = "gc",
	.summary = "Remove old runs",
	.arguments = "",
	.text = text,
	.need = NEED_STORE,
	COMMAND_OPTIONS,
	.run = run,
};
