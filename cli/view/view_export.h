/* SPDX-License-Identifier: MIT */
/*
 * A run in the formats of other tools, see cmd_export.c.
 */
#ifndef HOTPATH_VIEW_EXPORT_H
#define HOTPATH_VIEW_EXPORT_H

struct error;
struct model_tree;
struct view;

/* Stacks with the time of their own, a line each: what flame graph scripts read. */
int view_export_folded(const struct model_tree *tree, const struct view *view, struct error *error);

/* The file format of speedscope.app: each context is one sample with its time as weight. */
int view_export_speedscope(const struct model_tree *tree, const struct view *view,
			   struct error *error);

/* The profile format of callgrind, for callgrind_annotate and KCachegrind. */
int view_export_callgrind(const struct model_tree *tree, const struct view *view,
			  struct error *error);

/* pprof's gzipped profile.proto: calls and own time of each context; refused on a terminal. */
int view_export_pprof(const struct model_tree *tree, const struct view *view, struct error *error);

/* The Trace Event JSON of chrome://tracing and Perfetto: the sums, as what they are. */
int view_export_chrome(const struct model_tree *tree, const struct view *view, struct error *error);

#endif /* HOTPATH_VIEW_EXPORT_H */
