/* SPDX-License-Identifier: MIT */
/*
 * The checks of `hotpath doctor`: each adds lines, none of them stops the others.
 */
#ifndef HOTPATH_DOCTOR_H
#define HOTPATH_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

enum doctor_verdict {
	DOCTOR_OK,
	DOCTOR_WARN, /* works, with a loss that is named */
	DOCTOR_FAIL,
};

struct doctor_line {
	enum doctor_verdict verdict;
	const char *part; /* "gcc", "store", ... */
	char *text;	  /* what is so, and what to do about it */
};

struct doctor {
	const char *cc; /* compiler to check */
	const char
		*plugin; /* the -fplugin= value that works, NULL: none; a constant or plugin_path */
	char *plugin_path;
	struct doctor_line *lines;
	size_t n;
	bool failed, out_of_memory;
};

/* doctor_say: adds a line. */
void doctor_say(struct doctor *doctor, enum doctor_verdict verdict, const char *part,
		const char *format, ...) __attribute__((format(printf, 4, 5)));
void doctor_release(struct doctor *doctor);

void doctor_toolchain(struct doctor *doctor); /* compiler, plugin, runtime library; sets plugin */
void doctor_store(struct doctor *doctor);     /* store and waiting segments */
void doctor_machine(struct doctor *doctor);   /* clock, git */
void doctor_trial(
	struct doctor *doctor); /* builds, runs and takes in a program; after the toolchain */

#endif /* HOTPATH_DOCTOR_H */
