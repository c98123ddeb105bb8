/* SPDX-License-Identifier: MIT */
#include "query_function.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/kind.h"
#include "../store/store.h"
#include "../base/text.h"

static int read_roots(struct store *store, const int64_t *ids, size_t n, char **roots,
		      struct error *error)
{
	sqlite3_stmt *stmt;
	int rc = store_prepare(store, &stmt, "SELECT value FROM text WHERE id = ?", error);

	for (size_t i = 0; i < n && !rc; i++) {
		sqlite3_reset(stmt);
		sqlite3_bind_int64(stmt, 1, ids[i]);
		if (sqlite3_step(stmt) == SQLITE_ROW)
			roots[i] = store_text(stmt, 0);
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* A file within the project's folder, however it was given to the compiler. */
static const char *below(const char *file, char *const *roots, size_t n)
{
	for (size_t i = 0; file && i < n; i++) {
		size_t length = roots[i] ? strlen(roots[i]) : 0;

		if (length && strncmp(file, roots[i], length) == 0 && file[length] == '/') {
			file += length + 1;
			break;
		}
	}
	while (file && strncmp(file, "./", 2) == 0)
		file += 2;
	return file;
}

static bool same(const char *one, const char *other)
{
	return strcmp(one ? one : "", other ? other : "") == 0;
}

static int add(struct named_list *named, const struct named *one)
{
	struct named *more = realloc(named->list, (named->n + 1) * sizeof(*more));

	if (!more)
		return -1;
	named->list = more;
	more[named->n++] = *one;
	return 0;
}

static void release(struct named *named)
{
	free(named->name);
	free(named->qualified);
	free(named->mangled);
	free(named->label);
	free(named->file);
	free(named->rule);
}

void query_named_release(struct named_list *named)
{
	for (size_t i = 0; i < named->n; i++)
		release(&named->list[i]);
	free(named->list);
	memset(named, 0, sizeof(*named));
}

const char *query_named_title(const struct named *named)
{
	if (named->label && *named->label)
		return named->label;
	return named->qualified && *named->qualified ? named->qualified : named->name;
}

/* Whether a path ends with another, at a folder's border. */
static bool ends_with(const char *path, const char *end, size_t length)
{
	size_t n = path ? strlen(path) : 0;

	return n >= length && strncmp(path + n - length, end, length) == 0 &&
	       (n == length || path[n - length - 1] == '/');
}

/* Which ones are meant: all that are called so, in full or in part. */
struct search {
	const char *name;
	const char *place; /* kind, or end of the file's path, and its length; NULL: any */
	size_t length;
	bool shortened; /* the name without its parameters, of functions and of templates */
	char *const *roots;
	size_t n_roots;
};

#define FUNCTION_COLUMNS                                                                           \
	"SELECT f.id, (SELECT value FROM text WHERE id = f.name), "                                \
	"(SELECT value FROM text WHERE id = f.qualified), "                                        \
	"(SELECT value FROM text WHERE id = f.mangled), "                                          \
	"(SELECT value FROM text WHERE id = f.label), "                                            \
	"(SELECT value FROM text WHERE id = f.file), "                                             \
	"(SELECT value FROM text WHERE id = f.rule), f.line, f.kind FROM function AS f JOIN text " \
	"AS t "

static const char named_sql[] = FUNCTION_COLUMNS
	"ON t.value = ?1 AND t.id IN (f.name, f.qualified, f.mangled, f.label) ORDER BY f.id";
static const char shortened_sql[] =
	FUNCTION_COLUMNS "ON t.id = f.qualified AND substr(t.value, 1, length(?1) + 1) IN (?1 || "
			 "'(', ?1 || '<') ORDER BY f.id";

static int read_named(sqlite3_stmt *stmt, const struct search *s, struct named *one)
{
	const char *kept;

	*one = (struct named){.id = sqlite3_column_int64(stmt, 0),
			      .name = store_text(stmt, 1),
			      .qualified = store_text(stmt, 2),
			      .mangled = store_text(stmt, 3),
			      .label = store_text(stmt, 4),
			      .file = store_text(stmt, 5),
			      .rule = store_text(stmt, 6),
			      .line = sqlite3_column_int64(stmt, 7),
			      .kind = sqlite3_column_int(stmt, 8)};
	kept = below(one->file, s->roots, s->n_roots);
	if (kept)
		memmove(one->file, kept, strlen(kept) + 1);
	return one->name ? 0 : -1;
}

static bool is_at(const struct named *f, const struct search *s)
{
	const char *kind = kind_name(f->kind);

	return !s->place || ends_with(f->file, s->place, s->length) ||
	       (kind && strlen(kind) == s->length && strncmp(kind, s->place, s->length) == 0);
}

static int collect(struct store *store, const struct search *s, struct named_list *named,
		   struct error *error)
{
	sqlite3_stmt *stmt;
	int step, rc = store_prepare(store, &stmt, s->shortened ? shortened_sql : named_sql, error);

	if (rc)
		return rc;
	sqlite3_bind_text(stmt, 1, s->name, -1, SQLITE_STATIC);
	while (!rc && (step = sqlite3_step(stmt)) != SQLITE_DONE) {
		struct named one;

		if (step != SQLITE_ROW) {
			rc = store_error(store, error);
			break;
		}
		if (read_named(stmt, s, &one))
			rc = error_memory(error);
		if (!rc && is_at(&one, s)) {
			rc = add(named, &one) ? error_memory(error) : ERR_OK;
			if (!rc)
				continue;
		}
		release(&one);
	}
	sqlite3_finalize(stmt);
	return rc;
}

/* Those that have the name in full go before those that are only called so within their class or file. */
static void prefer_full(struct named_list *named, const char *name)
{
	size_t kept = 0;
	bool any = false;

	for (size_t i = 0; i < named->n; i++) {
		const struct named *f = &named->list[i];

		any |= same(f->label, name) || same(f->qualified, name) || same(f->mangled, name);
	}
	for (size_t i = 0; i < named->n && any; i++) {
		struct named *f = &named->list[i];

		if (same(f->label, name) || same(f->qualified, name) || same(f->mangled, name))
			named->list[kept++] = *f;
		else
			release(f);
	}
	if (any)
		named->n = kept;
}

static void tell_apart(struct named_list *named)
{
	for (size_t i = 0; i < named->n; i++) {
		struct named *f = &named->list[i];

		f->function = named->functions;
		for (size_t j = 0; j < i; j++) {
			const struct named *o = &named->list[j];

			if (same(f->mangled, o->mangled) && same(f->name, o->name) &&
			    same(f->file, o->file) && f->kind == o->kind) {
				f->function = o->function;
				break;
			}
		}
		named->functions += f->function == named->functions;
	}
}

/* The colon in FILE:NAME, which is none of those in a::b; NULL when there is none. */
static const char *single_colon(const char *text)
{
	for (const char *c = text; *c; c++) {
		if (*c != ':')
			continue;
		if (c[1] != ':')
			return c > text ? c : NULL;
		c++;
	}
	return NULL;
}

/* A name that is spelled like the wrong one, or has it in it, to be freed; NULL when there is none. */
static char *nearest(struct store *store, const char *wrong)
{
	struct error ignored = {0};
	unsigned best = (unsigned)(strlen(wrong) + 2) / 3 + 1;
	sqlite3_stmt *stmt;
	char *found = NULL;

	if (store_prepare(store, &stmt,
			  "SELECT DISTINCT t.value FROM function AS f JOIN text AS t ON t.id IN "
			  "(f.label, f.qualified, f.name) ORDER BY t.id",
			  &ignored))
		return NULL;
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		unsigned distance = text_distance(wrong, name);

		if (!found && *wrong && strstr(name, wrong))
			distance = best - 1;
		if (distance >= best)
			continue;
		best = distance;
		free(found);
		found = strdup(name);
	}
	sqlite3_finalize(stmt);
	return found;
}

static int unknown(struct store *store, const char *asked, struct error *error)
{
	char *near = nearest(store, asked);
	char *shown = text_printable(asked), *shown_near = text_printable(near ? near : "");

	error_set(error, ERR_USAGE,
		  "no run has a function '%s'%s%s%s; `hotpath report --limit 0` lists those of "
		  "the newest run",
		  shown ? shown : "", near ? ": did you mean " : "",
		  near && shown_near ? shown_near : "", near ? "?" : "");
	free(near);
	free(shown);
	free(shown_near);
	return ERR_USAGE;
}

int query_named(struct store *store, const char *asked, const int64_t *root_ids, size_t n_roots,
		struct named_list *named, struct error *error)
{
	char **roots = calloc(n_roots + 1, sizeof(*roots));
	const char *colon = single_colon(asked);
	struct search s = {.name = asked, .roots = roots, .n_roots = n_roots};
	int rc = roots ? read_roots(store, root_ids, n_roots, roots, error) : error_memory(error);

