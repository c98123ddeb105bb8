/* SPDX-License-Identifier: MIT */
/*
 * Signals to a command that runs others, one after another: they reach the one that runs at that moment, and those that
 * ask to end are remembered, also between two of them, so that no further one is started and everything is cleared away.
 */
#ifndef HOTPATH_INTERRUPT_H
#define HOTPATH_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* interrupt_catch: from here on; what is ignored, as under nohup(1), stays so.  May be called again. */
void interrupt_catch(void);

/* interrupt_release: from here on they do again what they did before. */
void interrupt_release(void);

/* interrupt_signal: the first signal that asked to end; 0 when none did. */
int interrupt_signal(void);

/*
 * interrupt_fork: fork(), whose child has the signals as they were before interrupt_catch().
 *
 * whole    signals to us alone are passed on to all processes that the child has started, not only to the child
 * Returns  as fork(); -1 with EINTR, and no child, when it was asked to end
 */
pid_t interrupt_fork(bool whole);

/* interrupt_wait: waits for that child, and passes on what comes meanwhile.  Returns its status, as waitpid(). */
int interrupt_wait(pid_t pid);

/* interrupt_end: ends this process by that signal, so that a shell ends its loop as well.  Comes back where it is blocked. */
void interrupt_end(int signal);

#endif /* HOTPATH_INTERRUPT_H */
