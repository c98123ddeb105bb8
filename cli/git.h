/* SPDX-License-Identifier: MIT */
/*
 * What git says about a folder.  Everything may be unknown: no git, no repository, no commit yet,
 * too slow.
 */
#ifndef HOTPATH_GIT_H
#define HOTPATH_GIT_H

#include <stdbool.h>

struct git_state {
	char *branch; /* NULL: detached or unknown */
	char *commit;
	int dirty; /* -1 unknown; untracked files do not count */
};

/*
 * git_read: asks git.
 *
 * head     also for branch and commit, not only whether the work tree differs
 * Cost     a process or two, a few milliseconds, at most some seconds in a huge work tree
 */
void git_read(const char *dir, bool head, struct git_state *state);
void git_release(struct git_state *state);

/* git_commit_of: the commit that a tag or another name means to git here, to be freed; NULL when none. */
char *git_commit_of(const char *name);

/* git_branch_of: the branch, here or of a remote, that a name stands for, without the remote's name, to be freed: "main" for main,
 * origin/main, and for HEAD where that is a branch; NULL when it names none. */
char *git_branch_of(const char *name);

/* git_ci_branch: the branch that a CI system says it builds, for a detached HEAD; NULL when none
 * does. */
const char *git_ci_branch(void);

#endif /* HOTPATH_GIT_H */
