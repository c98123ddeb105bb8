/* SPDX-License-Identifier: MIT */
#include "run_set.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../base/error.h"
#include "../base/git.h"
#include "query.h"
#include "query_set.h"
#include "../store/store.h"
#include "../base/text.h"
#include "../base/when.h"

struct search {
	struct store *store;
	const struct run_set_wish *wish;
	struct run_ids *ids;
	struct error *error;
};

/* A work tree's runs are in a store of its own. */
static void add_tree(void *data, const char *dir)
{
	char *file = text_format("%s/.hotpath/hotpath.db", dir), *shown = text_printable(dir);

	if (file && shown && access(file, F_OK) == 0)
		text_print(data,
			   "; the work tree %s has runs of its own: `hotpath db import %s` takes "
			   "them in here",
			   shown, shown);
	free(file);
	free(shown);
}

static int nothing(struct search *s, const char *what, const char *name)
{
	struct text known = {0}, trees = {0};
	int rc = query_set_known(s->store, &known, s->error);
	char *words = text_take(&known), *shown = text_printable(name), *elsewhere;

	if (rc) {
		free(words);
		free(shown);
		return rc;
	}
	git_other_trees(add_tree, &trees);
	elsewhere = text_take(&trees);
	error_set(s->error, ERR_NO_RUN,
		  "no runs%s '%s'; the store has %s`hotpath runs` lists them%s", what,
		  shown ? shown : "", words && *words ? words : "none; ",
		  elsewhere ? elsewhere : "");
	free(elsewhere);
	free(words);
	free(shown);
	return ERR_NO_RUN;
}

static bool is_hex(const char *name)
{
	return strlen(name) >= 4 && strlen(name) <= 64 &&
	       name[strspn(name, "0123456789abcdefABCDEF")] == '\0';
}

static int add_commit(struct search *s, const char *name)
{
	struct text commits = {0};
	char *prefix, *list;
	size_t n = 0;
	int rc;

	if (!is_hex(name))
		return ERR_OK;
	prefix = strdup(name);
	if (!prefix)
		return error_memory(s->error);
	for (char *c = prefix; *c; c++)
		*c |= *c >= 'A' && *c <= 'F' ? 0x20 : 0;
	rc = query_set_commit(s->store, prefix, s->ids, &commits, &n, s->error);
	list = text_take(&commits);
	if (!rc && n > 1)
		rc = error_set(s->error, ERR_USAGE,
			       "'%s' is the beginning of %zu commits: %s; write more of it", prefix,
			       n, list ? list : "");
	free(prefix);
	free(list);
	return rc;
}

static int add_tag(struct search *s, const char *name)
{
	char *commit = git_commit_of(name);
	int rc = commit ? add_commit(s, commit) : ERR_OK;

	free(commit);
	return rc;
}

static int add_branch(struct search *s, const char *name)
{
	return query_set_branch(s->store, name, INT64_MAX, s->wish->all_commits, s->ids, s->error);
}

static int add_label(struct search *s, const char *name)
{
	return query_set_label(s->store, name, s->ids, s->error);
}

static int add_host(struct search *s, const char *name)
{
	return query_set_host(s->store, name, s->ids, s->error);
}

static const struct kind {
	const char *prefix, *words;
	int (*add)(struct search *s, const char *name);
	bool plain; /* a plain name may mean this */
} kinds[] = {
	{"branch:", "a branch", add_branch, true}, {"label:", "a label", add_label, true},
	{"commit:", "a commit", add_commit, true}, {"tag:", "a git tag", add_tag, false},
	{"host:", "a host", add_host, false},
};

