/* SPDX-License-Identifier: MIT */
#include "query_side.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../model/model_diff.h"
#include "../base/run_ids.h"
#include "query_set.h"
#include "../store/store.h"
#include "../base/text.h"

enum column {
	TOKEN,
	BRANCH,
	COMMIT,
	HOST,
	ARGV,
	CPU,
	GOVERNOR,
	DIRTY,
	STATUS,
	SIGNAL,
	LOST,
	STARTED,
	DIFF,
	UNSEEN
};

enum { N_COMMON = GOVERNOR - BRANCH + 1 };

static const char runs_sql[] =
	"SELECT r.token, (SELECT value FROM text WHERE id = r.branch), "
	"(SELECT value FROM text WHERE id = r.commit_id), "
	"(SELECT value FROM text WHERE id = r.host), (SELECT value FROM text WHERE id = r.argv), "
	"(SELECT value FROM text WHERE id = r.cpu), (SELECT value FROM text WHERE id = "
	"r.governor), "
	"r.dirty, r.status, r.signal, r.lost, r.started_at_ns, r.diff, " RUN_IS_UNSEEN
	" FROM run AS r WHERE r.id = ?";

/* Keeps a text as long as it is the same in all runs. */
struct common {
	char **text;
	bool differs, several; /* different ones, not only some unknown */
};

static int keep_common(struct common *common, const char *text, size_t at)
{
	if (at == 0) {
		*common->text = text ? strdup(text) : NULL;
		return text && !*common->text ? -1 : 0;
	}
	common->several |= text && *common->text && strcmp(text, *common->text) != 0;
	common->differs |= !text || !*common->text || strcmp(text, *common->text) != 0;
	return 0;
}

/* The processes of one `hotpath run` share a token, and are one run. */
static size_t run_of(struct model_side *side, char **tokens, const char *token, size_t at)
{
	for (size_t i = at; token && i-- > 0;)
		if (tokens[i] && strcmp(tokens[i], token) == 0)
			return side->run_of[i];
	return side->n++;
}

/* Different texts, few of them. */
struct set {
	char **texts;
	size_t n;
};

static int add_to_set(struct set *set, const char *text)
{
	char **more;

	for (size_t i = 0; i < set->n; i++)
		if (!text || strcmp(set->texts[i], text) == 0)
			return 0;
	if (!text)
		return 0;
	more = realloc(set->texts, (set->n + 1) * sizeof(*more));
	if (!more)
		return -1;
	set->texts = more;
	more[set->n] = strdup(text);
	return more[set->n++] ? 0 : -1;
}

static void release_set(struct set *set)
{
	for (size_t i = 0; i < set->n; i++)
		free(set->texts[i]);
	free(set->texts);
}

static const char *column_text(sqlite3_stmt *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt, column);
}

static void count(struct model_side *side, sqlite3_stmt *stmt, size_t at)
{
	int64_t started = sqlite3_column_int64(stmt, STARTED);

	side->dirty += sqlite3_column_int(stmt, DIRTY) == 1;
	side->failed +=
		sqlite3_column_int(stmt, STATUS) != 0 || sqlite3_column_int(stmt, SIGNAL) != 0;
	side->unseen += sqlite3_column_int(stmt, UNSEEN);
	side->lost += sqlite3_column_int64(stmt, LOST);
	if (at == 0 || started < side->first_ns)
		side->first_ns = started;
	if (at == 0 || started > side->last_ns)
		side->last_ns = started;
}

/* argv as one would type it, in place of the JSON that the store keeps. */
static void show_command(struct model_side *side)
{
	json_t *array = side->command ? json_loads(side->command, 0, NULL) : NULL;
	size_t n = json_array_size(array);
	char **argv = calloc(n + 1, sizeof(*argv)), *shown = NULL;

	for (size_t i = 0; argv && i < n; i++) {
		const char *word = json_string_value(json_array_get(array, i));

		argv[i] = (char *)(word ? word : "");
	}
	if (argv && n)
		shown = text_command(argv, n);
	free(side->command);
	side->command = shown;
	free(argv);
	json_decref(array);
}

