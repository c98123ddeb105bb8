/* SPDX-License-Identifier: MIT */
/*
 * The segment: what one process recorded, in one file that the runtime maps shared and writes in
 * place.  The file outlives its writer, however that ends; cli/segment/segment_read.c turns it into a struct image.
 *
 * Layout
 *
 *   0        struct seg_header, one page
 *   4096 ..  areas of whole pages, handed out in order by seg_header.used.  An area holds whatever its
 *            owner put there; nothing is found by scanning, everything by links.  The file is sparse: only what
 *            was reserved with fallocate may be touched:
 *
 *   header.info ────▶ struct seg_info      argv, cwd, store, git: written once, before RECORDING
 *   header.units ───▶ struct seg_unit ──▶ next ...      sites and their strings, constant once linked
 *   header.lives ──▶ struct seg_lives      (seg_lives.h) coroutines: those that last by their key, those that are over per site
 *   header.threads ─▶ struct seg_thread ──▶ next ...    one per thread, reused when a thread has ended
 *                        ├ ring[]   newest calls, folded into nodes and stats when full
 *                        ├ stack ─▶ struct seg_frame[]              shadow stack, oldest frame first
 *                        ├ fibers ▶ struct seg_fiber ──▶ next     stacks that were switched away from
 *                        ├ root ──▶ struct seg_node               calling-context tree
 *                        └ stats ─▶ struct seg_stat ──▶ next      per site: min, max, histogram
 *
 * Links are addresses in the writer: the reader subtracts header.map_base and checks bounds, alignment and kind of what it
 * gets.  A link of 0 is none.
 *
 * States of a segment, and who makes each transition
 *
 *              segment_create          segment_seal             ingest (deletes the file
 *   (no file) ────────────────▶ NEW                              after its commit)
 *                                │ segment_start                        │
 *                                ▼                                      ▼
 *                            RECORDING ────────────────▶ SEALED ────▶ (no file)
 *                                │                                      ▲
 *                                └── process dies or execs ─────────────┘
 *
 * Invariants
 *
 *   1. A segment in state NEW holds nothing worth reading.
 *   2. A unit, thread, node, stat or stack block is complete before the one store that links it.
 *   3. A call is counted in exactly one of: its node's `calls`; a ring slot whose word is pending
 *      (SEG_FOLDED clear); a live frame.  While `folding` is non-zero one call may be in two.
 *   4. stack[0] stands for the thread itself (node: the root).  Of the frames above it those whose depth is not 0 are
 *      live calls; they have no gap but for one being entered or left at that very instruction.
 *   5. On every path from the root a site stands at most once: a call to a site that is already on the path goes
 *      back to that site's node (recursion).  Such a call has SEG_BACK set, and its time stands in `back` of its own node
 *      and in `back_child` of its caller's.  Two children of a node may have the same site (a signal came while one was being
 *      made): they mean the same context.
 *   6. For each node: time of its own = incl - back_child - sum over children (incl - back), likewise
 *      in net times, where that of incl is incl - cost.
 *      For each site: total time, recursion counted once = sum over its nodes of (incl - inner).  That a site is
 *      active is counted per site and not per node: after a recursion the calls go on from a node higher up, and
 *      may come to the same site by another branch.
 *   7. The writer never shortens the file, and never reads a link that it did not write itself.
 *   8. A sampled site's calls are all counted, and one in 2^exponent, drawn at random, is timed. Whatever is a time or a
 *      count of the histogram adds 2^exponent for each timed call, so that all sums are estimates without bias of
 *      what timing every call would have given; `calls` and `skipped` are exact.
 */
#ifndef HOTPATH_SEGMENT_H
#define HOTPATH_SEGMENT_H

#include <stddef.h>
#include <stdint.h>
#include "hist.h"

_Static_assert(sizeof(void *) == 8, "segments are written by 64-bit programs only");

#define SEG_MAGIC   "HOTPATH\x1a"
#define SEG_VERSION 8u
#define SEG_ENDIAN  0x01020304u
#define SEG_SUFFIX  ".hotpath-seg"

