/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people read them.  `out` has room for FORMAT_ROOM bytes; each returns it.
 */
#ifndef HOTPATH_FORMAT_H
#define HOTPATH_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

enum { FORMAT_ROOM = 48 };

/* format_ns: three significant digits and a unit, "58.1 ms"; "-" for NAN.  utf8: µs rather than us.
 */
char *format_ns(char *out, double ns, bool utf8);

/* format_percent: one decimal, "98.7"; "-" for NAN. */
char *format_percent(char *out, double percent);

/* format_bytes: three significant digits and a unit, "1.25 MiB". */
char *format_bytes(char *out, int64_t bytes);

/* format_local: the minute in the local time zone, "2026-11-21 01:36". */
char *format_local(char *out, int64_t ns_since_1970);

/* format_utc: RFC 3339 with nanoseconds, "2026-11-21T01:36:51.000000000Z". */
char *format_utc(char *out, int64_t ns_since_1970);

/* format_signal: "SIGKILL", or "signal 70". */
char *format_signal(char *out, int signal);

#endif /* HOTPATH_FORMAT_H */
