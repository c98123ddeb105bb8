/* SPDX-License-Identifier: MIT */
#include "language.h"

#include <stddef.h>

#include "../../runtime/abi.h"

const char *language_name(int language)
{
	switch (language) {
	case HOTPATH_LANG_C:
		return "C";
	case HOTPATH_LANG_CXX:
		return "C++";
	case HOTPATH_LANG_FORTRAN:
		return "Fortran";
	case HOTPATH_LANG_ADA:
		return "Ada";
	case HOTPATH_LANG_D:
		return "D";
	case HOTPATH_LANG_GO:
		return "Go";
	default:
		return NULL;
	}
}
