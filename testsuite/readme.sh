#!/bin/sh
# SPDX-License-Identifier: MIT
# make readme: writes what `make demo`, `make check-stats` and `make bench` print on this machine into README.md, between their markers.
# make readme BLOCKS="stats ab": only these.
set -eu
b=$1 blocks=${2:-report ab stats bench}
logs=$b/readme
mkdir -p "$logs"

# block NAME: replaces what stands between the marker of NAME and the next end marker by standard input.
block() {
  { echo; echo '```'; sed 's/ *$//'; echo '```'; echo; } >"$logs/block"
  awk -v name="$1" -v file="$logs/block" '
    $0 ~ "^<!-- " name ":" { print; while ((getline line < file) > 0) print line; skip = 1; next }
    /^<!-- end -->/ { skip = 0 }
    !skip' README.md >"$logs/README.md"
  cat "$logs/README.md" >README.md
}

rm -rf "$b/demo" # a first run, as a newcomer sees it
for name in $blocks; do
  case $name in
    report) make -s demo-run | sed -n '/^\$ hotpath report/,$p' | block report ;;
    ab) make -s demo-ab-run | sed -n '/^\$ hotpath ab/,$p' | block ab ;;
    stats) make -s check-stats | block stats ;;
    bench) make -s bench | block bench ;;
    *) echo "make readme: there is no block '$name': expected report, ab, stats or bench" >&2; exit 1 ;;
  esac
done