	memset(named, 0, sizeof(*named));
	/* In full, without parameters, and both behind a file or a kind. */
	for (int i = 0; i < 4 && !rc && named->n == 0; i++) {
		if (i == 2 && !colon)
			break;
		if (i == 2) {
			s.name = colon + 1;
			s.place = asked;
			s.length = (size_t)(colon - asked);
		}
		s.shortened = i % 2;
		rc = collect(store, &s, named, error);
	}
	if (!rc && named->n == 0)
		rc = unknown(store, asked, error);
	if (!rc) {
		prefer_full(named, s.name);
		tell_apart(named);
	}
	for (size_t i = 0; roots && i < n_roots; i++)
		free(roots[i]);
	free(roots);
	return rc;
}

static const char *full_name(const struct named *f)
{
	return f->qualified && *f->qualified ? f->qualified : f->name;
}

static const struct named *first_of(const struct named_list *named, size_t function)
{
	const struct named *f = named->list;

	while (f->function != function)
		f++;
	return f;
}

/* What tells a function from the others that are meant: its file and name, or where that is the same, its linker name. */
static void add_choice(const struct named_list *named, const bool *meant, size_t function,
		       struct text *words)
{
	const struct named *f = first_of(named, function);
	const char *kind;

	for (size_t i = 0; i < named->functions; i++) {
		const struct named *o = first_of(named, i);

		if (i == function || !meant[i] || !same(full_name(f), full_name(o)) ||
		    !same(f->file, o->file) || !f->mangled)
			continue;
		text_print(words, "%s", f->mangled);
		return;
	}
	kind = f->kind ? kind_name(f->kind) : NULL;
	text_print(words, "%s:%s", kind ? kind : f->file ? f->file : "?", full_name(f));
}

int query_named_ambiguous(const struct named_list *named, const char *asked, const bool *meant,
			  struct error *error)
{
	enum { SHOWN = 6 };
	struct text words = {0};
	size_t n = 0;
	char *list, *shown, *shown_list;

	for (size_t function = 0; function < named->functions; function++) {
		if (!meant[function] || n++ >= SHOWN)
			continue;
		text_print(&words, "%s", n > 1 ? ", " : "");
		add_choice(named, meant, function, &words);
	}
	if (n > SHOWN)
		text_print(&words, ", ...");
	list = text_take(&words);
	shown = text_printable(asked);
	shown_list = list ? text_printable(list) : NULL;
	error_set(error, ERR_USAGE, "'%s' is %zu functions here; write one of %s",
		  shown ? shown : "", n, shown_list ? shown_list : "");
	free(list);
	free(shown);
	free(shown_list);
	return ERR_USAGE;
}
