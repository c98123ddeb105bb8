/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "text.h"

/* As parse_budget() of runtime/sample.c reads it; 0 is no limit. */
static bool is_budget(const char *text)
{
	size_t digits = strspn(text, "0123456789."), length = digits;
	char *number = strndup(text, digits);
	bool fits = number && strspn(number, ".") < digits &&
		    (!strchr(number, '.') || strchr(number, '.') == strrchr(number, '.')) &&
		    strtod(number, NULL) <= 1000;

	free(number);
	length += strspn(text + length, " ");
	length += text[length] == '%';
	return fits && text[length] == '\0';
}

static bool is_clock(const char *text)
{
	return strcmp(text, "tsc") == 0 || strcmp(text, "monotonic") == 0;
}

static bool is_time(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0' && strlen(text) <= 15;
}

static const struct {
	const char *name, *expected;
	bool (*good)(const char *text);
} variables[] = {
	{"HOTPATH_BUDGET", "no budget: expected such as 2%, or 0 for no limit", is_budget},
	{"HOTPATH_CLOCK", "no clock: expected tsc or monotonic", is_clock},
	{"HOTPATH_SHUTDOWN_MS", "no number of milliseconds", is_time},
};

int environment_check(struct error *error)
{
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *value = getenv(variables[i].name);
		char *shown;

		if (!value || !*value || variables[i].good(value))
			continue;
		shown = text_printable(value);
		error_set(error, ERR_USAGE, "%s=%s is %s", variables[i].name, shown ? shown : "",
			  variables[i].expected);
		free(shown);
		return ERR_USAGE;
	}
	return ERR_OK;
}
