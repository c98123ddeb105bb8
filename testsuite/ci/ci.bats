#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# examples/ci: the script that comments, against a server of its own, and what the two jobs run, taken out of their files.
bats_require_minimum_version 1.5.0

setup_file() {
  for tool in python3 curl jq git; do command -v $tool >/dev/null || skip "no $tool"; done
}

setup() {
  ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
  BUILD=${HOTPATH_BUILD:-$ROOT/build}
  COMMENT=$ROOT/examples/ci/comment.sh
  T=$(mktemp -d /tmp/hotpath-ci-XXXXXX)
  cd "$T"
  export HOME=$T XDG_STATE_HOME=$T/state HOTPATH_SEGMENTS=$T/segments HOTPATH_RETRIES=0 LC_ALL=C.UTF-8
  export GIT_CONFIG_GLOBAL=$T/gitconfig GIT_CONFIG_NOSYSTEM=1
  mkdir -m 700 "$HOTPATH_SEGMENTS"
  unset ${!GITHUB_*} ${!CI_*} HOTPATH_PULL_REQUEST HOTPATH_GITLAB_TOKEN HOTPATH_DIR HOTPATH_LABEL GIT_DIR http_proxy https_proxy all_proxy
  mkdir api
  python3 "$BATS_TEST_DIRNAME/fake_api.py" api 2>api/log 3>&- &
  SERVER=$!
  for _ in $(seq 200); do [ -e api/port ] && break; sleep 0.05; done
  URL=http://127.0.0.1:$(cat api/port)
  printf '<!-- hotpath diff -->\n### hotpath: 1 slower\n\n| `a "b" \\| ü` | +10 %% |\n' >hotpath.md
}

teardown() {
  [ -z "${SERVER:-}" ] || kill "$SERVER" 2>/dev/null || true
  cd /
  for _ in $(seq 20); do rm -rf "$T" 2>/dev/null && return; sleep 0.1; done
}

github() {
  export GITHUB_REPOSITORY=o/r GITHUB_API_URL=$URL/github GITHUB_TOKEN=sesame GITHUB_EVENT_PATH=$T/event.json
  echo '{"pull_request":{"number":7}}' >event.json
}

gitlab() {
  export CI_API_V4_URL=$URL/gitlab CI_PROJECT_ID=41 CI_MERGE_REQUEST_PROJECT_ID=42 CI_MERGE_REQUEST_IID=7 HOTPATH_GITLAB_TOKEN=sesame
}

comments() {
  jq -c "$@" api/comments
}

# A run fails with status 2 and the words, and shows neither the token nor an escape sequence.
refuses() {
  local words=$1
  run sh "$COMMENT" hotpath.md
  [ "$status" -eq 2 ] || { echo "status $status: $output"; return 1; }
  [[ $output == *"$words"* ]] || { echo "$output"; return 1; }
  [[ $output != *sesame* && $output != *$'\033'* ]]
}

both() {
  for host in github gitlab; do
    rm -f api/comments api/rules api/requests
    (
      set -e
      $host
      "$@" $host
    )
  done
}

creates_then_updates() {
  sh "$COMMENT" hotpath.md
  [ "$(comments length)" = 1 ]
  [ "$(jq -r '.[0].body' api/comments)" = "$(cat hotpath.md)" ]
  sed -i 's/1 slower/all well/' hotpath.md
  sh "$COMMENT" hotpath.md
  [ "$(comments length)" = 1 ]
  [ "$(jq -r '.[0].body' api/comments)" = "$(cat hotpath.md)" ]
  sed -i 's/all well/1 slower/' hotpath.md
}

@test "the first run writes a comment, the next one changes it" {
  both creates_then_updates
}

finds_on_a_later_page() {
  echo '{"page": 3}' >api/rules
  jq -nc '[range(10) | {id: ., body: "talk \(.)", author: "someone"}] +
    [{id: 77, body: "<!-- hotpath diff -->\r\nold", author: "me"}, {id: 78, body: "later", author: "me"}]' >api/comments
  sh "$COMMENT" hotpath.md
  [ "$(comments length)" = 12 ]
  [ "$(comments -r '.[]|select(.id==77).body')" = "$(cat hotpath.md)" ]
  [ "$(grep -c '^GET .*page=' api/requests)" = 4 ]
}

@test "it is found on a later page" {
  both finds_on_a_later_page
}

leaves_others_alone() {
  echo '[{"id": 5, "body": "<!-- hotpath diff -->\nmine", "author": "someone"}, {"id": 6, "body": "see <!-- hotpath diff -->", "author": "me"}]' >api/comments
  sh "$COMMENT" hotpath.md
  [ "$(comments length)" = 3 ]
  [ "$(comments '.[:2]|map(.body)')" = '["<!-- hotpath diff -->\nmine","see <!-- hotpath diff -->"]' ]
}

