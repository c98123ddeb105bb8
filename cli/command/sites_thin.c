/* SPDX-License-Identifier: MIT */
#include "sites_thin.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/text.h"

static const char magic[] = "!<thin>\n";

enum {
	MAGIC = sizeof(magic) - 1,
	HEADER = 60,
	SIZE_AT = 48,
	SIZE_DIGITS = 10,
	MOST_BYTES = 1 << 28, /* of names and symbols */
};

/* read_all: the archive's bytes, which are few; false when it is none. */
static bool read_all(struct thin *thin, int fd)
{
	char begin[MAGIC];
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > MOST_BYTES)
		return false;
	if (pread(fd, begin, MAGIC, 0) != MAGIC || memcmp(begin, magic, MAGIC) != 0)
		return false;
	thin->n = (size_t)st.st_size - MAGIC;
	thin->bytes = malloc(thin->n + 1);
	return thin->bytes && pread(fd, thin->bytes, thin->n, MAGIC) == (ssize_t)thin->n;
}

bool thin_open(struct thin *thin, int fd, const char *path)
{
	const char *slash = strrchr(path, '/');

	memset(thin, 0, sizeof(*thin));
	thin->folder = strndup(path, slash ? (size_t)(slash - path) + 1 : 0);
	return thin->folder && read_all(thin, fd);
}

/* digits: a number in at most n bytes, which are no string. */
static size_t digits(const char *bytes, size_t n)
{
	size_t number = 0;

	for (size_t i = 0; i < n && bytes[i] >= '0' && bytes[i] <= '9'; i++)
		number = 10 * number + (size_t)(bytes[i] - '0');
	return number;
}

/* name_at: of the table of names; to be freed, NULL where there is none. */
static char *name_at(const struct thin *thin, size_t at)
{
	const char *name, *end;

	if (!thin->names || at >= thin->n_names)
		return NULL;
	name = thin->names + at;
	end = memchr(name, '\n', thin->n_names - at);
	if (!end || end == name)
		return NULL;
	end -= end[-1] == '/';
	return *name == '/' ? strndup(name, (size_t)(end - name))
			    : text_format("%s%.*s", thin->folder, (int)(end - name), name);
}

char *thin_next(struct thin *thin, bool *damaged)
{
	*damaged = false;
	while (thin->n - thin->at >= HEADER) {
		const char *header = thin->bytes + thin->at;
		size_t size = digits(header + SIZE_AT, SIZE_DIGITS);
		char *name;

		if (header[HEADER - 2] != '`' || header[0] != '/')
			break;
		thin->at += HEADER;
		if (header[1] >= '0' && header[1] <= '9') {
			name = name_at(thin, digits(header + 1, SIZE_DIGITS));
			*damaged = !name;
			return name;
		}
		if (size > thin->n - thin->at)
			break;
		if (header[1] == '/') {
			thin->names = thin->bytes + thin->at;
			thin->n_names = size;
		}
		size += size & 1;
		thin->at += size < thin->n - thin->at ? size : thin->n - thin->at;
	}
	*damaged = thin->at < thin->n;
	return NULL;
}

void thin_release(struct thin *thin)
{
	free(thin->bytes);
	free(thin->folder);
}
