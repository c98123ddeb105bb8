/* SPDX-License-Identifier: MIT */
#include "segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../base/error.h"
#include "../base/git.h"
#include "../segment/image.h"
#include "ingest.h"
#include "../base/place.h"
#include "store.h"
#include "../base/text.h"

enum {
	LOCK_WAIT_MS =
		STORE_WAIT_MS + 5000, /* the one that holds it may itself wait for the store */
	YOUNG_S = 60, /* a file without a sound header may still be in the making for so long */
};

static bool has_suffix(const char *path)
{
	size_t n = strlen(path), m = strlen(SEG_SUFFIX);

	return n > m && strcmp(path + n - m, SEG_SUFFIX) == 0;
}

enum header_state {
	HEADER_BAD,
	HEADER_FOREIGN, /* of another version, or byte order */
	HEADER_RECORDING,
	HEADER_SEALED,
};

static enum header_state read_header(int fd, struct seg_header *header)
{
	if (pread(fd, header, sizeof(*header), 0) != (ssize_t)sizeof(*header) ||
	    memcmp(header->magic, SEG_MAGIC, sizeof(header->magic)) != 0)
		return HEADER_BAD;
	if (header->endian == __builtin_bswap32(SEG_ENDIAN) ||
	    (header->endian == SEG_ENDIAN && header->version != SEG_VERSION))
		return HEADER_FOREIGN;
	return header->state == SEG_SEALED ? HEADER_SEALED : HEADER_RECORDING;
}

enum life {
	LIFE_OVER,    /* a sealed one is complete, whatever its process still does */
	LIFE_ON,      /* its writer may still write */
	LIFE_UNKNOWN, /* its writer cannot be seen */
};

static enum life read_life(const char *path, enum header_state state)
{
	int alive;

	if (state != HEADER_RECORDING && state != HEADER_FOREIGN)
		return LIFE_OVER;
	/* Sealed in between: asked again by the next command. */
	alive = image_writer_alive(path);
	return alive > 0 ? LIFE_ON : alive < 0 ? LIFE_UNKNOWN : LIFE_OVER;
}

/* ERR_OK with *fd < 0 when the file is gone, or held by another process that we do not wait for. */
static int open_locked(const char *path, bool patient, int *fd, struct error *error)
{
	struct stat st;
	int waited_ms = 0;

	*fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*fd < 0 && errno == EACCES)
		*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (*fd < 0) {
		if (errno == ENOENT)
			return ERR_OK;
		return error_set(error, ERR_IO, "cannot open the segment %s: %s", path,
				 errno == ELOOP ? "it is a symbolic link" : strerror(errno));
	}
	while (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK || !patient || waited_ms > LOCK_WAIT_MS) {
			close(*fd);
			*fd = -1;
			return ERR_OK;
		}
		usleep(5000);
		waited_ms += 5;
	}
	/* Whoever held it before may have deleted it. */
	if (fstat(*fd, &st) != 0 || st.st_nlink == 0) {
		close(*fd);
		*fd = -1;
	}
	return ERR_OK;
}

/* Whose state the git state that was taken at the start is. */
enum work_tree {
	TREE_OTHER,
	TREE_OWN,   /* that of the work tree which the run is of */
	TREE_ABOVE, /* the run is of a submodule there, and belongs to what was checked out with it */
};

static enum work_tree work_tree_of(const struct image *image, const struct segment_wish *wish,
				   const char *folder)
{
	enum work_tree tree = TREE_OTHER;
	char *top;

	if (!wish->git || !wish->git->commit || !wish->git_top)
		return TREE_OTHER;
	top = place_same_folder(folder, wish->git_top) ? strdup(wish->git_top) : git_top(folder);
	if (top && place_same_folder(top, wish->git_top))
		tree = !image->commit || strcmp(image->commit, wish->git->commit) == 0 ? TREE_OWN
										       : TREE_OTHER;
	else if (top && git_is_inside(top, wish->git_top))
		tree = TREE_ABOVE;
	free(top);
	return tree;
}

/* What is found out is left in *state, which the facts point to. */
static void find_facts(const struct image *image, const struct segment_wish *wish,
		       struct git_state *state, struct ingest_facts *facts)
{
	const char *folder = image->root ? image->root : image->cwd;
	enum work_tree tree = folder ? work_tree_of(image, wish, folder) : TREE_OTHER;
	const struct git_state *git = tree == TREE_OTHER ? state : wish->git;

