#!/bin/sh
# SPDX-License-Identifier: MIT
# make readme: writes what `make demo`, `make check-stats` and `make bench` print on this machine into README.md, between their markers.
set -eu
b=$1
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
make -s demo-run | sed -n '/^\$ hotpath report/,$p' | block report
make -s demo-ab-run | sed -n '/^\$ hotpath ab/,$p' | block ab
make -s check-stats | block stats
make -s bench | block bench
