#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

# history KEY=VALUE...: adds runs to the store (testsuite/cli/make_history.c).
history() {
  mkdir -p "$HOTPATH_DIR"
  "$BUILD/test/make_history" "$HOTPATH_DIR" "$@"
}

# changes FUNCTION [OPTION...]: "FIRST-RUN VERDICT" for each change.
changes() {
  hotpath trend -f json "$@" | jq -r '.changes[]|"\(.first_after.first_run) \(.verdict)"'
}

@test "a step is found at its commit, with its size, and drawn" {
  history commits=20 runs=5 step=12:8
  run hotpath trend fn0
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == "fn0 (prog.c:1), time of its own per call: 100 runs of 20 commits of main on box" ]]
  [[ $output == *" ms ┤"*"●"*"──"*"└─"*"▲─"* ]]
  [[ $output == *"Change at "*": slower +"[78]"."* ]]
  [ "$(changes fn0)" = "61 slower" ]
  hotpath trend fn0 -f json >t.json
  [ "$(jq '.changes[0]|.ci_percent[0] < 8 and .ci_percent[1] > 8 and .p <= 0.02' t.json)" = true ]
  [ "$(jq -c '[.changes[0]|.last_before.first_run,.first_after.first_run]' t.json)" = "[56,61]" ]
  # The other functions did not change.
  [ -z "$(changes fn1)" ]
  run hotpath trend fn1
  [[ $output == *"No change found."* && $output != *"▲"* ]]
}

@test "two changes, one of them for the better" {
  history commits=24 runs=6 step=9:8 step=18:-6
  [ "$(changes fn0)" = $'55 slower\n109 faster' ]
  [ "$(changes total)" = $'55 slower\n109 faster' ]
  run hotpath trend total
  [[ ${lines[0]} == "All functions, time per run: 144 runs of 24 commits"* ]]
}

@test "a history without a change has none, also with commits that jitter" {
  history commits=20 runs=5
  [ -z "$(changes fn0)" ]
  history commits=30 runs=6 jitter=2 noise=0.5 seed=2 host=jittery
  [ -z "$(changes fn0 --host jittery)" ]
  run hotpath trend fn0 --host jittery
  [[ $output == *"Note: Commits differ by about "*" % by themselves"* ]]
}

@test "JSON, CSV and Markdown have what the table has" {
  history commits=20 runs=5 step=12:8
  hotpath trend fn0 -f json >t.json
  [ "$(jq -c keys_unsorted t.json)" = '["schema","function","metric","unit","branch","host","jitter_percent","notes","changes","commits"]' ]
  [ "$(jq -c '.changes[0]|keys_unsorted' t.json)" = '["verdict","last_before","first_after","before","after","change_percent","ci_percent","p","same_build","load","log"]' ]
  [ "$(jq -c '.commits[0]|keys_unsorted' t.json)" = '["commit","dirty","first_run","first_run_at","median","ci","runs"]' ]
  [ "$(jq '.commits|length' t.json)" = 20 ]
  [ "$(jq '[.commits[].runs|length]|add' t.json)" = 100 ]
  [ "$(jq '[.commits[]|(.runs|map(.value)|sort)[2] - .median]|max|fabs < 0.01' t.json)" = true ]
  hotpath trend fn0 -f json-pretty | jq . >/dev/null
  hotpath trend fn0 -f csv | tr -d '\r' >t.csv
  [ "$(wc -l <t.csv)" = 21 ]
  [ "$(head -1 t.csv)" = "commit,dirty,run,first_run_at,runs,median_ns,ci_low_ns,ci_high_ns,change_percent,change_ci_low_percent,change_ci_high_percent,p" ]
  [ "$(awk -F, '$9 != "" && NR > 1 { print $3 }' t.csv)" = 61 ]
  run hotpath trend fn0 -f markdown -n 10
  [[ $output == *"| Commit | First run |"*"slower +"*"the newest 10 of 20 commits"* ]]
  [ "$(grep -c '^| `' <<<"$output")" = 10 ]
}

