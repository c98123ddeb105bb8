/* SPDX-License-Identifier: MIT */
#include "diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "../compare/compare.h"
#include "../base/error.h"
#include "../query/query_diff.h"
#include "../query/run_set.h"
#include "../model/select.h"
#include "../store/store.h"
#include "../base/text.h"
#include "../view/view.h"
#include "../view/view_diff.h"

/* The options, read. */
struct wish {
	struct compare_options compare;
	enum view_format format;
	enum compare_order order;
	double fail_above; /* as change in percent; NAN: never */
};

static const char *const orders[] = {
	[ORDER_IMPACT] = "impact", [ORDER_CHANGE] = "change", [ORDER_NAME] = "name", NULL};
static const char *const metrics[] = {[METRIC_SELF] = "self",
				      [METRIC_TOTAL] = "total",
				      [METRIC_P50] = "p50",
				      [METRIC_P99] = "p99",
				      [METRIC_CALLS] = "calls",
				      [METRIC_RUN] = "run",
				      NULL};

static int wrong(const char *option, const char *text, const char *expected, struct error *error)
{
	char *shown = text_printable(text);

	error_set(error, ERR_USAGE, "--%s: '%s' is not %s", option, shown ? shown : "", expected);
	free(shown);
	return ERR_USAGE;
}

/* "2%", "2", "0.5%": 0 .. 1000 percent. */
bool diff_parse_percent(const char *text, double *percent)
{
	char *end;

	if (!*text || strspn(text, "0123456789.") == 0)
		return false;
	*percent = strtod(text, &end);
	end += *end == '%';
	return *end == '\0' && end > text && *percent >= 0 && *percent <= 1000;
}

static bool choose(const char *const *names, const char *text, int *choice)
{
	for (int i = 0; names[i]; i++) {
		if (strcmp(names[i], text) == 0) {
			*choice = i;
			return true;
		}
	}
	return false;
}

bool diff_parse_metric(const char *text, enum model_metric *metric)
{
	int choice;

	if (!choose(metrics, text, &choice))
		return false;
	*metric = (enum model_metric)choice;
	return true;
}

static int parse_fail_on(const char *text, double *above, struct error *error)
{
	*above = NAN;
	if (!text)
		return ERR_OK;
	if (strcmp(text, "slower") == 0) {
		*above = 0;
		return ERR_OK;
	}
	if (strncmp(text, "slower:", 7) == 0 && diff_parse_percent(text + 7, above))
		return ERR_OK;
	return wrong("fail-on", text, "something to fail on: expected slower or slower:5%", error);
}

static int parse(const struct diff_options *options, struct wish *wish, struct error *error)
{
	struct compare_options defaults = COMPARE_DEFAULTS;
	double effect = 0, share = 0;
	int metric = 0, order = 0;

	wish->compare = defaults;
	if (strcmp(options->format, "html") == 0)
		wish->format = VIEW_HTML;
	else if (!view_parse_format(options->format, &wish->format) &&
		 !view_parse_bench_format(options->format, &wish->format))
		return wrong("format", options->format,
			     "a format: expected table, json, json-pretty, csv, markdown, html, "
			     "github-benchmark or bencher",
			     error);
	if (!choose(metrics, options->metric, &metric))
		return wrong("metric", options->metric,
			     "a metric: expected self, run, total, p50, p99 or calls", error);
	if (!choose(orders, options->sort, &order))
		return wrong("sort", options->sort, "an order: expected impact, change or name",
			     error);
	if (!diff_parse_percent(options->min_effect, &effect) || effect <= 0)
		return wrong("min-effect", options->min_effect,
			     "an effect: expected more than 0, such as 2%", error);
	if (!diff_parse_percent(options->min_share, &share) || share > 100)
		return wrong("min-share", options->min_share,
			     "a share: expected 0 to 100, such as 2%", error);
	wish->compare.metric = (enum model_metric)metric;
	wish->compare.min_effect = effect / 100;
	wish->compare.min_share = share / 100;
	wish->order = (enum compare_order)order;
	return parse_fail_on(options->fail_on, &wish->fail_above, error);
}

int diff_check(const struct diff_options *options, struct error *error)
{
	struct wish wish;
	int rc = parse(options, &wish, error);

	/* What only the end would find wrong is found before the runs. */
	if (!rc && options->focus && *options->focus)
		rc = select_matches(NULL, 0, options->focus, NULL, error);
	if (!rc && options->output)
		rc = view_can_write(options->output, error);
	return rc;
}

