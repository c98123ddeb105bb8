/* SPDX-License-Identifier: MIT */
/*
 * The start of a process: whether it is measured at all, where its segment goes, and what is known
 * of it.
 *
 * Everything here runs once, from the first unit's constructor, or in the child of a fork at its
 * first measured call. Buffers are static: a forked child may come here on a small stack.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "ci_branch.h"
#include "runtime.h"

enum {
	ARGV_MAX = 16 << 10, /* of the command line kept */
	INFO_SIZE = 48 << 10,
	SHM_ROOM =
		16
		<< 20, /* free space below which /dev/shm is left alone (containers have 64 MB) */
	TMPFS = 0x01021994,
};

static char buffer[ARGV_MAX];
static char path_buffer[PATH_MAX];

/* hp_env: an environment variable that is set and not empty, else NULL. */
const char *hp_env(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* hp_read_file: up to size - 1 bytes of a file, NUL-terminated; how many, or -1. */
long hp_read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t got = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while (got < size - 1 && (n = read(fd, buf + got, size - 1 - got)) > 0)
		got += (size_t)n;
	close(fd);
	buf[got] = 0;
	return (long)got;
}

/* join: a/b into out; false when it does not fit. */
static bool join(char *out, size_t size, const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);

	if (la + lb + 2 > size)
		return false;
	memmove(out, a, la);
	out[la] = '/';
	memcpy(out + la + 1, b, lb + 1);
	return true;
}

/* cut_line: ends a text at its first line end. */
static char *cut_line(char *text)
{
	text[strcspn(text, "\r\n")] = 0;
	return text;
}

/* The info area being written. */
static struct seg_info *info;

static void add_bytes(uint32_t key, const char *bytes, size_t length)
{
	size_t padded = (length + 7) & ~(size_t)7;

	if (sizeof(*info) + info->size + 8 + padded > INFO_SIZE)
		return;
	char *p = info->records + info->size;
	uint32_t head[2] = {key, (uint32_t)length};

	memcpy(p, head, sizeof(head));
	memcpy(p + sizeof(head), bytes, length);
	info->size += (uint32_t)(sizeof(head) + padded);
}

static void add_text(uint32_t key, const char *text)
{
	if (text && *text)
		add_bytes(key, text, strlen(text));
}

static void add_argv(void)
{
	long n = hp_read_file("/proc/self/cmdline", buffer, sizeof(buffer));
	char key = SEG_KEY_ARGV;

	if (n <= 0)
		return;
	add_bytes(SEG_KEY_ARGV, buffer, (size_t)n);
	if (n == sizeof(buffer) - 1)
		add_bytes(SEG_KEY_CUT, &key, 1);
}

static void add_host(void)
{
	static struct utsname u;
	char *p;

	if (uname(&u) == 0) {
		add_text(SEG_KEY_HOST, u.nodename);
		strcpy(buffer, u.sysname);
		strcat(strcat(buffer, " "), u.release);
		strcat(strcat(buffer, " "), u.machine);
		add_text(SEG_KEY_KERNEL, buffer);
	}
	if (hp_read_file("/proc/cpuinfo", buffer, 4096) > 0 && (p = strstr(buffer, "model name")) &&
	    (p = strchr(p, ':')))
		add_text(SEG_KEY_CPU, cut_line(p + 1 + (p[1] == ' ')));
	hp_governor(buffer, 64);
	add_text(SEG_KEY_GOVERNOR, buffer);
	hp_load(buffer, 64);
	add_text(SEG_KEY_LOAD, buffer);
}

/* git_folder: the folder that has HEAD, for a project in `root` or above; false when there is none.
 */
