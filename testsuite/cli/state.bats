#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a run remembers of its end, its work tree and its machine.

load helper

# ends HOW: ends in that way after a measured call.
setup_file() {
  BUILD=${HOTPATH_BUILD:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build}
  export ENDS=$BATS_FILE_TMPDIR/ends
  cat >"$ENDS.c" <<'EOC'
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
__attribute__((hotpath_measure, noinline)) int work(int n) { return n + 1; }
int main(int argc, char **argv)
{
  const char *how = argc > 1 ? argv[1] : "exit";
  if (work(argc) == 0) return 9;
  if (strcmp(how, "signal") == 0) raise(SIGSEGV);
  if (strcmp(how, "_exit") == 0) _exit(3);
  if (strcmp(how, "quick_exit") == 0) quick_exit(4);
  if (strcmp(how, "exec") == 0) execlp("sleep", "sleep", "30", (char *)NULL);
  if (strcmp(how, "sleep") == 0) { puts("ready"); fflush(stdout); sleep(30); }
  if (strcmp(how, "edit") == 0) fclose(fopen(argv[2], "w"));
  return 5;
}
EOC
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o "$ENDS" "$ENDS.c"
}

git_() {
  git -c user.name=n -c user.email=e -c init.defaultBranch=main -c protocol.file.allow=always "$@"
}

repository() {
  mkdir -p "$1"
  cp "$ENDS" "$1/"
  (cd "$1" && git_ init -q -b "${2:-main}" . && echo 1 >file && git_ add file && git_ commit -q -m 1)
}

@test "how a command ended: as it saw it, or as its parent did" {
  run -5 hotpath run -- "$ENDS" exit
  run -139 hotpath run -- "$ENDS" signal
  run -3 hotpath run -- "$ENDS" _exit
  run -4 hotpath run -- "$ENDS" quick_exit
  [ "$(query 'select how, status, signal from runs order by id' | tr '\n' ' ')" = \
    "exit,5, signal,,11 _exit,3, quick_exit,4, " ]
  [ "$(hotpath runs -f json | jq -c '[.runs[].exit.how]')" = '["quick_exit","_exit","signal","exit"]' ]
  [[ $(hotpath report -r 2) == *"killed by SIGSEGV"* ]]
  [[ $(hotpath report -r 3) == *"  _exit 3  "* ]]
  [[ $(hotpath runs) == *"quick_exit 4"* ]]
}

@test "how a process ended that nobody waited for" {
  "$ENDS" _exit || true
  "$ENDS" signal 2>/dev/null || true
  hotpath ingest -q
  [ "$(query 'select how, status, signal from runs' | sort -u)" = "unseen,," ]
  [[ $(hotpath report) == *"killed or _exit"* ]]
}

@test "a process that goes on as another program ended by exec" {
  "$ENDS" exec 3>&- &
  pid=$!
  for i in $(seq 100); do [ "$(cat /proc/$pid/comm)" = sleep ] && break; sleep 0.05; done
  hotpath ingest -q
  kill $pid
  [ "$(query 'select how from runs')" = exec ]
}

@test "the machine: load, governor, steal and processors" {
  hotpath run -- "$ENDS" || true
  "$ENDS" || true
  hotpath ingest -q
  hotpath report -r 1 -f json >r.json
  [ "$(jq -c '.run.machine|keys_unsorted' r.json)" = '["kernel","cpu","cpu_count","governor","load","steal_percent"]' ]
  [ "$(jq '.run.machine.load >= 0 and .run.machine.cpu_count > 0' r.json)" = true ]
  governor=$(cat /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor 2>/dev/null || echo null)
  [ "$(jq -r .run.machine.governor r.json)" = "$governor" ]
  # Only its change during the run says something, and only `hotpath run` looks at it.
  [ "$(query 'select steal_percent is null from runs where id = 2')" = 1 ]
}

@test "a busy or throttled machine is told where the figures are, and in a comparison" {
  for i in 1 2 3 4; do hotpath run -- "$ENDS" || true; done
  sqlite3 store/hotpath.db "insert into text (value) values ('power' || char(27) || 'save'), ('performance'), ('Fast CPU');
    update run set load = 9.5, cpu_count = 2, steal_percent = 12.25, governor = (select id from text where value like 'power%') where id <= 2;
    update run set load = 0, governor = (select id from text where value = 'performance'),
      cpu = (select id from text where value = 'Fast CPU') where id > 2;
    update run set diff = 'a' where id = 3; update run set diff = 'b' where id = 4;"
  run hotpath report -r 1
  [[ ${lines[0]} == *"load 9.5 on 2 processors   steal 12.2 %   governor power\\x1bsave" ]]
  run hotpath report -r 3
  [[ ${lines[0]} == *"lost 0" ]]
  run hotpath diff 1..2 3..4
  [[ $output == *"The frequency governors differ: power\\x1bsave on the base side, performance on the head side."* ]]
  [[ $output == *"The processors differ: "*"Fast CPU on the head side."* ]]
  [[ $output == *"head side are of 2 different states of the work tree"* ]]
  [[ $output != *"base side are of"*"different states"* ]]
  [[ $output == *"the same binary"* ]]
}

