/* SPDX-License-Identifier: MIT */
#include "flamegraph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../model/model_tree.h"
#include "../model/select.h"

static size_t mix(size_t hash, size_t value)
{
	return (hash ^ value) * 0x9e3779b97f4a7c15u;
}

static bool same(const char *one, const char *other)
{
	return strcmp(one ? one : "", other ? other : "") == 0;
}

/* Makes the table of places anew, with room for more; its size is a power of two. */
static int make_places(struct flame *flame)
{
	size_t n = flame->n_places ? 4 * flame->n_places : 256;
	size_t *places = calloc(n, sizeof(*places));

	if (!places)
		return -1;
	for (size_t i = 1; i < flame->n; i++) {
		size_t at = mix(mix(1, flame->frames[i].parent), flame->frames[i].function) >> 16;

		while (places[at & (n - 1)])
			at++;
		places[at & (n - 1)] = i;
	}
	free(flame->places);
	flame->places = places;
	flame->n_places = n;
	return 0;
}

static int add_frame(struct flame *flame, size_t parent, size_t function)
{
	if (flame->n == flame->capacity) {
		size_t capacity = 2 * flame->capacity + 64;
		struct flame_frame *more = realloc(flame->frames, capacity * sizeof(*more));

		if (!more)
			return -1;
		flame->frames = more;
		flame->capacity = capacity;
	}
	flame->frames[flame->n] = (struct flame_frame){
		.parent = parent,
		.function = function,
		.depth = flame->n ? flame->frames[parent].depth + 1 : 0,
		.kept = true,
	};
	flame->n++;
	return 0;
}

/* The frame of a function on another one; made when there is none.  0 when out of memory. */
static size_t frame_on(struct flame *flame, size_t parent, size_t function)
{
	size_t at = mix(mix(1, parent), function) >> 16, place;

	if (flame->n == 0 && add_frame(flame, 0, SIZE_MAX))
		return 0;
	if (2 * flame->n >= flame->n_places && make_places(flame))
		return 0;
	for (; (place = flame->places[at & (flame->n_places - 1)]); at++)
		if (flame->frames[place].parent == parent &&
		    flame->frames[place].function == function)
			return place;
	if (add_frame(flame, parent, function))
		return 0;
	flame->places[at & (flame->n_places - 1)] = flame->n - 1;
	return flame->n - 1;
}

/* A file within the project's folder, so that two work trees compare. */
static const char *within(const char *file, const char *root)
{
	size_t length = root ? strlen(root) : 0;

	if (file && length && strncmp(file, root, length) == 0 && file[length] == '/')
		file += length + 1;
	while (file && strncmp(file, "./", 2) == 0)
		file += 2;
	return file;
}

static char *copy(const char *text, bool *failed)
{
	char *result = text ? strdup(text) : NULL;

	*failed |= text && !result;
	return result;
}

static size_t hash_text(size_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = mix(hash, (unsigned char)*text);
	return mix(hash, 256);
}

static size_t hash_function(const char *plain, const char *mangled, const char *file)
{
	return hash_text(hash_text(hash_text(1, plain), mangled), file) >> 16;
}

static int make_names(struct flame *flame)
{
	size_t n = flame->n_names ? 4 * flame->n_names : 256;
	size_t *names = calloc(n, sizeof(*names));

	if (!names)
		return -1;
	for (size_t i = 0; i < flame->n_functions; i++) {
		const struct flame_function *f = &flame->functions[i];
		size_t at = hash_function(f->plain, f->mangled, f->file);

		while (names[at & (n - 1)])
			at++;
		names[at & (n - 1)] = i + 1;
	}
	free(flame->names);
	flame->names = names;
	flame->n_names = n;
	return 0;
}

static int add_function(struct flame *flame, const struct model_tree_function *f, const char *file)
{
	struct flame_function *more =
		realloc(flame->functions, (flame->n_functions + 1) * sizeof(*more));
	bool failed = false;

	if (!more)
		return -1;
	flame->functions = more;
	more[flame->n_functions++] = (struct flame_function){
		.name = copy(f->name, &failed),
		.plain = copy(f->plain, &failed),
		.qualified = copy(f->qualified, &failed),
		.mangled = copy(f->mangled, &failed),
		.file = copy(file, &failed),
		.line = f->line,
		.kind = f->kind,
	};
	return failed ? -1 : 0;
}

