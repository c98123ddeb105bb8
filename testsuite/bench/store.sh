#!/bin/bash
# SPDX-License-Identifier: MIT
# store.sh BUILD [RUNS [FUNCTIONS]]: the size and speed of a large store, as a Markdown table.
#
# Times are of whole processes, in turn with the one they are compared with, the medians of ROUNDS (15).  HOTPATH_BENCH_STORE names a
# folder with a store to keep, or to take again.
set -eu
build=$(cd "$1" && pwd)
runs=${2:-10000} functions=${3:-300} rounds=${ROUNDS:-15}
dir=${HOTPATH_BENCH_STORE:-$(mktemp -d)}
[ -n "${HOTPATH_BENCH_STORE:-}" ] || trap 'rm -rf "$dir"' EXIT
export HOTPATH_DIR=$dir HOTPATH_SEGMENTS=$dir/segments LC_ALL=C.UTF-8
mkdir -p -m 700 "$dir/segments"
[ -e "$dir/hotpath.db" ] || "$build/test/make_store" "$dir" "$runs" "$functions"
db=$dir/hotpath.db
runs=$(sqlite3 "$db" 'select count(*) from runs')

hotpath() { "$build/bin/hotpath" "$@"; }
# timed COMMAND...: microseconds that it takes.
timed() {
  local begin=${EPOCHREALTIME/./}
  "$@" >/dev/null
  echo $((${EPOCHREALTIME/./} - begin))
}
median() { sort -n | sed -n "$(((rounds + 1) / 2))p"; }

measure() {
  local name=$1 limit=$2 i base=() here=()
  shift 2
  for ((i = 0; i < rounds; i++)); do
    base+=("$(timed sqlite3 "$db" 'select count(*) from runs')")
    here+=("$(timed "$build/bin/hotpath" "$@")")
  done
  awk -v name="$name" -v limit="$limit" -v a="$(printf '%s\n' "${base[@]}" | median)" -v b="$(printf '%s\n' "${here[@]}" | median)" \
    'BEGIN { printf "| %-42s | %8.1f ms | %6.1f ms | %5.2f | %-9s | %s |\n", name, b / 1000, a / 1000, b / a, limit ? "<= " limit : "-",
      !limit ? "" : b <= limit * a ? "yes" : "NO" }'
}

size=$(stat -c %s "$db")
echo "A store of $runs runs of $functions functions: $((size >> 20)) MiB, $(awk -v s="$size" -v r="$runs" 'BEGIN { printf "%.1f", s / r / 1024 }') KiB a run (promised: <= 20)."
echo
printf '| %-42s | %11s | %9s | %5s | %-9s | kept |\n' "command, whole process" "median" "sqlite3" ratio promised
echo '| --- | ---: | ---: | ---: | --- | --- |'
measure 'hotpath report --run last' 5 report --run last
measure 'hotpath diff, 10 + 10 runs' 5 diff 101..110 121..130
measure 'hotpath diff main feature (20 + 20)' '' diff main feature
measure 'hotpath runs' '' runs
if hotpath help trend >/dev/null 2>&1; then
  measure 'hotpath trend fn299 (all commits of main)' '' trend fn299 --branch main
fi
measure 'hotpath report --tree' '' report --tree
measure 'hotpath gc --dry-run' '' gc --dry-run --keep 10y
