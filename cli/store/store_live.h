/* SPDX-License-Identifier: MIT */
/*
 * A run that the store has up to a moment (part = 1) gives way to a later state of itself.
 */
#ifndef HOTPATH_STORE_LIVE_H
#define HOTPATH_STORE_LIVE_H

#include <stdint.h>

struct error;
struct store;

/*
 * store_live_remove: deletes it, so that its number is free for what comes instead, and puts its tags aside.
 * store_live_tags: gives them to what has the number now.  Both within one transaction.
 */
int store_live_remove(struct store *store, int64_t run, struct error *error);
int store_live_tags(struct store *store, int64_t run, struct error *error);

#endif /* HOTPATH_STORE_LIVE_H */