@test "SVG is XML without scripts, and hostile names stay text" {
  history commits=20 runs=5 step=12:8 'host=<script>&"x' 'branch=a--><b>'
  hotpath trend fn0 -f svg -o t.svg
  python3 -c 'import sys, xml.dom.minidom as m; d = m.parse("t.svg"); print(len(d.getElementsByTagName("circle")))' >n 2>/dev/null ||
    skip "no python3"
  [ "$(cat n)" = 120 ]
  grep -q 'class="slower level"' t.svg
  grep -q '+[78]\.[0-9] % at ' t.svg
  run grep -c '<script\|<b>' t.svg
  [ "$output" = 0 ]
}

@test "hostile names do not reach the terminal" {
  history commits=2 runs=2 $'host=\e[31mred' $'branch=b\nc'
  run hotpath trend fn0
  [[ $output == *'of b\nc on \x1b[31mred'* ]]
  [[ $output != *$'\e'* ]]
  run hotpath blame fn0
  [[ $output != *$'\e'* ]]
}

@test "without UTF-8 the plot is ASCII, and only a terminal gets colours" {
  history commits=20 runs=5 step=12:8
  LC_ALL=C run hotpath trend fn0
  [[ $output == *" ms |"*"o"*"--"*"+--"*"^--"* ]]
  [ -z "$(LC_ALL=C tr -d '\000-\177' <<<"$output")" ]
  [[ $output != *$'\e'* ]]
  TERM=xterm run script -qec "hotpath trend fn0" /dev/null
  [[ $output == *$'\e[31m'* ]]
}

@test "a plot keeps to the width of the terminal, however many commits there are" {
  history commits=300 runs=1 step=150:20
  [ "$(COLUMNS=60 TERM=dumb script -qec 'stty cols 60; hotpath trend fn0' /dev/null | tr -d '\r' | grep '[│┤└]' | wc -L)" -le 60 ]
  [ "$(hotpath trend fn0 | grep '[│┤└]' | wc -L)" -le 80 ]
}

@test "runs of other machines are left out, and this is said" {
  history commits=10 runs=5 step=5:10
  history commits=10 runs=3 step=2:50 seed=2 host=other 'cpu=another processor'
  run hotpath trend fn0
  [[ $output == *"50 runs of 10 commits of main on box"* ]]
  [[ $output == *"Note: 30 runs of 1 other machine (other) left out"*"--host NAME"* ]]
  [ "$(changes fn0)" = "26 slower" ]
  run hotpath trend fn0 --host other
  [[ $output == *"30 runs of 10 commits of main on other"* ]]
  [ "$(changes fn0 --host other)" = "57 slower" ]
  run hotpath trend fn0 --all-hosts
  [[ $output == *"80 runs of 10 commits of main"*"Note: The runs are of 2 kinds of processor"* ]]
  misuse "no runs of 'fn0' are left" hotpath trend fn0 --host nowhere
}

@test "hosts of one run each, as containers are, count as one machine by their processor" {
  for i in 1 2 3 4 5 6; do history commits=1 runs=2 seed=$i day=$i "host=job$i"; done
  run hotpath trend fn0
  [[ ${lines[0]} == *"12 runs of 1 commit of main" ]]
  [[ $output == *"Note: The runs are of 6 hosts with the same processor (a processor)."* ]]
}

@test "the branch of the newest run, one that is named, or all; and since when" {
  history commits=10 runs=2
  history commits=4 runs=2 seed=2 branch=feature day=5
  run hotpath trend fn0
  [[ ${lines[0]} == *"8 runs of 4 commits of feature on box" ]]
  run hotpath trend fn0 -b main
  [[ ${lines[0]} == *"20 runs of 10 commits of main on box" ]]
  run hotpath trend fn0 --all-branches
  [[ ${lines[0]} == *"28 runs of 10 commits on box" ]]
  run hotpath trend fn0 --all-branches --since 2026-01-03
  [[ ${lines[0]} == *"8 runs of 4 commits on box" ]]
  run hotpath trend fn0 --run 1..4
  [[ ${lines[0]} == *"4 runs of 2 commits on box" ]]
  misuse "no runs of 'fn0' are left; the store has" hotpath trend fn0 -b nothing
  misuse "exclude each other" hotpath trend fn0 -b main --all-branches
  misuse "'soon' is not a time" hotpath trend fn0 --since soon
}

