# SPDX-License-Identifier: MIT
# Steering a program: from inside with hotpath.h, from outside with `hotpath ctl`.  Counts must be exact.

setup() {
  BUILD=$(cd "${BUILD:-$BATS_TEST_DIRNAME/../../build}" && pwd)
  HERE=$BATS_TEST_DIRNAME
  T=$BATS_TEST_TMPDIR
  cd "$T"
  unset HOTPATH_OUTPUT_FORMAT HOTPATH_RUN_TOKEN HOTPATH_LABEL HOTPATH_DISABLE HOTPATH_FOLLOW HOTPATH_SHUTDOWN_MS
  export HOTPATH_SEGMENTS=$T/segments
  FLAG="-fplugin=$BUILD/lib/hotpath.so ${HOTPATH_TEST_FLAGS:-}"
  INCLUDE=-I$HERE/../../runtime
  printf 'rules:\n  - functions: ["*"]\n    measure: true\n' > hotpath.yaml
  cp "$HERE/steer.c" .
  PIDS=
}

teardown() {
  for p in $PIDS; do kill -9 "$p" 2> /dev/null || true; done
}

build() { gcc -O1 -Wall -Wextra -Werror ${HOTPATH_TEST_FLAGS:+-Wno-error} $INCLUDE $FLAG steer.c -o steer -pthread "$@"; }

hotpath() { "$BUILD/bin/hotpath" "$@"; }
ask() { hotpath sql --format csv "$1" | tail -n +2 | tr -d '\r'; }
# counts RUN: NAME,CALLS,RUNNING,UNWOUND of a run.
counts() { ask "SELECT name, calls, running, unwound FROM functions WHERE run = $1"; }
has() { grep -qxF -- "$1" <<< "$output" || { echo "missing: $1"; echo "$output"; return 1; }; }
sound() { [ "$(ask 'SELECT sum(lost), sum(damaged), sum(torn) FROM runs')" = 0,0,0 ]; }

# until_true COMMAND...: waits for it, 20 seconds at most.
until_true() {
  for _ in $(seq 200); do
    if "$@" > /dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  echo "never: $*"
  return 1
}

@test "hotpath.h compiles everywhere, and without the plugin, the runtime or anything does nothing" {
  for cc in "gcc -std=c89 -pedantic" "gcc -std=c11" "g++ -x c++ -std=c++98 -pedantic" "g++ -x c++ -std=c++20"; do
    for off in "" -DHOTPATH_OFF; do
      printf '#include "hotpath.h"\nint main(void) { hotpath_stop(); hotpath_start(); hotpath_fiber_switch(0); hotpath_thread_name("x"); return hotpath_session_begin("a") || hotpath_flush() != -1 || hotpath_reset() != -1 || hotpath_measuring(); }\n' > use.c
      $cc -Wall -Wextra -Wshadow -Werror $INCLUDE $off use.c -o use
      ./use
    done
    $cc -Wall -Wextra -Werror -static $INCLUDE use.c -o use
    ./use
  done
  for cc in "clang -std=c89 -pedantic" "clang -std=c17" "clang++ -x c++ -std=c++98" "clang++ -x c++ -std=c++20"; do
    command -v "${cc%% *}" > /dev/null || continue
    $cc -Wall -Wextra -Werror $INCLUDE use.c -o use
    ./use
  done
  [ ! -e segments ] && [ ! -e .hotpath ]
  gcc -O1 $INCLUDE steer.c -DHOTPATH_OFF $FLAG -o steer -pthread
  ./steer switch
  run counts 1
  has "work,130,0,0"
}

@test "hotpath_stop and _start: what is between is not there" {
  build
  ./steer switch
  run counts 1
  has "work,30,0,0"
  has "times,2,0,0"
  has "main,1,0,1"
  sound
}

