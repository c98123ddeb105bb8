#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

# A second version of the program, in which inner is called twice as often.
second_version() {
  sed -e 's/i < 10; i++) s += outer/i < 20; i++) s += outer/' "$PROG.c" >second.c
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o second second.c
}

@test "run --times makes runs of their own, after a warm-up that is not recorded" {
  cat >count.sh <<EOS
echo x >>count
exec "$PROG"
EOS
  hotpath run -n 3 -l series -- sh count.sh
  [ "$(wc -l <count)" -eq 4 ]
  [ "$(query 'select count(*), count(distinct run_id), max(label) from runs')" = 3,3,series ]
  [ "$(hotpath diff -f json series 1 | jq .base.n)" = 3 ]
  hotpath run -n 2 --warm-up 0 -- sh count.sh
  [ "$(wc -l <count)" -eq 6 ]
}

@test "run --times ends with the first run that fails" {
  run hotpath run -n 5 -w 0 -- "$PROG" 3
  [ "$status" -eq 3 ]
  [ "$(query 'select count(*) from runs')" = 1 ]
  run -127 hotpath run -n 5 -- ./nothing
  misuse "expected 1 or more" hotpath run -n 0 -- "$PROG"
}

@test "run --times shows where it is on a terminal, and nothing else" {
  command -v script >/dev/null || skip "no script(1)"
  run script -qec "TERM=xterm hotpath run -n 2 -- $PROG" /dev/null
  [[ $output == *"] 1 of 3: warm-up"*"] 3 of 3: run, "*" s left"* ]]
  run hotpath run -n 2 -- "$PROG"
  [ -z "$output" ]
}

@test "each run of a series reads the same standard input, and a pipe is read by none" {
  cat >lines.c <<'EOC'
#include <stdio.h>
__attribute__((hotpath_measure, noinline)) int line(const char *s) { return s[0]; }
int main(void) { char b[99]; int s = 0; while (fgets(b, sizeof(b), stdin)) s += line(b); return s == 1; }
EOC
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o lines lines.c
  seq 7 >data
  calls() { query "select group_concat(calls, ' ') from (select calls from runs where label like '$1%' order by id)"; }
  hotpath run -n 3 -l file -- ./lines <data
  [ "$(calls file)" = "7 7 7" ]
  { read -r _; hotpath run -n 2 -l rest -- ./lines; } <data
  [ "$(calls rest)" = "6 6" ]
  hotpath ab -n 2 -l both --base ./lines --head ./lines <data >/dev/null
  [ "$(calls both)" = "7 7 7 7" ]
  hotpath run -l one -- ./lines <data
  [ "$(calls one)" = 7 ]
  run bash -c 'seq 7 | { sleep 0.2; hotpath run -n 2 -l pipe -- ./lines; }'
  [ "$status" -eq 0 ]
  [ "$output" = "hotpath: the runs were given no standard input: it can be read only once; where they read it, redirect it from a file" ]
  [ "$(calls pipe)" = "0 0" ]
  [ "$(seq 7 | hotpath run -l one-pipe -- ./lines; calls one-pipe)" = 7 ]
  # A shell's script is the shell's.
  [ "$(printf 'hotpath run -n 2 -- ./lines\necho on\n' | sh 2>/dev/null)" = on ]
}

@test "ab runs both sides in turns and compares them" {
  second_version
  hotpath ab -n 4 -m calls -f json --base "$PROG" --head ./second >d.json
  [ "$(jq -c '[.base.n,.head.n]' d.json)" = '[4,4]' ]
  [ "$(jq -r '.functions[]|select(.name=="inner")|.verdict' d.json)" = slower ]
  [ "$(jq -r '.functions[]|select(.name=="fact")|.verdict' d.json)" = renamed ]
  # In turns: each two runs have one of each side.
  [ "$(query "select count(distinct substr(label, -4)) from runs group by (id + 1) / 2" | sort -u)" = 2 ]
  [ "$(jq '[.notes[]|select(test("over before"))]|length' d.json)" = 0 ]
}

