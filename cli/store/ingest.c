/* SPDX-License-Identifier: MIT */
#include "ingest.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../../runtime/abi.h"
#include "../segment/image.h"
#include "merge.h"
#include "pack.h"
#include "store.h"
#include "store_live.h"
#include "../base/text.h"

enum statement {
	FIND_TEXT,
	ADD_TEXT,
	FIND_FUNCTION,
	ADD_FUNCTION,
	FIND_OBJECT,
	ADD_OBJECT,
	FIND_UNIT,
	ADD_UNIT,
	FIND_RUN,
	FIND_LIVE,
	ADD_RUN,
	ADD_RUN_UNIT,
	ADD_LOST,
	ADD_THREAD,
	ADD_RECENT,
	ADD_PROFILE,
	N_STATEMENTS,
};

static const char *const sql[N_STATEMENTS] = {
	[FIND_TEXT] = "SELECT id FROM text WHERE value = ?",
	[ADD_TEXT] = "INSERT INTO text (value) VALUES (?)",
	/* The terms are those of the index function_identity, so that it is used. */
	[FIND_FUNCTION] = "SELECT id FROM function WHERE name = ?1 AND line = ?8 AND "
			  "coalesce(mangled, 0) = coalesce(?3, 0) AND "
			  "coalesce(file, 0) = coalesce(?5, 0) AND "
			  "coalesce(label, 0) = coalesce(?4, 0) AND "
			  "coalesce(qualified, 0) = coalesce(?2, 0) AND "
			  "coalesce(rule, 0) = coalesce(?6, 0) AND language = ?9 AND "
			  "coalesce(grp, 0) = coalesce(?7, 0) AND kind = ?10 AND body = ?11 AND "
			  "sample = ?12",
	[ADD_FUNCTION] = "INSERT INTO function (name, qualified, mangled, label, file, rule, grp, "
			 "line, language, kind, body, sample) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
	[FIND_OBJECT] = "SELECT id FROM object WHERE coalesce(path, 0) = coalesce(?1, 0) AND "
			"build_id = ?2",
	[ADD_OBJECT] = "INSERT INTO object (path, build_id) VALUES (?,?)",
	[FIND_UNIT] = "SELECT id FROM unit WHERE coalesce(source, 0) = coalesce(?1, 0) AND "
		      "object = ?2",
	[ADD_UNIT] = "INSERT INTO unit (source, object) VALUES (?,?)",
	[FIND_RUN] = "SELECT id FROM run WHERE run_id = ?",
	[FIND_LIVE] = "SELECT id FROM run WHERE run_id = ? AND part = 1",
	[ADD_RUN] = "INSERT INTO run (id, part, run_id, parent_id, token, pid, ppid, argv, "
		    "argv_cut, cwd, "
		    "exe, label, root, host, kernel, cpu, cpu_count, branch, commit_id, dirty, "
		    "started_at_ns, duration_ns, sealed, status, clock, ns_per_tick, inside_ns, "
		    "outside_ns, threads, thread_ns, calls, lost, torn, damaged, damage, "
		    "ended, governor, load, diff, git_at_start, "
		    "skipped_ns, measuring_ns, budget, clock_step_ns) VALUES "
		    "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
		    "?,?,?,?,?,?,?)",
	[ADD_RUN_UNIT] = "INSERT OR IGNORE INTO run_unit (run, unit) VALUES (?,?)",
	[ADD_LOST] = "INSERT INTO run_lost (run, cause, calls) VALUES (?,?,?)",
	[ADD_THREAD] = "INSERT INTO thread (run, n, tid, name, owners, start_ns, end_ns, calls, "
		       "total_ns) VALUES (?,?,?,?,?,?,?,?,?)",
	[ADD_RECENT] = "INSERT INTO run_recent (run, calls) VALUES (?,?)",
	[ADD_PROFILE] =
		"INSERT INTO profile (run, functions, contexts, histograms, skipped) VALUES "
		"(?,?,?,?,?)",
};

