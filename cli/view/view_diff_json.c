/* SPDX-License-Identifier: MIT */
#include "view_diff.h"

#include <math.h>

#include "../base/error.h"
#include "../output/json_out.h"
#include "../model/model_diff.h"
#include "../base/text.h"

/* p-values are small: three decimals would make most of them 0. */
static json_t *in_full(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *side_json(const struct model_side *side)
{
	json_t *runs = json_array(), *builds = json_array();

	for (size_t i = 0; i < side->n_run_ids; i++)
		json_array_append_new(runs, json_integer(side->run_ids[i]));
	for (size_t i = 0; i < side->n_builds; i++)
		json_array_append_new(builds, json_out_text(side->builds[i]));
	return json_pack(
		"{s:o,s:I,s:o,s:o,s:o,s:o,s:o,s:I,s:o}", "name", json_out_text(side->asked), "n",
		(json_int_t)side->n, "runs", runs, "branch", json_out_text(side->branch), "commit",
		json_out_text(side->commit), "host", json_out_text(side->host), "command",
		json_out_text(side->command), "dirty", (json_int_t)side->dirty, "builds", builds);
}

static json_t *tail_json(const struct model_tail *tail)
{
	return json_pack("{s:o,s:o,s:o,s:o}", "base_ns", json_out_real(tail->base_ns), "head_ns",
			 json_out_real(tail->head_ns), "change_percent",
			 json_out_real(tail->change), "ci_percent",
			 json_out_interval(tail->ci_low, tail->ci_high));
}

static json_t *renamed_json(const struct model_diff_function *f)
{
	if (!model_diff_renamed(f))
		return json_null();
	return json_pack("{s:o,s:o}", "name",
			 json_out_text(f->old_qualified && *f->old_qualified ? f->old_qualified
									     : f->old_name),
			 "file", json_out_text(f->old_file));
}

static json_t *calls_json(const struct model_diff *diff, const struct model_diff_function *f)
{
	bool exact = !f->calls_vary && diff->base.n > 1 && diff->head.n > 1;

	return json_pack("{s:o,s:o,s:b}", "base", json_out_real(f->calls_base), "head",
			 json_out_real(f->calls_head), "exact", exact);
}

static json_t *impact_json(const struct model_diff_function *f)
{
	return json_pack("{s:o,s:o,s:o}", "calls", json_out_real(f->impact_calls), "cost",
			 json_out_real(f->impact_cost), "total", json_out_real(f->impact_ns));
}

static void set_change(json_t *object, const struct model_change *c, bool counts)
{
	json_object_set_new(object, "verdict", json_string(model_verdict_name(c->verdict)));
	json_object_set_new(object, "more_runs",
			    isfinite(c->more_runs) ? json_integer((json_int_t)c->more_runs)
						   : json_null());
	json_object_set_new(object, counts ? "base_calls" : "base_ns", json_out_real(c->base));
	json_object_set_new(object, counts ? "head_calls" : "head_ns", json_out_real(c->head));
	json_object_set_new(object, "change_percent", json_out_real(c->change));
	json_object_set_new(object, "ci_percent", json_out_interval(c->ci_low, c->ci_high));
	json_object_set_new(object, "ci_level",
			    c->ci_level > 0 ? json_out_real(c->ci_level) : json_null());
	json_object_set_new(object, "p", in_full(c->p));
	json_object_set_new(object, "q", in_full(c->q));
}

static json_t *per_run_json(const struct model_change *c)
{
	return json_pack("{s:o,s:o,s:o,s:o}", "base_ns", json_out_real(c->base), "head_ns",
			 json_out_real(c->head), "change_percent", json_out_real(c->change),
			 "ci_percent", json_out_interval(c->ci_low, c->ci_high));
}

static json_t *function_json(const struct model_diff *diff, const struct model_diff_function *f)
{
	json_t *object = json_object();
	int edited = model_diff_edited(f);

	json_object_set_new(object, "name",
			    json_out_text(f->qualified && *f->qualified ? f->qualified : f->name));
	json_object_set_new(object, "label", json_out_text(f->label));
	json_object_set_new(object, "file", json_out_text(f->file));
	json_object_set_new(object, "line", json_integer(f->line));
	json_object_set_new(object, "renamed_from", renamed_json(f));
	json_object_set_new(object, "edited", edited < 0 ? json_null() : json_boolean(edited));
	set_change(object, &f->change, diff->metric == METRIC_CALLS);
	json_object_set_new(object, "calls", calls_json(diff, f));
	json_object_set_new(object, "impact_ns", impact_json(f));
	json_object_set_new(object, "per_run", per_run_json(&f->per_run));
	json_object_set_new(object, "share", json_out_real(f->share));
	json_object_set_new(object, "p95", tail_json(&f->tails[MODEL_P95]));
	json_object_set_new(object, "p99", tail_json(&f->tails[MODEL_P99]));
	return object;
}

static json_t *gate_json(const struct model_diff *diff)
{
	if (diff->gate == GATE_NONE)
		return json_null();
	return json_pack("{s:o,s:s,s:o}", "fail_on", json_out_text(diff->gate_asked), "verdict",
			 model_gate_name(diff->gate), "why", json_out_text(diff->gate_why));
}

static json_t *notes_json(const struct model_diff *diff)
{
	struct text notes = {0};

	view_diff_notes(diff, &notes);
	return json_out_gathered(&notes);
}

int view_diff_json(const struct model_diff *diff, const struct view *view, struct error *error)
{
	json_t *functions = json_array(), *total = json_object(), *verdicts = json_object(), *root;

	set_change(total, &diff->total.change, diff->metric == METRIC_CALLS);
	json_object_set_new(total, "calls", calls_json(diff, &diff->total));
	json_object_set_new(total, "impact_ns", impact_json(&diff->total));
	for (size_t i = 0; i < diff->n; i++)
		json_array_append_new(functions, function_json(diff, &diff->functions[i]));
	for (int v = 0; v < MODEL_VERDICTS; v++)
		json_object_set_new(verdicts, model_verdict_name((enum model_verdict)v),
				    json_integer((json_int_t)diff->verdicts[v]));
	root = json_pack("{s:i,s:o,s:o,s:s,s:o,s:b,s:o,s:o,s:o,s:o,s:o}", "schema", 1, "base",
			 side_json(&diff->base), "head", side_json(&diff->head), "metric",
			 model_metric_name(diff->metric), "min_effect_percent",
			 json_out_real(100 * diff->min_effect), "same_build",
			 model_same_build(diff), "gate", gate_json(diff), "notes", notes_json(diff),
			 "total", total, "verdicts", verdicts, "functions", functions);
	return json_out_print(root, view, error);
}
