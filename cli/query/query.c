/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <jansson.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../segment/image.h"
#include "../base/kind.h"
#include "../base/language.h"
#include "../store/merge.h"
#include "../store/pack.h"
#include "../model/percentile.h"
#include "../store/store.h"
#include "../base/text.h"

_Static_assert((int)MODEL_LOST == (int)SEG_LOST_COUNT, "the model has a place for each cause");
_Static_assert((int)MODEL_END_EXEC == (int)IMAGE_END_EXEC, "the model has a word for each end");

/* Columns of a run in the order in which read_run() takes them. */
#define TEXT_OF(column) "(SELECT value FROM text WHERE id = r." column ")"
/* clang-format off */
#define RUN_COLUMNS \
	"r.id, r.run_id, r.parent_id, r.pid, " TEXT_OF("argv") ", r.argv_cut, " TEXT_OF("cwd") ", " \
	TEXT_OF("exe") ", " TEXT_OF("label") ", " TEXT_OF("host") ", " TEXT_OF("kernel") ", " \
	TEXT_OF("cpu") ", " TEXT_OF("branch") ", " TEXT_OF("commit_id") ", r.dirty, r.diff, " \
	"r.git_at_start, r.started_at_ns, r.duration_ns, r.sealed, r.ended, r.status, r.signal, " \
	TEXT_OF("governor") ", r.load, r.steal_percent, r.cpu_count, r.threads, r.inside_ns, " \
	"r.outside_ns, r.thread_ns, r.calls, r.lost, r.torn, r.damaged, r.damage, " \
	"r.measuring_ns, r.skipped_ns, r.budget, r.part "
/* clang-format on */

struct row {
	sqlite3_stmt *stmt;
	int column;
	bool failed; /* out of memory */
};

static int64_t next_int(struct row *row)
{
	return sqlite3_column_int64(row->stmt, row->column++);
}

static double next_real(struct row *row)
{
	return sqlite3_column_double(row->stmt, row->column++);
}

/* NAN for what is unknown. */
static double next_unsure(struct row *row)
{
	bool known = sqlite3_column_type(row->stmt, row->column) != SQLITE_NULL;
	double value = next_real(row);

	return known ? value : NAN;
}

static bool next_known(struct row *row, int *value)
{
	bool known = sqlite3_column_type(row->stmt, row->column) != SQLITE_NULL;

	*value = sqlite3_column_int(row->stmt, row->column++);
	return known;
}

static char *next_text(struct row *row)
{
	const char *text = (const char *)sqlite3_column_text(row->stmt, row->column++);
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		row->failed = true;
	return copy;
}

static void next_id(struct row *row, char out[33])
{
	const void *bytes = sqlite3_column_blob(row->stmt, row->column);
	int n = sqlite3_column_bytes(row->stmt, row->column++);

	if (bytes && n == 16)
		text_hex(out, bytes, 16);
}

/* argv is stored as a JSON array; what is no such array (a store that was edited) becomes one
 * argument. */
static void next_argv(struct row *row, struct model_run *run)
{
	const char *text = (const char *)sqlite3_column_text(row->stmt, row->column++);
	json_t *array = text ? json_loads(text, 0, NULL) : NULL;
	size_t n = json_is_array(array) ? json_array_size(array) : text ? 1 : 0;

	run->argv = calloc(n + 1, sizeof(*run->argv));
	for (size_t i = 0; run->argv && i < n; i++) {
		const char *word =
			json_is_array(array) ? json_string_value(json_array_get(array, i)) : text;

		run->argv[i] = strdup(word ? word : "");
		if (!run->argv[i])
			break;
		run->argc = i + 1;
	}
	row->failed |= run->argc < n || !run->argv;
	json_decref(array);
}

