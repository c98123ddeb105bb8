#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

# record N ENV...: N runs with what is given in the environment.
record() {
  local n=$1
  shift
  for _ in $(seq "$n"); do env "$@" HOTPATH_RUN_TOKEN="t$RANDOM$RANDOM" "$PROG"; done
  hotpath ingest -q
}

repository() {
  git init -q -b main .
  git -c user.name=n -c user.email=e commit -q --allow-empty -m one
}

@test "one run a side: figures, and no verdict" {
  record 2
  run hotpath diff last~1 last
  [ "$status" -eq 0 ]
  [[ $output == *"Base last~1: 1 run (1)"*"Head last: 1 run (2)"*"Nothing can be concluded from one run a side"* ]]
  [[ $output == *"inner "*"inconclusive (+"*"runs)"*" 100 "* ]]
  [[ $output != *"slower"* && $output != *"["[+-]* ]]
}

@test "JSON has the keys of the contract, and the rows add up" {
  record 4 HOTPATH_LABEL=old
  record 4 HOTPATH_LABEL=new
  hotpath diff -f json -n 0 old new >d.json
  [ "$(jq -c keys_unsorted d.json)" = '["schema","base","head","metric","min_effect_percent","same_build","gate","notes","total","verdicts","functions"]' ]
  [ "$(jq -c '[.base.name,.base.n,.base.runs,.head.runs]' d.json)" = '["old",4,[1,2,3,4],[5,6,7,8]]' ]
  [ "$(jq -c '.functions[0]|keys_unsorted' d.json)" = '["name","label","file","line","renamed_from","edited","verdict","more_runs","base_ns","head_ns","change_percent","ci_percent","ci_level","p","q","calls","impact_ns","per_run","share","p95","p99"]' ]
  [ "$(jq -c '[.functions[]|{(.name):.calls}]|add.inner' d.json)" = '{"base":100,"head":100,"exact":true}' ]
  [ "$(jq '[.functions[].impact_ns.total]|add - input.total.impact_ns.total|fabs < 1' d.json d.json)" = true ]
  [ "$(jq '[.functions[]|.impact_ns|.calls + .cost - .total|fabs < 1]|all' d.json)" = true ]
  [ "$(jq '(.total.impact_ns) as $t | [.functions[].impact_ns] | ((map(.calls)|add) - $t.calls|fabs < 1) and ((map(.cost)|add) - $t.cost|fabs < 1)' d.json)" = true ]
  [ "$(jq '[.functions[]|.per_run.base_ns / .base_ns - .calls.base|fabs < 0.1]|all' d.json)" = true ]
  [ "$(jq '.verdicts|add' d.json)" = 3 ]
  [ "$(jq '.total.ci_percent|length' d.json)" = 2 ]
  hotpath diff -f json-pretty old new | jq . >/dev/null
}

@test "the same binary on both sides is called out, and runs that are on both" {
  record 2
  run hotpath diff 1 2
  [[ $output == *"Both sides ran the same binary (build-id "* ]]
  [ "$(hotpath diff -f json 1 2 | jq .same_build)" = true ]
  run hotpath diff 1..2 last
  [[ $output == *"1 run is on both sides."* ]]
}

@test "an order of runs that a drift could hide in is called out" {
  record 2 HOTPATH_LABEL=old
  record 2 HOTPATH_LABEL=new
  run hotpath diff old new
  [[ $output == *"over before those of the other began"* ]]
  run hotpath diff 1+3 2+4
  [[ $output != *"over before"* ]]
}

