#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Groups of functions, from a rule to the sum in a report.

load helper

setup_file() {
  BUILD=${HOTPATH_BUILD:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build}
  export PROG=$BATS_FILE_TMPDIR/prog
  cat >"$BATS_FILE_TMPDIR/hotpath.yaml" <<'EOY'
budget: 5%
rules:
  - functions: [parse, scan, again]
    group: parser
  - functions: [emit_*]
    group: "emit {function}"
  - functions: other
  - functions: marked
    group: attributes too
EOY
  cat >"$PROG.c" <<'EOC'
#define N __attribute__((noinline))
N int scan(int n) { volatile int s = 0; for (int i = 0; i < n; i++) s += i; return s; }
N int other(int n) { return scan(n) + 1; }
N int again(int n) { return n ? again(n - 1) + scan(10) : 0; }
N int parse(int n) { return scan(n) + other(n) + again(3); }
N int emit_row(int n) { return n; }
N __attribute__((hotpath_measure("a label"))) int marked(int n) { return n + 1; }
int main(void) { int s = 0; for (int i = 0; i < 10; i++) s += parse(1000) + emit_row(i) + marked(i); return s == 1; }
EOC
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o "$PROG" "$PROG.c"
}

@test "groups come from rules, also of functions that an attribute chose" {
  leave_segment
  hotpath report -f json >r.json
  [ "$(jq -c '[.functions[]|{(.name):.group}]|add|to_entries|sort_by(.key)|from_entries' r.json)" = \
    '{"again":"parser","emit_row":"emit emit_row","marked":"attributes too","other":null,"parse":"parser","scan":"parser"}' ]
  [ "$(jq -c '.functions[]|select(.name=="marked").label' r.json)" = '"a label"' ]
  [ "$(jq -c '[.functions[]|.kind]|unique' r.json)" = '["function"]' ]
  run hotpath sql "SELECT count(*) AS n FROM functions WHERE \"group\" = 'parser'" --format csv
  [[ $output == *3* ]]
}

@test "--group leaves the functions of one group, and lists the groups when there is none of that name" {
  leave_segment
  [ "$(hotpath report --group parser -f json | jq -c '[.functions[].name]|sort')" = '["again","parse","scan"]' ]
  [ "$(hotpath report -g parser --focus sca -f json | jq -c '[.functions[].name]')" = '["scan"]' ]
  run hotpath report --group parsers
  [ "$status" -eq 2 ]
  [[ $output == *"no function that was called is in the group 'parsers'; groups of this run: 'attributes too', 'emit emit_row', 'parser'" ]]
  run hotpath report --group ""
  [ "$status" -eq 2 ]
}

@test "--by group adds up calls and self, and counts what a group does for itself once" {
  leave_segment
  hotpath report --by group -f json >g.json
  hotpath report -n 0 -f json >r.json
  hotpath report --tree -n 0 -f json >t.json
  [ "$(jq -c 'keys_unsorted' g.json)" = '["schema","run","groups"]' ]
  [ "$(jq -c '.groups[0]|keys_unsorted' g.json)" = '["group","functions","calls","total_ns","self_ns","percent"]' ]
  jq -c '.groups[]|select(.group=="parser")' g.json >parser
  [ "$(jq -c '[.functions,.calls]' parser)" = '[3,100]' ]
  # Everything below parse() is in parse()'s total, other() with its scan() too.
  [ "$(jq .total_ns parser)" = "$(jq '.functions[]|select(.name=="parse").total_ns' r.json)" ]
  [ "$(jq .self_ns parser)" = "$(jq '[.functions[]|select(.group=="parser").self_ns]|add' r.json)" ]
  [ "$(jq '[.groups[].self_ns]|add' g.json)" = "$(jq '[.functions[].self_ns]|add' r.json)" ]
  [ "$(jq '[.groups[].calls]|add' g.json)" = "$(jq '[.functions[].calls]|add' r.json)" ]
  [ "$(jq -c '[.groups[]|select(.group==null)|.functions,.calls]' g.json)" = '[1,10]' ]
}

@test "--by group as table and CSV, sorted and limited" {
  leave_segment
  run hotpath report --by group --sort name
  [ "$status" -eq 0 ]
  [[ ${lines[1]} == "Group "*"Functions"*"Calls"*"Self"*"Total"*"% run" ]]
  [[ ${lines[2]} == "attributes too "*" 1 "*" 10 "* ]]
  [[ ${lines[5]} == "(no group) "*" 1 "*" 10 "* ]]
  run hotpath report --by group -n 1
  [[ $output == *"1 of 4 groups; --limit 0 shows all" ]]
  [ "$(hotpath report --by group -f csv | head -1 | tr -d '\r')" = "group,functions,calls,self_ns,total_ns,percent" ]
}

@test "what does not go together is said" {
  leave_segment
  for options in "--by file" "--by group --tree" "--by group --focus x" "--by group --raw" "--by group --group parser" \
    "--by group --sort p95" "--tree --group parser"; do
    run hotpath report $options
    [ "$status" -eq 2 ]
  done
}