struct ingest {
	struct store *store;
	const struct image *image;
	struct error *error;
	sqlite3_stmt *stmt[N_STATEMENTS];
	int bound; /* parameters bound in the statement being filled */
	int64_t run;
};

/* Numbers of a hostile or damaged segment may not fit a column; the largest that does is as wrong.
 */
static int64_t clamp(uint64_t n)
{
	return n > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)n;
}

static int open_statements(struct ingest *in)
{
	for (int i = 0; i < N_STATEMENTS; i++) {
		int rc = store_prepare(in->store, &in->stmt[i], sql[i], in->error);

		if (rc)
			return rc;
	}
	return ERR_OK;
}

static void close_statements(struct ingest *in)
{
	for (int i = 0; i < N_STATEMENTS; i++)
		sqlite3_finalize(in->stmt[i]);
}

static sqlite3_stmt *start(struct ingest *in, enum statement which)
{
	sqlite3_reset(in->stmt[which]);
	sqlite3_clear_bindings(in->stmt[which]);
	in->bound = 0;
	return in->stmt[which];
}

static void put(struct ingest *in, sqlite3_stmt *stmt, int64_t value)
{
	sqlite3_bind_int64(stmt, ++in->bound, value);
}

static void put_null(struct ingest *in, sqlite3_stmt *stmt)
{
	sqlite3_bind_null(stmt, ++in->bound);
}

/* A number in a dictionary; 0 is NULL. */
static void put_key(struct ingest *in, sqlite3_stmt *stmt, int64_t key)
{
	if (key)
		put(in, stmt, key);
	else
		put_null(in, stmt);
}

static void put_real(struct ingest *in, sqlite3_stmt *stmt, double value)
{
	sqlite3_bind_double(stmt, ++in->bound, value);
}

static void put_text(struct ingest *in, sqlite3_stmt *stmt, const char *text)
{
	if (text)
		sqlite3_bind_text(stmt, ++in->bound, text, -1, SQLITE_STATIC);
	else
		put_null(in, stmt);
}

static void put_blob(struct ingest *in, sqlite3_stmt *stmt, const void *bytes, size_t n)
{
	/* A null pointer would bind NULL; an empty histogram is an empty blob. */
	sqlite3_bind_blob64(stmt, ++in->bound, n ? bytes : "", n, SQLITE_STATIC);
}

/* Runs a statement that gives no row. */
static int run_statement(struct ingest *in, sqlite3_stmt *stmt)
{
	if (sqlite3_step(stmt) != SQLITE_DONE)
		return store_error(in->store, in->error);
	sqlite3_reset(stmt);
	return ERR_OK;
}

/* Runs a statement that gives a number, or no row and then 0. */
static int find(struct ingest *in, sqlite3_stmt *stmt, int64_t *id)
{
	int rc = sqlite3_step(stmt);

	*id = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return store_error(in->store, in->error);
	sqlite3_reset(stmt);
	return ERR_OK;
}

static int add(struct ingest *in, sqlite3_stmt *stmt, int64_t *id)
{
	int rc = run_statement(in, stmt);

	*id = sqlite3_last_insert_rowid(in->store->db);
	return rc;
}

/* The number of a text in the dictionary; 0, which put_key() makes NULL, for none or an empty one.
 */
static int intern(struct ingest *in, const char *text, int64_t *id)
{
	int rc;

	*id = 0;
	if (!text || !*text)
		return ERR_OK;
	put_text(in, start(in, FIND_TEXT), text);
	rc = find(in, in->stmt[FIND_TEXT], id);
	if (rc || *id)
		return rc;
	put_text(in, start(in, ADD_TEXT), text);
	return add(in, in->stmt[ADD_TEXT], id);
}

enum { FUNCTION_TEXTS = 7 };

static void bind_function(struct ingest *in, sqlite3_stmt *stmt, const int64_t keys[FUNCTION_TEXTS],
			  const struct image_site *site)
{
	for (int i = 0; i < FUNCTION_TEXTS; i++)
		put_key(in, stmt, keys[i]);
	put(in, stmt, site->line);
	put(in, stmt, site->language);
	put(in, stmt, site->kind);
	put(in, stmt, (int64_t)site->body);
	put(in, stmt, site->sample);
}

