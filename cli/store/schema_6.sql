-- SPDX-License-Identifier: MIT
--
-- The store, version 6: the newest calls of a run, as they were in its threads' rings at its end.

-- Packed (pack.h), 0.5 KiB for 64 calls; apart from `profile`, as few questions read it.
CREATE TABLE run_recent (
	run INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
	calls BLOB NOT NULL
) STRICT;
