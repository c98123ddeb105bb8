/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the optimisers warn of.
 *
 * -Wmaybe-uninitialized, -Wnull-dereference, -Wstringop-overflow and their like depend on what was inlined and on what is
 * known of memory.  Hooks change both: a measured function is larger than it was, and nothing is known of memory behind a
 * hook.  So a measured build would warn of what is right, and a build with -Werror would fail.  Markers that cost the
 * inliner nothing are no way out: sqlite3 grew by 126 bytes a function, see wrap.cc.
 *
 * So nothing that the optimisers say of code with hooks is printed.  What they say of the code without is:
 *
 *   the compiler                                     its twin
 *
 *   twin_begin(): before the first hook of a unit
 *   is put in, it forks                              waits
 *   compiles with hooks
 *   the optimisers are about to print a warning
 *   ask(): it wakes the twin and waits               compiles without hooks, to /dev/null, and prints the warnings of the
 *                                                    optimisers with all that belongs to them
 *   prints no warning of the optimisers itself       tells how many there were, ends
 *   compiles on
 *   end(): done                                      ends, when it was not asked
 *
 * The twin is the compiler in the state in which it had not met a hook: what it prints is what the user gets without the
 * plugin, word for word.  A unit of whose measured code nothing is said costs the fork and the pages that
 * are written to afterwards; one that something is said of takes as long as two compilations from there on.
 *
 * "The optimisers" is everything behind the lowering of all functions: PLUGIN_ALL_IPA_PASSES_START.  Errors, and warnings that
 * no -W names, come from the compiler itself as ever; so does -Wreturn-type, but before the first one of a unit the twin is asked
 * for the functions of which that is said without hooks: lacks_return().
 *
 * Where there is no twin (fork failed, the format is not text, -w), the warnings are those of the code with hooks.
 * With -flto those of the link are: there the bodies have their hooks.
 */
#include "plugin.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/wait.h>

#if HOTPATH_OPEN_DIAGNOSTICS

/* struct shown: what the newest message was about; what the next one has in common with it is not printed again. */
struct shown {
	void *function;
	const line_map_ordinary *module;
	location_t place;
};

/* struct result: what the twin printed. */
struct result {
	int warnings;
	int werrors;
	struct shown shown;
};

/* struct request: what the twin is woken for. */
struct request {
	bool only_returns; /* the functions that lack a return, as numbers; it waits on then */
	struct shown shown;
};

/* What ends those numbers, which are DECL_UIDs. */
static const unsigned ALL_TOLD = UINT_MAX, NOT_KNOWN = UINT_MAX - 1;

/* What this process is. */
static enum {
	ALONE, /* no hook is in yet, or no twin can be had */
	PAIRED,
	QUIET, /* the twin has spoken */
	TWIN,
} role;

static pid_t twin;
/* Ends of a pair of sockets, each closed where the other is used. */
static int ours = -1, theirs = -1;
static bool optimising;	     /* the lowering of all functions is over */
static struct result result; /* of the twin, in it */
static bool only_returns;    /* in the twin's own copy that looks for them */
static FILE *nowhere;

/* ---- who speaks ---- */

/*
 * The newest diagnostic that was no note: whether it is printed, and where it came from.  Its notes share its fate.
 *
 * shown   before the newest diagnostic of all
 */
static struct {
	bool muted;
	opt_pass *pass;
	tree fn;
	struct shown shown;
} last;

static diagnostic_starter_fn other_starter;
static FILE *other_stream;

static bool ask(void);
static bool lacks_return(tree fn);
static void tell_return(void);

static struct shown get_shown(void)
{
	return {diagnostic_context_auxiliary_data(global_dc), global_dc->last_module,
		global_dc->last_location};
}

static void set_shown(const struct shown *shown)
{
	diagnostic_context_auxiliary_data(global_dc) = shown->function;
	global_dc->last_module = shown->module;
	global_dc->last_location = shown->place;
}

/* of_optimisers: a warning that depends on hooks. */
static bool of_optimisers(const diagnostic_info *diagnostic)
{
	return optimising && diagnostic->option_index > 0;
}

