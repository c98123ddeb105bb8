/* SPDX-License-Identifier: MIT */
#include "processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct process {
	pid_t pid, parent;
};

/* Field 4 of /proc/PID/stat, behind a name that may have anything in it; 0 when it is gone. */
static pid_t parent_of(const char *pid)
{
	char path[64], stat[512];
	const char *end;
	ssize_t n = -1;
	int fd, parent = 0;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, stat, sizeof(stat) - 1);
		close(fd);
	}
	stat[n > 0 ? n : 0] = '\0';
	end = strrchr(stat, ')');
	return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : 0;
}

static size_t all_processes(struct process **all)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t n = 0;

	*all = NULL;
	while (proc && (entry = readdir(proc))) {
		struct process *more;

		if (entry->d_name[strspn(entry->d_name, "0123456789")])
			continue;
		more = realloc(*all, (n + 1) * sizeof(**all));
		if (!more)
			break;
		*all = more;
		more[n].pid = (pid_t)strtol(entry->d_name, NULL, 10);
		more[n++].parent = parent_of(entry->d_name);
	}
	if (proc)
		closedir(proc);
	return n;
}

size_t processes_below(pid_t pid, pid_t **list)
{
	struct process *all;
	size_t n_all = all_processes(&all), n = 0;

	*list = calloc(n_all + 1, sizeof(**list));
	for (size_t next = 0; *list && next <= n; next++) {
		pid_t parent = next ? (*list)[next - 1] : pid;

		for (size_t i = 0; i < n_all; i++) {
			if (all[i].parent != parent || all[i].pid == pid)
				continue;
			(*list)[n++] = all[i].pid;
			all[i].parent = 0; /* once, whatever /proc says while it changes */
		}
	}
	free(all);
	return n;
}