@test "ab names its runs, and drops the output of the commands" {
  echo "echo noise; exec $PROG" >noisy.sh
  run hotpath ab -n 1 -w 0 -l mine --base 'sh noisy.sh' --head 'sh noisy.sh'
  [ "$status" -eq 0 ]
  [[ $output == *"Base mine-base: 1 run"*"Head mine-head: 1 run"*"Nothing can be concluded"* ]]
  [[ $output != *noise* ]]
  # The same label again: only what was run now is compared.
  [ "$(hotpath ab -n 2 -w 0 -l mine -f json --base "$PROG" --head "$PROG" | jq -c '[.base.n,.head.n]')" = '[2,2]' ]
  [ "$(hotpath diff -f json mine-base mine-head | jq -c '[.base.n,.head.n]')" = '[3,3]' ]
  run hotpath ab -n 1 -w 1 --show-output --base 'sh noisy.sh' --head 'sh noisy.sh'
  [ "$(grep -c noise <<<"$output")" -eq 4 ]
}

@test "ab --fail-on ends with 1" {
  second_version
  run hotpath ab -n 2 -m calls --fail-on slower:50% --base "$PROG" --head ./second
  [ "$status" -eq 1 ]
  [[ $output == *"slower: "*"inner (+100.0 %)"* ]]
  run hotpath ab -n 2 -m calls --fail-on slower --base ./second --head "$PROG"
  [ "$status" -eq 0 ]
}

@test "ab compares two commits, each built in a work tree that is gone afterwards" {
  mkdir repo && cd repo
  git init -q -b main .
  git config user.name n
  git config user.email e
  cp "$PROG.c" prog.c
  printf 'prog: prog.c\n\tgcc -O2 -fplugin=%s/lib/hotpath.so -o prog prog.c\n' "$BUILD" >Makefile
  git add . && git commit -q -m one
  git switch -q -c feature
  sed -i 's/i < 10; i++) s += outer/i < 20; i++) s += outer/' prog.c
  git commit -q -a -m two
  TMPDIR=$T hotpath ab -n 2 -m calls -f json --base-ref main --head-ref feature --build make -- ./prog >d.json
  [ "$(jq -c '[.base.branch,.head.branch,.base.commit]' d.json)" = "[\"main\",\"feature\",\"$(git rev-parse main)\"]" ]
  [ "$(jq -c '.functions[]|select(.name=="inner").calls|[.base,.head]' d.json)" = '[100,200]' ]
  [ "$(jq '[.functions[]|select(.renamed_from)]|length' d.json)" = 0 ]
  [ "$(git worktree list | wc -l)" -eq 1 ]
  [ -z "$(find "$T" -maxdepth 1 -name 'hotpath-ab-*')" ]
  [ "$(hotpath diff -m calls -f json main feature | jq -c '[.base.n,.head.n]')" = '[2,2]' ]
  # What is no branch is not taken for the one that CI builds; HEAD, detached, is.
  git switch -q --detach feature
  git remote add origin . && git fetch -q origin
  GITHUB_HEAD_REF=topic hotpath ab -n 2 -f json --base-ref HEAD~1 --head-ref HEAD --build make -- ./prog >d.json
  [ "$(jq -c '[.base.branch,.head.branch]' d.json)" = '[null,"topic"]' ]
  hotpath ab -n 2 -f json --base-ref origin/main --head-ref feature --build make -- ./prog >d.json
  [ "$(jq -c '[.base.branch,.head.branch]' d.json)" = '["main","feature"]' ]
  run env TMPDIR="$T" hotpath ab -n 2 --base-ref main --head-ref feature --build false -- ./prog
  [ "$status" -eq 2 ]
  [[ $output == *"the build of the base side ended with status 1"* ]]
  [ "$(git worktree list | wc -l)" -eq 1 ]
  misuse "git knows no commit 'nowhere'" hotpath ab --base-ref nowhere --head-ref main -- ./prog
  run env TMPDIR=/nowhere hotpath ab --base-ref main --head-ref main -- ./prog
  [ "$status" -eq 2 ]
  [[ $output == *"cannot make /nowhere/hotpath-ab-"* ]]
}

