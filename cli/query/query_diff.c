/* SPDX-License-Identifier: MIT */
#include "query_diff.h"

#include <math.h>
#include <search.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../segment/image.h"
#include "../store/merge.h"
#include "../store/pack.h"
#include "../model/percentile.h"
#include "query_side.h"
#include "../base/run_ids.h"
#include "../store/store.h"

/* In place of a place: a function whose histograms nobody asked for. */
#define NOT_WANTED SIZE_MAX

/* A function as it is told from others, in a tree. */
struct key {
	char *name, *mangled, *file; /* the function's own */
	int kind; /* calls to a function, as callers see them, are not its body */
	size_t at;
};

struct loader {
	struct store *store;
	struct model_diff *diff;
	sqlite3_stmt *names, *profile;
	size_t capacity;
	void *keys;
	/*
	 * For each number of a function in the store its place in the model; made when first met.
	 * The number alone does not do, for a function that moved down a line has another.
	 */
	struct place {
		size_t at;     /* plus 1; 0: not met yet */
		uint64_t body; /* the hash of its body */
	} * places;
	size_t n_places;
	bool percentiles;
	struct error *error;
};

static int compare_texts(const char *one, const char *other)
{
	return strcmp(one ? one : "", other ? other : "");
}

static int by_key(const void *one, const void *other)
{
	const struct key *a = one, *b = other;
	int order = compare_texts(a->mangled, b->mangled);

	if (!order)
		order = compare_texts(a->name, b->name);
	if (!order)
		order = compare_texts(a->file, b->file);
	return order ? order : (a->kind > b->kind) - (a->kind < b->kind);
}

static char *text_at(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text ? strdup(text) : NULL;
}

/* A file within the project's folder, however it was given to the compiler. */
static char *file_at(sqlite3_stmt *stmt, int column, const char *root)
{
	const char *file = (const char *)sqlite3_column_text(stmt, column);
	size_t length = root ? strlen(root) : 0;

	if (!file)
		return NULL;
	if (length && strncmp(file, root, length) == 0 && file[length] == '/')
		file += length + 1;
	while (strncmp(file, "./", 2) == 0)
		file += 2;
	return strdup(file);
}

static int read_names(struct loader *load, int64_t id, const char *root,
		      struct model_diff_function *f)
{
	sqlite3_stmt *stmt = load->names;
	int step;

	memset(f, 0, sizeof(*f));
	sqlite3_reset(stmt);
	sqlite3_bind_int64(stmt, 1, id);
	step = sqlite3_step(stmt);
	if (step == SQLITE_DONE)
		return error_set(load->error, ERR_CORRUPT,
				 "function %lld of a run is missing in %s; `hotpath doctor` checks "
				 "the store",
				 (long long)id, load->store->file);
	if (step != SQLITE_ROW)
		return store_error(load->store, load->error);
	f->name = text_at(stmt, 0);
	f->qualified = text_at(stmt, 1);
	f->mangled = text_at(stmt, 2);
	f->label = text_at(stmt, 3);
	f->file = file_at(stmt, 4, root);
	f->line = sqlite3_column_int64(stmt, 5);
	f->group = text_at(stmt, 6);
	f->kind = sqlite3_column_int(stmt, 7);
	load->places[id].body = (uint64_t)sqlite3_column_int64(stmt, 8);
	f->cells = calloc(load->diff->base.n + load->diff->head.n + 1, sizeof(*f->cells));
	return f->name && f->cells ? ERR_OK : error_memory(load->error);
}

/* The head's label, group and line, for it is read last, stand for both sides. */
static void take_newer(struct model_diff_function *old, struct model_diff_function *newer)
{
	free(old->label);
	old->label = newer->label;
	newer->label = NULL;
	free(old->group);
	old->group = newer->group;
	newer->group = NULL;
	old->line = newer->line;
}

static int add_function(struct loader *load, struct model_diff_function *f, size_t *at)
{
	struct model_diff *diff = load->diff;
	struct key *key = calloc(1, sizeof(*key)), **found;

	if (!key)
		return error_memory(load->error);
	*key = (struct key){f->name, f->mangled, f->file, f->kind, diff->n};
	found = tsearch(key, &load->keys, by_key);
	if (!found || *found != key) {
		free(key);
		if (!found)
			return error_memory(load->error);
		*at = (*found)->at;
		take_newer(&diff->functions[*at], f);
		model_diff_function_release(f);
		return ERR_OK;
	}
	if (diff->n == load->capacity) {
		size_t capacity = 2 * load->capacity + 64;
		void *more = realloc(diff->functions, capacity * sizeof(*diff->functions));

		if (!more)
			return error_memory(load->error);
		diff->functions = more;
		load->capacity = capacity;
	}
	*at = diff->n;
	diff->functions[diff->n++] = *f;
	memset(f, 0, sizeof(*f));
	return ERR_OK;
}

