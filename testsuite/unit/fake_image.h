/* SPDX-License-Identifier: MIT */
/* Images made by hand, for tests of everything behind image_read(). */
#ifndef HOTPATH_FAKE_IMAGE_H
#define HOTPATH_FAKE_IMAGE_H

#include <stdint.h>

#include "../../cli/segment/image.h"

/* fake_image: a run of ./prog with `sites` functions fn0, fn1, ... that were never called; `seed`
 * makes its run_id. */
void fake_image(struct image *image, unsigned seed, size_t sites);

/* fake_call: one call that returned after `ticks`, from no measured function. */
void fake_call(struct image *image, size_t site, uint64_t ticks);

/* fake_context: adds a context; returns its index. */
int fake_context(struct image *image, int parent, int site, uint64_t calls, uint64_t total_ns,
		 uint64_t self_ns);

/* fake_random: the next number of a fixed sequence, the same in every run. */
uint64_t fake_random(uint64_t *state);

/* fake_normal: a normal deviate. */
double fake_normal(uint64_t *state);

/* fake_folder: makes an empty temporary folder; fake_remove() removes it with all in it. */
char *fake_folder(void);
void fake_remove(char *folder);

#endif /* HOTPATH_FAKE_IMAGE_H */
