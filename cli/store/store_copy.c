/* SPDX-License-Identifier: MIT */
#include "store_copy.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../segment/image.h"
#include "merge.h"
#include "pack.h"
#include "store.h"
#include "store_live.h"
#include "store_tables.h"

/* Numbers of rows that were copied already: open addressing, 0 is free. */
struct map {
	int64_t *from, *to;
	size_t n, room;
};

/* What is used of a table. */
struct source {
	sqlite3_stmt *read;	     /* rows of the other store */
	sqlite3_stmt *find, *insert; /* in ours */
	struct map map;
};

struct copy {
	struct store *from, *to;
	struct error *error;
	struct store_tables tables;
	struct source *sources; /* for each table */
	sqlite3_stmt *id_of, *known;
	int64_t run_from, run_to;
};

static size_t map_slot(const struct map *map, int64_t from)
{
	size_t slot = (uint64_t)from * 0x9e3779b97f4a7c15u >> 20 & (map->room - 1);

	while (map->from[slot] && map->from[slot] != from)
		slot = (slot + 1) & (map->room - 1);
	return slot;
}

static int64_t map_get(const struct map *map, int64_t from)
{
	return map->room ? map->to[map_slot(map, from)] : 0;
}

static int map_put(struct map *map, int64_t from, int64_t to)
{
	struct map old = *map;
	size_t slot;

	if (2 * map->n >= map->room) {
		map->room = map->room ? 2 * map->room : 1024;
		map->from = calloc(map->room, sizeof(*map->from));
		map->to = calloc(map->room, sizeof(*map->to));
		if (!map->from || !map->to) {
			free(map->from);
			free(map->to);
			*map = old;
			return -1;
		}
		for (size_t i = 0; i < old.room; i++) {
			if (!old.from[i])
				continue;
			slot = map_slot(map, old.from[i]);
			map->from[slot] = old.from[i];
			map->to[slot] = old.to[i];
		}
		free(old.from);
		free(old.to);
	}
	slot = map_slot(map, from);
	map->from[slot] = from;
	map->to[slot] = to;
	map->n++;
	return 0;
}

static int damaged(struct copy *c, const char *what)
{
	return error_set(
		c->error, ERR_CORRUPT,
		"run %lld of %s cannot be read: %s; nothing was taken from it, `hotpath db "
		"check` tells more",
		(long long)c->run_from, c->from->file, what);
}

/* An error of the store that is written; a value that it does not take is the other's fault. */
static int not_written(struct copy *c)
{
	if ((sqlite3_errcode(c->to->db) & 0xff) == SQLITE_CONSTRAINT)
		return damaged(c, sqlite3_errmsg(c->to->db));
	return store_error(c->to, c->error);
}

static int prepare_owned(struct copy *c, struct store *store, sqlite3_stmt **stmt, char *sql)
{
	int rc = sql ? store_prepare(store, stmt, sql, c->error) : error_memory(c->error);

	free(sql);
	return rc;
}

static int open_sources(struct copy *c)
{
	int rc = store_tables_read(c->to, &c->tables, c->error);

	c->sources = calloc(c->tables.n + 1, sizeof(*c->sources));
	if (!rc && !c->sources)
		rc = error_memory(c->error);
	for (size_t i = 0; i < c->tables.n && !rc; i++) {
		const struct store_table *t = &c->tables.list[i];
		struct source *s = &c->sources[i];

		if (t->is_constant)
			continue;
		rc = prepare_owned(c, c->from, &s->read,
				   store_tables_select(t, t->run ? t->run : "id"));
		if (!rc)
			rc = prepare_owned(c, c->to, &s->insert, store_tables_insert(t));
		if (!rc && !t->run)
			rc = prepare_owned(c, c->to, &s->find, store_tables_lookup(t));
	}
	return rc;
}

static void close_sources(struct copy *c)
{
	for (size_t i = 0; c->sources && i < c->tables.n; i++) {
		sqlite3_finalize(c->sources[i].read);
		sqlite3_finalize(c->sources[i].find);
		sqlite3_finalize(c->sources[i].insert);
		free(c->sources[i].map.from);
		free(c->sources[i].map.to);
	}
	free(c->sources);
	store_tables_release(&c->tables);
}