/* of_returns: "control reaches end of non-void function". */
static bool of_returns(const diagnostic_info *diagnostic)
{
	return !optimising && current_pass && current_function_decl &&
	       diagnostic->option_index == OPT_Wreturn_type;
}

/* is_muted: of a diagnostic that is no note. */
static bool is_muted(const diagnostic_info *diagnostic)
{
	if (role == TWIN && only_returns && of_returns(diagnostic))
		tell_return();
	if (role == TWIN)
		return !of_optimisers(diagnostic);
	if (of_returns(diagnostic))
		return !lacks_return(current_function_decl);
	return of_optimisers(diagnostic) && ask();
}

static void count(const diagnostic_info *diagnostic)
{
	if (diagnostic->kind == DK_ERROR)
		result.werrors++;
	else
		result.warnings++;
}

/* uncount: GCC has counted it already; as a note it is no case for -Wfatal-errors and -fmax-errors. */
static void uncount(diagnostic_info *diagnostic)
{
	const diagnostic_t kind = diagnostic->kind == DK_ERROR ? DK_WERROR : diagnostic->kind;

	diagnostic_kind_count(global_dc, kind)--;
	diagnostic->kind = DK_NOTE;
}

static void judge(diagnostic_info *diagnostic)
{
	if (diagnostic->kind == DK_NOTE) {
		if (last.pass != current_pass || last.fn != current_function_decl)
			last.muted = role == TWIN;
		return;
	}
	last.muted = is_muted(diagnostic);
	last.pass = current_pass;
	last.fn = current_function_decl;
	if (role == TWIN && !last.muted)
		count(diagnostic);
	else if (last.muted && (role != TWIN || only_returns))
		uncount(diagnostic);
}

/* start: how a diagnostic begins.  GCC asks when it is going to print one and nothing of it is printed yet. */
static void start(diagnostic_context *context, diagnostic_info *diagnostic)
{
	/* What was muted has shown no line and named no function. */
	if (last.muted)
		set_shown(&last.shown);
	judge(diagnostic);
	last.shown = get_shown();
	context->printer->buffer->stream = last.muted ? nowhere : other_stream;
	other_starter(context, diagnostic);
}

/* listen: from now on start() decides what is printed. */
static void listen(void)
{
	other_stream = global_dc->printer->buffer->stream;
	other_starter = diagnostic_starter(global_dc);
	diagnostic_starter(global_dc) = start;
}

/* ---- the twin ---- */

/* close_outputs: what it has open for writing leads nowhere but for stderr and the way to the compiler. */
static void close_outputs(void)
{
	const int null = fileno(nowhere);
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const int fd = atoi(entry->d_name);
		const int flags = fcntl(fd, F_GETFL);

		if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && fd != STDERR_FILENO &&
		    fd != null && fd != theirs)
			dup2(null, fd);
	}
	if (dir)
		closedir(dir);
}

/* forget_files: what would be opened by its name later. */
static void forget_files(void)
{
	flag_dump_final_insns = NULL;
	for (int i = 1; dump_file_info *info = g->get_dumps()->get_dump_file_info(i); i++)
		info->pstate = info->alt_state = 0;
}

static void tell_return(void)
{
	const unsigned function = DECL_UID(current_function_decl);

	send(theirs, &function, sizeof(function), MSG_NOSIGNAL);
}

