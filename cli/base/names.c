/* SPDX-License-Identifier: MIT */
#include "names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* The name at a place, to be sorted. */
struct named {
	char **names;
	size_t at;
};

static int by_name(const void *one, const void *other)
{
	const struct named *a = one, *b = other;

	return strcmp(a->names[a->at], b->names[b->at]);
}

/* Adds to each name that several have what `more` gives; false when out of memory. */
static bool tell_apart(const struct name_parts *parts, size_t n, char **names, struct named *order,
		       char *(*more)(const struct name_parts *parts, const char *name))
{
	size_t end;

	if (n)
		qsort(order, n, sizeof(*order), by_name);
	for (size_t begin = 0; begin < n; begin = end) {
		end = begin + 1;
		while (end < n && by_name(&order[begin], &order[end]) == 0)
			end++;
		for (size_t i = begin; i < end && end - begin > 1; i++) {
			size_t at = order[i].at;
			char *longer = more(&parts[at], names[at]);

			if (!longer)
				return false;
			free(names[at]);
			names[at] = longer;
		}
	}
	return true;
}

static char *with_file(const struct name_parts *parts, const char *name)
{
	return text_format("%s (%s)", name, parts->file ? parts->file : "?");
}

static char *with_line(const struct name_parts *parts, const char *name)
{
	return text_format("%s:%lld", name, (long long)parts->line);
}

static char *with_linker_name(const struct name_parts *parts, const char *name)
{
	return text_format("%s %s", name, parts->linker_name ? parts->linker_name : "?");
}

char **names_apart(const struct name_parts *parts, size_t n)
{
	char **names = calloc(n + 1, sizeof(*names));
	struct named *order = calloc(n + 1, sizeof(*order));
	bool done = names && order;

	for (size_t i = 0; i < n && done; i++) {
		names[i] = strdup(parts[i].title);
		order[i] = (struct named){names, i};
		done = names[i];
	}
	if (!done || !tell_apart(parts, n, names, order, with_file) ||
	    !tell_apart(parts, n, names, order, with_line) ||
	    !tell_apart(parts, n, names, order, with_linker_name)) {
		names_free(names, n);
		names = NULL;
	}
	free(order);
	return names;
}

void names_free(char **names, size_t n)
{
	for (size_t i = 0; names && i < n; i++)
		free(names[i]);
	free(names);
}

static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash;
}

char *names_cut(const char *name, size_t most)
{
	size_t kept = most - 18;

	if (strlen(name) <= most)
		return strdup(name);
	while (kept && ((unsigned char)name[kept] & 0xc0) == 0x80)
		kept--;
	return text_format("%.*s #%016llx", (int)kept, name, (unsigned long long)hash_of(name));
}
