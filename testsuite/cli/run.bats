#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

@test "run passes the exit status on, and stores it" {
  run hotpath run -- "$PROG" 7
  [ "$status" -eq 7 ]
  [ -z "$output" ]
  [ "$(query 'select status, sealed from runs')" = 7,1 ]
  [ "$(segments)" -eq 0 ]
}

@test "run stores the signal that killed the command, with every call" {
  run hotpath run "$PROG" kill
  [ "$status" -eq 137 ]
  [ "$(query 'select status is null, signal, sealed from runs')" = 1,9,0 ]
  [ "$(query "select calls from functions where name = 'inner'")" = 100 ]
  run hotpath report
  [[ ${lines[0]} == *"killed by SIGKILL"* ]]
}

@test "run sets the label, and options after the command are the command's" {
  hotpath run -l 'my label' -- "$PROG" 0 --report
  [ "$(query 'select label from runs')" = "my label" ]
  [ "$(query 'select argv from runs' | grep -c report)" = 1 ]
}

@test "run --report prints the report at the end" {
  run hotpath run --report -- "$PROG"
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == "Run 1 "* ]]
  [[ $output == *"inner"* ]]
}

@test "run takes in all processes of the command; the command's own is last" {
  cat >both.sh <<EOS
#!/bin/sh
"$PROG" 1
"$PROG" 2
exec "$PROG" 3
EOS
  chmod +x both.sh
  run hotpath run -- ./both.sh
  [ "$status" -eq 3 ]
  [ "$(query 'select count(*) from runs')" = 3 ]
  [ "$(hotpath report -f json | jq .run.exit.status)" = 3 ]
}

@test "a command that cannot be started: 127 and 126" {
  run -127 hotpath run -- ./nowhere
  [[ $output == *"cannot start './nowhere'"* ]]
  touch plain
  run hotpath run -- ./plain
  [ "$status" -eq 126 ]
  misuse "needs [--] COMMAND" hotpath run
  misuse "has no option --bogus" hotpath run --bogus -- true
}

@test "a command that measures nothing is explained, and keeps its status" {
  run hotpath run -- sh -c 'exit 5'
  [ "$status" -eq 5 ]
  [[ $output == *"nothing was measured"*"-fplugin=hotpath.so"* ]]
  HOTPATH_DISABLE=1 run hotpath run -- "$PROG"
  [ "$status" -eq 0 ]
  [[ $output == *"HOTPATH_DISABLE is set"* ]]
}

@test "a signal to run alone reaches the command" {
  hotpath run -- "$PROG" sleep >ready 3>&- &
  pid=$!
  for i in $(seq 100); do [ -s ready ] && break; sleep 0.05; done
  kill -TERM $pid
  status=0
  wait $pid || status=$?
  [ "$status" -eq 143 ]
  [ "$(query 'select signal from runs')" = 15 ]
}

@test "a detached HEAD takes the branch from the CI system" {
  git init -q -b topic .
  git -c user.name=n -c user.email=e commit -q --allow-empty -m x
  git checkout -q --detach
  GITHUB_HEAD_REF=feature hotpath run -- "$PROG"
  [ "$(query 'select branch, commit_id from runs')" = "feature,$(git rev-parse HEAD)" ]
}

@test "run refuses a wrong format before it runs anything" {
  HOTPATH_OUTPUT_FORMAT=xml run hotpath run -- touch ran
  [ "$status" -eq 2 ]
  [ ! -e ran ]
}

@test "a value that programs would pass over is told before anything is run" {
  HOTPATH_BUDGET=abc misuse "HOTPATH_BUDGET=abc is no budget: expected such as 2%" hotpath run touch ran
  HOTPATH_BUDGET=2%% misuse "is no budget" hotpath run touch ran
  HOTPATH_BUDGET=1.2.3 misuse "is no budget" hotpath run touch ran
  HOTPATH_BUDGET=. misuse "is no budget" hotpath run touch ran
  HOTPATH_BUDGET=-1 misuse "is no budget" hotpath run touch ran
  HOTPATH_CLOCK=sundial misuse "HOTPATH_CLOCK=sundial is no clock: expected tsc, ordered or monotonic" hotpath run touch ran
  HOTPATH_SHUTDOWN_MS=5s misuse "HOTPATH_SHUTDOWN_MS=5s is no number of milliseconds" hotpath run touch ran
  [ ! -e ran ]
  for good in 2 2% '0.5 %' .5% 0 ''; do HOTPATH_BUDGET=$good HOTPATH_CLOCK=monotonic hotpath run "$PROG"; done
  run env HOTPATH_BUDGET=abc hotpath doctor --cc /nowhere/gcc
  [[ $output == *"FAIL  env "*"HOTPATH_BUDGET=abc is no budget"*"; programs pass it over"* ]]
}

@test "a folder for segments that cannot be used is why nothing was measured" {
  mkdir -m 777 open; chmod 777 open
  run env HOTPATH_SEGMENTS="$T/open" hotpath run "$PROG"
  [[ $output == *"nothing was measured: HOTPATH_SEGMENTS=$T/open is not a folder that only you can write" ]]
  run env HOTPATH_SEGMENTS="$T/open" hotpath doctor --cc /nowhere/gcc
  [[ $output == *"FAIL  segments "*"; set HOTPATH_SEGMENTS to another folder, or to none"* ]]
  [[ $output != *"remove it"* ]]
}

@test "so is a limit of the shell that leaves it no room" {
  run bash -c 'ulimit -f 20; exec hotpath run "$0"' "$PROG"
  [[ $output == *"nothing was measured: the limit of file sizes (ulimit -f) is below the 64 KB"* ]]
  [ -z "${ASAN_OPTIONS:-}" ] || skip "a sanitizer needs more than that itself"
  run bash -c 'ulimit -v 60000; exec hotpath run "$0"' "$PROG"
  [[ $output == *"nothing was measured: the limit of address space (ulimit -v)"* ]]
}
