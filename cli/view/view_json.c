/* SPDX-License-Identifier: MIT */
/*
 * The JSON contract, schema 1: keys never change their meaning or go away, others may be added.
 * hotpath(1) documents it.
 */
#include "view.h"

#include <jansson.h>

#include "../base/error.h"
#include "../base/format.h"
#include "../output/json_out.h"
#include "../model/model.h"
#include "view_json.h"

enum { JSON_SCHEMA = 1 };

static json_t *known(bool is_known, int64_t value)
{
	return is_known ? json_integer(value) : json_null();
}

static json_t *lost_json(const struct model_run *run)
{
	json_t *lost = json_object();

	for (int cause = 0; cause < MODEL_LOST; cause++)
		if (model_lost_name(cause))
			json_object_set_new(lost, model_lost_name(cause),
					    json_integer(run->lost[cause]));
	return lost;
}

static json_t *machine_json(const struct model_run *run)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "kernel", json_out_text(run->kernel),
			 "cpu", json_out_text(run->cpu), "cpu_count",
			 known(run->cpu_count > 0, run->cpu_count), "governor",
			 json_out_text(run->governor), "load", json_out_real(run->load),
			 "steal_percent", json_out_real(run->steal_percent));
}

json_t *view_run_json(const struct model_run *run)
{
	char started[FORMAT_ROOM];
	static const char *const parts[] = {"whole", "live", "session"};
	json_t *argv = json_array();

	for (size_t i = 0; i < run->argc; i++)
		json_array_append_new(argv, json_out_text(run->argv[i]));
	return json_pack(
		"{s:I, s:o, s:o, s:s, s:I, s:{s:o, s:o, s:b, s:s}, s:{s:o, s:o, s:o, s:o, s:o}, "
		"s:o, "
		"s:o, s:I, s:{s:o, s:o, s:o, s:o, s:o}, s:o, s:s}",
		"id", (json_int_t)run->id, "argv", argv, "label", json_out_text(run->label),
		"started_at", format_utc(started, run->started_at_ns), "duration_ns",
		(json_int_t)run->duration_ns, "exit", "status", known(run->has_status, run->status),
		"signal", known(run->has_signal, run->signal), "sealed", (int)run->sealed, "how",
		model_run_how(run), "git", "branch", json_out_text(run->branch), "commit",
		json_out_text(run->commit), "dirty",
		run->dirty < 0 ? json_null() : json_boolean(run->dirty), "diff",
		json_out_text(run->diff), "taken",
		run->dirty < 0 ? json_null() : json_string(run->git_at_start ? "start" : "end"),
		"host", json_out_text(run->host), "machine", machine_json(run), "threads",
		(json_int_t)run->threads, "overhead", "inside_ns", json_out_real(run->inside_ns),
		"outside_ns", json_out_real(run->outside_ns), "skipped_ns",
		run->skipped_ns > 0 ? json_out_real(run->skipped_ns) : json_null(), "percent",
		run->overhead_percent < 0 ? json_null() : json_out_real(run->overhead_percent),
		"budget_percent",
		run->budget_percent > 0 ? json_out_real(run->budget_percent) : json_null(), "lost",
		lost_json(run), "part", parts[run->part]);
}

json_t *view_function_json(const struct model_function *f,
			   const struct model_percentiles *percentiles)
{
	const char *name = f->qualified && *f->qualified ? f->qualified : f->name;
	bool returned = f->calls > f->running;
	json_t *values = json_object();

	for (size_t i = 0; i < percentiles->n; i++)
		json_object_set_new(values, percentiles->text[i],
				    json_out_real(f->percentile_ns[i]));
	return json_pack("{s:o, s:o, s:o, s:o, s:I, s:o, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, "
			 "s:o, s:o, s:o, s:I, s:I, s:o}",
			 "name", json_out_text(name), "mangled", json_out_text(f->mangled), "label",
			 json_out_text(f->label), "file", json_out_text(f->file), "line",
			 (json_int_t)f->line, "language", json_out_text(f->language), "calls",
			 (json_int_t)f->calls, "total_ns", (json_int_t)f->total_ns, "self_ns",
			 (json_int_t)f->self_ns, "mean_ns", json_out_real(f->mean_ns), "min_ns",
			 known(returned, f->min_ns), "max_ns", known(returned, f->max_ns),
			 "percentiles", values, "percent", json_out_real(f->percent), "group",
			 json_out_text(f->group), "kind", json_out_text(f->kind), "body",
			 json_out_text(*f->body ? f->body : NULL), "sample", (json_int_t)f->sample,
			 "skipped", (json_int_t)f->skipped, "error_percent",
			 json_out_real(f->error_percent));
}

int view_report_json(const struct model_report *report, const struct view *view,
		     struct error *error)
{
	json_t *functions = json_array();
	int rc = functions ? 0 : -1;

	for (size_t i = 0; i < report->n && !rc; i++)
		rc = json_array_append_new(
			functions, view_function_json(&report->functions[i], &report->percentiles));
	if (rc) {
		json_decref(functions);
		return error_memory(error);
	}
	return json_out_print(json_pack("{s:i, s:o, s:o}", "schema", JSON_SCHEMA, "run",
					view_run_json(&report->run), "functions", functions),
			      view, error);
}

int view_runs_json(const struct model_run_list *list, const struct view *view, struct error *error)
{
	json_t *runs = json_array();
	int rc = runs ? 0 : -1;

	for (size_t i = 0; i < list->n && !rc; i++)
		rc = json_array_append_new(runs, view_run_json(&list->runs[i]));
	if (rc) {
		json_decref(runs);
		return error_memory(error);
	}
	return json_out_print(json_pack("{s:i, s:o}", "schema", JSON_SCHEMA, "runs", runs), view,
			      error);
}

int view_groups_json(const struct model_groups *groups, const struct view *view,
		     struct error *error)
{
	json_t *list = json_array();
	int rc = list ? 0 : -1;

	for (size_t i = 0; i < groups->n && !rc; i++) {
		const struct model_group *g = &groups->groups[i];

		rc = json_array_append_new(list, json_pack("{s:o, s:I, s:I, s:I, s:I, s:o}",
							   "group", json_out_text(g->name),
							   "functions", (json_int_t)g->functions,
							   "calls", (json_int_t)g->calls,
							   "total_ns", (json_int_t)g->total_ns,
							   "self_ns", (json_int_t)g->self_ns,
							   "percent", json_out_real(g->percent)));
	}
	if (rc) {
		json_decref(list);
		return error_memory(error);
	}
	return json_out_print(json_pack("{s:i, s:o, s:o}", "schema", JSON_SCHEMA, "run",
					view_run_json(&groups->run), "groups", list),
			      view, error);
}

int view_json(enum view_format format, json_t *value, struct error *error)
{
	struct view view;
	int rc = view_open(&view, format, NULL, error);

	if (!rc)
		rc = json_out_print(value, &view, error);
	return view_close(&view, rc, error);
}
