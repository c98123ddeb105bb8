#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A store whose every text has quotes, line ends, escape sequences and bytes that are no UTF-8, through every view; and stores that
# cannot be used.

load helper

# All that a store can say is put into what it must not do.
hostile_store() {
  git init -q -b main .
  git -c user.name=n -c user.email=e commit -q --allow-empty -m x
  for i in 1 2 3 4; do HOTPATH_RUN_TOKEN=token-$i HOTPATH_LABEL=side-$((i % 2)) "$PROG"; done
  hotpath ingest -q
  hotpath tag 1..2 a; hotpath tag 3..4 b
  sqlite3 store/hotpath.db "update text set value = value || char(27) || '[31m' || char(27) || ']0;title' || char(7) || char(10) || char(13)
      || '\"''<script>&amp;|\`~~~' || char(0x9b) || 'é' || char(0x202e) || cast(x'ff' as text) || '\\' || char(127) || char(9)
      where value not in ('a', 'b', 'main') and value not like '[%' and length(value) <> 40;
    update text set value = json_insert(value, '\$[#]', char(27) || '[2J' || char(10) || '\"') where value like '[\"%';
    update run set damaged = 1, damage = char(27) || '[2J';"
}

# clean: fails when what is read could steer a terminal, or is no UTF-8.
clean() {
  cat >"$T/out"
  iconv -f UTF-8 -t UTF-8 "$T/out" >/dev/null || { echo "no UTF-8: $1"; return 1; }
  # Control characters but the line end (and, at the end of a CSV line, a return), and C1 ones.
  if LC_ALL=C grep -aqP "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]|\\xc2[\\x80-\\x9f]|\\xe2\\x80\\xae|\\r." "$T/out"; then
    echo "control characters: $1"; LC_ALL=C grep -anP "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]|\\xc2[\\x80-\\x9f]|\\xe2\\x80\\xae|\\r." "$T/out" | cat -v | head -3
    return 1
  fi
}

@test "no name steers the terminal, in any view" {
  hostile_store
  function_=$(sqlite3 store/hotpath.db "select value from text where value like 'inner%' limit 1")
  for view in "report" "report --tree" "report --callers" "report -f markdown" "report --tree -f markdown" \
    "runs" "runs -f markdown" "diff a b" "diff a b -f markdown" "diff 1 2" "db check" "db path" "gc -n" "trend total" "blame total" "show last" \
    "show total" "doctor" "report --focus nothing" "diff nothing b" "trend nothing" "report --run nothing"; do
    hotpath $view 2>&1 | clean "$view"
  done
  hotpath trend "$function_" 2>&1 | clean "trend"
  hotpath blame "$function_" 2>&1 | clean "blame"
  hotpath diff "$function_" b 2>&1 | clean "diff of a hostile set"
  hotpath tag last "$function_" 2>&1 | clean "tag"
  hotpath sql "select * from functions" 2>&1 | clean "sql"
  hotpath sql "select '$(printf '\033')[2J' as \"$(printf '\033')[2J\"" 2>&1 | clean "sql title"
  hotpath sql "select nonsense $(printf '\033')[2J" 2>&1 | clean "sql error"
  hotpath db import "$(printf 'no\033[2Jwhere')" 2>&1 | clean "db import"
  hotpath db export "$(printf 'no\033[2Jwhere/x')" 2>&1 | clean "db export"
  hotpath db "$(printf '\033[2J')" 2>&1 | clean "db"
  hotpath gc --keep "$(printf '\033[2J')" 2>&1 | clean "gc"
  hotpath "$(printf '\033[2J')" 2>&1 | clean "command"
  hotpath run -- "$(printf './no\033[2Jwhere')" 2>&1 | clean "run"
}

