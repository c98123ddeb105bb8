/* SPDX-License-Identifier: MIT */
/*
 * The JSON of chrome://tracing, which Perfetto and others open too.
 *
 * A timeline shows when things happened, and a run has sums: so they are laid side by side, the largest first, each as
 * long as all calls of its context together with what they called, and everything that a reader can see of the
 * track says so.  Only of its newest calls a run knows the time: they are a process of their own, a row for each thread.
 */
#include "view_export.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "../base/error.h"
#include "flamegraph.h"
#include "../output/json_out.h"
#include "../model/model_tree.h"
#include "view.h"

enum { SUMS = 1, NEWEST = 2 }; /* processes; SUMS is also its own thread */

/* Microseconds, with the nanoseconds behind the point. */
static json_t *time_json(double ns)
{
	return json_real((double)(int64_t)(ns + 0.5) / 1000);
}

static json_t *metadata(const char *what, int process, int64_t thread, const char *name)
{
	return json_pack("{s:s,s:s,s:i,s:I,s:{s:s}}", "ph", "M", "name", what, "pid", process,
			 "tid", (json_int_t)thread, "args", "name", name);
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
		"Process 1: all calls of a run, summed up by calling context and laid side by "
		"side: "
		"lengths are sums of times, places mean nothing. Process 2: the newest calls that "
		"returned, when they did.");

	free(command);
	return other;
}

/*
 * Where each of the newest calls ends on the screen; they are in the order in which they ended, the last one first.
 *
 * Their durations are without what measuring cost, so that one can seem to end before the last that it made: it is drawn
 * as far as that, for events have to nest.  A coroutine's life need not: there the earlier one is drawn up to the later.
 */
static void find_ends(const struct model_calls *calls, int64_t *ends)
{
	for (size_t i = calls->n; i-- > 0;) {
		const struct model_call *c = &calls->list[i];

		ends[i] = c->start_ns + c->duration_ns;
		for (size_t j = i + 1; j < calls->n; j++) {
			const struct model_call *before = &calls->list[j];

			if (before->thread != c->thread)
				continue;
			if (before->start_ns >= c->start_ns && ends[j] > ends[i])
				ends[i] = ends[j];
			else if (before->start_ns < c->start_ns && ends[j] > c->start_ns)
				ends[j] = c->start_ns;
		}
	}
}

static json_t *call_json(const struct model_call *call, int64_t end)
{
	return json_pack("{s:s,s:o,s:s,s:i,s:I,s:o,s:o,s:{s:I}}", "ph", "X", "name",
			 json_out_text(call->name), "cat", "call", "pid", NEWEST, "tid",
			 (json_int_t)call->thread, "ts", time_json((double)call->start_ns), "dur",
			 time_json((double)(end - call->start_ns)), "args", "duration_ns",
			 (json_int_t)call->duration_ns);
}

static bool is_new_thread(const struct model_calls *calls, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (calls->list[i].thread == calls->list[at].thread)
			return false;
	return true;
}

static int add_newest(json_t *events, const struct model_calls *calls, struct error *error)
{
	int64_t *ends = calloc(calls->n + 1, sizeof(*ends));
	char name[64];

	if (!ends)
		return error_memory(error);
	find_ends(calls, ends);
	snprintf(name, sizeof(name), "the newest %zu calls that were timed", calls->n);
	if (calls->n)
		json_array_append_new(
			events, metadata("process_name", NEWEST, calls->list[0].thread, name));
	for (size_t i = 0; i < calls->n; i++) {
		snprintf(name, sizeof(name), "thread %lld", (long long)calls->list[i].thread);
		if (is_new_thread(calls, i))
			json_array_append_new(events, metadata("thread_name", NEWEST,
							       calls->list[i].thread, name));
	}
	for (size_t i = 0; i < calls->n; i++)
		json_array_append_new(events, call_json(&calls->list[i], ends[i]));
	free(ends);
	return ERR_OK;
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
		json_array_append_new(events, metadata("process_name", SUMS, SUMS,
						       "sums of a run, not a timeline"));
		json_array_append_new(events, metadata("thread_name", SUMS, SUMS,
						       "calling contexts, largest first"));
		for (size_t i = 1; i < flame.n; i++)
			json_array_append_new(events, frame_json(&flame, &flame.frames[i]));
		rc = add_newest(events, &tree->recent, error);
	}
	if (!rc)
		rc = json_out_print(json_pack("{s:O,s:s,s:o}", "traceEvents", events,
					      "displayTimeUnit", "ns", "otherData",
					      other_json(tree)),
				    view, error);
	json_decref(events);
	flame_release(&flame);
	return rc;
}
