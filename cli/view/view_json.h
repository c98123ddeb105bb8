/* SPDX-License-Identifier: MIT */
/*
 * Parts of the JSON contract that several views have.
 */
#ifndef HOTPATH_VIEW_JSON_H
#define HOTPATH_VIEW_JSON_H

#include <jansson.h>

#include "../output/grid.h"

struct error;
struct model_function;
struct model_percentiles;
struct model_run;

json_t *view_run_json(const struct model_run *run);
json_t *view_function_json(const struct model_function *f,
			   const struct model_percentiles *percentiles);

/* view_json: writes a value to standard output, and lets go of it.  Returns ERR_OK, ERR_IO, or ERR_MEMORY, also when it is NULL. */
int view_json(enum view_format format, json_t *value, struct error *error);

#endif /* HOTPATH_VIEW_JSON_H */
