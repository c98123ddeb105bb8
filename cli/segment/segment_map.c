/* SPDX-License-Identifier: MIT */
/* A segment file: mapped, its header checked, its writer looked for. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "segment_map.h"

static int check_header(const struct seg_header *h)
{
	if (memcmp(h->magic, SEG_MAGIC, sizeof(h->magic)))
		return IMAGE_NOT_A_SEGMENT;
	if (h->endian != SEG_ENDIAN)
		return h->endian == __builtin_bswap32(SEG_ENDIAN) ? IMAGE_ENDIAN : IMAGE_DAMAGED;
	if (h->version != SEG_VERSION)
		return IMAGE_VERSION;
	if (h->header_size != sizeof(*h) || h->state > SEG_SEALED || h->clock >= SEG_CLOCK_COUNT)
		return IMAGE_DAMAGED;
	if (!h->map_base || h->map_base % SEG_PAGE)
		return IMAGE_DAMAGED;
	return h->state == SEG_NEW ? IMAGE_EMPTY : IMAGE_OK;
}

int segment_map_open(struct segment_map *map, const char *path)
{
	struct stat st;
	int error = IMAGE_IO;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	*map = (struct segment_map){0};
	if (fd < 0)
		return IMAGE_IO;
	if (fstat(fd, &st) < 0)
		goto out;
	if (!S_ISREG(st.st_mode) || st.st_size < SEG_PAGE) {
		error = S_ISREG(st.st_mode) && st.st_size == 0 ? IMAGE_EMPTY : IMAGE_NOT_A_SEGMENT;
		goto out;
	}
	map->size = (uint64_t)st.st_size;
	if (map->size > SEGMENT_SIZE_MAX)
		map->size = SEGMENT_SIZE_MAX;
	void *base = mmap(NULL, map->size, PROT_READ, MAP_SHARED, fd, 0);

	if (base == MAP_FAILED) {
		map->size = 0;
		goto out;
	}
	map->base = base;
	memcpy(&map->header, base, sizeof(map->header));
	error = check_header(&map->header);
	if (error != IMAGE_OK && error != IMAGE_EMPTY)
		segment_map_close(map);
out:
	close(fd);
	return error;
}

void segment_map_close(struct segment_map *map)
{
	if (map->base)
		munmap((void *)map->base, map->size);
	map->base = NULL;
}

const void *segment_at(const struct segment_map *map, const void *link, uint64_t size,
		       uint64_t align)
{
	uint64_t at = (uint64_t)link - map->header.map_base;

	if (at < SEG_PAGE || at % align || at > map->size || size > map->size - at)
		return NULL;
	return map->base + at;
}

void image_damage(struct image *image, const char *format, ...)
{
	va_list args;

	if (image->damaged++)
		return;
	va_start(args, format);
	vsnprintf(image->damage, sizeof(image->damage), format, args);
	va_end(args);
}

/* read_text: the start of a small file. */
static bool read_text(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	size_t n = fread(buf, 1, size - 1, f);

	buf[n] = 0;
	fclose(f);
	return n > 0;
}

/* same_boot: whether the machine has been up since the writer started. */
static bool same_boot(const uint8_t id[16])
{
	char text[64];
	uint8_t now[16] = {0};
	int n = 0;

	if (!read_text("/proc/sys/kernel/random/boot_id", text, sizeof(text)))
		return true;
	for (const char *p = text; n < 32 && *p && *p != '\n'; p++) {
		if (*p == '-')
			continue;
		now[n / 2] = (uint8_t)(now[n / 2] << 4 | (*p >= 'a' ? *p - 'a' + 10 : *p - '0'));
		n++;
	}
	return memcmp(now, id, sizeof(now)) == 0;
}

/* same_process: whether /proc/PID is still the process that started at that time. */
static bool same_process(uint32_t pid, uint64_t proc_start)
{
	char path[64], text[1024];
	int field = 2;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	if (!read_text(path, text, sizeof(text)))
		return false;
	char *p = strrchr(text, ')');

	for (; p && *p && field < 22; p++)
		field += *p == ' ';
	return p && strtoull(p, NULL, 10) == proc_start;
}

