/* SPDX-License-Identifier: MIT */
/*
 * A segment as it is at this moment, in a file of its own: what `hotpath ctl PID dump`, a reset and a session are made
 * from.  Compiled into the runtime and into the command.
 *
 * Names.  All files of a process begin with the stem of its segment, and end like this:
 *
 *   STEM.hotpath-seg         the segment
 *   STEM.base-N              it was reset: what had been recorded by then.  Its header's `base` is N
 *   STEM-sK.hotpath-seg      session K, at its end
 *   STEM-sK.base-1           session K, at its begin
 *
 * A run is what the segment holds less what its base holds (cli/segment/segment_less.c).
 *
 * The writer goes on meanwhile.  The file is copied from its front to its end, and whatever is linked lies behind what
 * links it, but for names of units: so no link of the copy leads nowhere.  Calls that are folded at that very moment, at
 * most a ring's of each other thread that makes calls just then, may be in the copy twice.
 */
#ifndef HOTPATH_SEG_COPY_H
#define HOTPATH_SEG_COPY_H

#include "segment.h"

/* What differs in a copy. */
struct seg_copy {
	uint32_t part; /* enum seg_part */
	uint32_t base; /* of the copy */
	uint64_t end_ticks, end_mono, end_real;
	const uint8_t *run_id; /* 16 bytes; NULL: the original's, else that is the parent */
	const char *label;     /* put before the original's as "LABEL/NAME"; NULL: none */
};

/*
 * seg_copy: copies a segment.
 *
 * to       a new file, mode 0600; not left behind on failure
 * now      may change the end of the copy's recording, called when all is copied; NULL: as `edit` says
 * Returns  0, or -1 with errno (EEXIST: there is a file of that name)
 * Cost     0.1 ms, and 1 ms for each few MB recorded
 */
int seg_copy(const char *from, const char *to, struct seg_copy *edit,
	     void (*now)(struct seg_copy *edit));

/*
 * seg_stem_name: "STEM" of the file `path`, then `tail`, then `number` in decimal, then `end`; into out.
 * Returns 0, or -1 when it does not fit.
 */
int seg_stem_name(char *out, uint64_t size, const char *path, const char *tail, uint32_t number,
		  const char *end);

/*
 * seg_rebase: makes what a segment holds now its base, so that its figures begin here.
 *
 * path     of the segment; seg: its header, mapped shared
 * edit     the moment at which they begin; now: as for seg_copy()
 * Returns  0, or -1 with errno
 */
int seg_rebase(const char *path, struct seg_header *seg, struct seg_copy *edit,
	       void (*now)(struct seg_copy *edit));

#endif /* HOTPATH_SEG_COPY_H */
