/* SPDX-License-Identifier: MIT */
/*
 * One comparison from a store: what `hotpath diff` and `hotpath ab` print.
 */
#ifndef HOTPATH_DIFF_H
#define HOTPATH_DIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "../output/grid.h"
#include "../model/model_diff.h"

struct error;
struct store;

struct diff_options {
	const char *format, *metric, *min_effect, *min_share, *sort, *focus, *output, *fail_on;
	int64_t limit; /* < 0: DIFF_LIMIT where people read, all for programs */
	bool all_commits;
};

/* What a command knows of the runs that the store does not. */
struct diff_about {
	int64_t after;	   /* only runs with larger numbers */
	const char *notes; /* to be shown with the figures, a line each; NULL for none */
};

enum { DIFF_LIMIT = 15 };

#define DIFF_DEFAULTS                                                                              \
	{                                                                                          \
		.format = "table", .metric = "self", .min_effect = "2%", .min_share = "2%",        \
		.sort = "impact", .limit = -1                                                      \
	}

/* The options that both commands have; `member` is their struct diff_options. */
#define DIFF_SPECS(type, member, limit_letter)                                                     \
	{"metric",                                                                                 \
	 'm',                                                                                      \
	 OPTION_TEXT,                                                                              \
	 offsetof(type, member.metric),                                                            \
	 "METRIC",                                                                                 \
	 "self (default: time of its own per call), run (the same\nper run), total, p50, p99 or "  \
	 "calls"},                                                                                 \
		{"min-effect", 'e',                                                                \
		 OPTION_TEXT,  offsetof(type, member.min_effect),                                  \
		 "PERCENT",    "what is no change worth a verdict (default 2%)"},                  \
		{"min-share",                                                                      \
		 0,                                                                                \
		 OPTION_TEXT,                                                                      \
		 offsetof(type, member.min_share),                                                 \
		 "PERCENT",                                                                        \
		 "functions with less of the time stand back in the tests\n(default 2%)"},         \
		{"focus",                                                                          \
		 0,                                                                                \
		 OPTION_TEXT,                                                                      \
		 offsetof(type, member.focus),                                                     \
		 "PATTERN",                                                                        \
		 "show only functions whose name or label contains a text,\nor matches /regex/"},  \
		{"sort",      's',                                                                 \
		 OPTION_TEXT, offsetof(type, member.sort),                                         \
		 "ORDER",     "impact (default), change or name"},                                 \
		{"limit",                                                                          \
		 'n',                                                                              \
		 OPTION_COUNT,                                                                     \
		 offsetof(type, member.limit),                                                     \
		 "N",                                                                              \
		 "show the first N functions (0: all; default 15, all in\nformats for programs)"}, \
		{"format",                                                                         \
		 'f',                                                                              \
		 OPTION_TEXT,                                                                      \
		 offsetof(type, member.format),                                                    \
		 "FORMAT",                                                                         \
		 "table (default), json, json-pretty, csv, markdown, html,\ngithub-benchmark or "  \
		 "bencher"},                                                                       \
		OUTPUT_SPEC(offsetof(type, member.output)),                                        \
	{                                                                                          \
		"fail-on", 0, OPTION_TEXT, offsetof(type, member.fail_on), "slower[:PERCENT]",     \
			"end with status 1 when a function is slower, by at least\n"               \
			"PERCENT, and with 2 when there are too few runs to tell"                  \
	}

/* diff_check: whether the options can be used at all, before time is spent; ERR_USAGE when not. */
int diff_check(const struct diff_options *options, struct error *error);

/*
 * diff_print: compares two sets of runs and prints.
 *
 * about    NULL for nothing
 * failed   set when --fail-on applies; then standard error says why
 * Returns  ERR_USAGE, after printing, when --fail-on could never apply to these runs
 */
int diff_print(struct store *store, const char *base, const char *head,
	       const struct diff_options *options, const struct diff_about *about, bool *failed,
	       struct error *error);

/* diff_parse_...: values of the options that other commands have too; false when it is none. */
bool diff_parse_metric(const char *text, enum model_metric *metric);
/* "2%", "2", "0.5%": 0 .. 1000 percent. */
bool diff_parse_percent(const char *text, double *percent);

#endif /* HOTPATH_DIFF_H */
