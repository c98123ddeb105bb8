/* SPDX-License-Identifier: MIT */
#include "model_live.h"

#include <stdlib.h>

void model_live_list_release(struct model_live_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		for (size_t k = 0; k < list->live[i].argc; k++)
			free(list->live[i].argv[k]);
		free(list->live[i].argv);
		free(list->live[i].label);
		free(list->live[i].root);
	}
	free(list->live);
	*list = (struct model_live_list){0};
}
