/* SPDX-License-Identifier: MIT */
/*
 * Where things are: the store of the project one stands in, and the segments waiting for it.
 */
#ifndef HOTPATH_PLACE_H
#define HOTPATH_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

struct error;

enum place_source {
	PLACE_ENVIRONMENT, /* HOTPATH_DIR */
	PLACE_PROJECT,	   /* ROOT/.hotpath */
	PLACE_STATE,	   /* the user's state folder */
};

struct place {
	char *dir;  /* absolute; holds hotpath.db */
	char *root; /* the project's folder, NULL when there is none */
	enum place_source source;
};

/*
 * place_find: the store that belongs to a folder.
 *
 * place    filled in; place_release() it in every case
 * from     the folder to look upward from, NULL for the current one
 *
 * In this order: $HOTPATH_DIR; .hotpath beside the nearest hotpath.yaml above; .hotpath beside the
 * nearest .git or .hotpath/hotpath.db above; the state folder, which also stands in for a project
 * that cannot be written and has no store yet.
 */
int place_find(struct place *place, const char *from, struct error *error);
void place_release(struct place *place);

/* place_file: "DIR/hotpath.db", to be freed; NULL when out of memory. */
char *place_file(const char *dir);

/*
 * place_make: makes the folder of a store, mode 0700, with those above it.  A folder named .hotpath
 * gets a .gitignore, so that no store is ever committed.
 */
int place_make(const char *dir, struct error *error);

/*
 * place_segments: the folders that may hold segments for a store, NULL-terminated, to be freed with
 * place_segments_release().  $HOTPATH_SEGMENTS if set, else /dev/shm/hotpath-UID and DIR/segments.
 * NULL: out of memory.
 */
char **place_segments(const char *dir);
void place_segments_release(char **folders);

/*
 * place_folder_safe: whether a folder is ours alone to take segments from: a real folder, not a
 * link, owned by us, and writable by nobody else.  *exists says whether there is anything of that
 * name.
 */
bool place_folder_safe(const char *folder, bool *exists);

/* place_same_folder: whether two paths name one folder. */
bool place_same_folder(const char *one, const char *other);

/* place_room: bytes that are free for us where a folder is, or will be made; -1 when that cannot be known. */
int64_t place_room(const char *folder);

/*
 * place_without_room: the folder that programs would record into, when it has no room for that; to be freed.  NULL when
 * there is room.
 */
char *place_without_room(const char *dir);

#endif /* HOTPATH_PLACE_H */
