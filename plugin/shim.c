/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The file that -fplugin=hotpath.so loads, in every version of GCC.
 *
 * A plugin only fits the GCC it was built for, but the name on the command line is one.  So this
 * file, which needs nothing of GCC, asks which GCC has loaded it and passes everything on to
 * hotpath/gcc-MAJOR/plugin.so, which lies beside it.
 *
 * The two structs are the head of GCC's plugin interface, the same since 4.5.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct plugin_name_args;

struct plugin_gcc_version {
	const char *basever;
	const char *datestamp;
	const char *devphase;
	const char *revision;
	const char *configuration_arguments;
};

typedef int init_fn(struct plugin_name_args *info, struct plugin_gcc_version *version);

EXPORT extern int plugin_is_GPL_compatible;
EXPORT int plugin_is_GPL_compatible;
EXPORT int plugin_init(struct plugin_name_args *info, struct plugin_gcc_version *version);

/*
 * own_folder: the folder this file really lies in, behind all links; false when it cannot be told.
 * Asked by a static function: other plugins have symbols of the same names, and the first one that GCC loaded has them all.
 */
static int own_folder(char *folder)
{
	Dl_info info;
	char *slash;

	if (!dladdr((void *)(uintptr_t)own_folder, &info) || !info.dli_fname ||
	    !realpath(info.dli_fname, folder))
		return 0;
	slash = strrchr(folder, '/');
	if (!slash)
		return 0;
	*slash = '\0';
	return 1;
}

/* installed: "GCC 11, GCC 12", for a message. */
static void installed(const char *folder, char *out, size_t size)
{
	char path[PATH_MAX];
	struct dirent *entry;
	size_t used = 0;
	DIR *dir;

	snprintf(out, size, "none");
	snprintf(path, sizeof(path), "%s/hotpath", folder);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)) && used + 1 < size)
		if (!strncmp(entry->d_name, "gcc-", 4))
			used += (size_t)snprintf(out + used, size - used, "%sGCC %s",
						 used ? ", " : "", entry->d_name + 4);
	closedir(dir);
}

static void complain(const char *folder, int major, const char *basever, const char *path)
{
	char list[200];

	installed(folder, list, sizeof(list));
	fprintf(stderr,
		"hotpath: error: no plugin for this compiler, GCC %s; installed: %s\n"
		"hotpath: note: in hotpath's source run: CC=gcc-%d make install\n",
		basever, list, major);
	if (path)
		fprintf(stderr, "hotpath: note: %s\n", path);
}

int plugin_init(struct plugin_name_args *info, struct plugin_gcc_version *version)
{
	char folder[PATH_MAX], path[PATH_MAX + 64];
	int major = atoi(version->basever);
	init_fn *init;
	void *handle;

	if (!own_folder(folder)) {
		fprintf(stderr, "hotpath: error: cannot find the folder of the plugin\n");
		return 1;
	}
	snprintf(path, sizeof(path), "%s/hotpath/gcc-%d/plugin.so", folder, major);
	handle = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
	if (!handle) {
		complain(folder, major, version->basever, dlerror());
		return 1;
	}
	/* ISO C knows no cast from an object's address to a function's; POSIX demands that it
	 * works. */
	*(void **)&init = dlsym(handle, "plugin_init");
	if (!init) {
		complain(folder, major, version->basever, dlerror());
		return 1;
	}
	return init(info, version);
}