static int read_run(struct row *row, struct model_run *run, struct error *error)
{
	int64_t part;
	int64_t thread_ns, busy;
	int known;

	memset(run, 0, sizeof(*run));
	run->id = next_int(row);
	next_id(row, run->run_id);
	next_id(row, run->parent_id);
	run->pid = next_int(row);
	next_argv(row, run);
	run->argv_cut = next_int(row) != 0;
	run->cwd = next_text(row);
	run->exe = next_text(row);
	run->label = next_text(row);
	run->host = next_text(row);
	run->kernel = next_text(row);
	run->cpu = next_text(row);
	run->branch = next_text(row);
	run->commit = next_text(row);
	if (!next_known(row, &run->dirty))
		run->dirty = -1;
	run->diff = next_text(row);
	run->git_at_start = next_int(row) == 1;
	run->started_at_ns = next_int(row);
	run->duration_ns = next_int(row);
	run->sealed = next_int(row) != 0;
	run->ended = (enum model_end)next_int(row);
	run->has_status = next_known(row, &run->status);
	run->has_signal = next_known(row, &run->signal);
	run->governor = next_text(row);
	run->load = next_unsure(row);
	run->steal_percent = next_unsure(row);
	run->cpu_count = next_int(row);
	run->threads = next_int(row);
	run->inside_ns = next_real(row);
	run->outside_ns = next_real(row);
	thread_ns = next_int(row);
	run->calls = next_int(row);
	run->lost_total = next_int(row);
	run->torn = next_int(row);
	run->damaged = next_int(row);
	run->damage = next_text(row);
	busy = thread_ns > run->duration_ns ? thread_ns : run->duration_ns;
	run->measuring_ns =
		next_known(row, &known)
			? sqlite3_column_int64(row->stmt, row->column - 1)
			: (int64_t)((double)run->calls * (run->inside_ns + run->outside_ns));
	run->skipped_ns = next_real(row);
	run->budget_percent = next_real(row);
	part = next_int(row);
	run->part =
		part == MODEL_LIVE || part == MODEL_SESSION ? (enum model_part)part : MODEL_WHOLE;
	run->overhead_percent = busy > 0 ? 100.0 * (double)run->measuring_ns / (double)busy : -1;
	return row->failed ? error_memory(error) : ERR_OK;
}

static int read_lost(struct store *store, struct model_run *run, struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(store, &stmt, "SELECT cause, calls FROM run_lost WHERE run = ?",
			       error);

	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, run->id);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		int64_t cause = sqlite3_column_int64(stmt, 0);

		if (cause >= 0 && cause < MODEL_LOST)
			run->lost[cause] = sqlite3_column_int64(stmt, 1);
	}
	rc = rc == SQLITE_DONE ? ERR_OK : store_error(store, error);
	sqlite3_finalize(stmt);
	return rc;
}

int query_run(struct store *store, int64_t id, struct model_run *run, struct error *error)
{
	struct row row = {0};
	int rc = store_prepare(store, &row.stmt,
			       "SELECT " RUN_COLUMNS "FROM run AS r WHERE r.id = ?", error);

	memset(run, 0, sizeof(*run));
	if (rc)
		return rc;
	sqlite3_bind_int64(row.stmt, 1, id);
	rc = sqlite3_step(row.stmt);
	if (rc == SQLITE_ROW)
		rc = read_run(&row, run, error);
	else if (rc == SQLITE_DONE)
		rc = error_set(error, ERR_NO_RUN, "there is no run %lld", (long long)id);
	else
		rc = store_error(store, error);
	sqlite3_finalize(row.stmt);
	return rc ? rc : read_lost(store, run, error);
}

static int grow(void **list, size_t n, size_t *capacity, size_t size)
{
	void *more;

	if (n < *capacity)
		return 0;
	*capacity = 2 * *capacity + 16;
	more = realloc(*list, *capacity * size);
	if (!more)
		return -1;
	*list = more;
	return 0;
}

int query_runs(struct store *store, int64_t limit, struct model_run_list *list, struct error *error)
{
	struct row row = {0};
	size_t capacity = 0;
	int step, rc;

	memset(list, 0, sizeof(*list));
	rc = store_number(store, "SELECT count(*) FROM run", &list->total, error);
	if (!rc)
		rc = store_prepare(store, &row.stmt,
				   "SELECT " RUN_COLUMNS "FROM run AS r ORDER BY r.id DESC LIMIT ?",
				   error);
	if (rc)
		return rc;
	sqlite3_bind_int64(row.stmt, 1, limit > 0 ? limit : -1);
	while (!rc && (step = sqlite3_step(row.stmt)) != SQLITE_DONE) {
		if (step != SQLITE_ROW)
			rc = store_error(store, error);
		else if (grow((void **)&list->runs, list->n, &capacity, sizeof(*list->runs)))
			rc = error_memory(error);
		if (rc)
			break;
		row.column = 0;
		rc = read_run(&row, &list->runs[list->n++], error);
	}
	sqlite3_finalize(row.stmt);
	for (size_t i = 0; !rc && i < list->n; i++)
		rc = read_lost(store, &list->runs[i], error);
	return rc;
}

/*
 * Half the width of the interval in which the sum of all durations is with 95 % confidence.  A timed call stands for others by its weight
 * w, one over the chance that it had: of each duration x the sum has w x, with the variance (w - 1) x^2, which is w (w - 1) x^2 as a
 * sum over the timed ones.  Weights are chosen without a look at durations.
 *
 * spread   standard deviation over mean of the durations
 * squares  of the weights, added up; 0: not known, as if all were the same
 */