static int read_runs(struct store *store, struct model_side *side, char **tokens,
		     struct error *error)
{
	struct common common[N_COMMON] = {{.text = &side->branch}, {.text = &side->commit},
					  {.text = &side->host},   {.text = &side->command},
					  {.text = &side->cpu},	   {.text = &side->governor}};
	struct set diffs = {0};
	sqlite3_stmt *stmt;
	int rc = store_prepare(store, &stmt, runs_sql, error);

	if (rc)
		return rc;
	for (size_t i = 0; i < side->n_run_ids && !rc; i++) {
		const char *token;

		sqlite3_reset(stmt);
		sqlite3_bind_int64(stmt, 1, side->run_ids[i]);
		if (sqlite3_step(stmt) != SQLITE_ROW) {
			rc = store_error(store, error);
			break;
		}
		token = column_text(stmt, TOKEN);
		tokens[i] = token ? strdup(token) : NULL;
		side->run_of[i] = run_of(side, tokens, token, i);
		count(side, stmt, i);
		for (int c = 0; c < N_COMMON; c++)
			if (keep_common(&common[c], column_text(stmt, BRANCH + c), i))
				rc = error_memory(error);
		if (!rc && add_to_set(&diffs, column_text(stmt, DIFF)))
			rc = error_memory(error);
	}
	sqlite3_finalize(stmt);
	side->n_diffs = diffs.n;
	release_set(&diffs);
	for (int c = 0; c < N_COMMON; c++) {
		if (!common[c].differs)
			continue;
		free(*common[c].text);
		*common[c].text = c >= CPU - BRANCH && common[c].several ? strdup("several") : NULL;
	}
	show_command(side);
	return rc;
}

static int by_text(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

static int add_build(struct model_side *side, const char *build, struct error *error)
{
	char **more;

	for (size_t i = 0; i < side->n_builds; i++)
		if (strcmp(side->builds[i], build) == 0)
			return ERR_OK;
	more = realloc(side->builds, (side->n_builds + 1) * sizeof(*more));
	if (!more)
		return error_memory(error);
	side->builds = more;
	more[side->n_builds] = strdup(build);
	return more[side->n_builds++] ? ERR_OK : error_memory(error);
}

static int read_builds(struct store *store, struct model_side *side, struct error *error)
{
	sqlite3_stmt *stmt;
	int step, rc = store_prepare(store, &stmt,
				     "SELECT DISTINCT o.build_id FROM run_unit AS u JOIN unit ON "
				     "unit.id = u.unit JOIN object AS o ON o.id = unit.object "
				     "WHERE u.run = ?",
				     error);

	if (rc)
		return rc;
	for (size_t i = 0; i < side->n_run_ids && !rc; i++) {
		sqlite3_reset(stmt);
		sqlite3_bind_int64(stmt, 1, side->run_ids[i]);
		while (!rc && (step = sqlite3_step(stmt)) != SQLITE_DONE)
			rc = step == SQLITE_ROW ? add_build(side, column_text(stmt, 0), error)
						: store_error(store, error);
	}
	sqlite3_finalize(stmt);
	if (side->n_builds)
		qsort(side->builds, side->n_builds, sizeof(*side->builds), by_text);
	return rc;
}

int query_side(struct store *store, const struct run_ids *ids, struct model_side *side,
	       struct error *error)
{
	char **tokens = calloc(ids->n + 1, sizeof(*tokens));
	int rc;

	side->run_ids = calloc(ids->n + 1, sizeof(*side->run_ids));
	side->run_of = calloc(ids->n + 1, sizeof(*side->run_of));
	side->called = calloc(ids->n + 1, sizeof(*side->called));
	if (!tokens || !side->run_ids || !side->run_of || !side->called) {
		free(tokens);
		return error_memory(error);
	}
	memcpy(side->run_ids, ids->ids, ids->n * sizeof(*ids->ids));
	side->n_run_ids = ids->n;
	rc = read_runs(store, side, tokens, error);
	if (!rc)
		rc = read_builds(store, side, error);
	for (size_t i = 0; i < ids->n; i++)
		free(tokens[i]);
	free(tokens);
	return rc;
}
