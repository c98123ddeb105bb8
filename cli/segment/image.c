/* SPDX-License-Identifier: MIT */
/* The words and the end of a struct image. */
#include <stdlib.h>
#include "image.h"

void image_release(struct image *image)
{
	char **texts[] = {&image->cwd,	  &image->exe,	  &image->label,  &image->store,
			  &image->root,	  &image->host,	  &image->kernel, &image->cpu,
			  &image->branch, &image->commit, &image->token,  &image->governor};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		free(*texts[i]);
	for (size_t i = 0; i < image->argc; i++)
		free(image->argv[i]);
	free(image->argv);
	for (size_t i = 0; i < image->n_sites; i++) {
		struct image_site *s = &image->sites[i];

		free(s->name);
		free(s->qualified);
		free(s->mangled);
		free(s->label);
		free(s->file);
		free(s->rule);
		free(s->group);
		free(s->buckets);
	}
	free(image->sites);
	free(image->site_of_id);
	for (size_t i = 0; i < image->n_units; i++) {
		free(image->units[i].source);
		free(image->units[i].object);
	}
	free(image->units);
	free(image->contexts);
	free(image->threads);
	free(image->recent);
	*image = (struct image){0};
}

const char *image_strerror(int error)
{
	switch (error) {
	case IMAGE_OK:
		return "no error";
	case IMAGE_IO:
		return "the segment cannot be read";
	case IMAGE_MEMORY:
		return "out of memory";
	case IMAGE_NOT_A_SEGMENT:
		return "not a hotpath segment";
	case IMAGE_VERSION:
		return "a segment of another version of hotpath; read it with the hotpath that its "
		       "program was built with";
	case IMAGE_ENDIAN:
		return "a segment from a machine of the other byte order; read it there";
	case IMAGE_EMPTY:
		return "the process ended before it recorded anything";
	case IMAGE_DAMAGED:
		return "the segment is damaged";
	default:
		return "unknown error";
	}
}

const char *image_lost_name(int cause)
{
	static const char *const names[SEG_LOST_COUNT] = {
		[SEG_LOST_MEMORY] = "memory",	  [SEG_LOST_STARTING] = "starting",
		[SEG_LOST_LATE] = "late",	  [SEG_LOST_STRAY] = "stray",
		[SEG_LOST_CONTEXTS] = "contexts", [SEG_LOST_DEEP] = "deep",
		[SEG_LOST_SITES] = "functions",	  [SEG_LOST_LIVES] = "lives",
	};

	return cause >= 0 && cause < SEG_LOST_COUNT ? names[cause] : NULL;
}
