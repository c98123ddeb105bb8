#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# hotpath check: rule files without a compiler; hotpath init: a first one.

load helper

setup_file() { :; }

plugin() {
  gcc -fplugin="$BUILD/lib/hotpath.so" "$@"
}

@test "mistakes are shown as the compiler shows them, word for word" {
  mkdir rules
  echo 'int f(void) { return 1; }' >a.c
  printf 'include: rules/more.yaml\nbudget: 2\nrules:\n  - name: "naïve"\n    function: x\n  - functions: ["a[", é, [b]]\n  - calls: []\n  - files: "/(/"\n    group: "{x}"\n    sample: 0\n' >hotpath.yaml
  printf 'rules:\n  - language: cobol\n' >rules/more.yaml
  ! LC_ALL=C.UTF-8 plugin -c a.c 2>compiler
  run -1 --separate-stderr hotpath check hotpath.yaml
  [ -z "$output" ]
  # GCC knows the file by its full path.
  sed "s,$PWD/,,g" compiler >expected
  [ "$(wc -l <expected)" -ge 21 ]
  diff expected - <<<"$stderr"
}

@test "a sound file, the nearest one, several" {
  printf 'rules:\n  - functions: a\n' >hotpath.yaml
  mkdir -p deep/er
  run -0 hotpath check hotpath.yaml
  [ "$output" = "hotpath.yaml: 1 rule, no mistake" ]
  cd deep/er
  run -0 hotpath check
  [ "$output" = "$T/hotpath.yaml: 1 rule, no mistake" ]
  printf 'rules:\n  - function: a\n' >bad.yaml
  run -1 --separate-stderr hotpath check ../../hotpath.yaml bad.yaml
  [ "$output" = "../../hotpath.yaml: 1 rule, no mistake" ]
  [[ $stderr == "bad.yaml:2:5: error: unknown key 'function'; did you mean 'functions'?"* ]]
  run -0 hotpath check "$BATS_TEST_DIRNAME/../../hotpath.yaml.example"
}

@test "a file that cannot be read is a failure, not an answer" {
  run -2 hotpath check missing.yaml
  [[ $output == *"missing.yaml: error: cannot read the file: No such file or directory"* ]]
  run -2 hotpath check
  [[ $output == *"no hotpath.yaml here or above; \`hotpath init\` writes a first one"* ]]
  run -2 hotpath check .
  printf 'include: gone.yaml\n' >hotpath.yaml
  run -1 hotpath check
  [[ $output == *"hotpath.yaml:1:10: error: cannot read 'gone.yaml': No such file"* ]]
}

@test "JSON" {
  printf 'rules:\n  - function: a\n' >bad.yaml
  printf 'rules:\n  - functions: a\n' >good.yaml
  run -1 --separate-stderr hotpath check -f json bad.yaml good.yaml
  [ "$(jq -c . <<<"$output")" = '{"schema":1,"files":[{"file":"bad.yaml","rules":0,"mistakes":[{"file":"bad.yaml","line":2,"column":5,"message":"unknown key '"'function'; did you mean 'functions'?"'"}]},{"file":"good.yaml","rules":1,"mistakes":[]}]}' ]
  run -2 hotpath check -f csv good.yaml
}

@test "a hostile rule file cannot reach the terminal, nor hold the command up" {
  printf 'rules:\n  - "\033]0;x\007\033[2J": 1 # \033[31m\n' >bad.yaml
  run hotpath check bad.yaml
  [ "$status" -eq 1 ]
  [[ $output != *$'\033'* ]] && [[ $output != *$'\007'* ]]
  printf 'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nrules: &r [{any: *c}, {all: [{not: {any: *c}}]}]\n' >bomb.yaml
  run timeout 20 hotpath check bomb.yaml
  [ "$status" -eq 1 ]
  head -c 3000 /dev/urandom >noise.yaml
  run timeout 20 hotpath check noise.yaml
  [ "$status" -eq 1 ]
}

@test "init writes rules that hold for the tree it saw" {
  mkdir -p src/vendor tests 'a "b[1]/test' third_party/x build .hidden
  loop='{ int s = 0; for (int i = 0; i < n; i++) { s += 2 * i; s ^= s << 5; s -= n / 7; if (s > 70) s = s * 3 + 2; else s -= 3; s |= 8; s += n % 13; s += i * n; s ^= s << 3; s -= n / 3; if (s > 7) s = s * 5 + 1; else s--; s |= 4; s += n % 11; s ^= i; s += i / 3; s -= 9; } return s; }'
  echo "int large(int n) $loop int few_lines(const char *s) { int n = 0; while (*s) n += *s++ == ',' ? 2 : 1; return n > 9 ? -n : n; } int small(int n) { return n; }" >src/a.c
  echo "int in_test(int n) $loop" >tests/t.c
  cp tests/t.c 'a "b[1]/test/t.c'
  echo "int in_vendor(int n) $loop" >src/vendor/v.c
  cp tests/t.c build && cp tests/t.c third_party/x
  touch b.cc c.f90 .hidden/h.c
  run -0 hotpath init
  [[ ${lines[0]} == "wrote ./hotpath.yaml for 1 file of C, 1 of C++, 1 of Fortran; 4 folders of tests and others' code left out" ]]
  grep -qF -- '- "a \"b\\[1]/test/**"' hotpath.yaml
  run -0 hotpath check
  [[ $output == *"3 rules, no mistake" ]]
  for file in src/a.c tests/t.c 'a "b[1]/test/t.c' src/vendor/v.c third_party/x/t.c; do
    plugin -O2 -c "$file" -o "o$((n = ${n:-0} + 1)).o"
  done
  [ "$(hotpath sites -f json o*.o | jq -c '[.sites[].name]|sort')" = '["few_lines","large"]' ]
  [ "$(hotpath sites -f json o*.o | jq -c '[.rules[]|select(.dead)]')" = '[]' ]
}

@test "init overwrites nothing, and says what it cannot look at" {
  echo mine >hotpath.yaml
  run -2 hotpath init
  [[ $output == *"./hotpath.yaml is there already, and stays as it is"* ]]
  [ "$(cat hotpath.yaml)" = mine ]
  mkdir other && ln -s nowhere other/hotpath.yaml
  run -2 hotpath init other
  [ ! -e nowhere ]
  run -2 hotpath init hotpath.yaml
  [[ $output == *"Not a directory"* ]]
  run -2 hotpath init missing
  [[ $output == *"No such file or directory"* ]]
  mkdir empty
  run -0 hotpath init empty
  [[ $output == *"no source files"* ]]
}
