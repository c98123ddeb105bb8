/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "select.h"

#include <math.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "model.h"
#include "../base/text.h"

static const struct {
	const char *name;
	enum select_key key;
} keys[] = {
	{"total", SELECT_TOTAL}, {"self", SELECT_SELF}, {"calls", SELECT_CALLS},
	{"mean", SELECT_MEAN},	 {"min", SELECT_MIN},	{"max", SELECT_MAX},
	{"name", SELECT_NAME},
};

enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };

static int no_such_key(const char *text, const struct model_percentiles *percentiles,
		       struct error *error)
{
	struct text known = {0};
	char *list, *shown;

	for (int i = 0; i < N_KEYS; i++)
		text_print(&known, "%s, ", keys[i].name);
	for (unsigned i = 0; i < percentiles->n; i++)
		text_print(&known, "%sp%s", i ? ", " : "", percentiles->text[i]);
	list = text_take(&known);
	shown = text_printable(text);
	error_set(error, ERR_USAGE,
		  "--sort: '%s' is not a column to sort by: expected one of %s (other percentiles "
		  "have to be in --percentiles)",
		  shown ? shown : "", list ? list : "");
	free(list);
	free(shown);
	return ERR_USAGE;
}

int select_parse_order(struct select_order *order, const char *text,
		       const struct model_percentiles *percentiles, struct error *error)
{
	for (int i = 0; i < N_KEYS; i++) {
		if (strcmp(text, keys[i].name) == 0) {
			order->key = keys[i].key;
			return ERR_OK;
		}
	}
	for (unsigned i = 0; i < percentiles->n; i++) {
		if (text[0] == 'p' && strcmp(text + 1, percentiles->text[i]) == 0) {
			order->key = SELECT_PERCENTILE;
			order->percentile = i;
			return ERR_OK;
		}
	}
	return no_such_key(text, percentiles, error);
}

const char *select_title(const struct model_function *function)
{
	if (function->label && *function->label)
		return function->label;
	return function->qualified && *function->qualified ? function->qualified : function->name;
}

static double value_of(const struct model_function *f, const struct select_order *order)
{
	switch (order->key) {
	case SELECT_TOTAL:
		return (double)f->total_ns;
	case SELECT_SELF:
		return (double)f->self_ns;
	case SELECT_CALLS:
		return (double)f->calls;
	case SELECT_MEAN:
		return f->mean_ns;
	case SELECT_MIN:
		return f->calls > f->running ? (double)f->min_ns : NAN;
	case SELECT_MAX:
		return f->calls > f->running ? (double)f->max_ns : NAN;
	case SELECT_PERCENTILE:
		return f->percentile_ns[order->percentile];
	case SELECT_NAME:
		break;
	}
	return 0;
}

static int compare(const void *one, const void *other, void *data)
{
	const struct model_function *a = one, *b = other;
	double x = value_of(a, data), y = value_of(b, data);
	int by_name;

	if (isnan(x) != isnan(y))
		return isnan(x) ? 1 : -1;
	if (x != y && !isnan(x))
		return x < y ? 1 : -1;
	by_name = strcmp(select_title(a), select_title(b));
	if (by_name)
		return by_name;
	by_name = strcmp(a->file ? a->file : "", b->file ? b->file : "");
	return by_name ? by_name : (a->line > b->line) - (a->line < b->line);
}

void select_sort(struct model_report *report, const struct select_order *order)
{
	struct select_order copy = *order;

	if (report->n)
		qsort_r(report->functions, report->n, sizeof(*report->functions), compare, &copy);
}

/* A pattern without slashes is plain text; with them a regular expression. */
struct focus {
	const char *text;
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *limits;
};

static void focus_release(struct focus *focus)
{
	pcre2_code_free(focus->code);
	pcre2_match_data_free(focus->match);
	pcre2_match_context_free(focus->limits);
}

static int focus_compile(struct focus *focus, const char *pattern, struct error *error)
{
	size_t n = strlen(pattern);
	PCRE2_UCHAR words[200];
	PCRE2_SIZE offset;
	int code;

	if (n < 2 || pattern[0] != '/' || pattern[n - 1] != '/') {
		focus->text = pattern;
		return ERR_OK;
	}
	focus->code = pcre2_compile((PCRE2_SPTR)pattern + 1, n - 2,
				    PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
				    &code, &offset, NULL);
	if (!focus->code) {
		char *shown = text_printable(pattern);

		pcre2_get_error_message(code, words, sizeof(words));
		error_set(error, ERR_USAGE,
			  "--focus: %s at character %zu of the expression\n  %s\n  %*s^",
			  (const char *)words, (size_t)offset + 1, shown ? shown : "",
			  (int)offset + 1, "");
		free(shown);
		return ERR_USAGE;
	}
	focus->match = pcre2_match_data_create_from_pattern(focus->code, NULL);
	focus->limits = pcre2_match_context_create(NULL);
	if (!focus->match || !focus->limits)
		return error_memory(error);
	/* A careless pattern ends with an error, not with a command that seems to hang. */
	pcre2_set_match_limit(focus->limits, 1000000);
	return ERR_OK;
}

static bool focus_matches(struct focus *focus, const char *subject, int *failure)
{
	int rc;

	if (!subject)
		return false;
	if (focus->text)
		return strstr(subject, focus->text) != NULL;
	rc = pcre2_match(focus->code, (PCRE2_SPTR)subject, strlen(subject), 0, 0, focus->match,
			 focus->limits);
	if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
		*failure = rc;
	return rc >= 0;
}

int select_matches(const struct select_names *names, size_t n, const char *pattern, bool *matches,
		   struct error *error)
{
	struct focus focus = {0};
	int failure = 0, rc = focus_compile(&focus, pattern, error);

	for (size_t i = 0; i < n && !rc; i++)
		matches[i] = focus_matches(&focus, names[i].name, &failure) ||
			     focus_matches(&focus, names[i].qualified, &failure) ||
			     focus_matches(&focus, names[i].label, &failure);
	if (!rc && failure)
		rc = error_set(error, ERR_USAGE,
			       "--focus: matching %s takes too long; write a simpler expression",
			       pattern);
	focus_release(&focus);
	return rc;
}

int select_focus(struct model_report *report, const char *pattern, struct error *error)
{
	struct select_names *names = calloc(report->n + 1, sizeof(*names));
	bool *matches = calloc(report->n + 1, sizeof(*matches));
	size_t kept = 0;
	int rc = names && matches ? ERR_OK : error_memory(error);

	for (size_t i = 0; i < report->n && !rc; i++) {
		const struct model_function *f = &report->functions[i];

		names[i] = (struct select_names){f->name, f->qualified, f->label};
	}
	if (!rc)
		rc = select_matches(names, report->n, pattern, matches, error);
	for (size_t i = 0; i < report->n && !rc; i++) {
		struct model_function moved = report->functions[kept];

		if (!matches[i])
			continue;
		report->functions[kept++] = report->functions[i];
		if (i != kept - 1)
			report->functions[i] = moved;
	}
	if (!rc) {
		select_limit(report, kept ? (int64_t)kept : -1);
		report->matched = kept;
	}
	free(names);
	free(matches);
	return rc;
}

void select_limit(struct model_report *report, int64_t n)
{
	size_t keep = n < 0 ? 0 : (size_t)n;

	if (n == 0)
		return;
	while (report->n > keep)
		model_function_release(&report->functions[--report->n]);
}