enum {
	SEG_PAGE = 4096,
	SEG_RING = 256,		 /* newest calls kept per thread */
	SEG_STACK_MAX = 1 << 20, /* frames a thread can have at most */
	SEG_NAME = 16,
	SEG_UNIT_ALIGN = 16, /* units share areas; what else the header links has its own */
	SEG_BUILD_ID = 20,
	SEG_NEAR = 3 * HIST_LINE, /* buckets of a histogram whose counters are in the stat itself */
	SEG_LINES = HIST_LINES - SEG_NEAR / HIST_LINE,
};

#define SEG_NO_SITE UINT32_MAX

enum seg_state {
	SEG_NEW = 0,
	SEG_RECORDING = 1,
	SEG_SEALED = 2,
};

enum seg_clock {
	SEG_CLOCK_MONOTONIC = 0, /* ticks are nanoseconds */
	SEG_CLOCK_TSC = 1,
	SEG_CLOCK_CNTVCT = 2,
	SEG_CLOCK_ORDERED_TSC =
		3, /* read when all work before is done, and before any work after */
	SEG_CLOCK_ORDERED_CNTVCT = 4,
	SEG_CLOCK_COUNT = 5,
};

/* How the process ended, as far as it saw it itself. */
enum seg_end {
	SEG_END_UNSEEN = 0, /* _exit, a signal, exec, or still running */
	SEG_END_EXIT = 1,   /* exit() or return from main; exit_status is valid */
	SEG_END_UNLOAD = 2, /* sealed without an exit status (quick_exit, dlclose of the runtime) */
	SEG_END_LIVE = 3,   /* a copy (seg_copy.h): the process went on */
};

/* What a segment is of its process's recording.  Values are stored: only append, and name them in views.sql. */
enum seg_part {
	SEG_PART_WHOLE = 0,
	SEG_PART_LIVE = 1,    /* up to a moment before its end */
	SEG_PART_SESSION = 2, /* between hotpath_session_begin() and _end() */
};

/* Lowest bit of seg_header.control. */
enum seg_control {
	SEG_CONTROL_ON = 0,
	SEG_CONTROL_OFF = 1,
	SEG_CONTROL_STEP = 2, /* added with each order */
};

/* What was not recorded, by cause.  Values are stored: only append, and name them in cli/segment/image.c. */
enum seg_lost {
	SEG_LOST_MEMORY = 0,   /* calls without a place: the segment could not grow */
	SEG_LOST_STARTING = 1, /* calls made while the thread's own area was being set up */
	SEG_LOST_LATE = 2,     /* calls on a thread after its end was recorded */
	SEG_LOST_STRAY = 3,    /* exits without an entry: from before a fork, or another thread's */
	SEG_LOST_CONTEXTS = 4, /* contexts merged into one per function: the tree is full */
	SEG_LOST_DEEP = 5,     /* calls deeper than SEG_STACK_MAX frames */
	SEG_LOST_SITES = 6, /* functions, not calls: without room for their names, not measured */
	SEG_LOST_LIVES =
		7, /* lives, not calls: more at a time than there is room for, or their end was not seen */
	SEG_LOST_COUNT = 16,
};

