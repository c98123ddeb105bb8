#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

@test "report without a store says what to do" {
  run hotpath report
  [ "$status" -eq 2 ]
  [[ $output == *"no runs yet"*"-fplugin=hotpath.so"* ]]
}

@test "report takes in what waits, and shows exact counts" {
  leave_segment
  run hotpath report
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == "Run 1  "*"/prog  "*" exit 0   overhead "*" %   lost 0"* ]]
  [[ ${lines[1]} == "Function "*"Calls"*"Mean"*"P50"*"P95"*"P99"*"Self"*"Total"*"% run" ]]
  [[ $output == *"the | outer "*" 10 "* ]]
  [[ $output == *"inner "*" 100 "* ]]
  [[ $output == *"fact "*" 5 "* ]]
  [ "$(segments)" -eq 0 ]
}

@test "JSON has the keys of the contract, in order" {
  leave_segment 3
  hotpath report -f json >r.json
  [ "$(jq -c 'keys_unsorted' r.json)" = '["schema","run","functions"]' ]
  [ "$(jq .schema r.json)" = 1 ]
  [ "$(jq -c '.run|keys_unsorted' r.json)" = '["id","argv","label","started_at","duration_ns","exit","git","host","machine","threads","overhead","lost","part"]' ]
  [ "$(jq -c '.run.exit' r.json)" = '{"status":3,"signal":null,"sealed":true,"how":"exit"}' ]
  [ "$(jq -c '.run.git|keys_unsorted' r.json)" = '["branch","commit","dirty","diff","taken"]' ]
  [ "$(jq -c '.run.overhead|keys_unsorted' r.json)" = '["inside_ns","outside_ns","skipped_ns","percent","budget_percent"]' ]
  [ "$(jq -c '.functions[0]|keys_unsorted' r.json)" = '["name","mangled","label","file","line","language","calls","total_ns","self_ns","mean_ns","min_ns","max_ns","percentiles","percent","group","kind","body","sample","skipped","error_percent"]' ]
  [ "$(jq -c '.run.argv[1]' r.json)" = '"3"' ]
  [ "$(jq -c '[.functions[]|{(.name):.calls}]|add' r.json)" = '{"outer":10,"inner":100,"fact":5}' ]
  [ "$(jq -c '.run.lost|add' r.json)" = 0 ]
}

@test "JSON keeps percentiles as they were written" {
  leave_segment
  [ "$(hotpath report -f json -p 50,99.9 | jq -c '.functions[0].percentiles|keys_unsorted')" = '["50","99.9"]' ]
  hotpath report -f json-pretty | jq . >/dev/null
  [ "$(hotpath report -f json-pretty | wc -l)" -gt 20 ]
}

@test "recursion counts once in total, and the sum of self times is the time of the outermost calls" {
  leave_segment
  hotpath report -f json -n 0 >r.json
  [ "$(jq '[.functions[]|select(.name=="fact")][0]|.total_ns == .self_ns' r.json)" = true ]
  # Each of the two numbers of a function is rounded to a nanosecond.
  [ "$(jq '([.functions[].self_ns]|add) - ([.functions[]|select(.name!="inner").total_ns]|add)|fabs < 10' r.json)" = true ]
}

@test "CSV has a heading line and raw numbers" {
  leave_segment
  hotpath report -f csv | tr -d '\r' >r.csv
  [ "$(head -1 r.csv)" = "name,mangled,label,file,line,language,calls,running,mean_ns,min_ns,p50_ns,p95_ns,p99_ns,max_ns,self_ns,total_ns,percent,group,kind,timed,error_percent" ]
  [ "$(wc -l <r.csv)" -eq 4 ]
  grep -q '^outer,outer,the | outer,' r.csv
}

@test "Markdown escapes what would break its table" {
  leave_segment
  run hotpath report -f markdown
  [[ $output == *'| `the \| outer` | 10 |'* ]]
  [[ $output == *"| --- | ---: |"* ]]
}

