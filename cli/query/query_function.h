/* SPDX-License-Identifier: MIT */
/*
 * Functions by the name that a person gives them.
 *
 * A function is the same in two runs when its linker name, name, file and kind are, wherever in the file it stands; so one
 * function has several numbers in the store, one for each line, label and rule that it had.
 */
#ifndef HOTPATH_QUERY_FUNCTION_H
#define HOTPATH_QUERY_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

/* One number of a function that has the name. */
struct named {
	int64_t id;
	size_t function; /* which of the functions it is one of, from 0 */
	char *name, *qualified, *mangled, *label, *file, *rule;
	int64_t line;
	int kind; /* enum hotpath_kind */
};

struct named_list {
	struct named *list; /* ascending by id */
	size_t n;
	size_t functions;
};

/*
 * query_named: all functions that a name can mean.
 *
 * asked    label, qualified name (its parameters may be left out) or linker name; or plain name, when no function has one of
 *          the others; or FILE:NAME with the end of the file's path, or KIND:NAME
 * roots    folders of projects, by the number of their texts; files are told apart below these
 * Returns  ERR_OK with at least one; ERR_USAGE when there is none, with one that is spelled like it
 * Cost     the dictionary of functions, whatever the number of runs
 */
int query_named(struct store *store, const char *asked, const int64_t *roots, size_t n_roots,
		struct named_list *named, struct error *error);

/*
 * query_named_ambiguous: an error that says what a name can mean.
 *
 * meant    for each function, whether it can
 */
int query_named_ambiguous(const struct named_list *named, const char *asked, const bool *meant,
			  struct error *error);

void query_named_release(struct named_list *named);

/* query_named_title: what it is called on the screen: its label, else its qualified name. */
const char *query_named_title(const struct named *named);

#endif /* HOTPATH_QUERY_FUNCTION_H */