static int make_room(struct loader *load, int64_t id)
{
	size_t n = 2 * (size_t)id + 64;
	struct place *more;

	if ((size_t)id < load->n_places)
		return ERR_OK;
	more = realloc(load->places, n * sizeof(*more));
	if (!more)
		return error_memory(load->error);
	memset(more + load->n_places, 0, (n - load->n_places) * sizeof(*more));
	load->places = more;
	load->n_places = n;
	return ERR_OK;
}

static int place_of(struct loader *load, int64_t id, const char *root, size_t *at)
{
	struct model_diff_function f;
	int rc = make_room(load, id);

	if (rc)
		return rc;
	if (load->places[id].at) {
		*at = load->places[id].at - 1;
		return ERR_OK;
	}
	rc = read_names(load, id, root, &f);
	if (!rc)
		rc = add_function(load, &f, at);
	if (!rc)
		load->places[id].at = *at + 1;
	else
		model_diff_function_release(&f);
	return rc;
}

/* One run's functions, as long as the statement stands on its row. */
struct profile {
	struct merged *functions;
	size_t n;
	const uint8_t *at, *end;
	double ns_per_tick;
	const char *root;
};

static int open_profile(struct loader *load, int64_t run, struct profile *profile)
{
	sqlite3_stmt *stmt = load->profile;
	int step;

	memset(profile, 0, sizeof(*profile));
	sqlite3_reset(stmt);
	sqlite3_bind_int64(stmt, 1, run);
	step = sqlite3_step(stmt);
	if (step == SQLITE_DONE)
		return ERR_OK;
	if (step != SQLITE_ROW)
		return store_error(load->store, load->error);
	profile->ns_per_tick = sqlite3_column_double(stmt, 0);
	profile->root = (const char *)sqlite3_column_text(stmt, 1);
	if (pack_functions_read(sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2),
				&profile->functions, &profile->n))
		return error_set(load->error, ERR_CORRUPT,
				 "the functions of run %lld in %s cannot be read; `hotpath doctor` "
				 "checks the store",
				 (long long)run, load->store->file);
	if (sqlite3_column_count(stmt) > 3) {
		profile->at = sqlite3_column_blob(stmt, 3);
		profile->end = profile->at + sqlite3_column_bytes(stmt, 3);
	}
	return ERR_OK;
}

static int damaged(struct loader *load, int64_t run)
{
	return error_set(load->error, ERR_CORRUPT,
			 "a histogram of run %lld in %s cannot be read; `hotpath doctor` checks "
			 "the store",
			 (long long)run, load->store->file);
}

/*
 * Processes of one run, and copies of a function that only differ in their line, are added up; of
 * their percentiles, those of the larger part stand for all.
 */
static void add_cell(struct model_cell *cell, const struct merged *m, double p50, double p99)
{
	if ((double)m->calls > cell->calls) {
		cell->p50_ns = p50;
		cell->p99_ns = p99;
	}
	cell->calls += (double)m->calls;
	cell->self_ns += (double)m->self_ns;
	cell->total_ns += (double)m->total_ns;
}

static int read_cell(struct loader *load, struct profile *profile, const struct merged *m,
		     int64_t run, struct model_cell *cell)
{
	struct image_bucket *buckets = NULL;
	double p50 = NAN, p99 = NAN, min = (double)m->min_ns, max = (double)m->max_ns;
	size_t length, n = 0;

	if (load->percentiles) {
		const uint8_t *bytes =
			profile->at ? pack_next_histogram(&profile->at, profile->end, &length)
				    : NULL;

		if (!bytes || pack_histogram_read(bytes, length, &buckets, &n))
			return damaged(load, run);
		p50 = percentile_of(buckets, n, profile->ns_per_tick, 50, min, max);
		p99 = percentile_of(buckets, n, profile->ns_per_tick, 99, min, max);
		free(buckets);
	}
	add_cell(cell, m, p50, p99);
	return ERR_OK;
}

