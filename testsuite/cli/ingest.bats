#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

@test "a program hands its run over at its end" {
  run "$PROG" 4
  for i in $(seq 100); do [ "$(segments)" -eq 0 ] && break; sleep 0.05; done
  [ "$(query 'select status, sealed from runs')" = 4,1 ]
}

@test "ingest takes a file once, and deletes it after" {
  leave_segment
  cp segments/*.hotpath-seg copy.hotpath-seg
  run hotpath ingest segments/*.hotpath-seg
  [ "$status" -eq 0 ]
  [ "$output" = "run 1" ]
  [ "$(segments)" -eq 0 ]
  run hotpath ingest copy.hotpath-seg
  [ "$output" = "run 1 (known already)" ]
  [ ! -e copy.hotpath-seg ]
  [ "$(query 'select count(*) from runs')" = 1 ]
}

@test "ingest without a file takes what waits" {
  leave_segment; leave_segment
  run hotpath ingest
  [ "$status" -eq 0 ]
  [ "$output" = "2 runs taken in" ]
  [ "$(hotpath ingest)" = "0 runs taken in" ]
  [ -z "$(hotpath ingest --quiet)" ]
}

@test "segments go to the store they name" {
  HOTPATH_DIR=$T/other leave_segment
  leave_segment
  [ "$(hotpath ingest)" = "1 run taken in" ]
  [ "$(segments)" -eq 1 ]
  [ "$(hotpath ingest --all)" = "1 run taken in" ]
  [ "$(HOTPATH_DIR=$T/other hotpath sql -f csv 'select count(*) from runs' | tail -1 | tr -d '\r')" = 1 ]
  [ "$(query 'select count(*) from runs')" = 1 ]
}

@test "the segment of a live process is left alone until it is killed" {
  "$PROG" sleep >ready 3>&- &
  pid=$!
  for i in $(seq 100); do [ -s ready ] && break; sleep 0.05; done
  [ "$(segments)" -eq 1 ]
  [ "$(hotpath ingest)" = "0 runs taken in, 1 still recording" ]
  run hotpath ingest segments/*.hotpath-seg
  [ "$status" -eq 2 ]
  [[ $output == *"still being recorded"* ]]
  kill -9 $pid
  wait $pid || true
  run hotpath report
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == *"killed or _exit"* ]]
  [[ $output == *"wait_here [running]"* ]]
  [ "$(query "select calls, running, mean_ns is null from functions where name = 'wait_here'")" = 1,1,1 ]
  [ "$(query "select calls from functions where name = 'inner'")" = 100 ]
}

@test "a damaged segment is told, kept, and does not hold up the others" {
  leave_segment; leave_segment
  set -- segments/*.hotpath-seg
  printf 'XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX' | dd of="$1" bs=1 seek=200 conv=notrunc status=none
  printf '\377\377\377\377' | dd of="$1" bs=1 seek=16 conv=notrunc status=none
  run hotpath ingest
  [ "$status" -eq 2 ]
  [[ $output == *"$1"* ]]
  [[ $output == *"1 run taken in"* ]]
  [ -e "$1.damaged" ]
  run hotpath ingest
  [ "$status" -eq 0 ]
}

@test "what is no segment is refused and left" {
  echo hello >letter.txt
  run hotpath ingest letter.txt
  [ "$status" -eq 2 ]
  [[ $output == *"letter.txt: not a hotpath segment"* ]]
  [ -e letter.txt ]
  run hotpath ingest nothing.hotpath-seg
  [ "$status" -eq 2 ]
  [[ $output == *"there is no segment nothing.hotpath-seg"* ]]
  leave_segment
  ln -s segments/*.hotpath-seg link.hotpath-seg
  run hotpath ingest link.hotpath-seg
  [ "$status" -eq 2 ]
  [[ $output == *"symbolic link"* ]]
  misuse "exclude each other" hotpath ingest --all x
}

@test "a segment folder that others can write is not trusted" {
  leave_segment
  chmod 777 segments
  [ "$(hotpath ingest)" = "0 runs taken in" ]
  run hotpath doctor
  [[ $output == *"FAIL  segments"* ]]
}

@test "64 processes that end at the same instant all get in" {
  pids=
  # They wait for one lock, and are let go at once.
  exec 9>go; flock 9
  for i in $(seq 64); do (exec 9>&-; flock -s go true; exec "$PROG" $((i % 7))) 3>&- & pids="$pids $!"; done
  sleep 0.5; exec 9>&-
  for p in $pids; do wait $p || true; done
  for i in $(seq 400); do [ "$(segments)" -eq 0 ] && break; sleep 0.05; done
  [ "$(query 'select count(*) from runs')" = 64 ]
  [ "$(query "select sum(calls) from functions where name = 'inner'")" = 6400 ]
  [ "$(sqlite3 store/hotpath.db 'pragma integrity_check')" = ok ]
}

@test "many commands that take in the same segments make one run of each" {
  for i in $(seq 8); do leave_segment; done
  for i in $(seq 12); do hotpath ingest >out.$i 2>err.$i 3>&- & done
  wait
  [ -z "$(cat err.*)" ]
  [ "$(query 'select count(*) from runs')" = 8 ]
}

@test "the report at the end follows the environment" {
  run env HOTPATH_OUTPUT_FORMAT=json HOTPATH_LIMIT=1 HOTPATH_FOCUS=inner HOTPATH_PERCENTILES=90 "$PROG"
  [ "$status" -eq 0 ]
  [ "$(jq -c '[.functions[]|[.name,(.percentiles|keys[0])]]' <<<"$output")" = '[["inner","90"]]' ]
  HOTPATH_OUTPUT_FORMAT=csv HOTPATH_OUTPUT_PATH=$T/r.csv "$PROG"
  [ "$(wc -l <r.csv)" -eq 4 ]
  run env HOTPATH_OUTPUT_FORMAT=none "$PROG"
  [ -z "$output" ]
}

@test "a mistake in the environment is told, and the run is kept" {
  leave_segment
  HOTPATH_OUTPUT_FORMAT=xml run hotpath ingest --report segments/*
  [ "$status" -eq 2 ]
  [[ $output == *"HOTPATH_OUTPUT_FORMAT=xml"* ]]
  [ "$(query 'select count(*) from runs')" = 1 ]
  leave_segment
  HOTPATH_OUTPUT_FORMAT=json HOTPATH_LIMIT=x run hotpath ingest --report segments/*
  [[ $output == *"HOTPATH_LIMIT=x"* ]]
  leave_segment
  HOTPATH_OUTPUT_FORMAT=json HOTPATH_PERCENTILES=x run hotpath ingest --report segments/*
  [[ $output == *"HOTPATH_PERCENTILES"* ]]
}

@test "a store that is locked, newer, foreign or damaged is told" {
  leave_segment; hotpath ingest -q
  sqlite3 store/hotpath.db 'pragma user_version = 99'
  run hotpath report
  [ "$status" -eq 2 ]
  [[ $output == *"newer hotpath"* ]]
  # A segment stays when its store cannot be used.
  leave_segment
  run hotpath ingest
  [ "$status" -eq 2 ]
  [ "$(segments)" -eq 1 ]
  # It is said once, however many segments wait.
  leave_segment
  run hotpath runs
  [ "${#lines[@]}" -eq 1 ]
  sqlite3 store/hotpath.db 'pragma user_version = 1; pragma application_id = 1'
  run hotpath report
  [[ $output == *"another program"* ]]
  rm -rf store; mkdir store; head -c 20000 /dev/urandom >store/hotpath.db
  run hotpath runs
  [[ $output == *"not a hotpath store"* ]]
}

# of_format HEX FILE: makes a segment one of another format; format_of FILE: which it has.
of_format() { printf '%b' "\\x$1" | dd of="$2" bs=1 seek=8 conv=notrunc status=none; }
format_of() { od -An -tu1 -j8 -N1 "$1" | tr -d ' '; }

@test "a segment of another hotpath is told of once, and by ingest and doctor whenever they are asked" {
  leave_segment; hotpath ingest -q
  leave_segment
  s=$(echo segments/*.hotpath-seg) ours=$(format_of segments/*.hotpath-seg)
  of_format 63 "$s" # 99
  run --separate-stderr hotpath runs
  [ "$status" -eq 0 ]
  [ "${#stderr_lines[@]}" -eq 1 ] || { echo "$stderr"; return 1; }
  [[ $stderr == *"$(basename "$s"): recorded by a newer hotpath (its segments have format 99, this one, "*", reads format $ours); install that one"* ]]
  for command in runs report "db check"; do
    run --separate-stderr hotpath $command
    [ -z "$stderr" ] || { echo "$command: $stderr"; return 1; }
  done
  for _ in 1 2; do
    run hotpath ingest
    [ "$status" -eq 2 ]
    [[ $output == *"a newer hotpath"*"0 runs taken in" ]]
  done
  run hotpath ingest "$s"
  [ "$status" -eq 2 ]
  [[ $output == *"a newer hotpath"* ]]
  run hotpath run -- true
  [[ $output == *"nothing was measured"* ]]
  [[ $(hotpath doctor) == *"warn  segments  $T/$s: recorded by a newer hotpath"* ]]
  [[ $(hotpath doctor) != *"to be taken in"* ]]
  # Another one is another one.
  PROG=$PROG leave_segment
  other=$(ls segments/*.hotpath-seg | grep -vF "$s")
  of_format 01 "$other"
  run --separate-stderr hotpath runs
  [ "${#stderr_lines[@]}" -eq 1 ]
  [[ $stderr == *"$other: recorded by an older hotpath (its segments have format 1,"*"installed with its program's runtime"* ]]
  # Nothing is left behind when they have gone.
  of_format "0$ours" "$s"
  [ "$(hotpath ingest 2>/dev/null)" = "1 run taken in" ]
  rm "$other"
  hotpath runs
  [ -z "$(ls -A segments)" ]
}

@test "a segment of another hotpath whose program still runs is nobody's business" {
  leave_segment; hotpath ingest -q
  "$PROG" sleep >ready &
  until [ -s ready ]; do sleep 0.05; done
  s=$(echo segments/*.hotpath-seg) ours=$(format_of segments/*.hotpath-seg)
  of_format 63 "$s"
  run --separate-stderr hotpath runs
  [ -z "$stderr" ]
  [ "$(hotpath ingest)" = "0 runs taken in, 1 still recording" ]
  run hotpath runs --live
  [ "$status" -eq 0 ]
  kill -9 $!
  wait || true
  run --separate-stderr hotpath runs
  [[ $stderr == *"a newer hotpath"* ]]
  of_format "0$ours" "$s"
  [ "$(hotpath ingest)" = "1 run taken in" ]
}

@test "a full disk keeps the segment" {
  mount -t tmpfs -o size=64k none "$(mkdir -p "$T/small" && echo "$T/small")" 2>/dev/null || skip "cannot mount"
  HOTPATH_DIR=$T/small leave_segment
  HOTPATH_DIR=$T/small run hotpath ingest
  umount "$T/small"
  [ "$status" -eq 2 ]
  [[ $output == *"room"* ]] || { echo "$output"; return 1; }
  [ "$(segments)" -eq 1 ]
}

@test "git: branch, commit and whether the work tree differs" {
  git init -q -b topic .
  git -c user.name=n -c user.email=e commit -q --allow-empty -m x
  echo a >file; git add file; git -c user.name=n -c user.email=e commit -q -m y
  leave_segment; hotpath ingest -q
  [ "$(query 'select branch, commit_id, dirty from runs where id = 1')" = "topic,$(git rev-parse HEAD),0" ]
  echo b >file
  leave_segment; hotpath ingest -q
  [ "$(query 'select dirty from runs where id = 2')" = 1 ]
  run hotpath report
  [[ ${lines[0]} == *"topic@$(git rev-parse --short=7 HEAD)*  "* ]]
}

@test "without git the run is kept, with nulls" {
  mkdir bin; ln -s "$(command -v hotpath)" bin/
  leave_segment
  PATH=$T/bin hotpath ingest -q
  [ "$(hotpath report -f json | jq -c .run.git)" = '{"branch":null,"commit":null,"dirty":null,"diff":null,"taken":null}' ]
}

@test "the store is beside hotpath.yaml, else .git, else in the state folder" {
  unset HOTPATH_DIR
  mkdir -p p/sub/deep
  git init -q p
  (cd p/sub/deep && hotpath run -- "$PROG")
  [ -e p/.hotpath/hotpath.db ]
  [ "$(cat p/.hotpath/.gitignore)" = "*" ]
  [ "$(stat -c %a p/.hotpath/hotpath.db)" = 600 ]
  touch p/sub/hotpath.yaml
  (cd p/sub/deep && hotpath run -- "$PROG")
  [ -e p/sub/.hotpath/hotpath.db ]
  mkdir alone
  (cd alone && hotpath run -- "$PROG")
  [ -e state/hotpath/hotpath.db ]
}
