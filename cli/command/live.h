/* SPDX-License-Identifier: MIT */
/*
 * Programs that are being recorded: found by their segments, read, and steered through them.
 *
 * The process is not asked: what it records lies in the segment.  Only to switch measuring off or on it has to look at
 * the word that is left for it there, which it does when it next calls measured functions.
 */
#ifndef HOTPATH_LIVE_H
#define HOTPATH_LIVE_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct model_live_list;

/* live_list: this user's programs that record for a store, or for whichever. */
int live_list(const char *store, bool any, struct model_live_list *list, struct error *error);

/*
 * live_find: the segment of a process.
 *
 * who      its number, or the path of its segment
 * store    whose folders are looked through besides the shared one
 * path     to be freed
 * Returns  ERR_NO_RUN when no such process is being recorded
 */
int live_find(const char *who, const char *store, char **path, struct error *error);

/*
 * live_switch: measuring on or off.
 *
 * followed whether the process has done so; it does with the next measured calls, at the latest when a thread has made 256 of
 *          them.  We wait for a second.
 */
int live_switch(const char *path, bool on, bool *followed, struct error *error);

/* live_reset: the figures of the run begin now. */
int live_reset(const char *path, struct error *error);

/* live_dump: the figures up to now into the store, as a run that is marked so; *id is its number. */
int live_dump(const char *path, const char *store, int64_t *id, struct error *error);

#endif /* HOTPATH_LIVE_H */
