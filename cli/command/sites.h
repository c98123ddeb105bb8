/* SPDX-License-Identifier: MIT */
/*
 * Reads the list that the plugin leaves in objects (HOTPATH_LIST_SECTION, runtime/abi.h), of any ELF file: objects, programs,
 * libraries, archives, of any machine.  Nothing of the file is run, mapped executable or trusted.
 */
#ifndef HOTPATH_SITES_H
#define HOTPATH_SITES_H

#include "../model/model_sites.h"

struct error;

/*
 * sites_read: adds what a file says.
 *
 * why      set to the likely reason when the file has no list, else to NULL
 * Returns  ERR_OK; ERR_IO when it cannot be read; ERR_USAGE when it is no ELF file, or a damaged one
 */
int sites_read(const char *path, struct model_sites *sites, const char **why, struct error *error);

/* sites_finish: sorts, and drops what an object says twice. */
void sites_finish(struct model_sites *sites);

#endif /* HOTPATH_SITES_H */
