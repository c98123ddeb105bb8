/* SPDX-License-Identifier: MIT */
/*
 * SQL functions that the views use, and queries may:
 *
 *   hotpath_percentile(hist, ns_per_tick, percent [, min_ns, max_ns])   nanoseconds; NULL when no
 * call returned hotpath_contexts(contexts)   a JSON array of [parent, function, calls, total_ns,
 * self_ns] hotpath_calls(calls)   a JSON array of [function, thread, start_ns, duration_ns]
 * hotpath_language(number)     'C', 'C++', ...
 *   hotpath_kind(number)                'function', 'call', ...
 */
#include "store.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "../base/error.h"
#include "../segment/image.h"
#include "../base/kind.h"
#include "../base/language.h"
#include "merge.h"
#include "pack.h"
#include "../model/percentile.h"
#include "../base/text.h"

static void sql_percentile(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	struct image_bucket *buckets = NULL;
	size_t n = 0;
	double percent, result;

	if (argc != 3 && argc != 5) {
		sqlite3_result_error(ctx, "hotpath_percentile: 3 or 5 arguments", -1);
		return;
	}
	for (int i = 0; i < argc; i++)
		if (sqlite3_value_type(argv[i]) == SQLITE_NULL)
			return;
	percent = sqlite3_value_double(argv[2]);
	if (sqlite3_value_numeric_type(argv[2]) == SQLITE_TEXT ||
	    !(percent >= 0 && percent <= 100)) {
		sqlite3_result_error(ctx, "hotpath_percentile: percent is not within 0 and 100",
				     -1);
		return;
	}
	if (pack_histogram_read(sqlite3_value_blob(argv[0]), (size_t)sqlite3_value_bytes(argv[0]),
				&buckets, &n)) {
		sqlite3_result_error(ctx, "hotpath_percentile: not a histogram", -1);
		return;
	}
	if (argc == 5) {
		result =
			percentile_of(buckets, n, sqlite3_value_double(argv[1]), percent,
				      sqlite3_value_double(argv[3]), sqlite3_value_double(argv[4]));
	} else {
		double tick = sqlite3_value_double(argv[1]);
		double low = n ? hist_middle(buckets[0].bucket) * tick : 0;
		double high = n ? hist_middle(buckets[n - 1].bucket) * tick : 0;

		result = percentile_of(buckets, n, tick, percent, low, high);
	}
	free(buckets);
	if (!isnan(result))
		sqlite3_result_double(ctx, result);
}

/* Gives the text that was put together as the result, and lets go of it. */
static void result_text(sqlite3_context *ctx, struct text *json)
{
	char *text = text_take(json);

	if (text)
		sqlite3_result_text(ctx, text, -1, free);
	else
		sqlite3_result_error_nomem(ctx);
}

static void sql_functions(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	struct merged *functions = NULL;
	struct text json = {0};
	size_t n = 0;

	(void)argc;
	if (sqlite3_value_type(argv[0]) == SQLITE_NULL)
		return;
	if (pack_functions_read(sqlite3_value_blob(argv[0]), (size_t)sqlite3_value_bytes(argv[0]),
				&functions, &n) ||
	    pack_skipped_read(sqlite3_value_blob(argv[1]), (size_t)sqlite3_value_bytes(argv[1]),
			      functions, n)) {
		free(functions);
		sqlite3_result_error(ctx, "hotpath_functions: not the numbers of functions", -1);
		return;
	}
	text_append(&json, "[", 1);
	for (size_t i = 0; i < n; i++) {
		const struct merged *m = &functions[i];
		const uint64_t numbers[] = {(uint64_t)m->function,
					    m->calls,
					    m->running,
					    m->unwound,
					    m->total_ns,
					    m->self_ns,
					    m->sum_ns,
					    m->min_ns,
					    m->max_ns,
					    m->total_cost_ns,
					    m->self_cost_ns,
					    m->skipped};

		for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++)
			text_print(&json, "%s%llu",
				   j   ? ","
				   : i ? ",["
				       : "[",
				   (unsigned long long)numbers[j]);
		text_append(&json, "]", 1);
	}
	text_append(&json, "]", 1);
	free(functions);
	result_text(ctx, &json);
}