/* maps_file: whether a process has a file mapped: 1, 0, or 1 when that is not for us to know. An
 * exec unmaps. */
static int maps_file(uint32_t pid, const struct stat *st)
{
	char path[64], line[4400];
	int found = 0;

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	FILE *f = fopen(path, "re");

	if (!f)
		return errno == EACCES || errno == EPERM;
	while (!found && fgets(line, sizeof(line), f)) {
		unsigned long inode;

		/* Not the device: some file systems show another one here than in stat(). */
		if (sscanf(line, "%*s %*s %*s %*s %lu", &inode) == 1)
			found = inode == st->st_ino;
	}
	if (ferror(f))
		found = 1;
	fclose(f);
	return found;
}

static bool is_number(const char *name)
{
	return *name && name[strspn(name, "0123456789")] == '\0';
}

/*
 * in_other_namespace: as image_writer_alive(), for a writer that had its number in another pid namespace: a container's.
 * From the first namespace of the machine all processes can be seen, and the start time, which is the same in each
 * namespace, tells whether ours is among them.
 */
static int in_other_namespace(const struct seg_header *h, const struct stat *ns,
			      const struct stat *segment)
{
	enum { FIRST = 0xeffffffc }; /* the kernel's number of the first pid namespace, since 3.8 */
	struct dirent *entry;
	DIR *proc;
	int alive = 0;

	if (ns->st_ino != (ino_t)(unsigned)FIRST || !(proc = opendir("/proc")))
		return -1;
	while (!alive && (entry = readdir(proc)))
		if (is_number(entry->d_name)) {
			uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);

			alive = same_process(pid, h->proc_start) && maps_file(pid, segment);
		}
	closedir(proc);
	return alive;
}

bool image_writer_replaced(const char *path)
{
	struct segment_map map;
	struct stat st, ns;
	bool replaced = false;

	if (segment_map_open(&map, path) == IMAGE_OK && stat(path, &st) == 0 &&
	    same_boot(map.header.boot_id) &&
	    (!map.header.pid_ns || stat("/proc/self/ns/pid", &ns) != 0 ||
	     ns.st_ino == map.header.pid_ns))
		replaced = same_process(map.header.pid, map.header.proc_start) &&
			   !maps_file(map.header.pid, &st);
	segment_map_close(&map);
	return replaced;
}

/* Of a segment whose header we do not understand only the name tells which process wrote it, or does. */
static int foreign_writer_alive(const char *path)
{
	const char *slash = strrchr(path, '/');
	unsigned long pid = strtoul(slash ? slash + 1 : path, NULL, 10);
	struct stat st;

	return pid && pid <= UINT32_MAX && stat(path, &st) == 0 && maps_file((uint32_t)pid, &st);
}

int image_writer_alive(const char *path)
{
	struct segment_map map;
	struct stat st, ns;
	int error = segment_map_open(&map, path);

	if (error == IMAGE_VERSION || error == IMAGE_ENDIAN)
		return foreign_writer_alive(path);
	if (error != IMAGE_OK && error != IMAGE_EMPTY)
		return 0;
	struct seg_header h = map.header;
	bool mapped = map.base != NULL;

	segment_map_close(&map);
	if (!mapped || !h.pid || stat(path, &st) < 0)
		/* Made a moment ago and not yet filled in, or left behind so: its age tells. */
		return stat(path, &st) == 0 && time(NULL) - st.st_mtime < 10;
	if (!same_boot(h.boot_id))
		return 0;
	if (h.pid_ns && stat("/proc/self/ns/pid", &ns) == 0 && ns.st_ino != h.pid_ns)
		return in_other_namespace(&h, &ns, &st);
	return same_process(h.pid, h.proc_start) && maps_file(h.pid, &st);
}
