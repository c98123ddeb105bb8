/* SPDX-License-Identifier: MIT */
/*
 * What can go wrong in the command line tool: one enum for all of it, and the words that go with
 * one case.
 *
 * Library code fills in a struct error and returns its code; only main.c prints it and decides the
 * exit status.
 */
#ifndef HOTPATH_ERROR_H
#define HOTPATH_ERROR_H

#include <stddef.h>

enum error_code {
	ERR_OK = 0,
	ERR_MEMORY = -1,    /* out of memory */
	ERR_IO = -2,	    /* a file or folder cannot be opened, read or written */
	ERR_USAGE = -3,	    /* the command line or the environment is wrong; exit status 2 */
	ERR_NO_STORE = -4,  /* there is no store yet */
	ERR_LOCKED = -5,    /* another process holds the store for longer than we wait */
	ERR_READONLY = -6,  /* the store cannot be written */
	ERR_CORRUPT = -7,   /* the store is damaged */
	ERR_NEWER = -8,	    /* the store was written by a newer hotpath */
	ERR_FOREIGN = -9,   /* the file is no hotpath store */
	ERR_NO_RUN = -10,   /* no run has that name */
	ERR_SQL = -11,	    /* SQLite said no, for another reason */
	ERR_SEGMENT = -12,  /* a segment cannot be read */
	ERR_SPAWN = -13,    /* a program cannot be started */
	ERR_NEGATIVE = -14, /* the answer is no, and has been printed */
	ERR_FULL = -15,	    /* no room left on the device */
};

struct error {
	enum error_code code;
	char text[1200]; /* what happened and what to do, without a full stop at the end; "" when
			    it has been printed */
};

/*
 * error_set: notes what went wrong.
 *
 * error    filled in; a first error stays when called again
 * code     not ERR_OK
 * Returns  code, so that it can stand in a return statement
 */
int error_set(struct error *error, enum error_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* error_memory: error_set() for ERR_MEMORY. */
int error_memory(struct error *error);

/* error_exit_status: 0 ok, 1 negative answer, 2 misuse or failure. */
int error_exit_status(int code);

#endif /* HOTPATH_ERROR_H */