/*
 * struct seg_header, at offset 0; magic, version and endian are there in every version
 *
 *   offset size
 *        0    8  magic        SEG_MAGIC
 *        8    4  version      SEG_VERSION
 *       12    4  endian       SEG_ENDIAN as the writer stores it
 *       16    4  header_size  sizeof(struct seg_header)
 *       20    4  state        enum seg_state
 *       24    8  used         bytes handed out, header included; the file may be shorter (a reservation that
 *                             failed) or longer
 *       32    8  map_base     writer's address of offset 0
 *       40    8  map_size     length of the writer's mapping
 *       48    4  pid
 *       52    4  ppid
 *       56    8  proc_start   start time of the process, /proc/PID/stat field 22
 *       64    8  pid_ns       inode of /proc/self/ns/pid, 0 when unknown
 *       72   16  boot_id      of the kernel, to know a reboot
 *       88   16  run_id       random, names this part of a run for ever
 *      104   16  parent_id    run_id of the process that started this one, or of what it was before an exec; zero when
 *                             none is known
 *      120    4  clock        enum seg_clock
 *      124    4  cpu_count
 *      128    8  hz           ticks per second, as known at the start
 *      136    8  start_ticks  \
 *      144    8  start_mono    > one instant: clock ticks, CLOCK_MONOTONIC ns, CLOCK_REALTIME ns
 *      152    8  start_real   /
 *      160    8  end_ticks    \
 *      168    8  end_mono      > the same at the seal; zero before
 *      176    8  end_real     /
 *      184    8  inside       measuring cost inside a call's own interval, in 1/1024 tick, as that and what follows was at the start
 *      192    8  outside      measuring cost charged to the caller, in 1/1024 tick
 *      200    4  end_how      enum seg_end
 *      204    4  exit_status
 *      208    8  info         link to struct seg_info
 *      216    8  units        link to the newest struct seg_unit
 *      224    8  threads      link to the newest struct seg_thread
 *      232    4  n_sites      site ids handed out are 1 .. n_sites
 *      236    4  n_threads    threads ever seen (places are reused, so there may be fewer seg_threads)
 *      240  128  lost         uint64_t[SEG_LOST_COUNT], what no thread could count itself
 *      368    8  always_inside  \ as inside and outside, for calls that the hooks which sample have timed,
 *      376    8  always_outside  > of a site whose calls are all timed; 0 when there are no such hooks
 *      384    8  drawn_inside   \ likewise, of a site of which only some are: they come unexpected, and are dearer
 *      392    8  drawn_outside  /
 *      400    8  skipped      what a call costs that is counted only, charged to the caller, in 1/1024 tick
 *      408    4  control      the newest order of `hotpath ctl`: enum seg_control in the lowest bit, a count above it
 *      412    4  off          1 while measuring is switched off
 *      416    4  followed     the newest value of `control` that was followed
 *      420    4  base         number of the file that holds what is to be left out (seg_copy.h); 0: none
 *      424    4  part         enum seg_part
 *      428    4  (zero)
 *      432    8  lives        link to struct seg_lives; 0: none yet
 *      440    8  overlap_inside  \ what of inside, and of inside and outside together, a call that lasts does not cost
 *      448    8  overlap         / (seg_knee()), in 1/1024 tick
 *      456    8  step         ticks by which the clock advances at a time, up to SEG_STEP_MAX; 0 or 1: each is seen
 */
struct seg_header {
	char magic[8];
	uint32_t version;
	uint32_t endian;
	uint32_t header_size;
	uint32_t state;
	uint64_t used;
	uint64_t map_base;
	uint64_t map_size;
	uint32_t pid;
	uint32_t ppid;
	uint64_t proc_start;
	uint64_t pid_ns;
	uint8_t boot_id[16];
	uint8_t run_id[16];
	uint8_t parent_id[16];
	uint32_t clock;
	uint32_t cpu_count;
	uint64_t hz;
	uint64_t start_ticks;
	uint64_t start_mono;
	uint64_t start_real;
	uint64_t end_ticks;
	uint64_t end_mono;
	uint64_t end_real;
	uint64_t inside;
	uint64_t outside;
	uint32_t end_how;
	int32_t exit_status;
	struct seg_info *info;
	struct seg_unit *units;
	struct seg_thread *threads;
	uint32_t n_sites;
	uint32_t n_threads;
	uint64_t lost[SEG_LOST_COUNT];
	uint64_t always_inside;
	uint64_t always_outside;
	uint64_t drawn_inside;
	uint64_t drawn_outside;
	uint64_t skipped;
	uint32_t control;
	uint32_t off;
	uint32_t followed;
	uint32_t base;
	uint32_t part;
	uint32_t zero_control;
	struct seg_lives *lives;
	uint64_t overlap_inside;
	uint64_t overlap;
	uint64_t step;
};

enum { SEG_STEP_MAX = 4096 };