@test "a comment of somebody else is not changed, whatever its first line" {
  both leaves_others_alone
}

@test "a job's own token on GitHub, which may not ask who it is, works as well" {
  github
  echo '{"user": null}' >api/rules
  sh "$COMMENT" hotpath.md
  sh "$COMMENT" hotpath.md
  [ "$(comments 'map(.author)')" = '["github-actions[bot]"]' ]
}

keeps_two_keys() {
  sh "$COMMENT" hotpath.md
  sh "$COMMENT" hotpath.md parser
  sh "$COMMENT" hotpath.md parser
  [ "$(comments 'map(.body|split("\n")[0])')" = '["<!-- hotpath diff -->","<!-- hotpath diff parser -->"]' ]
}

@test "a key makes a comment of its own" {
  both keeps_two_keys
}

tells_what_is_refused() {
  local list=/$1/repos/o/r/issues/7/comments one=/$1/repos/o/r/issues/comments change=PATCH
  [ "$1" = github ] || list=/$1/projects/42/merge_requests/7/notes one=$list change=PUT
  echo "{\"POST $list\": 403}" >api/rules
  refuses 'cannot write a comment: the token in '
  [[ $output == *"from forks get a token that may only read"* && $output == *'no?such'* || $output == *'(403: no'* ]]
  echo "{\"GET $list\": 404}" >api/rules
  refuses 'finds no request 7 there, or the token'
  echo "{\"GET $list\": 500}" >api/rules
  refuses 'cannot read the comments: '
  [[ $output == *"is out of order (500"* ]]
  echo "{\"GET $list\": 200}" >api/rules
  refuses 'answer is no list of comments'
  rm api/rules
  [ ! -e api/comments ]
  sh "$COMMENT" hotpath.md
  echo "{\"$change $one\": 403}" >api/rules
  refuses 'cannot change the comment: '
  echo "{\"$change $one\": 502}" >api/rules
  refuses 'out of order (502'
  rm api/rules
  GITHUB_TOKEN=wrong HOTPATH_GITLAB_TOKEN=wrong refuses 'does not know the token in'
  GITHUB_TOKEN='' HOTPATH_GITLAB_TOKEN='' refuses "is not set: give the job a token"
  GITHUB_TOKEN=$'se same' HOTPATH_GITLAB_TOKEN=$'se"same' refuses "holds more than a token"
  GITHUB_API_URL=http://127.0.0.1:1 CI_API_V4_URL=http://127.0.0.1:1 refuses 'no answer from '
}

@test "each refusal is told with its cause: 401, 403, 404, 500, no token, no server" {
  both tells_what_is_refused
}

@test "a server that is out of order once is asked again" {
  github
  echo '{"GET /github/repos": 503}' >api/rules
  (sleep 0.5; rm api/rules) &
  HOTPATH_RETRIES=3 sh "$COMMENT" hotpath.md
  [ "$(comments length)" = 1 ]
}

@test "without a request there is nothing to do, and each misuse is told" {
  github
  echo '{"ref":"refs/heads/main"}' >event.json
  run sh "$COMMENT" hotpath.md
  [ "$status" -eq 0 ]
  [[ $output == *"nothing to comment on"* ]]
  HOTPATH_PULL_REQUEST=7 sh "$COMMENT" hotpath.md
  HOTPATH_PULL_REQUEST=7/../8 refuses "is no number of a pull request"
  run sh "$COMMENT"
  [ "$status" -eq 2 ]
  run sh "$COMMENT" nothing.md
  [[ $status -eq 2 && $output == *"cannot read nothing.md"* ]]
  run sh "$COMMENT" hotpath.md 'two words'
  [[ $status -eq 2 && $output == *"the key 'two words'"* ]]
  echo plain >hotpath.md
  refuses "does not begin with the line <!-- hotpath diff -->"
  unset GITHUB_REPOSITORY
  printf '<!-- hotpath diff -->\nx\n' >hotpath.md
  refuses "neither GitHub (no GITHUB_REPOSITORY) nor GitLab"
}

@test "the token is in no list of processes, and a body that is too long is cut" {
  github
  { echo '<!-- hotpath diff -->'; for i in $(seq 4000); do echo "| row $i of a long table |"; done; } >hotpath.md
  mkdir bin
  printf '#!/bin/sh\nprintf "%%s\\n" "$*" >>%s/curls\nexec %s "$@"\n' "$T" "$(command -v curl)" >bin/curl
  chmod +x bin/curl
  PATH=$T/bin:$PATH sh "$COMMENT" hotpath.md
  [ "$(wc -l <curls)" -eq 3 ]
  [ "$(grep -c sesame curls)" = 0 ]
  [ "$(comments '.[0].body|length < 65000 and endswith("*Cut here: the rest does not fit into a comment.*\n")')" = true ]
}

