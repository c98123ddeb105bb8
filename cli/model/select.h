/* SPDX-License-Identifier: MIT */
/*
 * Which functions of a report are shown, and in which order: pure functions of the model.
 */
#ifndef HOTPATH_SELECT_H
#define HOTPATH_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct model_function;
struct model_percentiles;
struct model_report;

enum select_key {
	SELECT_TOTAL,
	SELECT_SELF,
	SELECT_CALLS,
	SELECT_MEAN,
	SELECT_MIN,
	SELECT_MAX,
	SELECT_NAME,
	SELECT_PERCENTILE,
};

struct select_order {
	enum select_key key;
	unsigned percentile; /* index, for SELECT_PERCENTILE */
};

/*
 * select_parse_order: reads "total", "self", ..., "p95".
 *
 * percentiles  those in the report: others cannot be sorted by
 * Returns      ERR_OK, or ERR_USAGE that lists what there is
 */
int select_parse_order(struct select_order *order, const char *text,
		       const struct model_percentiles *percentiles, struct error *error);

/* select_sort: the largest first, by name upwards; functions without a value last; ties by name. */
void select_sort(struct model_report *report, const struct select_order *order);

/*
 * select_focus: leaves only the functions whose name or label contains a text, or matches /regex/.
 *
 * Returns  ERR_OK; ERR_USAGE for a wrong pattern, with the place
 */
int select_focus(struct model_report *report, const char *pattern, struct error *error);

/* Names of something to choose from; any may be NULL. */
struct select_names {
	const char *name, *qualified, *label;
};

/* select_matches: says for each of n things whether select_focus() would leave it. */
int select_matches(const struct select_names *names, size_t n, const char *pattern, bool *matches,
		   struct error *error);

/* select_limit: leaves the first n; 0 leaves all. */
void select_limit(struct model_report *report, int64_t n);

/* select_title: what a function is called on the screen: its label, else its qualified name. */
const char *select_title(const struct model_function *function);

#endif /* HOTPATH_SELECT_H */