static int intern_function(struct ingest *in, const struct image_site *site, int64_t *id)
{
	const char *texts[FUNCTION_TEXTS] = {site->name && *site->name ? site->name : "?",
					     site->qualified,
					     site->mangled,
					     site->label,
					     site->file,
					     site->rule,
					     site->group};
	int64_t keys[FUNCTION_TEXTS] = {0};
	int rc = ERR_OK;

	for (int i = 0; i < FUNCTION_TEXTS && !rc; i++)
		rc = intern(in, texts[i], &keys[i]);
	if (rc)
		return rc;
	bind_function(in, start(in, FIND_FUNCTION), keys, site);
	rc = find(in, in->stmt[FIND_FUNCTION], id);
	if (rc || *id)
		return rc;
	bind_function(in, start(in, ADD_FUNCTION), keys, site);
	return add(in, in->stmt[ADD_FUNCTION], id);
}

static int intern_object(struct ingest *in, const struct image_unit *unit, int64_t *id)
{
	int64_t path;
	sqlite3_stmt *stmt;
	int rc = intern(in, unit->object, &path);

	if (rc)
		return rc;
	stmt = start(in, FIND_OBJECT);
	put_key(in, stmt, path);
	put_text(in, stmt, unit->build_id);
	rc = find(in, stmt, id);
	if (rc || *id)
		return rc;
	stmt = start(in, ADD_OBJECT);
	put_key(in, stmt, path);
	put_text(in, stmt, unit->build_id);
	return add(in, stmt, id);
}

static int intern_unit(struct ingest *in, const struct image_unit *unit, int64_t *id)
{
	int64_t object, source;
	sqlite3_stmt *stmt;
	int rc = intern_object(in, unit, &object);

	if (!rc)
		rc = intern(in, unit->source, &source);
	if (rc)
		return rc;
	stmt = start(in, FIND_UNIT);
	put_key(in, stmt, source);
	put(in, stmt, object);
	rc = find(in, stmt, id);
	if (rc || *id)
		return rc;
	stmt = start(in, ADD_UNIT);
	put_key(in, stmt, source);
	put(in, stmt, object);
	return add(in, stmt, id);
}

static int add_units(struct ingest *in)
{
	int rc = ERR_OK;

	for (size_t i = 0; i < in->image->n_units && !rc; i++) {
		sqlite3_stmt *stmt;
		int64_t id;

		rc = intern_unit(in, &in->image->units[i], &id);
		if (rc)
			break;
		stmt = start(in, ADD_RUN_UNIT);
		put(in, stmt, in->run);
		put(in, stmt, id);
		rc = run_statement(in, stmt);
	}
	return rc;
}

/* argv as a JSON array, which SQL can take apart. */
static int intern_argv(struct ingest *in, int64_t *id)
{
	json_t *array = json_array();
	char *text;
	int rc;

	for (size_t i = 0; i < in->image->argc; i++) {
		char *valid = text_valid(in->image->argv[i]);

		json_array_append_new(array, valid ? json_string(valid) : NULL);
		free(valid);
	}
	text = json_dumps(array, JSON_COMPACT);
	json_decref(array);
	rc = text ? intern(in, text, id) : error_memory(in->error);
	free(text);
	return rc;
}

/* Numbers of a run that are sums over its parts. */
struct sums {
	uint64_t lost, calls, thread_ns;
};

static void sum_up(const struct image *image, struct sums *sums)
{
	memset(sums, 0, sizeof(*sums));
	/* Calls whose context was merged into another are recorded, so they are not lost. */
	for (int i = 0; i < SEG_LOST_COUNT; i++)
		if (i != SEG_LOST_CONTEXTS && i != SEG_LOST_SITES &&
		    i != SEG_LOST_LIVES) /* these count no calls */
			sums->lost = (uint64_t)clamp(sums->lost + (uint64_t)clamp(image->lost[i]));
	for (size_t i = 0; i < image->n_sites; i++)
		if (image->sites[i].kind != HOTPATH_KIND_LIFE)
			sums->calls = (uint64_t)clamp(sums->calls +
						      (uint64_t)clamp(image->sites[i].calls));
	for (size_t i = 0; i < image->n_threads; i++) {
		const struct image_thread *t = &image->threads[i];
		uint64_t ns = t->end_ns > t->start_ns ? t->end_ns - t->start_ns : 0;

		sums->thread_ns = (uint64_t)clamp(sums->thread_ns + (uint64_t)clamp(ns));
	}
}

