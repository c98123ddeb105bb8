/* SPDX-License-Identifier: MIT */
/* Programs that are being recorded now, as live.c finds them. */
#ifndef HOTPATH_MODEL_LIVE_H
#define HOTPATH_MODEL_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model_live {
	int64_t pid;
	char **argv; /* NULL-terminated */
	size_t argc;
	char *label, *root; /* NULL: none */
	int64_t started_at_ns; /* since 1970, UTC; of the recording, so after a reset that of the reset */
	int64_t duration_ns;
	int64_t threads; /* that ever called a measured function */
	int64_t calls;
	int64_t running; /* of these: not yet returned */
	bool off;	 /* measuring is switched off */
};

struct model_live_list {
	struct model_live *live; /* oldest first */
	size_t n;
};

void model_live_list_release(struct model_live_list *list);

#endif /* HOTPATH_MODEL_LIVE_H */
