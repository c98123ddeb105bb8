/* SPDX-License-Identifier: MIT */
/*
 * What the tables of a store refer to, as its schema says.
 *
 * Copying runs and forgetting what no run needs go by this, so that a column or table of a later version is
 * taken along without another line of code, as long as what is the number of a row elsewhere says so with REFERENCES.
 * The exceptions are `profile` and `run_recent`, whose packed bytes hold numbers of functions: store_copy.c, store_gc.c and
 * store_examine.c look into them.
 */
#ifndef HOTPATH_STORE_TABLES_H
#define HOTPATH_STORE_TABLES_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct store;

struct store_column {
	char *name;
	char *target; /* the table in which its values are numbers of rows; NULL: plain values */
};

struct store_table {
	char *name;
	struct store_column *columns; /* without the row's own number */
	size_t n;
	const char *run;  /* the column that names a run, NULL: none */
	bool has_id;	  /* its rows have numbers */
	bool is_constant; /* the same in every store of a version */
};

struct store_tables {
	struct store_table *list;
	size_t n;
};

/* store_tables_read: of a store that was opened and migrated; store_tables_release() it in every case. */
int store_tables_read(struct store *store, struct store_tables *tables, struct error *error);
void store_tables_release(struct store_tables *tables);

/* store_tables_find: NULL when there is none. */
struct store_table *store_tables_find(const struct store_tables *tables, const char *name);

/* Statements over a table, to be freed; NULL when out of memory. */
char *store_tables_select(const struct store_table *table,
			  const char *key); /* its columns, WHERE key = ? */
char *store_tables_insert(const struct store_table *table);
char *store_tables_lookup(
	const struct store_table *table); /* the number of a row with all these values */

#endif /* HOTPATH_STORE_TABLES_H */
