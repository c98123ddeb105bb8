#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# hotpath gc, hotpath db.

load helper

# some_runs N: runs with exit statuses 0, 1 ...
some_runs() {
  for i in $(seq 0 $(($1 - 1))); do leave_segment "$i"; hotpath ingest -q; done
  # Not all of one command.
  sqlite3 "$(hotpath db path)" 'update run set token = null'
}

@test "db path says where the store is, also before there is one" {
  [ "$(hotpath db path)" = "$T/store/hotpath.db" ]
  [ ! -e store ]
  unset HOTPATH_DIR
  mkdir -p p/sub; touch p/hotpath.yaml
  [ "$(cd p/sub && hotpath db path)" = "$T/p/.hotpath/hotpath.db" ]
}

@test "runs go to another machine in a file, and are there once" {
  some_runs 3
  hotpath tag 2 golden
  [ "$(hotpath db export --runs 2..3 two.hotpath)" = "2 runs written" ]
  [ "$(sqlite3 two.hotpath 'select count(*) from runs')" = 2 ]
  export HOTPATH_DIR=$T/elsewhere
  [ "$(hotpath db import two.hotpath)" = "two.hotpath: 2 runs taken in, 0 known already" ]
  [ "$(hotpath db import two.hotpath)" = "two.hotpath: 0 runs taken in, 2 known already" ]
  [ "$(hotpath db merge ../"$(basename "$T")"/store)" = "../$(basename "$T")/store: 1 run taken in, 2 known already" ]
  [ "$(query 'select status from runs order by id' | tr '\n' ' ')" = "1 2 0 " ]
  [[ $(hotpath db check) == *"3 runs, no damage" ]]
  # What a view shows of a run is the same here and there, but for its number.
  for i in 1 2 3; do
    hotpath report -r "$i" -f json | jq -cS 'del(.run.id)'
    hotpath report -r "$i" --tree -f json | jq -cS 'del(.run)'
  done | sort >here
  for i in 1 2 3; do
    HOTPATH_DIR=$T/store hotpath report -r "$i" -f json | jq -cS 'del(.run.id)'
    HOTPATH_DIR=$T/store hotpath report -r "$i" --tree -f json | jq -cS 'del(.run)'
  done | sort >there
  cmp here there
  [ "$(hotpath diff golden golden -f json | jq .base.n)" = 1 ]
}

@test "a run that is here up to a moment is brought up to date by the whole one, never the other way round" {
  some_runs 2
  hotpath db export whole.hotpath
  hotpath tag 1 mine
  sqlite3 store/hotpath.db 'update run set part = 1, duration_ns = 1 where id = 1'
  hotpath db export live.hotpath
  [ "$(hotpath db import whole.hotpath)" = "whole.hotpath: 0 runs taken in, 1 known already, 1 brought up to date" ]
  [ "$(hotpath db import live.hotpath)" = "live.hotpath: 0 runs taken in, 2 known already" ]
  [ "$(sqlite3 store/hotpath.db 'select group_concat(id || part || (duration_ns > 1)) from run')" = 101,201 ]
  [ "$(hotpath diff mine mine -f json | jq -c .base.runs)" = '[1]' ]
  [[ $(hotpath db check) == *"2 runs, no damage" ]]
}

@test "an imported history is in its place in time" {
  git init -q -b main .
  git -c user.name=n -c user.email=e commit -q --allow-empty -m old
  some_runs 1
  hotpath db export old.hotpath
  rm -r store
  git -c user.name=n -c user.email=e commit -q --allow-empty -m new
  some_runs 1
  hotpath db import old.hotpath
  # The newest commit of the branch is still that of run 1, though the older one came in later.
  [ "$(hotpath diff main main -f json | jq -c .base.runs)" = '[1]' ]
}

@test "a file that is no store, or a hostile one, changes nothing and is told" {
  some_runs 1
  hotpath db export x.hotpath
  before=$(sqlite3 store/hotpath.db .dump | sha256sum)
  head -c 3000 x.hotpath >cut.hotpath
  head -c 20000 /dev/urandom >noise.hotpath
  : >empty.hotpath
  cp x.hotpath trigger.hotpath
  sqlite3 trigger.hotpath 'create trigger t after insert on text begin delete from text; end'
  cp x.hotpath newer.hotpath
  sqlite3 newer.hotpath 'pragma user_version = 99'
  ln -s /dev/zero device.hotpath
  for bad in cut noise empty trigger newer device nowhere; do
    run hotpath db import $bad.hotpath
    [ "$status" -eq 2 ] || { echo "$bad: $status $output"; return 1; }
    [[ $output == *"$bad.hotpath"* ]] || { echo "$bad: $output"; return 1; }
  done
  # The good ones are taken in all the same.
  HOTPATH_DIR=$T/other hotpath db import cut.hotpath x.hotpath || [ $? -eq 2 ]
  [ "$(HOTPATH_DIR=$T/other query 'select count(*) from runs')" = 1 ]
  [ "$(sqlite3 store/hotpath.db .dump | sha256sum)" = "$before" ]
}

