/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "command.h"
#include "../base/error.h"
#include "../model/model_tree.h"
#include "../query/query_show.h"
#include "../query/query_tree.h"
#include "../view/view.h"
#include "../view/view_export.h"

struct options {
	const char *run, *format, *output;
};

static const struct option_spec specs[] = {
	{"run", 'r', OPTION_RUN, offsetof(struct options, run), "NAME",
	 "last (default), last~N, or a run's number"},
	{"format", 'f', OPTION_TEXT, offsetof(struct options, format), "FORMAT",
	 "folded (default), speedscope, callgrind, pprof or chrome"},
	OUTPUT_SPEC(offsetof(struct options, output)),
};

static const struct options defaults = {.format = "folded"};

static const char text[] =
	"All calls of a run with where they came from, in a format that others read:\n"
	"  folded      a line per stack with the nanoseconds of its own; flamegraph.pl, inferno\n"
	"  speedscope  www.speedscope.app, which reads it in the browser and sends it nowhere\n"
	"  callgrind   callgrind_annotate, KCachegrind\n"
	"  pprof       go tool pprof, pprof's web view: gzipped profile.proto with calls and time\n"
	"  chrome      ui.perfetto.dev, chrome://tracing: the sums side by side, the largest "
	"first, which\n"
	"              says nothing of when they happened; and the newest calls, when they did\n"
	"\n"
	"Examples:\n"
	"  hotpath export | flamegraph.pl --countname ns >run.svg\n"
	"  hotpath export --run 12 -f speedscope -o run.json\n"
	"  hotpath export -f pprof -o run.pb.gz && go tool pprof -http : run.pb.gz\n"
	"  hotpath export -f callgrind -o callgrind.out.1 && kcachegrind callgrind.out.1\n";

static const struct {
	const char *name;
	int (*print)(const struct model_tree *tree, const struct view *view, struct error *error);
} formats[] = {
	{"folded", view_export_folded},	      {"speedscope", view_export_speedscope},
	{"callgrind", view_export_callgrind}, {"pprof", view_export_pprof},
	{"chrome", view_export_chrome},
};

enum { N_FORMATS = sizeof(formats) / sizeof(formats[0]) };

static int print(struct invocation *in, int format, struct error *error)
{
	const struct options *options = in->options;
	struct model_tree tree;
	struct view view = {0};
	int rc = query_tree(&in->store, in->run, &tree, error);

	if (!rc)
		rc = query_tree_objects(&in->store, &tree, error);
	if (!rc)
		rc = query_recent(&in->store, in->run, NULL, 0, &tree.recent, error);
	if (!rc)
		rc = view_open(&view, VIEW_JSON, options->output, error);
	if (!rc) {
		rc = formats[format].print(&tree, &view, error);
		rc = view_close(&view, rc, error);
	}
	model_tree_release(&tree);
	return rc;
}

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;

	for (int i = 0; i < N_FORMATS; i++)
		if (strcmp(options->format, formats[i].name) == 0)
			return print(in, i, error);
	return error_set(error, ERR_USAGE,
			 "--format: '%s' is not a format: expected folded, speedscope, "
			 "callgrind, pprof or chrome",
			 options->format);
}

const struct command command_export = {
	.name = "export",
	.summary = "Write a run in a format of another tool",
	.arguments = "",
	.text = text,
	.need = NEED_RUN,
	COMMAND_OPTIONS,
	.run = run,
};
