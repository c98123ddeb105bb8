/* SPDX-License-Identifier: MIT */
/*
 * Runs another program and reads what it prints, without a shell and never for longer than it may
 * take.
 */
#ifndef HOTPATH_SPAWN_H
#define HOTPATH_SPAWN_H

#include <stdbool.h>
#include <stddef.h>

struct text;

struct spawn {
	const char *const *argv; /* NULL-terminated, found in PATH */
	const char *dir;	 /* to run it in, NULL: here */
	const char *const
		*env; /* "NAME=value" to add, "NAME" to take away; ended by NULL, or NULL */
	int timeout_ms;
	/* Gets what it prints, piece by piece and however much, in place of `out`; NULL: none. */
	void (*sink)(void *data, const char *bytes, size_t n);
	void *data;	  /* of the sink */
	bool with_errors; /* capture standard error too, instead of dropping it */
	bool apart; /* out of reach of what the terminal sends: for what clears away after that */
};

/*
 * spawn_capture: runs a program to its end.
 *
 * out      what it printed, NULL to drop it
 * Returns  its exit status 0 .. 255; -1 when it could not be started, was killed, or took too long
 */
int spawn_capture(const struct spawn *spawn, struct text *out);

#endif /* HOTPATH_SPAWN_H */
