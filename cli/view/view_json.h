/* SPDX-License-Identifier: MIT */
/*
 * Parts of the JSON contract that several views have.
 */
#ifndef HOTPATH_VIEW_JSON_H
#define HOTPATH_VIEW_JSON_H

#include <jansson.h>

struct model_function;
struct model_percentiles;
struct model_run;

json_t *view_run_json(const struct model_run *run);
json_t *view_function_json(const struct model_function *f,
			   const struct model_percentiles *percentiles);

#endif /* HOTPATH_VIEW_JSON_H */
