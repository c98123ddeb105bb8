/* SPDX-License-Identifier: MIT */
/*
 * What hotpath.h can ask for while the program runs.
 *
 * Threads record on meanwhile: nothing here stops them.  A session, like a reset, is a copy of the segment at its begin
 * and one at its end (seg_copy.h), which the reader takes from each other.
 */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>
#include "hotpath_control.h"
#include "runtime.h"
#include "seg_copy.h"

enum { SESSIONS = 64, NAME_MAX_BYTES = 128, PATH_SIZE = 600 };

static struct session {
	uint32_t number; /* 0: free */
	char name[NAME_MAX_BYTES];
} sessions[SESSIONS];
static uint32_t newest;
static uint32_t sessions_lock;

static void lock_sessions(void)
{
	while (__atomic_exchange_n(&sessions_lock, 1, __ATOMIC_ACQUIRE))
		usleep(100);
}

static void unlock_sessions(void)
{
	__atomic_store_n(&sessions_lock, 0, __ATOMIC_RELEASE);
}

static void now(struct seg_copy *edit)
{
	hp_clock_now(&edit->end_ticks, &edit->end_mono, &edit->end_real);
}

/*
 * A session of one thread leaves out the time that the copies take.  Where others go on meanwhile, their calls are in the copies
 * from some instant on, so the time is taken before the first copy and after the last.  That is known when the copy is made:
 * another thread may make its first call while it is.
 */
static bool several_threads(void)
{
	return __atomic_load_n(&hp_process.seg->n_threads, __ATOMIC_RELAXED) > 1;
}

static void now_if_alone(struct seg_copy *edit)
{
	if (!several_threads())
		now(edit);
}

static void now_if_several(struct seg_copy *edit)
{
	if (several_threads())
		now(edit);
}

/* recording: whether there is a segment to ask something of; one that a fork promised is made. */
static bool recording(void)
{
	if (hp_process.state == PROCESS_FORKED)
		hp_thread_born(&hp_hot);
	return hp_process.state == PROCESS_ON;
}

/* take_slot: a free place for a session, NULL when too many are open. */
static struct session *take_slot(const char *name)
{
	struct session *s = NULL;

	lock_sessions();
	for (int i = 0; i < SESSIONS && !s; i++)
		if (!sessions[i].number)
			s = &sessions[i];
	if (s) {
		size_t n = strnlen(name, NAME_MAX_BYTES - 1);

		s->number = ++newest;
		memcpy(s->name, name, n);
		s->name[n] = 0;
	}
	unlock_sessions();
	return s;
}

static void free_slot(struct session *s)
{
	lock_sessions();
	s->number = 0;
	unlock_sessions();
}

static int session_begin(const char *name)
{
	struct seg_copy edit = {.part = SEG_PART_SESSION};
	char path[PATH_SIZE];
	int saved_errno = errno;
	uint32_t number = 0;

	if (!recording() || !name)
		return 0;
	struct session *s = take_slot(name);

	now(&edit);
	if (s &&
	    seg_stem_name(path, sizeof(path), hp_process.path, "-s", s->number, ".base-1") == 0 &&
	    seg_copy(hp_process.path, path, &edit, now_if_alone) == 0)
		number = s->number;
	else if (s)
		free_slot(s);
	errno = saved_errno;
	return (int)number;
}

/* hand_over: the session's own report, when the user wants one; else it waits for the next command. */
static void hand_over(const char *path)
{
	const char *argv[] = {hp_process.cli, "ingest", "--report", path, NULL};

	if (hp_end_report_wanted() && !hp_process.by_command)
		hp_end_run(argv, false);
}

