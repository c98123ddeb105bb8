/* SPDX-License-Identifier: MIT */
/*
 * What git says about a folder.  Everything may be unknown: no git, no repository, no commit yet,
 * too slow.
 */
#ifndef HOTPATH_GIT_H
#define HOTPATH_GIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GIT_DIFF = 17 }; /* 16 digits and a NUL */

struct git_state {
	char *branch; /* NULL: detached or unknown */
	char *commit;
	int dirty; /* -1 unknown; untracked files do not count */
	char diff
		[GIT_DIFF]; /* hash of the difference from the commit; "" when there is none, or it is unknown */
};

/*
 * git_read: asks git how things stand in a folder now.
 *
 * Cost     some processes, a few milliseconds, at most some seconds in a huge work tree
 */
void git_read(const char *dir, struct git_state *state);

/*
 * git_read_for: the same for a run that started some time ago.
 *
 * branch, commit   what was noted at its start, NULL: unknown.  The commit of a known branch is that branch's; when
 *                  another commit than the run's is checked out by now, dirty is unknown
 */
void git_read_for(const char *dir, const char *branch, const char *commit, struct git_state *state);

/* git_top: the top folder of the work tree that a folder is in, to be freed; NULL when there is none. */
char *git_top(const char *dir);
void git_release(struct git_state *state);

/* git_prefix: the folder we are in, below the top of its work tree and with a slash at its end, to be freed; "" at the top. */
char *git_prefix(void);

/*
 * git_other_trees: calls found() for each other work tree of this repository.
 *
 * data     handed on
 */
void git_other_trees(void (*found)(void *data, const char *dir), void *data);

/* git_is_inside: whether the folder `below` is in a submodule of the work tree with that top folder, at any depth. */
bool git_is_inside(const char *below, const char *top);

/* git_lacks_submodules: whether the work tree has submodules that are not checked out. */
bool git_lacks_submodules(const char *dir);

/* git_is_shallow: whether the history ends here before its beginning. */
bool git_is_shallow(void);

/*
 * git_environment: for a spawn of git, ended by NULL.  It asks no lock, so that nobody's commit is in the way of ours, is not
 * recorded when it is measured itself, and knows of no repository but by its folder: hooks have one in their environment.
 */
extern const char *const git_environment[];

/* git_forget: takes that out of our own environment, for what is started in another work tree. */
void git_forget(void);

/* git_commit_of: the commit that a tag or another name means to git here, to be freed; NULL when none. */
char *git_commit_of(const char *name);

/* git_branch_of: the branch, here or of a remote, that a name stands for, without the remote's name, to be freed: "main" for main,
 * origin/main, and for HEAD where that is a branch; NULL when it names none. */
char *git_branch_of(const char *name);

/*
 * git_log: the commits that came with one since another, a line each, as `git log --oneline FROM..TO` here, to be freed; at most
 * 100 of them.  "" when there are none, NULL when git knows one of them not.
 */
char *git_log(const char *from, const char *to);

/*
 * git_commit_times: when commits were made, in seconds since 1970.
 *
 * commits  whole hashes; NULL for none
 * times    filled in; 0 for a commit that git does not know here
 */
void git_commit_times(const char *const *commits, size_t n, int64_t *times);

/* git_ci_branch: the branch that a CI system says it builds, for a detached HEAD; NULL when none
 * does. */
const char *git_ci_branch(void);

#endif /* HOTPATH_GIT_H */