@test "export never overwrites, and leaves nothing behind when it fails" {
  some_runs 1
  echo precious >file
  misuse "exists already" hotpath db export file
  [ "$(cat file)" = precious ]
  run hotpath db export nowhere/file
  [ "$status" -eq 2 ]
  run hotpath db export -r nothing out
  [ "$status" -eq 2 ]
  [ -z "$(find . -maxdepth 1 -name 'out*' -o -maxdepth 1 -name '*.part-*')" ]
}

@test "db check finds damage: status 1" {
  some_runs 2
  run hotpath db check
  [ "$status" -eq 0 ]
  sqlite3 store/hotpath.db "update profile set functions = x'ffff' where run = 2"
  run hotpath db check
  [ "$status" -eq 1 ]
  [[ $output == *"run 2: its functions cannot be read"* ]]
  # gc must not take what it cannot read for unused.
  run hotpath gc --keep 0d -b 1
  [ "$status" -eq 2 ]
  [ "$(query 'select count(*) from runs')" = 2 ]
}

@test "db check of a store that cannot even be opened: status 1, and JSON" {
  some_runs 2
  truncate -s 50000 store/hotpath.db
  run --separate-stderr hotpath db check
  [ "$status" -eq 1 ]
  [[ $output == "the store $HOTPATH_DIR/hotpath.db is damaged ("*"sqlite3 $HOTPATH_DIR/hotpath.db .recover"* ]] || { echo "$output"; return 1; }
  [ -z "$stderr" ]
  run hotpath db check -f json
  [ "$status" -eq 1 ]
  [ "$(jq -c '[.ok, .wrong, (.problems|length)]' <<<"$output")" = '[false,1,1]' ]
}

@test "gc removes old runs, keeps the newest of each branch and those with a tag" {
  some_runs 6
  sqlite3 store/hotpath.db "update run set started_at_ns = started_at_ns - 200 * 86400000000000 where id <= 4"
  [ "$(hotpath gc | cut -d';' -f1)" = "0 runs removed, 6 kept" ]
  hotpath tag 1 release
  [ "$(hotpath gc -n --keep-per-branch 3 | cut -d';' -f1)" = "2 runs would be removed, 4 kept" ]
  [ "$(query 'select count(*) from runs')" = 6 ]
  [ "$(hotpath gc --keep-per-branch 3 | cut -d';' -f1)" = "2 runs removed, 4 kept" ]
  [ "$(query 'select id from runs order by id' | tr '\n' ' ')" = "1 4 5 6 " ]
  [ "$(hotpath gc -b 0 --tagged | cut -d';' -f1)" = "2 runs removed, 2 kept" ]
  hotpath db check
  hotpath report
  hotpath doctor | grep "no damage"
}

@test "gc and vacuum give the room back" {
  some_runs 1
  cp store/hotpath.db one.db
  for i in 2 3 4 5 6 7 8; do
    sqlite3 store/hotpath.db "create temp table copy as select * from run where id = 1;
      update copy set id = $i, run_id = randomblob(16), started_at_ns = 1;
      insert into run select * from copy;
      insert into profile (run, functions, contexts, histograms)
        select $i, functions, contexts, histograms from profile where run = 1"
  done
  sqlite3 store/hotpath.db "create table filler (run references run, x); insert into filler select 2, randomblob(1000000)"
  before=$(stat -c %s store/hotpath.db)
  run hotpath gc -b 0
  [[ $output == "7 runs removed, 1 kept;"*" KiB free" || $output == *" MiB free" ]] || { echo "$output"; return 1; }
  [ "$(stat -c %s store/hotpath.db)" -lt $((before - 900000)) ]
  [[ $(hotpath db vacuum) == *"hotpath.db: "*"KiB, was "* ]]
}

# keys FILE: the keys of an object of JSON, in their order.
keys() { jq -c keys_unsorted "$1"; }