@test "no name breaks a format that programs read" {
  hostile_store
  for view in "report" "report --tree" "runs" "diff a b" "doctor" "export -f speedscope" "export -f chrome"; do
    format="-f json"; [[ $view == export* ]] && format=
    hotpath $view $format 2>/dev/null >"$T/json"
    jq -e . <"$T/json" >/dev/null || { echo "$view"; return 1; }
    clean "$view" <"$T/json"
  done
  hotpath sql -f json 'select * from runs' | jq -e '.[0].host' >/dev/null
  # A line of CSV may have line ends in quotes; each has as many fields as the heading all the same.
  for view in "report" "runs" "diff a b" "sql select * from functions"; do
    if [[ $view == sql* ]]; then hotpath sql -f csv "${view#sql }"; else hotpath $view -f csv; fi >"$T/csv"
    perl -0777 -ne 's/"(?:[^"]|"")*"/q/gs; my @l = split /\r\n/; my $n = () = $l[0] =~ /,/g; for (@l) { my $m = () = /,/g; exit 1 if $m != $n || /["\n]/ }' "$T/csv" \
      || { echo "$view"; head -c 2000 "$T/csv" | cat -v; return 1; }
  done
  hotpath diff a b -f html >"$T/html"
  ! grep -q '<script>&amp;|' "$T/html"
  hotpath flamegraph -o f.svg
  ! grep -q '<script>&amp;|' f.svg
  hotpath export -f callgrind -o c.out
  hotpath export -f folded | clean folded
}

@test "a hostile store comes out of export and import as it was" {
  hostile_store
  hotpath db export x
  script -qec "hotpath report -f csv" /dev/null | tr -d "\r" | clean "CSV on a terminal"
  HOTPATH_DIR=$T/other hotpath db import x
  for i in 1 2 3 4; do
    cmp <(hotpath report -r $i -f json | jq -S .) <(HOTPATH_DIR=$T/other hotpath report -r $i -f json | jq -S .)
  done
}

@test "a store that another process writes to is waited for" {
  leave_segment; hotpath ingest -q
  (echo 'begin immediate;'; sleep 2; echo 'commit;') | sqlite3 store/hotpath.db &
  for i in $(seq 50); do sqlite3 store/hotpath.db 'begin immediate; commit' 2>/dev/null || break; sleep 0.05; done
  leave_segment
  # Readers do not wait, the one who takes in does.
  [ "$(sqlite3 store/hotpath.db 'select count(*) from runs')" = 1 ]
  hotpath ingest -q
  wait
  [ "$(query 'select count(*) from runs')" = 2 ]
}

