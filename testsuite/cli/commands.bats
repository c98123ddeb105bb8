#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

@test "hotpath alone, --help, help and --version" {
  run hotpath
  [ "$status" -eq 0 ]
  [[ $output == *"Usage: hotpath COMMAND"* ]]
  [ "$(hotpath --help)" = "$output" ]
  [ "$(hotpath help)" = "$output" ]
  [[ $(hotpath --version) == "hotpath "[0-9]* ]]
}

@test "every command has --help with usage, options and examples" {
  for c in report runs run ingest sql doctor help; do
    run hotpath $c --help
    [ "$status" -eq 0 ]
    [[ $output == "Usage: hotpath $c"*"Options:"*"--help"*"Examples:"* ]]
    [ "$(hotpath help $c)" = "$output" ]
  done
}

@test "an unknown command is an error with a suggestion" {
  misuse "did you mean report?" hotpath repotr
  misuse "there is no command 'frobnicate'" hotpath frobnicate
  misuse "there is no command 'x'" hotpath help x
  misuse "has no option --bogus" hotpath runs --bogus
}

@test "runs lists the newest first" {
  for i in 1 2 3; do leave_segment $i; hotpath ingest -q; done
  run hotpath runs -n 2
  [[ ${lines[0]} == "Run "*"Started"*"Command"*"Version"*"Duration"*"End"*"Calls"*"Lost"* ]]
  [[ ${lines[1]} == *"  3  "*"exit 3"* ]]
  [[ ${lines[2]} == *"  2  "*"exit 2"* ]]
  [[ ${lines[3]} == "2 of 3 runs; --limit 0 shows all" ]]
  [ "$(hotpath runs -f json | jq -c '[.schema, (.runs|map(.id))]')" = '[1,[3,2,1]]' ]
  [ "$(hotpath runs -f json | jq -c '.runs[0]')" = "$(hotpath report -f json | jq -c .run)" ]
  [ "$(hotpath runs -f csv -n 0 | wc -l)" -eq 4 ]
  [[ $(hotpath runs -f markdown) == "| Run |"* ]]
}

@test "runs without a store says what to do" {
  run hotpath runs
  [ "$status" -eq 2 ]
  [[ $output == *"no runs yet"* ]]
}

@test "sql answers over each view" {
  leave_segment
  for v in runs functions contexts threads lost objects recent; do
    run hotpath sql "select * from $v"
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -ge 2 ]
  done
  [ "$(query "select name || calls from functions order by name")" = $'fact5\ninner100\nouter10' ]
  [ "$(query "select calls from contexts where name = 'inner' and parent is not null")" = 100 ]
  [ "$(query "select count(*) from functions where p50_ns between min_ns and max_ns")" = 3 ]
  [ "$(hotpath sql -f json "select 1 as a, null as b, 'x' as c")" = '[{"a":1,"b":null,"c":"x"}]' ]
}

@test "sqlite3 alone can count runs" {
  leave_segment
  hotpath ingest -q
  [ "$(sqlite3 "$HOTPATH_DIR/hotpath.db" 'select count(*) from runs')" = 1 ]
}

@test "sql only reads, and marks mistakes" {
  leave_segment
  misuse "only reads" hotpath sql "delete from run"
  misuse "only reads" hotpath sql "pragma user_version = 9"
  misuse "only reads" hotpath sql "attach '$T/x.db' as x"
  misuse "one query at a time" hotpath sql "select 1; select 2"
  misuse "the query is empty" hotpath sql "  "
  misuse "needs QUERY" hotpath sql
  run hotpath sql "select nam from functions"
  [ "$status" -eq 2 ]
  [[ ${lines[0]} == *"no such column: nam" ]]
  [ "${lines[1]}" = "  select nam from functions" ]
  [ "${lines[2]}" = "         ^" ]
}

@test "doctor finds the build tree sound" {
  run hotpath doctor
  [ "$status" -eq 0 ] || { echo "$output"; return 1; }
  [[ $output == *"1000 of 1000 calls"* ]]
  [ "$(hotpath doctor -f json | jq .ok)" = true ]
  # The trial leaves nothing behind.
  [ ! -e "$HOTPATH_DIR" ]
}

@test "doctor names what is broken" {
  mkdir store
  echo "not a database, but long enough to be read as one" >store/hotpath.db
  run hotpath doctor --cc /nowhere/gcc
  [ "$status" -eq 1 ]
  [[ $output == *"FAIL  gcc"*"/nowhere/gcc cannot be run"* ]]
  [[ $output == *"FAIL  store"*"not a hotpath store"* ]]
  [ "$(hotpath doctor --cc /nowhere/gcc -f json | jq .ok)" = false ]
  misuse "table, json or json-pretty" hotpath doctor -f csv
}

