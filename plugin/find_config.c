/* SPDX-License-Identifier: MIT */
/*
 * Finding the project: see find_config.h.
 *
 * hotpath.yaml anywhere above wins over .git anywhere above: a project inside a larger repository
 * sets its own root by having rules.
 */
#include "find_config.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_NAME "hotpath.yaml"

/* folder_of: the real path of a file's folder, for free(); or null. */
static char *folder_of(const char *file)
{
	const char *slash = file && file[0] != '<' ? strrchr(file, '/') : NULL;
	char *folder, *real;

	if (!slash)
		return realpath(".", NULL);
	folder = strndup(file, slash == file ? 1 : (size_t)(slash - file));
	if (!folder)
		return NULL;
	real = realpath(folder, NULL);
	free(folder);
	return real;
}

/* join: folder/name, for free(). */
static char *join(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = malloc(size);

	if (path)
		snprintf(path, size, "%s/%s", strcmp(folder, "/") ? folder : "", name);
	return path;
}

/* search: cuts `folder` down to the nearest one that holds `name`; false when none does. */
static bool search(char *folder, const char *name)
{
	for (;;) {
		char *path = join(folder, name), *slash;
		bool found = path && access(path, F_OK) == 0;

		free(path);
		if (found)
			return true;
		slash = strrchr(folder, '/');
		if (!slash || !slash[1])
			return false;
		slash[slash == folder] = '\0';
	}
}

void project_find(const char *source, const char *config, struct project *project)
{
	char *folder;

	memset(project, 0, sizeof(*project));
	if (config) {
		project->config = strdup(config);
		project->root = folder_of(config);
		return;
	}
	folder = folder_of(source);
	if (folder && search(folder, CONFIG_NAME)) {
		project->config = join(folder, CONFIG_NAME);
		project->root = folder;
		return;
	}
	free(folder);
	folder = folder_of(source);
	if (folder && search(folder, ".git"))
		project->root = folder;
	else
		free(folder);
}

void project_release(struct project *project)
{
	free(project->config);
	free(project->root);
	memset(project, 0, sizeof(*project));
}

char *project_relative(const struct project *project, const char *file)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	char *folder, *path = NULL;
	size_t length;

	if (!project->root)
		return NULL;
	folder = folder_of(file);
	if (!folder)
		return NULL;
	length = strcmp(project->root, "/") ? strlen(project->root) : 0;
	if (!strncmp(folder, project->root, length)) {
		if (!folder[length] || !strcmp(folder, "/"))
			path = strdup(base);
		else if (folder[length] == '/')
			path = join(folder + length + 1, base);
	}
	free(folder);
	return path;
}