/* write_session: the copy at the end.  It gets its name when it is complete: commands look for such names. */
static int write_session(const struct session *s)
{
	struct seg_copy edit = {.part = SEG_PART_SESSION, .base = 1, .label = s->name};
	char path[PATH_SIZE], made[PATH_SIZE];
	uint8_t run_id[16];

	if (seg_stem_name(made, sizeof(made), hp_process.path, "-s", s->number, ".making") < 0 ||
	    seg_stem_name(path, sizeof(path), hp_process.path, "-s", s->number, SEG_SUFFIX) < 0)
		return -1;
	memcpy(run_id, hp_process.seg->run_id, sizeof(run_id));
	if (getrandom(run_id, sizeof(run_id), GRND_NONBLOCK) != sizeof(run_id))
		for (int i = 0; i < 4; i++)
			run_id[i] ^= (uint8_t)(s->number >> 8 * i);
	edit.run_id = run_id;
	now(&edit);
	if (seg_copy(hp_process.path, made, &edit, now_if_several) < 0)
		return -1;
	int linked = link(made, path);

	unlink(made);
	if (linked < 0)
		return -1;
	hand_over(path);
	return 0;
}

/* drop_base: a session that could not be written. */
static void drop_base(const struct session *s)
{
	char path[PATH_SIZE];

	if (seg_stem_name(path, sizeof(path), hp_process.path, "-s", s->number, ".base-1") == 0)
		unlink(path);
}

static int end_slot(struct session *s)
{
	int saved_errno = errno;
	int result = write_session(s);

	if (result < 0)
		drop_base(s);
	free_slot(s);
	errno = saved_errno;
	return result;
}

static int session_end(int number)
{
	if (!recording() || number <= 0)
		return -1;
	for (int i = 0; i < SESSIONS; i++)
		if (sessions[i].number == (uint32_t)number)
			return end_slot(&sessions[i]);
	return -1;
}

/* hp_sessions_end: at the end of the process: those that are open end there. */
void hp_sessions_end(void)
{
	for (int i = 0; i < SESSIONS; i++)
		if (sessions[i].number)
			end_slot(&sessions[i]);
}

/* hp_sessions_forget: in the child of a fork; they are the parent's. */
void hp_sessions_forget(void)
{
	memset(sessions, 0, sizeof(sessions));
	sessions_lock = 0;
}

static void start(void)
{
	hp_steer(true, true);
}

static void stop(void)
{
	hp_steer(false, true);
}

static int reset(void)
{
	struct seg_copy edit = {.part = SEG_PART_LIVE};
	int saved_errno = errno;
	int result = -1;

	if (recording()) {
		now(&edit);
		result = seg_rebase(hp_process.path, hp_process.seg, &edit, now_if_alone);
	}
	errno = saved_errno;
	return result;
}

static int flush(void)
{
	const char *argv[] = {hp_process.cli, "ctl", "--quiet", hp_process.path, "dump", NULL};
	int saved_errno = errno;
	int result = recording() ? hp_end_run(argv, true) : -1;

	errno = saved_errno;
	return result;
}

static void thread_name(const char *name)
{
	struct hot *hot = &hp_hot;
	int saved_errno = errno;

	if (name && (hot->place || hp_thread_born(hot))) {
		memset(hot->place->seg.name, 0, SEG_NAME);
		memcpy(hot->place->seg.name, name, strnlen(name, SEG_NAME - 1));
	}
	errno = saved_errno;
}

static int measuring(void)
{
	return recording() && !hp_process.seg->off;
}

const struct hotpath_api *hotpath_api(unsigned version);

/* hotpath_api: what hotpath.h calls; NULL for a version that is newer than we are. */
__attribute__((visibility("default"))) const struct hotpath_api *hotpath_api(unsigned version)
{
	static const struct hotpath_api api = {
		.version = HOTPATH_API,
		.start = start,
		.stop = stop,
		.reset = reset,
		.flush = flush,
		.session_begin = session_begin,
		.session_end = session_end,
		.thread_name = thread_name,
		.fiber_switch = hp_fiber_switch,
		.fiber_end = hp_fiber_end,
		.measuring = measuring,
	};

	return version <= HOTPATH_API ? &api : NULL;
}
