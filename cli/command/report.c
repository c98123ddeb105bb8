/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "../base/environment.h"
#include "../base/error.h"
#include "../model/groups.h"
#include "../model/model.h"
#include "../model/percentile.h"
#include "../query/query.h"
#include "../query/query_tree.h"
#include "../model/select.h"
#include "../view/view.h"
#include "../view/view_tree.h"

static int64_t limit_of(const struct report_options *options)
{
	if (options->limit >= 0)
		return options->limit;
	return options->format == VIEW_GITHUB_BENCHMARK || options->format == VIEW_BENCHER
		       ? 0
		       : REPORT_LIMIT;
}

static int choose(struct store *store, struct model_report *report,
		  const struct report_options *options, const struct select_order *order,
		  struct error *error)
{
	int rc = query_functions(store, report, error);

	if (!rc && options->group)
		rc = groups_keep(report, options->group, error);
	if (!rc && options->focus && *options->focus)
		rc = select_focus(report, options->focus, error);
	if (rc)
		return rc;
	select_sort(report, order);
	select_limit(report, limit_of(options));
	return ERR_OK;
}

int report_print(struct store *store, int64_t run, const struct report_options *options,
		 struct error *error)
{
	struct model_report report = {.raw = options->raw};
	struct select_order order;
	struct view view = {0};
	int rc = percentiles_parse(&report.percentiles, options->percentiles, "--percentiles",
				   error);

	if (!rc)
		rc = select_parse_order(&order, options->sort, &report.percentiles, error);
	if (!rc)
		rc = query_run(store, run, &report.run, error);
	if (!rc)
		rc = choose(store, &report, options, &order, error);
	if (!rc)
		rc = view_open(&view, options->format, options->output, error);
	if (!rc) {
		rc = view_report(&report, &view, error);
		rc = view_close(&view, rc, error);
	}
	model_report_release(&report);
	return rc;
}

/* refuse: what a view has no use for, as it would seem to have been followed. */
static int refuse(const struct report_options *options, bool sorts, const char *view,
		  struct error *error)
{
	const struct report_options defaults = REPORT_DEFAULTS;
	const struct {
		const char *name;
		bool given;
	} all[] = {
		{"focus", options->focus && *options->focus},
		{"group", options->group},
		{"raw", options->raw},
		{"sort", !sorts && strcmp(options->sort, defaults.sort) != 0},
		{"percentiles", strcmp(options->percentiles, defaults.percentiles) != 0},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].given)
			return error_set(error, ERR_USAGE, "--%s is not for %s", all[i].name, view);
	return ERR_OK;
}

int report_tree(struct store *store, int64_t run, const struct report_options *options,
		bool callers, struct error *error)
{
	struct model_tree tree = {0};
	struct view view = {0};
	int rc = refuse(options, false, "--tree and --callers", error);

	if (!rc)
		rc = query_tree(store, run, &tree, error);
	if (!rc && !callers && model_tree_sort(&tree, limit_of(options)))
		rc = error_memory(error);
	if (!rc)
		rc = view_open(&view, options->format, options->output, error);
	if (!rc) {
		rc = callers ? view_callers(&tree, limit_of(options), &view, error)
			     : view_tree(&tree, &view, error);
		rc = view_close(&view, rc, error);
	}
	model_tree_release(&tree);
	return rc;
}

static int sum_groups(struct store *store, int64_t run, struct model_groups *groups,
		      struct error *error)
{
	struct model_report report = {0};
	struct model_tree tree = {0};
	int rc = query_run(store, run, &report.run, error);

	if (!rc)
		rc = query_functions(store, &report, error);
	if (!rc)
		rc = query_tree(store, run, &tree, error);
	if (!rc)
		rc = groups_sum(&report, &tree, groups, error);
	model_tree_release(&tree);
	groups->run = report.run;
	memset(&report.run, 0, sizeof(report.run));
	model_report_release(&report);
	return rc;
}

int report_groups(struct store *store, int64_t run, const struct report_options *options,
		  struct error *error)
{
	struct model_groups groups = {0};
	struct view view = {0};
	int rc = refuse(options, true, "--by", error);

	if (!rc)
		rc = sum_groups(store, run, &groups, error);
	if (!rc)
		rc = groups_sort(&groups, options->sort, error);
	if (!rc) {
		groups_limit(&groups, options->limit);
		rc = view_open(&view, options->format, options->output, error);
	}
	if (!rc) {
		rc = view_groups(&groups, &view, error);
		rc = view_close(&view, rc, error);
	}
	model_groups_release(&groups);
	return rc;
}

bool report_parse_limit(const char *text, int64_t *limit)
{
	if (!*text || text[strspn(text, "0123456789")] || strlen(text) > 15)
		return false;
	*limit = strtoll(text, NULL, 10);
	return true;
}

int report_environment(struct report_options *options, bool *wanted, struct error *error)
{
	const char *format = environment_get("HOTPATH_OUTPUT_FORMAT");
	const char *limit = environment_get("HOTPATH_LIMIT");
	const char *percentiles = environment_get("HOTPATH_PERCENTILES");
	struct report_options defaults = REPORT_DEFAULTS;
	struct model_percentiles list;

	*options = defaults;
	*wanted = format && strcmp(format, "none") != 0;
	if (!*wanted)
		return ERR_OK;
	if (!view_parse_format(format, &options->format))
		return error_set(
			error, ERR_USAGE,
			"HOTPATH_OUTPUT_FORMAT=%s is no format: expected none, table, json, "
			"json-pretty, csv or markdown",
			format);
	if (limit && !report_parse_limit(limit, &options->limit))
		return error_set(error, ERR_USAGE,
				 "HOTPATH_LIMIT=%s is no number of functions: expected 0 (all) or "
				 "more",
				 limit);
	if (percentiles) {
		int rc = percentiles_parse(&list, percentiles, "HOTPATH_PERCENTILES", error);

		if (rc)
			return rc;
		options->percentiles = percentiles;
	}
	options->focus = environment_get("HOTPATH_FOCUS");
	options->output = environment_get("HOTPATH_OUTPUT_PATH");
	return ERR_OK;
}
