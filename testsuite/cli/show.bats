#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

record() {
  "$PROG" "$@" || true
  hotpath ingest -q
}

@test "show of a run: how it ended, functions, facts, threads, newest calls" {
  mkdir -p "$HOTPATH_DIR"
  record 3
  run hotpath show last
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == "Run 1 "*"exit 3"* ]]
  [[ $output == *"inner "*" 100 "*"  end        exit 3, started "*"  machine  "*"  clock  "*" ns a tick"*"  objects    "*"build-id "* ]]
  [[ $output == *"Threads"*"prog"*"Newest calls"*"fact"* ]]
  [[ $output == *"10 of 64 calls; --limit 0 shows all"* ]]
  hotpath show 1 -f json >s.json
  [ "$(jq -c keys_unsorted s.json)" = '["schema","run","tags","cwd","project","clock","objects","thread_list","functions","recent"]' ]
  [ "$(jq -c '[.run.id,.run.exit.status,(.functions|length),(.recent|length),(.thread_list|length)]' s.json)" = '[1,3,3,64,1]' ]
  # Nothing ends behind the run.
  [ "$(jq '.run.duration_ns as $ran|[.recent[]|.start_ns + .duration_ns <= $ran]|all' s.json)" = true ]
  # The last calls of the program are those of fact.
  [ "$(jq -c '[.recent[0:5][].name]' s.json)" = '["fact","fact","fact","fact","fact"]' ]
  hotpath show last -f json-pretty | jq . >/dev/null
}

@test "show of a run that was killed has its newest calls" {
  record kill
  hotpath show last -f json >s.json
  [ "$(jq -c '[.recent[0:5][].name]|unique' s.json)" = '["fact"]' ]
  run hotpath show last
  [[ $output == *"Newest calls"* ]]
}

@test "show of a function: figures, rule, histogram, callers, callees, newest calls" {
  record
  run hotpath show inner
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == inner ]]
  [[ $output == *"place      "*"prog.c:7"*"what       C function"*"chosen by  attribute"*"run        1"*"calls      100"* ]]
  [[ $output == *"time  "*" of its own, "*" in all ("*" % of the run)"* ]]
  [[ $output == *"duration   mean "*", p50 "*", p95 "*", p99 "*", max "* ]]
  [[ $output == *"│█"*" p50"*"Called by"*"the | outer"*" 100 "*"Newest calls"* ]]
  hotpath show inner -f json -p 50,99.9 >s.json
  [ "$(jq -c keys_unsorted s.json)" = '["schema","runs","function","callers","callees","histogram","recent"]' ]
  [ "$(jq -c '[.function.name,.function.calls,.function.rule,(.function.percentiles|keys)]' s.json)" = '["inner",100,"attribute",["50","99.9"]]' ]
  [ "$(jq -c '[.callers[]|[.name,.calls]]' s.json)" = '[["the | outer",100]]' ]
  [ "$(jq -c .callees s.json)" = '[]' ]
  [ "$(jq '[.histogram[][1]]|add' s.json)" = 100 ]
  # As the report has it.
  hotpath report -f json -p 50,99.9 >r.json
  [ "$(jq -c '[.function.percentiles,.function.total_ns,.function.self_ns,.function.min_ns,.function.max_ns,.function.percent]' s.json)" = \
    "$(jq -c '.functions[]|select(.name=="inner")|[.percentiles,.total_ns,.self_ns,.min_ns,.max_ns,.percent]' r.json)" ]
  # By label, and with what it called.
  hotpath show 'the | outer' -f json >o.json
  [ "$(jq -c '[[.callers[]|[.name,.calls]],[.callees[]|[.name,.calls]]]' o.json)" = '[[[null,10]],[["inner",100]]]' ]
}

@test "a function over several runs is summed up" {
  for i in 1 2 3; do record; done
  hotpath show inner --run 1..3 -f json >s.json
  [ "$(jq -c '[.runs,.function.calls,([.histogram[][1]]|add),([.callers[]|.calls])]' s.json)" = '[[1,2,3],300,300,[300]]' ]
  [ "$(jq '.function.total_ns' s.json)" = "$(query "SELECT sum(total_ns) FROM functions WHERE name = 'inner'")" ]
  [ "$(jq '.function.min_ns' s.json)" = "$(query "SELECT min(min_ns) FROM functions WHERE name = 'inner'")" ]
  run hotpath show inner --run 1+3
  [[ $output == *"runs       2, from 1 to 3"*"Run"*"Start s"* ]]
}

@test "without UTF-8 the histogram is ASCII, and only a terminal gets colours" {
  record
  LC_ALL=C run hotpath show inner
  [[ $output == *" |#"* ]]
  [ -z "$(LC_ALL=C tr -d '\000-\177' <<<"$output")" ]
  [[ $output != *$'\e'* ]]
  TERM=xterm run script -qec "hotpath show inner" /dev/null
  [[ $output == *$'\e['* ]]
}

@test "what show cannot show is told" {
  record
  misuse "there is no run '7'" hotpath show 7
  misuse "no run has a function 'iner': did you mean inner?" hotpath show iner
  misuse "no runs are named 'nothing'" hotpath show inner --run nothing
  misuse "expected table, json or json-pretty" hotpath show inner -f csv
  misuse "needs RUN|FUNCTION" hotpath show
  # One that other runs have.
  sed 's/inner/innermost/g' "$PROG.c" >p2.c
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o p2 p2.c
  PROG=./p2 record
  misuse "the run did not call 'inner'" hotpath show inner
  run hotpath show inner --run 1
  [ "$status" -eq 0 ]
}

@test "the view recent has the newest calls" {
  record
  [ "$(query "SELECT count(*) FROM recent")" = 64 ]
  [ "$(query "SELECT name FROM recent LIMIT 1")" = fact ]
  [ "$(query "SELECT count(*) FROM recent WHERE start_ns < 0 OR duration_ns < 0 OR thread <> 1")" = 0 ]
}

@test "show of a run tells its tags" {
  leave_segment; hotpath ingest -q
  hotpath tag 1 before; hotpath tag 1 'a b'
  run hotpath show 1
  [[ $output == *$'\n  tags       a b, before\n'* ]]
  [ "$(hotpath show 1 -f json | jq -c .tags)" = '["a b","before"]' ]
}