@test "gc and db speak JSON, as hotpath(1) has it" {
  some_runs 3
  hotpath db path -f json >path.json
  [ "$(keys path.json)" = '["schema","store"]' ]
  [ "$(jq -r .store path.json)" = "$T/store/hotpath.db" ]

  hotpath db export -f json all.hotpath >export.json
  [ "$(jq -c . export.json)" = '{"schema":1,"file":"all.hotpath","runs":3}' ]

  sqlite3 store/hotpath.db "update run set started_at_ns = 1 where id <= 2"
  hotpath gc -n -b 0 --format json >gc.json
  [ "$(keys gc.json)" = '["schema","dry_run","removed","kept","functions","names","bytes"]' ]
  [ "$(jq -c '[.schema,.dry_run,.removed,.kept]' gc.json)" = '[1,true,2,1]' ]
  [ "$(query 'select count(*) from runs')" = 3 ]
  hotpath gc -b 0 --format json-pretty >gc.json
  [ "$(wc -l <gc.json)" -gt 5 ]
  [ "$(jq -c '[.dry_run,.removed,.kept,(.bytes|type)]' gc.json)" = '[false,2,1,"number"]' ]
  [ "$(query 'select count(*) from runs')" = 1 ]

  sqlite3 store/hotpath.db 'update run set part = 1, duration_ns = 1'
  : >'empty "quoted".hotpath'
  run --separate-stderr hotpath db import -f json all.hotpath 'empty "quoted".hotpath' all.hotpath
  [ "$status" -eq 2 ]
  [ "$(jq -c '[.schema,(.stores|length)]' <<<"$output")" = '[1,3]' ]
  [ "$(jq -c '.stores[0]' <<<"$output")" = '{"store":"all.hotpath","added":2,"known":0,"replaced":1,"error":null}' ]
  [ "$(jq -c '.stores[1]|del(.error)' <<<"$output")" = '{"store":"empty \"quoted\".hotpath","added":0,"known":0,"replaced":0}' ]
  [[ $(jq -r '.stores[1].error' <<<"$output") == *"is empty: there is no store in it" ]]
  [ "$(jq -c '.stores[2]|[.added,.known]' <<<"$output")" = '[0,3]' ]
  [[ $stderr == *"is empty: there is no store in it"* ]]

  hotpath db check -f json >check.json
  [ "$(jq -c 'del(.store)' check.json)" = '{"schema":1,"runs":3,"ok":true,"wrong":0,"problems":[]}' ]
  hotpath db vacuum -f json >vacuum.json
  [ "$(keys vacuum.json)" = '["schema","store","bytes","bytes_before"]' ]
  [ "$(jq .bytes vacuum.json)" = "$(stat -c %s store/hotpath.db)" ]
  sqlite3 store/hotpath.db "update profile set functions = x'ffff' where run = 3"
  run hotpath db check -f json
  [ "$status" -eq 1 ]
  [ "$(jq -c '[.ok,.wrong == (.problems|length),.runs]' <<<"$output")" = '[false,true,3]' ]
  [[ $(jq -r '.problems[]' <<<"$output") == *"run 3: its functions cannot be read"* ]]
  misuse "expected table, json or json-pretty" hotpath gc -f csv
  misuse "expected table, json or json-pretty" hotpath db check -f markdown
}

@test "misuse of gc and db is told" {
  some_runs 1
  misuse "'90x' is not an age" hotpath gc --keep 90x
  misuse "cannot 'explode'" hotpath db explode
  misuse "expected one FILE" hotpath db export
  misuse "expected one or more stores" hotpath db import
  misuse "are for \`hotpath db export\`" hotpath db check --runs last
  misuse "needs path | check" hotpath db
}

@test "a store that cannot be written is told by gc and vacuum, and can be exported" {
  can_be_nobody || skip "needs root, setpriv, and a build folder that others may enter"
  some_runs 1
  chmod 755 "$T" store; chmod 444 store/hotpath.db
  as_nobody() { setpriv --reuid 65534 --clear-groups env HOME=/nonexistent HOTPATH_SEGMENTS=/nonexistent "$@"; }
  run as_nobody hotpath gc
  [ "$status" -eq 2 ]
  [[ $output == *"cannot be written"* ]]
  run as_nobody hotpath db vacuum
  [ "$status" -eq 2 ]
  mkdir -m 777 out
  [ "$(as_nobody hotpath db export out/x)" = "1 run written" ]
}
