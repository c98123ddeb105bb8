-- SPDX-License-Identifier: MIT
--
-- The views for `hotpath sql`: their names and columns are a contract, listed in hotpath(1).  They may gain columns.
--
-- hotpath_... are functions that hotpath registers (store_functions.c); `runs`, `threads` and `lost` need none
-- and can be read with any SQLite.

DROP VIEW IF EXISTS runs;
CREATE VIEW runs AS
SELECT r.id, lower(hex(r.run_id)) AS run_id, nullif(lower(hex(r.parent_id)), '') AS parent_id, r.pid,
	(SELECT value FROM text WHERE id = r.argv) AS argv,
	(SELECT value FROM text WHERE id = r.cwd) AS cwd,
	(SELECT value FROM text WHERE id = r.exe) AS exe,
	(SELECT value FROM text WHERE id = r.label) AS label,
	datetime(r.started_at_ns / 1000000000, 'unixepoch') AS started,
	r.started_at_ns, r.duration_ns, r.sealed, r.status, r.signal,
	(SELECT value FROM text WHERE id = r.branch) AS branch,
	(SELECT value FROM text WHERE id = r.commit_id) AS commit_id,
	r.dirty,
	(SELECT value FROM text WHERE id = r.host) AS host,
	(SELECT value FROM text WHERE id = r.kernel) AS kernel,
	(SELECT value FROM text WHERE id = r.cpu) AS cpu,
	r.cpu_count, r.threads, r.thread_ns, r.calls,
	CASE r.clock WHEN 0 THEN 'monotonic' WHEN 1 THEN 'tsc' WHEN 2 THEN 'cntvct' WHEN 3 THEN 'ordered tsc'
		WHEN 4 THEN 'ordered cntvct' END AS clock,
	r.ns_per_tick, r.inside_ns, r.outside_ns,
	100.0 * coalesce(r.measuring_ns, r.calls * (r.inside_ns + r.outside_ns))
		/ nullif(max(r.duration_ns, r.thread_ns), 0) AS overhead_percent,
	r.lost, r.torn, r.damaged, r.damage,
	-- as model_run_how()
	CASE WHEN r.signal IS NOT NULL THEN 'signal' WHEN r.ended = 3 THEN 'exec' WHEN r.ended = 1 THEN 'exit'
		WHEN r.ended = 2 THEN 'quick_exit' WHEN r.status IS NOT NULL THEN '_exit' ELSE 'unseen' END AS how,
	r.diff, CASE r.git_at_start WHEN 1 THEN 'start' WHEN 0 THEN 'end' END AS git_taken,
	(SELECT value FROM text WHERE id = r.governor) AS governor,
	r.load, r.steal_percent, r.skipped_ns, r.budget AS budget_percent, r.clock_step_ns,
	CASE r.part WHEN 0 THEN 'whole' WHEN 1 THEN 'live' WHEN 2 THEN 'session' END AS part
FROM run AS r;

DROP VIEW IF EXISTS functions;
CREATE VIEW functions AS
SELECT s.run, s.function,
	(SELECT value FROM text WHERE id = f.name) AS name,
	(SELECT value FROM text WHERE id = f.qualified) AS qualified,
	(SELECT value FROM text WHERE id = f.mangled) AS mangled,
	(SELECT value FROM text WHERE id = f.label) AS label,
	(SELECT value FROM text WHERE id = f.file) AS file,
	f.line,
	hotpath_language(f.language) AS language,
	(SELECT value FROM text WHERE id = f.rule) AS rule,
	s.calls, s.running, s.unwound, s.total_ns, s.self_ns, s.sum_ns,
	s.sum_ns * 1.0 / nullif(s.calls - s.running, 0) AS mean_ns,
	iif(s.calls > s.running, s.min_ns, NULL) AS min_ns,
	iif(s.calls > s.running, s.max_ns, NULL) AS max_ns,
	hotpath_percentile(s.hist, r.ns_per_tick, 50, s.min_ns, s.max_ns) AS p50_ns,
	hotpath_percentile(s.hist, r.ns_per_tick, 95, s.min_ns, s.max_ns) AS p95_ns,
	hotpath_percentile(s.hist, r.ns_per_tick, 99, s.min_ns, s.max_ns) AS p99_ns,
	-- as in query.c: of the run's duration without the cost of measuring
	100.0 * s.total_ns / nullif(r.duration_ns * max(0.0, 1
		- 1.0 * coalesce(r.measuring_ns, r.calls * (r.inside_ns + r.outside_ns)) / nullif(max(r.duration_ns, r.thread_ns), 0)), 0) AS percent,
	s.total_ns + s.total_cost_ns AS raw_total_ns, s.self_ns + s.self_cost_ns AS raw_self_ns,
	s.hist, r.ns_per_tick,
	(SELECT value FROM text WHERE id = f.grp) AS "group",
	hotpath_kind(f.kind) AS kind,
	iif(f.body = 0, NULL, printf('%016x', f.body)) AS body,
	f.sample, s.skipped