@test "sort, limit and focus choose rows" {
  leave_segment
  [ "$(hotpath report -f json --sort calls | jq -r '.functions[0].name')" = inner ]
  [ "$(hotpath report -f json --sort name | jq -r '.functions[0].name')" = fact ]
  [ "$(hotpath report -f json -n 1 | jq '.functions|length')" = 1 ]
  [ "$(hotpath report -f json -n 0 | jq '.functions|length')" = 3 ]
  [ "$(hotpath report -f json --focus '/^in/' | jq -r '.functions[].name')" = inner ]
  [ "$(hotpath report -f json --focus 'the |' | jq -r '.functions[].name')" = outer ]
  run hotpath report -n 1
  [[ $output == *"1 of 3 functions; --limit 0 shows all"* ]]
  run hotpath report --focus nothing
  [ "$status" -eq 0 ]
  [[ $output == *"None of the 3 functions matches the focus."* ]]
}

@test "last, last~N and numbers name runs" {
  leave_segment 1; hotpath ingest -q
  leave_segment 2; hotpath ingest -q
  [ "$(hotpath report -f json | jq .run.exit.status)" = 2 ]
  [ "$(hotpath report --run last~1 -f json | jq .run.exit.status)" = 1 ]
  [ "$(hotpath report --run=1 -f json | jq .run.exit.status)" = 1 ]
  [ "$(hotpath report -r2 -f json | jq .run.exit.status)" = 2 ]
  run hotpath report --run 7
  [ "$status" -eq 2 ]
  [[ $output == *"there is no run '7'"*"has 2 runs, with numbers from 1 to 2"* ]]
  misuse "does not name a run" hotpath report --run main
}

@test "each wrong value is told, with what is right" {
  leave_segment
  misuse "table, json, json-pretty, csv, markdown, github-benchmark or bencher" hotpath report --format xml
  misuse "--limit: '-3' is not a whole number" hotpath report --limit -3
  misuse "'101' is not a percentile" hotpath report --percentiles 50,101
  misuse "50 is there twice" hotpath report -p 50,50
  misuse "expected one of total, self, calls" hotpath report --sort size
  misuse "p42" hotpath report --sort p42
  misuse "missing closing parenthesis" hotpath report --focus '/(/'
  misuse "did you mean --sort?" hotpath report --sortt name
  misuse "--run needs a value" hotpath report --run
  misuse "unexpected argument 'x'" hotpath report x
  misuse "has no option -z" hotpath report -z
}

@test "--output writes a file, and says when it cannot" {
  leave_segment
  hotpath report -f json -o out.json
  jq . out.json >/dev/null
  run hotpath report -o /nowhere/x
  [ "$status" -eq 2 ]
  [[ $output == *"cannot write /nowhere/x"* ]]
  run hotpath report -o /dev/full
  [ "$status" -eq 2 ]
  [[ $output == *"No space left"* ]]
}

@test "a pager that is left is no error" {
  leave_segment
  run bash -o pipefail -c 'hotpath report -f csv | true'
  [ "$status" -eq 0 ]
}

@test "no colour and no cut names when the output is no terminal" {
  leave_segment
  run hotpath report
  [[ $output != *$'\033'* ]]
}

@test "on a terminal the table fits, and colour follows NO_COLOR" {
  command -v script >/dev/null || skip "no script(1)"
  echo 'int main(void) { return 0; }' >long.c
  for i in $(seq 3); do
    printf '__attribute__((hotpath_measure, constructor)) void %s%d(void) {}\n' \
      a_function_whose_name_is_by_far_too_long_for_the_terminal_ $i >>long.c
  done
  gcc -fplugin="$BUILD/lib/hotpath.so" -o long long.c
  HOTPATH_RUN_TOKEN=x ./long
  # A pseudo-terminal of 80 columns.
  run script -qec "stty cols 80; TERM=xterm hotpath report" /dev/null
  [[ $output == *$'\033['* ]]
  run script -qec "stty cols 80; NO_COLOR=1 TERM=xterm hotpath report" /dev/null
  [[ $output != *$'\033['* ]]
  # The line about the run may be broken, rows are not.
  for line in "${lines[@]}"; do
    line=${line%$'\r'}
    [ "${#line}" -le 80 ] || { echo "$line"; return 1; }
  done
  [ "$(grep -cE '^(Function |a_f.*….*_[123] )' <<<"$output")" -eq 4 ]
  # Without a terminal nothing is cut.
  [[ $(hotpath report) == *too_long_for_the_terminal_3* ]]
}

