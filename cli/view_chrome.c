/* SPDX-License-Identifier: MIT */
/*
 * The JSON of chrome://tracing, which Perfetto and others open too.
 *
 * A timeline shows when things happened, and a run has sums: so they are laid side by side, the largest first, each as
 * long as all calls of its context together with what they called, and everything that a reader can see of the
 * track says so.
 */
#include "view_export.h"

#include <stdlib.h>

#include "error.h"
#include "flamegraph.h"
#include "json_out.h"
#include "model_tree.h"
#include "view.h"

enum { SUMS = 1 }; /* the track's process and thread */

/* Microseconds, with the nanoseconds behind the point. */
static json_t *time_json(double ns)
{
	return json_real((double)(int64_t)(ns + 0.5) / 1000);
}

static json_t *metadata(const char *what, json_t *args)
{
	return json_pack("{s:s,s:s,s:i,s:i,s:o}", "ph", "M", "name", what, "pid", SUMS, "tid", SUMS,
			 "args", args);
}

static json_t *place_json(const struct flame_function *f, json_t *args)
{
	if (f->file)
		json_object_set_new(args, "file", json_out_text(f->file));
	if (f->line > 0)
		json_object_set_new(args, "line", json_integer(f->line));
	return args;
}

static json_t *frame_json(const struct flame *flame, const struct flame_frame *f)
{
	const struct flame_function *function = &flame->functions[f->function];
	const struct flame_value *value = &f->value[FLAME_HEAD];
	json_t *args =
		json_pack("{s:I,s:I,s:I}", "calls", (json_int_t)value->calls, "total_ns",
			  (json_int_t)value->total_ns, "self_ns", (json_int_t)value->self_ns);

	return json_pack("{s:s,s:o,s:s,s:i,s:i,s:o,s:o,s:o}", "ph", "X", "name",
			 json_out_text(function->name), "cat", "sum", "pid", SUMS, "tid", SUMS,
			 "ts", time_json(f->x), "dur", time_json(f->width), "args",
			 place_json(function, args));
}

static json_t *other_json(const struct model_tree *tree)
{
	char *command = view_run_command(&tree->run);
	json_t *other = json_pack(
		"{s:s,s:b,s:I,s:o,s:I,s:s}", "exporter", "hotpath " HOTPATH_VERSION, "estimates",
		model_estimates(&tree->run), "run", (json_int_t)tree->run.id, "command",
		json_out_text(command), "duration_ns", (json_int_t)tree->run.duration_ns, "meaning",
		"All calls of a run, summed up by calling context and laid side by side: "
		"lengths are sums of times, places mean nothing.");

	free(command);
	return other;
}

int view_export_chrome(const struct model_tree *tree, const struct view *view, struct error *error)
{
	struct flame flame = {0};
	json_t *events = json_array();
	int rc = flame_add(&flame, tree, FLAME_HEAD, 1) || flame_settle(&flame) ||
				 flame_layout(&flame)
			 ? error_memory(error)
			 : ERR_OK;

	if (!rc) {
		json_array_append_new(events, metadata("process_name",
						       json_pack("{s:s}", "name",
								 "sums of a run, not a timeline")));
		json_array_append_new(
			events,
			metadata("thread_name",
				 json_pack("{s:s}", "name", "calling contexts, largest first")));
		for (size_t i = 1; i < flame.n; i++)
			json_array_append_new(events, frame_json(&flame, &flame.frames[i]));
		rc = json_out_print(json_pack("{s:O,s:s,s:o}", "traceEvents", events,
					      "displayTimeUnit", "ns", "otherData",
					      other_json(tree)),
				    view, error);
	}
	json_decref(events);
	flame_release(&flame);
	return rc;
}