static int map_row(struct copy *c, const struct store_table *table, int64_t from, int64_t *to);

/* Binds a column of the row that `read` stands on to parameter i + 1 of one or two statements. */
static int bind_column(struct copy *c, const struct store_table *table, size_t i,
		       sqlite3_stmt *read, sqlite3_stmt *one, sqlite3_stmt *two)
{
	const char *target = table->columns[i].target;
	const struct store_table *other = target ? store_tables_find(&c->tables, target) : NULL;
	bool plain =
		!other || other->is_constant || sqlite3_column_type(read, (int)i) == SQLITE_NULL;
	int64_t from, to;
	int rc;

	if (plain) {
		sqlite3_bind_value(one, (int)i + 1, sqlite3_column_value(read, (int)i));
		if (two)
			sqlite3_bind_value(two, (int)i + 1, sqlite3_column_value(read, (int)i));
		return ERR_OK;
	}
	from = sqlite3_column_int64(read, (int)i);
	if (strcmp(target, "run") == 0) {
		to = c->run_to;
		rc = from == c->run_from ? ERR_OK : damaged(c, "a number of a run is wrong");
	} else {
		rc = map_row(c, other, from, &to);
	}
	if (rc)
		return rc;
	sqlite3_bind_int64(one, (int)i + 1, to);
	if (two)
		sqlite3_bind_int64(two, (int)i + 1, to);
	return ERR_OK;
}

static int bind_row(struct copy *c, const struct store_table *table, sqlite3_stmt *read,
		    sqlite3_stmt *one, sqlite3_stmt *two)
{
	int rc = ERR_OK;

	sqlite3_reset(one);
	if (two)
		sqlite3_reset(two);
	for (size_t i = 0; i < table->n && !rc; i++)
		rc = bind_column(c, table, i, read, one, two);
	return rc;
}

/* Finds the row that is bound to both, or makes it. */
static int find_or_insert(struct copy *c, struct source *s, int64_t *to)
{
	int step = sqlite3_step(s->find);

	if (step == SQLITE_ROW) {
		*to = sqlite3_column_int64(s->find, 0);
		sqlite3_reset(s->find);
		return ERR_OK;
	}
	if (step != SQLITE_DONE || sqlite3_step(s->insert) != SQLITE_DONE)
		return not_written(c);
	*to = sqlite3_last_insert_rowid(c->to->db);
	return ERR_OK;
}

/* The number that a row of a dictionary has in our store. */
static int map_row(struct copy *c, const struct store_table *table, int64_t from, int64_t *to)
{
	struct source *s = &c->sources[table - c->tables.list];
	int step, rc;

	*to = map_get(&s->map, from);
	if (*to)
		return ERR_OK;
	sqlite3_reset(s->read);
	sqlite3_bind_int64(s->read, 1, from);
	step = sqlite3_step(s->read);
	if (step != SQLITE_ROW)
		return step == SQLITE_DONE ? damaged(c, "what it refers to is missing")
					   : store_error(c->from, c->error);
	rc = bind_row(c, table, s->read, s->find, s->insert);
	if (!rc)
		rc = find_or_insert(c, s, to);
	if (!rc && from && map_put(&s->map, from, *to))
		rc = error_memory(c->error);
	sqlite3_reset(s->read);
	return rc;
}

static int map_function(struct copy *c, int64_t from, int64_t *to)
{
	return map_row(c, store_tables_find(&c->tables, "function"), from, to);
}

static int by_function(const void *one, const void *other)
{
	const struct merged *a = one, *b = other;

	return a->function < b->function ? -1 : a->function > b->function;
}

/* Where the columns of a profile stand that hold numbers of functions, or are in the order of these. */
struct packed {
	int functions, contexts, histograms, skipped;
	struct pack numbers, buckets, tree, counted;
};

