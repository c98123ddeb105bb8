/* SPDX-License-Identifier: MIT */
#include "worktree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "environment.h"
#include "error.h"
#include "git.h"
#include "spawn.h"
#include "text.h"

enum { PATIENCE_MS = 600000 };

static int git(const char *const *argv, bool apart, struct text *out)
{
	struct spawn spawn = {.argv = argv,
			      .env = git_environment,
			      .timeout_ms = PATIENCE_MS,
			      .with_errors = true,
			      .apart = apart};

	return spawn_capture(&spawn, out);
}

/* Where we are below the top of our own work tree. */
static int find_place(struct worktree *trees, int side, const char *ref, struct error *error)
{
	char *below = git_prefix(), *place, *shown;

	place = text_format("%s%s%s", trees->dirs[side], below && *below ? "/" : "",
			    below ? below : "");
	shown = text_printable(below ? below : "");
	if (place && access(place, X_OK) != 0)
		error_set(error, ERR_USAGE,
			  "--%s-ref: '%s' has no folder %s, which we are in; go to the top of the "
			  "work tree, or to a folder that both commits have",
			  side ? "head" : "base", ref, shown ? shown : "");
	else if (!place)
		error_memory(error);
	trees->places[side] = place;
	free(below);
	free(shown);
	return error->code;
}

static int check_out(struct worktree *trees, int side, const char *ref, struct error *error)
{
	const char *argv[] = {"git", "worktree", "add", "--detach", "-q", NULL, NULL, NULL};
	struct text out = {0};
	char *words, *shown;
	int status;

	trees->commits[side] = git_commit_of(ref);
	shown = text_printable(ref);
	if (!trees->commits[side]) {
		error_set(error, ERR_USAGE, "--%s-ref: git knows no commit '%s' %s",
			  side ? "head" : "base", shown ? shown : "",
			  git_is_shallow() ? "in this shallow clone; fetch more of the history: "
					     "`git fetch --unshallow`, or a larger fetch-depth of "
					     "actions/checkout, GIT_DEPTH of GitLab"
					   : "here; `git branch -a` lists branches");
		free(shown);
		return ERR_USAGE;
	}
	free(shown);
	trees->dirs[side] = text_format("%s/%s", trees->parent, side ? "head" : "base");
	if (!trees->dirs[side])
		return error_memory(error);
	argv[5] = trees->dirs[side];
	argv[6] = trees->commits[side];
	status = git(argv, false, &out);
	words = text_take(&out);
	if (status != 0)
		error_set(error, ERR_SPAWN, "cannot make a work tree of '%s': %s", ref,
			  words && *words ? words : "git failed");
	free(words);
	return status == 0 ? find_place(trees, side, ref, error) : ERR_SPAWN;
}

int worktree_make(struct worktree *trees, const char *const refs[2], struct error *error)
{
	const char *tmp = environment_get("TMPDIR");
	int rc = ERR_OK;

	memset(trees, 0, sizeof(*trees));
	trees->parent = text_format("%s/hotpath-ab-XXXXXX", tmp ? tmp : "/tmp");
	if (!trees->parent)
		return error_memory(error);
	if (!mkdtemp(trees->parent)) {
		rc = error_set(error, ERR_IO, "cannot make %s: %s", trees->parent, strerror(errno));
		free(trees->parent);
		trees->parent = NULL;
		return rc;
	}
	for (int side = 0; side < 2 && !rc; side++)
		rc = check_out(trees, side, refs[side], error);
	return rc;
}

void worktree_remove(struct worktree *trees)
{
	for (int side = 0; side < 2; side++) {
		const char *argv[] = {"git",	 "worktree",	    "remove", "--force",
				      "--force", trees->dirs[side], NULL};

		if (trees->dirs[side])
			git(argv, true, NULL);
		free(trees->dirs[side]);
		free(trees->places[side]);
		free(trees->commits[side]);
	}
	if (trees->parent)
		rmdir(trees->parent);
	free(trees->parent);
	memset(trees, 0, sizeof(*trees));
}
