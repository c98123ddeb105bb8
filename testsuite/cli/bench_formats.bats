#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What github-action-benchmark (customSmallerIsBetter) and Bencher (Bencher Metric Format) take, key by key.

load helper

record() {
  for _ in $(seq "$1"); do HOTPATH_LABEL=$2 HOTPATH_RUN_TOKEN="t$RANDOM$RANDOM" "${3:-$PROG}"; done
  hotpath ingest -q
}

# An array of objects with name, unit and value, and perhaps texts range and extra; at least one, and no name twice.
github_schema() {
  jq -e 'type == "array" and length > 0
    and all(.[]; (keys - ["name","unit","value","range","extra"] == [])
      and (.name|type == "string" and length > 0) and (.unit|type == "string")
      and (.value|type == "number") and (.range == null or (.range|type == "string"))
      and (.extra == null or (.extra|type == "string")))
    and ((map(.name)|unique|length) == length)' "$1" >/dev/null
}

# {benchmark: {measure: {value, lower_value?, upper_value?}}}, all numbers, bounds in order, names of at most 1024 characters.
bencher_schema() {
  jq -e 'type == "object" and length > 0 and all(to_entries[];
    (.key|length > 0 and length <= 1024) and (.value|type == "object" and length > 0 and all(to_entries[];
      (.value|keys - ["value","lower_value","upper_value"] == []) and (.value|all(.[]; type == "number"))
      and (.value|has("value")) and (.value|(.lower_value // .value) <= .value and (.upper_value // .value) >= .value))))' "$1" >/dev/null
}

@test "diff -f bencher has the head's medians with bounds" {
  record 3 old
  record 3 new
  hotpath diff -f bencher old new >b.json
  hotpath diff -f json old new >d.json
  bencher_schema b.json
  [ "$(jq -c 'keys' b.json)" = '["(total)","fact","inner","the | outer"]' ]
  [ "$(jq -c '.inner.calls' b.json)" = '{"value":100,"lower_value":100,"upper_value":100}' ]
  [ "$(jq '.inner.latency.value' b.json)" = "$(jq '.functions[]|select(.name=="inner").head_ns' d.json)" ]
  [ "$(jq '."(total)".latency.value' b.json)" = "$(jq '.total.head_ns' d.json)" ]
  [ "$(jq '.inner.latency|has("lower_value") and has("upper_value")' b.json)" = true ]
  # Three runs: from the smallest to the largest.
  one=$(for r in 4 5 6; do hotpath diff -f json $r $r | jq '.functions[]|select(.name=="inner").head_ns'; done | jq -sc '[min,max]')
  [ "$(jq -c '.inner.latency|[.lower_value,.upper_value]' b.json)" = "$one" ]
  hotpath diff -f bencher 1 2 >one.json
  bencher_schema one.json
  [ "$(jq -c '.inner.latency|keys' one.json)" = '["value"]' ]
}

@test "diff -f github-benchmark has unit, range and what changed" {
  record 3 old
  record 3 new
  for m in self run total p50 p99 calls; do
    hotpath diff -m $m -f github-benchmark old new >g.json
    github_schema g.json
  done
  [ "$(jq -c '.[]|select(.name=="inner")|[.unit,.value]' g.json)" = '["calls/run",100]' ]
  hotpath diff -f github-benchmark old new >g.json
  [ "$(jq -r '.[]|select(.name=="(total)").unit' g.json)" = ns/run ]
  jq -r '.[]|select(.name=="inner")|.range, .extra' g.json >lines
  grep -Eq '^± [0-9.]+$' lines
  grep -Eq '^3 runs, 100 calls a run$' lines
  grep -Eq '^inconclusive, [+-][0-9.]+ % since old$' lines
}

@test "a removed function has no figures, and one of the same name in another file its own" {
  for n in a b; do
    echo "__attribute__((hotpath_measure)) static void twin(void) { } __attribute__((hotpath_measure)) void $n(void) { twin(); }" >$n.c
  done
  echo 'void a(void), b(void); int main(void) { a(); b(); return 0; }' >main.c
  gcc -O0 -fplugin="$BUILD/lib/hotpath.so" -o twins main.c a.c b.c
  record 1 old
  record 1 new ./twins
  hotpath diff -f bencher old new >b.json
  [ "$(jq -c keys b.json)" = '["(total)","a","b","twin (a.c)","twin (b.c)"]' ]
  hotpath report -f bencher >r.json
  [ "$(jq -c keys r.json)" = '["a","b","twin (a.c)","twin (b.c)"]' ]
}

@test "report has them for one run, with all its functions" {
  record 1 x
  hotpath report -f bencher >b.json
  bencher_schema b.json
  [ "$(jq -c '.fact.calls' b.json)" = '{"value":5}' ]
  hotpath report -f github-benchmark -n 1 -o g.json
  github_schema g.json
  [ "$(jq length g.json)" = 1 ]
  misuse "not of --tree, --callers or --by" hotpath report --tree -f bencher
  misuse "github-benchmark or bencher" hotpath report -f xml
  misuse "json-pretty, csv or markdown" hotpath runs -f bencher
}

@test "long and hostile names keep both formats" {
  long=$(printf 'x%.0s' $(seq 1500))
  cat >long.c <<EOS
__attribute__((hotpath_measure("\"quote\\\\ \033[2J\n"))) void quoted(void) {}
__attribute__((hotpath_measure("\377\376"))) void bytes(void) {}
__attribute__((hotpath_measure)) void ${long}1(void) {}
__attribute__((hotpath_measure)) void ${long}2(void) {}
int main(void) { quoted(); bytes(); ${long}1(); ${long}2(); return 0; }
EOS
  gcc -O0 -fplugin="$BUILD/lib/hotpath.so" -o long long.c
  record 1 old ./long
  record 1 new ./long
  for f in bencher github-benchmark; do
    hotpath diff -f $f old new >$f.json
    [ "$(tr -d '\n' <$f.json | tr -dc '\000-\037' | wc -c)" = 0 ]
    iconv -f UTF-8 -t UTF-8 $f.json >/dev/null
  done
  bencher_schema bencher.json
  github_schema github-benchmark.json
  [ "$(jq 'keys|length' bencher.json)" = 5 ]
  [ "$(jq '[keys[]|select(test("^x+ #[0-9a-f]{16}$"))|length]|unique|tostring' bencher.json)" = '"[1024]"' ]
}
