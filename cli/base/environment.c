/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "text.h"

static const char DIGITS[] = "0123456789";

/* As parse_budget() of runtime/sample.c reads it; 0 is no limit. */
static bool is_budget(const char *text)
{
	size_t whole = strspn(text, DIGITS), part = 0;
	const char *end = text + whole;

	if (*end == '.') {
		part = strspn(end + 1, DIGITS);
		end += 1 + part;
	}
	end += strspn(end, " ");
	end += *end == '%';
	return whole + part > 0 && *end == '\0' && strtod(text, NULL) <= 1000;
}

static bool is_clock(const char *text)
{
	return strcmp(text, "tsc") == 0 || strcmp(text, "ordered") == 0 ||
	       strcmp(text, "monotonic") == 0;
}

static bool is_time(const char *text)
{
	return text[strspn(text, DIGITS)] == '\0' && strlen(text) <= 15;
}

static const struct {
	const char *name, *expected;
	bool (*good)(const char *text);
} variables[] = {
	{"HOTPATH_BUDGET", "no budget: expected such as 2%, or 0 for no limit", is_budget},
	{"HOTPATH_CLOCK", "no clock: expected tsc, ordered or monotonic", is_clock},
	{"HOTPATH_SHUTDOWN_MS", "no number of milliseconds", is_time},
};

const char *environment_get(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

bool environment_disables(void)
{
	const char *value = environment_get("HOTPATH_DISABLE");

	return value && strcmp(value, "0") != 0;
}

int environment_check(struct error *error)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = environment_get(variables[i].name);
		char *shown;

		if (!value || variables[i].good(value))
			continue;
		shown = text_printable(value);
		error_set(error, ERR_USAGE, "%s=%s is %s", variables[i].name, shown ? shown : "",
			  variables[i].expected);
		free(shown);
		return ERR_USAGE;
	}
	return ERR_OK;
}
