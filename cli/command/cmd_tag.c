/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "../base/error.h"
#include "../query/query.h"
#include "../query/query_set.h"
#include "../query/run_set.h"
#include "../base/text.h"

struct options {
	bool remove;
};

static const struct option_spec specs[] = {
	{"delete", 'd', OPTION_FLAG, offsetof(struct options, remove), NULL,
	 "take the name from the runs instead"},
};

static const struct options defaults = {0};

static const char text[] =
	"A name keeps runs findable: `hotpath diff` takes it for a set of runs, like the label of\n"
	"`hotpath run --label`.  RUNS is such a set itself, so one name can stand for many runs.\n"
	"\n"
	"Examples:\n"
	"  hotpath tag last before\n"
	"  hotpath tag 12..21 release-2\n"
	"  hotpath tag --delete before before     forget the name\n";

static bool is_usable(const char *name)
{
	if (!*name || strstr(name, "..") || strstr(name, "@{") || query_is_run_name(name) ||
	    strncmp(name, "last~", 5) == 0)
		return false;
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	return true;
}

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	const struct run_set_wish wish = {0};
	const char *name = in->argv[1];
	struct run_ids ids = {0};
	char *shown;
	int64_t n;
	int rc;

	shown = text_printable(name);
	if (!shown)
		return error_memory(error);
	if (!is_usable(name))
		rc = error_set(error, ERR_USAGE,
			       "'%s' cannot be a name: it needs something other than digits, and "
			       "neither .. nor @{ nor control characters; last is taken",
			       shown);
	else
		rc = run_set_find(&in->store, in->argv[0], &wish, &ids, error);
	if (!rc)
		rc = query_set_tag(&in->store, &ids, name, options->remove, &n, error);
	if (!rc)
		printf("%s: %lld of %zu run%s %s\n", shown, (long long)n, ids.n,
		       ids.n == 1 ? "" : "s", options->remove ? "no longer so named" : "named");
	free(ids.ids);
	free(shown);
	return rc;
}

const struct command command_tag = {
	.name = "tag",
	.summary = "Give runs a name",
	.arguments = "RUNS NAME",
	.text = text,
	.need = NEED_STORE,
	.min_args = 2,
	.max_args = 2,
	COMMAND_OPTIONS,
	.run = run,
};
