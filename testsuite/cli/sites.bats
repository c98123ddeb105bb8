#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What objects say of themselves, without being run.

load helper

setup_file() {
  BUILD=${HOTPATH_BUILD:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build}
  export S=$BATS_FILE_TMPDIR GCC="gcc -O2 -fplugin=$BUILD/lib/hotpath.so"
  cd "$S"
  mkdir rules
  cat >hotpath.yaml <<'EOY'
include: rules/more.yaml
rules:
  - functions: [parse, bare]
    group: parser
    sample: 7
  - name: misspelt
    functions: prase
  - calls: [puts, exit]
  - functions: quiet
    measure: false
EOY
  printf 'rules:\n  - functions: gone\n  - functions: in_lib\n' >rules/more.yaml
  cat >prog.c <<'EOC'
#include <stdio.h>
#include <stdlib.h>
extern int in_lib(int);
static inline __attribute__((noinline)) int parse(int n) { return in_lib(n); }
__attribute__((hotpath_measure("a\tlabel\\"))) int labelled(int n) { return n; }
__attribute__((naked)) void bare(void) { __asm__("ret"); }
int quiet(void) { return 1; }
int main(void) { bare(); puts("never printed by hotpath sites"); exit(parse(1) + labelled(2) + quiet()); }
EOC
  echo 'int in_lib(int n) { return n + 1; }' >lib.c
  echo 'int nothing(void) { return 1; }' >plain.c
  $GCC -c prog.c && $GCC -c -fPIC lib.c && gcc -c plain.c
  ar rcs lib.a lib.o plain.o
  $GCC prog.o lib.o -o pie -pie
  $GCC prog.o lib.o -o no-pie -no-pie
  $GCC prog.o lib.o -o static -static
  $GCC -flto prog.c lib.c -o lto
  $GCC -Wl,--gc-sections -ffunction-sections prog.c lib.c -o gc
  $GCC -shared lib.o -o lib.so
  ld -r prog.o lib.o -o both.o
  cp pie stripped && strip stripped
}

short() {
  hotpath sites -f json "$@" | jq -c '[.sites[]|select(.not_measured|not).name]|sort'
}

@test "the same list from objects, programs of each kind, stripped ones and libraries" {
  for file in pie no-pie static lto gc stripped both.o; do
    echo "$file"
    [ "$(short "$S/$file")" = '["in_lib","labelled","parse","puts"]' ]
  done
  [ "$(short "$S/prog.o")" = '["labelled","parse","puts"]' ]
  [ "$(short "$S/lib.so")" = '["in_lib"]' ]
  [ "$(short "$S/prog.o" "$S/lib.a")" = '["in_lib","labelled","parse","puts"]' ]
  [ "$(hotpath sites -f json "$S/lib.a" | jq -c '[.sites[].object]')" = "[\"$S/lib.a(lib.o)\"]" ]
}

@test "each site has its place, label, group, sampling and rule" {
  hotpath sites -f json "$S/pie" >s.json
  [ "$(jq -c keys_unsorted s.json)" = '["schema","sites","rules"]' ]
  [ "$(jq -c '.sites[0]|keys_unsorted' s.json)" = '["object","name","mangled","label","group","file","line","kind","language","sample","rule","not_measured"]' ]
  [ "$(jq -c '.sites[]|select(.name=="parse")|del(.object)' s.json)" = '{"name":"parse","mangled":"parse","label":null,"group":"parser","file":"prog.c","line":4,"kind":"function","language":"C","sample":7,"rule":"hotpath.yaml:3","not_measured":null}' ]
  [ "$(jq -c '.sites[]|select(.name=="labelled")|.label,.rule' s.json | tr '\n' ' ')" = '"a\tlabel\\" "attribute" ' ]
  [ "$(jq -c '.sites[]|select(.name=="puts")|[.kind,.line,.rule]' s.json)" = '["call",8,"hotpath.yaml:8"]' ]
}

@test "thin archives, as Meson makes them, are read through their members" {
  mkdir thin thin/folder
  cp "$S"/{prog,lib,plain}.o thin/
  cp "$S/lib.o" "thin/folder/a long name, with a space.o"
  cd thin
  ar rcsT here.a prog.o lib.o plain.o
  [ "$(short here.a)" = '["in_lib","labelled","parse","puts"]' ]
  ar rcsT folder/up.a prog.o "folder/a long name, with a space.o"
  cd ..
  [ "$(short thin/folder/up.a)" = '["in_lib","labelled","parse","puts"]' ]
  [ "$(short "$T/thin/here.a")" = '["in_lib","labelled","parse","puts"]' ]
  # An archive in one.
  (cd thin && ar rcs whole.a lib.o plain.o && ar rcsT both.a whole.a prog.o)
  [ "$(short thin/both.a)" = '["in_lib","labelled","parse","puts"]' ]
  rm thin/lib.o
  run hotpath sites thin/here.a
  [ "$status" -ne 0 ] && [[ $output == *"cannot read thin/lib.o, a member of the thin archive thin/here.a: No such file"* ]]
  # Cut off anywhere, and with the size of the first table, or the place of a name, out of bounds.
  n=$(stat -c %s thin/both.a)
  for at in $(seq 9 7 "$n"); do
    head -c "$at" thin/both.a >cut.a
    run hotpath sites cut.a
    [ "$status" -le 2 ]
  done
  sed 's|^//  |/9999999999|;t;s|^/0  |/7  |' thin/both.a >off.a
  run hotpath sites off.a
  [ "$status" -eq 2 ] && [[ $output == *"thin archive"* ]]
  # What a file says is no order to the terminal.
  printf '!<thin>\n//                                              10        `\n\033[2Jab.o/\n/0                                              10        `\n' >evil.a
  run hotpath sites evil.a
  [ "$status" -ne 0 ] && [[ $output == *'\x1b[2Jab.o'* ]] && [[ $output != *$'\033'* ]]
}

