/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "command.h"
#include "doctor.h"
#include "../base/error.h"
#include "../output/json_out.h"
#include "../base/text.h"
#include "../view/view.h"
#include "../view/view_json.h"

struct options {
	enum view_format format;
	const char *cc;
};

static const struct option_spec specs[] = {
	FORMAT_JSON_SPEC(offsetof(struct options, format)),
	{"cc", 0, OPTION_TEXT, offsetof(struct options, cc), "COMPILER",
	 "the compiler to check (default $CC, else gcc)"},
};

static const struct options defaults = {.format = VIEW_TABLE};

static const char text[] = "Looks at each part of the way from the compiler to the report, and "
			   "builds, runs and takes in a\n"
			   "small program in a temporary folder.  Each line says ok, warn or FAIL, "
			   "and what to do.  Ends with 1\n"
			   "when something failed.\n"
			   "\n"
			   "Examples:\n"
			   "  hotpath doctor\n"
			   "  hotpath doctor --cc gcc-11\n";

static int print_lines(const struct doctor *doctor, struct error *error)
{
	static const char *const words[] = {"ok", "warn", "FAIL"};
	static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"};
	struct view view;
	int rc = view_open(&view, VIEW_TABLE, NULL, error);

	for (size_t i = 0; i < doctor->n && !rc; i++) {
		const struct doctor_line *line = &doctor->lines[i];
		char *shown = text_printable(line->text);
		char *all = shown ? text_format("%s%-4s%s  %-9s %s",
						view.colour ? colours[line->verdict] : "",
						words[line->verdict], view.colour ? "\033[0m" : "",
						line->part, shown)
				  : NULL;

		free(shown);
		if (all)
			grid_line(&view, all, 16);
		else
			rc = error_memory(error);
		free(all);
	}
	return view_close(&view, rc, error);
}

static int print_json(const struct doctor *doctor, enum view_format format, struct error *error)
{
	static const char *const words[] = {"ok", "warn", "fail"};
	json_t *checks = json_array();

	for (size_t i = 0; i < doctor->n; i++) {
		const struct doctor_line *line = &doctor->lines[i];

		json_array_append_new(checks, json_pack("{s:s, s:s, s:o}", "part", line->part,
							"verdict", words[line->verdict], "text",
							json_out_text(line->text)));
	}
	return view_json(
		format,
		json_pack("{s:i, s:b, s:o}", "schema", 1, "ok", !doctor->failed, "checks", checks),
		error);
}

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	const char *cc = options->cc ? options->cc : getenv("CC");
	struct doctor doctor = {.cc = cc && *cc ? cc : "gcc"};
	int rc = ERR_OK;

	doctor_toolchain(&doctor);
	doctor_store(&doctor);
	doctor_machine(&doctor);
	doctor_trial(&doctor);
	if (doctor.out_of_memory)
		rc = error_memory(error);
	if (!rc)
		rc = view_is_json(options->format) ? print_json(&doctor, options->format, error)
						   : print_lines(&doctor, error);
	if (!rc && doctor.failed)
		rc = error_set(error, ERR_NEGATIVE, "%s", "");
	doctor_release(&doctor);
	return rc;
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "Check compiler, plugin, runtime and store, and say what to mend",
	.arguments = "",
	.text = text,
	.need = NEED_NOTHING,
	.passes_on = false,
	COMMAND_OPTIONS,
	.run = run,
};
