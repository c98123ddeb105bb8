-- SPDX-License-Identifier: MIT
--
-- The store, version 5: calls that were counted only, and what measuring took.

-- Of each function in the order of `functions`; NULL: every call of the run was timed.
ALTER TABLE profile ADD COLUMN skipped BLOB;
ALTER TABLE run ADD COLUMN skipped_ns REAL; -- cost of a call that is counted only; NULL: there were none
ALTER TABLE run ADD COLUMN measuring_ns INTEGER; -- on all threads; NULL: calls * (inside_ns + outside_ns)
ALTER TABLE run ADD COLUMN budget REAL; -- slowdown that was allowed, in per cent; NULL: no limit
