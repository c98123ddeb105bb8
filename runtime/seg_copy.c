/* SPDX-License-Identifier: MIT */
#include "seg_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 4096, LABEL_MAX = 256 };

/* copy_range: by hand, as copy_file_range() is refused between some file systems and by old kernels. */
static int copy_range(int from, int to, off_t at, off_t end)
{
	char block[BLOCK];

	while (at < end) {
		size_t want = end - at < BLOCK ? (size_t)(end - at) : BLOCK;
		ssize_t n = pread(from, block, want, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -1 : 0;
		if (pwrite(to, block, (size_t)n, at) != n)
			return -1;
		at += n;
	}
	return 0;
}

/*
 * copy_data: all that the file holds, in its order, without its holes.  It may grow meanwhile: what was copied may link what
 * came behind the end that we have seen, so that is looked at again.
 */
static int copy_data(int from, int to)
{
	off_t at = 0;
	struct stat st;

	while (fstat(from, &st) == 0 && at < st.st_size) {
		off_t data = lseek(from, at, SEEK_DATA), hole = st.st_size;

		if (data < 0 && errno == ENXIO)
			data = st.st_size;
		else if (data < 0) /* no such thing in this file system: all of it */
			data = at;
		else if ((hole = lseek(from, data, SEEK_HOLE)) < 0 || hole > st.st_size)
			hole = st.st_size;
		if (copy_range(from, to, data, hole) < 0)
			return -1;
		at = hole;
	}
	return ftruncate(to, at);
}

/* info_at: where in the file the record with a key begins, and its size; 0 when there is none. */
static off_t info_at(int fd, off_t list, uint32_t size, uint32_t key, uint32_t *length)
{
	for (uint32_t at = 0; at + 8 <= size;) {
		uint32_t head[2];

		if (pread(fd, head, sizeof(head), list + at) != (ssize_t)sizeof(head))
			return 0;
		if (head[0] == key) {
			*length = head[1];
			return list + at;
		}
		if (head[1] > size)
			return 0;
		at += 8 + ((head[1] + 7) & ~7u);
	}
	return 0;
}

/* name_copy: gives the copy its label: the old record loses its key, the new one stands behind all others. */
static int name_copy(int fd, const struct seg_header *h, const char *label)
{
	off_t info = (off_t)((uint64_t)h->info - h->map_base);
	struct {
		uint32_t key, length;
		char text[2 * LABEL_MAX];
	} add = {.key = SEG_KEY_LABEL};
	const uint32_t none = SEG_KEY_END;
	uint32_t size, old_length = 0;

	if (pread(fd, &size, sizeof(size), info) != (ssize_t)sizeof(size))
		return -1;
	off_t list = info + (off_t)sizeof(struct seg_info);
	off_t old = info_at(fd, list, size, SEG_KEY_LABEL, &old_length);

	if (old_length >= LABEL_MAX)
		old_length = LABEL_MAX - 1;
	if (old && (pread(fd, add.text, old_length, old + 8) != (ssize_t)old_length ||
		    pwrite(fd, &none, sizeof(none), old) != (ssize_t)sizeof(none)))
		return -1;
	if (old)
		add.text[old_length++] = '/';

	size_t n = strnlen(label, LABEL_MAX - 1);
	uint32_t padded;

	memcpy(add.text + old_length, label, n);
	add.length = old_length + (uint32_t)n;
	padded = 8 + ((add.length + 7) & ~7u);
	if (pwrite(fd, &add, padded, list + size) != (ssize_t)padded)
		return -1;
	size += padded;
	return pwrite(fd, &size, sizeof(size), info) == (ssize_t)sizeof(size) ? 0 : -1;
}

/* seal_copy: the header is written anew, its state last: until then the copy is not to be read. */
static int seal_copy(int fd, const struct seg_copy *edit)
{
	struct seg_header h;

	if (pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h))
		return -1;
	if (edit->label && h.info && name_copy(fd, &h, edit->label) < 0)
		return -1;
	if (edit->run_id) {
		memcpy(h.parent_id, h.run_id, sizeof(h.parent_id));
		memcpy(h.run_id, edit->run_id, sizeof(h.run_id));
	}
	h.end_ticks = edit->end_ticks;
	h.end_mono = edit->end_mono;
	h.end_real = edit->end_real;
	h.end_how = SEG_END_LIVE;
	h.part = edit->part;
	h.base = edit->base;
	h.state = SEG_SEALED;
	return pwrite(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) ? 0 : -1;
}

int seg_copy(const char *from, const char *to, struct seg_copy *edit,
	     void (*now)(struct seg_copy *edit))
{
	int in = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), out = -1, result = -1;
	int error;

	if (in < 0)
		return -1;
	out = open(to, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		goto out;
	result = copy_data(in, out);
	if (result == 0 && now)
		now(edit);
	if (result == 0)
		result = seal_copy(out, edit);
	if (result < 0) {
		error = errno;
		unlink(to);
		errno = error;
	}
out:
	error = errno;
	close(in);
	if (out >= 0)
		close(out);
	errno = error;
	return result;
}

int seg_stem_name(char *out, uint64_t size, const char *path, const char *tail, uint32_t number,
		  const char *end)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strchr(name, '.');
	size_t stem = dot ? (size_t)(dot - path) : strlen(path);
	char digits[12];
	int n = (int)sizeof(digits) - 1;

	digits[n] = 0;
	do
		digits[--n] = (char)('0' + number % 10);
	while (number /= 10);
	if (stem + strlen(tail) + strlen(digits + n) + strlen(end) >= size)
		return -1;
	memcpy(out, path, stem);
	strcpy(out + stem, tail);
	strcat(strcat(out, digits + n), end);
	return 0;
}

int seg_rebase(const char *path, struct seg_header *seg, struct seg_copy *edit,
	       void (*now)(struct seg_copy *edit))
{
	uint32_t old = __atomic_load_n(&seg->base, __ATOMIC_ACQUIRE);
	char name[1024];

	for (uint32_t n = old + 1; n < old + 100; n++) {
		if (seg_stem_name(name, sizeof(name), path, ".base-", n, "") < 0) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (seg_copy(path, name, edit, now) < 0) {
			if (errno == EEXIST) /* another's, who is at it too */
				continue;
			return -1;
		}
		if (!__atomic_compare_exchange_n(&seg->base, &old, n, 0, __ATOMIC_ACQ_REL,
						 __ATOMIC_ACQUIRE)) {
			unlink(name); /* theirs is as new as ours */
			return 0;
		}
		if (old && seg_stem_name(name, sizeof(name), path, ".base-", old, "") == 0)
			unlink(name);
		return 0;
	}
	errno = EBUSY;
	return -1;
}
