/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *error, enum error_code code, const char *format, ...)
{
	va_list args;

	if (error->code != ERR_OK)
		return error->code;
	error->code = code;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return code;
}

int error_memory(struct error *error)
{
	return error_set(error, ERR_MEMORY, "out of memory");
}

int error_exit_status(int code)
{
	if (code == ERR_OK)
		return 0;
	/* 1 is an answer: a CI job must be able to tell "slower" from "could not be compared". */
	return code == ERR_NEGATIVE ? 1 : 2;
}
