/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "../base/error.h"
#include "../output/grid.h"
#include "../output/json_out.h"
#include "../model/model_show.h"
#include "view_json.h"
#include "view_show.h"

static json_t *calls_json(const struct model_calls *calls)
{
	json_t *list = json_array();

	for (size_t i = 0; i < calls->n; i++) {
		const struct model_call *c = &calls->list[i];

		json_array_append_new(
			list, json_pack("{s:I,s:I,s:o,s:I,s:I}", "run", (json_int_t)c->run,
					"thread", (json_int_t)c->thread, "name",
					json_out_text(c->name), "start_ns", (json_int_t)c->start_ns,
					"duration_ns", (json_int_t)c->duration_ns));
	}
	return list;
}

static json_t *threads_json(const struct model_show_run *show)
{
	json_t *list = json_array();

	for (size_t i = 0; i < show->n_threads; i++) {
		const struct model_thread *t = &show->threads[i];

		json_array_append_new(
			list,
			json_pack("{s:I,s:I,s:o,s:I,s:I,s:I,s:I,s:I}", "thread", (json_int_t)t->n,
				  "tid", (json_int_t)t->tid, "name", json_out_text(t->name),
				  "owners", (json_int_t)t->owners, "start_ns",
				  (json_int_t)t->start_ns, "end_ns", (json_int_t)t->end_ns, "calls",
				  (json_int_t)t->calls, "total_ns", (json_int_t)t->total_ns));
	}
	return list;
}

static json_t *objects_json(const struct model_show_run *show)
{
	json_t *list = json_array();

	for (size_t i = 0; i < show->n_objects; i++)
		json_array_append_new(list,
				      json_pack("{s:o,s:o}", "path",
						json_out_text(show->objects[i].path), "build_id",
						json_out_text(*show->objects[i].build_id
								      ? show->objects[i].build_id
								      : NULL)));
	return list;
}

static json_t *tags_json(const struct model_show_run *show)
{
	json_t *list = json_array();

	for (size_t i = 0; i < show->n_tags; i++)
		json_array_append_new(list, json_out_text(show->tags[i]));
	return list;
}

int view_show_run_json(const struct model_show_run *show, const struct view *view,
		       struct error *error)
{
	const struct model_report *report = &show->report;
	json_t *functions = json_array();

	for (size_t i = 0; i < report->n; i++)
		json_array_append_new(
			functions, view_function_json(&report->functions[i], &report->percentiles));
	return json_out_print(
		json_pack("{s:i,s:o,s:o,s:o,s:o,s:{s:o,s:o,s:o},s:o,s:o,s:o,s:o}", "schema", 1,
			  "run", view_run_json(&report->run), "tags", tags_json(show), "cwd",
			  json_out_text(report->run.cwd), "project", json_out_text(show->root),
			  "clock", "name", json_out_text(show->clock), "ns_per_tick",
			  isfinite(show->ns_per_tick) ? json_real(show->ns_per_tick) : json_null(),
			  "step_ns",
			  show->clock_step_ns > 0 ? json_out_real(show->clock_step_ns)
						  : json_null(),
			  "objects", objects_json(show), "thread_list", threads_json(show),
			  "functions", functions, "recent", calls_json(&show->recent)),
		view, error);
}

static json_t *edges_json(const struct model_edges *edges)
{
	json_t *list = json_array();

	for (size_t i = 0; i < edges->n; i++) {
		const struct model_edge *e = &edges->list[i];

		json_array_append_new(
			list, json_pack("{s:o,s:o,s:o,s:I,s:I}", "name", json_out_text(e->name),
					"file", json_out_text(e->file), "line",
					e->name ? json_integer(e->line) : json_null(), "calls",
					(json_int_t)e->calls, "total_ns", (json_int_t)e->total_ns));
	}
	return list;
}

static json_t *bars_json(const struct model_show_function *show)
{
	json_t *list = json_array();

	for (size_t i = 0; i < show->n_bars; i++)
		json_array_append_new(list, json_pack("[o,I]", json_out_real(show->bars[i].ns),
						      (json_int_t)show->bars[i].calls));
	return list;
}

int view_show_function_json(const struct model_show_function *show, const struct view *view,
			    struct error *error)
{
	const struct model_function *f = &show->report.functions[0];
	json_t *function = view_function_json(f, &show->report.percentiles);
	json_t *runs = json_array();

	json_object_set_new(function, "rule", json_out_text(f->rule));
	json_object_set_new(function, "running", json_integer(f->running));
	json_object_set_new(function, "unwound", json_integer(f->unwound));
	for (size_t i = 0; i < show->n_runs; i++)
		json_array_append_new(runs, json_integer(show->runs[i]));
	return json_out_print(json_pack("{s:i,s:o,s:o,s:o,s:o,s:o,s:o}", "schema", 1, "runs", runs,
					"function", function, "callers", edges_json(&show->callers),
					"callees", edges_json(&show->callees), "histogram",
					bars_json(show), "recent", calls_json(&show->recent)),
			      view, error);
}