@test "functions that only one side has, or more calls, are told exactly" {
  sed -e 's/int fact(/int faculty(/; s/ fact(/ faculty(/g; s/n \* fact(/n * faculty(/; s/n < 2/n < 1/' \
    -e 's/i < 10; i++) s += outer/i < 20; i++) s += outer/' "$PROG.c" >p2.c
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o p2 p2.c
  record 2 HOTPATH_LABEL=old
  PROG=./p2 record 2 HOTPATH_LABEL=new
  hotpath diff -f json -m calls old new >d.json
  verdict() { jq -r ".functions[]|select(.name==\"$1\").verdict" d.json; }
  [ "$(verdict fact)" = removed ]
  [ "$(verdict faculty)" = added ]
  [ "$(verdict inner)" = slower ]
  [ "$(jq -c '.functions[]|select(.name=="inner")|[.base_calls,.head_calls,.change_percent,.ci_percent]' d.json)" = '[100,200,100,[100,100]]' ]
  run hotpath diff --fail-on slower:50% -m calls old new
  [ "$status" -eq 1 ]
  [[ $output == *"Gate failed (slower:50%): slower: "*"hotpath: slower: "*"inner (+100.0 %)"* ]]
  run hotpath diff --fail-on slower:101 -m calls -f json old new
  [ "$(jq -c .gate <<<"$output")" = '{"fail_on":"slower:101","verdict":"passed","why":""}' ]
  run hotpath diff --fail-on slower:101 -m calls old new
  [ "$status" -eq 0 ]
  run hotpath diff --fail-on slower -m calls new old
  [ "$status" -eq 0 ]
}

@test "a function that moved to another file is found again" {
  cp "$PROG.c" elsewhere.c
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o p2 elsewhere.c
  record 1
  PROG=./p2 record 1
  hotpath diff -f json 1 2 >d.json
  [ "$(jq -r '.functions[]|select(.name=="inner").renamed_from.file|endswith("prog.c")' d.json)" = true ]
  [ "$(jq -r '[.functions[].verdict]|unique[]' d.json)" = renamed ]
  run hotpath diff 1 2
  [[ $output == *", was in "*"prog.c"* ]]
}

@test "a function of another name but the same body is known again, its histogram too" {
  sed -e 's/\bfact\b/faculty/g; s/\binner\b/innermost/g' "$PROG.c" >p2.c
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o p2 p2.c
  for _ in 1 2; do
    record 1 HOTPATH_LABEL=old
    PROG=./p2 record 1 HOTPATH_LABEL=new
  done
  hotpath diff -f json -m calls old new >d.json
  [ "$(jq -c '.functions[]|select(.name=="innermost")|[.verdict,.renamed_from.name,.calls.base,.calls.head,.p99.base_ns > 0]' d.json)" = '["renamed","inner",100,100,true]' ]
  [ "$(jq '[.functions[]|select(.verdict=="added" or .verdict=="removed")]|length' d.json)" = 0 ]
  [ "$(jq .verdicts.renamed d.json)" = 3 ]
  run hotpath diff old new
  [[ $output == *"renamed, was inner in "*"prog.c"* ]]
  [ "$(hotpath diff -f csv old new | tr -d '\r' | grep -c ',inner,.*prog.c$')" = 1 ]
  # Two of the same body: which one it was is not known.
  sed -e 's/^int main/M int twin(int n) { volatile int s = 0; for (int i = 0; i < n; i++) s += i; return s; }\n&/; s/int s = 0;$/int s = twin(3);/' p2.c >p3.c
  grep -c twin p3.c
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o p3 p3.c
  PROG=./p3 record 1 HOTPATH_LABEL=newer
  run hotpath diff old newer
  [[ $output == *"Note: "*"inner (base)"*" have the same body: which of them was renamed is not known."* ]]
  [[ $output == *"inner "*"removed"* ]]
}

@test "what was edited is told, and that nothing was" {
  sed -e 's/s += i; return s/s -= i; return s/' "$PROG.c" >p2.c
  # The same source as another binary.
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -DUNUSED -Wl,--build-id=0x1234 -o p1 "$PROG.c"
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o p2 p2.c
  record 1
  PROG=./p1 record 1
  PROG=./p2 record 1
  run hotpath diff 1 2
  [[ $output == *"No measured function's body differs between the sides"* ]]
  run hotpath diff 1 3
  [[ $output != *"body differs"* ]]
  [ "$(hotpath diff -f json 1 3 | jq -c '[.functions[]|{(.name):.edited}]|add|[.inner,.outer,.fact]')" = '[true,false,false]' ]
}

