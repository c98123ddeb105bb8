-- SPDX-License-Identifier: MIT
-- Work for a measured sqlite3: what each statement prints is compared.
CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT NOT NULL, town TEXT COLLATE NOCASE);
CREATE INDEX by_town ON person(town, name);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
INSERT INTO person SELECT i, printf('person %05d', i * 7919 % 2003), 'town ' || (i % 37) FROM n;
CREATE TRIGGER gone AFTER DELETE ON person BEGIN UPDATE person SET town = 'empty' WHERE id = old.id + 1; END;
DELETE FROM person WHERE id % 5 = 0;
SELECT town, count(*), min(name), max(name) FROM person GROUP BY town ORDER BY 2 DESC, 1 LIMIT 5;
SELECT name, row_number() OVER (PARTITION BY town ORDER BY name) FROM person WHERE town LIKE 'TOWN 1%' ORDER BY name LIMIT 5;
SELECT a.name, b.name FROM person a JOIN person b ON a.town = b.town AND a.id < b.id ORDER BY a.id, b.id LIMIT 3;
BEGIN;
UPDATE person SET name = upper(name) WHERE id < 100;
SAVEPOINT s;
DELETE FROM person;
ROLLBACK TO s;
ROLLBACK;
SELECT count(*), sum(length(name)), group_concat(DISTINCT substr(town, 1, 2)) FROM person;
SELECT json_extract('{"a":[1,2,{"b":3}]}', '$.a[2].b'), json_group_array(id) FROM (SELECT id FROM person LIMIT 4);
CREATE VIRTUAL TABLE text USING fts5(body);
INSERT INTO text VALUES ('the quick brown fox'), ('jumps over the lazy dog'), ('nothing of note');
SELECT rowid, snippet(text, 0, '[', ']', '...', 4) FROM text WHERE text MATCH 'the NOT quick' ORDER BY rank;
INSERT INTO person VALUES (1, 'twice', NULL);
SELECT * FROM nowhere;
VACUUM;
PRAGMA integrity_check;
