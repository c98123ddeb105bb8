/* SPDX-License-Identifier: MIT */
#ifndef HOTPATH_SEGMENT_LIVES_H
#define HOTPATH_SEGMENT_LIVES_H

struct segment_reader;

/* segment_lives_read: adds the lives of the run to their sites, in ticks; IMAGE_OK or IMAGE_MEMORY. */
int segment_lives_read(struct segment_reader *r);

#endif /* HOTPATH_SEGMENT_LIVES_H */
