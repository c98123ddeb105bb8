/* SPDX-License-Identifier: MIT */
/*
 * What is noted of the machine's state at the start of a run.
 *
 * Two small files are read once a process, some 20 us together.  Steal is left to `hotpath run`: only its change during the
 * run says something, and /proc/stat takes milliseconds to read on a machine with many processors.
 */
#include <string.h>
#include "runtime.h"

/* first_word: the beginning of a file up to its first blank; "" when it cannot be read. */
static void first_word(const char *path, char *word, size_t size)
{
	if (hp_read_file(path, word, size) < 0)
		*word = 0;
	word[strcspn(word, " \t\r\n")] = 0;
}

/* hp_governor, hp_load: the frequency governor of processor 0, and the load of the last minute; "" when unknown. */
void hp_governor(char *word, size_t size)
{
	first_word("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", word, size);
}

void hp_load(char *word, size_t size)
{
	first_word("/proc/loadavg", word, size);
}
