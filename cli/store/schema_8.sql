-- SPDX-License-Identifier: MIT
--
-- The store, version 8: a cause of loss more, lives.  store_schema.c names all causes after each migration.

SELECT 1;
