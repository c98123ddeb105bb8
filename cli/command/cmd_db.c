/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "../base/error.h"
#include "../base/format.h"
#include "../base/run_ids.h"
#include "../query/run_set.h"
#include "../store/segments.h"
#include "../store/store_copy.h"
#include "../store/store_file.h"
#include "../store/store_gc.h"
#include "../base/text.h"
#include "../output/json_out.h"
#include "../view/view_json.h"

struct options {
	enum view_format format;
	const char *runs;
	bool all_commits;
};

static const struct option_spec specs[] = {
	{"runs", 'r', OPTION_TEXT, offsetof(struct options, runs), "RUNS",
	 "export: a set of runs, as for `hotpath diff` (default: all)"},
	{"all-commits", 0, OPTION_FLAG, offsetof(struct options, all_commits), NULL,
	 "export: all runs of a branch, not only those of its\nnewest commit"},
	FORMAT_JSON_SPEC(offsetof(struct options, format)),
};

static const struct options defaults = {0};

static const char text[] =
	"  path              prints where the store of this project is\n"
	"  check             reads everything in it; status 1 when something is damaged\n"
	"  vacuum            gives unused room in the file back to the disk\n"
	"  export FILE       writes runs, whole, into a new file\n"
	"  import STORE...   takes in the runs of such files, or of other stores\n"
	"  merge STORE...    the same\n"
	"\n"
	"STORE is a file, or the folder of a project that has a store.  It is not changed, may be "
	"of an\n"
	"older version, and need not be trusted.  A run is there once, however often it comes.\n"
	"\n"
	"Examples:\n"
	"  hotpath db export --runs main baseline.hotpath      on the CI machine\n"
	"  hotpath db import baseline.hotpath                  here; then: hotpath diff main last\n"
	"  hotpath db merge ../other-checkout\n"
	"  sqlite3 \"$(hotpath db path)\" 'SELECT count(*) FROM runs'\n";

static int count_arguments(const struct invocation *in, int min, int max, const char *what,
			   struct error *error)
{
	if (in->argc - 1 >= min && (max < 0 || in->argc - 1 <= max))
		return ERR_OK;
	return error_set(error, ERR_USAGE, "hotpath db %s: expected %s; see `hotpath db --help`",
			 in->argv[0], what);
}

/* What waits belongs to the answer. */
static int open_store(struct invocation *in, enum store_mode mode, struct error *error)
{
	struct segment_wish wish = {.store = in->place.dir, .only_store = true, .patient = true};
	struct segment_tally tally;
	int rc = segments_take(&wish, 0, warn, &tally, error);

	return rc ? rc : store_open(&in->store, in->place.dir, mode, error);
}

static int need_writable(const struct store *store, struct error *error)
{
	if (!store->read_only)
		return ERR_OK;
	return error_set(error, ERR_READONLY,
			 "the store %s cannot be written; make it and its folder writable",
			 store->file);
}

static bool wants_json(const struct invocation *in)
{
	return view_is_json(((const struct options *)in->options)->format);
}

static int print_json(const struct invocation *in, json_t *value, struct error *error)
{
	return view_json(((const struct options *)in->options)->format, value, error);
}

static int path(struct invocation *in, struct error *error)
{
	char *file;
	int rc = count_arguments(in, 0, 0, "no more arguments", error);

	if (rc)
		return rc;
	file = place_file(in->place.dir);
	if (!file)
		return error_memory(error);
	if (wants_json(in))
		rc = print_json(in,
				json_pack("{s:i, s:o}", "schema", 1, "store", json_out_text(file)),
				error);
	else
		puts(file);
	free(file);
	return rc;
}

/* One that cannot even be opened is damaged as well, which is the answer that was asked for. */
static int as_problem(struct text *problems, int64_t *n, struct error *error)
{
	text_print(problems, "%s\n", error->text);
	*n = 1;
	*error = (struct error){0};
	return ERR_OK;
}

static void tell_check(const struct store *store, const char *problems, int64_t n, int64_t runs)
{
	if (n > 0 && runs == 0) {
		fputs(problems, stdout);
		return;
	}
	if (n == 0) {
		printf("%s: %lld run%s, no damage\n", store->file, (long long)runs,
		       text_plural(runs));
		return;
	}
	fputs(problems, stdout);
	printf("%s: %lld thing%s wrong in %lld run%s; what can be read is saved by `hotpath db "
	       "export` of sound runs, or `sqlite3 %s .recover`\n",
	       store->file, (long long)n, n == 1 ? " is" : "s are", (long long)runs,
	       text_plural(runs), store->file);
}

static int check(struct invocation *in, struct error *error)
{
	struct text problems = {0};
	int64_t n = 0, runs = 0;
	char *lines;
	int rc = count_arguments(in, 0, 0, "no more arguments", error);

	if (!rc)
		rc = open_store(in, STORE_READ, error);
	if (!rc)
		rc = store_examine(&in->store, &problems, &n, &runs, error);
	if (rc == ERR_CORRUPT)
		rc = as_problem(&problems, &n, error);
	lines = text_take(&problems);
	if (!rc && !lines)
		rc = error_memory(error);
	if (!rc && wants_json(in))
		rc = print_json(in,
				json_pack("{s:i, s:o, s:I, s:b, s:I, s:o}", "schema", 1, "store",
					  json_out_text(in->store.file), "runs", (json_int_t)runs,
					  "ok", n == 0, "wrong", (json_int_t)n, "problems",
					  json_out_lines(lines)),
				error);
	else if (!rc)
		tell_check(&in->store, lines, n, runs);
	if (!rc && n > 0)
		rc = error_set(error, ERR_NEGATIVE, "%s", "");
	free(lines);
	return rc;
}