static int focus(struct model_diff *diff, const char *pattern, struct error *error)
{
	struct select_names *names = calloc(diff->n + 1, sizeof(*names));
	bool *matches = calloc(diff->n + 1, sizeof(*matches));
	size_t kept = 0;
	int rc = names && matches ? ERR_OK : error_memory(error);

	for (size_t i = 0; i < diff->n && !rc; i++) {
		const struct model_diff_function *f = &diff->functions[i];

		names[i] = (struct select_names){f->name, f->qualified, f->label};
	}
	if (!rc)
		rc = select_matches(names, diff->n, pattern, matches, error);
	for (size_t i = 0; i < diff->n && !rc; i++) {
		if (matches[i])
			diff->functions[kept++] = diff->functions[i];
		else
			model_diff_function_release(&diff->functions[i]);
	}
	if (!rc)
		diff->n = diff->matched = kept;
	free(names);
	free(matches);
	return rc;
}

/* Programs that read a comparison look for one function, or for all that are slower. */
static bool for_programs(enum view_format format)
{
	return format != VIEW_TABLE && format != VIEW_MARKDOWN && format != VIEW_HTML;
}

static void limit(struct model_diff *diff, int64_t n, enum view_format format)
{
	if (n < 0)
		n = for_programs(format) ? 0 : DIFF_LIMIT;
	while (n > 0 && diff->n > (size_t)n)
		model_diff_function_release(&diff->functions[--diff->n]);
}

/* What only some formats show, of the functions that are left. */
static int add_figures(struct store *store, struct model_diff *diff, enum view_format format,
		       struct error *error)
{
	bool json = view_is_json(format);
	int rc = json ? compare_per_run(diff, error) : ERR_OK;

	if (rc || format == VIEW_GITHUB_BENCHMARK || format == VIEW_BENCHER)
		return rc;
	rc = query_diff_histograms(store, diff, error);
	return rc ? rc : compare_tails(diff, for_programs(format) ? MODEL_P95 : MODEL_P99, error);
}

static bool is_slower(const struct model_diff_function *f, double above)
{
	return f->change.verdict == VERDICT_SLOWER && f->change.change >= above;
}

/* Whether it is to fail, over all functions of the focus, also those that are not shown. */
static bool fails(const struct model_diff *diff, double above, bool focused, struct text *why)
{
	size_t n = 0;

	if (isnan(above))
		return false;
	for (size_t i = 0; i < diff->n; i++) {
		char *shown;

		if (!is_slower(&diff->functions[i], above) || n++ >= 5)
			continue;
		shown = text_printable(model_diff_title(&diff->functions[i]));
		text_print(why, "%s%s (%+.1f %%)", n > 1 ? ", " : "slower: ", shown ? shown : "",
			   diff->functions[i].change.change);
		free(shown);
	}
	if (n > 5)
		text_print(why, " and %zu more", n - 5);
	if (n == 0 && !focused && is_slower(&diff->total, above)) {
		text_print(why, "slower: the total (%+.1f %%)", diff->total.change.change);
		n++;
	}
	return n > 0;
}

/*
 * A gate that cannot fail must not pass for one that holds: with so few runs that no difference would be slower,
 * or nothing to look at.  Says why.
 */
static bool cannot_fail(const struct model_diff *diff, const struct wish *wish,
			const struct diff_options *options, struct text *why)
{
	size_t m = diff->base.n, n = diff->head.n;
	bool exact = wish->compare.metric == METRIC_CALLS && m > 1 && n > 1;
	char *shown;

	if (!exact && !compare_can_tell(m, n, 1)) {
		text_print(why,
			   "%zu and %zu runs are too few for any function to be found slower; "
			   "record at least %.0f a side, better 10",
			   m, n, compare_least_runs(1));
		return true;
	}
	if (diff->n)
		return false;
	shown = text_printable(options->focus ? options->focus : "");
	text_print(why,
		   "there is nothing to look at: none of the %zu functions matches --focus '%s'",
		   diff->all, shown ? shown : "");
	free(shown);
	return true;
}