/* put_optional: 0 is none. */
static void put_optional(struct ingest *in, sqlite3_stmt *stmt, double value)
{
	if (value > 0)
		put_real(in, stmt, value);
	else
		put_null(in, stmt);
}

static void put_end_of_run(struct ingest *in, sqlite3_stmt *stmt)
{
	const struct image *image = in->image;
	struct sums sums;

	sum_up(image, &sums);
	put(in, stmt, image->started_at_ns);
	put(in, stmt, clamp(image->duration_ns));
	put(in, stmt, image->sealed);
	if (image->has_status)
		put(in, stmt, image->exit_status);
	else
		put_null(in, stmt);
	put(in, stmt, image->clock);
	put_real(in, stmt, image->ns_per_tick);
	put_real(in, stmt, image->inside_ns);
	put_real(in, stmt, image->outside_ns);
	put(in, stmt, image->threads_seen);
	put(in, stmt, clamp(sums.thread_ns));
	put(in, stmt, clamp(sums.calls));
	put(in, stmt, clamp(sums.lost));
	put(in, stmt, clamp(image->torn));
	put(in, stmt, clamp(image->damaged));
	put_text(in, stmt, image->damage[0] ? image->damage : NULL);
}

static int add_run(struct ingest *in, const struct ingest_facts *facts)
{
	const struct image *image = in->image;
	const char *branch = facts->branch ? facts->branch : image->branch;
	const char *commit = facts->commit ? facts->commit : image->commit;
	const char *texts[10] = {image->cwd,  image->exe,     image->label, image->root,
				 image->host, image->kernel,  image->cpu,   branch,
				 commit,      image->governor};
	static const uint8_t none[sizeof(image->parent_id)];
	int64_t argv, keys[10] = {0};
	sqlite3_stmt *stmt;
	int rc = intern_argv(in, &argv);

	for (int i = 0; i < 10 && !rc; i++)
		rc = intern(in, texts[i], &keys[i]);
	if (rc)
		return rc;
	stmt = start(in, ADD_RUN);
	put_key(in, stmt, in->run); /* NULL gives the next number */
	put(in, stmt, image->part);
	put_blob(in, stmt, image->run_id, sizeof(image->run_id));
	if (memcmp(image->parent_id, none, sizeof(none)) != 0)
		put_blob(in, stmt, image->parent_id, sizeof(image->parent_id));
	else
		put_null(in, stmt);
	put_text(in, stmt, image->token);
	put(in, stmt, image->pid);
	put(in, stmt, image->ppid);
	put(in, stmt, argv);
	put(in, stmt, image->argv_cut);
	for (int i = 0; i < 7; i++)
		put_key(in, stmt, keys[i]);
	put(in, stmt, image->cpu_count);
	put_key(in, stmt, keys[7]);
	put_key(in, stmt, keys[8]);
	if (facts->dirty >= 0)
		put(in, stmt, facts->dirty);
	else
		put_null(in, stmt);
	put_end_of_run(in, stmt);
	put(in, stmt, image->ended);
	put_key(in, stmt, keys[9]);
	if (image->load >= 0)
		put_real(in, stmt, image->load);
	else
		put_null(in, stmt);
	put_text(in, stmt, facts->diff);
	if (facts->dirty >= 0)
		put(in, stmt, facts->git_at_start);
	else
		put_null(in, stmt);
	put_optional(in, stmt, image->skipped_ns);
	put(in, stmt, clamp(image->measuring_ns));
	put_optional(in, stmt, image->budget / 1000.0);
	put_optional(in, stmt, image->clock_step > 1 ? image->clock_step * image->ns_per_tick : 0);
	return add(in, stmt, &in->run);
}

