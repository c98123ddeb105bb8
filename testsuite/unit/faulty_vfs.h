/* SPDX-License-Identifier: MIT */
/*
 * A SQLite file system that breaks at a given moment, over the real one.
 *
 * What changes something on the disk is a step: writes, syncs, truncations, deletions, new files, and the program's own
 * unlink() and rename() (linked with --wrap).
 */
#ifndef TEST_FAULTY_VFS_H
#define TEST_FAULTY_VFS_H

enum fault {
	FAULT_NONE,	 /* only count */
	FAULT_KILL,	 /* SIGKILL before the step */
	FAULT_KILL_HALF, /* SIGKILL when a write has done its first half */
	FAULT_FULL,	 /* from that step on the disk is full */
	FAULT_IO,	 /* that one step fails */
};

/* faulty_vfs_install: for all connections of this process that are opened from now on. */
void faulty_vfs_install(void);

/* faulty_vfs_arm: breaks at the n-th step from now, counted from 1. */
void faulty_vfs_arm(enum fault fault, int n);

/* faulty_vfs_steps: since it was armed. */
int faulty_vfs_steps(void);

#endif /* TEST_FAULTY_VFS_H */
