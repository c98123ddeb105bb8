/* SPDX-License-Identifier: MIT */
#include "input.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

void input_begin(struct input *input)
{
	struct stat st;
	bool known = fstat(0, &st) == 0;

	input->is_file = known && S_ISREG(st.st_mode);
	input->is_once = known && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
	input->start = input->is_file ? lseek(0, 0, SEEK_CUR) : 0;
}

int input_give(const struct input *input)
{
	int null;

	if (input->is_file)
		return lseek(0, input->start, SEEK_SET) < 0 ? -1 : 0;
	if (!input->is_once)
		return 0;
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return null < 0 || dup2(null, 0) < 0 ? -1 : 0;
}

bool input_is_left(const struct input *input)
{
	int n = 0;

	return input->is_once && ioctl(0, FIONREAD, &n) == 0 && n > 0;
}
