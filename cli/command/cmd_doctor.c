/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "command.h"
#include "doctor.h"
#include "../base/error.h"
#include "../output/json_out.h"
#include "../base/text.h"
#include "../view/view.h"

struct options {
	enum view_format format;
	const char *cc;
};

static const struct option_spec specs[] = {
	{"format", 'f', OPTION_FORMAT, offsetof(struct options, format), "FORMAT",
	 "table (default), json or json-pretty"},
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

static int print_lines(const struct doctor *doctor, const struct view *view, struct error *error)
{
	static const char *const words[] = {"ok", "warn", "FAIL"};
	static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"};

	for (size_t i = 0; i < doctor->n; i++) {
		const struct doctor_line *line = &doctor->lines[i];
		char *shown = text_printable(line->text);
		char *all = shown ? text_format("%s%-4s%s  %-9s %s",
						view->colour ? colours[line->verdict] : "",
						words[line->verdict], view->colour ? "\033[0m" : "",
						line->part, shown)
				  : NULL;

		free(shown);
		if (!all)
			return error_memory(error);
		grid_line(view, all, 16);
		free(all);
	}
	return ERR_OK;
}

static int print_json(const struct doctor *doctor, const struct view *view, struct error *error)
{
	static const char *const words[] = {"ok", "warn", "fail"};
	json_t *checks = json_array();

	for (size_t i = 0; i < doctor->n; i++) {
		const struct doctor_line *line = &doctor->lines[i];

		json_array_append_new(checks, json_pack("{s:s, s:s, s:o}", "part", line->part,
							"verdict", words[line->verdict], "text",
							json_out_text(line->text)));
	}
	return json_out_print(
		json_pack("{s:i, s:b, s:o}", "schema", 1, "ok", !doctor->failed, "checks", checks),
		view, error);
}

static int run(struct invocation *in, struct error *error)
{
	const struct options *options = in->options;
	const char *cc = options->cc ? options->cc : getenv("CC");
	struct doctor doctor = {.cc = cc && *cc ? cc : "gcc"};
	struct view view = {0};
	int rc = ERR_OK;

	if (options->format == VIEW_CSV || options->format == VIEW_MARKDOWN)
		return error_set(error, ERR_USAGE,
				 "--format: hotpath doctor has table, json and json-pretty");
	doctor_toolchain(&doctor);
	doctor_store(&doctor);
	doctor_machine(&doctor);
	doctor_trial(&doctor);
	if (doctor.out_of_memory)
		rc = error_memory(error);
	if (!rc)
		rc = view_open(&view, options->format, NULL, error);
	if (!rc) {
		rc = options->format == VIEW_TABLE ? print_lines(&doctor, &view, error)
						   : print_json(&doctor, &view, error);
		rc = view_close(&view, rc, error);
	}
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
	.specs = specs,
	.n_specs = sizeof(specs) / sizeof(specs[0]),
	.defaults = &defaults,
	.size = sizeof(defaults),
	.run = run,
};
