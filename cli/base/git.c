/* SPDX-License-Identifier: MIT */
#include "git.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime/ci_branch.h"
#include "place.h"
#include "spawn.h"
#include "text.h"

enum { PATIENCE_MS = 5000 };

#define OF_ONE_REPOSITORY                                                                          \
	"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX",              \
		"GIT_IMPLICIT_WORK_TREE", NULL

const char *const git_environment[] = {"GIT_OPTIONAL_LOCKS=0", "HOTPATH_DISABLE=1", "LC_ALL=C",
				       OF_ONE_REPOSITORY};

void git_forget(void)
{
	static const char *const names[] = {OF_ONE_REPOSITORY};

	for (size_t i = 0; names[i]; i++)
		unsetenv(names[i]);
}

/* What a git command prints, to be freed; NULL when it fails. */
static char *ask_all(const char *dir, const char *const *argv)
{
	struct spawn spawn = {
		.argv = argv, .dir = dir, .env = git_environment, .timeout_ms = PATIENCE_MS};
	struct text out = {0};
	int status = spawn_capture(&spawn, &out);
	char *text = text_take(&out);

	if (status != 0 || !text) {
		free(text);
		return NULL;
	}
	return text;
}

/* The first line of it. */
static char *ask(const char *dir, const char *const *argv)
{
	char *text = ask_all(dir, argv);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

/* FNV-1a: it only has to tell one difference from another. */
struct hash {
	uint64_t value;
	bool any;
};

static void hash_more(void *data, const char *bytes, size_t n)
{
	struct hash *hash = data;

	for (size_t i = 0; i < n; i++)
		hash->value = (hash->value ^ (uint8_t)bytes[i]) * 0x100000001b3u;
	hash->any |= n > 0;
}

/* What the user's configuration could change about a diff is said, so that the same difference has the same hash. */
static void read_diff(const char *dir, struct git_state *state)
{
	static const char *const argv[] = {"git",
					   "-c",
					   "core.fsmonitor=false",
					   "-c",
					   "diff.algorithm=myers",
					   "-c",
					   "diff.indentHeuristic=false",
					   "diff",
					   "--no-ext-diff",
					   "--no-textconv",
					   "--no-color",
					   "--no-renames",
					   "--full-index",
					   "--binary",
					   "--submodule=short",
					   "--src-prefix=a/",
					   "--dst-prefix=b/",
					   "-U3",
					   "HEAD",
					   NULL};
	struct hash hash = {.value = 0xcbf29ce484222325u};
	struct spawn spawn = {.argv = argv,
			      .dir = dir,
			      .env = git_environment,
			      .timeout_ms = PATIENCE_MS,
			      .sink = hash_more,
			      .data = &hash};

	if (spawn_capture(&spawn, NULL) == 0 && hash.any)
		snprintf(state->diff, sizeof(state->diff), "%016llx",
			 (unsigned long long)hash.value);
}

static void read_changes(const char *dir, struct git_state *state)
{
	/* The file system monitor is a program of the repository's choice: not to be run by a
	 * reader. */
	static const char *const status[] = {
		"git", "-c", "core.fsmonitor=false", "status", "--porcelain", "-uno", NULL};
	char *changes = ask(dir, status);

	if (changes)
		state->dirty = *changes != '\0';
	free(changes);
	if (state->dirty == 1)
		read_diff(dir, state);
}

static char *commit_of(const char *dir, const char *name)
{
	const char *argv[] = {"git", "rev-parse", "--verify", "-q", "--end-of-options", name, NULL};

	return ask(dir, argv);
}

void git_read(const char *dir, struct git_state *state)
{
	git_read_for(dir, NULL, NULL, state);
}

void git_read_for(const char *dir, const char *branch, const char *commit, struct git_state *state)
{
	static const char *const of_head[] = {"git", "symbolic-ref", "--short", "-q", "HEAD", NULL};
	char *head = commit_of(dir, "HEAD");

	memset(state, 0, sizeof(*state));
	state->dirty = -1;
	if (!head)
		return;
	if (!commit && branch) {
		char *ref = text_format("refs/heads/%s", branch);

		state->commit = ref ? commit_of(dir, ref) : NULL;
		commit = state->commit;
		free(ref);
	}
	if (!commit || strcmp(commit, head) == 0)
		read_changes(dir, state);
	if (commit) {
		free(head);
		return;
	}
	state->commit = head;
	state->branch = ask(dir, of_head);
}

char *git_top(const char *dir)
{
	static const char *const argv[] = {"git", "rev-parse", "--show-toplevel", NULL};

	return ask(dir, argv);
}

char *git_prefix(void)
{
	static const char *const argv[] = {"git", "rev-parse", "--show-prefix", NULL};

	return ask(NULL, argv);
}

void git_other_trees(void (*found)(void *data, const char *dir), void *data)
{
	static const char *const argv[] = {"git", "worktree", "list", "--porcelain", NULL};
	static const char start[] = "worktree ";
	char *lines = ask_all(NULL, argv), *rest = lines, *line, *own = git_top(".");

	while (lines && (line = strsep(&rest, "\n")))
		if (strncmp(line, start, strlen(start)) == 0 &&
		    (!own || !place_same_folder(line + strlen(start), own)))
			found(data, line + strlen(start));
	free(lines);
	free(own);
}

bool git_is_inside(const char *below, const char *top)
{
	static const char *const argv[] = {"git", "rev-parse", "--show-superproject-working-tree",
					   NULL};
	char *above = ask(below, argv);
	bool inside = false;

	while (above && *above && !inside) {
		char *next = NULL;

		inside = place_same_folder(above, top);
		if (!inside)
			next = ask(above, argv);
		free(above);
		above = next;
	}
	free(above);
	return inside;
}

bool git_lacks_submodules(const char *dir)
{
	static const char *const argv[] = {"git", "submodule", "status", NULL};
	char *lines = ask_all(dir, argv);
	bool lacks = lines && (*lines == '-' || strstr(lines, "\n-"));

	free(lines);
	return lacks;
}

bool git_is_shallow(void)
{
	static const char *const argv[] = {"git", "rev-parse", "--is-shallow-repository", NULL};
	char *answer = ask(NULL, argv);
	bool shallow = answer && strcmp(answer, "true") == 0;

	free(answer);
	return shallow;
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

static bool is_commit(const char *text)
{
	size_t n = strspn(text, "0123456789abcdef");

	return n >= 7 && text[n] == '\0';
}

char *git_log(const char *from, const char *to)
{
	const char *argv[] = {"git",	    "log",  "--oneline",	"--no-decorate",
			      "--no-color", "-100", "--end-of-options", NULL,
			      "--",	    NULL};
	char *range = is_commit(from) && is_commit(to) ? text_format("%s..%s", from, to) : NULL;
	char *log = NULL;

	argv[7] = range;
	if (range)
		log = ask_all(NULL, argv);
	free(range);
	return log;
}

/* A few hundred a process keep its command line short. */
static void ask_times(const char *const *commits, size_t n, int64_t *times)
{
	static const char *const before[] = {"git",
					     "log",
					     "--no-walk=unsorted",
					     "--ignore-missing",
					     "--format=%H %ct",
					     "--end-of-options"};
	enum { BEFORE = sizeof(before) / sizeof(before[0]) };
	const char **argv = calloc(BEFORE + n + 1, sizeof(*argv));
	char *lines, *rest, *line;
	size_t words = BEFORE;

	if (!argv)
		return;
	memcpy(argv, before, sizeof(before));
	for (size_t i = 0; i < n; i++)
		if (commits[i] && is_commit(commits[i]))
			argv[words++] = commits[i];
	/* Without any it would tell of HEAD. */
	lines = rest = words > BEFORE ? ask_all(NULL, argv) : NULL;
	while (lines && (line = strsep(&rest, "\n"))) {
		size_t length = strcspn(line, " ");

		for (size_t i = 0; line[length] && i < n; i++)
			if (commits[i] && strlen(commits[i]) == length &&
			    strncmp(commits[i], line, length) == 0)
				times[i] = strtoll(line + length, NULL, 10);
	}
	free(lines);
	free(argv);
}

void git_commit_times(const char *const *commits, size_t n, int64_t *times)
{
	enum { AT_ONCE = 400 };

	memset(times, 0, n * sizeof(*times));
	for (size_t i = 0; i < n; i += AT_ONCE)
		ask_times(commits + i, n - i < AT_ONCE ? n - i : AT_ONCE, times + i);
}

const char *git_ci_branch(void)
{
	return ci_branch();
}
