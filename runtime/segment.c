/* SPDX-License-Identifier: MIT */
/*
 * The segment file as its writer sees it: made, reserved piece by piece, sealed.
 *
 * The whole window of WINDOW bytes is mapped at once over a sparse file, so that addresses never
 * change; a range may be touched only after its blocks were reserved with fallocate, as a store
 * into a hole of a full file system is a SIGBUS. No descriptor is kept: the host may close or count
 * them.  The file is opened by its name each time it grows, and its inode compared; where that
 * fails (chroot, deleted) it does not grow any more.
 *
 * Why one window: growing by mremap or by more mappings would move or scatter what the hot path
 * addresses.  64 GiB of address space cost nothing but a page table entry per touched page; under
 * RLIMIT_AS the window shrinks.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "runtime.h"

#define WINDOW	   (1ull << 36)
#define WINDOW_MIN (1ull << 26)

enum { FIRST_COMMIT = 64 << 10 };

/* Whether only what is reserved may be touched: valgrind's search for leaks reads all that may be read. */
static bool guarded;
static ino_t file_ino;
static dev_t file_dev;

static uint64_t page_up(uint64_t v)
{
	return (v + SEG_PAGE - 1) & ~(uint64_t)(SEG_PAGE - 1);
}

/* reserve_by_writing: where a file system knows no other way.  A fresh range holds nothing yet. */
static int reserve_by_writing(int fd, uint64_t at, uint64_t size)
{
	static const char zero;

	for (uint64_t p = at; p < at + size; p += SEG_PAGE)
		if (pwrite(fd, &zero, 1, (off_t)p) != 1)
			return -1;
	return pwrite(fd, &zero, 1, (off_t)(at + size - 1)) == 1 ? 0 : -1;
}

/* reserve: puts blocks behind a range of the file, without changing what is there. */
static int reserve(int fd, uint64_t at, uint64_t size)
{
	struct rlimit limit;

	/* Past RLIMIT_FSIZE the kernel would send the host a SIGXFSZ. */
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && at + size > limit.rlim_cur) {
		errno = EFBIG;
		return -1;
	}
	/* A signal interrupts it on a tmpfs; so many in turn are none that let the host come to anything either. */
	for (int tries = 0; fallocate(fd, 0, (off_t)at, (off_t)size) < 0; tries++) {
		if (errno == EOPNOTSUPP)
			return reserve_by_writing(fd, at, size);
		if (errno != EINTR || tries == 1000)
			return -1;
	}
	return 0;
}

/* hp_segment_commit: reserves [at, at + size) of the mapping, rounded to pages; 0, or -1 when there
 * is no room. */
int hp_segment_commit(void *at, uint64_t size)
{
	uint64_t base = hp_process.seg->map_base;
	uint64_t from = ((uint64_t)at - base) & ~(uint64_t)(SEG_PAGE - 1);
	uint64_t to = page_up((uint64_t)at - base + size);
	struct stat st;
	int saved_errno = errno, cancel;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE,
			       &cancel); /* a measured function is no place for it */
	int fd = open(hp_process.path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	int result = -1;

	if (fd < 0)
		goto out;
	if (fstat(fd, &st) == 0 && st.st_ino == file_ino && st.st_dev == file_dev)
		result = reserve(fd, from, to - from);
	if (result == 0 && guarded)
		result = mprotect((char *)base + from, to - from, PROT_READ | PROT_WRITE);
	close(fd);
out:
	pthread_setcancelstate(cancel, NULL);
	errno = saved_errno;
	return result;
}

/*
 * hp_segment_area: a new area of `reserve_size` bytes of the window, the first `commit` of them
 * usable and zero; NULL when there is no room in the window or in the file system.  An area that
 * could not be committed is not given to anybody else: the file is sparse.
 */
void *hp_segment_area(uint64_t reserve_size, uint64_t commit)
{
	struct seg_header *seg = hp_process.seg;
	uint64_t size = page_up(reserve_size);
	uint64_t at = __atomic_fetch_add(&seg->used, size, __ATOMIC_RELAXED);

	if (at + size > seg->map_size) {
		__atomic_fetch_sub(&seg->used, size, __ATOMIC_RELAXED);
		return NULL;
	}
	void *area = (char *)seg + at;

	return hp_segment_commit(area, commit) ? NULL : area;
}