@test "ab in a hook, which has a repository in its environment, builds and compares the commits that were asked for" {
  git init -q -b main .
  cp "$PROG.c" prog.c
  git add prog.c
  git -c user.name=n -c user.email=e commit -q -m 1
  git -c user.name=n -c user.email=e commit -q --allow-empty -m 2
  # Such as git gives a hook of a linked work tree.
  git worktree add -q linked HEAD
  cd linked
  GIT_DIR=$T/.git/worktrees/linked GIT_INDEX_FILE=$T/.git/worktrees/linked/index \
    hotpath ab -n 1 -w 0 --base-ref HEAD~1 --head-ref HEAD \
    --build "git rev-parse HEAD >>$T/built; gcc -O2 -fplugin=$BUILD/lib/hotpath.so -o prog prog.c" -- ./prog >/dev/null
  [ "$(cat ../built)" = "$(git rev-parse HEAD~1 HEAD)" ]
  [ "$(query "select commit_id, dirty, git_taken from runs where label like '%base'")" = "$(git rev-parse HEAD~1),0,start" ]
  [ "$(query "select commit_id, dirty, git_taken from runs where label like '%head'")" = "$(git rev-parse HEAD),0,start" ]
}

@test "ab in a folder of the work tree builds and runs in that folder of the others" {
  git_() { git -c user.name=n -c user.email=e "$@"; }
  git init -q -b main .
  git_ commit -q --allow-empty -m 0
  mkdir -p a/b
  cp "$PROG.c" a/b/prog.c
  git add a && git_ commit -q -m 1 && git_ commit -q --allow-empty -m 2
  cd a/b
  hotpath ab -n 1 -w 0 --base-ref HEAD~1 --head-ref HEAD --build "gcc -O2 -fplugin=$BUILD/lib/hotpath.so -o prog prog.c" -- ./prog >/dev/null
  [ "$(query "select count(*), count(distinct commit_id), max(git_taken) from runs")" = 2,2,start ]
  misuse "--base-ref: 'HEAD~2' has no folder a/b/, which we are in" hotpath ab --base-ref HEAD~2 --head-ref HEAD -- ./prog
  [ "$(git worktree list | wc -l)" -eq 1 ]
}

@test "ab with submodules, and in a shallow clone: what is missing is told" {
  git_() { git -c user.name=n -c user.email=e -c protocol.file.allow=always "$@"; }
  git init -q -b main lib
  (cd lib && cp "$PROG.c" prog.c && git_ add . && git_ commit -q -m 1)
  git init -q -b main super
  cd super
  git_ submodule --quiet add "$T/lib/.git" lib 2>/dev/null
  git_ commit -q -m 1
  git_ commit -q --allow-empty -m 2
  build="gcc -O2 -fplugin=$BUILD/lib/hotpath.so -o lib/prog lib/prog.c"
  run hotpath ab -n 1 -w 0 --base-ref HEAD~1 --head-ref HEAD --build "$build" -- lib/prog
  [ "$status" -eq 2 ]
  [[ $output == *"begin --build with \`git submodule update --init --recursive\`" ]] || { echo "$output"; return 1; }
  build="git -c protocol.file.allow=always submodule update -q --init --recursive && $build"
  hotpath ab -n 1 -w 0 --base-ref HEAD~1 --head-ref HEAD --build "$build" -- lib/prog >/dev/null
  # Of the commits that were compared, not of that which the submodule has in both.
  [ "$(query 'select count(*) from runs')" = 2 ]
  [ "$(query "select branch is null, commit_id from runs where label like '%base'")" = "1,$(git rev-parse HEAD~1)" ]
  [ "$(query "select branch, commit_id from runs where label like '%head'")" = "main,$(git rev-parse HEAD)" ]
  run hotpath ab -n 1 -w 0 --base-ref HEAD~1 --head-ref HEAD --build "$build && false" -- lib/prog
  [[ $output == *"the build of the base side ended with status 1; nothing was compared" ]]
  git clone -q --depth 1 "file://$T/super" ../shallow
  cd ../shallow
  misuse "git knows no commit 'HEAD^1' in this shallow clone; fetch more of the history: \`git fetch --unshallow\`" \
    hotpath ab --base-ref HEAD^1 --head-ref HEAD -- true
}

