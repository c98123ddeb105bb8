/* SPDX-License-Identifier: MIT */
#include "query_tree.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/abi.h"
#include "../base/error.h"
#include "../store/pack.h"
#include "query.h"
#include "../store/store.h"

static int read_contexts(struct store *store, int64_t run, struct pack_context **contexts,
			 size_t *n, struct error *error)
{
	sqlite3_stmt *stmt;
	int step, rc = store_prepare(store, &stmt, "SELECT contexts FROM profile WHERE run = ?",
				     error);

	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, run);
	step = sqlite3_step(stmt);
	if (step == SQLITE_ROW &&
	    pack_contexts_read(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0),
			       contexts, n))
		rc = error_set(error, ERR_CORRUPT,
			       "the calling contexts of run %lld in %s cannot be read; `hotpath "
			       "doctor` checks the store",
			       (long long)run, store->file);
	else if (step != SQLITE_ROW && step != SQLITE_DONE)
		rc = store_error(store, error);
	sqlite3_finalize(stmt);
	return rc;
}

static int take_text(sqlite3_stmt *stmt, int column, char **text)
{
	const char *found = (const char *)sqlite3_column_text(stmt, column);

	*text = found ? strdup(found) : NULL;
	return found && !*text ? -1 : 0;
}

static int read_function(struct store *store, sqlite3_stmt *stmt, int64_t id,
			 struct model_tree_function *f, struct error *error)
{
	sqlite3_reset(stmt);
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_int(stmt, 2, HOTPATH_KIND_CALL);
	if (sqlite3_step(stmt) != SQLITE_ROW || sqlite3_column_type(stmt, 0) == SQLITE_NULL ||
	    sqlite3_column_type(stmt, 3) == SQLITE_NULL)
		return error_set(error, ERR_CORRUPT,
				 "function %lld of a run is missing in %s; `hotpath doctor` checks "
				 "the store",
				 (long long)id, store->file);
	f->line = sqlite3_column_int64(stmt, 2);
	f->object = -1;
	f->kind = sqlite3_column_int(stmt, 7);
	if (take_text(stmt, 0, &f->name) || take_text(stmt, 1, &f->file) ||
	    take_text(stmt, 3, &f->plain) || take_text(stmt, 4, &f->mangled) ||
	    take_text(stmt, 5, &f->qualified) || take_text(stmt, 6, &f->group))
		return error_memory(error);
	return ERR_OK;
}

static int by_number(const void *one, const void *other)
{
	int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

	return (a > b) - (a < b);
}

/* The numbers of the functions in the tree, ascending, each once. */
static size_t list_functions(const struct pack_context *contexts, size_t n, int64_t *ids)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		ids[i] = contexts[i].function;
	if (n)
		qsort(ids, n, sizeof(*ids), by_number);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || ids[kept - 1] != ids[i])
			ids[kept++] = ids[i];
	return kept;
}

static int read_functions(struct store *store, const int64_t *ids, size_t n,
			  struct model_tree *tree, struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(store, &stmt,
			       "SELECT (SELECT value FROM text WHERE id = coalesce(f.label, "
			       "f.qualified, f.name)) || iif(f.kind = ?2, ' [call]', ''), "
			       "(SELECT value FROM text WHERE id = f.file), "
			       "f.line, (SELECT value FROM text WHERE id = f.name), "
			       "(SELECT value FROM text WHERE id = f.mangled), "
			       "(SELECT value FROM text WHERE id = f.qualified), "
			       "(SELECT value FROM text WHERE id = f.grp), f.kind "
			       "FROM function AS f WHERE f.id = ?1",
			       error);

	if (rc)
		return rc;
	tree->functions = calloc(n + 1, sizeof(*tree->functions));
	if (!tree->functions)
		rc = error_memory(error);
	for (size_t i = 0; i < n && !rc; i++) {
		tree->n_functions = i + 1;
		rc = read_function(store, stmt, ids[i], &tree->functions[i], error);
	}
	sqlite3_finalize(stmt);
	return rc;
}

static int fill(struct store *store, const struct pack_context *contexts, size_t n,
		struct model_tree *tree, struct error *error)
{
	int64_t *ids = calloc(n + 1, sizeof(*ids));
	size_t n_ids = ids ? list_functions(contexts, n, ids) : 0;
	int rc;