	if (folder && tree == TREE_OTHER)
		git_read_for(folder, image->branch, image->commit, state);
	facts->commit = image->commit && tree != TREE_ABOVE ? image->commit : git->commit;
	if (tree != TREE_OTHER && wish->branch)
		facts->branch = wish->branch;
	else if (tree == TREE_ABOVE)
		facts->branch = git->branch ? git->branch : git_ci_branch();
	else
		facts->branch = image->branch ? image->branch : git->branch;
	if (!facts->commit)
		facts->branch = NULL;
	facts->dirty = git->dirty;
	facts->diff = *git->diff ? git->diff : NULL;
	facts->git_at_start = tree != TREE_OTHER;
}

static int ingest_image(const struct image *image, const char *dir, const struct segment_wish *wish,
			int64_t *id, bool *added, struct error *error)
{
	struct git_state now = {.dirty = -1};
	struct ingest_facts facts;
	struct store store;
	int rc;

	/* Before the store is locked: git may take its time. */
	find_facts(image, wish, &now, &facts);
	rc = store_open(&store, dir, STORE_WRITE, error);
	if (!rc)
		rc = ingest_run(&store, image, &facts, id, added, error);
	store_close(&store);
	git_release(&now);
	return rc;
}

static char *foreign_words(const char *path, const struct seg_header *header)
{
	bool newer = header->version > SEG_VERSION;

	if (header->endian != SEG_ENDIAN)
		return text_format("%s: recorded on a machine of the other byte order; read it "
				   "there, or remove it",
				   path);
	return text_format("%s: recorded by %s hotpath (its segments have format %u, this "
			   "one, " HOTPATH_VERSION ", reads format %u); %s, or remove it",
			   path, newer ? "a newer" : "an older", header->version, SEG_VERSION,
			   newer ? "install that one, and it is taken in"
				 : "the `hotpath ingest` that was installed with its program's "
				   "runtime takes it in");
}

char *segment_foreign(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct seg_header header;
	bool foreign;

	if (fd < 0)
		return NULL;
	foreign = read_header(fd, &header) == HEADER_FOREIGN;
	close(fd);
	return foreign ? foreign_words(path, &header) : NULL;
}

/*
 * What cannot be taken in here stays, and is in the way of nobody: each hotpath tells of it once, and then only when asked.
 * SEGMENT.told-VERSION remembers that, and goes when the segment has gone.
 */
#define TOLD ".told-"

