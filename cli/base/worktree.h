/* SPDX-License-Identifier: MIT */
/*
 * Work trees of two commits side by side, in folders whose names are equally long: the length of a path moves the stack
 * of a program that is started with it, and with that its times.
 */
#ifndef HOTPATH_WORKTREE_H
#define HOTPATH_WORKTREE_H

struct error;

struct worktree {
	char *parent;	 /* a new temporary folder */
	char *dirs[2];	 /* base and head in it */
	char *places[2]; /* the folders there that the one we are in is here */
	char *commits[2];
};

/*
 * worktree_make: checks two commits out.
 *
 * refs     as git understands them here
 * Returns  ERR_OK; ERR_USAGE for a ref that is none, or that has not the folder we are in; ERR_SPAWN or ERR_IO.  worktree_remove() in every case
 */
int worktree_make(struct worktree *trees, const char *const refs[2], struct error *error);

/* worktree_remove: removes them again, with all that was built there. */
void worktree_remove(struct worktree *trees);

#endif /* HOTPATH_WORKTREE_H */
