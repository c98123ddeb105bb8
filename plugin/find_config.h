/* SPDX-License-Identifier: MIT */
/* Where a source file's project begins, and its hotpath.yaml.  Plain C without a GCC header. */
#ifndef HOTPATH_FIND_CONFIG_H
#define HOTPATH_FIND_CONFIG_H

#ifdef __cplusplus
extern "C" {
#endif

/*
 * struct project: owned by the caller, freed with project_release().
 *
 * config   hotpath.yaml, as a path to show and open; null when there is none
 * root     absolute path of the folder of hotpath.yaml, else of the folder that holds .git; or null
 */
struct project {
	char *config;
	char *root;
};

/*
 * project_find: looks in the folder of `source` and upward.
 *
 * source   path of the source file as the compiler names it.  Null, "-" or a name in angle brackets
 *          ("<stdin>") means the working folder
 * config   a file that was named by the user, which ends the search; or null
 */
void project_find(const char *source, const char *config, struct project *project);
void project_release(struct project *project);

/*
 * project_relative: a file's path from the project's root, or null when it lies elsewhere.
 * Symbolic links in its folder are followed, in its last part they are not.
 *
 * Returns  a string for free()
 */
char *project_relative(const struct project *project, const char *file);

#ifdef __cplusplus
}
#endif

#endif /* HOTPATH_FIND_CONFIG_H */
