-- SPDX-License-Identifier: MIT
--
-- The store, version 7: runs that are a piece of a process's recording.

ALTER TABLE run ADD COLUMN part INTEGER NOT NULL DEFAULT 0; -- enum seg_part: 0 whole, 1 up to a moment (live), 2 a session
