/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "environment.h"
#include "error.h"
#include "text.h"

static bool exists_in(const char *folder, const char *name)
{
	char *path = text_format("%s/%s", folder, name);
	bool found = path && access(path, F_OK) == 0;

	free(path);
	return found;
}

/* Cuts the last component; false at the root. */
static bool go_up(char *folder)
{
	char *slash = strrchr(folder, '/');

	if (!slash || strcmp(folder, "/") == 0)
		return false;
	slash[slash == folder] = '\0';
	return true;
}

/* The nearest folder, from `from` upward, that has one of two names in it; to be freed. */
static char *find_upward(const char *from, const char *one, const char *other)
{
	char *folder = strdup(from);

	if (!folder)
		return NULL;
	do {
		if (exists_in(folder, one) || (other && exists_in(folder, other)))
			return folder;
	} while (go_up(folder));
	free(folder);
	return NULL;
}

static char *state_folder(void)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	/* The specification says that a relative path is to be ignored. */
	if (state && state[0] == '/')
		return text_format("%s/hotpath", state);
	if (home && home[0] == '/')
		return text_format("%s/.local/state/hotpath", home);
	return NULL;
}

static char *absolute(const char *path)
{
	char *cwd, *result;

	if (path[0] == '/')
		return strdup(path);
	cwd = getcwd(NULL, 0);
	result = cwd ? text_format("%s/%s", cwd, path) : NULL;
	free(cwd);
	return result;
}

/* A project folder is usable when it has a store already, or when one can be made in it. */
static bool usable(const char *root, const char *dir)
{
	return exists_in(dir, "hotpath.db") || access(dir, W_OK | X_OK) == 0 ||
	       (errno == ENOENT && access(root, W_OK | X_OK) == 0);
}

int place_find(struct place *place, const char *from, struct error *error)
{
	const char *given = environment_get("HOTPATH_DIR");
	char *cwd;

	memset(place, 0, sizeof(*place));
	cwd = from ? strdup(from) : getcwd(NULL, 0);
	if (cwd) {
		place->root = find_upward(cwd, "hotpath.yaml", NULL);
		if (!place->root)
			place->root = find_upward(cwd, ".git", ".hotpath/hotpath.db");
	}
	free(cwd);
	if (given) {
		place->source = PLACE_ENVIRONMENT;
		place->dir = absolute(given);
		return place->dir ? ERR_OK : error_memory(error);
	}
	if (place->root) {
		place->source = PLACE_PROJECT;
		place->dir =
			text_format("%s/.hotpath", strcmp(place->root, "/") ? place->root : "");
		if (!place->dir)
			return error_memory(error);
		if (usable(place->root, place->dir))
			return ERR_OK;
		free(place->dir);
	}
	place->source = PLACE_STATE;
	place->dir = state_folder();
	if (!place->dir)
		return error_set(error, ERR_NO_STORE,
				 "no place for a store: there is no project here, and neither "
				 "XDG_STATE_HOME nor HOME is set; set HOTPATH_DIR to a folder");
	return ERR_OK;
}

void place_release(struct place *place)
{
	free(place->dir);
	free(place->root);
	memset(place, 0, sizeof(*place));
}

char *place_file(const char *dir)
{
	return text_format("%s/hotpath.db", dir);
}

/* Failing is fine: the store works without, it would only show up in `git status`. */
static void write_gitignore(const char *dir)
{
	char *path = text_format("%s/.gitignore", dir);
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644) : -1;

	free(path);
	if (fd < 0)
		return;
	(void)!write(fd, "*\n", 2);
	close(fd);
}

int place_make(const char *dir, struct error *error)
{
	char *path = strdup(dir);
	const char *name = strrchr(dir, '/');
	struct stat st;
	int why = 0;

	if (!path)
		return error_memory(error);
	/* That one below is missing is not why: the first that could not be made tells. */
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) != 0 && !why && errno != EEXIST) {
			int failed = errno;

			why = stat(path, &st) != 0 ? failed : 0;
		}
		*slash = '/';
	}
	free(path);
	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		why = errno == ENOENT && why ? why : errno;
		return error_set(
			error, why == EROFS || why == EACCES ? ERR_READONLY : ERR_IO,
			"cannot make the folder %s for the store: %s; set HOTPATH_DIR to a "
			"folder that can be written",
			dir, strerror(why));
	}
	if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
		return error_set(error, ERR_IO,
				 "%s is not a folder, so it cannot hold a store; move it away, or "
				 "set HOTPATH_DIR",
				 dir);
	if (name && strcmp(name, "/.hotpath") == 0)
		write_gitignore(dir);
	return ERR_OK;
}

char **place_segments(const char *dir)
{
	const char *given = environment_get("HOTPATH_SEGMENTS");
	char **folders = calloc(3, sizeof(*folders));

	if (!folders)
		return NULL;
	if (given) {
		folders[0] = absolute(given);
	} else {
		folders[0] = text_format("/dev/shm/hotpath-%lu", (unsigned long)geteuid());
		folders[1] = text_format("%s/segments", dir);
		if (!folders[1]) {
			place_segments_release(folders);
			return NULL;
		}
	}
	if (!folders[0]) {
		place_segments_release(folders);
		return NULL;
	}
	return folders;
}

void place_segments_release(char **folders)
{
	for (size_t i = 0; folders && i < 2; i++)
		free(folders[i]);
	free(folders);
}

bool place_folder_safe(const char *folder, bool *exists)
{
	struct stat st;

	*exists = lstat(folder, &st) == 0;
	return *exists && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool place_same_folder(const char *one, const char *other)
{
	struct stat a, b;

	if (strcmp(one, other) == 0)
		return true;
	return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

int64_t place_room(const char *folder)
{
	char *path = strdup(folder);
	struct statvfs fs;
	int64_t room = -1;

	while (path && access(path, F_OK) != 0 && errno == ENOENT && go_up(path))
		;
	if (path && statvfs(path, &fs) == 0)
		room = (int64_t)(fs.f_bavail * fs.f_frsize);
	free(path);
	return room;
}

char *place_without_room(const char *dir)
{
	/* What the runtime leaves free in /dev/shm, and about what a program needs. */
	enum { SHARED = 16 << 20, NEEDED = 1 << 20 };
	char **folders = place_segments(dir), *full = NULL;

	for (size_t i = 0; folders && folders[i]; i++) {
		int64_t room = place_room(folders[i]);

		free(full);
		full = room >= 0 && room < (folders[i + 1] ? SHARED : NEEDED) ? strdup(folders[i])
									      : NULL;
		if (!full)
			break;
	}
	place_segments_release(folders);
	return full;
}
