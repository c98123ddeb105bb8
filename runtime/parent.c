/* SPDX-License-Identifier: MIT */
/*
 * What a process goes on from: the program that it was before an exec, or else the process that started it.  Their segments
 * lie where ours does and have the process's number in their names; a forked child, whose segment its parent's makes, knows without.
 *
 * The other process may write and seal its segment meanwhile: only what is there since its start is read.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "runtime.h"

enum rank { STRANGER, STARTED_US, WAS_US };

/* What was found so far. */
struct origin {
	enum rank rank;
	uint64_t start_mono;
	uint8_t run_id[16];
};

/* named_after: whether it is the name of a recording of that process: PID-RANDOM.hotpath-seg. */
static bool named_after(const char *name, uint64_t pid)
{
	uint64_t n = 0;

	while (*name >= '0' && *name <= '9' && n <= UINT32_MAX)
		n = 10 * n + (uint64_t)(*name++ - '0');
	return n == pid && *name == '-' && strcmp(name + strcspn(name, "."), SEG_SUFFIX) == 0;
}

static enum rank rank_of(const struct seg_header *other)
{
	const struct seg_header *own = hp_process.seg;

	if (memcmp(other->magic, own->magic, sizeof(own->magic)) != 0 ||
	    other->version != SEG_VERSION || other->endian != SEG_ENDIAN ||
	    other->part != SEG_PART_WHOLE ||
	    memcmp(other->boot_id, own->boot_id, sizeof(own->boot_id)) != 0 ||
	    other->pid_ns != own->pid_ns || memcmp(other->run_id, own->run_id, 16) == 0)
		return STRANGER;
	if (other->pid == own->pid && other->proc_start == own->proc_start)
		return WAS_US;
	return other->pid == own->ppid && other->state == SEG_RECORDING ? STARTED_US : STRANGER;
}

/* look_at: whether a segment is a better one than what was found. */
static void look_at(int folder, const char *name, struct origin *found)
{
	struct seg_header other;
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	enum rank rank = STRANGER;

	if (fd < 0)
		return;
	if (pread(fd, &other, sizeof(other), 0) == sizeof(other))
		rank = rank_of(&other);
	close(fd);
	if (rank == STRANGER || rank < found->rank ||
	    (rank == found->rank && other.start_mono < found->start_mono))
		return;
	found->rank = rank;
	found->start_mono = other.start_mono;
	memcpy(found->run_id, other.run_id, sizeof(found->run_id));
}

/* hp_parent_find: notes it in our segment, which is NEW. */
void hp_parent_find(void)
{
	static char entries[4096] __attribute__((aligned(8)));
	struct seg_header *seg = hp_process.seg;
	struct origin found = {.rank = STRANGER};
	int folder = open(hp_process.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ssize_t n;

	if (folder < 0)
		return;
	while ((n = getdents64(folder, entries, sizeof(entries))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *e = (const void *)(entries + at);

			if (named_after(e->d_name, seg->pid) || named_after(e->d_name, seg->ppid))
				look_at(folder, e->d_name, &found);
			at += e->d_reclen;
		}
	close(folder);
	memcpy(seg->parent_id, found.run_id, sizeof(seg->parent_id));
}