static double spread_to_error(const struct model_function *f, double spread, double squares)
{
	double timed = (double)(f->calls - f->running - f->skipped);
	double all = timed + (double)f->skipped;

	if (!f->skipped)
		return 0;
	if (timed <= 0)
		return NAN;
	if (squares <= 0)
		squares = all * all / timed;
	return 100 * 1.96 * sqrt(fmax(squares - all, 0) * (1 + spread * spread)) / all;
}

static int read_percentiles(const uint8_t *bytes, size_t n_bytes, double ns_per_tick,
			    const struct model_percentiles *asked, double squares,
			    struct model_function *f)
{
	struct image_bucket *buckets = NULL;
	size_t n = 0;

	if (!bytes || pack_histogram_read(bytes, n_bytes, &buckets, &n))
		return -1;
	f->error_percent = spread_to_error(f, percentile_spread(buckets, n), squares);
	for (size_t i = 0; i < asked->n; i++)
		f->percentile_ns[i] = percentile_of(buckets, n, ns_per_tick, asked->value[i],
						    (double)f->min_ns, (double)f->max_ns);
	free(buckets);
	return 0;
}

void query_fill_numbers(const struct merged *m, struct model_function *f)
{
	f->calls = (int64_t)m->calls;
	f->running = (int64_t)m->running;
	f->unwound = (int64_t)m->unwound;
	f->skipped = (int64_t)m->skipped;
	f->total_ns = (int64_t)m->total_ns;
	f->self_ns = (int64_t)m->self_ns;
	f->sum_ns = (int64_t)m->sum_ns;
	f->min_ns = (int64_t)m->min_ns;
	f->max_ns = (int64_t)m->max_ns;
	f->mean_ns =
		f->calls > f->running ? (double)f->sum_ns / (double)(f->calls - f->running) : NAN;
}

/*
 * Gives the times the cost of measuring back.  What it was for a single call is known where the call made no other measured
 * calls; elsewhere percentiles and limits get the mean of the function's calls.
 */
static void make_raw(const struct merged *m, const struct model_report *report,
		     struct model_function *f)
{
	double returned = (double)(f->calls - f->running);
	double each = returned > 0 ? (double)m->sum_cost_ns / returned : 0;

	f->total_ns += (int64_t)m->total_cost_ns;
	f->self_ns += (int64_t)m->self_cost_ns;
	f->sum_ns += (int64_t)m->sum_cost_ns;
	f->min_ns += (int64_t)each;
	f->max_ns += (int64_t)each;
	f->mean_ns += each;
	for (size_t i = 0; i < report->percentiles.n; i++)
		f->percentile_ns[i] += each;
	f->percent = report->run.duration_ns > 0
			     ? 100.0 * (double)f->total_ns / (double)report->run.duration_ns
			     : NAN;
}

static const char names_sql[] = "SELECT (SELECT value FROM text WHERE id = f.name), "
				"(SELECT value FROM text WHERE id = f.qualified), "
				"(SELECT value FROM text WHERE id = f.mangled), "
				"(SELECT value FROM text WHERE id = f.label), "
				"(SELECT value FROM text WHERE id = f.file), "
				"(SELECT value FROM text WHERE id = f.rule), "
				"(SELECT value FROM text WHERE id = f.grp), f.line, f.language, "
				"f.kind, f.body, f.sample FROM function AS f WHERE f.id = ?";

/* Name and place of a function from the dictionary. */
static int read_names(struct store *store, sqlite3_stmt *stmt, int64_t function,
		      struct model_function *f, struct error *error)
{
	struct row row = {.stmt = stmt};
	int64_t body;

	sqlite3_reset(stmt);
	sqlite3_bind_int64(stmt, 1, function);
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		break;
	case SQLITE_DONE:
		return error_set(error, ERR_CORRUPT,
				 "function %lld of a run is missing in %s; `hotpath doctor` checks "
				 "the store",
				 (long long)function, store->file);
	default:
		return store_error(store, error);
	}
	f->name = next_text(&row);
	f->qualified = next_text(&row);
	f->mangled = next_text(&row);
	f->label = next_text(&row);
	f->file = next_text(&row);
	f->rule = next_text(&row);
	f->group = next_text(&row);
	f->line = next_int(&row);
	f->language = language_name((int)next_int(&row));
	f->kind = kind_name((int)next_int(&row));
	body = next_int(&row);
	if (body)
		snprintf(f->body, sizeof(f->body), "%016llx", (unsigned long long)body);
	f->sample = next_int(&row);
	return row.failed || !f->name ? error_memory(error) : ERR_OK;
}

