/* SPDX-License-Identifier: MIT */
#ifndef HOTPATH_PROCESSES_H
#define HOTPATH_PROCESSES_H

#include <stddef.h>
#include <sys/types.h>

/*
 * processes_below: the processes that another one started, those that these started, and so on, from the top down.  One
 * whose parent has ended is not among them.
 *
 * list     to be freed, also when there are none
 * Returns  how many
 */
size_t processes_below(pid_t pid, pid_t **list);

#endif /* HOTPATH_PROCESSES_H */