@test "formats: CSV, Markdown with a marker, HTML that escapes" {
  record 2 HOTPATH_LABEL='a<b'
  [ "$(hotpath diff -f csv 1 2 | tr -d '\r' | head -1)" = "name,file,verdict,more_runs,base,head,change_percent,ci_low_percent,ci_high_percent,p,q,calls_base,calls_head,impact_calls_ns,impact_cost_ns,impact_ns,p95_change_percent,p99_change_percent,old_name,old_file" ]
  run hotpath diff -f markdown 1 2
  [ "${lines[0]}" = "<!-- hotpath diff -->" ]
  [ "${lines[1]%% (*}" = "### hotpath: 3 functions: 3 inconclusive; the whole: inconclusive" ]
  [[ ${lines[2]} == 'Base `1: 1 run (1), '* ]]
  [[ $output == *'| `the \| outer` |'* ]]
  run hotpath diff -f html 'a<b' 2
  [[ $output == "<!doctype html>"*"Base a&lt;b: 2 runs"*"><code>inner</code></td>"*"</html>" ]]
}

@test "metrics, sort, limit, focus and output choose" {
  record 2
  for m in self run total p50 p99 calls; do hotpath diff -m $m 1 2 >/dev/null; done
  [ "$(hotpath diff -m p50 -f json 1 2 | jq -r .metric)" = p50 ]
  [ "$(hotpath diff -f json -s name 1 2 | jq -r '.functions[0].name')" = fact ]
  [ "$(hotpath diff -f json -n 1 1 2 | jq '.functions|length')" = 1 ]
  [ "$(hotpath diff -f json --focus '/^in/' 1 2 | jq -r '.functions[].name')" = inner ]
  run hotpath diff -n 1 1 2
  [[ $output == *"(2 others) "*"(total) "*"1 of 3 functions; --limit 0 shows all"* ]]
  run hotpath diff --focus nothing 1 2
  [[ $output == *"None of the 3 functions matches the focus."* ]]
  hotpath diff -o out.txt 1 2
  grep -q inner out.txt
}

@test "programs get all functions, people the first 15, and the rest in a row that makes them add up" {
  { echo '__attribute__((hotpath_measure)) int main(void) {'
    for i in $(seq 20); do echo "__attribute__((hotpath_measure)) void f$i(void); f$i();"; done
    echo 'return 0; }'
    for i in $(seq 20); do echo "void f$i(void) {}"; done; } >many.c
  gcc -O0 -fplugin="$BUILD/lib/hotpath.so" -o many many.c
  PROG=./many record 2
  [ "$(hotpath diff -f json 1 2 | jq '.functions|length')" = 21 ]
  [ "$(hotpath diff -f csv 1 2 | wc -l)" = 23 ]
  [ "$(hotpath diff -f json -n 3 1 2 | jq '.functions|length')" = 3 ]
  run hotpath diff 1 2
  [[ $output == *"(6 others)"*"15 of 21 functions; --limit 0 shows all"* ]]
  run hotpath diff -n 0 1 2
  [[ $output != *others* && $output != *"shows all"* ]]
}

@test "functions of one name are told apart by their files" {
  for n in a b; do
    echo "__attribute__((hotpath_measure)) static void twin(void) { } __attribute__((hotpath_measure)) void $n(void) { twin(); }" >$n.c
  done
  echo 'void a(void), b(void); int main(void) { a(); b(); return 0; }' >main.c
  gcc -O0 -fplugin="$BUILD/lib/hotpath.so" -o twins main.c a.c b.c
  PROG=./twins record 2
  run hotpath diff 1 2
  [[ $output == *"twin (a.c) "* && $output == *"twin (b.c) "* ]]
  [ "$(hotpath diff -f json 1 2 | jq -c '[.functions[]|select(.name=="twin").file]|sort')" = '["a.c","b.c"]' ]
}

