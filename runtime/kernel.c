/* SPDX-License-Identifier: MIT */
/*
 * System calls, made without the C library's functions for them, under the names of those.
 *
 * A program may have functions of these names: `open`, `link` and `close` are no names of the C standard, and one that is
 * linked with the program takes the place of the library's for everybody. It would be called by us, with arguments
 * that it knows nothing of; or it stands in for the library's (a wrapper, a clock for tests), is measured itself, and our
 * hook would call it, it would call our hook, and so on.  What stands here is hidden: in the runtime these names
 * mean us, outside nobody sees us.
 *
 * None of them is a cancellation point.
 */
#if defined(__x86_64__) || defined(__aarch64__)
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "runtime.h"

enum {
	ERRORS = 4095,	  /* results from -ERRORS to -1 are errors */
	SIGNALS_SIZE = 8, /* of the kernel's set of signals */
};

/* Signals 32 and 33 are glibc's own, for cancellation and setuid(): nobody else blocks them. */
#define SIGNALS_OF_LIBC (3ull << 31)

/* call: the kernel's answer, an error as a negative number. */
static long call(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory", "cc");
	return result;
#else
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory", "cc");
	return x0;
#endif
}

/* answer: as C functions give it: -1 and errno. */
static long answer(long result)
{
	if ((unsigned long)result < (unsigned long)-ERRORS)
		return result;
	errno = (int)-result;
	return -1;
}

#define CALL6(number, a, b, c, d, e, f)                                                            \
	answer(call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)))
#define CALL4(number, a, b, c, d) CALL6(number, a, b, c, d, 0, 0)
#define CALL3(number, a, b, c)	  CALL6(number, a, b, c, 0, 0, 0)
#define CALL2(number, a, b)	  CALL6(number, a, b, 0, 0, 0, 0)
#define CALL1(number, a)	  CALL6(number, a, 0, 0, 0, 0, 0)
#define CALL0(number)		  CALL6(number, 0, 0, 0, 0, 0, 0)

/* Of what the runtime calls by number nothing has more than one argument; to read others, that nobody gave, is reading past the stack
 * of a caller that has just begun it (errand_main). */
long syscall(long number, ...)
{
	va_list list;
	long a;

	va_start(list, number);
	a = va_arg(list, long);
	va_end(list);
	return CALL1(number, a);
}

/* Files. */

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	if (flags & O_CREAT) {
		va_list list;

		va_start(list, flags);
		mode = va_arg(list, mode_t);
		va_end(list);
	}
	return (int)CALL4(SYS_openat, AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
	return (int)CALL4(SYS_openat, folder, path, flags, 0);
}

ssize_t getdents64(int fd, void *to, size_t size)
{
	return CALL3(SYS_getdents64, fd, to, size);
}

int close(int fd)
{
	return (int)CALL1(SYS_close, fd);
}

ssize_t read(int fd, void *to, size_t size)
{
	return CALL3(SYS_read, fd, to, size);
}

ssize_t pread(int fd, void *to, size_t size, off_t at)
{
	return CALL4(SYS_pread64, fd, to, size, at);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at)
{
	return CALL4(SYS_pwrite64, fd, from, size, at);
}

off_t lseek(int fd, off_t at, int whence)
{
	return CALL3(SYS_lseek, fd, at, whence);
}

int ftruncate(int fd, off_t size)
{
	return (int)CALL2(SYS_ftruncate, fd, size);
}

int fallocate(int fd, int mode, off_t at, off_t size)
{
	return (int)CALL4(SYS_fallocate, fd, mode, at, size);
}

int fstat(int fd, struct stat *out)
{
	return (int)CALL2(SYS_fstat, fd, out);
}

int stat(const char *path, struct stat *out)
{
	return (int)CALL4(SYS_newfstatat, AT_FDCWD, path, out, 0);
}

int lstat(const char *path, struct stat *out)
{
	return (int)CALL4(SYS_newfstatat, AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

int statfs(const char *path, struct statfs *out)
{
	return (int)CALL2(SYS_statfs, path, out);
}

int access(const char *path, int how)
{
	return (int)CALL3(SYS_faccessat, AT_FDCWD, path, how);
}

int mkdir(const char *path, mode_t mode)
{
	return (int)CALL3(SYS_mkdirat, AT_FDCWD, path, mode);
}

int link(const char *from, const char *to)
{
	return (int)CALL6(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0, 0);
}

int unlink(const char *path)
{
	return (int)CALL3(SYS_unlinkat, AT_FDCWD, path, 0);
}

ssize_t readlink(const char *path, char *to, size_t size)
{
	return CALL4(SYS_readlinkat, AT_FDCWD, path, to, size);
}

/* Of a folder outside the root it has now the kernel says "(unreachable)/...". */
char *getcwd(char *to, size_t size)
{
	if (CALL2(SYS_getcwd, to, size) < 0)
		return NULL;
	if (*to == '/')
		return to;
	errno = ENOENT;
	return NULL;
}

/* Memory. */

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	return (void *)CALL6(SYS_mmap, at, size, protection, flags, fd, offset);
}

int munmap(void *at, size_t size)
{
	return (int)CALL2(SYS_munmap, at, size);
}

int mprotect(void *at, size_t size, int protection)
{
	return (int)CALL3(SYS_mprotect, at, size, protection);
}

/* The process. */

pid_t getpid(void)
{
	return (pid_t)CALL0(SYS_getpid);
}

pid_t getppid(void)
{
	return (pid_t)CALL0(SYS_getppid);
}

uid_t geteuid(void)
{
	return (uid_t)CALL0(SYS_geteuid);
}

int prctl(int what, ...)
{
	unsigned long args[4];
	va_list list;

	va_start(list, what);
	for (int i = 0; i < 4; i++)
		args[i] = va_arg(list, unsigned long);
	va_end(list);
	return (int)CALL6(SYS_prctl, what, args[0], args[1], args[2], args[3], 0);
}

#ifdef __GLIBC__
typedef __rlimit_resource_t resource;
#else
typedef int resource;
#endif

int getrlimit(resource what, struct rlimit *out)
{
	return (int)CALL4(SYS_prlimit64, 0, what, NULL, out);
}

ssize_t getrandom(void *to, size_t size, unsigned flags)
{
	return CALL3(SYS_getrandom, to, size, flags);
}

int uname(struct utsname *out)
{
	return (int)CALL1(SYS_uname, out);
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	return (pid_t)CALL4(SYS_wait4, pid, status, options, NULL);
}

int sched_yield(void)
{
	return (int)CALL0(SYS_sched_yield);
}

/* The kernel says how many bytes it wrote. */
int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *out)
{
	long n = CALL3(SYS_sched_getaffinity, pid, size, out);

	if (n < 0)
		return -1;
	memset((char *)out + n, 0, size - (size_t)n);
	return 0;
}