/* As `hotpath diff` tells functions apart: by names and file, wherever in it they stand. */
static int find_function(struct flame *flame, const struct model_tree_function *f, const char *root,
			 size_t *found)
{
	const char *file = within(f->file, root);
	size_t at = hash_function(f->plain, f->mangled, file), place;

	if (2 * flame->n_functions >= flame->n_names && make_names(flame))
		return -1;
	for (; (place = flame->names[at & (flame->n_names - 1)]); at++) {
		const struct flame_function *old = &flame->functions[place - 1];

		*found = place - 1;
		if (same(old->plain, f->plain) && same(old->mangled, f->mangled) &&
		    same(old->file, file) && old->kind == f->kind)
			return 0;
	}
	*found = flame->n_functions;
	if (add_function(flame, f, file))
		return -1;
	flame->names[at & (flame->n_names - 1)] = flame->n_functions;
	return 0;
}

static void add_value(struct flame_value *sum, const struct flame_value *value)
{
	sum->calls += value->calls;
	sum->self_ns += value->self_ns;
	sum->total_ns += value->total_ns;
}

int flame_add(struct flame *flame, const struct model_tree *tree, enum flame_side side,
	      double share)
{
	size_t *functions = calloc(tree->n_functions + 1, sizeof(*functions));
	size_t *frames = calloc(tree->n + 1, sizeof(*frames));
	int rc = functions && frames ? 0 : -1;

	flame->estimates |= model_estimates(&tree->run);
	if (!rc && flame->n == 0)
		rc = add_frame(flame, 0, SIZE_MAX);
	for (size_t i = 0; i < tree->n_functions && !rc; i++)
		rc = find_function(flame, &tree->functions[i], tree->root, &functions[i]);
	for (size_t i = 0; i < tree->n && !rc; i++) {
		const struct model_context *c = &tree->contexts[i];
		/* A damaged store is no reason for boxes of less than no width. */
		struct flame_value value = {share * fmax(0, (double)c->calls),
					    share * fmax(0, (double)c->self_ns),
					    share * fmax(0, (double)c->total_ns)};

		frames[i] = frame_on(flame, c->parent < 0 ? 0 : frames[c->parent],
				     functions[c->function]);
		rc = frames[i] ? 0 : -1;
		if (rc)
			break;
		add_value(&flame->frames[frames[i]].value[side], &value);
		flame->all[side] += value.self_ns;
		flame->calls[side] += value.calls;
	}
	free(functions);
	free(frames);
	return rc;
}

int flame_focus(struct flame *flame, const char *pattern, struct error *error)
{
	struct select_names *names = calloc(flame->n_functions + 1, sizeof(*names));
	bool *matches = calloc(flame->n_functions + 1, sizeof(*matches)), any = false;
	int rc = names && matches ? ERR_OK : error_memory(error);

	for (size_t i = 0; i < flame->n_functions && !rc; i++)
		names[i] = (struct select_names){flame->functions[i].plain,
						 flame->functions[i].qualified,
						 flame->functions[i].name};
	if (!rc)
		rc = select_matches(names, flame->n_functions, pattern, matches, error);
	if (!rc && flame->n)
		flame->frames[0].kept = false;
	for (size_t i = 1; i < flame->n && !rc; i++) {
		struct flame_frame *f = &flame->frames[i];

		f->kept = flame->frames[f->parent].kept || matches[f->function];
		any |= f->kept;
		/* What leads to a match is shown, but not the time that it took itself. */
		if (!f->kept)
			f->value[FLAME_HEAD].self_ns = f->value[FLAME_BASE].self_ns = 0;
	}
	if (!rc && !any)
		rc = error_set(error, ERR_USAGE, "--focus: none of the %zu functions matches '%s'",
			       flame->n_functions, pattern);
	flame->focused = true;
	free(names);
	free(matches);
	return rc;
}

static int by_self(const void *one, const void *other)
{
	const struct flame_gone *a = one, *b = other;

	if (a->self_ns != b->self_ns)
		return a->self_ns < b->self_ns ? 1 : -1;
	return (a->function > b->function) - (a->function < b->function);
}

/* What the base has and the head has not: it has no width, so it has to be told. */
static int note_gone(struct flame *flame)
{
	double *calls = calloc(flame->n_functions + 1, sizeof(*calls));

	flame->gone = calloc(flame->n_functions + 1, sizeof(*flame->gone));
	if (!calls || !flame->gone) {
		free(calls);
		return -1;
	}
	for (size_t i = 0; i < flame->n_functions; i++)
		flame->gone[i].function = i;
	for (size_t i = 1; i < flame->n; i++) {
		const struct flame_frame *f = &flame->frames[i];

		calls[f->function] += f->value[FLAME_HEAD].calls;
		flame->gone[f->function].self_ns += f->value[FLAME_BASE].self_ns;
		if (f->value[FLAME_HEAD].calls > 0 || f->value[FLAME_BASE].self_ns <= 0)
			continue;
		flame->gone_ns += f->value[FLAME_BASE].self_ns;
		flame->n_gone_stacks++;
	}
	for (size_t i = 0; i < flame->n_functions; i++)
		if (calls[i] <= 0 && flame->gone[i].self_ns > 0)
			flame->gone[flame->n_gone++] = flame->gone[i];
	if (flame->n_gone)
		qsort(flame->gone, flame->n_gone, sizeof(*flame->gone), by_self);
	free(calls);
	return 0;
}