@test "a gate that could not fail says so instead of passing" {
  record 8
  run hotpath diff --fail-on slower 1 2
  [ "$status" -eq 2 ]
  [[ $output == *"Nothing can be concluded"*"--fail-on: 1 and 1 runs are too few"*"record at least 4 a side"* ]]
  run hotpath diff --fail-on slower 1..3 4..6
  [ "$status" -eq 2 ]
  run hotpath diff -m calls --fail-on slower 1 2
  [ "$status" -eq 2 ]
  run hotpath diff -m calls --fail-on slower 1..2 3..4
  [ "$status" -eq 0 ]
  run hotpath diff --focus nothing --fail-on slower 1..4 5..8
  [ "$status" -eq 2 ]
  [[ $output == *"Gate undecided (slower): there is nothing to look at"*"none of the 3 functions matches --focus 'nothing'"* ]]
  [ "$(hotpath diff -f json 1 2 | jq .gate)" = null ]
  run hotpath diff 1..4 5..8
  [[ $output == *"4 and 4 runs are too few to show that a single one of "*" functions changed; 5 a side can"* ]]
}

@test "the gate looks at the focus, and without one at the whole as well" {
  # The total has one call more and takes far longer; fact stays.
  sed -e 's/fact(5) == 1/fact(5) + inner(2000000) == 1/' "$PROG.c" >p2.c
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o p2 p2.c
  for _ in 1 2 3 4 5 6; do
    record 1 HOTPATH_LABEL=old
    PROG=./p2 record 1 HOTPATH_LABEL=new
  done
  [ "$(hotpath diff -m run -f json old new | jq -r '.functions[]|select(.name=="inner").verdict')" = slower ]
  run hotpath diff -m run --fail-on slower:50% old new
  [ "$status" -eq 1 ]
  run hotpath diff -m run --fail-on slower:50% --focus fact old new
  [ "$status" -ne 1 ]
  # Calls need no quiet machine: what they took is not looked at, nor in the whole.
  run hotpath diff -m calls --fail-on slower:50% old new
  [ "$status" -eq 0 ]
}

@test "-m calls counts the calls of the whole, and needs two runs a side" {
  sed -e 's/^M int fact/M int more(int n) { return n; }\n&/; s/int s = 0;$/int s = 0; for (int i = 0; i < 200; i++) s += more(i);/' "$PROG.c" >p2.c
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o p2 p2.c
  for _ in 1 2; do
    record 1 HOTPATH_LABEL=old
    PROG=./p2 record 1 HOTPATH_LABEL=new
  done
  run hotpath diff -m calls old new
  [[ $output == *"the whole: slower (+173.9 %)"* ]]
  [[ $output != *"too few"* ]]
  [[ ${lines[-1]} =~ ^"(total)"\ +slower\ +"115 > 315"\ +115\ +315\  ]]
  [ "$(hotpath diff -m calls -f json old new | jq -c '.total|[.verdict,.base_calls,.head_calls,.base_ns,.ci_percent]')" = \
    '["slower",115,315,null,[173.913,173.913]]' ]
  [ "$(hotpath diff -m calls -f github-benchmark old new | jq -c '.[-1]|[.name,.unit,.value]')" = '["(total)","calls/run",315]' ]
  [ "$(hotpath diff -m calls -f csv old new | tail -1 | cut -d, -f1,3,5,6)" = '(total),slower,115,315' ]
  run hotpath diff -m calls --fail-on slower:50% old new
  [ "$status" -eq 1 ]
  [[ $output == *"slower: the total (+173.9 %)"* ]]
}

@test "calls are marked as varying only where they do" {
  record 3
  run hotpath diff 1..2 3
  [[ $output != *"~"* ]]
  # One run is none to vary from, and none to be exact by.
  [ "$(hotpath diff -f json 1..2 3 | jq -c '[.functions[].calls.exact]|unique')" = '[false]' ]
  # Another program, in whose run nothing of the first is called.
  cp "$PROG.c" p2.c
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o p2 p2.c
  PROG=./p2 record 1
  run hotpath diff 3..4 1
  [[ $output == *" ~50 > 100 "* ]]
}

