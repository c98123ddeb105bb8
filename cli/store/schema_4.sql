-- SPDX-License-Identifier: MIT
--
-- The store, version 4: what a person asks first when a figure surprises: how did it end, in which state were the work tree
-- and the machine.

ALTER TABLE run ADD COLUMN ended INTEGER NOT NULL DEFAULT 0; -- enum image_end
ALTER TABLE run ADD COLUMN governor INTEGER REFERENCES text; -- of the frequency of processor 0, at the start
ALTER TABLE run ADD COLUMN load REAL; -- of the last minute, at the start
ALTER TABLE run ADD COLUMN steal_percent REAL; -- of the processors' time, during the run; known to `hotpath run` only
ALTER TABLE run ADD COLUMN diff TEXT; -- hash of `git diff HEAD`; NULL: no difference, or unknown
ALTER TABLE run ADD COLUMN git_at_start INTEGER; -- 1: dirty and diff are of its start, 0: of when it was taken in

UPDATE run SET ended = CASE WHEN sealed = 0 THEN 0 WHEN status IS NULL THEN 2 ELSE 1 END;

-- By time instead of number: runs of an earlier time may be imported later.
DROP INDEX run_branch;
CREATE INDEX run_branch ON run (branch, started_at_ns) WHERE branch IS NOT NULL;
