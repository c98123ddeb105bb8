/* SPDX-License-Identifier: MIT */
/*
 * Flame graphs: calling-context trees of runs laid over each other, inverted, and drawn as SVG.
 *
 * A frame's width is the time of its own and of all frames above it, so that what stands on a frame never is wider than
 * it.  All figures are means over the runs of a side.
 *
 *   flame_add()      for each run: its contexts become frames, those with the same callers one
 *   flame_focus()    leaves only what passes through some functions
 *   flame_settle()   sums up, and notes what is gone
 *   flame_invert()   stands each function at the bottom, its callers above it
 *   flame_layout()   gives each frame its width and place
 *   flame_draw()     SVG
 */
#ifndef HOTPATH_FLAMEGRAPH_H
#define HOTPATH_FLAMEGRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct model_side;
struct model_tree;
struct view;

enum flame_side { FLAME_HEAD, FLAME_BASE, FLAME_SIDES };

struct flame_value {
	double calls, self_ns;
	double total_ns; /* as recorded: a call by recursion counts in the frame that it came back to */
};

struct flame_function {
	char *name, *plain, *qualified, *mangled, *file; /* the last three may be NULL */
	int64_t line;
	int kind; /* enum hotpath_kind */
};

struct flame_frame {
	size_t parent;	 /* index of a frame before this one; the first frame is its own */
	size_t function; /* index; of the first frame none */
	struct flame_value value[FLAME_SIDES];
	double x, width; /* nanoseconds of the head side, from the left */
	unsigned depth;
	bool kept; /* by the focus */
};

/* A function that the head no longer calls. */
struct flame_gone {
	size_t function;
	double self_ns;
};

struct flame {
	struct flame_function *functions;
	size_t n_functions;
	struct flame_frame *frames; /* callers first; the first stands for all of it */
	size_t n, capacity;
	size_t *places, n_places; /* hashed: frames by parent and function */
	size_t *names, n_names;	  /* hashed: functions + 1 */
	bool inverted, compared, focused;
	bool estimates;		   /* not all calls were timed */
	double all[FLAME_SIDES];   /* time of a run, also of what is out of the focus */
	double calls[FLAME_SIDES]; /* likewise */
	double gone_ns;		   /* the base's time in stacks that the head does not have */
	size_t n_gone_stacks;
	struct flame_gone *gone; /* functions, the largest first */
	size_t n_gone;
};

/*
 * flame_add: adds a run's tree to one side.
 *
 * share    what it counts, 1 / runs of that side
 * Returns  0, or -1 when out of memory; flame_release() in both cases
 */
int flame_add(struct flame *flame, const struct model_tree *tree, enum flame_side side,
	      double share);

/*
 * flame_focus: leaves only stacks with a function whose name contains a text, or matches /regex/.
 *
 * Returns  ERR_OK; ERR_USAGE for a wrong pattern, or when nothing matches it
 */
int flame_focus(struct flame *flame, const char *pattern, struct error *error);

/* flame_settle, flame_invert, flame_layout: see above; 0, or -1 when out of memory. */
int flame_settle(struct flame *flame);
int flame_invert(struct flame *flame);
int flame_layout(struct flame *flame);

/* flame_release: frees what it holds; a zeroed struct may be released. */
void flame_release(struct flame *flame);

/* What stands above the frames. */
struct flame_words {
	const char *title;	       /* NULL: of the side's command */
	const char *focus;	       /* what was given to flame_focus() */
	const struct model_side *side; /* by enum flame_side; the base's unused unless compared */
	double least_percent;	       /* frames narrower than this are not drawn */
};

int flame_draw(const struct flame *flame, const struct flame_words *words, const struct view *view,
	       struct error *error);

#endif /* HOTPATH_FLAMEGRAPH_H */
