/* SPDX-License-Identifier: MIT */
/*
 * Steer the measuring of a program from inside it: the second half of hotpath.h, which includes this.
 *
 * Everything here may stay in a program for good.  It compiles with any GCC or clang, in C from C89 on and in C++, with and
 * without the plugin, includes no other header and needs no library: the runtime is found when a function is called.
 * Where there is none, where nothing is measured (HOTPATH_DISABLE=1), and under another compiler, the functions do
 * nothing; with -DHOTPATH_OFF they are not even that.
 *
 * Threads  Any, but not in signal handlers.  errno is preserved.
 * Cost     As said below; without a runtime a few microseconds, for the look whether there is one.
 */
#ifndef HOTPATH_CONTROL_H
#define HOTPATH_CONTROL_H

/* The version of struct hotpath_api: members are only appended. */
#define HOTPATH_API 1u

struct hotpath_api {
	unsigned version;
	unsigned zero;
	void (*start)(void);
	void (*stop)(void);
	int (*reset)(void);
	int (*flush)(void);
	int (*session_begin)(const char *name);
	int (*session_end)(int session);
	void (*thread_name)(const char *name);
	void (*fiber_switch)(const void *fiber);
	void (*fiber_end)(const void *fiber);
	int (*measuring)(void);
};

#if !defined(HOTPATH_OFF) && (!defined(__GNUC__) || !defined(__ELF__))
#define HOTPATH_OFF 1
#endif

#ifdef __has_attribute
#if __has_attribute(hotpath_skip)
#define HOTPATH_INLINE_ static __inline__ __attribute__((__unused__, hotpath_skip))
#endif
#endif
#if !defined(HOTPATH_INLINE_) && defined(__GNUC__)
#define HOTPATH_INLINE_ static __inline__ __attribute__((__unused__, __no_instrument_function__))
#endif
#if !defined(HOTPATH_INLINE_)
#ifdef __cplusplus
#define HOTPATH_INLINE_ static inline
#else
#define HOTPATH_INLINE_ static
#endif
#endif

#ifndef HOTPATH_OFF
/* Names from outside by weakref: a weak declaration would make the program's own references weak. */
static const struct hotpath_api *hotpath_linked_(unsigned version)
	__attribute__((__weakref__("hotpath_api"), __unused__));
static void *hotpath_dlsym_(void *handle, const char *name)
	__attribute__((__weakref__("dlsym"), __unused__));
static char *hotpath_dlerror_(void) __attribute__((__weakref__("dlerror"), __unused__));
static int *hotpath_errno_(void) __attribute__((__weakref__("__errno_location"), __unused__));

/* The runtime that the plugin's units have loaded, if they have. */
HOTPATH_INLINE_ const struct hotpath_api *hotpath_loaded_(void)
{
	typedef void *open_fn(const char *, int);
	typedef const struct hotpath_api *find_fn(unsigned);
	union {
		void *object;
		open_fn *open;
		find_fn *find;
	} u;
	void *handle;

	if (!hotpath_dlsym_)
		return 0;
	u.object = hotpath_dlsym_(0, "dlopen");
	handle = u.object ? u.open("libhotpath.so", 1 | 4) : 0; /* RTLD_LAZY | RTLD_NOLOAD */
	u.object = handle ? hotpath_dlsym_(handle, "hotpath_api") : 0;
	if (!u.object && hotpath_dlerror_)
		hotpath_dlerror_(); /* not a failure that the program should hear of */
	return u.object ? u.find(HOTPATH_API) : 0;
}

HOTPATH_INLINE_ const struct hotpath_api *hotpath_find_(void)
{
	static const struct hotpath_api *known;
	const struct hotpath_api *api = __atomic_load_n(&known, __ATOMIC_ACQUIRE);
	int saved;

	if (api)
		return api;
	saved = hotpath_errno_ ? *hotpath_errno_() : 0;
	api = hotpath_linked_ ? hotpath_linked_(HOTPATH_API) : hotpath_loaded_();
	if (hotpath_errno_)
		*hotpath_errno_() = saved;
	if (api)
		__atomic_store_n(&known, api, __ATOMIC_RELEASE);
	return api;
}

#define HOTPATH_CALL_(otherwise, call) (hotpath_find_() ? hotpath_find_()->call : (otherwise))
#else
#define HOTPATH_CALL_(otherwise, call) (otherwise)
#endif
#define HOTPATH_DO_(call) HOTPATH_CALL_((void)0, call)

/*
 * hotpath_stop, hotpath_start: measuring off and on, for the whole process; it begins on.
 *
 * A call that is running when measuring is switched off ends there: it is counted, with its time up to that moment, as
 * one that was left without its exit.  Calls that begin while it is off are not measured at all, nor are their
 * ends; what they call after it is on again stands at the top of the calling-context tree.
 * Cost: 20 ns a unit.  While off, a measured function costs 1.1 ns more than an unmeasured one, and after
 * that a call some 3 ns more than before.
 */