@test "two branches with the same binary are called out, two binaries are not" {
  repository p
  cd p
  for i in 1 2; do hotpath run -- ./ends || true; done
  git_ checkout -q -b feature
  for i in 1 2; do hotpath run -- ./ends || true; done
  hotpath diff main feature >same
  grep -q "same binary" same
  git_ checkout -q -b other
  gcc -O1 -fplugin="$BUILD/lib/hotpath.so" -o ends "$ENDS.c"
  for i in 1 2; do hotpath run -- ./ends || true; done
  hotpath diff main other >differs
  ! grep -q "same binary" differs
}

@test "the difference from the commit has a hash, the same for the same difference" {
  repository p
  cd p
  hotpath run -- ./ends || true
  echo 2 >file
  hotpath run -- ./ends || true
  hotpath run -- ./ends || true
  echo 3 >file
  hotpath run -- ./ends || true
  echo 2 >file
  git_ config diff.noprefix true
  git_ config diff.context 9
  git_ config color.ui always
  hotpath run -- ./ends || true
  [ "$(query 'select dirty from runs order by id' | tr -d '\n')" = 01111 ]
  [ "$(query 'select diff is null from runs where id = 1')" = 1 ]
  [ "$(query "select count(distinct diff), min(length(diff)) from runs where id > 1")" = 2,16 ]
  [ "$(query "select count(distinct diff) from runs where id in (2, 3, 5)")" = 1 ]
}

@test "hotpath run takes the work tree as it was at the start, a hand-over as it is at the end" {
  repository p
  cd p
  hotpath run -- ./ends edit file || true
  [ "$(query 'select dirty, git_taken from runs')" = 0,start ]
  [ "$(hotpath report -f json | jq -r .run.git.taken)" = start ]
  git_ checkout -q file
  HOTPATH_RUN_TOKEN=left ./ends edit file || true
  hotpath ingest -q
  [ "$(query 'select dirty, git_taken from runs where id = 2')" = 1,end ]
}

@test "a run of another work tree than that of hotpath run has its own state" {
  repository p
  repository q other
  echo 2 >q/file
  (cd p && hotpath run -- sh -c 'cd ../q && ./ends') || true
  [ "$(query 'select branch, dirty, git_taken from runs')" = other,1,end ]
}

@test "when another commit is checked out by the end, the work tree is not judged by that" {
  repository p
  cd p
  HOTPATH_RUN_TOKEN=left ./ends || true
  first=$(git rev-parse HEAD)
  echo 2 >file; git_ commit -q -a -m 2
  hotpath ingest -q
  [ "$(query 'select commit_id, dirty is null from runs')" = "$first,1" ]
}

@test "a branch whose commit is in packed-refs only" {
  repository p
  cd p
  git_ pack-refs --all
  [ ! -e .git/refs/heads/main ]
  HOTPATH_RUN_TOKEN=left ./ends || true
  first=$(git rev-parse HEAD)
  git_ checkout -q -b later; echo 2 >file; git_ commit -q -a -m 2
  hotpath ingest -q
  [ "$(query 'select branch, commit_id from runs')" = "main,$first" ]
}

@test "worktrees and submodules have their own branch, commit and changes" {
  repository p
  cd p
  git_ worktree add -q -b side ../side
  (cd ../side && echo 2 >file && git_ commit -q -a -m 2 && cp "$ENDS" .)
  (cd ../side && hotpath run -- ./ends) || true
  [ "$(query 'select branch, commit_id, dirty from runs where id = 1')" = "side,$(git -C ../side rev-parse HEAD),0" ]
  git_ submodule --quiet add "$T/p/.git" sub 2>/dev/null
  git_ -C sub checkout -q -b inner
  cp ends sub/
  echo 3 >sub/file
  (cd sub && hotpath run -- ./ends) || true
  [ "$(query 'select branch, commit_id, dirty from runs where id = 2')" = "inner,$(git -C sub rev-parse HEAD),1" ]
}

