-- SPDX-License-Identifier: MIT
--
-- The store, version 9: views that changed, which are made anew after each migration.

SELECT 1;
