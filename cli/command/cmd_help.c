/* SPDX-License-Identifier: MIT */
#include "command.h"
#include "../base/error.h"

static const char text[] = "Examples:\n"
			   "  hotpath help          all commands\n"
			   "  hotpath help report   one of them\n";

static int run(struct invocation *in, struct error *error)
{
	const struct command *command;

	if (in->argc == 0) {
		options_overview();
		return ERR_OK;
	}
	command = command_find(in->argv[0]);
	if (!command)
		return error_set(error, ERR_USAGE,
				 "there is no command '%s'; `hotpath --help` lists them",
				 in->argv[0]);
	options_help(command);
	return ERR_OK;
}

const struct command command_help = {
	.name = "help",
	.summary = "Show how a command is used",
	.arguments = "[COMMAND]",
	.text = text,
	.max_args = 1,
	.run = run,
};
