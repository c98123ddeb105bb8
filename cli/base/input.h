/* SPDX-License-Identifier: MIT */
/*
 * Standard input of a series of runs, which has to be the same for each: a file is read by each from where it is now; what
 * can be read only once, such as a pipe, is given to none, for else the first one, a warm-up, would get it all.  A shell
 * that reads its script from there also finds the rest of it.
 */
#ifndef HOTPATH_INPUT_H
#define HOTPATH_INPUT_H

#include <stdbool.h>
#include <sys/types.h>

struct input {
	bool is_file,
		is_once; /* neither: a terminal, a device or nothing, which stay as they are */
	off_t start;
};

/* input_begin: finds out what standard input is. */
void input_begin(struct input *input);

/* input_give: in the child that is to read it.  Returns 0, or -1 with errno. */
int input_give(const struct input *input);

/* input_is_left: whether there is something to read that no run was given. */
bool input_is_left(const struct input *input);

#endif /* HOTPATH_INPUT_H */
