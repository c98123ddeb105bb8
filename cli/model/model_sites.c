/* SPDX-License-Identifier: MIT */
#include "model_sites.h"

#include <stdlib.h>
#include <string.h>

void model_site_release(struct model_site *s)
{
	free(s->name);
	free(s->mangled);
	free(s->label);
	free(s->group);
	free(s->file);
	free(s->rule);
	free(s->reason);
}

void model_sites_release(struct model_sites *sites)
{
	for (size_t i = 0; i < sites->n; i++)
		model_site_release(&sites->sites[i]);
	for (size_t i = 0; i < sites->n_rules; i++) {
		free(sites->rules[i].rule);
		free(sites->rules[i].file);
	}
	for (size_t i = 0; i < sites->n_objects; i++)
		free(sites->objects[i]);
	free(sites->sites);
	free(sites->rules);
	free(sites->objects);
	memset(sites, 0, sizeof(*sites));
}
