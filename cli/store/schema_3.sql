-- SPDX-License-Identifier: MIT
--
-- The store, version 3: what a site measures, the group it is summed up under, the hash of its body, its sampling.
--
-- All of them tell functions apart.  An edit that changes the body of a function makes one row more, where it moves all
-- functions below it in the file, and so makes a row for each: the dictionary grows no faster than it did for
-- `line`.  A comparison goes by kind, name and file, so that an edited or regrouped function is still itself.

ALTER TABLE function ADD COLUMN grp INTEGER REFERENCES text;
ALTER TABLE function ADD COLUMN kind INTEGER NOT NULL DEFAULT 0; -- enum hotpath_kind
ALTER TABLE function ADD COLUMN body INTEGER NOT NULL DEFAULT 0; -- 64 bits; 0: unknown
ALTER TABLE function ADD COLUMN sample INTEGER NOT NULL DEFAULT 0; -- 0 every call was timed, N one in N
DROP INDEX function_identity;
CREATE UNIQUE INDEX function_identity ON function (name, line, coalesce(mangled, 0), coalesce(file, 0),
	coalesce(label, 0), coalesce(qualified, 0), coalesce(rule, 0), language, coalesce(grp, 0), kind, body,
	sample);