static bool git_folder(const char *root, char *out, size_t size)
{
	struct stat st;

	if (!join(out, size, root, ".git"))
		return false;
	while (stat(out, &st) < 0) { /* up: DIR/.git becomes ../.git */
		char *slash = out + strlen(out) - strlen("/.git");

		*slash = 0;
		slash = strrchr(out, '/');
		if (!slash)
			return false;
		strcpy(slash, "/.git");
	}
	if (S_ISDIR(st.st_mode))
		return true;
	/* A worktree or submodule: the file names the folder. */
	if (hp_read_file(out, buffer, PATH_MAX) < 0 || strncmp(buffer, "gitdir: ", 8))
		return false;
	cut_line(buffer);
	if (buffer[8] == '/')
		return strlen(buffer + 8) < size && strcpy(out, buffer + 8);
	*strrchr(out, '/') = 0;
	return join(out, size, out, buffer + 8);
}

/* add_git: branch and commit as they are now; what is in packed-refs only is left to ingest. */
static void add_git(const char *root)
{
	static char git[PATH_MAX], head[1024];

	if (!git_folder(root, git, sizeof(git)) ||
	    !join(path_buffer, sizeof(path_buffer), git, "HEAD") ||
	    hp_read_file(path_buffer, head, sizeof(head)) <= 0)
		return;
	cut_line(head);
	if (strncmp(head, "ref: ", 5)) {
		add_text(SEG_KEY_COMMIT, head);
		add_text(SEG_KEY_BRANCH, ci_branch());
		return;
	}
	/* What git writes where refs are in another form (reftable); only git itself can tell. */
	if (strcmp(head + 5, "refs/heads/.invalid") == 0)
		return;
	if (strncmp(head + 5, "refs/heads/", 11) == 0)
		add_text(SEG_KEY_BRANCH, head + 16);
	if (join(path_buffer, sizeof(path_buffer), git, "commondir") &&
	    hp_read_file(path_buffer, buffer, PATH_MAX) > 0) {
		cut_line(buffer);
		if (buffer[0] == '/')
			strcpy(git, buffer);
		else if (!join(git, sizeof(git), git, buffer))
			return;
	}
	if (join(path_buffer, sizeof(path_buffer), git, head + 5) &&
	    hp_read_file(path_buffer, buffer, 128) > 0)
		add_text(SEG_KEY_COMMIT, cut_line(buffer));
}

/* process_start_time: field 22 of /proc/self/stat. */
static uint64_t process_start_time(void)
{
	char *p;
	int field = 2;

	if (hp_read_file("/proc/self/stat", buffer, 1024) <= 0 || !(p = strrchr(buffer, ')')))
		return 0;
	for (; *p && field < 22; p++)
		field += *p == ' ';
	return strtoull(p, NULL, 10);
}

static int hex_digit(char c)
{
	return c >= 'a' ? c - 'a' + 10 : c - '0';
}

static void boot_id(uint8_t id[16])
{
	int n = 0;

	if (hp_read_file("/proc/sys/kernel/random/boot_id", buffer, 64) <= 0)
		return;
	for (char *p = buffer; n < 32 && *p && *p != '\n'; p++)
		if (*p != '-') {
			id[n / 2] = (uint8_t)(id[n / 2] << 4 | hex_digit(*p));
			n++;
		}
}

static void fill_header(struct seg_header *seg)
{
	struct stat st;
	cpu_set_t cpus;

	seg->pid = (uint32_t)getpid();
	seg->ppid = (uint32_t)getppid();
	seg->proc_start = process_start_time();
	if (stat("/proc/self/ns/pid", &st) == 0)
		seg->pid_ns = st.st_ino;
	boot_id(seg->boot_id);
	seg->clock = hp_process.clock;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		seg->cpu_count = (uint32_t)CPU_COUNT(&cpus);
}

/* writable_folder: whether a folder could be made or used at path. */
static bool writable_folder(const char *parent, const char *path)
{
	return access(path, W_OK) == 0 || (access(path, F_OK) < 0 && access(parent, W_OK) == 0);
}

/* absolute: a path that stays the same when the program goes to another folder; false when it does not fit. */
static bool absolute(char *out, size_t size, const char *path)
{
	if (path[0] == '/')
		return strlen(path) < size && strcpy(out, path);
	return getcwd(path_buffer, sizeof(path_buffer)) && join(out, size, path_buffer, path);
}