@test "ab ends when a command fails or records nothing" {
  run hotpath ab -n 2 --base "$PROG" --head 'exit 3'
  [ "$status" -eq 2 ]
  [[ $output == *"the command of the head side ended with status 3; nothing was compared"* ]]
  run hotpath ab -n 2 --base true --head true
  [ "$status" -eq 2 ]
  [[ $output == *"nothing was measured"*"side recorded nothing"* ]]
}

@test "each wrong use of ab is told" {
  misuse "nothing to compare" hotpath ab
  misuse "--base and --head go together" hotpath ab --base true
  misuse "--base-ref and --head-ref go together" hotpath ab --base-ref main -- true
  misuse "besides those of --base and --head" hotpath ab --base true --head true -- true
  misuse "no command to run" hotpath ab --base-ref main --head-ref main
  misuse "--build is for" hotpath ab --build make --base true --head true
  misuse "expected 1 or more" hotpath ab -n 0 --base true --head true
  misuse "is not a metric" hotpath ab -m size --base true --head true
}

@test "what the end of ab would find wrong is told before anything is run" {
  misuse "cannot write /nowhere/x" hotpath ab -n 1 --base 'touch ran' --head 'touch ran' -o /nowhere/x
  misuse "missing closing parenthesis" hotpath ab -n 1 --base 'touch ran' --head 'touch ran' --focus '/(/'
  HOTPATH_BUDGET=much misuse "HOTPATH_BUDGET=much is no budget" hotpath ab -n 1 --base 'touch ran' --head 'touch ran'
  [ ! -e ran ]
  # A file that is there is kept until there is something to write, and none is left behind.
  echo before >there
  run hotpath ab -n 1 --base false --head false -o there
  [ "$(cat there)" = before ]
  run hotpath ab -n 1 --base false --head false -o new
  [ ! -e new ]
  ln -s target link
  hotpath ab -n 1 -w 0 --base "$PROG" --head "$PROG" -o link
  [ -s target ]
}

# gone PID: waits until a process has ended, whoever buries it.
gone() {
  for i in $(seq 100); do
    case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in '' | Z*) return 0 ;; esac
    sleep 0.05
  done
  return 1
}

@test "ab that is asked to end takes along what its commands started, and leaves no work tree" {
  git init -q -b main .
  git -c user.name=n -c user.email=e commit -q --allow-empty -m x
  mkdir tmp
  printf 'sh -c "echo \\$\\$ >%s/pid; exec sleep 60"\ntrue\n' "$T" >long.sh
  export TMPDIR=$T/tmp
  for build in "sh $T/long.sh" true; do
    rm -f pid
    hotpath ab -n 2 --base-ref main --head-ref main --build "$build" -- sh "$T/long.sh" 2>said 3>&- &
    ab=$!
    for i in $(seq 200); do [ -s pid ] && break; sleep 0.05; done
    kill -TERM $ab
    status=0
    wait $ab || status=$?
    [ "$status" -eq 143 ]
    [ "$(cat said)" = "hotpath: ended by SIGTERM; nothing was compared" ] || { cat said; return 1; }
    gone "$(cat pid)"
    [ "$(git worktree list | wc -l)" -eq 1 ]
    [ -z "$(ls tmp)" ]
  done
}

@test "a series that is asked to end starts no further run, whatever the present one makes of the signal" {
  cat >deaf.sh <<EOS
trap '' TERM
echo x >>count
kill -TERM \$PPID
exec "$PROG"
EOS
  run hotpath run -n 3 -w 0 -- sh deaf.sh
  [ "$status" -eq 143 ]
  [ "$output" = "hotpath: ended by SIGTERM, after 1 of 3 runs" ]
  [ "$(wc -l <count)" -eq 1 ]
  run hotpath ab -n 3 -w 0 --base 'exec sh deaf.sh' --head 'exec sh deaf.sh'
  [ "$status" -eq 143 ]
  [ "$(wc -l <count)" -eq 2 ]
  # One run alone ends as its command does.
  run hotpath run -- sh deaf.sh
  [ "$status" -eq 0 ]
  [ "$(wc -l <count)" -eq 3 ]
}
