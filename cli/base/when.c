/* SPDX-License-Identifier: MIT */
#include "when.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t SECOND = 1000000000, DAY = 86400;

static bool parse_ago(const char *text, int64_t now_ns, int64_t *ns)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = {{"second", 1},	   {"minute", 60},	{"hour", 3600},
		     {"day", 86400},	   {"week", 7 * 86400}, {"month", 30 * 86400},
		     {"year", 365 * 86400}};
	char *end;
	long count = strtol(text, &end, 10);

	if (!isdigit((unsigned char)*text) || count > 100000)
		return false;
	while (*end == ' ' || *end == '.')
		end++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t length = strlen(units[i].name);
		const char *rest = end + length;

		if (strncmp(end, units[i].name, length) != 0)
			continue;
		rest += *rest == 's';
		rest += strspn(rest, " .");
		if (strcmp(rest, "ago") != 0)
			return false;
		*ns = now_ns - count * units[i].seconds * SECOND;
		return true;
	}
	return false;
}

/* end_of_day: a day without an hour means its end. */
static bool parse_date(const char *text, bool end_of_day, int64_t *ns)
{
	static const char *const formats[] = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S",
					      "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};
	enum { N = sizeof(formats) / sizeof(formats[0]) };

	for (int i = 0; i < N; i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(text, formats[i], &tm);
		time_t seconds;

		if (!end || *end)
			continue;
		seconds = mktime(&tm);
		*ns = ((int64_t)seconds + (i == N - 1 && end_of_day ? DAY : 0)) * SECOND;
		return true;
	}
	return false;
}

static bool parse(const char *text, bool end_of_day, int64_t now_ns, int64_t *ns)
{
	*ns = now_ns;
	if (strcmp(text, "now") == 0 || strcmp(text, "today") == 0)
		return true;
	if (strcmp(text, "yesterday") == 0) {
		*ns = now_ns - DAY * SECOND;
		return true;
	}
	return parse_ago(text, now_ns, ns) || parse_date(text, end_of_day, ns);
}

bool when_parse(const char *text, int64_t now_ns, int64_t *ns)
{
	return parse(text, true, now_ns, ns);
}

bool when_parse_since(const char *text, int64_t now_ns, int64_t *ns)
{
	struct tm tm;
	time_t day = (time_t)(now_ns / SECOND);

	if (strcmp(text, "today") == 0 && localtime_r(&day, &tm)) {
		tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
		tm.tm_isdst = -1;
		*ns = (int64_t)mktime(&tm) * SECOND;
		return true;
	}
	return parse(text, false, now_ns, ns);
}

bool when_parse_age(const char *text, int64_t now_ns, int64_t *ns)
{
	static const char letters[] = "hdwmy";
	static const int64_t hours[] = {1, 24, 7 * 24, 30 * 24, 365 * 24};
	const char *unit;
	char *end;
	long count;

	if (!isdigit((unsigned char)*text))
		return false;
	count = strtol(text, &end, 10);
	unit = *end ? strchr(letters, *end) : NULL;
	if (!unit || end[1] || count > 100000)
		return false;
	*ns = now_ns - count * hours[unit - letters] * 3600 * SECOND;
	return true;
}
