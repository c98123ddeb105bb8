/* SPDX-License-Identifier: MIT */
#include "command.h"
#include "../base/error.h"
#include "../model/model.h"
#include "../query/query.h"
#include "../view/view.h"

struct options {
	enum view_format format;
	const char *output;
};

static const struct option_spec specs[] = {
	FORMAT_SPEC(offsetof(struct options, format)),
	OUTPUT_SPEC(offsetof(struct options, output)),
};

static const struct options defaults = {.format = VIEW_TABLE};

static const char text[] =
	"The query is one SELECT over these views, whose names and columns stay:\n"
	"  runs       id, run_id, parent_id, pid, argv (JSON), cwd, exe, label, started, "
	"started_at_ns,\n"
	"             duration_ns, sealed, status, signal, branch, commit_id, dirty, host, kernel, "
	"cpu,\n"
	"             cpu_count, threads, thread_ns, calls, clock, ns_per_tick, inside_ns, "
	"outside_ns,\n"
	"             overhead_percent, lost, torn, damaged, damage, how, diff, git_taken, "
	"governor,\n"
	"             load, steal_percent, skipped_ns, budget_percent, clock_step_ns, part\n"
	"  functions  run, function, name, qualified, mangled, label, file, line, language, rule, "
	"calls,\n"
	"             running, unwound, total_ns, self_ns, sum_ns, mean_ns, min_ns, max_ns, "
	"p50_ns,\n"
	"             p95_ns, p99_ns, percent, raw_total_ns, raw_self_ns, hist, ns_per_tick, "
	"\"group\",\n"
	"             kind, body, sample, skipped\n"
	"  contexts   run, context, parent, function, name, calls, total_ns, self_ns\n"
	"  threads    run, thread, tid, name, owners, start_ns, end_ns, calls, total_ns\n"
	"  recent     run, name, function, thread, start_ns, duration_ns\n"
	"  lost       run, cause, calls\n"
	"  tags       run, name\n"
	"  objects    run, path, build_id\n"
	"and these functions:\n"
	"  hotpath_percentile(hist, ns_per_tick, percent [, min_ns, max_ns])\n"
	"\n"
	"Examples:\n"
	"  hotpath sql 'SELECT name, calls FROM functions WHERE run = 12 ORDER BY calls DESC'\n"
	"  hotpath sql -f csv 'SELECT id, commit_id, duration_ns FROM runs'\n"
	"  hotpath sql 'SELECT run, hotpath_percentile(hist, ns_per_tick, 99.9) AS p999\n"
	"               FROM functions WHERE name = '\"'parse'\"\n";

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	struct model_table table;
	struct view view = {0};
	int rc = query_sql(&in->store, in->argv[0], &table, error);

	if (!rc)
		rc = view_open(&view, options->format, options->output, error);
	if (!rc) {
		rc = view_table(&table, &view, error);
		rc = view_close(&view, rc, error);
	}
	model_table_release(&table);
	return rc;
}

const struct command command_sql = {
	.name = "sql",
	.summary = "Ask the store a question of your own, in SQL",
	.arguments = "QUERY",
	.text = text,
	.need = NEED_STORE,
	.min_args = 1,
	.max_args = 1,
	COMMAND_OPTIONS,
	.run = run,
};