static int add_lost(struct ingest *in)
{
	int rc = ERR_OK;

	for (int cause = 0; cause < SEG_LOST_COUNT && !rc; cause++) {
		sqlite3_stmt *stmt;

		if (!in->image->lost[cause] || !image_lost_name(cause))
			continue;
		stmt = start(in, ADD_LOST);
		put(in, stmt, in->run);
		put(in, stmt, cause);
		put(in, stmt, clamp(in->image->lost[cause]));
		rc = run_statement(in, stmt);
	}
	return rc;
}

static int add_threads(struct ingest *in)
{
	int rc = ERR_OK;

	for (size_t i = 0; i < in->image->n_threads && !rc; i++) {
		const struct image_thread *t = &in->image->threads[i];
		sqlite3_stmt *stmt;
		int64_t name;

		rc = intern(in, t->name, &name);
		if (rc)
			break;
		stmt = start(in, ADD_THREAD);
		put(in, stmt, in->run);
		put(in, stmt, (int64_t)i + 1);
		put(in, stmt, t->tid);
		put_key(in, stmt, name);
		put(in, stmt, t->owners);
		put(in, stmt, clamp(t->start_ns));
		put(in, stmt, clamp(t->end_ns));
		put(in, stmt, clamp(t->calls));
		put(in, stmt, clamp(t->total_ns));
		rc = run_statement(in, stmt);
	}
	return rc;
}

static int pack_tree(const struct image *image, const int64_t *functions, struct pack *tree)
{
	struct pack_context *contexts = calloc(image->n_contexts + 1, sizeof(*contexts));
	int rc;

	if (!contexts)
		return -1;
	for (size_t i = 0; i < image->n_contexts; i++) {
		const struct image_context *c = &image->contexts[i];

		contexts[i].parent = c->parent;
		contexts[i].function = functions[c->site];
		contexts[i].calls = (uint64_t)clamp(c->calls);
		contexts[i].total_ns = (uint64_t)clamp(c->total_ns);
		contexts[i].self_ns = (uint64_t)clamp(c->self_ns);
	}
	rc = pack_contexts(tree, contexts, image->n_contexts);
	free(contexts);
	return rc;
}

static void clamp_all(struct merged *merged, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct merged *m = &merged[i];
		uint64_t *numbers[] = {&m->calls,	  &m->skipped,	    &m->running,
				       &m->unwound,	  &m->total_ns,	    &m->self_ns,
				       &m->sum_ns,	  &m->min_ns,	    &m->max_ns,
				       &m->total_cost_ns, &m->self_cost_ns, &m->sum_cost_ns};

		for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++)
			*numbers[j] = (uint64_t)clamp(*numbers[j]);
	}
}

static int add_profile(struct ingest *in, const int64_t *functions, struct merged *merged, size_t n)
{
	struct pack numbers = {0}, histograms = {0}, tree = {0}, skipped = {0};
	int rc = ERR_OK;

	clamp_all(merged, n);
	if (pack_functions(&numbers, &histograms, merged, n) ||
	    pack_tree(in->image, functions, &tree) || pack_skipped(&skipped, merged, n)) {
		rc = error_memory(in->error);
	} else {
		sqlite3_stmt *stmt = start(in, ADD_PROFILE);

		put(in, stmt, in->run);
		put_blob(in, stmt, numbers.bytes, numbers.n);
		put_blob(in, stmt, tree.bytes, tree.n);
		put_blob(in, stmt, histograms.bytes, histograms.n);
		if (skipped.n)
			put_blob(in, stmt, skipped.bytes, skipped.n);
		else
			put_null(in, stmt);
		rc = run_statement(in, stmt);
	}
	free(numbers.bytes);
	free(histograms.bytes);
	free(tree.bytes);
	free(skipped.bytes);
	return rc;
}