@test "linked in, shared or static, the functions find the runtime too" {
  build -L"$BUILD/lib" -Wl,-u,hotpath_unit_register -Wl,--push-state,--no-as-needed -lhotpath -Wl,--pop-state -Wl,-rpath,"$BUILD/lib"
  ./steer switch
  build -static -Wl,-u,hotpath_unit_register "$BUILD/lib/libhotpath.a"
  ./steer switch
  run ask "SELECT calls FROM functions WHERE name = 'work'"
  [ "$output" = $'30\n30' ]
}

@test "switched in the middle of a recursion, no exit meets another call's entry" {
  build
  ./steer deep
  run counts 1
  # Five frames end at the switch; what their callers call afterwards is there.
  has "deep,5,0,5"
  has "work,10,0,0"
  has "times,2,0,0"
  sound
}

@test "a call that runs when measuring is switched off has its time up to there" {
  build
  ./steer slow
  [ "$(ask "SELECT max(total_ns) < 40000000 FROM functions")" = 1 ]
  sound
}

@test "thousands of switches, resets and sessions under running threads" {
  build
  ./steer storm
  [ "$(ask "SELECT count(*) FROM runs WHERE part = 'session'")" = 20 ]
  [ "$(ask "SELECT sum(damaged) FROM runs")" = 0 ]
  [ "$(ask "SELECT count(*) FROM runs AS r, functions AS f WHERE f.run = r.id AND f.total_ns > 3 * r.duration_ns + 1000000")" = 0 ]
  [ -z "$(ls segments)" ]
}

@test "a session has the time of a thread that is born while it begins" {
  build
  (ulimit -S -s 262144 && ./steer born)
  [ "$(ask "SELECT count(*) FROM runs AS r, functions AS f WHERE f.run = r.id AND part = 'session' AND name = 'spin'")" = 1 ]
  [ "$(ask "SELECT r.duration_ns, f.total_ns FROM runs AS r, functions AS f WHERE f.run = r.id AND part = 'session' AND name = 'spin' AND f.total_ns > r.duration_ns")" = "" ]
}

@test "hotpath_reset: the run begins there, also for what was running" {
  build
  ./steer reset
  run counts 1
  has "work,20,0,0"
  has "times,1,0,0"
  has "main,1,0,0"
  [ "$(ask "SELECT calls FROM threads")" = 22 ]
  [ "$(ask "SELECT count(*) FROM functions, runs WHERE name = 'main' AND total_ns > duration_ns")" = 0 ]
  sound
  [ -z "$(ls segments)" ]
}

@test "sessions are runs of their own, with what happened between" {
  build
  HOTPATH_LABEL=ci ./steer sessions
  run ask "SELECT runs.label, f.calls FROM functions AS f JOIN runs ON runs.id = run WHERE name = 'work' AND part = 'session' ORDER BY 1"
  has $'ci/open,50'
  has $'ci/outer,60'
  [ "$(ask "SELECT f.calls FROM functions AS f JOIN runs ON runs.id = run WHERE name = 'work' AND runs.label LIKE 'ci/in%'")" = 20 ]
  # The session is known by its name to a person, and does not escape into the terminal.
  hotpath runs | { ! grep -q $'\033'; }
  [ "$(ask "SELECT f.calls FROM functions AS f JOIN runs ON runs.id = run WHERE name = 'work' AND part = 'whole'")" = 150 ]
  # `last` and a branch are whole runs, a session has its label.
  run hotpath report --format csv
  grep -q '^work,.*150' <<< "$output"
  run hotpath diff ci/outer ci/outer --format csv
  [ "$status" = 0 ]
  [ "$(ask "SELECT count(DISTINCT parent_id) FROM runs WHERE part = 'session'")" = 1 ]
  sound
  [ -z "$(ls segments)" ]
}