/* Keys of struct seg_info.  Values are stored: only append. */
enum seg_key {
	SEG_KEY_END = 0,
	SEG_KEY_ARGV = 1, /* arguments, each with its NUL, as /proc/self/cmdline */
	SEG_KEY_CWD = 2,
	SEG_KEY_EXE = 3,
	SEG_KEY_LABEL = 4, /* HOTPATH_LABEL */
	SEG_KEY_STORE = 5, /* folder of the store: DIR of DIR/hotpath.db */
	SEG_KEY_ROOT = 6,  /* project root from the first unit that has one */
	SEG_KEY_HOST = 7,
	SEG_KEY_KERNEL = 8,  /* sysname release machine */
	SEG_KEY_CPU = 9,     /* model name */
	SEG_KEY_BRANCH = 10, /* git branch at the start */
	SEG_KEY_COMMIT = 11, /* git commit at the start, 40 or 64 hex digits */
	SEG_KEY_TOKEN = 12,  /* HOTPATH_RUN_TOKEN of `hotpath run`: ties processes together */
	SEG_KEY_CUT = 13,    /* the key (one byte) whose value had to be cut */
	SEG_KEY_BUDGET =
		14, /* uint32_t, as in struct hotpath_unit, of the first unit; none: no limit */
	SEG_KEY_GOVERNOR = 15, /* frequency governor at the start */
	SEG_KEY_LOAD = 16,     /* load of the last minute at the start, as /proc/loadavg has it */
	SEG_KEY_COUNT = 17,
};

/*
 * struct seg_info: what is known of the process, a list of records
 *
 *   offset size
 *        0    4  size         bytes of records that follow the head
 *        4    4  (zero)
 *        8       records: uint32_t key, uint32_t length, length bytes, zero bytes up to a multiple of 8
 */
struct seg_info {
	uint32_t size;
	uint32_t zero;
	char records[];
};

/*
 * struct seg_site: one site, 48 bytes; strings are offsets from the start of their unit
 *
 *   offset size
 *        0   28  name, qualified, mangled, label, file, rule, group    as in struct hotpath_site; 0 is null
 *       28    4  line
 *       32    4  sample
 *       36    2  language
 *       38    2  kind
 *       40    8  body
 */
struct seg_site {
	uint32_t name;
	uint32_t qualified;
	uint32_t mangled;
	uint32_t label;
	uint32_t file;
	uint32_t rule;
	uint32_t group;
	uint32_t line;
	uint32_t sample;
	uint16_t language;
	uint16_t kind;
	uint64_t body;
};

/*
 * struct seg_unit: the sites of one unit
 *
 *   offset size
 *        0    8  next
 *        8    8  size         bytes, with sites and strings
 *       16    4  first_id     sites[i] has id first_id + i
 *       20    4  n_sites
 *       24    4  source       offset of a string
 *       28    4  object       offset of a string: path of the program or library that the unit is in; 0 unknown
 *       32    8  hash         of the unit's content; a unit loaded again gets its old ids
 *       40    4  build_id_len 0 .. SEG_BUILD_ID
 *       44   20  build_id     of the program or library
 *       64       struct seg_site[n_sites], then strings, each NUL-terminated
 */
struct seg_unit {
	struct seg_unit *next;
	uint64_t size;
	uint32_t first_id;
	uint32_t n_sites;
	uint32_t source;
	uint32_t object;
	uint64_t hash;
	uint32_t build_id_len;
	uint8_t build_id[SEG_BUILD_ID];
	struct seg_site sites[];
};

/*
 * struct seg_carry: a histogram counter went round: add 2^32 to `bucket` for each
 *
 *   offset size
 *        0    8  next
 *        8    8  bucket
 */
struct seg_carry {
	struct seg_carry *next;
	uint64_t bucket;
};

/*
 * struct seg_draw: which calls of a sampled site are timed; written by the runtime for itself
 *
 *   offset size
 *        0    4  countdown    the call that brings it to 0 is timed
 *        4    1  exponent     one call in 2^exponent is timed, from the next drawing on
 *        5    1  drawn        exponent that the countdown was drawn with
 *        6    2  timed        calls timed since `since`
 *        8    4  since        when the exponent was last looked at, in 1024 ticks
 */
struct seg_draw {
	uint32_t countdown;
	uint8_t exponent;
	uint8_t drawn;
	uint16_t timed;
	uint32_t since;
};