FROM (
	SELECT p.run, e.value ->> 0 AS function, e.value ->> 1 AS calls, e.value ->> 2 AS running,
		e.value ->> 3 AS unwound, e.value ->> 4 AS total_ns, e.value ->> 5 AS self_ns,
		e.value ->> 6 AS sum_ns, e.value ->> 7 AS min_ns, e.value ->> 8 AS max_ns,
		e.value ->> 9 AS total_cost_ns, e.value ->> 10 AS self_cost_ns, e.value ->> 11 AS skipped,
		hotpath_histogram(p.histograms, e.key) AS hist
	FROM profile AS p, json_each(hotpath_functions(p.functions, p.skipped)) AS e
) AS s JOIN run AS r ON r.id = s.run JOIN function AS f ON f.id = s.function;

DROP VIEW IF EXISTS contexts;
CREATE VIEW contexts AS
SELECT p.run, c.key AS context, c.value ->> 0 AS parent, c.value ->> 1 AS function,
	(SELECT x.value FROM function AS f JOIN text AS x ON x.id = f.name
		WHERE f.id = c.value ->> 1) AS name,
	c.value ->> 2 AS calls, c.value ->> 3 AS total_ns, c.value ->> 4 AS self_ns
FROM profile AS p, json_each(hotpath_contexts(p.contexts)) AS c;

DROP VIEW IF EXISTS threads;
CREATE VIEW threads AS
SELECT t.run, t.n AS thread, t.tid, (SELECT value FROM text WHERE id = t.name) AS name, t.owners,
	t.start_ns, t.end_ns, t.calls, t.total_ns
FROM thread AS t;

DROP VIEW IF EXISTS lost;
CREATE VIEW lost AS
SELECT r.id AS run, c.name AS cause, coalesce(l.calls, 0) AS calls
FROM run AS r CROSS JOIN lost_cause AS c
LEFT JOIN run_lost AS l ON l.run = r.id AND l.cause = c.id;

-- Names that `hotpath tag` gave.
DROP VIEW IF EXISTS tags;
CREATE VIEW tags AS
SELECT t.run, (SELECT value FROM text WHERE id = t.name) AS name
FROM run_tag AS t;

DROP VIEW IF EXISTS objects;
CREATE VIEW objects AS
SELECT DISTINCT u.run, (SELECT value FROM text WHERE id = o.path) AS path,
	nullif(o.build_id, '') AS build_id
FROM run_unit AS u JOIN unit ON unit.id = u.unit JOIN object AS o ON o.id = unit.object;

-- The newest calls that returned, the newest first.
DROP VIEW IF EXISTS recent;
CREATE VIEW recent AS
SELECT r.run, (SELECT x.value FROM function AS f JOIN text AS x ON x.id = f.name
		WHERE f.id = c.value ->> 0) AS name,
	c.value ->> 0 AS function, c.value ->> 1 AS thread, c.value ->> 2 AS start_ns,
	c.value ->> 3 AS duration_ns
FROM run_recent AS r, json_each(hotpath_calls(r.calls)) AS c
ORDER BY r.run DESC, c.key DESC;