static int decide_gate(struct model_diff *diff, const struct wish *wish,
		       const struct diff_options *options, struct error *error)
{
	struct text why = {0};

	if (isnan(wish->fail_above))
		return ERR_OK;
	if (cannot_fail(diff, wish, options, &why))
		diff->gate = GATE_UNDECIDED;
	else if (fails(diff, wish->fail_above, options->focus && *options->focus, &why))
		diff->gate = GATE_FAILED;
	else
		diff->gate = GATE_PASSED;
	diff->gate_asked = strdup(options->fail_on);
	diff->gate_why = text_take(&why);
	return diff->gate_asked && diff->gate_why ? ERR_OK : error_memory(error);
}

/* Before the focus takes any away. */
static void count_edits(struct model_diff *diff)
{
	for (size_t i = 0; i < diff->n; i++) {
		int edited = model_diff_edited(&diff->functions[i]);

		/* What is called but not compiled here, blocks and lives have no body. */
		if (diff->functions[i].kind != 0)
			continue;
		diff->edited += edited == 1;
		diff->unedited += edited == 0;
		diff->edit_unknown += edited < 0;
	}
}

static void count_verdicts(struct model_diff *diff)
{
	for (size_t i = 0; i < diff->n; i++)
		diff->verdicts[diff->functions[i].change.verdict]++;
}

static int find(struct store *store, const char *base, const char *head,
		const struct run_set_wish *sets, const struct wish *wish, struct model_diff *diff,
		struct error *error)
{
	struct run_ids base_ids = {0}, head_ids = {0};
	bool percentiles = wish->compare.metric == METRIC_P50 || wish->compare.metric == METRIC_P99;
	int rc = run_set_find(store, base, sets, &base_ids, error);

	diff->base.asked = strdup(base);
	diff->head.asked = strdup(head);
	if (!rc)
		rc = run_set_find(store, head, sets, &head_ids, error);
	if (!rc && (!diff->base.asked || !diff->head.asked))
		rc = error_memory(error);
	if (!rc)
		rc = query_diff(store, &base_ids, &head_ids, percentiles, diff, error);
	free(base_ids.ids);
	free(head_ids.ids);
	return rc;
}

static int print(struct model_diff *diff, const struct diff_options *options,
		 enum view_format format, struct error *error)
{
	struct view view = {0};
	int rc = view_open(&view, format, options->output, error);

	if (rc)
		return rc;
	rc = view_diff(diff, &view, error);
	return view_close(&view, rc, error);
}

/* The comparison, with all that is to be shown of it. */
static int make(struct store *store, const char *base, const char *head,
		const struct diff_options *options, const struct diff_about *about,
		const struct wish *wish, struct model_diff *diff, struct error *error)
{
	const struct run_set_wish sets = {.all_commits = options->all_commits,
					  .after = about ? about->after : 0};
	int rc = find(store, base, head, &sets, wish, diff, error);

	if (!rc && about && about->notes && !(diff->notes = strdup(about->notes)))
		rc = error_memory(error);
	if (!rc)
		rc = compare_renames(diff, error);
	if (!rc)
		rc = compare(diff, &wish->compare, error);
	if (!rc)
		count_edits(diff);
	if (!rc && options->focus && *options->focus)
		rc = focus(diff, options->focus, error);
	if (!rc)
		count_verdicts(diff);
	return rc;
}

int diff_print(struct store *store, const char *base, const char *head,
	       const struct diff_options *options, const struct diff_about *about, bool *failed,
	       struct error *error)
{
	struct model_diff diff = {0};
	struct wish wish;
	int rc = parse(options, &wish, error);

	*failed = false;
	if (!rc)
		rc = store_begin_reading(store, error);
	if (!rc)
		rc = make(store, base, head, options, about, &wish, &diff, error);
	if (!rc)
		rc = decide_gate(&diff, &wish, options, error);
	if (!rc) {
		compare_sort(&diff, wish.order);
		limit(&diff, options->limit, wish.format);
		rc = add_figures(store, &diff, wish.format, error);
	}
	store_rollback(store);
	if (!rc)
		rc = print(&diff, options, wish.format, error);
	*failed = !rc && diff.gate == GATE_FAILED;
	if (*failed)
		warn(diff.gate_why);
	if (!rc && diff.gate == GATE_UNDECIDED)
		rc = error_set(error, ERR_USAGE, "--fail-on: %s", diff.gate_why);
	model_diff_release(&diff);
	return rc;
}