static int read_histograms(struct copy *c, sqlite3_stmt *read, int column, struct merged *list,
			   size_t n)
{
	const uint8_t *at = sqlite3_column_blob(read, column);
	const uint8_t *end = at ? at + sqlite3_column_bytes(read, column) : NULL;

	for (size_t i = 0; i < n; i++) {
		size_t length = 0;
		const uint8_t *bytes = at ? pack_next_histogram(&at, end, &length) : NULL;

		if (!bytes ||
		    pack_histogram_read(bytes, length, &list[i].buckets, &list[i].n_buckets))
			return damaged(c, "a histogram");
	}
	return at == end ? ERR_OK : damaged(c, "it has histograms of no function");
}

static int write_functions(struct copy *c, struct packed *p, struct merged *list, size_t n)
{
	int rc = ERR_OK;

	for (size_t i = 0; i < n && !rc; i++)
		rc = map_function(c, list[i].function, &list[i].function);
	if (!rc && n)
		qsort(list, n, sizeof(*list), by_function);
	for (size_t i = 1; i < n && !rc; i++)
		if (list[i].function == list[i - 1].function)
			rc = damaged(c, "it has a function twice");
	if (!rc && (pack_functions(&p->numbers, &p->buckets, list, n) ||
		    pack_skipped(&p->counted, list, n)))
		rc = error_memory(c->error);
	return rc;
}

static int repack_functions(struct copy *c, sqlite3_stmt *read, struct packed *p)
{
	struct merged *list = NULL;
	size_t n = 0;
	int rc;

	if (pack_functions_read(sqlite3_column_blob(read, p->functions),
				(size_t)sqlite3_column_bytes(read, p->functions), &list, &n))
		return damaged(c, "its functions");
	if (pack_skipped_read(sqlite3_column_blob(read, p->skipped),
			      (size_t)sqlite3_column_bytes(read, p->skipped), list, n))
		rc = damaged(c, "the calls that were counted only");
	else
		rc = read_histograms(c, read, p->histograms, list, n);
	if (!rc)
		rc = write_functions(c, p, list, n);
	merge_release(list, n);
	return rc;
}

static int repack_contexts(struct copy *c, sqlite3_stmt *read, int column, struct pack *out)
{
	struct pack_context *list = NULL;
	size_t n = 0;
	int rc = ERR_OK;

	if (pack_contexts_read(sqlite3_column_blob(read, column),
			       (size_t)sqlite3_column_bytes(read, column), &list, &n))
		return damaged(c, "its calling contexts");
	for (size_t i = 0; i < n && !rc; i++)
		rc = map_function(c, list[i].function, &list[i].function);
	if (!rc && pack_contexts(out, list, n))
		rc = error_memory(c->error);
	free(list);
	return rc;
}

static void bind_pack(sqlite3_stmt *stmt, int column, const struct pack *pack)
{
	/* A null pointer would bind NULL. */
	sqlite3_bind_blob64(stmt, column + 1, pack->n ? (const void *)pack->bytes : "", pack->n,
			    SQLITE_TRANSIENT);
}

