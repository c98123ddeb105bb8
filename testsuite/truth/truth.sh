#!/bin/sh
# SPDX-License-Identifier: MIT
# make check-truth: reported times against known ones.  Not part of `make check`: a machine that is busy all the time may fail it.
#
# truth.c says what is true, and how far the report may be from it: within 2 % and the 0.8 % of the histogram, or 7 ns for a short
# function; percentiles of known durations within 1 %; what a clock around a call says within 0.1 % of that as measured; the loop
# around 20 million tiny calls within a tenth of what measuring them costs.  That holds with HOTPATH_CLOCK=ordered.  By itself the clock is read while the
# processor still works on what came before, or already on what comes after, as far as it works ahead: that is worth up to 10 ns of each
# measured call.
#
# What must be equal is: of threads that have functions of their own, the self times of these add up to the thread's
# time, and that is its root's.  Under a budget self times are estimates, and need not.
set -eu
b=$1 cc=$2 here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$b/truth"
cd "$b/truth"
rm -rf store segments
mkdir store
export HOTPATH_DIR="$b/truth/store"
$cc -O2 -falign-loops=32 -falign-functions=64 -pthread -fplugin="$b/lib/hotpath.so" -o truth "$here/truth.c"
ask() { "$b/bin/hotpath" sql -f csv "$1" | tr -d '\r' | tail -n +2; }

# figures: those of truth.txt, with what the newest run has for them.
figures() {
  ask "WITH truth(n, name, figure, truth, allowed) AS (VALUES $(awk '{ printf "%s(%d, '\''%s'\'', '\''%s'\'', %s, %s)", n++ ? ", " : "", NR, $1, $2, $3, $4 }' truth.txt))
    SELECT t.name, t.figure, t.truth, t.allowed, CASE t.figure WHEN 'self' THEN 1.0 * f.self_ns / f.calls WHEN 'raw' THEN f.raw_total_ns
      ELSE hotpath_percentile(f.hist, f.ns_per_tick, CAST(substr(t.figure, 2) AS REAL), f.min_ns, f.max_ns) END AS reported
    FROM truth AS t LEFT JOIN functions AS f ON f.name = t.name AND f.run = (SELECT max(id) FROM runs) ORDER BY t.n"
}

# sums: of each thread with a name its time, that of its root, and the self times of its functions, net and as measured.
sums() {
  ask "SELECT t.name, t.total_ns, sum(f.total_ns) FILTER (WHERE f.name GLOB 'root_*'), sum(f.self_ns), count(*),
      sum(f.raw_total_ns) FILTER (WHERE f.name GLOB 'root_*') AS root, sum(f.raw_self_ns) AS selfs
    FROM threads AS t JOIN functions AS f ON f.run = t.run AND f.name GLOB '*_of_' || t.name
    WHERE t.run = (SELECT max(id) FROM runs) GROUP BY t.name"
}

# compare SLACK: runs of the program, as the environment has it, with the truth; a measured call may be so many ns off.  What another
# program does on the machine hits twins alike only in the long run: a row is wrong when it is so in three runs of three.
compare() {
  : >wrong
  for run in 1 2 3; do
    "$b/bin/hotpath" run -- ./truth "$1" >truth.txt
    figures >figures.csv
    awk -F, -v expected="$(wc -l <truth.txt)" -v run=$run '
      FILENAME == "wrong" { before[$0] = 1; next }
      FNR == 1 { printf "%-23s %-6s %13s %13s %8s\n", "function", "figure", "true ns", "reported ns", "error %" }
      {
        n++
        off = $5 - $3
        bad = $5 == "" || off > $4 || -off > $4
        printf "%-23s %-6s %13.1f %13.1f %8.2f%s\n", $1, $2, $3, $5, 100 * off / $3, bad ? "  too far" : ""
        if (bad && (run == 1 || before[$1 " " $2]))
          print $1, $2 >"wrong.new"
      }
      END { exit n != expected || n < 30 }' wrong figures.csv || return 1
    [ -f wrong.new ] || return 0
    mv wrong.new wrong
  done
  echo "too far in three runs of three: $(paste -sd, wrong)"
  return 1
}

# add_up: whether the self times of each thread do.  Each function is rounded to whole nanoseconds; and when another thread finds that the machine
# changed its speed, the newest calls by recursion cost their callers what they cost before: a millionth of the time.
add_up() {
  sums >sums.csv
  awk -F, '
    function apart(a, b) { return a > b ? a - b : b - a }
    NR == 1 { printf "%-23s %13s %13s %13s\n", "thread", "its time ns", "its root ns", "sum of selfs" }
    {
      bad = $3 == "" || apart($2, $3) > 1 || apart($2, $4) > $5 + $2 / 1e6 || apart($6, $7) > $5
      printf "%-23s %13d %13d %13d%s\n", $1, $2, $3, $4, bad ? "  not equal" : ""
      failed += bad
    }
    END { exit failed > 0 || NR != 4 }' sums.csv
}

failed=0
echo "-- every call timed, HOTPATH_CLOCK=ordered"
HOTPATH_CLOCK=ordered compare 0 || failed=1
add_up || failed=1
echo "-- every call timed"
compare 10 || failed=1
add_up || failed=1
echo "-- HOTPATH_BUDGET=2%"
HOTPATH_BUDGET=2% compare 10 || failed=1
exit $failed