/* The body of a side, as long as all its runs have the same. */
static void note_body(struct model_diff_function *f, int side, uint64_t body)
{
	if (f->body_varies[side] || (f->body[side] && f->body[side] != body)) {
		f->body_varies[side] = true;
		body = 0;
	}
	f->body[side] = body;
}

static int read_run(struct loader *load, int64_t run, int side, size_t column)
{
	struct profile profile;
	int rc = open_profile(load, run, &profile);

	for (size_t i = 0; i < profile.n && !rc; i++) {
		size_t at = 0;

		rc = place_of(load, profile.functions[i].function, profile.root, &at);
		if (!rc)
			note_body(&load->diff->functions[at], side,
				  load->places[profile.functions[i].function].body);
		if (!rc)
			rc = read_cell(load, &profile, &profile.functions[i], run,
				       &load->diff->functions[at].cells[column]);
	}
	free(profile.functions);
	return rc;
}

static int prepare(struct loader *load, bool histograms)
{
	int rc = store_prepare(load->store, &load->names,
			       "SELECT (SELECT value FROM text WHERE id = f.name), "
			       "(SELECT value FROM text WHERE id = f.qualified), "
			       "(SELECT value FROM text WHERE id = f.mangled), "
			       "(SELECT value FROM text WHERE id = f.label), "
			       "(SELECT value FROM text WHERE id = f.file), f.line, "
			       "(SELECT value FROM text WHERE id = f.grp), f.kind, "
			       "f.body "
			       "FROM function AS f WHERE f.id = ?",
			       load->error);

	if (rc)
		return rc;
	/* Histograms stand behind all else in the row, and without them its end need not be read. */
	return store_prepare(load->store, &load->profile,
			     histograms
				     ? "SELECT r.ns_per_tick, (SELECT value FROM text WHERE id = "
				       "r.root), p.functions, p.histograms FROM profile AS p JOIN "
				       "run AS r ON r.id = p.run WHERE p.run = ?"
				     : "SELECT r.ns_per_tick, (SELECT value FROM text WHERE id = "
				       "r.root), p.functions FROM profile AS p JOIN run AS r ON "
				       "r.id = p.run WHERE p.run = ?",
			     load->error);
}

static void finish(struct loader *load)
{
	sqlite3_finalize(load->names);
	sqlite3_finalize(load->profile);
	tdestroy(load->keys, free);
	free(load->places);
}

int query_diff(struct store *store, const struct run_ids *base, const struct run_ids *head,
	       bool percentiles, struct model_diff *diff, struct error *error)
{
	struct loader load = {
		.store = store, .diff = diff, .percentiles = percentiles, .error = error};
	int rc = query_side(store, base, &diff->base, error);

	if (!rc)
		rc = query_side(store, head, &diff->head, error);
	if (!rc)
		rc = prepare(&load, percentiles);
	for (size_t i = 0; i < base->n && !rc; i++)
		rc = read_run(&load, base->ids[i], 0, diff->base.run_of[i]);
	for (size_t i = 0; i < head->n && !rc; i++)
		rc = read_run(&load, head->ids[i], 1, diff->base.n + diff->head.run_of[i]);
	diff->all = diff->matched = diff->n;
	finish(&load);
	return rc;
}

static int add_buckets(struct model_diff_function *f, int side, uint32_t run,
		       const struct image_bucket *buckets, size_t n, double ns_per_tick)
{
	size_t had = f->n_buckets[side];
	struct model_bucket *more = realloc(f->buckets[side], (had + n + 1) * sizeof(*more));

	if (!more)
		return -1;
	f->buckets[side] = more;
	for (size_t i = 0; i < n; i++)
		more[had + i] = (struct model_bucket){hist_middle(buckets[i].bucket) * ns_per_tick,
						      run, (double)buckets[i].count};
	f->n_buckets[side] = had + n;
	return 0;
}

/* The function of the model that a function of the store is, when it is wanted on this side. */
static struct model_diff_function *wanted(struct loader *load, int64_t id, const char *root,
					  int *rc)
{
	struct model_diff_function f;
	struct key key;
	struct key **found;

	*rc = make_room(load, id);
	if (*rc || load->places[id].at)
		return *rc || load->places[id].at == NOT_WANTED
			       ? NULL
			       : &load->diff->functions[load->places[id].at - 1];
	*rc = read_names(load, id, root, &f);
	key = (struct key){f.name, f.mangled, f.file, f.kind, 0};
	found = *rc ? NULL : tfind(&key, &load->keys, by_key);
	model_diff_function_release(&f);
	load->places[id].at = found ? (*found)->at + 1 : NOT_WANTED;
	return found ? &load->diff->functions[(*found)->at] : NULL;
}