static void sql_histogram(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const uint8_t *at = sqlite3_value_blob(argv[0]), *bytes = NULL;
	const uint8_t *end = at ? at + sqlite3_value_bytes(argv[0]) : NULL;
	size_t length = 0;

	(void)argc;
	for (sqlite3_int64 i = sqlite3_value_int64(argv[1]); i >= 0; i--) {
		bytes = at ? pack_next_histogram(&at, end, &length) : NULL;
		if (!bytes)
			return;
	}
	if (bytes)
		sqlite3_result_blob64(ctx, length ? (const void *)bytes : "", length,
				      SQLITE_TRANSIENT);
}

static void sql_contexts(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	struct pack_context *contexts = NULL;
	struct text json = {0};
	size_t n = 0;

	(void)argc;
	if (sqlite3_value_type(argv[0]) == SQLITE_NULL)
		return;
	if (pack_contexts_read(sqlite3_value_blob(argv[0]), (size_t)sqlite3_value_bytes(argv[0]),
			       &contexts, &n)) {
		sqlite3_result_error(ctx, "hotpath_contexts: not a context tree", -1);
		return;
	}
	text_append(&json, "[", 1);
	for (size_t i = 0; i < n; i++) {
		const struct pack_context *c = &contexts[i];

		text_append(&json, ",", i ? 1 : 0);
		if (c->parent < 0)
			text_append(&json, "[null", 5);
		else
			text_print(&json, "[%lld", (long long)c->parent);
		text_print(&json, ",%lld,%llu,%llu,%llu]", (long long)c->function,
			   (unsigned long long)c->calls, (unsigned long long)c->total_ns,
			   (unsigned long long)c->self_ns);
	}
	text_append(&json, "]", 1);
	free(contexts);
	result_text(ctx, &json);
}

static void sql_calls(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	struct pack_call *calls = NULL;
	struct text json = {0};
	size_t n = 0;

	(void)argc;
	if (sqlite3_value_type(argv[0]) == SQLITE_NULL)
		return;
	if (pack_calls_read(sqlite3_value_blob(argv[0]), (size_t)sqlite3_value_bytes(argv[0]),
			    &calls, &n)) {
		sqlite3_result_error(ctx, "hotpath_calls: not a list of calls", -1);
		return;
	}
	text_append(&json, "[", 1);
	for (size_t i = 0; i < n; i++)
		text_print(&json, "%s[%lld,%lld,%llu,%llu]", i ? "," : "",
			   (long long)calls[i].function, (long long)calls[i].thread,
			   (unsigned long long)calls[i].start_ns,
			   (unsigned long long)calls[i].duration_ns);
	text_append(&json, "]", 1);
	free(calls);
	result_text(ctx, &json);
}

static void sql_language(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const char *name = language_name(sqlite3_value_int(argv[0]));

	(void)argc;
	if (name)
		sqlite3_result_text(ctx, name, -1, SQLITE_STATIC);
}

static void sql_kind(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const char *name = kind_name(sqlite3_value_int(argv[0]));

	(void)argc;
	if (name)
		sqlite3_result_text(ctx, name, -1, SQLITE_STATIC);
}

int store_functions(struct store *store, struct error *error)
{
	/* Innocuous: they only look at their arguments, so a view may use them whoever made it. */
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;

	if (sqlite3_create_function(store->db, "hotpath_percentile", -1, flags, NULL,
				    sql_percentile, NULL, NULL) ||
	    sqlite3_create_function(store->db, "hotpath_functions", 2, flags, NULL, sql_functions,
				    NULL, NULL) ||
	    sqlite3_create_function(store->db, "hotpath_histogram", 2, flags, NULL, sql_histogram,
				    NULL, NULL) ||
	    sqlite3_create_function(store->db, "hotpath_contexts", 1, flags, NULL, sql_contexts,
				    NULL, NULL) ||
	    sqlite3_create_function(store->db, "hotpath_kind", 1, flags, NULL, sql_kind, NULL,
				    NULL) ||
	    sqlite3_create_function(store->db, "hotpath_calls", 1, flags, NULL, sql_calls, NULL,
				    NULL) ||
	    sqlite3_create_function(store->db, "hotpath_language", 1, flags, NULL, sql_language,
				    NULL, NULL))
		return store_error(store, error);
	return ERR_OK;
}
