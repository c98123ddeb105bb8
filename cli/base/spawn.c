/* SPDX-License-Identifier: MIT */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

enum { CAPTURE_MAX = 1 << 20 };

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void child(const struct spawn *spawn, int out, int report)
{
	int null = open("/dev/null", O_RDWR);

	if (spawn->apart)
		setpgid(0, 0);
	dup2(null, 0);
	dup2(out, 1);
	dup2(spawn->with_errors ? out : null, 2);
	for (size_t i = 0; spawn->env && spawn->env[i]; i++)
		putenv((char *)spawn->env[i]);
	signal(SIGPIPE, SIG_DFL);
	if (!spawn->dir || chdir(spawn->dir) == 0)
		execvp(spawn->argv[0], (char *const *)spawn->argv);
	/* The parent reads one byte from here when exec failed, and none when it closed the pipe.
	 */
	(void)!write(report, "x", 1);
	_exit(127);
}

/* Reads until the end of the output; false when the time is up first. */
static bool read_all(int fd, long deadline, const struct spawn *spawn, struct text *out)
{
	char buffer[4096];

	for (;;) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		long left = deadline - now_ms();
		ssize_t n;

		if (left <= 0)
			return false;
		if (poll(&wait, 1, (int)left) < 0 && errno != EINTR)
			return false;
		if (!wait.revents)
			continue;
		n = read(fd, buffer, sizeof(buffer));
		if (n == 0 || (n < 0 && errno != EINTR))
			return true;
		if (n > 0 && spawn->sink)
			spawn->sink(spawn->data, buffer, (size_t)n);
		else if (n > 0 && out && out->n < CAPTURE_MAX)
			text_append(out, buffer, (size_t)n);
	}
}

/* It may close its output and go on. */
static int wait_until(pid_t pid, long deadline)
{
	int status;

	for (;;) {
		pid_t done = waitpid(pid, &status, WNOHANG);

		if (done == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		if (done < 0 && errno != EINTR)
			return -1;
		if (now_ms() > deadline) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
		usleep(1000);
	}
}

int spawn_capture(const struct spawn *spawn, struct text *out)
{
	long deadline = now_ms() + spawn->timeout_ms;
	int pipe_out[2], pipe_report[2], status;
	bool failed;
	char byte;
	pid_t pid;

	if (pipe2(pipe_out, O_CLOEXEC) != 0)
		return -1;
	if (pipe2(pipe_report, O_CLOEXEC) != 0) {
		close(pipe_out[0]);
		close(pipe_out[1]);
		return -1;
	}
	pid = fork();
	if (pid == 0)
		child(spawn, pipe_out[1], pipe_report[1]);
	close(pipe_out[1]);
	close(pipe_report[1]);
	failed = pid < 0 || read(pipe_report[0], &byte, 1) == 1;
	close(pipe_report[0]);
	if (!failed && !read_all(pipe_out[0], deadline, spawn, out))
		kill(pid, SIGKILL);
	close(pipe_out[0]);
	if (pid < 0)
		return -1;
	status = wait_until(pid, deadline);
	return failed ? -1 : status;
}