@test "units are ASCII where the locale is" {
  leave_segment
  LC_ALL=C hotpath report >ascii
  [ "$(LC_ALL=C grep -c '[^ -~]' ascii)" = 0 ]
}

@test "names that are not ASCII, where the locale is: the same table" {
  cat >names.c <<'END'
#define M __attribute__((hotpath_measure, noinline))
M int größe(int n) { return n + 1; }
M int a_name_of_some_length(int n) { return n + 2; }
__attribute__((hotpath_measure("解析 é"), noinline)) int parse(int n) { return n + 3; }
int main(void) { return größe(a_name_of_some_length(parse(0))) - 6; }
END
  gcc -O1 -fplugin="$BUILD/lib/hotpath.so" -o names names.c
  HOTPATH_RUN_TOKEN=left-by-test ./names
  for locale in C POSIX C.UTF-8; do
    # What a hang takes is the test's time, not the machine's.
    LC_ALL=$locale timeout 20 hotpath report --limit 0 | sed 's/µs/us/g' | cut -c1-30 >"$locale"
  done
  diff C C.UTF-8
  diff POSIX C.UTF-8
  grep -q '^größe  *1' C
  LC_ALL=C timeout 20 hotpath runs >/dev/null
  LC_ALL=C timeout 20 hotpath sites names | grep -q '^größe  *names.c:2'
}

@test "escape sequences in names do not reach the terminal" {
  HOTPATH_LABEL=$'evil\033[2J' leave_segment $'0\033]0;x\007'
  run hotpath report
  [[ $output != *$'\033'* ]]
  [[ $output == *'\x1b[2J'* ]]
  run hotpath runs
  [[ $output != *$'\033'* ]]
  [ "$(hotpath report -f json | jq .run.label)" = '"evil\u001b[2J"' ]
}

@test "options that a view has no use for are refused, not passed over" {
  leave_segment
  for view in --tree --callers; do
    misuse "--raw is not for --tree and --callers" hotpath report $view --raw
    misuse "--sort is not for --tree and --callers" hotpath report $view --sort self
    misuse "--percentiles is not for --tree and --callers" hotpath report $view -p 50
    misuse "--focus is not for --tree and --callers" hotpath report $view --focus x
    misuse "--group is not for --tree and --callers" hotpath report $view -g x
  done
  misuse "--percentiles is not for --by" hotpath report --by group -p 50
}

@test "--callers says what it leaves out, and programs get the places" {
  leave_segment
  run hotpath report --callers -n 1
  [ "${lines[-1]}" = "1 of 3 functions; --limit 0 shows all" ]
  [[ $(hotpath report --callers -n 3) != *"shows all"* ]]
  [ "$(hotpath report --callers -f json | jq -c '.[]|select(.name=="inner")|[(.file|endswith("prog.c")),.line,.caller,(.caller_file|endswith("prog.c")),.caller_line,.calls]')" = \
    '[true,7,"the | outer",true,8,100]' ]
  [ "$(hotpath report --callers -f json | jq -c '.[]|select(.name=="fact")|[.caller,.caller_file,.caller_line]')" = '[null,null,null]' ]
  [ "$(hotpath report --tree -f csv | sed -n 1p | tr -d '\r')" = name,file,line,depth,calls,self_ns,total_ns,percent ]
}
