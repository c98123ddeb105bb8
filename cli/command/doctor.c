/* SPDX-License-Identifier: MIT */
#include "doctor.h"

#include <stdarg.h>
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

void doctor_say(struct doctor *doctor, enum doctor_verdict verdict, const char *part,
		const char *format, ...)
{
	struct doctor_line *more = realloc(doctor->lines, (doctor->n + 1) * sizeof(*more));
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (more)
		doctor->lines = more;
	if (!more || !text) {
		free(text);
		doctor->out_of_memory = true;
		return;
	}
	doctor->lines[doctor->n++] = (struct doctor_line){verdict, part, text};
	doctor->failed |= verdict == DOCTOR_FAIL;
}

void doctor_release(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->n; i++)
		free(doctor->lines[i].text);
	free(doctor->lines);
	free(doctor->plugin_path);
	memset(doctor, 0, sizeof(*doctor));
}

static void check_segment_folder(struct doctor *doctor, const char *folder)
{
	const char *forced = environment_get("HOTPATH_SEGMENTS");
	int64_t room = place_room(folder);
	bool exists, safe = place_folder_safe(folder, &exists);

	if (!exists)
		return;
	if (!safe)
		doctor_say(doctor, DOCTOR_FAIL, "segments",
			   "%s is not a folder that only you can write: programs do not record "
			   "in it, and what is in it is not taken in; %s",
			   folder,
			   forced ? "set HOTPATH_SEGMENTS to another folder, or to none"
				  : "remove it, programs make a new one");
	else if (room >= 0 && room < 1 << 20 && forced)
		doctor_say(doctor, DOCTOR_FAIL, "segments",
			   "%s has no room: programs record nothing, or little; free some, or set "
			   "HOTPATH_SEGMENTS to another folder, or to none",
			   folder);
	else if (room >= 0 && room < 64 << 20)
		doctor_say(doctor, DOCTOR_WARN, "segments",
			   "%s has only %lld MiB left: programs with many threads may lose calls",
			   folder, (long long)(room >> 20));
	else
		doctor_say(doctor, DOCTOR_OK, "segments", "%s", folder);
}

static void check_segments(struct doctor *doctor, const char *dir)
{
	char **folders = place_segments(dir);
	struct segment_file *files;
	struct error error = {0};
	size_t n, live = 0, unknown = 0, foreign = 0, waiting;

	for (size_t i = 0; folders && folders[i]; i++)
		check_segment_folder(doctor, folders[i]);
	place_segments_release(folders);
	if (segments_list(dir, &files, &n, &error)) {
		doctor_say(doctor, DOCTOR_FAIL, "segments", "%s", error.text);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		char *words = files[i].live ? NULL : segment_foreign(files[i].path);

		live += files[i].live && !files[i].unknown;
		unknown += files[i].unknown;
		foreign += words != NULL;
		if (words)
			doctor_say(doctor, DOCTOR_WARN, "segments", "%s", words);
		free(words);
	}
	segments_list_release(files, n);
	waiting = n - live - unknown - foreign;
	if (waiting)
		doctor_say(doctor, DOCTOR_WARN, "segments",
			   "%zu wait%s to be taken in; `hotpath ingest --all` does", waiting,
			   waiting == 1 ? "s" : "");
	if (unknown)
		doctor_say(doctor, DOCTOR_WARN, "segments",
			   "%zu of processes of another container, where it cannot be seen whether "
			   "they still "
			   "run; when they do not, `hotpath ingest --all --force` takes them in",
			   unknown);
	if (live)
		doctor_say(doctor, DOCTOR_OK, "segments", "%zu of processes that still run", live);
}

static void check_opened(struct doctor *doctor, struct store *store, const struct place *place)
{
	struct model_run_list list;
	struct error error = {0};
	int64_t room = place_room(store->dir);

	if (store_check(store, &error) || query_runs(store, 1, &list, &error)) {
		doctor_say(doctor, DOCTOR_FAIL, "store", "%s", error.text);
		return;
	}
	if (store->read_only)
		doctor_say(doctor, DOCTOR_FAIL, "store",
			   "%s cannot be written; make it and its folder writable, or set "
			   "HOTPATH_DIR",
			   store->file);
	else if (room >= 0 && room < STORE_ROOM)
		doctor_say(doctor, DOCTOR_FAIL, "store",
			   "no room for the store %s; free some, the segments wait until then",
			   store->file);
	else
		doctor_say(doctor, DOCTOR_OK, "store", "%s (%s): %lld run%s, no damage",
			   store->file,
			   place->source == PLACE_ENVIRONMENT ? "HOTPATH_DIR"
			   : place->source == PLACE_PROJECT   ? "of this project"
							    : "of the user, for want of a project",
			   (long long)list.total, list.total == 1 ? "" : "s");
	model_run_list_release(&list);
}