@test "a program of a submodule that is run in the work tree above belongs to what is checked out there" {
  repository p inner
  repository super trunk
  cd super
  git_ submodule --quiet add "$T/p/.git" libs/sub 2>/dev/null
  git_ commit -q -m 2
  git_ -C libs/sub checkout -q --detach
  # The plugin finds the submodule as the project.
  (cd libs/sub && cp "$ENDS.c" ends.c && gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o ends ends.c)
  hotpath run -- libs/sub/ends || true
  [ "$(query 'select branch, commit_id, dirty, git_taken from runs where id = 1')" = "trunk,$(git rev-parse HEAD),0,start" ]
  (cd libs/sub && GITHUB_HEAD_REF=fix hotpath run -- ./ends) || true
  [ "$(query 'select branch, commit_id from runs where id = 2')" = "fix,$(git -C libs/sub rev-parse HEAD)" ]
  git_ checkout -q --detach
  echo 3 >libs/sub/file
  GITHUB_HEAD_REF=fix hotpath run -- libs/sub/ends || true
  [ "$(query 'select branch, commit_id, dirty from runs where id = 3')" = "fix,$(git rev-parse HEAD),1" ]
}

@test "a detached HEAD: the variables of CI systems name the branch" {
  repository p
  cd p
  git_ checkout -q --detach
  n=0
  while read -r set expected; do
    n=$((n + 1))
    env -u CI HOTPATH_RUN_TOKEN=left ${set//;/ } ./ends || true
    hotpath ingest -q
    found=$(query "select branch from runs where id = $n")
    [ "$found" = "$expected" ] || { echo "$set: '$found', not '$expected'"; return 1; }
  done <<'EOL'
GITHUB_HEAD_REF=fix;GITHUB_REF_NAME=7/merge fix
GITHUB_HEAD_REF=;GITHUB_REF_NAME=main main
CI_COMMIT_REF_NAME=feature feature
CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=mr;CI_COMMIT_REF_NAME=x mr
BUILDKITE_BRANCH=b b
CIRCLE_BRANCH=c c
TRAVIS_PULL_REQUEST_BRANCH=t;TRAVIS_BRANCH=main t
DRONE_SOURCE_BRANCH=d;DRONE_BRANCH=main d
BITBUCKET_BRANCH=bit bit
SYSTEM_PULLREQUEST_SOURCEBRANCH=refs/heads/az/ure;BUILD_SOURCEBRANCH=refs/pull/1/merge az/ure
BUILD_SOURCEBRANCH=refs/heads/plain plain
CHANGE_BRANCH=j;BRANCH_NAME=PR-1 j
GIT_BRANCH=origin/topic topic
EOL
  # A branch that is checked out says itself what it is.
  git_ checkout -q main
  GITHUB_HEAD_REF=other HOTPATH_RUN_TOKEN=left ./ends || true
  hotpath ingest -q
  [ "$(query 'select branch from runs order by id desc limit 1')" = main ]
}

@test "segments of another pid namespace: seen from the first one, else forced" {
  unshare --pid --fork --mount-proc true 2>/dev/null || skip "cannot make a pid namespace with its /proc"
  unshare --pid --fork --mount-proc "$ENDS" sleep >ready 2>/dev/null 3>&- &
  for i in $(seq 100); do [ -s ready ] && break; sleep 0.05; done
  seg=$(echo segments/*.hotpath-seg)
  outer=$!
  inner=$(tr -d " " <"/proc/$outer/task/$outer/children")
  [[ $(hotpath ingest) == "0 runs taken in, 1 still recording"* ]]
  cp "$seg" copy
  # The number of a namespace that is gone may be given again, and then it is known that the writer is gone.
  exec 7<"/proc/$inner/ns/pid"
  kill -9 "$inner"
  wait || true
  if [ "$(readlink /proc/self/ns/pid)" = "pid:[4026531836]" ]; then
    [ "$(hotpath ingest)" = "1 run taken in" ]
    rm -rf store
    cp copy "$seg"
  fi
  # From within another container nothing can be known.
  run unshare --pid --fork --mount-proc hotpath ingest
  [[ $output == "0 runs taken in, 1 still recording (1 of them in another container"* ]]
  run unshare --pid --fork --mount-proc hotpath doctor
  [[ $output == *"ingest --all --force"* ]] || { echo "$output"; return 1; }
  [ "$(unshare --pid --fork --mount-proc hotpath ingest --force)" = "1 run taken in" ]
  exec 7<&-
  [ "$(query "select calls from functions where name = 'work'")" = 1 ]
}
