/* SPDX-License-Identifier: MIT */
#include "show.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../model/percentile.h"
#include "../query/query.h"
#include "../query/query_show.h"
#include "../query/run_set.h"
#include "../model/select.h"
#include "../view/view.h"
#include "../view/view_show.h"

/* What begins as the name of a run was meant as one. */
static bool means_run(const char *name)
{
	return query_is_run_name(name) || strncmp(name, "last~", 5) == 0;
}

static int show_run(struct store *store, const char *name, const struct show_options *options,
		    struct error *error)
{
	const struct select_order by_total = {.key = SELECT_TOTAL};
	struct model_show_run show = {0};
	struct view view = {0};
	int64_t run;
	int rc = percentiles_parse(&show.report.percentiles, options->percentiles, "--percentiles",
				   error);

	if (!rc)
		rc = query_resolve(store, name, &run, error);
	if (!rc)
		rc = query_show_run(store, run, &show, error);
	if (!rc)
		rc = view_open(&view, options->format, options->output, error);
	if (!rc) {
		select_sort(&show.report, &by_total);
		select_limit(&show.report, options->limit);
		rc = view_show_run(&show, (size_t)options->limit, &view, error);
		rc = view_close(&view, rc, error);
	}
	model_show_run_release(&show);
	return rc;
}

static int show_function(struct store *store, const char *name, const struct show_options *options,
			 struct error *error)
{
	const struct run_set_wish wish = {0};
	struct model_show_function show = {0};
	struct run_ids runs = {0};
	struct view view = {0};
	int rc = percentiles_parse(&show.report.percentiles, options->percentiles, "--percentiles",
				   error);

	if (!rc)
		rc = run_set_find(store, options->run ? options->run : "last", &wish, &runs, error);
	if (!rc)
		rc = query_show_function(store, name, &runs, &show, error);
	if (!rc)
		rc = view_open(&view, options->format, options->output, error);
	if (!rc) {
		rc = view_show_function(&show, (size_t)options->limit, &view, error);
		rc = view_close(&view, rc, error);
	}
	free(runs.ids);
	model_show_function_release(&show);
	return rc;
}

int show_print(struct store *store, const char *what, const struct show_options *options,
	       struct error *error)
{
	if (!options->run && means_run(what))
		return show_run(store, what, options, error);
	return show_function(store, what, options, error);
}
