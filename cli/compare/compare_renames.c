/* SPDX-License-Identifier: MIT */
/*
 * Functions that only one side has, joined with what they are on the other.
 *
 *   by name   the same label, or the same name in another file
 *   by body   the same hash of a body that is large enough to tell (struct hotpath_site)
 *
 * Only where there is no choice: one on each side, and no third that could be meant.  Of bodies, where a choice is, a note
 * says so; of names it is usual, as every file may have its static `init`.
 */
#include "compare.h"

#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../base/text.h"

enum { ON_BASE = 1, ON_HEAD = 2 };

/* A function with what it is found by. */
struct item {
	const struct model_diff_function *f;
	size_t at;
	int on;
	uint64_t body;
};

typedef int order_fn(const void *one, const void *other);

struct joiner {
	struct model_diff *diff;
	struct item *items; /* room for two of each function */
	size_t n;
	int *on;      /* of each function */
	size_t *into; /* of each function: with which of the head's it is one, plus 1 */
	struct text notes;
};

static int sides_of(const struct model_diff *diff, const struct model_diff_function *f)
{
	int on = 0;

	for (size_t i = 0; i < diff->base.n; i++)
		on |= f->cells[i].calls > 0 ? ON_BASE : 0;
	for (size_t i = 0; i < diff->head.n; i++)
		on |= f->cells[diff->base.n + i].calls > 0 ? ON_HEAD : 0;
	return on;
}

static const char *text_of(const char *text)
{
	return text ? text : "";
}

static int by_name(const void *one, const void *other)
{
	const struct model_diff_function *a = ((const struct item *)one)->f;
	const struct model_diff_function *b = ((const struct item *)other)->f;
	int order = (a->kind > b->kind) - (a->kind < b->kind);

	if (!order)
		order = !a->label - !b->label;
	if (!order)
		order = a->label ? strcmp(a->label, b->label)
				 : strcmp(text_of(a->mangled), text_of(b->mangled));
	if (!order && !a->label)
		order = strcmp(text_of(a->qualified), text_of(b->qualified));
	return order;
}

static int by_body(const void *one, const void *other)
{
	const struct item *a = one, *b = other;

	return (a->body > b->body) - (a->body < b->body);
}

static void add(struct joiner *j, size_t at, uint64_t body)
{
	j->items[j->n++] = (struct item){&j->diff->functions[at], at, j->on[at], body};
}

static void find_named(struct joiner *j)
{
	j->n = 0;
	for (size_t i = 0; i < j->diff->n; i++) {
		const struct model_diff_function *f = &j->diff->functions[i];

		if (*text_of(f->label) || (*text_of(f->mangled) && *text_of(f->qualified)))
			add(j, i, 0);
	}
}

static bool tells(uint64_t body)
{
	return body & 1;
}

/* A function that both sides have may be meant by either of its bodies, when they differ. */
static void find_bodies(struct joiner *j)
{
	j->n = 0;
	for (size_t i = 0; i < j->diff->n; i++) {
		const struct model_diff_function *f = &j->diff->functions[i];

		if (f->kind != 0 || j->into[i])
			continue;
		if (tells(f->body[0]))
			add(j, i, f->body[0]);
		if (tells(f->body[1]) && f->body[1] != f->body[0])
			add(j, i, f->body[1]);
	}
}

static void tell_choice(struct joiner *j, size_t begin, size_t end)
{
	const char *before = "";

	for (size_t i = begin; i < end; i++) {
		char *shown = text_printable(model_diff_title(j->items[i].f));

		text_print(&j->notes, "%s%s (%s)", before, shown ? shown : "",
			   j->items[i].on == ON_BASE   ? "base"
			   : j->items[i].on == ON_HEAD ? "head"
						       : "both");
		before = ", ";
		free(shown);
	}
	text_print(&j->notes, " have the same body: which of them was renamed is not known.\n");
}

/* One that only the base has, one that only the head has, and no other. */
static void pair(struct joiner *j, size_t begin, size_t end, bool tell)
{
	size_t base = 0, head = 0, n_base = 0, n_head = 0;

	for (size_t i = begin; i < end; i++) {
		if (j->items[i].on == ON_BASE) {
			base = j->items[i].at;
			n_base++;
		} else if (j->items[i].on == ON_HEAD) {
			head = j->items[i].at;
			n_head++;
		}
	}
	if (n_base == 0 || n_head == 0)
		return;
	if (end - begin == 2) {
		j->into[base] = head + 1;
		j->on[head] = ON_BASE | ON_HEAD;
		j->into[head] = head + 1;
	} else if (tell) {
		tell_choice(j, begin, end);
	}
}

static void pair_all(struct joiner *j, order_fn *order, bool tell)
{
	size_t end;

	if (j->n)
		qsort(j->items, j->n, sizeof(*j->items), order);
	for (size_t begin = 0; begin < j->n; begin = end) {
		end = begin + 1;
		while (end < j->n && order(&j->items[begin], &j->items[end]) == 0)
			end++;
		pair(j, begin, end, tell);
	}
}

static void take_over(struct model_diff_function *new, struct model_diff_function *old, size_t runs)
{
	memcpy(new->cells, old->cells, runs * sizeof(*new->cells));
	new->old_name = old->name;
	new->old_qualified = old->qualified;
	new->old_mangled = old->mangled;
	new->old_file = old->file;
	new->body[0] = old->body[0];
	new->number[0] = old->number[0];
	old->name = old->qualified = old->mangled = old->file = NULL;
}

static void join_pairs(struct joiner *j)
{
	struct model_diff *diff = j->diff;
	size_t kept = 0;

	for (size_t i = 0; i < diff->n; i++)
		if (j->into[i] && j->into[i] != i + 1)
			take_over(&diff->functions[j->into[i] - 1], &diff->functions[i],
				  diff->base.n);
	for (size_t i = 0; i < diff->n; i++) {
		if (j->into[i] && j->into[i] != i + 1)
			model_diff_function_release(&diff->functions[i]);
		else
			diff->functions[kept++] = diff->functions[i];
	}
	diff->n = kept;
}

static int add_notes(struct joiner *j, struct error *error)
{
	char *more;

	if (!j->notes.n && !j->notes.failed)
		return ERR_OK;
	if (j->diff->notes)
		text_append(&j->notes, j->diff->notes, strlen(j->diff->notes));
	more = text_take(&j->notes);
	if (!more)
		return error_memory(error);
	free(j->diff->notes);
	j->diff->notes = more;
	return ERR_OK;
}

int compare_renames(struct model_diff *diff, struct error *error)
{
	struct joiner j = {.diff = diff};
	int rc = ERR_OK;

	j.items = calloc(2 * diff->n + 1, sizeof(*j.items));
	j.on = calloc(diff->n + 1, sizeof(*j.on));
	j.into = calloc(diff->n + 1, sizeof(*j.into));
	if (!j.items || !j.on || !j.into) {
		rc = error_memory(error);
	} else {
		for (size_t i = 0; i < diff->n; i++)
			j.on[i] = sides_of(diff, &diff->functions[i]);
		find_named(&j);
		pair_all(&j, by_name, false);
		find_bodies(&j);
		pair_all(&j, by_body, true);
		join_pairs(&j);
		rc = add_notes(&j, error);
	}
	free(j.items);
	free(j.on);
	free(j.into);
	return rc;
}