static int find_column(const struct store_table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++)
		if (strcmp(table->columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* In place of the packed bytes of a profile that are bound, those with our numbers. */
static int bind_profile(struct copy *c, const struct store_table *table, struct source *s)
{
	struct packed p = {.functions = find_column(table, "functions"),
			   .contexts = find_column(table, "contexts"),
			   .histograms = find_column(table, "histograms"),
			   .skipped = find_column(table, "skipped")};
	int rc = repack_functions(c, s->read, &p);

	if (!rc)
		rc = repack_contexts(c, s->read, p.contexts, &p.tree);
	if (!rc) {
		bind_pack(s->insert, p.functions, &p.numbers);
		bind_pack(s->insert, p.histograms, &p.buckets);
		bind_pack(s->insert, p.contexts, &p.tree);
		if (p.counted.n)
			bind_pack(s->insert, p.skipped, &p.counted);
		else
			sqlite3_bind_null(s->insert, p.skipped + 1);
	}
	free(p.numbers.bytes);
	free(p.buckets.bytes);
	free(p.tree.bytes);
	free(p.counted.bytes);
	return rc;
}

static int bind_recent(struct copy *c, const struct store_table *table, struct source *s)
{
	int column = find_column(table, "calls");
	struct pack_call *calls;
	struct pack packed = {0};
	size_t n;
	int rc = ERR_OK;

	if (pack_calls_read(sqlite3_column_blob(s->read, column),
			    (size_t)sqlite3_column_bytes(s->read, column), &calls, &n))
		return damaged(c, "its newest calls");
	for (size_t i = 0; i < n && !rc; i++)
		rc = map_function(c, calls[i].function, &calls[i].function);
	if (!rc && pack_calls(&packed, calls, n))
		rc = error_memory(c->error);
	if (!rc)
		bind_pack(s->insert, column, &packed);
	free(packed.bytes);
	free(calls);
	return rc;
}

/* All rows of a table that belong to the run. */
static int copy_rows(struct copy *c, const struct store_table *table)
{
	struct source *s = &c->sources[table - c->tables.list];
	int step = SQLITE_DONE, rc = ERR_OK;

	sqlite3_reset(s->read);
	sqlite3_bind_int64(s->read, 1, c->run_from);
	while (!rc && (step = sqlite3_step(s->read)) == SQLITE_ROW) {
		rc = bind_row(c, table, s->read, s->insert, NULL);
		if (!rc && strcmp(table->name, "profile") == 0)
			rc = bind_profile(c, table, s);
		if (!rc && strcmp(table->name, "run_recent") == 0)
			rc = bind_recent(c, table, s);
		if (!rc && sqlite3_step(s->insert) != SQLITE_DONE)
			rc = not_written(c);
		sqlite3_reset(s->insert);
	}
	if (!rc && step != SQLITE_DONE)
		rc = store_error(c->from, c->error);
	sqlite3_reset(s->read);
	return rc;
}

static int open_lookups(struct copy *c)
{
	int rc = store_prepare(c->from, &c->id_of,
			       "SELECT run_id, part, duration_ns FROM run WHERE id = ?1", c->error);

	if (rc)
		return rc;
	/* A run up to a moment is replaced by the whole one, and by one up to a later moment. */
	return store_prepare(
		c->to, &c->known,
		"SELECT id, part = 1 AND (?2 = 0 OR (?2 = 1 AND duration_ns < ?3)) FROM run "
		"WHERE run_id = ?1",
		c->error);
}

/* What our store has of the run. */
enum found {
	FOUND_NOTHING,
	FOUND_SAME,
	FOUND_LESS, /* of an earlier moment */
};

/* run_to is its number then. */
static int find_run(struct copy *c, enum found *found)
{
	int step;

	*found = FOUND_NOTHING;
	sqlite3_reset(c->id_of);
	sqlite3_bind_int64(c->id_of, 1, c->run_from);
	step = sqlite3_step(c->id_of);
	if (step != SQLITE_ROW)
		return step == SQLITE_DONE ? damaged(c, "it is not there")
					   : store_error(c->from, c->error);
	sqlite3_reset(c->known);
	for (int i = 0; i < 3; i++)
		sqlite3_bind_value(c->known, i + 1, sqlite3_column_value(c->id_of, i));
	sqlite3_reset(c->id_of);
	step = sqlite3_step(c->known);
	if (step == SQLITE_ROW) {
		c->run_to = sqlite3_column_int64(c->known, 0);
		*found = sqlite3_column_int(c->known, 1) ? FOUND_LESS : FOUND_SAME;
	}
	sqlite3_reset(c->known);
	return step == SQLITE_ROW || step == SQLITE_DONE ? ERR_OK : store_error(c->to, c->error);
}

static int insert_run(struct copy *c)
{
	const struct store_table *run = store_tables_find(&c->tables, "run");
	struct source *s = &c->sources[run - c->tables.list];
	int rc;

	sqlite3_reset(s->read);
	sqlite3_bind_int64(s->read, 1, c->run_from);
	if (sqlite3_step(s->read) != SQLITE_ROW)
		return store_error(c->from, c->error);
	rc = bind_row(c, run, s->read, s->insert, NULL);
	if (!rc && sqlite3_step(s->insert) != SQLITE_DONE)
		rc = not_written(c);
	c->run_to = sqlite3_last_insert_rowid(c->to->db);
	sqlite3_reset(s->insert);
	sqlite3_reset(s->read);
	return rc;
}

/* In place of what our store has, under its number. */
static int replace_run(struct copy *c)
{
	int64_t number = c->run_to;
	char *sql;
	int rc = store_live_remove(c->to, number, c->error);

	if (!rc)
		rc = insert_run(c);
	if (rc)
		return rc;
	sql = sqlite3_mprintf("UPDATE run SET id = %lld WHERE id = %lld", (long long)number,
			      (long long)c->run_to);
	rc = sql ? store_exec(c->to, sql, c->error) : error_memory(c->error);
	sqlite3_free(sql);
	c->run_to = number;
	return rc ? rc : store_live_tags(c->to, number, c->error);
}

static int copy_run(struct copy *c, struct store_copied *done)
{
	enum found found;
	int rc = find_run(c, &found);

	if (!rc && found == FOUND_SAME) {
		done->known++;
		return copy_rows(c, store_tables_find(&c->tables, "run_tag"));
	}
	if (!rc)
		rc = found == FOUND_LESS ? replace_run(c) : insert_run(c);
	for (size_t i = 0; i < c->tables.n && !rc; i++)
		if (c->tables.list[i].run)
			rc = copy_rows(c, &c->tables.list[i]);
	if (!rc && found == FOUND_LESS)
		done->replaced++;
	else if (!rc)
		done->added++;
	return rc;
}

static int mark_wanted(struct copy *c, const int64_t *ids, size_t n, bool **wanted, int64_t *max)
{
	*max = 0;
	for (size_t i = 0; i < n; i++)
		*max = ids[i] > *max ? ids[i] : *max;
	*wanted = calloc((size_t)*max + 1, sizeof(**wanted));
	if (!*wanted)
		return error_memory(c->error);
	for (size_t i = 0; i < n; i++)
		(*wanted)[ids[i]] = true;
	return ERR_OK;
}

static int copy_all(struct copy *c, const int64_t *ids, size_t n, struct store_copied *done)
{
	sqlite3_stmt *list = NULL;
	bool *wanted = NULL;
	int64_t max = 0;
	int step = SQLITE_DONE, rc = mark_wanted(c, ids, n, &wanted, &max);

	if (!rc)
		rc = store_prepare(c->from, &list, "SELECT id FROM run ORDER BY started_at_ns, id",
				   c->error);
	if (!rc)
		rc = open_lookups(c);
	while (!rc && (step = sqlite3_step(list)) == SQLITE_ROW) {
		c->run_from = sqlite3_column_int64(list, 0);
		if (!ids || (c->run_from > 0 && c->run_from <= max && wanted[c->run_from]))
			rc = copy_run(c, done);
	}
	if (!rc && step != SQLITE_DONE)
		rc = store_error(c->from, c->error);
	sqlite3_finalize(list);
	sqlite3_finalize(c->id_of);
	sqlite3_finalize(c->known);
	free(wanted);
	return rc;
}

int store_copy(struct store *from, struct store *to, const int64_t *ids, size_t n,
	       struct store_copied *done, struct error *error)
{
	struct copy copy = {.from = from, .to = to, .error = error};
	struct store_copied now = {0};
	int rc = store_begin(to, error);

	if (rc)
		return rc;
	/* One state of the other store, whatever is written to it meanwhile. */
	rc = store_begin_reading(from, error);
	if (!rc)
		rc = open_sources(&copy);
	if (!rc)
		rc = copy_all(&copy, ids, n, &now);
	close_sources(&copy);
	store_rollback(from);
	if (!rc)
		rc = store_commit(to, error);
	if (rc) {
		store_rollback(to);
		return rc;
	}
	done->added += now.added;
	done->replaced += now.replaced;
	done->known += now.known;
	return ERR_OK;
}