@test "each wrong value of diff is told" {
  record 2
  misuse "markdown, html, github-benchmark or bencher" hotpath diff -f xml 1 2
  misuse "self, run, total, p50, p99 or calls" hotpath diff -m mean 1 2
  misuse "impact, change or name" hotpath diff -s size 1 2
  misuse "more than 0" hotpath diff -e 0 1 2
  misuse "more than 0" hotpath diff -e nan 1 2
  misuse "0 to 100" hotpath diff --min-share 101 1 2
  misuse "slower or slower:5%" hotpath diff --fail-on faster 1 2
  misuse "slower or slower:5%" hotpath diff --fail-on slower:x 1 2
  misuse "missing closing parenthesis" hotpath diff --focus '/(/' 1 2
  misuse "needs BASE HEAD" hotpath diff 1
  misuse "unexpected argument" hotpath diff 1 2 3
  run hotpath diff 1 9
  [ "$status" -eq 2 ]
  [[ $output == *"there is no run '9'"* ]]
}

@test "escape sequences in names of sets do not reach the terminal" {
  HOTPATH_LABEL=$'evil\033[2J' record 1
  run hotpath diff $'evil\033[2J' 1
  [ "$status" -eq 0 ]
  [[ $output != *$'\033'* && $output == *'evil\x1b[2J'* ]]
  run hotpath diff $'none\033[2J' 1
  [[ $output != *$'\033'* ]]
}

@test "sets: labels, tags, ranges, sums, hosts" {
  record 2 HOTPATH_LABEL=early
  record 3 HOTPATH_LABEL=with+plus
  runs() { hotpath diff -f json "$1" 1 | jq -c .base.runs; }
  [ "$(runs early)" = '[1,2]' ]
  [ "$(runs with+plus)" = '[3,4,5]' ]
  [ "$(runs label:early+5)" = '[1,2,5]' ]
  [ "$(runs 2..4)" = '[2,3,4]' ]
  [ "$(runs last..last~1)" = '[4,5]' ]
  [ "$(runs last~3..last)" = '[2,3,4,5]' ]
  [ "$(runs last~3..last~1)" = '[2,3,4]' ]
  [ "$(runs last~3..4)" = '[2,3,4]' ]
  [ "$(runs label:with+plus)" = '[3,4,5]' ]
  [ "$(runs early+early+2)" = '[1,2]' ]
  [ "$(runs "host:$(hostname)")" = '[1,2,3,4,5]' ]
  hotpath tag 2..3 middle
  [ "$(runs middle)" = '[2,3]' ]
  run hotpath tag middle middle
  [ "$output" = "middle: 0 of 2 runs named" ]
  run hotpath tag -d 2 middle
  [ "$output" = "middle: 1 of 1 run no longer so named" ]
  [ "$(runs middle)" = '[3]' ]
}

@test "sets: branches, commits, tags and times" {
  repository
  one=$(git rev-parse HEAD)
  record 2
  git tag v1
  git -c user.name=n -c user.email=e commit -q --allow-empty -m two
  two=$(git rev-parse HEAD)
  record 1
  git switch -q -c feature
  record 1
  runs() { hotpath diff -f json "$@" 1 | jq -c .base.runs; }
  [ "$(runs main)" = '[3]' ]
  [ "$(runs --all-commits main)" = '[1,2,3]' ]
  [ "$(runs feature)" = '[4]' ]
  [ "$(runs "$one")" = '[1,2]' ]
  [ "$(runs "${two:0:9}")" = '[3,4]' ]
  [ "$(runs v1)" = '[1,2]' ]
  [ "$(runs tag:v1)" = '[1,2]' ]
  [ "$(runs HEAD~1)" = '[1,2]' ]
  [ "$(runs 'main@{now}')" = '[3]' ]
  [ "$(hotpath diff -f json main feature | jq -r '.base.commit')" = "$two" ]
  sqlite3 store/hotpath.db 'UPDATE run SET started_at_ns = started_at_ns - 2 * 86400 * 1000000000 WHERE id < 3'
  [ "$(runs 'main@{yesterday}')" = '[1,2]' ]
  [ "$(runs 'main@{1 day ago}')" = '[1,2]' ]
  run hotpath diff 'main@{3 days ago}' 1
  [ "$status" -eq 2 ]
  misuse "main@{2 days ago}" hotpath diff 'main@{soon}' 1
  misuse "main@{2 days ago}" hotpath diff 'main@{' 1
}