static int read_run_buckets(struct loader *load, int64_t run, int side, size_t column)
{
	struct profile profile;
	int rc = open_profile(load, run, &profile);

	for (size_t i = 0; i < profile.n && !rc; i++) {
		struct image_bucket *buckets = NULL;
		struct model_diff_function *f;
		size_t length, n = 0;
		const uint8_t *bytes =
			profile.at ? pack_next_histogram(&profile.at, profile.end, &length) : NULL;

		f = wanted(load, profile.functions[i].function, profile.root, &rc);
		if (rc || !f)
			continue;
		if (!bytes || pack_histogram_read(bytes, length, &buckets, &n))
			rc = damaged(load, run);
		else if (add_buckets(f, side, (uint32_t)column, buckets, n, profile.ns_per_tick))
			rc = error_memory(load->error);
		free(buckets);
	}
	free(profile.functions);
	return rc;
}

static int add_wanted_key(struct loader *load, const struct model_diff_function *f, char *name,
			  char *mangled, char *file, size_t at)
{
	struct key *key = calloc(1, sizeof(*key)), **found;

	if (!key)
		return error_memory(load->error);
	*key = (struct key){name, mangled, file, f->kind, at};
	found = tsearch(key, &load->keys, by_key);
	if (!found || *found != key)
		free(key);
	return found ? ERR_OK : error_memory(load->error);
}

/* ascends: the end of the ascending part that begins at `at`. */
static size_t ascends(const struct model_bucket *list, size_t at, size_t n)
{
	while (++at < n && list[at - 1].ns <= list[at].ns)
		;
	return at < n ? at : n;
}

/* merge_parts: merges [a, b) and [b, c) of one list into another; stable. */
static void merge_parts(const struct model_bucket *from, size_t a, size_t b, size_t c,
			struct model_bucket *to)
{
	for (size_t i = a, j = b, k = a; k < c; k++)
		to[k] = i < b && (j >= c || from[i].ns <= from[j].ns) ? from[i++] : from[j++];
}

/* sort_buckets: by time.  Each run's buckets ascend already, so they are merged: qsort() took a third of a comparison.
 */
static int sort_buckets(struct model_bucket *list, size_t n)
{
	struct model_bucket *room, *from = list, *to;
	size_t parts;

	if (ascends(list, 0, n) == n)
		return 0;
	to = room = malloc(n * sizeof(*room));
	if (!room)
		return -1;
	do {
		struct model_bucket *swap = from;

		parts = 0;
		for (size_t a = 0, c; a < n; a = c, parts++) {
			size_t b = ascends(from, a, n);

			c = b < n ? ascends(from, b, n) : n;
			merge_parts(from, a, b, c, to);
		}
		from = to;
		to = swap;
	} while (parts > 1);
	if (from != list)
		memcpy(list, from, n * sizeof(*list));
	free(room);
	return 0;
}

int query_diff_buckets(struct store *store, struct model_diff *diff, struct error *error)
{
	struct loader load = {.store = store, .diff = diff, .error = error};
	int rc = prepare(&load, true);

	for (size_t i = 0; i < diff->n && !rc; i++) {
		struct model_diff_function *f = &diff->functions[i];

		if (!f->wanted)
			continue;
		rc = add_wanted_key(&load, f, f->name, f->mangled, f->file, i);
		if (!rc && f->old_name)
			rc = add_wanted_key(&load, f, f->old_name, f->old_mangled, f->old_file, i);
	}
	for (size_t i = 0; i < diff->base.n_run_ids && !rc; i++)
		rc = read_run_buckets(&load, diff->base.run_ids[i], 0, diff->base.run_of[i]);
	for (size_t i = 0; i < diff->head.n_run_ids && !rc; i++)
		rc = read_run_buckets(&load, diff->head.run_ids[i], 1, diff->head.run_of[i]);
	for (size_t i = 0; i < diff->n && !rc; i++)
		for (int side = 0; side < 2; side++)
			if (sort_buckets(diff->functions[i].buckets[side],
					 diff->functions[i].n_buckets[side]))
				rc = error_memory(error);
	finish(&load);
	return rc;
}