/* The newest calls; nothing where there were none. */
static int add_recent(struct ingest *in, const int64_t *functions)
{
	const struct image *image = in->image;
	struct pack_call calls[IMAGE_RECENT];
	struct pack packed = {0};
	size_t n = image->n_recent < IMAGE_RECENT ? image->n_recent : IMAGE_RECENT;
	int rc = ERR_OK;

	for (size_t i = 0; i < n; i++)
		calls[i] = (struct pack_call){functions[image->recent[i].site],
					      image->recent[i].thread + 1,
					      (uint64_t)clamp(image->recent[i].start_ns),
					      (uint64_t)clamp(image->recent[i].duration_ns)};
	if (n && pack_calls(&packed, calls, n)) {
		rc = error_memory(in->error);
	} else if (n) {
		sqlite3_stmt *stmt = start(in, ADD_RECENT);

		put(in, stmt, in->run);
		put_blob(in, stmt, packed.bytes, packed.n);
		rc = run_statement(in, stmt);
	}
	free(packed.bytes);
	return rc;
}

/* A context may stand for a function without a call of its own (they are all still running, or
 * damage). */
static void mark_used(const struct image *image, bool *used)
{
	for (size_t i = 0; i < image->n_sites; i++)
		used[i] = image->sites[i].calls != 0;
	for (size_t i = 0; i < image->n_contexts; i++)
		used[image->contexts[i].site] = true;
}

static int add_functions(struct ingest *in)
{
	const struct image *image = in->image;
	int64_t *functions = calloc(image->n_sites + 1, sizeof(*functions));
	bool *used = calloc(image->n_sites + 1, sizeof(*used));
	struct merged *merged = NULL;
	size_t n = 0;
	int rc = functions && used ? ERR_OK : error_memory(in->error);

	if (!rc)
		mark_used(image, used);
	for (size_t i = 0; i < image->n_sites && !rc; i++)
		if (used[i])
			rc = intern_function(in, &image->sites[i], &functions[i]);
	if (!rc && merge_sites(image, functions, &merged, &n))
		rc = error_memory(in->error);
	if (!rc)
		rc = add_profile(in, functions, merged, n);
	if (!rc)
		rc = add_recent(in, functions);
	merge_release(merged, n);
	free(used);
	free(functions);
	return rc;
}

/* What the store has of the run up to an earlier moment gives way; its number and its tags stay. */
static int remove_live(struct ingest *in)
{
	int rc;

	put_blob(in, start(in, FIND_LIVE), in->image->run_id, sizeof(in->image->run_id));
	rc = find(in, in->stmt[FIND_LIVE], &in->run);
	return rc || !in->run ? rc : store_live_remove(in->store, in->run, in->error);
}

static int write_run(struct ingest *in, const struct ingest_facts *facts, int64_t *id, bool *added)
{
	int rc;

	put_blob(in, start(in, FIND_RUN), in->image->run_id, sizeof(in->image->run_id));
	rc = find(in, in->stmt[FIND_RUN], id);
	if (!rc && *id && in->image->part != SEG_PART_SESSION)
		rc = remove_live(in);
	if (rc || (*id && !in->run))
		return rc;
	rc = add_run(in, facts);
	if (!rc)
		rc = add_units(in);
	if (!rc)
		rc = add_lost(in);
	if (!rc)
		rc = add_threads(in);
	if (!rc)
		rc = add_functions(in);
	if (!rc && *id)
		rc = store_live_tags(in->store, in->run, in->error);
	*id = in->run;
	*added = true;
	return rc;
}

int ingest_run(struct store *store, const struct image *image, const struct ingest_facts *facts,
	       int64_t *id, bool *added, struct error *error)
{
	struct ingest in = {.store = store, .image = image, .error = error};
	bool is_new = false;
	int rc = store_begin(store, error);

	if (rc)
		return rc;
	rc = open_statements(&in);
	if (!rc)
		rc = write_run(&in, facts, id, &is_new);
	close_statements(&in);
	if (!rc)
		rc = store_commit(store, error);
	if (rc)
		store_rollback(store);
	if (added)
		*added = is_new;
	return rc;
}
