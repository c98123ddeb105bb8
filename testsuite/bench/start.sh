#!/bin/bash
# SPDX-License-Identifier: MIT
# start.sh BUILD CC: what start and end of a measured process cost together, beside the same program unmeasured, in turn, from before
# its fork to after its wait.  The run is handed to `hotpath ingest` at the end, as ever; that has ended before the next one begins.
#
# A program of a single unit, and one of 2,000, each with a function of its own.  These are copies of one object with other names in them:
# 2,000 runs of the compiler would take a minute and make the same.
set -eu
b=$1 cc=$2 pairs=${PAIRS:-101} units=2000
export LC_ALL=C
mkdir -p "$b/bench/start"
cd "$b/bench/start"
# Folders of its own: what waits in others is not taken in by these runs.
rm -rf store && mkdir store
unset HOTPATH_RUN_TOKEN
HOTPATH_DIR=$PWD/store HOTPATH_SEGMENTS=$(mktemp -d "$([ -d /dev/shm ] && echo /dev/shm || echo "$PWD")/hotpath-start.XXXXXX")
export HOTPATH_DIR HOTPATH_SEGMENTS
trap 'rm -rf "$HOTPATH_SEGMENTS"' EXIT
printf '__attribute__((hotpath_measure)) int main(void)\n{\n\treturn 0;\n}\n' >main.c
printf 'void f0000(void);\n__attribute__((hotpath_measure)) void f0000(void)\n{\n}\n' >f0000.c

# build NAME FLAGS...: NAME-one and NAME-many.
build() {
  local name=$1 i
  shift
  "$cc" -O2 -Wno-attributes "$@" -o "$name-one" main.c
  "$cc" -O2 -Wno-attributes "$@" -c f0000.c
  rm -rf copies && mkdir copies
  for ((i = 1; i < units; i++)); do
    printf -v to 'f%04d' "$i"
    sed "s/f0000/$to/g" f0000.o >"copies/$to.o"
  done
  "$cc" -O2 -Wno-attributes "$@" -o "$name-many" main.c f0000.o copies/*.o
  rm -rf copies
}
build bare
build measured "-fplugin=$b/lib/hotpath.so"

# timed PROGRAM: microseconds.  Fewer forks than with time(1), and these are the same for both.
timed() {
  local begin=${EPOCHREALTIME/./}
  "./$1"
  us=$((${EPOCHREALTIME/./} - begin))
}
# settled: waits until the run is in the store, ten seconds at most.
settled() {
  local i
  for ((i = 0; i < 1000; i++)); do
    compgen -G "$HOTPATH_SEGMENTS/*.hotpath-seg" >/dev/null || return 0
    sleep 0.01
  done
  echo "start.sh: a run is not taken in" >&2
  return 1
}
median() { sort -n | sed -n "$(((pairs + 1) / 2))p"; }

# line NAME PROGRAM UNITS
line() {
  local i bare=() measured=() more=()
  for ((i = 0; i < pairs; i++)); do
    # Each is first in turn: what a run leaves behind meets both.
    for p in $( ((i % 2)) && echo bare measured || echo measured bare); do
      timed "$p-$2"
      if [ "$p" = bare ]; then bare+=("$us"); else measured+=("$us"); fi
      settled
    done
    more+=($((measured[i] - bare[i])))
  done
  awk -v name="$1" -v bare="$(printf '%s\n' "${bare[@]}" | median)" -v with="$(printf '%s\n' "${measured[@]}" | median)" \
    -v more="$(printf '%s\n' "${more[@]}" | median)" \
    'BEGIN { printf "%-27s %9.2f %9.2f %9.2f\n", name, bare / 1000, with / 1000, more / 1000 }'
  n=$("$b/bin/hotpath" sql -f csv "SELECT count(*) FROM run_unit WHERE run = (SELECT max(id) FROM run)" | tr -d '\r' | tail -1)
  [ "$n" = "$3" ] || { echo "start.sh: $n units registered, not $3" >&2; return 1; }
}

echo "start and end, median ms      bare  measured      more"
line "1 unit" one 1
line "2,000 units" many $((units + 1))