@test "a session in the child of a fork that has not called anything before" {
  build
  ./steer forked-session
  [ "$(ask "SELECT group_concat(f.calls) FROM functions AS f JOIN runs ON runs.id = run WHERE name = 'work' AND part = 'session'")" = 7 ]
  [ "$(ask "SELECT group_concat(f.calls) FROM (SELECT * FROM functions JOIN runs ON runs.id = run WHERE name = 'work' AND part = 'whole' ORDER BY calls) AS f")" = '"9,30"' ]
  sound
}

@test "a session's own report at its end, on demand" {
  build
  HOTPATH_OUTPUT_FORMAT=csv run ./steer sessions
  [ "$status" = 0 ]
  [ "$(grep -c '^work,' <<< "$output")" = 4 ]
}

@test "hotpath::session ends with its scope" {
  printf '#include "hotpath.h"\n__attribute__((noinline)) static void work() { __asm__ volatile(""); }\nint main() { { hotpath::session s("scope"); work(); work(); } work(); }\n' > scope.cc
  g++ -O1 -Wall -Wextra -Werror $INCLUDE $FLAG scope.cc -o scope
  ./scope
  run ask "SELECT runs.label, f.calls FROM functions AS f JOIN runs ON runs.id = run WHERE f.name = 'work' ORDER BY 2"
  has scope,2
  has ,3
  # The header's own functions are not measured.
  [ "$(ask "SELECT count(DISTINCT name) FROM functions")" = 2 ]
}

@test "hotpath_flush puts the run so far into the store, unseen by the program" {
  build
  ./steer flush
  run counts 1
  has "work,30,0,0"
  [ "$(ask "SELECT count(*), max(part) FROM runs")" = 1,whole ]
  sound
}

@test "hotpath_thread_name" {
  build
  ./steer name
  [ "$(ask "SELECT name FROM threads")" = "a very long nam" ]
}

@test "fibers: each has frames of its own, and calls that stay where they are still run" {
  build
  ./steer fibers
  run counts 1
  has "work,200,0,0"
  has "yield_to,200,1,0"
  has "inside,2,1,0"
  has "main,1,0,0"
  # inside called each yield_to and each work: no other context has them.
  [ "$(ask "SELECT count(*) FROM contexts WHERE name = 'work'")" = 1 ]
  sound
}

@test "fibers: times leave out those when others ran, on one thread or two" {
  build
  for how in fiber-times fiber-moves; do
    ./steer $how
    run ask "SELECT calls, unwound, total_ns BETWEEN 40000000 AND 1000000000 FROM functions WHERE name = 'sleeper' AND run = (SELECT max(id) FROM runs)"
    has 1,0,1
  done
  sound
}

@test "hotpath ctl: off, on, reset and dump, and runs --live" {
  build
  ./steer forever > out &
  pid=$! PIDS=$!
  until_true eval '[ "$(hotpath runs --live -f csv | wc -l)" = 2 ]'
  run hotpath runs --live -f json
  [ "$(jq -r '.[0].pid, .[0].measuring' <<< "$output" | xargs)" = "$pid on" ]
  run hotpath ctl $pid off
  [ "$status" = 0 ]
  until_true eval 'hotpath runs --live -f csv | grep -q ,off,'
  a=$(hotpath runs --live -f json | jq '.[0].calls')
  sleep 0.3
  [ "$a" = "$(hotpath runs --live -f json | jq '.[0].calls')" ]
  run hotpath ctl $pid on
  [ "$output" = "measuring is on" ]
  until_true eval '[ "$(hotpath runs --live -f json | jq ".[0].calls")" -gt '$((a + 100))' ]'

  run hotpath ctl $pid dump
  [ "$output" = "run 1" ]
  hotpath tag 1 keep
  run hotpath ctl $pid flush
  [ "$output" = "run 1" ]
  [ "$(ask "SELECT part, sealed FROM runs")" = live,0 ]
  hotpath report | grep -q '^work '
  # A set of runs to compare holds whole ones only.
  run hotpath diff 1..1 1..1
  [ "$status" = 2 ]
  began=$(ask "SELECT started_at_ns FROM runs")
  run hotpath ctl $pid reset
  [ "$status" = 0 ]
  until_true eval '[ "$(hotpath runs --live -f json | jq ".[0].calls")" -gt 20 ]'
  hotpath ctl $pid dump
  [ "$(ask "SELECT started_at_ns FROM runs")" -gt "$began" ]
  kill -9 $pid
  wait $pid || true
  [ "$(hotpath runs --live -f csv | wc -l)" = 1 ]
  [ "$(ask "SELECT id, part, sealed FROM runs")" = 1,whole,0 ]
  [ "$(ask "SELECT t.value FROM run_tag AS r JOIN text AS t ON t.id = r.name")" = keep ]
  [ "$(ask "SELECT sum(lost), sum(damaged) FROM runs")" = 0,0 ]
  [ -z "$(ls segments)" ]
}

