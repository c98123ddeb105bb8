#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# make bench-compile: what the plugin costs at compile time, in one run, against the same build without it and against
# -finstrument-functions.  On generated code (2,000 functions of one or two lines: FUNCTIONS=n) and on sqlite3's amalgamation,
# which is SQLITE3_C=file or made from Debian's source in the build folder.
#
#   seconds  user time of the compiler, the best of 3 (generated) or 2 (sqlite3)
#   ratio    to the build without the plugin
#   bytes    text more than without the plugin, for each measured function
set -eu
b=$1 cc=$2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$b/bench/compile"
cd "$b/bench/compile"
plugin="-fplugin=$b/lib/hotpath.so"
printf 'rules:\n  - functions: "no_function_has_this_name"\n' >none.yaml
printf 'rules:\n  - functions: "*"\n' >every.yaml

# milliseconds COMMAND...: user time of it and its children, the best of $times.
milliseconds() {
  best=
  for _ in $(seq "$times"); do
    ms=$(bash -c 'TIMEFORMAT=%U; time "$@" 2>/dev/null' - "$@" 2>&1 | tail -1 | tr -d .)
    ms=$((10#${ms:-0}))
    if [ -z "$best" ] || [ "$ms" -lt "$best" ]; then best=$ms; fi
  done
  echo "$best"
}

text() { size -A "$1" | awk '/^\.text/ { n += $2 } END { print n }'; }

# line NAME FLAGS...: the first line of a table is what the others are compared with.
line() {
  name=$1
  shift
  ms=$(milliseconds "$cc" -O2 -w -c "$@" "$source" -o out.o)
  bytes=$(text out.o)
  [ -n "$base" ] || base=$ms base_text=$bytes
  slots=$(nm -S out.o | awk '$4 == "hotpath_slots" { print $2 }')
  [ -z "$slots" ] || count=$((0x$slots / 4))
  awk -v name="$name" -v ms="$ms" -v base="$base" -v grown=$((bytes - base_text)) -v n="$count" 'BEGIN {
    printf "  %-28s %8.2f %7.2f", name, ms / 1000, ms / base
    if (n) printf " %8.1f", grown / n
    print "" }'
}

# table TITLE SOURCE TIMES
table() {
  source=$2 times=$3 base='' count=0
  printf '%-30s %8s %7s %8s\n' "$1" seconds ratio bytes
  line "without the plugin"
  line "no rule matches" "$plugin" -fplugin-arg-hotpath-config=none.yaml
  line "every function measured" "$plugin" -fplugin-arg-hotpath-config=every.yaml
  line "-finstrument-functions" -finstrument-functions
  echo "  ($count functions)"
}

awk -v n="${FUNCTIONS:-2000}" 'BEGIN {
  print "int g(int);"
  for (i = 0; i < n; i += 2) {
    printf "int f%d(int a, int b)\n{\n\treturn g(a + b) + %d;\n}\n", i, i
    printf "int f%d(int a, int b)\n{\n\tif (a > b)\n\t\treturn a - %d;\n\treturn a * b + %d;\n}\n", i + 1, i, i % 7
  } }' >generated.c
table "generated, $cc -O2" generated.c 3

# Debian has the amalgamation only as something that its source makes.
if [ -z "${SQLITE3_C:-}" ] && [ ! -e sqlite3.c ]; then
  if source=$("$here/../source.sh" sqlite3 "$b/counts/source" 2>/dev/null); then
    (rm -rf made && mkdir made && cd made && "$source/configure" && make sqlite3.c && cp sqlite3.c ..) >made.log 2>&1 || true
  fi
fi
amalgamation=${SQLITE3_C:-sqlite3.c}
if [ -e "$amalgamation" ]; then
  table "sqlite3, $cc -O2" "$amalgamation" 2
else
  echo "sqlite3: no source (apt-get source sqlite3; needs deb-src and tclsh), or SQLITE3_C=sqlite3.c"
fi
