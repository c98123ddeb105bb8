/* SPDX-License-Identifier: MIT */
/*
 * The history of a function with its changes: what `hotpath trend` and `hotpath blame` print.
 */
#ifndef HOTPATH_TREND_H
#define HOTPATH_TREND_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct model_trend;
struct store;

struct trend_options {
	const char *metric, *since, *branch, *host, *run, *min_effect, *format, *output;
	bool all_branches, all_hosts;
};

#define TREND_DEFAULTS                                                                             \
	{                                                                                          \
		.metric = "self", .min_effect = "2%", .format = "table"                            \
	}

/* The options that both commands have; `member` is their struct trend_options. */
#define TREND_SPECS(type, member)                                                                  \
	{"metric",                                                                                 \
	 'm',                                                                                      \
	 OPTION_TEXT,                                                                              \
	 offsetof(type, member.metric),                                                            \
	 "METRIC",                                                                                 \
	 "self (default: time of its own per call), run (the same\nper run), total, p50, p99 or "  \
	 "calls"},                                                                                 \
		{"since",     's',                                                                 \
		 OPTION_TEXT, offsetof(type, member.since),                                        \
		 "WHEN",      "only runs since then: \"2 weeks ago\", 2026-11-01"},                \
		{"branch",    'b',                                                                 \
		 OPTION_TEXT, offsetof(type, member.branch),                                       \
		 "NAME",      "runs of this branch (default: that of the newest run)"},            \
		{"all-branches", 0,                                                                \
		 OPTION_FLAG,	 offsetof(type, member.all_branches),                              \
		 NULL,		 "runs of all branches, and those without one"},                   \
		{"host",      0,                                                                   \
		 OPTION_TEXT, offsetof(type, member.host),                                         \
		 "NAME",      "runs on this machine (default: the one with most runs)"},           \
		{"all-hosts", 0,                                                                   \
		 OPTION_FLAG, offsetof(type, member.all_hosts),                                    \
		 NULL,	      "runs of all machines, although they do not compare"},               \
		{"run",	      'r',                                                                 \
		 OPTION_TEXT, offsetof(type, member.run),                                          \
		 "RUNS",      "only these runs, such as a label; as in `hotpath diff`"},           \
		{"min-effect", 'e',                                                                \
		 OPTION_TEXT,  offsetof(type, member.min_effect),                                  \
		 "PERCENT",    "what is no change worth telling (default 2%)"},                    \
		OUTPUT_SPEC(offsetof(type, member.output))

/*
 * trend_find: reads the history of a function and finds its changes.
 *
 * trend    model_trend_release() it in every case
 */
int trend_find(struct store *store, const char *function, const struct trend_options *options,
	       struct model_trend *trend, struct error *error);

/* trend_print: `hotpath trend`; limit: of the rows of the table, 0: all. */
int trend_print(struct store *store, const char *function, const struct trend_options *options,
		int64_t limit, struct error *error);

/* trend_blame: `hotpath blame`. */
int trend_blame(struct store *store, const char *function, const struct trend_options *options,
		struct error *error);

#endif /* HOTPATH_TREND_H */
