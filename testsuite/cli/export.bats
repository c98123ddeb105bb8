#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

@test "folded stacks have the time of their own, and add up to the run's" {
  leave_segment
  hotpath export >folded
  grep -qE '^the \| outer;inner [0-9]+$' folded
  sum=$(awk '{ s += $NF } END { print s }' folded)
  [ "$sum" = "$(query 'select sum(self_ns) from contexts')" ]
  [ "$(wc -l <folded)" -eq 3 ]
}

@test "speedscope: frames, stacks and weights fit" {
  leave_segment
  hotpath export -f speedscope -o s.json
  [ "$(jq -r '."$schema"' s.json)" = https://www.speedscope.app/file-format-schema.json ]
  [ "$(jq -c '[.shared.frames[].name]|sort' s.json)" = '["fact","inner","the | outer"]' ]
  [ "$(jq '.profiles[0]|(.weights|add) == .endValue' s.json)" = true ]
  [ "$(jq '.profiles[0]|(.samples|length) == (.weights|length)' s.json)" = true ]
  [ "$(jq '(.shared.frames|length) as $n|[.profiles[0].samples[][]|. < $n]|all' s.json)" = true ]
}

@test "callgrind_annotate reads the callgrind format, with inclusive times" {
  leave_segment
  hotpath export -f callgrind -o callgrind.out.1
  grep -q '^events: Nanoseconds$' callgrind.out.1
  grep -q '^calls=100 ' callgrind.out.1
  # A number has its name once.
  grep -oE '^c?fn=\([0-9]+\) .' callgrind.out.1 | sed 's/^c//' | sort | uniq -d >twice
  [ ! -s twice ]
  command -v callgrind_annotate >/dev/null || skip "no callgrind_annotate"
  callgrind_annotate --threshold=100 callgrind.out.1 >flat
  grep -q 'Nanoseconds' flat
  grep -qE 'prog\.c:inner' flat
  callgrind_annotate --inclusive=yes --threshold=100 callgrind.out.1 >inclusive
  outer=$(query "select sum(total_ns) from contexts where name = 'outer'")
  # Its own time and its callees' are rounded each.
  seen=$(tr -d , <inclusive | awk '/the \| outer/ { print $1; exit }')
  [ $((seen - outer)) -ge -2 ] && [ $((seen - outer)) -le 2 ]
}

@test "report --tree shows callees below their callers" {
  leave_segment
  run hotpath report --tree
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == "Function "*"Calls"*"Self"*"Total"*"% run" ]]
  [[ $output == *$'\n'"the | outer "*" 10 "*$'\n'"  inner "*" 100 "* ]]
  hotpath report --tree -f json >t.json
  [ "$(jq -c '[.tree[]|select(.name=="the | outer")|.children[0]|[.name,.calls]]' t.json)" = '[["inner",100]]' ]
  [ "$(jq '[.tree[]|select(.name=="the | outer")|.total_ns - .self_ns - .children[0].total_ns|fabs < 3]|all' t.json)" = true ]
  [ "$(hotpath report --tree -f csv | tr -d '\r' | head -1)" = "name,file,line,depth,calls,self_ns,total_ns,percent" ]
  run hotpath report --tree -n 1
  [[ $output == *"1 of 3 contexts; --limit 0 shows all"* ]]
}

@test "times that are estimates are told in every format that has room for words" {
  mkdir sampled
  cat >sampled/s.c <<'EOC'
static volatile int sink;
__attribute__((noinline)) void leaf(void) { for (int i = 0; i < 300; i++) sink += i; }
int main(void) { for (int i = 0; i < 5000; i++) leaf(); return 0; }
EOC
  printf 'rules:\n  - functions: ["*"]\n    measure: true\n  - functions: ["leaf"]\n    measure: true\n    sample: 10\n' >sampled/hotpath.yaml
  gcc -O1 -fplugin="$BUILD/lib/hotpath.so" -o s sampled/s.c
  ./s
  hotpath report --tree | grep -q 'times are estimates'
  hotpath report --callers | grep -q 'times are estimates'
  [ "$(hotpath report --tree -f csv | grep -c estimates)" -eq 0 ]
  hotpath flamegraph | grep -q 'Not all of them were timed: some times are estimates'
  hotpath export -f callgrind | grep -q '^desc: .*some times are estimates'
  [ "$(hotpath export -f chrome | jq .otherData.estimates)" = true ]
  hotpath export -f pprof | gzip -dc | grep -aq 'some times are estimates'
  leave_segment
  [ "$(hotpath report --tree | grep -c estimates)" -eq 0 ]
  [ "$(hotpath flamegraph | grep -c estimates)" -eq 0 ]
  [ "$(hotpath export -f chrome | jq .otherData.estimates)" = false ]
  [ "$(hotpath export -f callgrind | grep -c estimates)" -eq 0 ]
}

@test "the tree has the shares of the report" {
  leave_segment
  for f in inner fact; do
    [ "$(hotpath report -f json | jq "[.functions[]|select(.name==\"$f\")|.percent][0]")" = "$(hotpath report --tree -f json | jq "[.tree|..|objects|select(.name==\"$f\")|.percent][0]")" ]
  done
}

@test "report --callers shows who called each function" {
  leave_segment
  run hotpath report --callers
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == "Function "*"Called by "*"Calls"*"Self"*"Total" ]]
  [[ $output == *"inner "*"the | outer "*" 100 "* ]]
  [[ $output == *"the | outer "*"(none measured) "*" 10 "* ]]
  [ "$(hotpath report --callers -f json | jq -c '.[]|select(.name=="inner")|[.caller,.calls]')" = '["the | outer",100]' ]
  [ "$(hotpath report --callers -f json -n 1 | jq length)" = 1 ]
  misuse "exclude each other" hotpath report --tree --callers
}

@test "export and --tree: each wrong use is told" {
  run hotpath export
  [[ $output == *"no runs yet"* ]]
  leave_segment
  misuse "expected folded, speedscope, callgrind, pprof or chrome" hotpath export -f svg
  misuse "unexpected argument" hotpath export x
  misuse "--focus is not for --tree" hotpath report --tree --focus x
  run hotpath export --run 9
  [ "$status" -eq 2 ]
  [[ $output == *"there is no run '9'"* ]]
  run hotpath export -o /nowhere/x
  [ "$status" -eq 2 ]
  sqlite3 store/hotpath.db "UPDATE profile SET contexts = x'00'"
  run hotpath export
  [ "$status" -eq 2 ]
  [[ $output == *"the calling contexts of run 1 in "*"cannot be read"* ]]
}
