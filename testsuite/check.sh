#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh PART...: runs `make PART` for each part, shows what it prints, and adds its tests up.  A part that speaks TAP (bats,
# cmocka) counts by its tests, any other as one test.  Ends with "N passed, N failed, N skipped".
set -u
logs=${B:-build}/test/logs
mkdir -p "$logs"
passed=0 failed=0 skipped=0
export CMOCKA_MESSAGE_OUTPUT=TAP

for part in "$@"; do
  log=$logs/$part.log
  echo "== $part"
  status=0
  { "${MAKE:-make}" --no-print-directory -s "$part" 2>&1; echo $? >"$logs/status"; } | tee "$log"
  status=$(cat "$logs/status")
  ok=$(grep -c '^ok ' "$log")
  skip=$(grep -ciE '^ok .*# *skip' "$log")
  bad=$(grep -c '^not ok ' "$log")
  if [ $((ok + bad)) = 0 ]; then
    if [ "$status" != 0 ]; then bad=1
    elif grep -q '^skipped' "$log"; then ok=1 skip=1
    else ok=1
    fi
  elif [ "$status" != 0 ] && [ "$bad" = 0 ]; then
    echo "$part: exit status $status without a failed test"
    bad=1
  fi
  passed=$((passed + ok - skip)) skipped=$((skipped + skip)) failed=$((failed + bad))
done

for part in "$@"; do
  grep '^not ok ' "$logs/$part.log" | sed "s/^/$part: /"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