@test "counts that are exact need no statistics" {
  history commits=6 runs=2 calls=10 more=3:25
  hotpath trend fn0 -m calls -f json >t.json
  [ "$(jq -c '.changes[0]|[.verdict,.before,.after,.change_percent,.ci_percent,.p]' t.json)" = '["more",10,25,150,[150,150],0]' ] ||
    [ "$(jq -c '.changes[0]|[.verdict,.before,.after,.change_percent,.ci_percent,.p]' t.json)" = '["more",10.0,25.0,150.0,[150.0,150.0],0.0]' ]
  [ "$(jq -r .unit t.json)" = calls ]
  run hotpath trend fn0 -m calls
  [[ $output == *"more calls +150.0 %"*", exactly, 10 before, 25 after"* ]]
}

@test "each metric, and what cannot be asked" {
  history commits=3 runs=2
  for m in self total p50 p99 calls run; do
    [ "$(hotpath trend fn0 -m $m -f json | jq -r .metric)" = $m ]
  done
  # One duration a run: all per-call figures are about the same.
  hotpath trend fn0 -m p50 -f csv | tail -1 | cut -d, -f6 >p50
  hotpath trend fn0 -f csv | tail -1 | cut -d, -f6 >self
  [ "$(jq -n "($(cat p50) - $(cat self)) / $(cat self) | fabs < 0.01")" = true ]
  misuse "is not a metric" hotpath trend fn0 -m speed
  misuse "have no percentiles" hotpath trend total -m p99
  misuse "is not a format" hotpath trend fn0 -f xml
  misuse "is not an effect" hotpath trend fn0 -e none
  misuse "needs FUNCTION|total" hotpath trend
  misuse "no run has a function 'fn9': did you mean fn" hotpath trend fn9
}

@test "a changed work tree stands apart from its commit" {
  history commits=5 runs=3 dirty=3
  hotpath trend fn0 -f json >t.json
  [ "$(jq -c '[.commits[].dirty]' t.json)" = '[false,false,false,true,false]' ]
  run hotpath trend fn0
  [[ $output == *"Note: 3 runs of a work tree that differed from its commit"* ]]
  [ "$(grep -c '^[0-9a-f]\{7\}\* ' <<<"$output")" = 1 ]
}

@test "functions of one name are told apart by file" {
  printf '%s\n' '#define M __attribute__((hotpath_measure, noinline))' 'M static int helper(int n) { return n * 3; }' >x.h
  printf '%s\n' '#include "x.h"' 'int b(int); int main(void) { return helper(0) + b(0); }' >a.c
  mkdir sub
  cat >sub/b.c <<'EOC'
#define M __attribute__((hotpath_measure, noinline))
M static int helper(int n) { return n * 5; }
int b(int n) { return helper(n); }
EOC
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o two a.c sub/b.c
  HOTPATH_RUN_TOKEN=t1 ./two
  hotpath ingest -q
  misuse "'helper' is 2 functions here; write one of " hotpath trend helper
  run hotpath trend b.c:helper
  [[ $output == *"helper ("*"sub/b.c:2)"* ]]
  run hotpath trend x.h:helper
  [[ $output == *"x.h:2)"*"No commits are known"* ]]
}