/*
 * struct seg_stat: one site on one thread, 64-aligned.  Of calls of less than SEG_NEAR ticks a fold touches one cache line of it, that
 * of the counter; of calls of less than 448 ticks that of `min`, and a line of counters.
 *
 * A counter of `near` is of one duration: where it is not 0, that is between `min` and `max`.
 *
 *   offset size
 *        0  192  near         uint32_t[SEG_NEAR]: the first counters of the histogram, hist.h
 *      192    8  min          net ticks, at least 0; UINT64_MAX before the first call
 *      200    8  max          net ticks
 *      208  676  lines        uint32_t[SEG_LINES]: the others: offset / 64 of uint32_t[HIST_LINE], 0 where no call fell
 *      884    4  site
 *      888    4  covered      written by the runtime for itself: how many live calls cover the site (frame.h)
 *      892    4  (zero)
 *      896    8  next         list of the thread
 *      904   24  draw         for outermost calls, and for those made while a frame of the site was live: the former
 *                             make the total time, and may be few among many of the latter
 *      928    1  least        exponent that the rule asks for; a budget goes no lower
 *      929    1  sampled      1 when the hooks that sample have timed a call
 *      930    2  warm         timed calls for each of `draw`, up to 255
 *      932    1  large        bit i: a call of draw[i] made so many others that all of them are timed
 *      933    3  (zero)
 *      936    8  carry        link to struct seg_carry
 *      944    8  unwound      calls whose exit was never seen: longjmp, exception through C, thread exit
 *      952    8  squares      of how many calls each timed one stands for, added up; of calls that the hooks which sample have timed
 */
struct seg_stat {
	uint32_t near[SEG_NEAR];
	uint64_t min;
	uint64_t max;
	uint32_t lines[SEG_LINES];
	uint32_t site;
	uint32_t covered;
	uint32_t zero;
	struct seg_stat *next;
	struct seg_draw draw[2];
	uint8_t least;
	uint8_t sampled;
	uint8_t warm[2];
	uint8_t large;
	uint8_t zero_too[3];
	struct seg_carry *carry;
	uint64_t unwound;
	uint64_t squares;
};

/*
 * struct seg_node: a calling context, 128 bytes, 64-aligned; the first line is what the hot path and a fold touch.
 * Costs are what measuring took of times (seg_header.inside and outside), in 1/16 tick: they add up, and a tick may be long.  A time less
 * its cost can come out below 0.
 *
 *   offset size
 *        0    4  site         SEG_NO_SITE at the root
 *        4    4  sibling      next child of the same parent, offset / 64; 0: none
 *        8    8  parent       0 at the root
 *       16    8  last         the node that was entered last from here
 *       24    8  next         the node that was entered after this one from the same caller; a guess
 *       32    8  stat         of the site; 0 at the root
 *       40    8  calls        returned calls, folded; of a sampled site those that were timed
 *       48    8  incl         ticks of all of them
 *       56    8  cost         of these
 *       64    8  child        first child
 *       72    8  skipped      returned calls that were counted only
 *       80    8  inner        ticks of calls made while a frame of the site was live, here or at another node
 *       88    8  inner_cost
 *       96    8  back         ticks of the calls that came by recursion (SEG_BACK), invariant 5
 *      104    8  back_cost
 *      112    8  back_child   ticks of calls by recursion made by this node's frames
 *      120    8  back_child_cost
 */
struct seg_node {
	uint32_t site;
	uint32_t sibling;
	struct seg_node *parent;
	struct seg_node *last;
	struct seg_node *next;
	struct seg_stat *stat;
	uint64_t calls;
	uint64_t incl;
	uint64_t cost;
	struct seg_node *child;
	uint64_t skipped;
	uint64_t inner;
	uint64_t inner_cost;
	uint64_t back;
	uint64_t back_cost;
	uint64_t back_child;
	uint64_t back_child_cost;
};

/* Bits of a sample's word below the node's address. */
enum {
	SEG_INNER = 1,	 /* a frame of the same site was live */
	SEG_BACK = 2,	 /* entered by recursion; the caller's back_child has the time already */
	SEG_UNWOUND = 4, /* closed without its exit */
	SEG_FOLDED = 8,	 /* counted in its node; kept to show the newest calls */
	SEG_TAKEN = 16,	 /* with SEG_FOLDED: about to be written; nothing to be read */
	SEG_WORD_BITS = 63,
};

/*
 * The tag, in the highest bits of a sample's word and of a frame's `before`: 0 for a call that was timed because each
 * call of its site is, else 1 + the exponent that it was drawn with (invariant 8).
 */
enum {
	SEG_TAG_SHIFT = 58,
	SEG_EXPONENT_MAX = 12,
};
#define SEG_TAG_MASK	  (~((1ull << SEG_TAG_SHIFT) - 1))
#define SEG_NODE_MASK	  (~(SEG_TAG_MASK | SEG_WORD_BITS))
#define SEG_TAG(exponent) ((uint64_t)((exponent) + 1) << SEG_TAG_SHIFT)

