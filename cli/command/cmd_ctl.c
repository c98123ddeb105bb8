/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "../base/error.h"
#include "live.h"

struct options {
	bool quiet;
};

static const struct option_spec specs[] = {
	{"quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL,
	 "print nothing but errors"},
};

static const struct options defaults = {0};

static const char text[] =
	"Steers a running program that was built with -fplugin=hotpath.so.\n"
	"\n"
	"  on, off      measuring on or off.  The program follows when it next makes measured\n"
	"               calls, at the latest when one of its threads has made 256.  Calls that\n"
	"               are running when it is switched off end there; off, a measured\n"
	"               function costs 1.5 ns more than another\n"
	"  reset        the figures of its run begin now\n"
	"  flush, dump  puts the figures up to now into the store, as a run marked live, and lets\n"
	"               the program go on; the next one replaces it, and so does the run at its\n"
	"               end\n"
	"\n"
	"Examples:\n"
	"  hotpath runs --live             which there are\n"
	"  hotpath ctl 4711 dump && hotpath report\n";

struct order {
	const char *name;
	int (*follow)(struct invocation *in, const char *path, struct error *error);
};

static bool quiet(const struct invocation *in)
{
	return ((const struct options *)in->options)->quiet;
}

static int switch_to(struct invocation *in, const char *path, bool on, struct error *error)
{
	bool followed;
	int rc = live_switch(path, on, &followed, error);

	if (!rc && !quiet(in))
		printf("measuring is %s%s\n", on ? "on" : "off",
		       followed ? "" : " as soon as the program makes measured calls");
	return rc;
}

static int on(struct invocation *in, const char *path, struct error *error)
{
	return switch_to(in, path, true, error);
}

static int off(struct invocation *in, const char *path, struct error *error)
{
	return switch_to(in, path, false, error);
}

static int reset(struct invocation *in, const char *path, struct error *error)
{
	int rc = live_reset(path, error);

	if (!rc && !quiet(in))
		puts("the run's figures begin now");
	return rc;
}

static int dump(struct invocation *in, const char *path, struct error *error)
{
	int64_t id = 0;
	int rc = live_dump(path, in->place.dir, &id, error);

	if (!rc && !quiet(in))
		printf("run %lld\n", (long long)id);
	return rc;
}

static const struct order orders[] = {
	{"on", on}, {"off", off}, {"reset", reset}, {"flush", dump}, {"dump", dump},
};

static int run(struct invocation *in, struct error *error)
{
	const struct order *order = NULL;
	char *path = NULL;
	int rc;

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (strcmp(in->argv[1], orders[i].name) == 0)
			order = &orders[i];
	if (!order)
		return error_set(error, ERR_USAGE,
				 "hotpath ctl: '%s' is none of on, off, reset, flush and dump",
				 in->argv[1]);
	rc = live_find(in->argv[0], in->place.dir, &path, error);
	if (!rc)
		rc = order->follow(in, path, error);
	free(path);
	return rc;
}

const struct command command_ctl = {
	.name = "ctl",
	.summary = "Steer a running program: measuring on or off, reset, dump",
	.arguments = "PROCESS on|off|reset|flush|dump",
	.text = text,
	.need = NEED_PLACE,
	.min_args = 2,
	.max_args = 2,
	COMMAND_OPTIONS,
	.run = run,
};
