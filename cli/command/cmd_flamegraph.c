/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "../base/error.h"
#include "../view/flamegraph.h"
#include "../model/model_diff.h"
#include "../model/model_tree.h"
#include "../query/query_side.h"
#include "../query/query_tree.h"
#include "../query/run_set.h"
#include "../base/text.h"
#include "../view/view.h"

struct options {
	const char *run, *title, *focus, *output, *least;
	bool inverted, compare;
};

static const struct option_spec specs[] = {
	{"run", 'r', OPTION_TEXT, offsetof(struct options, run), "SET",
	 "last (default), or any set of runs, as for diff: then\nfigures are means of a run"},
	{"diff", 'd', OPTION_FLAG, offsetof(struct options, compare), NULL,
	 "compare two sets of runs, BASE and HEAD: width is the\nhead's time, colour what changed"},
	{"inverted", 'i', OPTION_FLAG, offsetof(struct options, inverted), NULL,
	 "each function at the bottom with the time of its own,\nits callers above it"},
	{"focus", 0, OPTION_TEXT, offsetof(struct options, focus), "PATTERN",
	 "only stacks through functions whose name or label\ncontains a text, or matches /regex/"},
	{"least", 0, OPTION_TEXT, offsetof(struct options, least), "PERCENT",
	 "leave out frames narrower than this (default 0.001%,\n0: none); the picture says how "
	 "much"},
	{"title", 't', OPTION_TEXT, offsetof(struct options, title), "TEXT",
	 "what stands above it, instead of the command"},
	{"output", 'o', OPTION_TEXT, offsetof(struct options, output), "FILE",
	 "the file to write; without it, to a pipe"},
};

static const struct options defaults = {.run = "last", .least = "0.001%"};

static const char text[] =
	"Draws who called whom as one SVG file, to be opened in a browser.  It needs nothing else, "
	"and\n"
	"is a picture also where scripts are not run.\n"
	"\n"
	"Each box is a function as called by those below it; what it called stands above it.  "
	"Width is\n"
	"time, the widest first; order is not time.  A click widens a box, a click on one below it "
	"or\n"
	"Escape goes back, / searches; arrow keys move, Enter widens, n and N go from match to "
	"match.\n"
	"The pointer on a box shows its calls, total and self time.\n"
	"\n"
	"With --diff red has become slower and blue faster, by time of its own.  What the head no\n"
	"longer calls has no width: a line says how much that was; `--diff HEAD BASE` draws it.\n"
	"\n"
	"Examples:\n"
	"  hotpath flamegraph -o run.svg\n"
	"  hotpath flamegraph --run main --inverted -o main.svg\n"
	"  hotpath flamegraph --diff main feature -o diff.svg\n"
	"  hotpath flamegraph --focus parse -o parse.svg\n";

/* Adds up the runs of a set on one side. */
static int add_side(struct store *store, const char *name, enum flame_side side,
		    struct flame *flame, struct model_side *sides, struct error *error)
{
	const struct run_set_wish wish = {0};
	struct run_ids ids = {0};
	int rc = run_set_find(store, name, &wish, &ids, error);

	sides[side].asked = strdup(name);
	if (!rc && !sides[side].asked)
		rc = error_memory(error);
	if (!rc)
		rc = query_side(store, &ids, &sides[side], error);
	for (size_t i = 0; i < ids.n && !rc; i++) {
		struct model_tree tree;

		rc = query_tree(store, ids.ids[i], &tree, error);
		if (!rc && flame_add(flame, &tree, side, 1.0 / (double)sides[side].n))
			rc = error_memory(error);
		model_tree_release(&tree);
	}
	free(ids.ids);
	return rc;
}

static int print(struct flame *flame, const struct options *options, struct flame_words *words,
		 struct error *error)
{
	struct view view = {0};
	int rc = ERR_OK;

	if (options->focus && *options->focus)
		rc = flame_focus(flame, options->focus, error);
	if (!rc && (flame_settle(flame) || (options->inverted && flame_invert(flame)) ||
		    flame_layout(flame)))
		rc = error_memory(error);
	if (!rc)
		rc = view_open(&view, VIEW_HTML, options->output, error);
	if (!rc && view.width)
		rc = error_set(error, ERR_USAGE,
			       "the picture is not for a terminal: give a file for a browser with "
			       "-o, such as -o run.svg");
	if (!rc) {
		rc = flame_draw(flame, words, &view, error);
		rc = view_close(&view, rc, error);
	}
	return rc;
}

static int parse_least(const char *given, double *percent, struct error *error)
{
	char *end, *shown;

	*percent = strtod(given, &end);
	if (end > given && strspn(given, "0123456789.") == (size_t)(end - given) &&
	    strcmp(*end == '%' ? end + 1 : end, "") == 0 && *percent <= 100)
		return ERR_OK;
	shown = text_printable(given);
	error_set(error, ERR_USAGE,
		  "--least: '%s' is not a share: expected 0 to 100, such as 0.1%%",
		  shown ? shown : "");
	free(shown);
	return ERR_USAGE;
}

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	struct model_side sides[FLAME_SIDES] = {0};
	struct flame flame = {.compared = options->compare};
	struct flame_words words = {
		.title = options->title, .focus = options->focus, .side = sides};
	int rc = parse_least(options->least, &words.least_percent, error);

	if (!rc && in->argc != (options->compare ? 2 : 0))
		rc = error_set(error, ERR_USAGE,
			       options->compare
				       ? "hotpath flamegraph --diff needs BASE and HEAD"
				       : "hotpath flamegraph: unexpected arguments; a set of runs "
					 "is given by --run, two of them by --diff BASE HEAD");
	if (!rc && options->compare && options->run != defaults.run)
		rc = error_set(error, ERR_USAGE,
			       "--run and --diff exclude each other: HEAD is what is drawn");
	if (!rc && options->compare)
		rc = add_side(&in->store, in->argv[0], FLAME_BASE, &flame, sides, error);
	if (!rc)
		rc = add_side(&in->store, options->compare ? in->argv[1] : options->run, FLAME_HEAD,
			      &flame, sides, error);
	if (!rc)
		rc = print(&flame, options, &words, error);
	flame_release(&flame);
	for (int i = 0; i < FLAME_SIDES; i++)
		model_side_release(&sides[i]);
	return rc;
}

const struct command command_flamegraph = {
	.name = "flamegraph",
	.summary = "Draw where the time of a run went, or what changed, as a picture",
	.arguments = "[--diff BASE HEAD]",
	.text = text,
	.need = NEED_STORE,
	.max_args = 2,
	COMMAND_OPTIONS,
	.run = run,
};