/* Whether this hotpath tells of it for the first time. */
static bool first_told(const char *path)
{
	char *mark = text_format("%s" TOLD HOTPATH_VERSION, path);
	int fd = mark ? open(mark, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
	bool first = fd >= 0 || errno != EEXIST;

	if (fd >= 0)
		close(fd);
	free(mark);
	return first;
}

static void remove_old_mark(DIR *dir, const char *name)
{
	const char *end = strstr(name, SEG_SUFFIX TOLD);
	char *segment = end ? strndup(name, (size_t)(end - name) + strlen(SEG_SUFFIX)) : NULL;

	if (segment && faccessat(dirfd(dir), segment, F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
	    errno == ENOENT)
		unlinkat(dirfd(dir), name, 0);
	free(segment);
}

/* A damaged segment is kept, under a name that no command takes in again. */
static int refuse(const char *path, int image_rc, const struct image *image, struct error *error)
{
	const char *detail = image_rc == IMAGE_DAMAGED ? image->damage : "";
	char *aside;
	bool moved;

	if (image_rc == IMAGE_MEMORY)
		return error_memory(error);
	if (image_rc == IMAGE_IO)
		return error_set(error, ERR_SEGMENT, "cannot read the segment %s: %s", path,
				 strerror(errno));
	if ((image_rc != IMAGE_DAMAGED && image_rc != IMAGE_NOT_A_SEGMENT) || !has_suffix(path))
		return error_set(error, ERR_SEGMENT, "%s: %s", path, image_strerror(image_rc));
	aside = text_format("%s.damaged", path);
	moved = aside && rename(path, aside) == 0;
	error_set(error, ERR_SEGMENT, "%s: %s%s%s%s; it was left%s%s", path,
		  image_strerror(image_rc), *detail ? " (" : "", detail, *detail ? ")" : "",
		  moved ? " as " : " there", moved ? aside : "");
	free(aside);
	return ERR_SEGMENT;
}

/*
 * unlink_bases: removes what was kept to be taken off the segment: STEM.base-N, and of a process that has ended also
 * what its sessions left that it never ended: STEM-sN.base-1 without STEM-sN.hotpath-seg (runtime/seg_copy.h).
 */
static void unlink_bases(const char *path, bool sessions)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t stem = strcspn(name, ".");
	char *folder = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	DIR *dir = folder ? opendir(folder) : NULL;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *rest = entry->d_name + stem, *base = strstr(entry->d_name, ".base-");
		bool own = base == rest, of_session;

		if (!base || strncmp(entry->d_name, name, stem) != 0)
			continue;
		of_session = sessions && strncmp(rest, "-s", 2) == 0;
		if (of_session) {
			char *whole = text_format("%.*s" SEG_SUFFIX, (int)(base - entry->d_name),
						  entry->d_name);

			of_session = whole && faccessat(dirfd(dir), whole, F_OK, 0) != 0;
			free(whole);
		}
		if (own || of_session)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
	free(folder);
}

static int take_image(const char *path, const struct segment_wish *wish, const struct image *image,
		      struct segment_result *result, struct error *error)
{
	const char *dir = image->store && image->store[0] == '/' ? image->store : wish->store;
	bool added = false;
	int rc;

	if ((wish->only_store && !place_same_folder(dir, wish->store)) ||
	    (wish->token && (!image->token || strcmp(image->token, wish->token) != 0))) {
		result->outcome = SEGMENT_OTHER;
		return ERR_OK;
	}
	result->store = strdup(dir);
	if (!result->store)
		return error_memory(error);
	rc = ingest_image(image, dir, wish, &result->id, &added, error);
	if (rc)
		return rc;
	result->outcome = added ? SEGMENT_TAKEN : SEGMENT_KNOWN;
	if (image->part != SEG_PART_LIVE)
		unlink_bases(path, image->part == SEG_PART_WHOLE);
	if (unlink(path) != 0 && errno != ENOENT)
		return error_set(error, ERR_IO,
				 "run %lld is in the store, but its segment %s cannot be deleted: "
				 "%s",
				 (long long)result->id, path, strerror(errno));
	return ERR_OK;
}

static int take_locked(const char *path, int fd, const struct segment_wish *wish,
		       struct segment_result *result, struct error *error)
{
	struct seg_header header;
	enum life life = read_life(path, read_header(fd, &header));
	struct image image;
	int rc;

	if (life == LIFE_ON || (life == LIFE_UNKNOWN && !wish->force)) {
		result->outcome = SEGMENT_LIVE;
		return ERR_OK;
	}
	memset(&image, 0, sizeof(image));
	rc = image_read(path, &image);
	if (rc == IMAGE_OK) {
		if (!image.sealed && image.part == SEG_PART_WHOLE && image_writer_replaced(path))
			image.ended = IMAGE_END_EXEC;
		rc = take_image(path, wish, &image, result, error);
	} else if (rc == IMAGE_EMPTY) {
		result->outcome = SEGMENT_EMPTY;
		rc = ERR_OK;
		unlink(path);
	} else if (rc == IMAGE_VERSION || rc == IMAGE_ENDIAN) {
		char *words = segment_foreign(path);

		result->outcome = SEGMENT_FOREIGN;
		rc = error_set(error, ERR_SEGMENT, "%s", words ? words : image_strerror(rc));
		free(words);
	} else {
		rc = refuse(path, rc, &image, error);
	}
	image_release(&image);
	return rc;
}

int segment_take(const char *path, const struct segment_wish *wish, struct segment_result *result,
		 struct error *error)
{
	int fd, rc;

	memset(result, 0, sizeof(*result));
	result->outcome = SEGMENT_REFUSED;
	rc = open_locked(path, wish->patient, &fd, error);
	if (rc)
		return rc;
	if (fd < 0) {
		result->outcome = SEGMENT_GONE;
		return ERR_OK;
	}
	rc = take_locked(path, fd, wish, result, error);
	if (rc && result->outcome != SEGMENT_FOREIGN)
		result->outcome = SEGMENT_REFUSED;
	close(fd);
	return rc;
}

static int by_age(const void *one, const void *other)
{
	const struct segment_file *a = one, *b = other;

	if (a->changed_ns != b->changed_ns)
		return a->changed_ns < b->changed_ns ? -1 : 1;
	return strcmp(a->path, b->path);
}

/* Fills in what is known of one file; false when it is none of ours to touch. */
static bool examine(struct segment_file *file, const char *name)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct seg_header header;
	struct stat st;
	bool ours;

	if (fd < 0)
		return false;
	ours = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid();
	if (ours) {
		enum header_state state = read_header(fd, &header);
		enum life life = read_life(file->path, state);

		file->changed_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
		file->pid = (pid_t)strtol(name, NULL, 10);
		file->live = life != LIFE_OVER ||
			     (state == HEADER_BAD && time(NULL) - st.st_mtim.tv_sec < YOUNG_S);
		file->unknown = life == LIFE_UNKNOWN;
	}
	close(fd);
	return ours;
}