@test "the jobs are well-formed YAML" {
  command -v yamllint >/dev/null || skip "no yamllint"
  yamllint -s -d '{extends: default, rules: {line-length: {max: 160}}}' "$ROOT"/examples/ci/*.yml
}

@test "the script is portable shell" {
  command -v shellcheck >/dev/null || skip "no shellcheck"
  shellcheck -s sh "$COMMENT"
}

# A repository with the merge of a slower branch, its program built by make.
merge_request() {
  command -v gcc >/dev/null
  git init -q -b main repo
  cd repo
  git config user.name n
  git config user.email e
  cat >bench.c <<'EOS'
#include <stdint.h>
#ifndef N
#define N 20000
#endif
static volatile uint32_t sink;
__attribute__((hotpath_measure, noinline)) void spin(void)
{
	for (uint32_t i = 0; i < N; i++) sink = i;
}
int main(void) { for (int i = 0; i < 20; i++) spin(); return 0; }
EOS
  printf 'bench: bench.c\n\t$(CC) $(CFLAGS) -o $@ bench.c\n' >Makefile
  git add . && git commit -q -m base
  git switch -q -c topic
  sed -i "s/20000/$1/" bench.c
  git commit -q -a --allow-empty -m topic
  git switch -q main
  git commit -q --allow-empty -m later
  git merge -q --no-ff -m merge topic
  git switch -q --detach
  export BUILD_FLAGS="-O1 -fplugin=$BUILD/lib/hotpath.so"
}

# take FILE PROGRAM: what a job runs, as the service would, with the prefix of the build tree in place of /usr/local.
take() {
  python3 -c 'import sys, yaml
with open(sys.argv[1]) as f: job = yaml.safe_load(f)
exec(sys.argv[2])' "$ROOT/examples/ci/$1" "$2" | sed -e "s,/usr/local/share/hotpath/comment.sh,$COMMENT,"
}

github_step() {
  take github.yml "print([s['run'] for s in job['jobs']['compare']['steps'] if s.get('name') == '$1'][0])"
}

@test "what the GitHub job runs: a slower request fails it, and the comment says so" {
  python3 -c 'import yaml' 2>/dev/null || skip "no python3-yaml"
  github
  merge_request 60000
  export PATH=$BUILD/bin:$PATH GITHUB_STEP_SUMMARY=$T/summary BENCH=./bench GITHUB_HEAD_REF=topic
  BUILD="make CFLAGS='$BUILD_FLAGS'" run bash -e -o pipefail -c "$(github_step Compare)"
  [ "$status" -eq 1 ]
  [[ $output == *"slower: spin (+"* ]]
  bash -e -o pipefail -c "$(github_step Summary)"
  bash -e -o pipefail -c "$(github_step Comment)"
  grep -q 'Gate failed (slower:5%): slower: spin' "$T/summary"
  cd ..
  [ "$(jq -r '.[0].body' api/comments)" = "$(cat repo/hotpath.md)" ]
  [ -s repo/.hotpath/hotpath.db ]
}

@test "what the GitLab job runs: the gate's verdict stands, whatever becomes of the comment" {
  python3 -c 'import yaml' 2>/dev/null || skip "no python3-yaml"
  gitlab
  merge_request 60000
  export PATH=$BUILD/bin:$PATH BENCH=./bench
  CI_MERGE_REQUEST_DIFF_BASE_SHA=$(git rev-parse 'HEAD^1')
  export CI_MERGE_REQUEST_DIFF_BASE_SHA
  script=$(take gitlab.yml "print('\n'.join(job['hotpath']['script']))")
  echo '{"POST /gitlab": 500}' >../api/rules
  BUILD="make CFLAGS='$BUILD_FLAGS'" run bash -e -o pipefail -c "$script"
  [ "$status" -eq 1 ]
  [[ $output == *"cannot write a comment: GitLab is out of order (500"* && $output == *"Gate failed"* ]]
  rm ../api/rules
  # One that is faster passes, and the comment is written.
  sed -i 's/60000/5000/' bench.c
  git commit -q -a -m faster
  BUILD="make CFLAGS='$BUILD_FLAGS'" run bash -e -o pipefail -c "$script"
  [ "$status" -eq 0 ]
  [[ $(jq -r '.[0].body' ../api/comments) == "<!-- hotpath diff -->"*"Gate passed (slower:5%)"*"| faster |"* ]]
}