/* The folder above that exists already, to be freed. */
static char *existing_parent(const char *dir)
{
	char *path = strdup(dir);

	while (path && access(path, F_OK) != 0) {
		char *slash = strrchr(path, '/');

		if (!slash || slash == path) {
			strcpy(path, "/");
			break;
		}
		*slash = '\0';
	}
	return path;
}

void doctor_store(struct doctor *doctor)
{
	struct place place;
	struct store store = {0};
	struct error error = {0};
	int rc = place_find(&place, NULL, &error);

	if (!rc)
		rc = store_open(&store, place.dir, STORE_READ, &error);
	if (rc == ERR_NO_STORE && place.dir) {
		char *parent = existing_parent(place.dir);

		if (parent && access(parent, W_OK | X_OK) == 0)
			doctor_say(doctor, DOCTOR_OK, "store",
				   "%s: none yet, it is made by the first run", place.dir);
		else
			doctor_say(doctor, DOCTOR_FAIL, "store",
				   "%s cannot be made: %s cannot be written; make it writable, or "
				   "set HOTPATH_DIR",
				   place.dir, parent ? parent : "its folder");
		free(parent);
	} else if (rc) {
		doctor_say(doctor, DOCTOR_FAIL, "store", "%s", error.text);
	} else {
		check_opened(doctor, &store, &place);
	}
	store_close(&store);
	if (place.dir)
		check_segments(doctor, place.dir);
	place_release(&place);
}

/* The first line of a small file; "" when there is none. */
static void read_line(const char *path, char *line, size_t room)
{
	FILE *file = fopen(path, "re");

	*line = '\0';
	if (!file)
		return;
	if (!fgets(line, (int)room, file))
		*line = '\0';
	line[strcspn(line, "\n")] = '\0';
	fclose(file);
}

static void check_clock(struct doctor *doctor)
{
	char source[64], all[256];

	read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", source,
		  sizeof(source));
	read_line("/sys/devices/system/clocksource/clocksource0/available_clocksource", all,
		  sizeof(all));
#if defined(__x86_64__)
	if (strcmp(source, "tsc") == 0)
		doctor_say(doctor, DOCTOR_OK, "clock", "the kernel trusts the TSC");
	else if (strstr(all, "tsc"))
		doctor_say(doctor, DOCTOR_OK, "clock",
			   "the kernel keeps time by %s; the TSC is there as well", source);
	else
		doctor_say(
			doctor, DOCTOR_WARN, "clock",
			"the kernel keeps time by %s: where the TSC cannot be trusted, calls are "
			"timed with CLOCK_MONOTONIC, which costs more",
			*source ? source : "an unknown clock");
#else
	doctor_say(doctor, DOCTOR_OK, "clock", "the kernel keeps time by %s",
		   *source ? source : "an unknown clock");
#endif
}

static void check_git(struct doctor *doctor)
{
	static const char *const argv[] = {"git", "--version", NULL};
	struct spawn spawn = {.argv = argv, .timeout_ms = 5000};
	struct text out = {0};
	int status = spawn_capture(&spawn, &out);
	char *version = text_take(&out);

	if (version)
		version[strcspn(version, "\n")] = '\0';
	if (status == 0 && version)
		doctor_say(doctor, DOCTOR_OK, "git", "%s", version);
	else
		doctor_say(doctor, DOCTOR_WARN, "git",
			   "git cannot be run: runs will not know whether the work tree was clean; "
			   "install it");
	free(version);
}

void doctor_machine(struct doctor *doctor)
{
	struct error error = {0};

	check_clock(doctor);
	check_git(doctor);
	if (environment_disables())
		doctor_say(doctor, DOCTOR_WARN, "env",
			   "HOTPATH_DISABLE is set: programs started from here record nothing");
	if (environment_check(&error))
		doctor_say(doctor, DOCTOR_FAIL, "env", "%s; programs pass it over", error.text);
}