static int list_folder(const char *folder, struct segment_file **files, size_t *n,
		       struct error *error)
{
	struct dirent *entry;
	bool exists;
	DIR *dir;

	if (!place_folder_safe(folder, &exists) || !(dir = opendir(folder)))
		return ERR_OK;
	while ((entry = readdir(dir))) {
		struct segment_file *more, file = {0};

		remove_old_mark(dir, entry->d_name);
		if (!has_suffix(entry->d_name))
			continue;
		file.path = text_format("%s/%s", folder, entry->d_name);
		if (file.path && !examine(&file, entry->d_name)) {
			free(file.path);
			continue;
		}
		more = file.path ? realloc(*files, (*n + 1) * sizeof(**files)) : NULL;
		if (!more) {
			free(file.path);
			closedir(dir);
			return error_memory(error);
		}
		*files = more;
		(*files)[(*n)++] = file;
	}
	closedir(dir);
	return ERR_OK;
}

int segments_list(const char *store, struct segment_file **files, size_t *n, struct error *error)
{
	char **folders = place_segments(store);
	int rc = folders ? ERR_OK : error_memory(error);

	*files = NULL;
	*n = 0;
	for (size_t i = 0; !rc && folders[i]; i++)
		rc = list_folder(folders[i], files, n, error);
	place_segments_release(folders);
	if (*n)
		qsort(*files, *n, sizeof(**files), by_age);
	return rc;
}

void segments_list_release(struct segment_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(files[i].path);
	free(files);
}

/* Whether an error is one of the store, so that each further segment for it would meet it again, after a wait. */
static bool is_of_store(int code)
{
	switch (code) {
	case ERR_LOCKED:
	case ERR_READONLY:
	case ERR_CORRUPT:
	case ERR_NEWER:
	case ERR_FOREIGN:
	case ERR_FULL:
		return true;
	default:
		return false;
	}
}

/* Returns the code of what went wrong, after it was told. */
static int take_one(const struct segment_file *file, const struct segment_wish *wish,
		    segment_warn_fn *warn, struct segment_tally *tally)
{
	struct segment_result result = {.outcome = SEGMENT_LIVE};
	struct error error = {0};
	bool told = false;

	if ((!file->live || (file->unknown && wish->force)) &&
	    segment_take(file->path, wish, &result, &error))
		told = result.outcome != SEGMENT_FOREIGN || wish->tell_again ||
		       first_told(file->path);
	if (told)
		warn(error.text);
	free(result.store);
	switch (result.outcome) {
	case SEGMENT_TAKEN:
		tally->taken++;
		tally->last_id = result.id;
		break;
	case SEGMENT_EMPTY:
		tally->empty++;
		break;
	case SEGMENT_LIVE:
		tally->live++;
		tally->unknown += file->unknown;
		break;
	case SEGMENT_REFUSED:
	case SEGMENT_FOREIGN:
		tally->refused += told;
		break;
	case SEGMENT_KNOWN:
	case SEGMENT_GONE:
	case SEGMENT_OTHER:
		break;
	}
	return error.code;
}

int segments_take(const struct segment_wish *wish, pid_t last_pid, segment_warn_fn *warn,
		  struct segment_tally *tally, struct error *error)
{
	struct segment_file *files;
	size_t n;
	int rc = segments_list(wish->store, &files, &n, error);
	bool stop = rc != ERR_OK;

	memset(tally, 0, sizeof(*tally));
	for (int last = 0; last < 2; last++) {
		for (size_t i = 0; !stop && i < n; i++) {
			if ((last_pid && files[i].pid == last_pid) != (last == 1))
				continue;
			stop = is_of_store(take_one(&files[i], wish, warn, tally)) &&
			       (wish->only_store || wish->token);
		}
	}
	segments_list_release(files, n);
	return rc;
}
