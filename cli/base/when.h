/* SPDX-License-Identifier: MIT */
/*
 * Points in time as people write them.
 */
#ifndef HOTPATH_WHEN_H
#define HOTPATH_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * when_parse: "now", "yesterday", "2 days ago", "2026-11-20", "2026-11-20 14:30".
 *
 * A date means its end, so that what happened on that day is in; yesterday is 24 hours ago.  Local time.
 *
 * Returns  false when it is none of these
 */
bool when_parse(const char *text, int64_t now_ns, int64_t *ns);

/* when_parse_since: the same, but a date means its beginning. */
bool when_parse_since(const char *text, int64_t now_ns, int64_t *ns);

/* when_parse_age: the time so long ago: "12h", "90d", "4w", "6m" of 30 days, "1y", "0d"; false when it is none of these. */
bool when_parse_age(const char *text, int64_t now_ns, int64_t *ns);

#endif /* HOTPATH_WHEN_H */