	tree->contexts = calloc(n + 1, sizeof(*tree->contexts));
	rc = ids && tree->contexts ? read_functions(store, ids, n_ids, tree, error)
				   : error_memory(error);
	for (size_t i = 0; i < n && !rc; i++) {
		const int64_t *place =
			bsearch(&contexts[i].function, ids, n_ids, sizeof(*ids), by_number);

		tree->contexts[i] = (struct model_context){
			.parent = contexts[i].parent,
			.function = (size_t)(place - ids),
			.calls = (int64_t)contexts[i].calls,
			.total_ns = (int64_t)contexts[i].total_ns,
			.self_ns = (int64_t)contexts[i].self_ns,
		};
	}
	tree->n = tree->all = rc ? 0 : n;
	free(ids);
	return rc;
}

static int read_root(struct store *store, int64_t run, char **root, struct error *error)
{
	sqlite3_stmt *stmt;
	const char *text;
	int rc = store_prepare(store, &stmt,
			       "SELECT t.value FROM run AS r JOIN text AS t ON t.id = r.root "
			       "WHERE r.id = ?",
			       error);

	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, run);
	text = sqlite3_step(stmt) == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
	*root = text ? strdup(text) : NULL;
	rc = text && !*root ? error_memory(error) : ERR_OK;
	sqlite3_finalize(stmt);
	return rc;
}

int query_tree(struct store *store, int64_t run, struct model_tree *tree, struct error *error)
{
	struct pack_context *contexts = NULL;
	size_t n = 0;
	int rc;

	memset(tree, 0, sizeof(*tree));
	rc = query_run(store, run, &tree->run, error);
	if (!rc)
		rc = read_root(store, run, &tree->root, error);
	if (!rc)
		rc = read_contexts(store, run, &contexts, &n, error);
	if (!rc)
		rc = fill(store, contexts, n, tree, error);
	free(contexts);
	return rc;
}

/* The object with a path and a build-id, by its index; added when it is new. */
static int add_object(struct model_tree *tree, const char *path, const char *build_id, size_t *at)
{
	struct model_tree_object *more;

	for (*at = 0; *at < tree->n_objects; ++*at)
		if (strcmp(tree->objects[*at].path ? tree->objects[*at].path : "",
			   path ? path : "") == 0 &&
		    strcmp(tree->objects[*at].build_id, build_id) == 0)
			return 0;
	more = realloc(tree->objects, (tree->n_objects + 1) * sizeof(*more));
	if (!more)
		return -1;
	tree->objects = more;
	more[*at].path = path ? strdup(path) : NULL;
	more[*at].build_id = strdup(build_id);
	tree->n_objects++;
	return (path && !more[*at].path) || !more[*at].build_id ? -1 : 0;
}

/* Functions of a unit's own source are in its object, unless another object has that source too. */
static void place_functions(struct model_tree *tree, const char *source, size_t object)
{
	for (size_t i = 0; i < tree->n_functions && source; i++) {
		struct model_tree_function *f = &tree->functions[i];

		if (!f->file || strcmp(f->file, source) != 0)
			continue;
		f->object = f->object == -1 || f->object == (int64_t)object ? (int64_t)object : -2;
	}
}

static int read_objects(sqlite3_stmt *stmt, struct store *store, struct model_tree *tree,
			struct error *error)
{
	int step;

	while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *build_id = (const char *)sqlite3_column_text(stmt, 2);
		size_t at;

		if (add_object(tree, (const char *)sqlite3_column_text(stmt, 1),
			       build_id ? build_id : "", &at))
			return error_memory(error);
		place_functions(tree, (const char *)sqlite3_column_text(stmt, 0), at);
	}
	return step == SQLITE_DONE ? ERR_OK : store_error(store, error);
}

/* The loader has no name for the program itself: an object without a path is that. */
int query_tree_objects(struct store *store, struct model_tree *tree, struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(store, &stmt,
			       "SELECT (SELECT value FROM text WHERE id = unit.source), p.value, "
			       "o.build_id FROM run_unit AS u JOIN unit ON unit.id = u.unit "
			       "JOIN object AS o ON o.id = unit.object "
			       "JOIN run AS r ON r.id = u.run "
			       "LEFT JOIN text AS p ON p.id = coalesce(o.path, r.exe) "
			       "WHERE u.run = ? "
			       "ORDER BY coalesce(o.path, r.exe) IS NOT r.exe, o.id, unit.id",
			       error);

	if (rc)
		return rc;
	sqlite3_bind_int64(stmt, 1, tree->run.id);
	rc = read_objects(stmt, store, tree, error);
	sqlite3_finalize(stmt);
	for (size_t i = 0; i < tree->n_functions; i++) {
		struct model_tree_function *f = &tree->functions[i];

		/* A header's functions are wherever the only object is. */
		if (f->object < 0)
			f->object = tree->n_objects == 1 ? 0 : -1;
	}
	return rc;
}
