/* SPDX-License-Identifier: MIT */
/*
 * The runs that a history is made of: which, in which order, of which machine.
 */
#ifndef HOTPATH_QUERY_HISTORY_H
#define HOTPATH_QUERY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct model_trend;
struct store;
struct trend_wish;

/* A process; texts are numbers in the dictionary, 0: none. */
struct history_run {
	int64_t id, branch, commit, host, cpu, root, argv, started_at_ns, lost;
	size_t run;  /* which of the runs it belongs to: processes of one `hotpath run` are one */
	double load; /* of the machine at its start, per processor; NAN unknown */
	bool dirty, failed, unseen;
	char diff
		[17]; /* hash of what the work tree differed from its commit by; "": unknown, or not at all */
};

struct history {
	struct history_run *list; /* ascending by id */
	size_t n;
	size_t runs;
	size_t live; /* left out: they still go on */
};

/* query_history: the runs that are wanted, and in `trend` what is to be said of those that are not. */
int query_history(struct store *store, const struct trend_wish *wish, struct history *history,
		  struct model_trend *trend, struct error *error);
void query_history_release(struct history *history);

/* query_history_text: a text of the dictionary, to be freed; NULL for 0. */
int query_history_text(struct store *store, int64_t id, char **text, struct error *error);

#endif /* HOTPATH_QUERY_HISTORY_H */
