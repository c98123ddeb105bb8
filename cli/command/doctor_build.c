/* SPDX-License-Identifier: MIT */
/*
 * The checks that need a compiler.
 */
#include "doctor.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/environment.h"
#include "../base/error.h"
#include "../model/model.h"
#include "../base/place.h"
#include "../query/query.h"
#include "../store/segments.h"
#include "../base/spawn.h"
#include "../store/store.h"
#include "../base/text.h"

/* Runs a program; its exit status, and what it printed in *out, to be freed. */
static int ask(const char *const *argv, const char *dir, const char *const *env, char **out)
{
	struct spawn spawn = {
		.argv = argv, .dir = dir, .env = env, .timeout_ms = 60000, .with_errors = true};
	struct text text = {0};
	int status = spawn_capture(&spawn, &text);

	*out = text_take(&text);
	return *out ? status : -1;
}

static char *first_line(char *text)
{
	text[strcspn(text, "\n")] = '\0';
	return text;
}

/* The folder that this program is installed below: PREFIX of PREFIX/bin/hotpath; to be freed, NULL
 * when unknown. */
static char *prefix(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return NULL;
		*slash = '\0';
	}
	return strdup(path);
}

static bool plugin_loads(const char *cc, const char *plugin, char **out)
{
	char *option = text_format("-fplugin=%s", plugin);
	const char *argv[] = {cc, option, "-x", "c", "-fsyntax-only", "/dev/null", NULL};
	int status = option ? ask(argv, NULL, NULL, out) : -1;

	free(option);
	return status == 0;
}

static void check_plugin(struct doctor *doctor)
{
	char *out = NULL, *root = prefix(), *beside = NULL;

	if (plugin_loads(doctor->cc, "hotpath.so", &out)) {
		doctor->plugin = "hotpath.so";
		doctor_say(doctor, DOCTOR_OK, "plugin", "-fplugin=hotpath.so works for %s",
			   doctor->cc);
		free(out);
		free(root);
		return;
	}
	free(out);
	beside = root ? text_format("%s/lib/hotpath.so", root) : NULL;
	out = NULL;
	if (beside && plugin_loads(doctor->cc, beside, &out)) {
		doctor->plugin = doctor->plugin_path = beside;
		doctor_say(
			doctor, DOCTOR_WARN, "plugin",
			"-fplugin=hotpath.so is not found by its name, but -fplugin=%s works: use "
			"that, or install where the linker looks (PREFIX=/usr/local, then "
			"ldconfig)",
			beside);
		beside = NULL;
	} else {
		doctor_say(
			doctor, DOCTOR_FAIL, "plugin",
			"%s cannot load hotpath.so; `make install CC=%s` of hotpath installs the "
			"plugin for this compiler.  It said: %s",
			doctor->cc, doctor->cc, out ? first_line(out) : "nothing");
	}
	free(beside);
	free(out);
	free(root);
}

static void check_runtime(struct doctor *doctor)
{
	char *root = prefix();
	char *path = root ? text_format("%s/lib/libhotpath.so", root) : NULL;

	if (path && access(path, R_OK) == 0)
		doctor_say(doctor, DOCTOR_OK, "runtime", "%s", path);
	else
		doctor_say(doctor, DOCTOR_FAIL, "runtime",
			   "there is no %s: programs run, but record nothing; `make install` of "
			   "hotpath installs it",
			   path ? path : "libhotpath.so");
	free(path);
	free(root);
}

void doctor_toolchain(struct doctor *doctor)
{
	const char *argv[] = {doctor->cc, "--version", NULL};
	char *out;
	int status = ask(argv, NULL, NULL, &out);

	if (status != 0 || !out) {
		doctor_say(doctor, DOCTOR_FAIL, "gcc",
			   "%s cannot be run; install gcc, or name the compiler with --cc",
			   doctor->cc);
	} else if (strstr(out, "clang")) {
		doctor_say(doctor, DOCTOR_FAIL, "gcc",
			   "%s is clang, which cannot load GCC plugins; name a gcc with --cc or CC",
			   doctor->cc);
	} else {
		doctor_say(doctor, DOCTOR_OK, "gcc", "%s", first_line(out));
		check_plugin(doctor);
	}
	free(out);
	check_runtime(doctor);
}

static const char trial_source[] = "__attribute__((hotpath_measure, noinline)) int trial(int n)\n"
				   "{\n"
				   "\t__asm__ volatile(\"\" : \"+r\"(n));\n"
				   "\treturn n + 1;\n"
				   "}\n"
				   "\n"
				   "int main(void)\n"
				   "{\n"
				   "\tint n = 0;\n"
				   "\n"
				   "\twhile (n < 1000)\n"
				   "\t\tn = trial(n);\n"
				   "\treturn 0;\n"
				   "}\n";

static bool write_source(const char *dir)
{
	char *path = text_format("%s/trial.c", dir);
	FILE *file = path ? fopen(path, "we") : NULL;
	bool ok = file && fputs(trial_source, file) >= 0;

	if (file)
		ok &= fclose(file) == 0;
	free(path);
	return ok;
}