enum { N_KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static bool same_ids(const int64_t *one, const int64_t *other, size_t n)
{
	return memcmp(one, other, n * sizeof(*one)) == 0;
}

/* A name without a prefix: what it can mean must be one thing, or the same runs. */
static int add_plain(struct search *s, const char *name)
{
	size_t begin = s->ids->n, first_n = 0;
	const struct kind *first = NULL;

	for (int i = 0; i < N_KINDS; i++) {
		size_t before = s->ids->n, n;
		int rc = kinds[i].plain ? kinds[i].add(s, name) : ERR_OK;

		if (rc)
			return rc;
		n = s->ids->n - before;
		if (n == 0)
			continue;
		if (!first) {
			first = &kinds[i];
			first_n = n;
			continue;
		}
		if (n != first_n || !same_ids(s->ids->ids + begin, s->ids->ids + before, n))
			return error_set(s->error, ERR_USAGE,
					 "'%s' is %s (%zu runs) and %s (%zu runs): write %s%s or "
					 "%s%s",
					 name, first->words, first_n, kinds[i].words, n,
					 first->prefix, name, kinds[i].prefix, name);
		s->ids->n = before;
	}
	return first ? ERR_OK : add_tag(s, name);
}

static int add_range(struct search *s, const char *name, const char *dots)
{
	char *first = strndup(name, (size_t)(dots - name));
	int64_t from = 0, to = 0;
	int rc = first ? ERR_OK : error_memory(s->error);

	if (!rc && (!query_is_run_name(first) || !query_is_run_name(dots + 2)))
		rc = error_set(s->error, ERR_USAGE,
			       "'%s' is no range of runs: expected two of them, such as 12..20 or "
			       "last~4..last",
			       name);
	if (!rc)
		rc = query_resolve(s->store, first, &from, s->error);
	if (!rc)
		rc = query_resolve(s->store, dots + 2, &to, s->error);
	if (!rc)
		rc = query_set_between(s->store, from < to ? from : to, from < to ? to : from,
				       s->ids, s->error);
	free(first);
	return rc;
}

/* "main@{yesterday}" */
static int add_past(struct search *s, const char *name, const char *at)
{
	struct timespec now;
	size_t length = strlen(at);
	char *branch = strndup(name, (size_t)(at - name));
	char *when = at[length - 1] == '}' ? strndup(at + 2, length - 3) : NULL;
	int64_t until;
	int rc = ERR_OK;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!branch || !when ||
	    !when_parse(when, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, &until))
		rc = error_set(s->error, ERR_USAGE,
			       "'%s' is no branch at a time: expected such as main@{yesterday}, "
			       "main@{2 days ago} or main@{2026-11-20 14:30}",
			       name);
	if (!rc)
		rc = query_set_branch(s->store, branch, until, s->wish->all_commits, s->ids,
				      s->error);
	free(branch);
	free(when);
	return rc;
}

/* "branch:main"; *found: whether the name has such a prefix. */
static int add_prefixed(struct search *s, const char *name, bool *found)
{
	for (int i = 0; i < N_KINDS; i++) {
		size_t length = strlen(kinds[i].prefix);

		if (strncmp(name, kinds[i].prefix, length) != 0)
			continue;
		*found = true;
		return kinds[i].add(s, name + length);
	}
	*found = false;
	return ERR_OK;
}

static int add_number(struct search *s, const char *name)
{
	struct error unknown = {0};
	int64_t id;
	int rc = query_resolve(s->store, name, &id, &unknown);

	if (!rc)
		return run_ids_add(s->ids, id) ? error_memory(s->error) : ERR_OK;
	/* Digits may be the beginning of a commit, or a label. */
	if (rc == ERR_NO_RUN && *name != 'l') {
		size_t before = s->ids->n;
		int failed = add_plain(s, name);

		if (failed || s->ids->n > before)
			return failed;
	}
	*s->error = unknown;
	return rc;
}

static int add_term(struct search *s, const char *name)
{
	size_t before = s->ids->n;
	const char *found;
	bool prefixed;
	int rc;

	if (query_is_run_name(name))
		return add_number(s, name);
	rc = add_prefixed(s, name, &prefixed);
	if (prefixed)
		return rc || s->ids->n > before ? rc : nothing(s, " of", name);
	if ((found = strstr(name, "..")))
		rc = add_range(s, name, found);
	else if ((found = strstr(name, "@{")))
		rc = add_past(s, name, found);
	else
		rc = add_plain(s, name);
	return rc || s->ids->n > before ? rc : nothing(s, " are named", name);
}

static int drop_older(struct search *s, const char *name)
{
	size_t older = 0;

	while (older < s->ids->n && s->ids->ids[older] <= s->wish->after)
		older++;
	s->ids->n -= older;
	memmove(s->ids->ids, s->ids->ids + older, s->ids->n * sizeof(*s->ids->ids));
	return s->ids->n ? ERR_OK : nothing(s, " of this comparison are named", name);
}

int run_set_find(struct store *store, const char *name, const struct run_set_wish *wish,
		 struct run_ids *ids, struct error *error)
{
	struct search s = {store, wish, ids, error};
	char *copy = strdup(name), *rest = copy, *term;
	int rc = copy ? ERR_OK : error_memory(error);

	memset(ids, 0, sizeof(*ids));
	/* A branch or label may have a plus in its name. */
	if (!rc && strchr(name, '+') && !strstr(name, "..") && !strstr(name, "@{")) {
		bool prefixed;

		rc = add_prefixed(&s, name, &prefixed);
		if (!prefixed)
			rc = add_plain(&s, name);
	}
	while (!rc && !(rest == copy && ids->n) && (term = strsep(&rest, "+")))
		rc = *term ? add_term(&s, term)
			   : error_set(error, ERR_USAGE,
				       "'%s' names no runs: a name is missing; expected last, "
				       "last~N, a number, 12..20, a branch, tag, commit or label, "
				       "main@{yesterday}, host:NAME, or several with + between",
				       name);
	if (!rc)
		run_ids_sort(ids);
	if (!rc && wish->after)
		rc = drop_older(&s, name);
	free(copy);
	return rc;
}