@test "hotpath ctl says what is wrong" {
  run hotpath ctl 1 dump
  [ "$status" = 2 ] && grep -q 'not being recorded' <<< "$output"
  run hotpath ctl x dump
  [ "$status" = 2 ] && grep -q 'expected its number' <<< "$output"
  run hotpath ctl 1 jump
  [ "$status" = 2 ] && grep -q 'none of on, off' <<< "$output"
  echo nothing > file
  run hotpath ctl ./file dump
  [ "$status" = 2 ]
  head -c 5000 /dev/zero > file
  run hotpath ctl ./file off
  [ "$status" = 2 ] && grep -q 'no segment' <<< "$output"
  run hotpath ctl /etc/hostname off
  [ "$status" = 2 ] && grep -q '/etc/hostname is no segment' <<< "$output"
  run hotpath ctl 99999999999999999999 off
  [ "$status" = 2 ] && grep -q 'process 99999999999999999999 is not' <<< "$output"
}

@test "hotpath ctl leaves recordings of ended processes as they are" {
  build
  ./steer forever > out &
  pid=$! PIDS=$!
  until_true eval '[ "$(hotpath runs --live -f csv | wc -l)" = 2 ]'
  segment=$(echo "$PWD"/segments/$pid-*.hotpath-seg)
  hotpath ctl "$segment" on
  kill -9 $pid
  wait $pid || true
  HOTPATH_RUN_TOKEN=left ./steer switch > /dev/null
  for s in segments/*.hotpath-seg; do
    for order in on off reset dump; do
      run hotpath ctl "./$s" $order
      [ "$status" = 2 ] && grep -q "has ended; .hotpath ingest. takes it in" <<< "$output"
    done
  done
  [ "$(ask "SELECT count(*) FROM runs WHERE calls > 0")" = 2 ]
}

@test "HOTPATH_SHUTDOWN_MS ends a program with its report, exit handlers included" {
  build
  HOTPATH_SHUTDOWN_MS=200 HOTPATH_OUTPUT_FORMAT=csv run timeout 60 ./steer forever
  [ "$status" = 0 ]
  grep -q '^handlers ran' <<< "$output"
  grep -q '^work,' <<< "$output"
  [ "$(ask "SELECT sealed, status FROM runs")" = 1,0 ]
  HOTPATH_SHUTDOWN_MS=nonsense ./steer switch
}

@test "HOTPATH_FOLLOW=0 measures no child" {
  build
  for how in fork exec; do
    ./steer $how
    HOTPATH_FOLLOW=1 ./steer $how
  done
  [ "$(ask "SELECT count(*) FROM runs")" = 8 ]
  rm -rf .hotpath
  for how in fork exec; do HOTPATH_FOLLOW=0 ./steer $how; done
  [ "$(ask "SELECT count(*), sum(lost) FROM runs")" = 2,0 ]
  [ "$(ask "SELECT max(calls), min(calls) FROM functions WHERE name = 'work'")" = 10,10 ]
}