/* Signals. */

int sigemptyset(sigset_t *set)
{
	memset(set, 0, sizeof(*set));
	return 0;
}

int sigfillset(sigset_t *set)
{
	uint64_t first = ~SIGNALS_OF_LIBC;

	memset(set, 0xff, sizeof(*set));
	memcpy(set, &first, sizeof(first));
	return 0;
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	return (int)-call(SYS_rt_sigprocmask, how, (long)set, (long)old, SIGNALS_SIZE, 0, 0);
}

int sigaltstack(const stack_t *set, stack_t *old)
{
	return (int)CALL2(SYS_sigaltstack, set, old);
}

/* Time. */

int nanosleep(const struct timespec *time, struct timespec *left)
{
	return (int)CALL2(SYS_nanosleep, time, left);
}

int usleep(useconds_t us)
{
	struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};

	return nanosleep(&time, NULL);
}

typedef int gettime_function(clockid_t clock, struct timespec *out);

static int ask_kernel(clockid_t clock, struct timespec *out)
{
	return (int)CALL2(SYS_clock_gettime, clock, out);
}

#if defined(__x86_64__)
static const char gettime_name[] = "__vdso_clock_gettime";
#else
static const char gettime_name[] = "__kernel_clock_gettime";
#endif

/*
 * n_symbols: how many dynamic symbols a library has, as only its hash tables tell: newer kernels for arm64 write no other than
 * GNU's.  That one ends with the chain of the last bucket, of which the last entry is odd.
 */
static uint32_t n_symbols(const uint32_t *hash, const uint32_t *gnu_hash)
{
	uint32_t n = 0;

	if (hash)
		return hash[1];
	if (!gnu_hash)
		return 0;
	const uint32_t *buckets = gnu_hash + 4 + 2 * gnu_hash[2], *chains = buckets + gnu_hash[0];

	for (uint32_t i = 0; i < gnu_hash[0]; i++)
		n = buckets[i] > n ? buckets[i] : n;
	while (n >= gnu_hash[1] && !(chains[n - gnu_hash[1]] & 1))
		n++;
	return n + 1;
}

/*
 * find_gettime: the function that the kernel maps into each process, an ELF library in memory, so that reading a clock needs
 * no system call; where it has none (under valgrind) the call.
 */
static __attribute__((noinline)) gettime_function *find_gettime(const Elf64_Ehdr *elf)
{
	const Elf64_Phdr *p = elf ? (const Elf64_Phdr *)((const char *)elf + elf->e_phoff) : NULL;
	const Elf64_Dyn *dynamic = NULL;
	const Elf64_Sym *symbols = NULL;
	const uint32_t *hash = NULL, *gnu_hash = NULL;
	const char *names = NULL, *base = NULL;

	for (int i = 0; p && i < elf->e_phnum; i++) {
		if (p[i].p_type == PT_LOAD && !base)
			base = (const char *)elf + p[i].p_offset - p[i].p_vaddr;
		if (p[i].p_type == PT_DYNAMIC)
			dynamic = (const Elf64_Dyn *)((const char *)elf + p[i].p_offset);
	}
	for (; base && dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
		const char *at = base + dynamic->d_un.d_ptr;

		if (dynamic->d_tag == DT_SYMTAB)
			symbols = (const Elf64_Sym *)at;
		if (dynamic->d_tag == DT_STRTAB)
			names = at;
		if (dynamic->d_tag == DT_HASH)
			hash = (const uint32_t *)at;
		if (dynamic->d_tag == DT_GNU_HASH)
			gnu_hash = (const uint32_t *)at;
	}
	uint32_t n = symbols && names ? n_symbols(hash, gnu_hash) : 0;

	for (uint32_t i = 0; i < n; i++)
		if (symbols[i].st_shndx != SHN_UNDEF &&
		    strcmp(names + symbols[i].st_name, gettime_name) == 0)
			return (gettime_function *)(base + symbols[i].st_value);
	return ask_kernel;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
	static gettime_function *gettime;
	gettime_function *function = __atomic_load_n(&gettime, __ATOMIC_RELAXED);

	if (unlikely(!function)) {
		function = find_gettime((const Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR));
		__atomic_store_n(&gettime, function, __ATOMIC_RELAXED);
	}
	return function(clock, out);
}
#endif
