/* SPDX-License-Identifier: MIT */
/*
 * The branch that a CI system says it builds: for the runtime, which notes it at the start of a run, and for
 * the command.  Libc alone, callable before main.
 */
#ifndef HOTPATH_CI_BRANCH_H
#define HOTPATH_CI_BRANCH_H

#include <stdlib.h>
#include <string.h>

static inline const char *ci_after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 && text[n] ? text + n : text;
}

/*
 * ci_branch: the branch that is being built, for a detached HEAD, as CI systems have it; NULL when no variable
 * tells.  A pull request's own branch comes before the name of the merge that is tested in its place.
 */
static inline const char *ci_branch(void)
{
	static const char *const names[] = {
		"GITHUB_HEAD_REF", /* GitHub, Gitea, Forgejo */
		"GITHUB_REF_NAME",
		"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", /* GitLab */
		"CI_COMMIT_SOURCE_BRANCH",	       /* Woodpecker */
		"CI_COMMIT_BRANCH",
		"CI_COMMIT_REF_NAME",
		"BUILDKITE_BRANCH",
		"CIRCLE_BRANCH",
		"TRAVIS_PULL_REQUEST_BRANCH",
		"TRAVIS_BRANCH",
		"DRONE_SOURCE_BRANCH",
		"DRONE_BRANCH",
		"BITBUCKET_BRANCH",
		"SYSTEM_PULLREQUEST_SOURCEBRANCH", /* Azure */
		"BUILD_SOURCEBRANCH",
		"APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH",
		"APPVEYOR_REPO_BRANCH",
		"SEMAPHORE_GIT_PR_BRANCH",
		"SEMAPHORE_GIT_BRANCH",
		"CODEBUILD_WEBHOOK_HEAD_REF", /* AWS */
		"CIRRUS_BRANCH",
		"CHANGE_BRANCH", /* Jenkins */
		"BRANCH_NAME",
		"GIT_BRANCH",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (!value || !*value)
			continue;
		value = ci_after(value, "refs/heads/");
		/* Jenkins' git plugin names the remote's branch. */
		return strcmp(names[i], "GIT_BRANCH") == 0 ? ci_after(value, "origin/") : value;
	}
	return NULL;
}

#endif /* HOTPATH_CI_BRANCH_H */
