/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "../../plugin/find_config.h"
#include "command.h"
#include "../base/error.h"
#include "../output/json_out.h"
#include "rule_check.h"
#include "../base/text.h"
#include "../view/view.h"
#include "../view/view_json.h"

struct options {
	enum view_format format;
};

static const struct option_spec specs[] = {
	FORMAT_JSON_SPEC(offsetof(struct options, format)),
};

static const struct options defaults = {.format = VIEW_TABLE};

static const char text[] =
	"Reads rule files as the compiler plugin does, with the files that they include, and "
	"shows\n"
	"each mistake where it is.  Without FILE: the hotpath.yaml of this folder or above it.  "
	"Ends\n"
	"with 1 when there are mistakes.  Whether a rule chooses anything, `hotpath sites` tells.\n"
	"\n"
	"Examples:\n"
	"  hotpath check\n"
	"  hotpath check rules/*.yaml\n";

/* What came of all files. */
struct sum {
	json_t *files; /* NULL: for people */
	bool mistakes, unread;
};

static int show(const char *path, const struct rule_check *check)
{
	char *shown = text_printable(path);

	for (size_t i = 0; i < check->n; i++) {
		char *mistake = rule_check_show(&check->mistakes[i]);

		fputs(mistake ? mistake : "", stderr);
		free(mistake);
	}
	if (!check->n)
		printf("%s: %zu rule%s, no mistake\n", shown ? shown : "", check->rules,
		       check->rules == 1 ? "" : "s");
	free(shown);
	return ERR_OK;
}

static void add_json(json_t *files, const char *path, const struct rule_check *check)
{
	json_t *mistakes = json_array();

	for (size_t i = 0; i < check->n; i++) {
		const struct rule_mistake *m = &check->mistakes[i];

		json_array_append_new(mistakes,
				      json_pack("{s:o, s:I, s:I, s:o}", "file",
						json_out_text(m->file), "line", (json_int_t)m->line,
						"column", (json_int_t)m->column, "message",
						json_out_text(m->message)));
	}
	json_array_append_new(files,
			      json_pack("{s:o, s:I, s:o}", "file", json_out_text(path), "rules",
					(json_int_t)check->rules, "mistakes", mistakes));
}

static int check_file(const char *path, struct sum *sum, struct error *error)
{
	struct rule_check check;
	int rc = rule_check(path, &check) ? error_memory(error) : ERR_OK;

	if (!rc && sum->files)
		add_json(sum->files, path, &check);
	else if (!rc)
		show(path, &check);
	sum->mistakes |= check.n != 0;
	sum->unread |= check.unread;
	rule_check_release(&check);
	return rc;
}

static int check_nearest(struct sum *sum, struct error *error)
{
	struct project project = {0};
	int rc;

	project_find(NULL, NULL, &project);
	rc = project.config ? check_file(project.config, sum, error)
			    : error_set(error, ERR_USAGE,
					"there is no hotpath.yaml here or above; `hotpath init` "
					"writes a first one");
	project_release(&project);
	return rc;
}

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	struct sum sum = {.files = view_is_json(options->format) ? json_array() : NULL};
	int rc = in->argc ? ERR_OK : check_nearest(&sum, error);

	for (int i = 0; i < in->argc && !rc; i++)
		rc = check_file(in->argv[i], &sum, error);
	if (!rc && sum.files)
		rc = view_json(options->format,
			       json_pack("{s:i, s:O}", "schema", 1, "files", sum.files), error);
	json_decref(sum.files);
	if (!rc && sum.unread)
		rc = ERR_IO; /* it has been said why */
	return rc ? rc : sum.mistakes ? ERR_NEGATIVE : ERR_OK;
}

const struct command command_check = {
	.name = "check",
	.summary = "Validate rule files",
	.arguments = "[FILE...]",
	.text = text,
	.need = NEED_NOTHING,
	.max_args = -1,
	COMMAND_OPTIONS,
	.run = run,
};