static int vacuum(struct invocation *in, struct error *error)
{
	char one[FORMAT_ROOM], other[FORMAT_ROOM];
	int64_t before, after;
	int rc = count_arguments(in, 0, 0, "no more arguments", error);

	if (!rc)
		rc = open_store(in, STORE_READ, error);
	if (!rc)
		rc = need_writable(&in->store, error);
	if (!rc)
		rc = store_vacuum(&in->store, &before, &after, error);
	if (!rc && wants_json(in))
		rc = print_json(in,
				json_pack("{s:i, s:o, s:I, s:I}", "schema", 1, "store",
					  json_out_text(in->store.file), "bytes", (json_int_t)after,
					  "bytes_before", (json_int_t)before),
				error);
	else if (!rc)
		printf("%s: %s, was %s\n", in->store.file, format_bytes(one, after),
		       format_bytes(other, before));
	return rc;
}

static int export(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	const struct run_set_wish wish = {.all_commits = options->all_commits};
	struct store_copied done = {0};
	struct run_ids ids = {0};
	struct store out = {0};
	const char *file;
	int rc = count_arguments(in, 1, 1, "one FILE to write", error);

	if (!rc)
		rc = open_store(in, STORE_READ, error);
	if (!rc && options->runs)
		rc = run_set_find(&in->store, options->runs, &wish, &ids, error);
	if (rc) {
		free(ids.ids);
		return rc;
	}
	file = in->argv[1];
	rc = store_file_begin(&out, file, error);
	if (!rc)
		rc = store_copy(&in->store, &out, options->runs ? ids.ids : NULL, ids.n, &done,
				error);
	rc = store_file_end(&out, file, rc, error);
	if (!rc && wants_json(in))
		rc = print_json(in,
				json_pack("{s:i, s:o, s:I}", "schema", 1, "file",
					  json_out_text(file), "runs", (json_int_t)done.added),
				error);
	else if (!rc)
		printf("%lld run%s written\n", (long long)done.added, text_plural(done.added));
	free(ids.ids);
	return rc;
}

static int import_one(struct invocation *in, const char *name, struct store_copied *done,
		      struct error *error)
{
	struct store from;
	int rc = store_file_open(&from, name, error);

	if (!rc)
		rc = store_copy(&from, &in->store, NULL, 0, done, error);
	store_close(&from);
	return rc;
}

static void tell_import(const char *name, const struct store_copied *done)
{
	char *shown = text_printable(name);

	printf("%s: %lld run%s taken in, %lld known already", shown ? shown : "",
	       (long long)done->added, text_plural(done->added), (long long)done->known);
	if (done->replaced)
		printf(", %lld brought up to date", (long long)done->replaced);
	putchar('\n');
	free(shown);
}

static json_t *import_json(const char *name, const struct store_copied *done, const char *why)
{
	return json_pack("{s:o, s:I, s:I, s:I, s:o}", "store", json_out_text(name), "added",
			 (json_int_t)done->added, "known", (json_int_t)done->known, "replaced",
			 (json_int_t)done->replaced, "error", json_out_text(why));
}

static int import(struct invocation *in, struct error *error)
{
	int failed = ERR_OK, rc = count_arguments(in, 1, -1, "one or more stores", error);
	json_t *stores = wants_json(in) ? json_array() : NULL;

	if (!rc)
		rc = open_store(in, STORE_WRITE, error);
	for (int i = 1; i < in->argc && !rc; i++) {
		struct store_copied done = {0};
		struct error one = {0};
		int code = import_one(in, in->argv[i], &done, &one);

		if (code) {
			warn(one.text);
			failed = code;
		}
		if (stores)
			json_array_append_new(
				stores, import_json(in->argv[i], &done, code ? one.text : NULL));
		else if (!code)
			tell_import(in->argv[i], &done);
	}
	if (!rc && stores)
		rc = print_json(in, json_pack("{s:i, s:O}", "schema", 1, "stores", stores), error);
	json_decref(stores);
	/* Told already; the others were taken in all the same. */
	return rc ? rc : failed ? error_set(error, failed, "%s", "") : ERR_OK;
}

static const struct verb {
	const char *name;
	int (*run)(struct invocation *in, struct error *error);
	bool chooses; /* has the options for runs */
} verbs[] = {
	{"path", path, false},	  {"check", check, false},   {"vacuum", vacuum, false},
	{"export", export, true}, {"import", import, false}, {"merge", import, false},
};

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	char *shown;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(in->argv[0], verbs[i].name) != 0)
			continue;
		if (!verbs[i].chooses && (options->runs || options->all_commits))
			return error_set(error, ERR_USAGE,
					 "--runs and --all-commits are for `hotpath db export`");
		return verbs[i].run(in, error);
	}
	shown = text_printable(in->argv[0]);
	error_set(error, ERR_USAGE,
		  "hotpath db cannot '%s': expected path, check, vacuum, export, import or merge",
		  shown ? shown : "");
	free(shown);
	return ERR_USAGE;
}

const struct command command_db = {
	.name = "db",
	.summary = "Check, export, import and merge stores",
	.arguments = "path | check | vacuum | export FILE | import STORE...",
	.text = text,
	.need = NEED_PLACE,
	.min_args = 1,
	.max_args = -1,
	COMMAND_OPTIONS,
	.run = run,
};
