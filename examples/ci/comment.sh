#!/bin/sh
# SPDX-License-Identifier: MIT
# comment.sh FILE [KEY]: puts what `hotpath diff -f markdown` wrote on the pull request (GitHub) or merge request (GitLab) that
# CI builds: as a new comment the first time, later in place of its own older one, which it knows by the first line.
# With a KEY, a word, one request can have several such comments, one for each benchmark.
#
# GitHub  GITHUB_TOKEN, which may write comments (permissions: pull-requests: write)
# GitLab  HOTPATH_GITLAB_TOKEN, an access token of the project with the scope api; CI's own CI_JOB_TOKEN may not comment
#
# All else is known from CI's variables.  Exit status: 0 done, or there is no request to comment on; 2 not done, and why.
# It says nothing about speed: a gate is the exit status of `hotpath ab --fail-on`, whatever becomes of the comment.
set -eu

program=comment.sh
say() { printf '%s: %s\n' "$program" "$*" >&2; }
die() { say "$*"; exit 2; }

case $# in 1 | 2) ;; *) die "usage: comment.sh FILE [KEY]" ;; esac
file=$1 key=${2:-}
[ -r "$file" ] || die "cannot read $file: did \`hotpath ab -f markdown -o $file\` end before it wrote it?"
marker=$(head -n 1 "$file")
case $marker in
  '<!-- hotpath '*' -->') ;;
  *) die "$file does not begin with the line <!-- hotpath diff -->: expected what --format markdown writes" ;;
esac
case $key in *[!A-Za-z0-9._-]*) die "the key '$key' may have letters, digits, dot, dash and underscore" ;; esac
[ -z "$key" ] || marker="${marker% -->} $key -->"
for tool in curl jq; do command -v $tool >/dev/null || die "$tool is not installed"; done

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 2' HUP INT TERM

# The largest body that GitHub takes is 65536 characters.
{ printf '%s\n' "$marker"; tail -n +2 "$file"; } >"$dir/body"
if [ "$(wc -c <"$dir/body")" -gt 65000 ]; then
  head -c 64000 "$dir/body" | sed '$d' >"$dir/cut"
  printf '\n*Cut here: the rest does not fit into a comment.*\n' >>"$dir/cut"
  mv "$dir/cut" "$dir/body"
fi
jq -R -s '{body: .}' <"$dir/body" >"$dir/body.json"

# Where, and as whom.
if [ -n "${GITHUB_REPOSITORY:-}" ]; then
  host=GitHub name=.login update=PATCH
  api=${GITHUB_API_URL:-https://api.github.com}
  request=${HOTPATH_PULL_REQUEST:-}
  if [ -z "$request" ] && [ -r "${GITHUB_EVENT_PATH:-}" ]; then
    request=$(jq -r '.pull_request.number // (if .issue.pull_request then .issue.number else empty end)' "$GITHUB_EVENT_PATH")
  fi
  comments=$api/repos/$GITHUB_REPOSITORY/issues/$request/comments
  comment=$api/repos/$GITHUB_REPOSITORY/issues/comments
  token=${GITHUB_TOKEN:-} variable=GITHUB_TOKEN
  header="Authorization: Bearer $token"
elif [ -n "${CI_API_V4_URL:-}" ]; then
  host=GitLab name=.username update=PUT
  api=$CI_API_V4_URL
  request=${CI_MERGE_REQUEST_IID:-}
  # In a pipeline of a fork CI_PROJECT_ID is the fork, and the request is not there.
  comments=$api/projects/${CI_MERGE_REQUEST_PROJECT_ID:-${CI_PROJECT_ID:-}}/merge_requests/$request/notes
  comment=$comments
  token=${HOTPATH_GITLAB_TOKEN:-} variable=HOTPATH_GITLAB_TOKEN
  header="PRIVATE-TOKEN: $token"
else
  die "this is neither GitHub (no GITHUB_REPOSITORY) nor GitLab (no CI_API_V4_URL)"
fi
case $request in
  '') say "no pull or merge request is being built: nothing to comment on"; exit 0 ;;
  *[!0-9]*) die "'$request' is no number of a pull request" ;;
esac
case $token in *[[:space:]\"\\]*) die "$variable holds more than a token: white space, a quote or a backslash" ;; esac
[ -n "$token" ] || die "$variable is not set: give the job a token that may write comments (a fork's job has none)"

# call METHOD URL [curl's options]: the answer is in $dir/answer and $dir/headers, its status in $status, 000 for none.  The token goes in by
# standard input, where no list of processes shows it.
call() {
  method=$1 url=$2
  shift 2
  status=$(printf 'header = "%s"\n' "$header" | curl -K - -sS -X "$method" -o "$dir/answer" -D "$dir/headers" -w '%{http_code}' \
    --connect-timeout 10 --max-time 60 -H 'Accept: application/json' "$@" "$url" 2>"$dir/error") || status=000
}

# refused WHAT: says why in a way that helps, and gives up.
refused() {
  reason=$(jq -r '(.message // .error // empty) | tostring' "$dir/answer" 2>/dev/null | head -c 300 | tr -d '\000-\037') || reason=
  case $status in
    000) die "cannot $1: no answer from $host: $(head -n 1 "$dir/error")" ;;
    401) die "cannot $1: $host does not know the token in $variable (401${reason:+: $reason})" ;;
    403) die "cannot $1: the token in $variable may not do that (403${reason:+: $reason}).  Jobs for pull requests from forks get a token that may only read;" \
           "others need 'permissions: pull-requests: write' (GitHub) or the scope api (GitLab)" ;;
    404) die "cannot $1: $host finds no request $request there, or the token in $variable may not see it (404${reason:+: $reason})" ;;
    5??) die "cannot $1: $host is out of order ($status${reason:+: $reason}); the next run will try again" ;;
    *) die "cannot $1: $host answered $status${reason:+: $reason}" ;;
  esac
}

retry="--retry ${HOTPATH_RETRIES:-2}"

# Only a comment of our own is changed, never one of somebody who wrote the same first line.  A job's token on GitHub is not
# told who it is.
# shellcheck disable=SC2086
call GET "$api/user" $retry
if [ "$status" = 200 ]; then
  author=$(jq -r "$name // empty" "$dir/answer")
elif [ $host = GitHub ] && { [ "$status" = 403 ] || [ "$status" = 404 ]; }; then
  author='github-actions[bot]'
else
  refused "ask whose token this is"
fi

id='' page=1
while [ -z "$id" ]; do
  # shellcheck disable=SC2086
  call GET "$comments?per_page=100&page=$page" $retry
  [ "$status" = 200 ] || refused "read the comments"
  id=$(jq -r --arg marker "$marker" --arg author "$author" '
    [.[] | select((.body // "" | split("\n")[0] | rtrimstr("\r")) == $marker)
         | select((.user.login // .author.username) == $author) | .id] | first // empty' "$dir/answer" 2>"$dir/error") ||
    die "cannot read the comments: $host's answer is no list of comments"
  grep -iq '^link:.*rel="next"' "$dir/headers" || break
  page=$((page + 1))
done

if [ -n "$id" ]; then
  # shellcheck disable=SC2086
  call $update "$comment/$id" $retry -H 'Content-Type: application/json' --data-binary @"$dir/body.json"
  [ "$status" = 200 ] || refused "change the comment"
  say "comment $id is up to date"
else
  # Not tried twice: an answer that got lost would make two comments.
  call POST "$comments" -H 'Content-Type: application/json' --data-binary @"$dir/body.json"
  [ "$status" = 201 ] || refused "write a comment"
  say "comment $(jq -r '.id' "$dir/answer") is written"
fi