/* What reached the store of the trial. */
static void check_result(struct doctor *doctor, const char *dir)
{
	struct model_report report = {0};
	struct store store = {0};
	struct error error = {0};
	int64_t id;
	int rc = store_open(&store, dir, STORE_READ, &error);

	if (!rc)
		rc = query_resolve(&store, "last", &id, &error);
	if (!rc)
		rc = query_run(&store, id, &report.run, &error);
	if (!rc)
		rc = query_functions(&store, &report, &error);
	if (rc == ERR_NO_STORE)
		doctor_say(
			doctor, DOCTOR_FAIL, "trial",
			"a small program was built and run, but recorded nothing: the plugin did "
			"not find the runtime library, or HOTPATH_DISABLE is set");
	else if (rc)
		doctor_say(doctor, DOCTOR_FAIL, "trial", "%s", error.text);
	else if (report.n != 1 || report.functions[0].calls != 1000)
		doctor_say(doctor, DOCTOR_FAIL, "trial",
			   "a small program made 1000 calls, and %lld arrived: please report this",
			   report.n == 1 ? (long long)report.functions[0].calls : 0);
	else
		doctor_say(
			doctor, DOCTOR_OK, "trial",
			"a small program was built and run: 1000 of 1000 calls are in its store, "
			"each %.1f ns more with measuring",
			report.run.inside_ns + report.run.outside_ns);
	model_report_release(&report);
	store_close(&store);
}

static int run_trial(struct doctor *doctor, const char *dir)
{
	char *option = text_format("-fplugin=%s", doctor->plugin);
	char *store = text_format("HOTPATH_DIR=%s/store", dir);
	char *segments = text_format("HOTPATH_SEGMENTS=%s/segments", dir);
	char *program = text_format("%s/trial", dir), *out = NULL;
	const char *build[] = {doctor->cc, option, "-O2", "-o", "trial", "trial.c", NULL};
	const char *argv[] = {program, NULL};
	/* A token makes the program leave its segment to us instead of handing it over in the
	 * background. */
	const char *env[] = {store,
			     segments,
			     "HOTPATH_RUN_TOKEN=doctor",
			     "HOTPATH_OUTPUT_FORMAT=",
			     "HOTPATH_DISABLE=",
			     NULL};
	int rc = -1;

	if (!option || !store || !segments || !program) {
		doctor->out_of_memory = true;
	} else if (ask(build, dir, NULL, &out) != 0) {
		doctor_say(doctor, DOCTOR_FAIL, "trial", "a small program cannot be built: %s",
			   out ? first_line(out) : "the compiler cannot be run");
	} else {
		free(out);
		out = NULL;
		rc = ask(argv, dir, env, &out);
		if (rc != 0)
			doctor_say(doctor, DOCTOR_FAIL, "trial",
				   "a small program was built, but fails: %s",
				   out ? first_line(out) : "");
	}
	free(out);
	free(option);
	free(store);
	free(segments);
	free(program);
	return rc;
}

static void ignore(const char *text)
{
	(void)text;
}

/* Takes in what the trial left in its own segment folder, into its own store. */
static void take_trial(struct doctor *doctor, const char *dir)
{
	char *store = text_format("%s/store", dir), *segments = text_format("%s/segments", dir);
	const char *variable = getenv("HOTPATH_SEGMENTS");
	char *before = variable ? strdup(variable) : NULL;
	struct segment_wish wish = {.store = store, .patient = true};
	struct segment_tally tally;
	struct error error = {0};

	if (!store || !segments || (variable && !before)) {
		doctor->out_of_memory = true;
	} else {
		setenv("HOTPATH_SEGMENTS", segments, 1);
		if (segments_take(&wish, 0, ignore, &tally, &error))
			doctor_say(doctor, DOCTOR_FAIL, "trial", "%s", error.text);
		else
			check_result(doctor, store);
		if (before)
			setenv("HOTPATH_SEGMENTS", before, 1);
		else
			unsetenv("HOTPATH_SEGMENTS");
	}
	free(before);
	free(store);
	free(segments);
}

void doctor_trial(struct doctor *doctor)
{
	const char *tmp = environment_get("TMPDIR");
	char *dir, *out;

	if (!doctor->plugin)
		return;
	dir = text_format("%s/hotpath-doctor-XXXXXX", tmp ? tmp : "/tmp");
	if (!dir || !mkdtemp(dir) || !write_source(dir)) {
		doctor_say(doctor, DOCTOR_FAIL, "trial",
			   "there is no temporary folder to try a program in; set TMPDIR");
		free(dir);
		return;
	}
	if (run_trial(doctor, dir) == 0)
		take_trial(doctor, dir);
	ask((const char *const[]){"rm", "-rf", dir, NULL}, NULL, NULL, &out);
	free(out);
	free(dir);
}