@test "sets: a name that is ambiguous or empty tells what there is" {
  repository
  record 1
  record 1 HOTPATH_LABEL=main
  misuse "'main' is a branch (2 runs) and a label (1 runs): write branch:main or label:main" hotpath diff main 1
  [ "$(hotpath diff -f json branch:main 1 | jq -c .base.runs)" = '[1,2]' ]
  run hotpath diff nothing 1
  [ "$status" -eq 2 ]
  [[ $output == *"no runs are named 'nothing'; the store has runs 1 to 2; branches main; labels main; commits "*"; hosts "* ]]
  run hotpath diff host:nowhere 1
  [ "$status" -eq 2 ]
  sqlite3 store/hotpath.db "INSERT INTO text (value) VALUES ('abcd1'), ('abcd2'); UPDATE run SET commit_id = (SELECT id FROM text WHERE value = 'abcd' || run.id)"
  misuse "'abcd' is the beginning of 2 commits: abcd1 abcd2" hotpath diff abcd 1
  misuse "a name is missing" hotpath diff 1++2 1
  misuse "a name is missing" hotpath diff "" 1
  misuse "no range of runs" hotpath diff main..feature 1
  [ "$(hotpath diff -f json 1..last last | jq -c .base.runs)" = '[1,2]' ]
}

@test "a run that was killed, or whose end nobody saw, is told where it counts" {
  git init -q -b main .
  git -c user.name=n -c user.email=e commit -q --allow-empty -m 1
  for how in 0 0 kill 0; do HOTPATH_RUN_TOKEN=$((n += 1)) "$PROG" $how 2>/dev/null || true; done
  hotpath ingest -q
  run hotpath diff 1..2 main
  [[ $output == *"Note: 1 run ended unseen, as one that is killed does: it may be only a part."* ]] || { echo "$output"; return 1; }
  run hotpath trend inner
  [[ $output == *"Note: 1 run ended unseen"* ]] || { echo "$output"; return 1; }
  run hotpath diff 1 2
  [[ $output != *"unseen"* ]]
  # All of them: so this program ends.
  run hotpath diff 3 3
  [[ $output != *"unseen"* ]]
}

@test "sets: runs of another work tree are in a store of its own, and this is said" {
  unset HOTPATH_DIR
  git init -q -b main p
  cd p
  git -c user.name=n -c user.email=e commit -q --allow-empty -m 1
  git worktree add -q -b side ../side
  git worktree add -q -b other ../other
  git -C ../side -c user.name=n -c user.email=e commit -q --allow-empty -m 2
  cp "$PROG" . && cp "$PROG" ../side/
  hotpath run -- ./prog
  (cd ../side && hotpath run -- ./prog)
  misuse "no runs are named 'side'; the store has runs 1 to 1; branches main;" hotpath diff main side
  [[ $output == *"; the work tree $T/side has runs of its own: \`hotpath db import $T/side\` takes them in here" ]] || { echo "$output"; return 1; }
  hotpath db import "$T/side"
  hotpath diff main side >/dev/null
}

@test "tag: each error path" {
  run hotpath tag last x
  [ "$status" -eq 2 ]
  [[ $output == *"no runs yet"* ]]
  record 1
  misuse "cannot be a name" hotpath tag last 12
  misuse "cannot be a name" hotpath tag last ''
  misuse "cannot be a name" hotpath tag last last~1
  misuse "cannot be a name" hotpath tag last 'a..b'
  misuse "cannot be a name" hotpath tag last $'a\nb'
  misuse "needs RUNS NAME" hotpath tag last
  run hotpath tag 9 x
  [ "$status" -eq 2 ]
  if [ "$(id -u)" != 0 ]; then
    chmod -R a-w store
    run hotpath tag last x
    chmod -R u+w store
    [ "$status" -eq 1 ]
  fi
}

@test "the processes of one hotpath run are one run" {
  hotpath run -- sh -c "$PROG; $PROG"
  hotpath run -- sh -c "$PROG; $PROG"
  hotpath diff -f json 1..2 3..4 >d.json
  [ "$(jq -c '[.base.n,.head.n]' d.json)" = '[1,1]' ]
  [ "$(jq -c '.functions[]|select(.name=="inner").calls|[.base,.head]' d.json)" = '[200,200]' ]
}
