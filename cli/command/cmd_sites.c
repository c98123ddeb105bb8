/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "command.h"
#include "../base/error.h"
#include "sites.h"
#include "../base/text.h"
#include "../view/view.h"
#include "../view/view_sites.h"

struct options {
	enum view_format format;
	const char *output;
};

static const struct option_spec specs[] = {
	FORMAT_SPEC(offsetof(struct options, format)),
	OUTPUT_SPEC(offsetof(struct options, output)),
};

static const struct options defaults = {.format = VIEW_TABLE};

static const char text[] =
	"Reads programs, libraries, archives and object files without running them: which "
	"functions\n"
	"are measured and by which rule, which were chosen and cannot be and why, and which rules "
	"of\n"
	"hotpath.yaml chose nothing in these files, the commonest mistake in a rule.\n"
	"\n"
	"Examples:\n"
	"  hotpath sites ./prog\n"
	"  hotpath sites build/*.o\n"
	"  hotpath sites -f json ./prog | jq '.rules[] | select(.dead)'\n";

/* Of several files some may have been compiled otherwise; of one that is a mistake. */
static int read_all(struct invocation *in, struct model_sites *sites, struct error *error)
{
	const char *why = NULL;
	int without = 0, rc = ERR_OK;

	for (int i = 0; i < in->argc && !rc; i++) {
		char *words;

		rc = sites_read(in->argv[i], sites, &why, error);
		if (rc || !why)
			continue;
		if (++without == in->argc)
			return error_set(error, ERR_USAGE, "%s: %s", in->argv[i], why);
		words = text_format("%s: %s", in->argv[i], why);
		if (words)
			warn(words);
		free(words);
	}
	return rc;
}

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	struct model_sites sites = {0};
	struct view view = {0};
	int rc = read_all(in, &sites, error);

	if (!rc) {
		sites_finish(&sites);
		rc = view_open(&view, options->format, options->output, error);
	}
	if (!rc) {
		rc = view_sites(&sites, &view, error);
		rc = view_close(&view, rc, error);
	}
	model_sites_release(&sites);
	return rc;
}

const struct command command_sites = {
	.name = "sites",
	.summary = "List what programs and objects measure, and the rules that chose nothing",
	.arguments = "FILE...",
	.text = text,
	.need = NEED_NOTHING,
	.min_args = 1,
	.max_args = -1,
	COMMAND_OPTIONS,
	.run = run,
};