int query_function_of(struct store *store, int64_t id, struct model_function *function,
		      struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(store, &stmt, names_sql, error);

	if (rc)
		return rc;
	rc = read_names(store, stmt, id, function, error);
	sqlite3_finalize(stmt);
	return rc;
}

/* A run's packed measurements, as long as `stmt` stands on their row. */
struct profile {
	sqlite3_stmt *stmt, *names;
	double ns_per_tick;
	struct merged *functions;
	size_t n;
	const uint8_t *histograms, *end;
};

static int open_profile(struct store *store, int64_t run, struct profile *profile,
			struct error *error)
{
	int rc = store_prepare(store, &profile->names, names_sql, error);

	if (!rc)
		rc = store_prepare(
			store, &profile->stmt,
			"SELECT r.ns_per_tick, p.functions, p.histograms, p.skipped FROM profile "
			"AS p JOIN run AS r ON r.id = p.run WHERE p.run = ?",
			error);
	if (rc)
		return rc;
	sqlite3_bind_int64(profile->stmt, 1, run);
	if (sqlite3_step(profile->stmt) != SQLITE_ROW)
		return sqlite3_errcode(store->db) == SQLITE_DONE ? ERR_OK
								 : store_error(store, error);
	profile->ns_per_tick = sqlite3_column_double(profile->stmt, 0);
	if (pack_functions_read(sqlite3_column_blob(profile->stmt, 1),
				(size_t)sqlite3_column_bytes(profile->stmt, 1), &profile->functions,
				&profile->n) ||
	    pack_skipped_read(sqlite3_column_blob(profile->stmt, 3),
			      (size_t)sqlite3_column_bytes(profile->stmt, 3), profile->functions,
			      profile->n))
		return error_set(error, ERR_CORRUPT,
				 "the functions of run %lld in %s cannot be read; `hotpath doctor` "
				 "checks the store",
				 (long long)run, store->file);
	profile->histograms = sqlite3_column_blob(profile->stmt, 2);
	profile->end = profile->histograms + sqlite3_column_bytes(profile->stmt, 2);
	return ERR_OK;
}

static void close_profile(struct profile *profile)
{
	free(profile->functions);
	sqlite3_finalize(profile->stmt);
	sqlite3_finalize(profile->names);
}

static int read_function(struct store *store, struct profile *profile, const struct merged *m,
			 const struct model_report *report, struct model_function *f,
			 struct error *error)
{
	size_t length = 0;
	const uint8_t *bytes = profile->histograms ? pack_next_histogram(&profile->histograms,
									 profile->end, &length)
						   : NULL;
	int rc = read_names(store, profile->names, m->function, f, error);

	if (rc)
		return rc;
	query_fill_numbers(m, f);
	f->percent = model_share(&report->run, f->total_ns);
	if (read_percentiles(bytes, length, profile->ns_per_tick, &report->percentiles,
			     (double)m->squares, f))
		return error_set(error, ERR_CORRUPT,
				 "the histogram of %s in run %lld of %s cannot be read; `hotpath "
				 "doctor` checks the store",
				 f->name, (long long)report->run.id, store->file);
	if (report->raw)
		make_raw(m, report, f);
	return ERR_OK;
}

/* Which functions are called most, for whoever sees but some of them. */
static int note_busiest(struct model_report *report, struct error *error)
{
	int64_t below = INT64_MAX;

	for (int b = 0; b < MODEL_BUSIEST; b++) {
		const struct model_function *most = NULL;

		for (size_t i = 0; i < report->n; i++) {
			const struct model_function *f = &report->functions[i];

			if (f->calls < below && (!most || f->calls > most->calls))
				most = f;
		}
		if (!most)
			break;
		report->busiest[b].title = strdup(most->label ? most->label : most->name);
		if (!report->busiest[b].title)
			return error_memory(error);
		report->busiest[b].calls = below = most->calls;
	}
	return ERR_OK;
}

int query_functions(struct store *store, struct model_report *report, struct error *error)
{
	struct profile profile = {0};
	int rc = open_profile(store, report->run.id, &profile, error);

	if (!rc) {
		report->functions = calloc(profile.n + 1, sizeof(*report->functions));
		if (!report->functions)
			rc = error_memory(error);
	}
	for (size_t i = 0; i < profile.n && !rc; i++)
		rc = read_function(store, &profile, &profile.functions[i], report,
				   &report->functions[report->n++], error);
	close_profile(&profile);
	if (!rc)
		rc = note_busiest(report, error);
	report->total = report->matched = report->n;
	return rc;
}
