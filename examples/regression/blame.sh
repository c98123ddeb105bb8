#!/bin/sh
# SPDX-License-Identifier: MIT
# blame.sh TIMES: builds two versions of words.c of which one takes a tenth longer in one function, compares them with `hotpath ab`
# TIMES times, and says how often that function was blamed, and how often another.  Ends with 1 unless it is always the one and
# never another.  In the folder of words.c; HOTPATH names the command, PLUGIN the plugin; RUNS (15) and METRIC (self) are for ab.
set -eu
times=${1:-10} runs=${RUNS:-15}
: "${HOTPATH:=hotpath}" "${PLUGIN:=hotpath.so}" "${CC:=gcc}"
$CC -O2 -g -DROUNDS=100 -fplugin="$PLUGIN" -o words-old words.c
$CC -O2 -g -DROUNDS=110 -fplugin="$PLUGIN" -o words-new words.c
blamed=0 others=0 i=0
while [ $i -lt "$times" ]; do
  i=$((i + 1))
  "$HOTPATH" ab -n "$runs" -m "${METRIC:-self}" --base ./words-old --head ./words-new -f csv --limit 0 -o blame.csv
  # Name and verdict; the total is no function.
  slower=$(awk -F, '$3 == "slower" && $1 != "(total)" { print $1 }' blame.csv)
  faster=$(awk -F, '$3 == "faster" && $1 != "(total)" { print $1 }' blame.csv)
  [ "$slower" != scramble ] || blamed=$((blamed + 1))
  [ -z "$(echo $slower $faster | sed 's/\bscramble\b//')" ] || others=$((others + 1))
done
echo "scramble alone was blamed $blamed times of $times; another function $others times"
[ "$blamed" = "$times" ] && [ "$others" = 0 ]
