/* SPDX-License-Identifier: MIT */
/*
 * Segments that wait to be taken into a store.
 *
 * A segment is held by flock() while it is taken in, so two processes that find the same one make
 * one run of it: the second finds the file gone.  It is deleted only after its run is committed.
 */
#ifndef HOTPATH_SEGMENTS_H
#define HOTPATH_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct git_state;

enum segment_outcome {
	SEGMENT_TAKEN,	 /* its run is in the store, and the file gone */
	SEGMENT_KNOWN,	 /* as TAKEN, but the run was there before */
	SEGMENT_EMPTY,	 /* nothing was recorded; the file is gone */
	SEGMENT_LIVE,	 /* its process still writes */
	SEGMENT_GONE,	 /* another process took it */
	SEGMENT_OTHER,	 /* not for this store, or not with this token */
	SEGMENT_REFUSED, /* an error, see there; a damaged one was renamed to FILE.damaged */
	SEGMENT_FOREIGN, /* an error too: of another version or byte order; it stays */
};

/* What to take, and where to. */
struct segment_wish {
	const char *store;  /* where a segment goes that names no store */
	bool only_store;    /* leave those for other stores alone */
	const char *token;  /* only those of this `hotpath run`, NULL: all */
	const char *branch; /* in place of what the segment says, "" for none; NULL: as it says */
	bool patient;	    /* wait for another process that takes in the same segment */
	bool force;	    /* also where it cannot be known whether the process still writes */
	bool tell_again;    /* of those of another version too that were told of before */
	/* How things stood in a work tree when the run started, of which git_top is the top folder; NULL: unknown. */
	const struct git_state *git;
	const char *git_top;
};

struct segment_result {
	enum segment_outcome outcome;
	int64_t id;  /* number of the run, for TAKEN and KNOWN */
	char *store; /* the folder it went to, for TAKEN and KNOWN; free() it */
};

/*
 * segment_take: takes in one segment.
 *
 * result   filled in in every case
 * Returns  ERR_OK, also when nothing was to be done, or an error (SEGMENT_REFUSED, SEGMENT_FOREIGN)
 */
int segment_take(const char *path, const struct segment_wish *wish, struct segment_result *result,
		 struct error *error);

struct segment_tally {
	size_t taken, empty, live;
	size_t refused;	 /* that there was a word about */
	size_t unknown;	 /* of those that are live: perhaps not */
	int64_t last_id; /* run that was taken in last, 0: none */
};

/* Called with each error: the others are taken in all the same. */
typedef void segment_warn_fn(const char *text);

/*
 * segments_take: takes in all segments that wait, oldest first; those of last_pid after all others,
 * so that the run of a command's own process gets the highest number.
 */
int segments_take(const struct segment_wish *wish, pid_t last_pid, segment_warn_fn *warn,
		  struct segment_tally *tally, struct error *error);

struct segment_file {
	char *path;
	int64_t changed_ns;
	pid_t pid;    /* by its name, 0 unknown */
	bool live;    /* still recording, or unknown */
	bool unknown; /* of another pid namespace: it cannot be known whether it still records */
};

/* segment_foreign: of which hotpath a segment is that this one cannot read, and what to do; to be freed.  NULL when it can be
 * read. */
char *segment_foreign(const char *path);

/* segments_list: the segment files for a store's folder, oldest first; segments_list_release() it.
 */
int segments_list(const char *store, struct segment_file **files, size_t *n, struct error *error);
void segments_list_release(struct segment_file *files, size_t n);

#endif /* HOTPATH_SEGMENTS_H */
