/* SPDX-License-Identifier: MIT */
/*
 * The state of the machine around a series of runs, as far as it makes times unsteady.
 */
#ifndef HOTPATH_MACHINE_H
#define HOTPATH_MACHINE_H

struct text;

struct machine {
	double steal, all; /* processor time so far, in ticks; < 0 unknown */
};

/* machine_read: before the runs. */
void machine_read(struct machine *before);

/* machine_steal: percent of the processors' time since then that other virtual machines took; negative: unknown. */
double machine_steal(const struct machine *before);

/* machine_note: after them: a line for each thing that may have disturbed them. */
void machine_note(const struct machine *before, struct text *notes);

#endif /* HOTPATH_MACHINE_H */
