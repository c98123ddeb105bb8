-- SPDX-License-Identifier: MIT
--
-- The store, version 1: the tables.  Views are in views.sql and are made anew after every migration.
--
-- What repeats from run to run (texts, functions, objects) stands once in a dictionary; what a run has of its own is
-- kept small, for a store is meant to hold years of runs.  A released version of this file never changes: a
-- new version is a new file, in the list in store_schema.c.
--
-- Times are nanoseconds.  Histograms and context trees are packed, see pack.h.

CREATE TABLE text (
	id INTEGER PRIMARY KEY,
	value TEXT NOT NULL UNIQUE
) STRICT;

-- Programs and libraries, told apart by build-id, so that a rebuild is a new object.
CREATE TABLE object (
	id INTEGER PRIMARY KEY,
	path INTEGER REFERENCES text,
	build_id TEXT NOT NULL -- hex, '' when it has none
) STRICT;
CREATE UNIQUE INDEX object_identity ON object (build_id, coalesce(path, 0));

CREATE TABLE unit (
	id INTEGER PRIMARY KEY,
	source INTEGER REFERENCES text,
	object INTEGER NOT NULL REFERENCES object
) STRICT;
CREATE UNIQUE INDEX unit_identity ON unit (object, coalesce(source, 0));

-- A function as it stands in the source.  Copies of it in several units (inline functions, templates) are one.
CREATE TABLE function (
	id INTEGER PRIMARY KEY,
	name INTEGER NOT NULL REFERENCES text,
	qualified INTEGER REFERENCES text,
	mangled INTEGER REFERENCES text,
	label INTEGER REFERENCES text,
	file INTEGER REFERENCES text,
	rule INTEGER REFERENCES text,
	line INTEGER NOT NULL,
	language INTEGER NOT NULL -- enum hotpath_language
) STRICT;
CREATE UNIQUE INDEX function_identity ON function (name, line, coalesce(mangled, 0), coalesce(file, 0),
	coalesce(label, 0), coalesce(qualified, 0), coalesce(rule, 0), language);

-- AUTOINCREMENT: the number of a deleted run never names another one.
CREATE TABLE run (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	run_id BLOB NOT NULL UNIQUE, -- 16 random bytes: the same segment twice is one run
	parent_id BLOB, -- run_id of the process that started this one, or of what it was before an exec
	token TEXT, -- of the `hotpath run` that it belongs to
	pid INTEGER NOT NULL,
	ppid INTEGER NOT NULL,
	argv INTEGER NOT NULL REFERENCES text, -- a JSON array
	argv_cut INTEGER NOT NULL,
	cwd INTEGER REFERENCES text,
	exe INTEGER REFERENCES text,
	label INTEGER REFERENCES text,
	root INTEGER REFERENCES text,
	host INTEGER REFERENCES text,
	kernel INTEGER REFERENCES text,
	cpu INTEGER REFERENCES text,
	cpu_count INTEGER NOT NULL,
	branch INTEGER REFERENCES text,
	commit_id INTEGER REFERENCES text,
	dirty INTEGER, -- NULL: unknown
	started_at_ns INTEGER NOT NULL,
	duration_ns INTEGER NOT NULL,
	sealed INTEGER NOT NULL, -- 1: the process saw its own end
	status INTEGER, -- NULL: not seen
	signal INTEGER, -- NULL: not seen, or none
	clock INTEGER NOT NULL, -- enum seg_clock
	ns_per_tick REAL NOT NULL,
	inside_ns REAL NOT NULL,
	outside_ns REAL NOT NULL,
	threads INTEGER NOT NULL, -- that ever called a measured function
	thread_ns INTEGER NOT NULL, -- their lifetimes, from the first measured call on, added up
	calls INTEGER NOT NULL, -- of all functions
	lost INTEGER NOT NULL, -- calls, of all causes but `contexts`, which loses none
	torn INTEGER NOT NULL,
	damaged INTEGER NOT NULL,
	damage TEXT
) STRICT;
CREATE INDEX run_token ON run (token) WHERE token IS NOT NULL;
CREATE INDEX run_commit ON run (commit_id, id) WHERE commit_id IS NOT NULL;
CREATE INDEX run_branch ON run (branch, id) WHERE branch IS NOT NULL;
CREATE INDEX run_label ON run (label, id) WHERE label IS NOT NULL;
CREATE INDEX run_host ON run (host, id) WHERE host IS NOT NULL;

CREATE TABLE run_unit (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	unit INTEGER NOT NULL REFERENCES unit,
	PRIMARY KEY (run, unit)
) STRICT, WITHOUT ROWID;

-- What was measured, packed, for all functions of a run in one row, apart from the run so that listing runs does not
-- read it.  With a row per function and a column per number a run of
-- 300 functions and 450 contexts took 24.6 KiB; so it takes 16.2 (testsuite/unit/test_store.c).
CREATE TABLE profile (
	run INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
	functions BLOB NOT NULL, -- their numbers; first, so that a question over many runs reads little else
	contexts BLOB NOT NULL, -- the calling-context tree
	histograms BLOB NOT NULL -- in the order of `functions`
) STRICT;

CREATE TABLE run_lost (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	cause INTEGER NOT NULL REFERENCES lost_cause,
	calls INTEGER NOT NULL,
	PRIMARY KEY (run, cause)
) STRICT, WITHOUT ROWID;

CREATE TABLE lost_cause (
	id INTEGER PRIMARY KEY, -- enum seg_lost
	name TEXT NOT NULL
) STRICT;

CREATE TABLE thread (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	n INTEGER NOT NULL,
	tid INTEGER NOT NULL,
	name INTEGER REFERENCES text,
	owners INTEGER NOT NULL, -- threads that had this place, one after the other
	start_ns INTEGER NOT NULL, -- since the start of the run
	end_ns INTEGER NOT NULL,
	calls INTEGER NOT NULL,
	total_ns INTEGER NOT NULL,
	PRIMARY KEY (run, n)
) STRICT, WITHOUT ROWID;
