/* SPDX-License-Identifier: MIT */
/*
 * The model of a comparison: two sides, each a set of runs, and what changed from one to the other.
 *
 * A run here is what one `hotpath run` recorded, with all its processes added up, or else one process: the
 * thing that is repeated.  query_diff.c fills in the sides and the cells, compare.c the changes.
 */
#ifndef HOTPATH_MODEL_DIFF_H
#define HOTPATH_MODEL_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum model_verdict {
	VERDICT_INCONCLUSIVE, /* the runs do not tell */
	VERDICT_SAME,	      /* shown to differ by less than the least effect */
	VERDICT_SLOWER,
	VERDICT_FASTER,
	VERDICT_ADDED,	 /* called on the head side only */
	VERDICT_REMOVED, /* called on the base side only */
	VERDICT_RENAMED, /* has another name or file, and is neither slower nor faster */
};

enum { MODEL_VERDICTS = VERDICT_RENAMED + 1 };

enum model_metric {
	METRIC_SELF, /* time of its own per call */
	METRIC_TOTAL,
	METRIC_P50,
	METRIC_P99,
	METRIC_CALLS, /* per run */
	METRIC_RUN,   /* time of its own per run */
};

enum { MODEL_P95, MODEL_P99, MODEL_TAILS };

/* What --fail-on came to. */
enum model_gate {
	GATE_NONE, /* not asked for */
	GATE_PASSED,
	GATE_FAILED,
	GATE_UNDECIDED, /* the runs, or the focus, could not have failed it */
};

/* One function in one run; calls 0: it was not called there. */
struct model_cell {
	double calls, self_ns, total_ns;
	double p50_ns, p99_ns; /* NAN unless the metric asked for them */
};

/* model_cell_value: its metric; NAN for one of a call, when there was none.  model_metric_of_total: by which all functions together
 * are compared: the time of a run, however many calls took it, or their number. */
double model_cell_value(const struct model_cell *cell, enum model_metric metric);
enum model_metric model_metric_of_total(enum model_metric metric);

/* What one process gives to the percentiles of a function. */
struct model_histogram {
	size_t run; /* of its side */
	struct model_bucket {
		double ns, count;
	} * buckets; /* ascending */
	size_t n;
};

struct model_tail {
	double percent;
	double base_ns, head_ns;	/* of the calls of all runs of a side; NAN unknown */
	double change, ci_low, ci_high; /* in percent; the interval is NAN with few runs */
};

struct model_change {
	enum model_verdict verdict;
	double base, head; /* medians over the runs, of the metric; NAN when not called */
	double head_low,
		head_high; /* around `head`, 95 %, or of so few runs as there are; NAN for one */
	double change;	   /* in percent; NAN unknown */
	double ci_low, ci_high; /* in percent; NAN when so few runs have none */
	double ci_level;	/* confidence really reached, 0.95 where possible */
	double p, q;		/* NAN when not tested */
	double more_runs; /* a side, with VERDICT_INCONCLUSIVE; INFINITY: too many, NAN: unknown */
};

struct model_diff_function {
	char *name, *qualified, *mangled, *label, *file; /* the head's, where it has the function */
	char *old_name, *old_qualified, *old_mangled,
		*old_file; /* renamed or moved: the base's; else NULL */
	uint64_t body
		[2]; /* of each side: hash of its body, 0 when unknown, or not the same in all runs */
	bool body_varies[2];
	char *group; /* the head's */
	int64_t line;
	int kind;		  /* enum hotpath_kind */
	struct model_cell *cells; /* of the base's runs, then of the head's */
	struct model_change change;
	struct model_change
		per_run; /* of its own time in a run, by compare_per_run(): figures and interval, not tested */
	double calls_base, calls_head; /* a run, on average */
	bool calls_vary;	       /* not the same number in all runs of a side */
	/* On the time of a run, over the middle half of the runs; the last is the sum. */
	double impact_calls, impact_cost, impact_ns;
	double share;	  /* of the time of its own, 0 .. 1, on the side where it is larger */
	size_t number[2]; /* on each side: in `called` */
	struct model_histogram *histograms[2];
	size_t n_histograms[2];
	struct model_tail tails[MODEL_TAILS];
};

struct model_side {
	char *asked;	  /* as the user named it */
	int64_t *run_ids; /* processes, ascending */
	size_t n_run_ids;
	size_t n;	/* runs: processes of one `hotpath run` are one */
	size_t *run_of; /* for each of run_ids: which of the n it belongs to */
	struct model_called {
		uint32_t *numbers;
		size_t n;
	} * called; /* for each of run_ids: its functions, in the order in which the store has them */
	char *commit, *branch, *command, *host; /* NULL: unknown, or not the same in all */
	char *cpu, *governor; /* likewise, but "several" when not the same in all */
	size_t n_diffs;	      /* different states of a work tree that differed from its commit */
	char **builds;	      /* build-ids of its objects, ascending */
	size_t n_builds;
	int64_t failed, lost, dirty; /* runs that ended badly; calls lost; runs of a changed tree */
	int64_t unseen;		     /* runs whose end nobody saw */
	int64_t first_ns, last_ns;   /* when its first and its last run started */
};

struct model_diff {
	struct model_side base, head;
	enum model_metric metric;
	double min_effect;		  /* 0.02: two percent */
	struct model_diff_function total; /* its cells are sums over all functions */
	struct model_diff_function *functions;
	size_t n;	/* shown */
	size_t matched; /* passed the focus */
	size_t all;	/* functions of both sides */
	size_t numbers; /* the largest of `called`, plus 1 */
	size_t tested;
	size_t large;			       /* of these, above the floor, with the total */
	size_t edited, unedited, edit_unknown; /* functions, by model_diff_edited() */
	size_t verdicts[MODEL_VERDICTS]; /* of those that passed the focus, by enum model_verdict */
	enum model_gate gate;
	char *gate_asked,
		*gate_why; /* "slower:5%"; what failed, "" for nothing; NULL with GATE_NONE */
	char *notes;	   /* more of them than the sides tell, a line each; NULL for none */
};

/* model_same_build: both sides ran the same objects, as far as is known. */
bool model_same_build(const struct model_diff *diff);
/* model_verdict_name: "slower", ... */
const char *model_verdict_name(enum model_verdict verdict);
/* model_gate_name: "passed", "failed", "undecided"; NULL for GATE_NONE. */
const char *model_gate_name(enum model_gate gate);
const char *model_metric_name(enum model_metric metric);
/* model_diff_title: what a function is called on the screen. */
const char *model_diff_title(const struct model_diff_function *function);
/* model_diff_edited: 1 the function's body differs between the sides, 0 it is the same, -1 unknown. */
int model_diff_edited(const struct model_diff_function *function);
/* model_diff_renamed: it has another name, or stands in another file.  The same file of a tree that was built elsewhere,
 * outside of any project's root, is not another. */
bool model_diff_renamed(const struct model_diff_function *function);
/* model_diff_other_name: what it was called on the base side, NULL when that is no other name. */
const char *model_diff_other_name(const struct model_diff_function *function);
/* model_diff_names: names_apart() of the functions shown, for names_free(). */
char **model_diff_names(const struct model_diff *diff);
/* model_diff_others: what the functions that are not shown make of the total; returns their number. */
size_t model_diff_others(const struct model_diff *diff, struct model_diff_function *others);

void model_side_release(struct model_side *side);
void model_diff_function_release(struct model_diff_function *function);
/* model_diff_release: frees what it holds; a zeroed struct may be released. */
void model_diff_release(struct model_diff *diff);

#endif /* HOTPATH_MODEL_DIFF_H */