static int reap(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* look_for_returns: in a copy, which comes to its end where the optimisers begin.  Returns true in it. */
static bool look_for_returns(void)
{
	const pid_t copy = fork();
	unsigned end = NOT_KNOWN;

	if (copy == 0)
		return true;
	if (copy > 0 && reap(copy) == 0)
		end = ALL_TOLD;
	send(theirs, &end, sizeof(end), MSG_NOSIGNAL);
	return false;
}

static void be_twin(void)
{
	struct request request;

	role = TWIN;
	plugin.off = true;
	last.muted = true;
	close(ours);
	do {
		if (recv(theirs, &request, sizeof(request), MSG_WAITALL) != sizeof(request))
			_exit(SUCCESS_EXIT_CODE);
		only_returns = request.only_returns && look_for_returns();
	} while (request.only_returns && !only_returns);
	set_shown(&request.shown);
	last.shown = request.shown;
	close_outputs();
	forget_files();
	listen();
}

/* ---- the compiler ---- */

static bool is_wanted(void)
{
	/* JSON prints no paths as text. */
	return !global_dc->dc_inhibit_warnings && global_dc->print_path && !in_lto_p;
}

static bool make_twin(void)
{
	int ends[2];

	nowhere = fopen("/dev/null", "we");
	if (!nowhere || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	ours = ends[0];
	theirs = ends[1];
	twin = fork();
	return twin >= 0;
}

bool twin_begin(void)
{
	static bool tried;

	if (tried || !is_wanted())
		return role == TWIN;
	tried = true;
	if (!make_twin())
		return false;
	if (twin == 0) {
		be_twin();
	} else {
		role = PAIRED;
		close(theirs);
		listen();
	}
	return role == TWIN;
}

static bool request(bool only_returns)
{
	const struct request request = {only_returns, get_shown()};

	return send(ours, &request, sizeof(request), MSG_NOSIGNAL) == sizeof(request);
}

/*
 * lacks_return: of a function that seems to.  Where a `finally` is one copy, as at -O0, control seems to come out of it to wherever
 * it leads, as to the end of a function in which `if (1) return 0;` stands.
 */
static bool lacks_return(tree fn)
{
	static hash_set<int_hash<unsigned, ALL_TOLD, NOT_KNOWN>> *lacking;
	static bool returns_known;
	unsigned told = NOT_KNOWN;

	if (role != PAIRED)
		return true;
	if (!lacking) {
		lacking = new hash_set<int_hash<unsigned, ALL_TOLD, NOT_KNOWN>>;
		if (request(true))
			while (recv(ours, &told, sizeof(told), MSG_WAITALL) == sizeof(told) &&
			       told < NOT_KNOWN)
				lacking->add(told);
		returns_known = told == ALL_TOLD;
	}
	return !returns_known || lacking->contains(DECL_UID(fn));
}

/* ask: has the twin print its warnings, once; false when there is none that could. */
static bool ask(void)
{
	struct result got;

	if (role != PAIRED)
		return role == QUIET;
	role = ALONE;
	if (!request(false))
		return false;

	const bool told = recv(ours, &got, sizeof(got), MSG_WAITALL) == sizeof(got);
	const int status = reap(twin);

	close(ours);
	if (!told) {
		/* It found more errors than are asked for, and has said so. */
		if (WIFEXITED(status) && WEXITSTATUS(status) == FATAL_EXIT_CODE)
			exit(FATAL_EXIT_CODE);
		return false;
	}
	diagnostic_kind_count(global_dc, DK_WARNING) += got.warnings;
	diagnostic_kind_count(global_dc, DK_WERROR) += got.werrors;
	set_shown(&got.shown);
	role = QUIET;
	return true;
}

bool twin_waits(void)
{
	return role == PAIRED;
}

static void optimisers_begin(void *, void *)
{
	if (only_returns)
		_exit(SUCCESS_EXIT_CODE);
	optimising = true;
}

/* end: all that the optimisers can say is said. */
static void end(void *, void *)
{
	if (role == TWIN) {
		result.shown = last.muted ? last.shown : get_shown();
		const bool told =
			send(theirs, &result, sizeof(result), MSG_NOSIGNAL) == sizeof(result);

		_exit(told ? SUCCESS_EXIT_CODE : FATAL_EXIT_CODE);
	}
	/* "all warnings being treated as errors" is still to come. */
	if (other_stream)
		global_dc->printer->buffer->stream = other_stream;
	if (role != PAIRED)
		return;
	role = ALONE;
	close(ours);
	reap(twin);
}

void twin_register(void)
{
	register_callback(plugin.name, PLUGIN_ALL_IPA_PASSES_START, optimisers_begin, NULL);
	register_callback(plugin.name, PLUGIN_FINISH_UNIT, end, NULL);
}

#else

bool twin_begin(void)
{
	return false;
}

bool twin_waits(void)
{
	return false;
}

void twin_register(void)
{
}

#endif