/* seg_weight: how many calls a timed one stands for, by its tag; a reader looks at the exponent first (invariant 8). */
static inline uint64_t seg_weight(uint64_t tagged)
{
	uint64_t tag = tagged >> SEG_TAG_SHIFT;

	return tag ? 1ull << (tag - 1) : 1;
}

/* What measuring an ordinary call costs, in the unit in which a thread's and a sample's costs are counted. */
enum { SEG_COST_CALL = 256 };

/* seg_cost: a cost in that unit; it and `both`, the inside and outside of an ordinary call, in 1/1024 tick. */
static inline uint64_t seg_cost(uint64_t cost, uint64_t both)
{
	return both ? (cost * SEG_COST_CALL + both / 2) / both : 0;
}

/*
 * What measuring costs depends on what is measured: a processor works ahead, and reads the clock while it is still busy with the
 * call.  Behind a call that does next to nothing there is nothing to hide that, behind one that lasts there is: the two overlap.  Of a call
 * that makes measured calls itself it is not known how much of its work lies beside its own readings.
 *
 * seg_knee: the ticks from which on a call lasts: somewhat more than an empty one takes, which is `inside` (1/1024 tick).
 */
static inline uint64_t seg_knee(uint64_t inside)
{
	return inside * 5 / 4096 + 1;
}

/*
 * seg_lasts: whether a call does, by its sample's word, its ticks and what measuring the calls that it made cost.  One that made any would
 * have to take minutes: a comparison is cheaper than two, and then it does not matter.
 */
static inline int seg_lasts(uint64_t word, uint64_t incl, uint64_t below, uint64_t knee)
{
	/* A function that calls itself returns from many calls in a row; one that was drawn the processor did not expect. */
	return !(word & SEG_BACK) && (word & SEG_TAG_MASK) <= SEG_TAG(0) &&
	       incl >= knee + (below << 32);
}

/* seg_node_cost: a cost in 1/1024 tick as a node has it. */
static inline uint64_t seg_node_cost(uint64_t cost)
{
	return (cost + 32) >> 6;
}

/*
 * struct seg_sample: one call that returned, 32 bytes
 *
 *   offset size
 *        0    8  end          ticks at the exit
 *        8    8  incl         ticks between entry and exit
 *       16    8  below        what measuring the calls that it made cost, directly or not; SEG_COST_CALL is one call
 *       24    8  word         address of the node, tag and bits; SEG_FOLDED alone before first use.  Written last
 */
struct seg_sample {
	uint64_t end;
	uint64_t incl;
	uint64_t below;
	uint64_t word;
};

/*
 * struct seg_frame: one entry of the shadow stack, 32 bytes
 *
 *   offset size
 *        0    8  start        ticks at the entry; 0 for a call that is counted only
 *        8    8  depth        complement of the stack pointer in the entry hook, so that an inner call has
 *                             the greater one; 0: not live (invariant 4)
 *       16    8  node
 *       24    8  before       what measuring had cost on this thread (and on those that had its place before) at
 *                             the entry, in the unit of `below`; tag.  Of timed calls only
 */
struct seg_frame {
	uint64_t start;
	uint64_t depth;
	struct seg_node *node;
	uint64_t before;
};

/*
 * struct seg_thread
 *
 *   offset size
 *        0    8  next
 *        8    4  tid          kernel id of the newest owner
 *       12    4  live         1 while a thread owns the place
 *       16    4  owners       threads that had this place, one after the other
 *       20    4  n_nodes
 *       24    4  n_stats
 *       28    4  fibers       newest struct seg_fiber that was left on this thread, offset / 64; 0: none
 *       32   16  name         of the newest owner, NUL-padded
 *       48    8  start_ticks  first entry of the first owner
 *       56    8  end_ticks    end of the newest owner; 0 while live
 *       64    8  now_ticks    \ one instant, refreshed about each millisecond while calls are made:
 *       72    8  now_mono     / the last sign of life of a killed process
 *       80    8  folding      1 while the ring is being folded (invariant 3)
 *       88    8  root         link to the root node
 *       96    8  stats        link to the newest struct seg_stat
 *      104    8  stack        link to struct seg_frame[]
 *      112  128  lost         uint64_t[SEG_LOST_COUNT]
 *      240    8  stack_used   frames of the stack that have file behind them
 *      248    8  stopped      tick at which measuring was switched off while the thread's frames were live: they end
 *                             there; 0: they go on
 *      256    8  saved        what measuring the folded calls cost less than the header says, because they lasted (seg_knee())
 *                             or the machine went faster than at the start, in the unit of seg_sample.below; in two's
 *                             complement: it can also be more
 *      264   56  (zero)
 *      320       ring         struct seg_sample[SEG_RING]
 */