@test "a truncated store is told, what is there is left, and segments wait" {
  for i in 1 2 3; do leave_segment; hotpath ingest -q; done
  size=$(stat -c %s store/hotpath.db)
  for cut in 100 4096 $((size / 2)) $((size - 4096)); do
    cp store/hotpath.db whole
    truncate -s $cut store/hotpath.db
    leave_segment
    run hotpath ingest
    if [ "$status" -ne 0 ]; then
      [ "$status" -eq 2 ] && [ "$(segments)" -eq 1 ] || { echo "$cut: $status $output"; return 1; }
      [[ $output == *"damaged"* || $output == *"not a hotpath store"* ]] || { echo "$cut: $output"; return 1; }
    fi
    run hotpath db check
    [ "$status" -ne 0 ] || { echo "$cut: not found"; return 1; }
    rm -f store/hotpath.db-*; mv whole store/hotpath.db
    rm -f segments/*
  done
  hotpath db check
}

@test "a read-only store can be asked, and segments wait" {
  can_be_nobody || skip "needs root, setpriv, and a build folder that others may enter"
  leave_segment; hotpath ingest -q
  chmod 755 "$T"; chmod 555 store; chmod 444 store/hotpath.db
  mkdir -m 700 mine; chown 65534 mine
  as_nobody() { setpriv --reuid 65534 --clear-groups env HOME=/nonexistent HOTPATH_SEGMENTS=$T/mine "$@"; }
  cp "$PROG" prog; chmod 755 prog
  as_nobody env HOTPATH_RUN_TOKEN=x ./prog
  run as_nobody hotpath runs
  [ "$status" -eq 0 ]
  [[ $output == *"cannot be written"* ]] || { echo "$output"; return 1; }
  [[ $output == *" exit 0 "* ]]
  [ "$(find mine -name '*.hotpath-seg' | wc -l)" -eq 1 ]
  run as_nobody hotpath tag last x
  [ "$status" -eq 2 ]
  [[ $output == *"cannot be written"* ]] || { echo "$output"; return 1; }
}

@test "on a full disk a store can be asked, what is no room is called so, and segments wait" {
  mount -t tmpfs -o size=1m none "$(mkdir -p "$T/small" && echo "$T/small")" 2>/dev/null || skip "cannot mount"
  export HOTPATH_DIR=$T/small/store
  leave_segment; hotpath ingest -q
  cat /dev/zero >small/fill 2>/dev/null || true
  leave_segment
  run --separate-stderr hotpath runs -f csv
  wrong=$status/$stderr shown=$output
  run hotpath tag 1 x
  tag=$status/$output
  run hotpath doctor --cc /nowhere/gcc
  doctor=$output
  run hotpath run "$PROG"
  ran=$status/$output waiting=$(segments)
  rm small/fill
  run hotpath ingest
  later=$status/$output
  umount small
  [ "$(wc -l <<<"$shown")" -eq 2 ] || { echo "$wrong $shown"; return 1; }
  room="no room for the store $HOTPATH_DIR/hotpath.db; free some, the segments wait until then"
  [ "$wrong" = "0/hotpath: $room" ] || { echo "$wrong"; return 1; }
  [[ $tag == "2/hotpath: $room"* ]] || { echo "$tag"; return 1; }
  [[ $doctor == *"FAIL  store "*"$room"* ]] || { echo "$doctor"; return 1; }
  [[ $ran == "0/hotpath: $room" ]] || { echo "$ran"; return 1; }
  [ "$waiting" -eq 2 ]
  [ "$later" = "0/2 runs taken in" ]
}

@test "no room for segments is why nothing was measured" {
  mount -t tmpfs -o size=1m,mode=700 none "$(mkdir -p "$T/small" && echo "$T/small")" 2>/dev/null || skip "cannot mount"
  cat /dev/zero >small/fill 2>/dev/null || true
  run env HOTPATH_SEGMENTS="$T/small" hotpath run "$PROG"
  ran=$output
  run env HOTPATH_SEGMENTS="$T/small" hotpath doctor --cc /nowhere/gcc
  umount small
  [ "$ran" = "hotpath: nothing was measured: $T/small, where programs record into, has no room; free some, or set HOTPATH_SEGMENTS to another folder" ] ||
    { echo "$ran"; return 1; }
  [[ $output == *"FAIL  segments  $T/small has no room"* ]] || { echo "$output"; return 1; }
}

@test "a store whose folder cannot be made says which right is missing" {
  can_be_nobody || skip "needs root, setpriv, and a build folder that others may enter"
  mkdir -m 555 closed
  chmod 755 "$T"
  mkdir -m 700 mine; chown 65534 mine
  HOTPATH_RUN_TOKEN=left HOTPATH_DIR="$T/closed/a/b" HOTPATH_SEGMENTS="$T/mine" setpriv --reuid 65534 --clear-groups "$PROG" || skip "the program cannot be run by others"
  run env HOTPATH_DIR="$T/closed/a/b" HOTPATH_SEGMENTS="$T/mine" setpriv --reuid 65534 --clear-groups "$BUILD/bin/hotpath" ingest
  [ "$status" -eq 2 ]
  [[ $output == *"cannot make the folder $T/closed/a/b for the store: Permission denied; set HOTPATH_DIR"* ]] || { echo "$output"; return 1; }
}