int flame_settle(struct flame *flame)
{
	struct flame_frame *root = flame->frames;

	for (size_t i = 1; i < flame->n; i++) {
		if (flame->frames[i].parent)
			continue;
		add_value(&root->value[FLAME_HEAD], &flame->frames[i].value[FLAME_HEAD]);
		add_value(&root->value[FLAME_BASE], &flame->frames[i].value[FLAME_BASE]);
	}
	if (root)
		root->value[FLAME_HEAD].self_ns = root->value[FLAME_BASE].self_ns = 0;
	return flame->compared ? note_gone(flame) : 0;
}

/* Adds the way from a frame down to the root, as a way up. */
static int add_upward(struct flame *flame, const struct flame *from, size_t at)
{
	size_t on = 0;

	for (size_t i = at; i; i = from->frames[i].parent) {
		on = frame_on(flame, on, from->frames[i].function);
		if (!on)
			return -1;
		for (int side = 0; side < FLAME_SIDES; side++) {
			struct flame_value value = from->frames[at].value[side];

			/* All that is above a frame is a caller: the time is of the lowest one. */
			value.total_ns = value.self_ns;
			add_value(&flame->frames[on].value[side], &value);
		}
	}
	return 0;
}

int flame_invert(struct flame *flame)
{
	struct flame from = *flame;
	int rc;

	flame->frames = NULL;
	flame->places = NULL;
	flame->n = flame->capacity = flame->n_places = 0;
	rc = add_frame(flame, 0, SIZE_MAX);
	for (size_t i = 1; i < from.n && !rc; i++)
		if (from.frames[i].kept)
			rc = add_upward(flame, &from, i);
	if (!rc && from.n) {
		memcpy(flame->frames[0].value, from.frames[0].value, sizeof(from.frames[0].value));
		flame->inverted = true;
	}
	free(from.frames);
	free(from.places);
	return rc;
}

struct order {
	const struct flame *flame;
	size_t at;
};

/* By parent, then the widest first. */
static int by_place(const void *one, const void *other)
{
	const struct order *a = one, *b = other;
	const struct flame_frame *f = &a->flame->frames[a->at], *g = &b->flame->frames[b->at];
	int names;

	if (f->parent != g->parent)
		return f->parent < g->parent ? -1 : 1;
	if (f->width != g->width)
		return f->width < g->width ? 1 : -1;
	names = strcmp(a->flame->functions[f->function].name,
		       b->flame->functions[g->function].name);
	return names ? names : (a->at > b->at) - (a->at < b->at);
}

static void sum_widths(struct flame *flame)
{
	for (size_t i = 1; i < flame->n; i++)
		flame->frames[i].width = flame->frames[i].value[FLAME_HEAD].self_ns;
	/* Each frame of an inverted graph has the time of all above it already. */
	for (size_t i = flame->n; i-- > 1;) {
		struct flame_frame *f = &flame->frames[i];

		if (!flame->inverted || f->parent == 0)
			flame->frames[f->parent].width += f->width;
	}
}

int flame_layout(struct flame *flame)
{
	struct order *order = calloc(flame->n + 1, sizeof(*order));
	double *next = calloc(flame->n + 1, sizeof(*next));

	if (!order || !next) {
		free(order);
		free(next);
		return -1;
	}
	sum_widths(flame);
	for (size_t i = 1; i < flame->n; i++)
		order[i - 1] = (struct order){flame, i};
	if (flame->n > 2)
		qsort(order, flame->n - 1, sizeof(*order), by_place);
	/* Callers have lower numbers, so that their places are known. */
	for (size_t i = 0; i + 1 < flame->n; i++) {
		struct flame_frame *f = &flame->frames[order[i].at];

		f->x = flame->frames[f->parent].x + next[f->parent];
		next[f->parent] += f->width;
	}
	free(order);
	free(next);
	return 0;
}

void flame_release(struct flame *flame)
{
	for (size_t i = 0; i < flame->n_functions; i++) {
		free(flame->functions[i].name);
		free(flame->functions[i].plain);
		free(flame->functions[i].qualified);
		free(flame->functions[i].mangled);
		free(flame->functions[i].file);
	}
	free(flame->functions);
	free(flame->frames);
	free(flame->places);
	free(flame->names);
	free(flame->gone);
	memset(flame, 0, sizeof(*flame));
}
