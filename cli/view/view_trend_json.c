/* SPDX-License-Identifier: MIT */
#include "view_trend.h"

#include "../base/error.h"
#include "../base/format.h"
#include "../output/grid.h"
#include "../output/json_out.h"
#include "../model/model_trend.h"
#include "../base/text.h"

static json_t *commit_name(const struct model_trend *trend, size_t commit)
{
	const struct model_trend_commit *c = &trend->commits[commit];

	return json_pack("{s:o,s:b,s:I}", "commit", json_out_text(c->commit), "dirty", c->dirty,
			 "first_run", (json_int_t)trend->runs[c->begin].id);
}

static json_t *commit_json(const struct model_trend *trend, size_t commit)
{
	const struct model_trend_commit *c = &trend->commits[commit];
	json_t *object = commit_name(trend, commit), *runs = json_array();
	char time[FORMAT_ROOM];

	for (size_t r = 0; r < c->n; r++) {
		const struct model_trend_run *run = &trend->runs[c->begin + r];

		json_array_append_new(runs, json_pack("{s:I,s:o}", "id", (json_int_t)run->id,
						      "value", json_out_real(run->value)));
	}
	json_object_set_new(object, "first_run_at", json_string(format_utc(time, c->first_ns)));
	json_object_set_new(object, "median", json_out_real(c->median));
	json_object_set_new(object, "ci", json_out_interval(c->low, c->high));
	json_object_set_new(object, "runs", runs);
	return object;
}

static json_t *change_json(const struct model_trend *trend, const struct model_trend_change *c)
{
	bool slower = model_trend_slower(c), counts = trend->metric == METRIC_CALLS;

	return json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:[o,o],s:o}", "verdict",
			 counts	  ? (slower ? "more" : "fewer")
			 : slower ? "slower"
				  : "faster",
			 "last_before", commit_name(trend, c->at - 1), "first_after",
			 commit_name(trend, c->at), "before", json_out_real(c->before), "after",
			 json_out_real(c->after), "change_percent", json_out_real(c->change),
			 "ci_percent", json_out_interval(c->ci_low, c->ci_high), "p",
			 json_out_real(c->p), "same_build", c->same_build, "load",
			 json_out_real(c->load_before), json_out_real(c->load_after), "log",
			 json_out_lines(c->log));
}

static json_t *notes_json(const struct model_trend *trend)
{
	struct text notes = {0};

	view_trend_notes(trend, &notes);
	return json_out_gathered(&notes);
}

int view_trend_json(const struct model_trend *trend, bool commits, const struct view *view,
		    struct error *error)
{
	json_t *all = json_array(), *changes = json_array(), *function = json_null(), *root;

	if (!trend->total)
		function = json_pack("{s:o,s:o,s:I}", "name", json_out_text(trend->name), "file",
				     json_out_text(trend->file), "line", (json_int_t)trend->line);
	for (size_t i = 0; i < trend->n && commits; i++)
		json_array_append_new(all, commit_json(trend, i));
	for (size_t i = 0; i < trend->n_changes; i++)
		json_array_append_new(changes, change_json(trend, &trend->changes[i]));
	root = json_pack("{s:i,s:o,s:s,s:s,s:o,s:o,s:o,s:o,s:o}", "schema", 1, "function", function,
			 "metric", model_metric_name(trend->metric), "unit",
			 model_trend_unit(trend), "branch", json_out_text(trend->branch), "host",
			 json_out_text(trend->host), "jitter_percent", json_out_real(trend->jitter),
			 "notes", notes_json(trend), "changes", changes);
	if (commits)
		json_object_set(root, "commits", all);
	json_decref(all);
	return json_out_print(root, view, error);
}