/* choose_store: the folder of the store: HOTPATH_DIR, the project's, or the user's. */
static bool choose_store(const char *root)
{
	const char *dir = hp_env("HOTPATH_DIR");
	char *store = hp_process.store;
	size_t size = sizeof(hp_process.store);

	if (dir)
		return absolute(store, size, dir);
	if (root && join(store, size, root, ".hotpath") && writable_folder(root, store))
		return true;
	if ((dir = hp_env("XDG_STATE_HOME")))
		return join(store, size, dir, "hotpath");
	return (dir = hp_env("HOME")) && join(store, size, dir, ".local/state/hotpath");
}

/* make_folders: mkdir -p, 0700 each. */
static void make_folders(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = 0;
		mkdir(path, 0700);
		*p = '/';
	}
	mkdir(path, 0700);
}

/* shm_folder: this user's folder in /dev/shm, where pages are never written back; false when that
 * has no room. */
static bool shm_folder(char *out, size_t size)
{
	static const char prefix[] = "/dev/shm/hotpath-";
	struct statfs fs;
	uid_t uid = geteuid();
	char digits[12];
	int n = 0;

	if (statfs("/dev/shm", &fs) < 0 || fs.f_type != TMPFS ||
	    (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize < SHM_ROOM || size < sizeof(prefix) + 12)
		return false;
	strcpy(out, prefix);
	do
		digits[n++] = (char)('0' + uid % 10);
	while (uid /= 10);
	for (char *p = out + sizeof(prefix) - 1; n >= 0; *p++ = n ? digits[n - 1] : 0, n--)
		;
	return true;
}

/* make_segment: in HOTPATH_SEGMENTS as it was at the start, else in /dev/shm, else beside the store. */
static bool make_segment(void)
{
	const char *forced = hp_env("HOTPATH_SEGMENTS");
	char *folder = hp_process.folder;
	size_t size = sizeof(hp_process.folder);

	if (forced)
		return (*folder || absolute(folder, size, forced)) &&
		       hp_segment_create(folder) == 0;
	if (shm_folder(folder, size) && hp_segment_create(folder) == 0)
		return true;
	if (!join(folder, size, hp_process.store, "segments"))
		return false;
	make_folders(folder);
	return hp_segment_create(folder) == 0;
}

static bool write_info(const char *root, uint32_t budget)
{
	info = hp_segment_area(INFO_SIZE, INFO_SIZE);
	if (!info)
		return false;
	add_argv();
	if (getcwd(path_buffer, sizeof(path_buffer))) {
		add_text(SEG_KEY_CWD, path_buffer);
		add_git(root ? root : path_buffer);
	}
	ssize_t n = readlink("/proc/self/exe", path_buffer, sizeof(path_buffer));

	if (n > 0)
		add_bytes(SEG_KEY_EXE, path_buffer, (size_t)n);
	add_text(SEG_KEY_LABEL, getenv("HOTPATH_LABEL"));
	add_text(SEG_KEY_TOKEN, getenv("HOTPATH_RUN_TOKEN"));
	add_text(SEG_KEY_STORE, hp_process.store);
	add_text(SEG_KEY_ROOT, root);
	if (budget)
		add_bytes(SEG_KEY_BUDGET, (const char *)&budget, sizeof(budget));
	add_host();
	hp_process.seg->info = info;
	return true;
}

/* find_cli: bin/hotpath beside the lib/ that the runtime is in. */
static void find_cli(const char *runtime)
{
	char *cli = hp_process.cli;

	if (!runtime || !join(cli, sizeof(hp_process.cli), runtime, ""))
		return;
	for (int i = 0; i < 3; i++) {
		char *slash = strrchr(cli, '/');

		if (!slash)
			goto none;
		*slash = 0;
	}
	if (join(cli, sizeof(hp_process.cli), cli, "bin/hotpath") && access(cli, X_OK) == 0)
		return;
none:
	cli[0] = 0;
}

static void note_start(void)
{
	struct seg_header *seg = hp_process.seg;

	hp_clock_now(&seg->start_ticks, &seg->start_mono, &seg->start_real);
	hp_steer_begin();
	hp_segment_start();
}

static const char *project_root;
static uint32_t project_budget;

/* begin: what start and restart share. */
static bool begin(void)
{
	if (!make_segment())
		return false;
	fill_header(hp_process.seg);
	if (write_info(project_root, project_budget))
		return true;
	unlink(hp_process.path);
	return false;
}

/*
 * may_follow: whether this process is to be measured.  HOTPATH_FOLLOW=0 measures the first process but not those it starts, by
 * fork or by exec: the first one makes the 0 in its environment a dash, which those inherit.
 */
static bool may_follow(void)
{
	char *follow = getenv("HOTPATH_FOLLOW");

	hp_process.follow = !follow || (strcmp(follow, "0") && strcmp(follow, "-"));
	if (follow && strcmp(follow, "-") == 0)
		return false;
	if (!hp_process.follow)
		follow[0] = '-';
	return true;
}

/* hp_process_start: from the first unit's constructor; false when this process is not measured. */
bool hp_process_start(const struct hotpath_unit *first)
{
	static char root[sizeof(hp_process.store)];
	const char *off = hp_env("HOTPATH_DISABLE");
	uint64_t ticks, mono;
	int saved_errno = errno;
	bool on = false;

	if ((off && strcmp(off, "0")) || getauxval(AT_SECURE) || !may_follow())
		return false;
	if (first->root && strlen(first->root) < sizeof(root))
		project_root = strcpy(root, first->root);
	project_budget = hp_sample_budget(first);
	hp_process.clock = hp_clock_choose();
	hp_process.hooks = hp_hooks(hp_process.clock);
	hp_process.by_command = hp_env("HOTPATH_RUN_TOKEN") != NULL;
	find_cli(first->runtime);
	if (choose_store(project_root) && begin()) {
		hp_parent_find();
		hp_thread_init();
		hp_end_init();
		pthread_atfork(NULL, NULL, hp_process_forked);
		hp_clock_now(&ticks, &mono, NULL);
		hp_cost_calibrate();
		hp_clock_step();
		hp_clock_rate(ticks, mono);
		note_start();
		hp_end_after(hp_env("HOTPATH_SHUTDOWN_MS"));
		on = true;
	}
	errno = saved_errno;
	return on;
}

/* hp_process_forked: in the child of a fork: nothing is recorded until it calls a measured
 * function. */
void hp_process_forked(void)
{
	if (hp_process.state != PROCESS_ON)
		return;
	hp_process.state = hp_process.follow ? PROCESS_FORKED : PROCESS_OFF;
	hp_speed_forked();
	hp_units_forget_lock();
	hp_threads_forget();
	hp_sessions_forget();
	hp_fibers_forget();
	hp_lives_forget();
	if (!hp_process.follow)
		hp_units_off();
}

/*
 * hp_process_restart: the forked child's first measured call: a segment of its own, with the
 * parent's units and clock.  The parent's mapping goes when ours is complete: no thread of ours has a
 * place in it.
 */
bool hp_process_restart(void)
{
	struct seg_header *old = hp_process.seg;
	int saved_errno = errno;
	bool on = false;

	hp_process.state = PROCESS_OFF; /* also for measured functions that we may call */
	if (begin() && hp_units_relink(old)) {
		struct seg_header *seg = hp_process.seg;

		memcpy(seg->parent_id, old->run_id, sizeof(seg->parent_id));
		seg->hz = old->hz;
		seg->inside = old->inside;
		seg->outside = old->outside;
		seg->always_inside = old->always_inside;
		seg->always_outside = old->always_outside;
		seg->drawn_inside = old->drawn_inside;
		seg->drawn_outside = old->drawn_outside;
		seg->skipped = old->skipped;
		seg->overlap_inside = old->overlap_inside;
		seg->overlap = old->overlap;
		seg->step = old->step;
		hp_cost_restart();
		note_start();
		hp_process.state = PROCESS_ON;
		on = true;
		munmap(old, old->map_size);
	}
	errno = saved_errno;
	return on;
}
