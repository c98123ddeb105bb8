-- SPDX-License-Identifier: MIT
--
-- The store, version 10: how finely a run's clock tells times apart.

ALTER TABLE run ADD COLUMN clock_step_ns REAL; -- by which it advances at a time; NULL: by each tick
