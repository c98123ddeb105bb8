/* SPDX-License-Identifier: MIT */
/*
 * The model of what objects say of themselves: their sites, what could not be measured, rules that chose nothing.
 */
#ifndef HOTPATH_MODEL_SITES_H
#define HOTPATH_MODEL_SITES_H

#include <stddef.h>
#include <stdint.h>

struct model_site {
	size_t object; /* index into objects */
	char *name;    /* qualified */
	char *mangled; /* NULL unknown */
	char *label, *group;
	char *file;
	char *rule;	      /* what chose it */
	char *reason;	      /* why it is not measured all the same; NULL: it is */
	int64_t line;	      /* 0 unknown */
	int64_t sample;	      /* 0 every call is timed, N one in N */
	const char *kind;     /* "function", "call", ... */
	const char *language; /* NULL unknown */
};

struct model_rule {
	char *rule; /* as sites name it */
	char *file; /* from the project's root */
	int used;   /* it decided about something in one of the objects */
};

struct model_sites {
	char **objects;
	size_t n_objects;
	struct model_site *sites; /* by object, file, line and name */
	size_t n, measured;
	struct model_rule *rules; /* that the objects were compiled under, by file and line */
	size_t n_rules;
};

void model_site_release(struct model_site *site);
void model_sites_release(struct model_sites *sites);

#endif /* HOTPATH_MODEL_SITES_H */