HOTPATH_INLINE_ void hotpath_stop(void)
{
	HOTPATH_DO_(stop());
}

HOTPATH_INLINE_ void hotpath_start(void)
{
	HOTPATH_DO_(start());
}

/* hotpath_measuring: 1 while calls are being recorded, else 0. */
HOTPATH_INLINE_ int hotpath_measuring(void)
{
	return HOTPATH_CALL_(0, measuring());
}

/*
 * hotpath_reset: the run's figures begin here.  What is running counts as one call, with the time from here on; in the
 * percentiles it stands with its whole duration.
 * Returns 0, or -1 when that could not be (a full disk), and then the figures go on as they were.
 * Cost: 0.1 ms, and 1 ms for each few MB recorded.  Calls of other threads in these moments may be off by a few hundred.
 */
HOTPATH_INLINE_ int hotpath_reset(void)
{
	return HOTPATH_CALL_(-1, reset());
}

/*
 * hotpath_flush: puts the figures up to now into the store, as a run marked `live`, and goes on recording.  The next
 * flush replaces it, as does the run itself at the end.  Not needed against crashes: what was recorded outlives those.
 * Returns 0 when it is in the store, else -1.
 * Cost: runs `hotpath ctl` and waits for it, 10 to 50 ms.
 */
HOTPATH_INLINE_ int hotpath_flush(void)
{
	return HOTPATH_CALL_(-1, flush());
}

/*
 * hotpath_session_begin, _end: a run of its own in the store, of what happened in this process between the two calls,
 * beside that of the whole process: for a unit test, a request, a phase.  Its label is `name`, after HOTPATH_LABEL and
 * a slash when that is set.  Sessions may overlap; up to 64 can be open.  One that is open when the process ends
 * ends there.  With HOTPATH_OUTPUT_FORMAT set its report is printed at its end.
 * What is running at its begin counts as with hotpath_reset().  What other threads call in the very moments of begin and
 * end may be in or out: a few hundred calls.
 *
 * Returns  begin: a number for _end, 0 when nothing is recorded.  end: 0, or -1 when there is no such session or it
 *          could not be written
 * Cost     each about 0.1 ms, and 1 ms for each few MB recorded so far.
 */
HOTPATH_INLINE_ int hotpath_session_begin(const char *name)
{
	(void)name;
	return HOTPATH_CALL_(0, session_begin(name));
}

HOTPATH_INLINE_ int hotpath_session_end(int session)
{
	(void)session;
	return HOTPATH_CALL_(-1, session_end(session));
}

/* hotpath_thread_name: what reports call the calling thread, 15 bytes of it; the kernel's name stays as it is. */
HOTPATH_INLINE_ void hotpath_thread_name(const char *name)
{
	(void)name;
	HOTPATH_DO_(thread_name(name));
}

/*
 * hotpath_fiber_switch: tells that this thread goes over to another stack (swapcontext, hand-written assembler).  Call it
 * right before the switch.
 *
 * fiber    names the stack that is switched to: any address that is its own, as that of its control block; null is
 *          the stack that the thread began on.  A fiber may go on on another thread
 *
 * The calls that are running on the stack that is left stop their clocks until it is switched to again: times of a fiber
 * leave out those when others ran. Without these calls each switch closes the frames of the stack that is left.
 * Cost: 25 ns with one running call; it grows with their number.
 */
HOTPATH_INLINE_ void hotpath_fiber_switch(const void *fiber)
{
	(void)fiber;
	HOTPATH_DO_(fiber_switch(fiber));
}

/* hotpath_fiber_end: a fiber that was switched away from will never run again: its running calls end. */
HOTPATH_INLINE_ void hotpath_fiber_end(const void *fiber)
{
	(void)fiber;
	HOTPATH_DO_(fiber_end(fiber));
}

#undef HOTPATH_CALL_
#undef HOTPATH_DO_

#ifdef __cplusplus
namespace hotpath
{
/* A session as long as a scope: hotpath::session s("parse_large_file"); */
class session
{
	int number;

	session(const session &);
	session &operator=(const session &);

      public:
#ifdef __has_attribute
#if __has_attribute(hotpath_skip)
	__attribute__((hotpath_skip))
#endif
#endif
	explicit session(const char *name)
	    : number(hotpath_session_begin(name))
	{
	}
#ifdef __has_attribute
#if __has_attribute(hotpath_skip)
	__attribute__((hotpath_skip))
#endif
#endif
	~session()
	{
		hotpath_session_end(number);
	}
};
} // namespace hotpath
#endif

#endif /* HOTPATH_CONTROL_H */