/* own_folder: makes or accepts a folder that is ours alone; 0, or -1. */
static int own_folder(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -1;
	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return -1;
	return (st.st_mode & 022) ? -1 : 0;
}

static char *put(char *p, char *end, const char *text)
{
	while (*text && p < end)
		*p++ = *text++;
	return p;
}

static char *put_number(char *p, char *end, uint64_t v, unsigned base)
{
	char digits[24];
	int n = 0;

	do
		digits[n++] = "0123456789abcdef"[v % base];
	while (v /= base);
	while (n && p < end)
		*p++ = digits[--n];
	return p;
}

/*
 * under_valgrind: whether a program runs in valgrind, asked in its own way: it knows these instructions, which do nothing, and
 * answers in rdx.
 */
static bool under_valgrind(void)
{
#if defined(__x86_64__)
	uint64_t ask[6] = {0x1001}, answer = 0;

	__asm__ volatile("rolq $3, %%rdi\n\trolq $13, %%rdi\n\trolq $61, %%rdi\n\t"
			 "rolq $51, %%rdi\n\txchgq %%rbx, %%rbx"
			 : "+d"(answer)
			 : "a"(ask)
			 : "cc", "memory");
	return answer != 0;
#else
	return false;
#endif
}

static void *map_window(int fd, uint64_t *size)
{
	guarded = under_valgrind();
	for (*size = WINDOW; *size >= WINDOW_MIN; *size /= 2) {
		void *p = mmap(NULL, *size, guarded ? PROT_NONE : PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_NORESERVE, fd, 0);

		if (p == MAP_FAILED)
			continue;
		if (guarded)
			mprotect(p, FIRST_COMMIT, PROT_READ | PROT_WRITE);
		return p;
	}
	return NULL;
}

/*
 * hp_segment_create: makes and maps a segment in a folder; the state is NEW.
 * Returns 0, or -1 and nothing is left behind.
 */
int hp_segment_create(const char *folder)
{
	char *end = hp_process.path + sizeof(hp_process.path) - 1;
	struct stat st;
	uint64_t random[2], size;

	if (own_folder(folder) < 0)
		return -1;
	if (getrandom(random, sizeof(random), GRND_NONBLOCK) != sizeof(random)) {
		random[0] = ticks_monotonic() * 0x9e3779b97f4a7c15ull;
		random[1] = (uint64_t)getpid() * 0xd1342543de82ef95ull ^ random[0] >> 7;
	}
	char *p = put(hp_process.path, end, folder);

	p = put(p, end, "/");
	p = put_number(p, end, (uint64_t)getpid(), 10);
	p = put(p, end, "-");
	p = put_number(p, end, random[0], 16);
	p = put(p, end, SEG_SUFFIX);
	*p = 0;
	if (p == end)
		return -1;

	int fd = open(hp_process.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	struct seg_header *seg = NULL;

	if (fstat(fd, &st) == 0 && reserve(fd, 0, FIRST_COMMIT) == 0)
		seg = map_window(fd, &size);
	close(fd);
	if (!seg) {
		unlink(hp_process.path);
		return -1;
	}
	file_ino = st.st_ino;
	file_dev = st.st_dev;
	memcpy(seg->magic, SEG_MAGIC, sizeof(seg->magic));
	seg->version = SEG_VERSION;
	seg->endian = SEG_ENDIAN;
	seg->header_size = sizeof(*seg);
	seg->used = SEG_PAGE;
	seg->map_base = (uint64_t)seg;
	seg->map_size = size;
	memcpy(seg->run_id, random, sizeof(seg->run_id));
	hp_process.seg = seg;
	return 0;
}

/* hp_segment_start: NEW to RECORDING, when info and clock are in it. */
void hp_segment_start(void)
{
	__atomic_store_n(&hp_process.seg->state, SEG_RECORDING, __ATOMIC_RELEASE);
}

/* hp_segment_seal: RECORDING to SEALED; the mapping stays, as other threads may still be in their
 * hooks. */
void hp_segment_seal(uint32_t how, int status)
{
	struct seg_header *seg = hp_process.seg;

	seg->exit_status = status;
	seg->end_how = how;
	hp_clock_now(&seg->end_ticks, &seg->end_mono, &seg->end_real);
	__atomic_store_n(&seg->state, SEG_SEALED, __ATOMIC_RELEASE);
}
