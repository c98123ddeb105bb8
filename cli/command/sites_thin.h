/* SPDX-License-Identifier: MIT */
/*
 * Thin archives, which hold the names of their members and not their bytes: what `ar rcT` makes, and Meson of every static
 * library of a project.  libelf does not know them.
 *
 *   "!<thin>\n"
 *   a header a member, 60 bytes:  name 16, date 12, owner 6, group 6, mode 8, size 10, "`\n"
 *
 *   "/", "/SYM64/"   the table of symbols; its bytes follow, to an even place
 *   "//"             the table of names, each ended by "/\n"; its bytes follow likewise
 *   "/N"             a member whose name begins at N of that table, seen from the folder of the archive; nothing follows
 *   "/N:M"           a member at M of another archive of that name
 */
#ifndef HOTPATH_SITES_THIN_H
#define HOTPATH_SITES_THIN_H

#include <stdbool.h>
#include <stddef.h>

/* struct thin: thin_release() in any case. */
struct thin {
	char *bytes;
	size_t n, at;
	const char *names; /* in bytes */
	size_t n_names;
	char *folder; /* of the archive, with its slash, or "" */
};

/* thin_open: of an open file and its path; false when it is no thin archive, or cannot be read. */
bool thin_open(struct thin *thin, int fd, const char *path);
/* thin_next: the path of the next member, to be freed; NULL at the end, with *damaged when it came too early. */
char *thin_next(struct thin *thin, bool *damaged);
void thin_release(struct thin *thin);

#endif /* HOTPATH_SITES_THIN_H */