@test "a store that may only be read is read; one that may not is told" {
  [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null || skip "needs another user"
  leave_segment; hotpath ingest -q
  # Elsewhere, because the build tree may not be open to others.
  cp "$(command -v hotpath)" tool
  chmod 755 . tool store; chmod 644 store/hotpath.db
  as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
  [ "$(as_nobody ./tool report -f json | jq '.functions|length')" = 3 ]
  [ "$(as_nobody ./tool sql -f json 'select count(*) as n from functions')" = '[{"n":3}]' ]
  run as_nobody ./tool doctor
  [[ $output == *"FAIL  store"*"cannot be written"* ]]
  chmod 600 store/hotpath.db
  run as_nobody ./tool runs
  [ "$status" -eq 2 ]
  [[ $output == *"cannot read the store"*"Permission denied"* ]]
}

@test "no command takes a full disk, or a closed output, for success" {
  leave_segment; leave_segment; hotpath ingest -q
  local commands=(--help --version "report --help" "run --help" "ab --help" "help diff" "db path" "db check" "gc -n" ingest "tag 1 x" runs report
    "report --tree" "report --callers -f json" "report --by group" "diff 1 2" "diff 1 2 -f html" "diff 1 2 -f json" "show last"
    "show inner -f json" "trend inner" "trend inner -f svg" flamegraph export "export -f pprof" "sites $PROG"
    "sql SELECT*FROM(functions)a,(functions)b,(functions)c,(functions)d")
  for c in "${commands[@]}"; do
    run bash -c 'hotpath $0 >/dev/full' "$c"
    [ "$status" -eq 2 ] || { echo "$c: $status $output"; return 1; }
    [[ $output == *"cannot write the output: No space left on device" ]] || { echo "$c: $output"; return 1; }
    run bash -c 'hotpath $0 >&-' "$c"
    [ "$status" -eq 2 ] || { echo "$c, closed: $status $output"; return 1; }
    [[ $output == *"cannot write the output: Bad file descriptor" ]] || { echo "$c, closed: $output"; return 1; }
  done
}

@test "a reader that has read enough is no error, however much there is" {
  leave_segment; leave_segment; hotpath ingest -q
  for c in "--help" "diff 1 2 -f html" flamegraph "sql SELECT*FROM(functions)a,(functions)b,(functions)c,(functions)d"; do
    run bash -o pipefail -c 'hotpath $0 | head -c 1 >/dev/null' "$c"
    [ "$status" -eq 0 ] && [ -z "$output" ] || { echo "$c: $status $output"; return 1; }
  done
}

@test "sql: columns of one name stay apart in JSON, and NULL makes NULL" {
  leave_segment
  [ "$(hotpath sql -f json 'select 1 as a, 2 as a, 3 as a, 4 as b')" = '[{"a":1,"a:1":2,"a:2":3,"b":4}]' ]
  [ "$(hotpath sql -f json 'select 1 as a, 2 as a, 3 as "a:1"')" = '[{"a":1,"a:1:1":2,"a:1":3}]' ]
  [ "$(hotpath sql -f json 'select hotpath_percentile(hist, ns_per_tick, null) as p, hotpath_percentile(null, 1, 5) as q from functions limit 1')" = '[{"p":null,"q":null}]' ]
}

@test "a number that is too large is not called no number" {
  misuse "from 0 to 999999999999999" hotpath runs -n 99999999999999999999
  misuse "from 0 to 999999999999999" hotpath report -n -1
}

# The columns that a page says a view has, each on a line.
documented() {
  sed -e "1,/$2/d" <<<"$1" | awk -v view="$3" '
    $1 == ".TP" { in_view = 0 } $1 == ".B" { in_view = $2 == view; next }
    in_view' | sed -e 's/([^)]*)//g; s/:.*//' | tr -s ' ,' '\n' | grep -x '[a-z][a-z0-9_]*' | sort -u
}

@test "man page and help know the columns of all views" {
  leave_segment
  man=$(cat "$BATS_TEST_DIRNAME/../../cli/hotpath.1")
  help=$(hotpath sql --help)
  for v in runs functions contexts threads recent lost tags objects; do
    documented "$man" '^.SH VIEWS' $v >man.txt
    awk -v view="$v" '/^and these functions/ { exit } $1 == view && /^  [a-z]/ { on = 1; $1 = ""; print; next }
      /^  [a-z]/ { on = 0 } on' <<<"$help" | sed -e 's/([^)]*)//g' | tr -s ' ,' '\n' | grep -x '[a-z][a-z0-9_]*' | sort -u >help.txt
    for c in $(query "select name from pragma_table_info('$v')"); do
      grep -qx "$c" man.txt || { echo "the man page lacks $v.$c"; return 1; }
      grep -qx "$c" help.txt || { echo "the help lacks $v.$c"; return 1; }
    done
  done
}

@test "the views say what report says" {
  leave_segment
  hotpath report -n 0 -f json >r.json
  for f in inner outer fact; do
    read -r percent self total calls < <(jq -r ".functions[]|select(.name==\"$f\")|\"\(.percent) \(.self_ns) \(.total_ns) \(.calls)\"" r.json)
    [ "$(query "select abs(percent - $percent) <= 0.0005 + 1e-9, self_ns, total_ns, calls from functions where name = '$f'")" = "1,$self,$total,$calls" ]
  done
  hotpath tag 1 'a b'; hotpath tag 1 c
  [ "$(query 'select run || name from tags order by name')" = $'1a b\n1c' ]
  [ "$(sqlite3 "$HOTPATH_DIR/hotpath.db" 'select count(*) from tags')" = 2 ]
}
