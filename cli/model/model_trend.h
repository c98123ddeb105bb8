/* SPDX-License-Identifier: MIT */
/*
 * The model of a history: one function, or all of them together, run after run and commit after commit, and where its level
 * changed.  query_trend.c fills in runs and commits, trend.c the changes.
 *
 * A run is what one `hotpath run` recorded, with all its processes added up, or else one process.
 */
#ifndef HOTPATH_MODEL_TREND_H
#define HOTPATH_MODEL_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model_diff.h"

struct model_trend_run {
	int64_t id; /* of its first process */
	int64_t started_at_ns;
	double value; /* the metric: nanoseconds, or calls */
	double load;  /* of the machine at its start, per processor; NAN unknown */
};

/* The runs of one commit, or of one work tree that differed from it; without any commits, one run. */
struct model_trend_commit {
	char *commit; /* NULL: unknown */
	bool dirty;
	int64_t first_ns;	  /* when its first run started: the order of the commits */
	size_t begin, n;	  /* its runs */
	double median, low, high; /* of its runs; the 95 % interval of the median is NAN with few */
};

struct model_trend_change {
	size_t at;	      /* the first commit after the change; at - 1 is the last before it */
	double before, after; /* medians of all runs on both sides, up to the next change */
	double change;	      /* in percent */
	double ci_low, ci_high; /* in percent; NAN with few runs */
	double p;
	double load_before, load_after; /* of the machine, per processor, medians; NAN unknown */
	bool same_build; /* the first run after it was of the same binary as the first of the last commit before */
	char *log; /* `git log --oneline` from the last commit before to the first after; NULL: not known */
};

struct model_trend {
	char *asked; /* as the user named it; "total": all functions together */
	bool total;
	char *name;   /* label, else qualified name; NULL for the total */
	char *file;   /* relative to its project; NULL unknown */
	int64_t line; /* in the newest of the runs */
	enum model_metric metric;
	char *branch; /* NULL: of all */
	bool chosen;  /* the branch is that of the newest run, and not what the user asked for */
	char *host, *cpu;	      /* NULL: unknown, or not the same in all */
	struct model_trend_run *runs; /* in the order of the commits */
	size_t n_runs;
	struct model_trend_commit *commits;
	size_t n;
	struct model_trend_change *changes;
	size_t n_changes;
	bool exact;    /* the same count in all runs of each commit: no statistics needed */
	double jitter; /* commits differ by so many percent by themselves; 0: not to be told */

	/* For the notes. */
	size_t hosts, cpus;    /* among the runs */
	size_t other_machines; /* whose runs are left out, and how many these are */
	size_t other_runs;
	char *other_host;      /* the one of them with most runs */
	size_t commands;       /* different command lines */
	size_t without_commit; /* runs that are left out for it */
	size_t not_called;     /* runs that did not call the function */
	size_t live;	       /* runs that are left out as they still go on */
	size_t dirty, failed;  /* runs */
	size_t unseen;	       /* runs whose end nobody saw */
	int64_t lost;	       /* calls */
	size_t backwards;      /* commits that are older than one that was run before them */
	bool by_run;	       /* no run has a commit: each stands for itself */
};

/* model_trend_slower: whether a change is for the worse: more time, or more calls. */
bool model_trend_slower(const struct model_trend_change *change);

/* model_trend_busy: whether the machine had much more, or less, else to do after a change than before. */
bool model_trend_busy(const struct model_trend_change *change);

/* model_trend_unit: "ns", or "calls". */
const char *model_trend_unit(const struct model_trend *trend);

/* model_trend_release: frees what it holds; a zeroed struct may be released. */
void model_trend_release(struct model_trend *trend);

#endif /* HOTPATH_MODEL_TREND_H */