@test "what was chosen and cannot be measured, and why" {
  hotpath sites -f json "$S/pie" >s.json
  [ "$(jq -c '[.sites[]|select(.not_measured)|[.name,.kind,.line,.rule,.not_measured]]' s.json)" = \
    '[["bare","function",6,"hotpath.yaml:3","it has no ordinary frame"],["exit","call",8,"hotpath.yaml:8","it does not return"]]' ]
}

@test "rules that chose nothing in all the files" {
  dead() { hotpath sites -f json "$@" | jq -c '[.rules[]|select(.dead)|[.rule,.file]]'; }
  [ "$(dead "$S/pie")" = '[["hotpath.yaml:6 (misspelt)","hotpath.yaml"],["more.yaml:2","rules/more.yaml"]]' ]
  [ "$(dead "$S/prog.o")" = '[["hotpath.yaml:6 (misspelt)","hotpath.yaml"],["more.yaml:2","rules/more.yaml"],["more.yaml:3","rules/more.yaml"]]' ]
  [ "$(dead "$S/prog.o" "$S/lib.o")" = "$(dead "$S/pie")" ]
  [ "$(hotpath sites -f json "$S/pie" | jq '.rules|length')" = 6 ]
}

@test "the table" {
  run hotpath sites "$S/pie"
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == "Function "*"Place "*"Group "*"One in "*"Chosen by"* ]]
  [[ $output == *"parse "*"prog.c:4 "*"parser "*" 7 "*"hotpath.yaml:3"* ]]
  [[ $output == *'a\tlabel\ '* ]]
  [[ $output == *"puts [call] "* ]]
  [[ $output == *"Chosen and not measured:"*"bare "*"it has no ordinary frame"* ]]
  [[ $output == *"Rules that chose nothing:"*"hotpath.yaml:6 (misspelt)"*"rules/more.yaml:2" ]]
  [[ $output != *"never printed"* ]]
  [ "$(hotpath sites -f csv "$S/pie" | head -1 | tr -d '\r')" = "name,place,mangled,label,kind,group,sample,rule,not_measured,object" ]
}

@test "an object in which nothing is measured still tells its rules" {
  cp "$S/hotpath.yaml" . && mkdir rules && cp "$S/rules/more.yaml" rules
  echo 'int other(void) { return 1; }' >o.c
  $GCC -c o.c
  run hotpath sites o.o
  [ "$status" -eq 0 ]
  [[ ${lines[0]} == "Nothing is measured." ]]
  [[ $output == *"misspelt"* ]]
  # Without rules and attributes an object is as without the plugin.
  mkdir /tmp/hotpath-none-$$ && cp o.c /tmp/hotpath-none-$$
  (cd /tmp/hotpath-none-$$ && $GCC -c o.c -o with.o && gcc -O2 -c o.c -o without.o && cmp with.o without.o); rc=$?
  rm -rf /tmp/hotpath-none-$$
  [ $rc = 0 ]
}

@test "files that have no list say why; among others they are passed over" {
  run -2 hotpath sites "$S/plain.o"
  [[ $output == *"plain.o: it has no list of measured functions: it was not compiled with -fplugin=hotpath.so"* ]]
  $GCC -flto -c "$S/lib.c" -o slim.o
  run -2 hotpath sites slim.o
  [[ $output == *"an object of -flto has no code yet"* ]]
  run -2 hotpath sites "$S/hotpath.yaml"
  [[ $output == *"no program, library or object file"* ]]
  run -2 hotpath sites missing
  [[ $output == *"cannot read missing: No such file"* ]]
  mkfifo fifo
  run -2 hotpath sites fifo
  run -2 hotpath sites .
  run -0 --separate-stderr hotpath sites "$S/plain.o" "$S/lib.o"
  [[ $stderr == *"plain.o"* ]] && [[ $output == *"in_lib"* ]]
}

@test "damaged files end with a message or a list, never with a crash" {
  cp "$S/prog.o" good
  perl -e '
    open F, "<:raw", "good"; local $/; my $good = <F>; srand 7;
    for my $i (1 .. 300) {
      my $bad = $good;
      if ($i % 5 == 0) { $bad = substr $bad, 0, int rand length $bad }
      else { substr $bad, ($i % 3 ? int rand length $bad : int(rand 64)), 1, chr int rand 256 for 1 .. 1 + rand 4 }
      open O, ">:raw", "bad$i"; print O $bad; close O;
    }'
  for i in $(seq 300); do
    rc=0
    timeout 20 hotpath sites "bad$i" >out 2>err || rc=$?
    [ $rc = 0 ] || [ $rc = 2 ] || { echo "bad$i: $rc"; return 1; }
    [ $rc = 0 ] || [ -s err ]
  done
}

@test "names from a hostile object cannot reach the terminal" {
  printf 'hotpath 1\0S\t0\t1\t0\t1\tf\033[2J.c\tn\033]0;x\007\tm\t\t\tattribute\0S\tbroken\0X\tunknown\0' >list
  objcopy --add-section .hotpath=list --set-section-flags .hotpath=readonly "$S/plain.o" hostile.o
  run -0 hotpath sites hostile.o
  [[ $output == *'n\x1b]0;x\x07'* ]]
  [[ $output != *$'\033'* ]]
  printf 'hotpath 2\0' >list
  objcopy --add-section .hotpath=list "$S/plain.o" newer.o
  run -2 hotpath sites newer.o
  [[ $output == *"of another version of hotpath"* ]]
}