struct seg_thread {
	struct seg_thread *next;
	uint32_t tid;
	uint32_t live;
	uint32_t owners;
	uint32_t n_nodes;
	uint32_t n_stats;
	uint32_t fibers;
	char name[SEG_NAME];
	uint64_t start_ticks;
	uint64_t end_ticks;
	uint64_t now_ticks;
	uint64_t now_mono;
	uint64_t folding;
	struct seg_node *root;
	struct seg_stat *stats;
	struct seg_frame *stack;
	uint64_t lost[SEG_LOST_COUNT];
	uint64_t stack_used;
	uint64_t stopped;
	uint64_t saved;
	uint64_t zero[7];
	struct seg_sample ring[SEG_RING];
};

/*
 * struct seg_fiber: the running calls of a stack that the program has switched away from
 *
 *   offset size
 *        0    4  next         of the same thread, offset / 64; 0: none
 *        4    4  class        \ the writer's own
 *        8    4  offs         /
 *       12    4  n            frames
 *       16    8  place        link to the thread that it was left on
 *       24    8  name         \ the writer's own
 *       32    8  after        /
 *       40   24  (zero)
 *       64       frames       struct seg_frame[n], oldest first; `start` is the time that the call has used so far, `before`
 *                             what measuring the calls that it has made cost, with its tag
 */
struct seg_fiber {
	uint32_t next;
	uint32_t class;
	uint32_t offs;
	uint32_t n;
	struct seg_thread *place;
	uint64_t name;
	struct seg_fiber *after;
	uint64_t zero[3];
	struct seg_frame frames[];
};

#define SEG_ASSERT_AT(s, f, o) _Static_assert(offsetof(struct s, f) == (o), #s "." #f)
SEG_ASSERT_AT(seg_header, used, 24);
SEG_ASSERT_AT(seg_header, boot_id, 72);
SEG_ASSERT_AT(seg_header, clock, 120);
SEG_ASSERT_AT(seg_header, inside, 184);
SEG_ASSERT_AT(seg_header, info, 208);
SEG_ASSERT_AT(seg_header, lost, 240);
SEG_ASSERT_AT(seg_header, control, 408);
SEG_ASSERT_AT(seg_header, overlap, 448);
SEG_ASSERT_AT(seg_unit, build_id, 44);
SEG_ASSERT_AT(seg_unit, sites, 64);
SEG_ASSERT_AT(seg_stat, min, 192);
SEG_ASSERT_AT(seg_stat, lines, 208);
SEG_ASSERT_AT(seg_stat, site, 884);
SEG_ASSERT_AT(seg_stat, next, 896);
SEG_ASSERT_AT(seg_stat, carry, 936);
SEG_ASSERT_AT(seg_node, cost, 56);
SEG_ASSERT_AT(seg_node, back_child_cost, 120);
SEG_ASSERT_AT(seg_thread, now_ticks, 64);
SEG_ASSERT_AT(seg_thread, lost, 112);
SEG_ASSERT_AT(seg_thread, stopped, 248);
SEG_ASSERT_AT(seg_fiber, frames, 64);
SEG_ASSERT_AT(seg_thread, ring, 320);
_Static_assert(sizeof(struct seg_header) == 464 && sizeof(struct seg_header) <= SEG_PAGE, "");
_Static_assert(sizeof(struct seg_site) == 48, "");
_Static_assert(sizeof(struct seg_stat) == 960, "");
_Static_assert(sizeof(struct seg_node) == 128, "");
_Static_assert(sizeof(struct seg_sample) == 32, "");
_Static_assert(sizeof(struct seg_frame) == 32, "");

#endif /* HOTPATH_SEGMENT_H */
