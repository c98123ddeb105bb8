-- SPDX-License-Identifier: MIT
--
-- The store, version 2: names that runs get later, by `hotpath tag`.

CREATE TABLE run_tag (
	run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
	name INTEGER NOT NULL REFERENCES text,
	PRIMARY KEY (name, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_tag_run ON run_tag (run);
