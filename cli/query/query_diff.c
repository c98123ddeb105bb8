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
#include "query_cell.h"
#include "query_side.h"
#include "../base/run_ids.h"
#include "../store/store.h"

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

/* The function on whose row the statement stands. */
static int read_names(struct loader *load, const char *root, struct model_diff_function *f)
{
	sqlite3_stmt *stmt = load->names;

	memset(f, 0, sizeof(*f));
	f->name = store_text(stmt, 1);
	f->qualified = store_text(stmt, 2);
	f->mangled = store_text(stmt, 3);
	f->label = store_text(stmt, 4);
	f->file = file_at(stmt, 5, root);
	f->line = sqlite3_column_int64(stmt, 6);
	f->group = store_text(stmt, 7);
	f->kind = sqlite3_column_int(stmt, 8);
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
	*at = f->number[0] = f->number[1] = diff->n;
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

static int meet_function(struct loader *load, int64_t id, const char *root)
{
	struct model_diff_function f;
	size_t at = 0;
	int rc = make_room(load, id);

	if (rc)
		return rc;
	rc = read_names(load, root, &f);
	if (!rc)
		rc = add_function(load, &f, &at);
	if (rc) {
		model_diff_function_release(&f);
		return rc;
	}
	load->places[id].at = at + 1;
	load->places[id].body = (uint64_t)sqlite3_column_int64(load->names, 9);
	return ERR_OK;
}

/* The functions of the store from one number to another. */
static int read_functions(struct loader *load, int64_t first, int64_t last, const char *root)
{
	int step, rc = ERR_OK;

	sqlite3_reset(load->names);
	sqlite3_bind_int64(load->names, 1, first);
	sqlite3_bind_int64(load->names, 2, last);
	while (!rc && (step = sqlite3_step(load->names)) != SQLITE_DONE)
		rc = step == SQLITE_ROW
			     ? meet_function(load, sqlite3_column_int64(load->names, 0), root)
			     : store_error(load->store, load->error);
	return rc;
}

static bool is_met(const struct loader *load, int64_t id)
{
	return (uint64_t)id < load->n_places && load->places[id].at;
}

/* Those of a run that were not met yet.  What was recorded first by one run stands together in the store. */
static int meet_functions(struct loader *load, const struct merged *list, size_t n,
			  const char *root)
{
	int rc = ERR_OK;

	for (size_t i = 0, end; i < n && !rc; i = end) {
		end = i + 1;
		if (is_met(load, list[i].function))
			continue;
		while (end < n && list[end].function - list[end - 1].function == 1 &&
		       !is_met(load, list[end].function))
			end++;
		rc = read_functions(load, list[i].function, list[end - 1].function, root);
		for (size_t k = i; k < end && !rc; k++)
			if (!is_met(load, list[k].function))
				rc = error_set(load->error, ERR_CORRUPT,
					       "function %lld of a run is missing in %s; `hotpath "
					       "doctor` checks the store",
					       (long long)list[k].function, load->store->file);
	}
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

static int damaged(struct store *store, int64_t run, struct error *error)
{
	return error_set(error, ERR_CORRUPT,
			 "a histogram of run %lld in %s cannot be read; `hotpath doctor` checks "
			 "the store",
			 (long long)run, store->file);
}

static int read_cell(struct loader *load, struct profile *profile, const struct merged *m,
		     int64_t run, struct model_cell *cell)
{
	const uint8_t *bytes;
	size_t length = 0;

	if (!load->percentiles) {
		query_cell_add(cell, m, NAN, NAN);
		return ERR_OK;
	}
	bytes = profile->at ? pack_next_histogram(&profile->at, profile->end, &length) : NULL;
	return query_cell_add_all(cell, m, bytes, length, profile->ns_per_tick)
		       ? damaged(load->store, run, load->error)
		       : ERR_OK;
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

static int read_run(struct loader *load, int64_t run, int side, size_t column,
		    struct model_called *called)
{
	struct profile profile;
	int rc = open_profile(load, run, &profile);

	if (!rc)
		rc = meet_functions(load, profile.functions, profile.n, profile.root);
	called->numbers = calloc(profile.n + 1, sizeof(*called->numbers));
	if (!rc && !called->numbers)
		rc = error_memory(load->error);
	for (size_t i = 0; i < profile.n && !rc; i++) {
		const struct place *place = &load->places[profile.functions[i].function];
		struct model_diff_function *f = &load->diff->functions[place->at - 1];

		called->numbers[called->n++] = (uint32_t)(place->at - 1);
		note_body(f, side, place->body);
		rc = read_cell(load, &profile, &profile.functions[i], run, &f->cells[column]);
	}
	free(profile.functions);
	return rc;
}

static int prepare(struct loader *load)
{
	int rc = store_prepare(
		load->store, &load->names,
		"SELECT f.id, name.value, qualified.value, mangled.value, label.value, file.value, "
		"f.line, grp.value, f.kind, f.body FROM function AS f "
		"LEFT JOIN text AS name ON name.id = f.name "
		"LEFT JOIN text AS qualified ON qualified.id = f.qualified "
		"LEFT JOIN text AS mangled ON mangled.id = f.mangled "
		"LEFT JOIN text AS label ON label.id = f.label "
		"LEFT JOIN text AS file ON file.id = f.file "
		"LEFT JOIN text AS grp ON grp.id = f.grp "
		"WHERE f.id BETWEEN ? AND ?",
		load->error);

	if (rc)
		return rc;
	/* Histograms stand behind all else in the row, and without them its end need not be read. */
	return store_prepare(load->store, &load->profile,
			     load->percentiles
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
		rc = prepare(&load);
	for (size_t i = 0; i < base->n && !rc; i++)
		rc = read_run(&load, base->ids[i], 0, diff->base.run_of[i], &diff->base.called[i]);
	for (size_t i = 0; i < head->n && !rc; i++)
		rc = read_run(&load, head->ids[i], 1, diff->base.n + diff->head.run_of[i],
			      &diff->head.called[i]);
	diff->all = diff->matched = diff->numbers = diff->n;
	finish(&load);
	return rc;
}

/* What is read of the histograms. */
struct histograms {
	struct store *store;
	sqlite3_stmt *stmt;
	struct model_diff_function **of; /* by number; NULL: not asked for */
	struct error *error;
};

static int add_histogram(struct model_diff_function *f, int side, size_t run,
			 const struct image_bucket *buckets, size_t n, double ns_per_tick)
{
	struct model_histogram *more = realloc(f->histograms[side],
					       (f->n_histograms[side] + 1) * sizeof(*more)),
			       *h;

	if (!more)
		return -1;
	f->histograms[side] = more;
	h = &more[f->n_histograms[side]];
	*h = (struct model_histogram){run, malloc((n + 1) * sizeof(*h->buckets)), n};
	if (!h->buckets)
		return -1;
	f->n_histograms[side]++;
	for (size_t i = 0; i < n; i++) {
		h->buckets[i].ns = hist_middle(buckets[i].bucket) * ns_per_tick;
		h->buckets[i].count = (double)buckets[i].count;
	}
	return 0;
}

/* The histograms of one process, on whose row the statement stands. */
static int read_histograms(struct histograms *read, const struct model_side *side, size_t i,
			   int which)
{
	double ns_per_tick = sqlite3_column_double(read->stmt, 0);
	const uint8_t *at = sqlite3_column_blob(read->stmt, 1);
	const uint8_t *end = at + sqlite3_column_bytes(read->stmt, 1);
	int rc = ERR_OK;

	for (size_t k = 0; k < side->called[i].n && !rc; k++) {
		struct model_diff_function *f = read->of[side->called[i].numbers[k]];
		struct image_bucket *buckets = NULL;
		size_t length, n = 0;
		const uint8_t *bytes = at ? pack_next_histogram(&at, end, &length) : NULL;

		if (bytes && !f)
			continue;
		if (!bytes || pack_histogram_read(bytes, length, &buckets, &n))
			rc = damaged(read->store, side->run_ids[i], read->error);
		else if (add_histogram(f, which, side->run_of[i], buckets, n, ns_per_tick))
			rc = error_memory(read->error);
		free(buckets);
	}
	return rc;
}

static int read_side(struct histograms *read, const struct model_diff *diff, int which)
{
	const struct model_side *side = which ? &diff->head : &diff->base;
	int step, rc = ERR_OK;

	memset(read->of, 0, diff->numbers * sizeof(*read->of));
	for (size_t i = 0; i < diff->n; i++)
		read->of[diff->functions[i].number[which]] = &diff->functions[i];
	for (size_t i = 0; i < side->n_run_ids && !rc; i++) {
		sqlite3_reset(read->stmt);
		sqlite3_bind_int64(read->stmt, 1, side->run_ids[i]);
		step = sqlite3_step(read->stmt);
		if (step == SQLITE_ROW)
			rc = read_histograms(read, side, i, which);
		else if (step != SQLITE_DONE)
			rc = store_error(read->store, read->error);
	}
	return rc;
}

int query_diff_histograms(struct store *store, struct model_diff *diff, struct error *error)
{
	struct histograms read = {.store = store, .error = error};
	int rc = store_prepare(store, &read.stmt,
			       "SELECT r.ns_per_tick, p.histograms FROM profile AS p JOIN run AS r "
			       "ON r.id = p.run WHERE p.run = ?",
			       error);

	read.of = calloc(diff->numbers + 1, sizeof(*read.of));
	if (!rc && !read.of)
		rc = error_memory(error);
	for (int side = 0; side < 2 && !rc; side++)
		rc = read_side(&read, diff, side);
	sqlite3_finalize(read.stmt);
	free(read.of);
	return rc;
}
