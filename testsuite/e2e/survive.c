/* SPDX-License-Identifier: MIT */
/* survive HOW: what programs do to their own process; e2e.bats knows what must have been counted all the same. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

__attribute__((noinline)) static int work(int i)
{
	return i + 1;
}

__attribute__((noinline)) static void deep(int n)
{
	volatile char room[32];

	room[0] = (char)n;
	if (n > 1)
		deep(n - 1);
	room[1] = room[0];
}

static void work_times(int n)
{
	volatile int sum = 0;

	for (int i = 0; i < n; i++)
		sum = work(sum);
}

static volatile int stop;

static void *spin(void *arg)
{
	while (!stop)
		work_times(1);
	return arg;
}

/* Children of a threaded program, each with a child of its own; all of them go on. */
static int forks(void)
{
	pthread_t t[3];
	int bad = 0, status;

	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, spin, NULL);
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		if (child == 0) {
			work_times(1000);
			if (fork() == 0) {
				work_times(10);
				exit(0);
			}
			wait(NULL);
			exit(0);
		}
		waitpid(child, &status, 0);
		bad += status != 0;
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	return bad;
}

/* Another root has files of the same names as the segments here, with a line in them. */
static int make_others(const char *root)
{
	const char *folder = getenv("HOTPATH_SEGMENTS");
	DIR *d = folder ? opendir(folder) : NULL;
	struct dirent *entry;
	char path[4096];
	int n = 0;

	while (d && (entry = readdir(d)))
		if (*entry->d_name != '.') {
			snprintf(path, sizeof(path), "%s%s/%s", root, folder, entry->d_name);
			FILE *f = fopen(path, "w");

			n += f && fputs("another's\n", f) >= 0 && fclose(f) == 0;
		}
	if (d)
		closedir(d);
	return n;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	char *child[] = {(char *)"true", NULL};
	pid_t pid;

	if (!strcmp(how, "forks"))
		return forks();
	work_times(100);
	if (!strcmp(how, "exec"))
		execl("/proc/self/exe", "again", (char *)NULL);
	if (!strcmp(how, "vfork")) {
		pid = vfork();
		if (pid == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
	if (!strcmp(how, "spawn")) {
		posix_spawn(&pid, "/bin/true", NULL, NULL, child, environ);
		waitpid(pid, NULL, 0);
	}
	if (!strcmp(how, "close")) { /* and let the numbers be used again, by a file of its own */
		for (int i = 0; i < 1024; i++)
			close(i);
		for (int i = 0; i < 100; i++)
			open("mine", O_RDWR | O_CREAT, 0600);
		deep(100000);
	}
	if (!strcmp(how, "chroot")) {
		if (chroot("empty") || chdir("/"))
			return 1;
		deep(100000);
	}
	if (!strcmp(how, "others")) {
		if (!make_others("others") || chroot("others") || chdir("/"))
			return 1;
		deep(100000);
	}
	if (!strcmp(how, "chdir")) {
		if (chdir("/"))
			return 1;
		deep(100000);
		if (fork() == 0) {
			work_times(5);
			exit(0);
		}
		wait(NULL);
	}
	work_times(50);
	return 0;
}
