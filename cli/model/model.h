/* SPDX-License-Identifier: MIT */
/*
 * The model: what query.c finds in a store, as plain structs; all that a view ever sees.
 *
 * Times are nanoseconds as measured, the cost of measuring still in them.  Strings are as recorded
 * and may hold any byte: a view escapes what it prints.  NULL means unknown.
 */
#ifndef HOTPATH_MODEL_H
#define HOTPATH_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MODEL_LOST = 16,	/* causes of loss, as SEG_LOST_COUNT */
	MODEL_PERCENTILES = 16, /* percentiles in one report, at most */
};

/* How a process ended, as it saw it itself; as enum image_end. */
enum model_end {
	MODEL_END_UNSEEN = 0,
	MODEL_END_EXIT = 1,
	MODEL_END_UNLOAD = 2,
	MODEL_END_EXEC = 3,
};

/* What of its process's recording a run is. */
enum model_part {
	MODEL_WHOLE,
	MODEL_LIVE,    /* up to a moment; the process went on */
	MODEL_SESSION, /* between two moments, with a label of its own */
};

/* One run: one process from its start (or exec, or fork) to its end. */
struct model_run {
	int64_t id;	    /* number in this store, never given twice */
	char run_id[33];    /* hex, the same in every store */
	char parent_id[33]; /* hex, run_id of the process that forked this one; "" when none is
			       known */
	int64_t pid;
	char **argv; /* NULL-terminated */
	size_t argc;
	bool argv_cut; /* there were more arguments than were kept */
	char *cwd, *exe, *label, *host, *kernel, *cpu, *branch, *commit;
	int dirty;	       /* 1 the work tree differed from the commit, 0 not, -1 unknown */
	char *diff;	       /* hash of that difference */
	bool git_at_start;     /* these two are of the start; else of when the run was taken in */
	int64_t started_at_ns; /* since 1970, UTC */
	int64_t duration_ns;
	bool sealed; /* the process saw its own end */
	enum model_end ended;
	bool has_status, has_signal;
	int status, signal;   /* valid when has_...: at most one of them */
	char *governor;	      /* of the processor's frequency, at the start */
	double load;	      /* of the last minute, at the start; NAN unknown */
	double steal_percent; /* of the processors' time, during the run; NAN unknown */
	int64_t cpu_count;
	int64_t threads; /* that ever called a measured function */
	double inside_ns,
		outside_ns; /* cost of measuring one call: in its own interval, and its caller's */
	double skipped_ns;  /* cost of a call that was counted only; 0 when there were none */
	double budget_percent;	  /* what measuring was allowed to take; 0: no limit */
	int64_t measuring_ns;	  /* what measuring took, on all threads */
	double overhead_percent;  /* share of the threads' time that measuring took; < 0 unknown */
	int64_t calls;		  /* of all functions */
	int64_t lost[MODEL_LOST]; /* calls not recorded, by cause */
	int64_t lost_total; /* without the cause `contexts`: those calls are recorded, only not
			       where they came from */
	int64_t torn;	    /* calls that may be counted twice (killed while summing up) */
	int64_t damaged;    /* parts of the segment that could not be read */
	char *damage;	    /* the first of them, in words */
	enum model_part part;
};

struct model_run_list {
	struct model_run *runs; /* newest first */
	size_t n;
	int64_t total; /* runs in the store */
};

/* One function in one run. */
struct model_function {
	char *name;	 /* as written in the source, demangled */
	char *qualified; /* with namespaces and classes */
	char *mangled;	 /* as the linker knows it */
	char *label;	 /* from the attribute or the rule */
	char *file;
	char *rule;    /* what chose it */
	char *group;   /* from the rule */
	char body[17]; /* hash of its body in hex; "" when unknown */
	int64_t line;
	int64_t sample;	      /* 0 every call was timed, N one in N */
	const char *kind;     /* "function", "call", "block", "life" */
	const char *language; /* "C", "C++", ... */
	int64_t calls;	      /* all entries */
	int64_t running;      /* of these, still running when the recording ended */
	int64_t unwound;      /* of these, left without an exit */
	int64_t skipped;      /* of these, counted and not timed; with any, times are estimates */
	/* Half of the 95 % interval of the mean; 0 when all calls were timed, NAN unknown. */
	double error_percent;
	int64_t total_ns; /* inclusive; recursion counted once; running calls up to the end */
	int64_t self_ns;
	int64_t sum_ns;		/* durations of the calls that returned, each in full */
	int64_t min_ns, max_ns; /* of returned calls; valid when calls > running */
	double mean_ns;		/* sum_ns / (calls - running); NAN when no call returned */
	double percentile_ns[MODEL_PERCENTILES]; /* as asked; NAN when no call returned */
	double percent; /* of the run's duration, likewise without the cost of measuring; NAN when
			   that is 0.  Above 100 when threads overlap */
};

/* The percentiles asked for, and how the user wrote each. */
struct model_percentiles {
	size_t n;
	double value[MODEL_PERCENTILES];
	char text[MODEL_PERCENTILES][12];
};

enum { MODEL_BUSIEST = 3 };

struct model_report {
	struct model_run run;
	bool raw; /* times with the cost of measuring still in them */
	struct model_percentiles percentiles;
	/* The functions that are called most, of all in the run; copies, NULL where there are fewer. */
	struct {
		char *title;
		int64_t calls;
	} busiest[MODEL_BUSIEST];
	struct model_function *functions;
	size_t n;	/* shown */
	size_t matched; /* passed the focus, before the limit */
	size_t total;	/* in the run */
};

/* The answer to a free query. */
enum model_kind {
	MODEL_NULL,
	MODEL_INTEGER,
	MODEL_REAL,
	MODEL_TEXT,
	MODEL_BLOB, /* text holds it as hex */
};

struct model_value {
	enum model_kind kind;
	int64_t integer;
	double real;
	char *text;
};

struct model_table {
	char **columns;
	size_t n_columns;
	struct model_value *values; /* n_rows * n_columns, row by row */
	size_t n_rows;
};

/* Functions that rules put into one group, summed up. */
struct model_group {
	char *name; /* NULL: those without a group */
	int64_t functions, calls;
	int64_t total_ns; /* inclusive; counted once where functions of the group call each other */
	int64_t self_ns;
	double percent; /* as in struct model_function */
};

struct model_groups {
	struct model_run run;
	struct model_group *groups;
	size_t n, all; /* shown, and in the run */
};

/* model_estimates: not all calls of the run were timed, so that times of some functions are estimates. */
bool model_estimates(const struct model_run *run);

/* model_share: a time in percent of a run's duration without the cost of measuring; NAN when that is 0. */
double model_share(const struct model_run *run, int64_t ns);

/* model_run_how: how a run ended: "exit", "signal", "_exit" (a status that only the parent saw), "quick_exit", "exec", "unseen". */
const char *model_run_how(const struct model_run *run);

/* model_lost_name: JSON key of a cause of loss, NULL for an unused one. */
const char *model_lost_name(int cause);

/* Each frees what the struct holds; the struct itself is the caller's.  A zeroed struct may be
 * released. */
void model_run_release(struct model_run *run);
void model_run_list_release(struct model_run_list *list);
void model_function_release(struct model_function *function);
void model_report_release(struct model_report *report);
void model_groups_release(struct model_groups *groups);
void model_table_release(struct model_table *table);

#endif /* HOTPATH_MODEL_H */
