/* SPDX-License-Identifier: MIT */
#include "kind.h"

#include <stddef.h>

#include "../../runtime/abi.h"

const char *kind_name(int kind)
{
	switch (kind) {
	case HOTPATH_KIND_FUNCTION:
		return "function";
	case HOTPATH_KIND_CALL:
		return "call";
	case HOTPATH_KIND_BLOCK:
		return "block";
	case HOTPATH_KIND_LIFE:
		return "life";
	default:
		return NULL;
	}
}
