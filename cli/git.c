/* SPDX-License-Identifier: MIT */
#include "git.h"

#include <stdlib.h>
#include <string.h>

#include "spawn.h"
#include "text.h"

/* The first line of what a git command prints, to be freed; NULL when it fails. */
static char *ask(const char *dir, const char *const *argv)
{
	/*
	 * No lock, so that nobody's commit is in the way of ours; and a git that is measured itself
	 * must not record us.
	 */
	static const char *const env[] = {"GIT_OPTIONAL_LOCKS=0", "HOTPATH_DISABLE=1", "LC_ALL=C",
					  NULL};
	struct spawn spawn = {.argv = argv, .dir = dir, .env = env, .timeout_ms = 5000};
	struct text out = {0};
	int status = spawn_capture(&spawn, &out);
	char *text = text_take(&out);

	if (status != 0 || !text) {
		free(text);
		return NULL;
	}
	text[strcspn(text, "\n")] = '\0';
	return text;
}

void git_read(const char *dir, bool head, struct git_state *state)
{
	static const char *const commit[] = {"git", "rev-parse", "--verify", "-q", "HEAD", NULL};
	static const char *const branch[] = {"git", "symbolic-ref", "--short", "-q", "HEAD", NULL};
	/* The file system monitor is a program of the repository's choice: not to be run by a
	 * reader. */
	static const char *const status[] = {
		"git", "-c", "core.fsmonitor=false", "status", "--porcelain", "-uno", NULL};
	char *changes;

	memset(state, 0, sizeof(*state));
	state->dirty = -1;
	if (head) {
		state->commit = ask(dir, commit);
		if (!state->commit)
			return;
		state->branch = ask(dir, branch);
	}
	changes = ask(dir, status);
	if (changes)
		state->dirty = *changes != '\0';
	free(changes);
}

void git_release(struct git_state *state)
{
	free(state->branch);
	free(state->commit);
	memset(state, 0, sizeof(*state));
}

char *git_commit_of(const char *name)
{
	const char *argv[] = {"git", "rev-parse", "--verify", "-q", "--end-of-options", NULL, NULL};
	char *peeled = text_format("%s^{commit}", name), *commit = NULL;

	argv[5] = peeled;
	if (peeled && *name)
		commit = ask(NULL, argv);
	free(peeled);
	return commit;
}

char *git_branch_of(const char *name)
{
	const char *argv[] = {"git",	  "rev-parse", "--symbolic-full-name",
			      "--verify", "-q",	       "--end-of-options",
			      name,	  NULL};
	char *full = *name ? ask(NULL, argv) : NULL, *branch = NULL;
	const char *rest;

	if (full && strncmp(full, "refs/heads/", 11) == 0)
		branch = strdup(full + 11);
	else if (full && strncmp(full, "refs/remotes/", 13) == 0 && (rest = strchr(full + 13, '/')))
		branch = strdup(rest + 1);
	free(full);
	return branch;
}

const char *git_ci_branch(void)
{
	/* A pull request's own branch comes before the name of the merge that is being tested. */
	static const char *const names[] = {
		"GITHUB_HEAD_REF",
		"GITHUB_REF_NAME",
		"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME",
		"CI_COMMIT_BRANCH",
		"CI_COMMIT_REF_NAME",
		"BUILDKITE_BRANCH",
		"CIRCLE_BRANCH",
		"TRAVIS_PULL_REQUEST_BRANCH",
		"TRAVIS_BRANCH",
		"DRONE_SOURCE_BRANCH",
		"CHANGE_BRANCH",
		"BRANCH_NAME",
		"GIT_BRANCH",
		"BUILD_SOURCEBRANCHNAME",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return value;
	}
	return NULL;
}
