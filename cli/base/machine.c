/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

void machine_read(struct machine *machine)
{
	unsigned long long t[8] = {0};
	FILE *file = fopen("/proc/stat", "re");

	machine->steal = machine->all = -1;
	if (!file)
		return;
	if (fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
		   &t[4], &t[5], &t[6], &t[7]) == 8) {
		machine->all = 0;
		for (int i = 0; i < 8; i++)
			machine->all += (double)t[i];
		machine->steal = (double)t[7];
	}
	fclose(file);
}

static void note_governor(struct text *notes)
{
	char governor[64] = "";
	FILE *file = fopen("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "re");

	if (!file)
		return;
	if (fscanf(file, "%63s", governor) == 1 && strcmp(governor, "performance") != 0)
		text_print(notes,
			   "The frequency governor is %s; with performance times are steadier.\n",
			   governor);
	fclose(file);
}

static void note_load(struct text *notes)
{
	double load = 0;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	FILE *file = fopen("/proc/loadavg", "re");

	if (!file)
		return;
	/* One is the series itself. */
	if (fscanf(file, "%lf", &load) == 1 && load > 1.5 && load > 0.75 * (double)cpus)
		text_print(notes, "The machine is busy: load %.1f on %ld processors.\n", load,
			   cpus);
	fclose(file);
}

double machine_steal(const struct machine *before)
{
	struct machine after;

	machine_read(&after);
	if (before->all < 0 || after.all <= before->all || after.steal < before->steal)
		return -1;
	return 100 * (after.steal - before->steal) / (after.all - before->all);
}

void machine_note(const struct machine *before, struct text *notes)
{
	double steal = machine_steal(before);

	note_governor(notes);
	note_load(notes);
	if (steal > 1)
		text_print(notes, "Other virtual machines took %.1f %% of the processors' time.\n",
			   steal);
}