@test "blame names the commits in between, as git does" {
  git init -q -b main .
  for i in $(seq 20); do
    git -c user.name=n -c user.email=e commit -q --allow-empty -m "change number $i"
    # The store has each second one.
    [ $((i % 2)) = 1 ] || git rev-parse HEAD >>commits
  done
  history commits=commits runs=6 step=6:10
  run hotpath blame fn0
  [ "$status" -eq 0 ]
  [[ $output == *"slower +"*", p = 0.001: 1.00 ms before, 1.1"* ]]
  [[ $output == *"last before $(sed -n 6p commits | cut -c1-7)"*"first after $(sed -n 7p commits | cut -c1-7)"* ]]
  [[ $output == *"change number 14"*"change number 13"* ]]
  [[ $output == *"to be sure: hotpath ab --base-ref $(sed -n 6p commits | cut -c1-7) --head-ref $(sed -n 7p commits | cut -c1-7) "* ]]
  [[ $output != *"change number 12"* && $output != *"change number 15"* ]]
  hotpath blame fn0 -f json >b.json
  [ "$(jq -c '.changes[0].log|map(sub("^[0-9a-f]+ ";""))' b.json)" = '["change number 14","change number 13"]' ]
  [ "$(jq -r '.changes[0].first_after.commit' b.json)" = "$(sed -n 7p commits)" ]
  [ "$(jq 'has("commits")' b.json)" = false ]
  [ "$(hotpath blame fn0 -f csv | tr -d '\r' | tail -1 | cut -d, -f1,2,10)" = "$(sed -n 6p commits),$(sed -n 7p commits),2" ]
  run hotpath blame fn0 -f markdown
  [[ $output == *"| Last before | First after |"* ]]
}

@test "commits that were run the other way round are told" {
  git init -q -b main .
  for i in $(seq 8); do
    GIT_COMMITTER_DATE="2026-01-01 00:00:0$i +0000" git -c user.name=n -c user.email=e commit -q --allow-empty -m $i
  done
  git rev-list --reverse HEAD >forward
  git rev-list HEAD >commits
  history commits=forward runs=3 step=4:10
  run hotpath trend fn0
  [[ $output != *"backwards"* ]]
  rm -rf store
  history commits=commits runs=3 step=4:10
  run hotpath trend fn0
  [[ $output == *"Note: 7 commits are older than one that was run before: as commits stand in the order of their first runs, a change may be told backwards."* ]] || { echo "$output"; return 1; }
  [ "$(hotpath blame fn0 -f json | jq -r '.notes[]' | grep -c backwards)" = 1 ]
  # Where git does not know them, nothing can be said.
  cd "$BATS_TEST_TMPDIR"
  run hotpath trend fn0
  [[ $output != *"backwards"* ]]
}

@test "blame without a change, and without the repository" {
  history commits=20 runs=5 step=12:8
  run hotpath blame fn1
  [ "$status" -eq 0 ]
  [[ $output == *"No change found"* ]]
  run hotpath blame fn0
  [ "$status" -eq 0 ]
  [[ $output == *"not in a repository here"*"git log --oneline "*".."* ]]
}

@test "what else can be behind a change is said: the same binary, a busy machine" {
  history commits=20 runs=5 step=12:8
  run hotpath trend fn0
  [[ $output != *"binary is the same"* && $output != *"load of the machine"* ]]
  history commits=20 runs=5 step=12:8 seed=2 host=second same=1 busy=12
  run hotpath blame fn0 --host second
  [[ $output == *"Note: At "*" the binary is the same as before: the change is of the machine or the input"* ]]
  [[ $output == *"Note: At "*" the load of the machine changed as well, from 0.1 to 3.0 per processor"* ]]
  [ "$(hotpath trend fn0 --host second -f json | jq -c '.changes[0]|[.same_build,.load]')" = '[true,[0.05,3.0]]' ] ||
    [ "$(hotpath trend fn0 --host second -f json | jq -c '.changes[0]|[.same_build,.load]')" = '[true,[0.05,3]]' ]
}

@test "what a process has done so far is no run of the history" {
  history commits=3 runs=2
  sqlite3 "$HOTPATH_DIR/hotpath.db" 'UPDATE run SET part = 1 WHERE id = 6'
  run hotpath trend fn0
  [[ ${lines[0]} == *": 5 runs of 3 commits"* ]]
  [[ $output == *"Note: 1 run that still went on left out."* ]]
}
