/* SPDX-License-Identifier: MIT */
#include "format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

char *format_ns(char *out, double ns, bool utf8)
{
	const char *units[] = {"ns", utf8 ? "\xc2\xb5s" : "us", "ms", "s"};
	unsigned unit = 0;
	double value = ns;

	if (isnan(ns)) {
		strcpy(out, "-");
		return out;
	}
	/* 999.5 would be shown as 1000: it belongs to the next unit. */
	while (unit < 3 && fabs(value) >= 999.5) {
		value /= 1000;
		unit++;
	}
	if (value == 0 || fabs(value) >= 99.95)
		snprintf(out, FORMAT_ROOM, "%.0f %s", value, units[unit]);
	else if (fabs(value) >= 9.995)
		snprintf(out, FORMAT_ROOM, "%.1f %s", value, units[unit]);
	else
		snprintf(out, FORMAT_ROOM, "%.2f %s", value, units[unit]);
	return out;
}

char *format_percent(char *out, double percent)
{
	if (isnan(percent))
		strcpy(out, "-");
	else
		snprintf(out, FORMAT_ROOM, "%.1f", percent);
	return out;
}

char *format_bytes(char *out, int64_t bytes)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	unsigned unit = 0;

	while (unit < 4 && fabs(value) >= 999.5) {
		value /= 1024;
		unit++;
	}
	snprintf(out, FORMAT_ROOM, "%.*f %s",
		 unit == 0 || fabs(value) >= 99.95 ? 0
		 : fabs(value) >= 9.995		   ? 1
						   : 2,
		 value, units[unit]);
	return out;
}

/* Seconds rounded down, also before 1970. */
static time_t seconds_of(int64_t ns, long *rest)
{
	int64_t seconds = ns / 1000000000;

	*rest = (long)(ns % 1000000000);
	if (*rest < 0) {
		*rest += 1000000000;
		seconds--;
	}
	return (time_t)seconds;
}

char *format_local(char *out, int64_t ns_since_1970)
{
	struct tm tm;
	long rest;
	time_t seconds = seconds_of(ns_since_1970, &rest);

	if (!localtime_r(&seconds, &tm) || !strftime(out, FORMAT_ROOM, "%Y-%m-%d %H:%M", &tm))
		strcpy(out, "-");
	return out;
}

char *format_utc(char *out, int64_t ns_since_1970)
{
	struct tm tm;
	long rest;
	time_t seconds = seconds_of(ns_since_1970, &rest);
	size_t n;

	if (!gmtime_r(&seconds, &tm) || !(n = strftime(out, FORMAT_ROOM, "%Y-%m-%dT%H:%M:%S", &tm)))
		strcpy(out, "-");
	else
		snprintf(out + n, FORMAT_ROOM - n, ".%09ldZ", rest);
	return out;
}

char *format_signal(char *out, int signal)
{
	const char *name = sigabbrev_np(signal);

	if (name)
		snprintf(out, FORMAT_ROOM, "SIG%s", name);
	else
		snprintf(out, FORMAT_ROOM, "signal %d", signal);
	return out;
}
