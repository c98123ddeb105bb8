#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Each export format opened by programs that are not ours; what they see are the run's own figures.

load helper

SPEEDSCOPE=1.25.0

# Own time by function, as the store has it: "nanoseconds name", sorted.
own_times() {
  hotpath sql -f json "select coalesce(f.label, f.qualified, f.name) as name, sum(c.self_ns) as ns from contexts c
    join functions f on f.function = c.function and f.run = c.run where c.run = 1 group by 1 having ns > 0" |
    jq -r '.[]|"\(.ns) \(.name)"' | sort
}

sum_of_own_times() {
  query 'select sum(self_ns) from contexts where run = 1'
}

# In its folder: speedscope as npm has it, fetched once for all tests here.
speedscope() {
  local folder=$BATS_FILE_TMPDIR/speedscope
  command -v npm >/dev/null && command -v node >/dev/null || skip "no npm and node: apt-get install npm"
  command -v "${CHROMIUM:-chromium}" >/dev/null || skip "no chromium: apt-get install chromium"
  [ -e "$folder/package" ] || {
    mkdir -p "$folder"
    (cd "$folder" && npm pack --silent "speedscope@$SPEEDSCOPE" && tar xzf speedscope-*.tgz) >/dev/null 2>&1 ||
      skip "speedscope $SPEEDSCOPE cannot be fetched from npm"
  }
  PAGE="$folder/package/dist/release/index.html"
}

# sees FILE: opens it in speedscope and prints "nanoseconds name" of own time by function, sorted.
sees() {
  local group profile
  printf 'speedscope.loadFileFromBase64("%s", "%s")' "$(basename "$1")" "$(base64 -w0 "$1")" >load.js
  # The page keeps what it imported to itself, but for the properties of its parts.
  group='(() => { const seen = new Set(); let found = null;
    const look = (v) => {
      if (!v || typeof v !== "object" || seen.has(v) || found) return;
      seen.add(v);
      if (Array.isArray(v)) return v.forEach(look);
      for (const x of Object.values(v.props && typeof v.props === "object" ? v.props : {}))
        if (x && typeof x === "object" && Array.isArray(x.profiles)) found = x;
      look(v.__k); look(v.__c);
    };
    [document.body, ...document.body.children].forEach((e) => look(e.__k));
    globalThis.profile = found && found.profiles[0].profile;
    return !!found; })()'
  profile='(() => { const scale = { nanoseconds: 1, microseconds: 1000, milliseconds: 1e6, none: 1 }[profile.getWeightUnit()];
    const all = []; profile.forEachFrame((f) => all.push([Math.round(f.getSelfWeight() * scale), f.name]));
    return all; })()'
  node "$BATS_TEST_DIRNAME/browser.mjs" "file://$PAGE#localProfilePath=$T/load.js" "until:$group" "eval:$profile" |
    jq -r '.[]|select(.[0] > 0)|"\(.[0]) \(.[1])"' | sort
}

@test "speedscope's importer sees every function's own time, in each format that it reads" {
  speedscope
  leave_segment
  own_times >expected
  [ "$(wc -l <expected)" -eq 3 ]
  for format in speedscope folded pprof chrome; do
    hotpath export -f $format -o run.$format
    # Of trace events it shows the arguments behind the name.
    sees run.$format | sed 's/ {"calls":.*//' >seen
    diff expected seen || { echo "in $format"; return 1; }
  done
  # Its callgrind importer adds the file to the name.
  hotpath export -f callgrind -o callgrind.out.1
  sees callgrind.out.1 | sed 's/ ([^()]*)$//' >seen
  diff expected seen
}

@test "callgrind_annotate sees the sum and every function's own time" {
  command -v callgrind_annotate >/dev/null || skip "no callgrind_annotate: apt-get install valgrind"
  leave_segment
  hotpath export -f callgrind -o callgrind.out.1
  callgrind_annotate --threshold=100 callgrind.out.1 | tr -d , >flat
  grep -E "^ *$(sum_of_own_times)( \(100.0%\))? +PROGRAM TOTALS" flat
  own_times | while read -r ns name; do
    grep -F "$ns" flat | grep -qF "$name"
  done
}

# decode FILE: what protoc reads in it.
decode() {
  command -v protoc >/dev/null || skip "no protoc: apt-get install protobuf-compiler"
  gzip -dc "$1" | protoc --decode=Profile -I "$BATS_TEST_DIRNAME" "$BATS_TEST_DIRNAME/pprof.proto"
}

@test "protoc reads a pprof profile: calls, time, functions, files, lines, build-id" {
  leave_segment
  hotpath export -f pprof -o run.pb.gz
  gzip -t run.pb.gz
  decode run.pb.gz >decoded
  # No field that the format does not have.
  [ "$(grep -cE '^ *[0-9]+: ' decoded)" -eq 0 ]
  texts() { sed -nE 's/^text: "(.*)"$/\1/p' decoded; }
  text() { texts | sed -n "$(($1 + 1))p"; }
  [ "$(text 0)" = "" ]
  [ "$(awk '/^type/ { on = 1 } on && /type:|unit:/ { print $2 } /^}/ { on = 0 }' decoded | while read -r n; do text "$n"; done | xargs)" = "calls count time nanoseconds" ]
  [ "$(text "$(awk '/^default_type/ { print $2 }' decoded)")" = time ]
  awk '/^sample/ { on = 1; k = 0 } on && /value:/ { sum[k++] += $2 } /^}/ { on = 0 } END { print sum[0], sum[1] }' decoded >sums
  [ "$(cat sums)" = "$(query 'select sum(calls) from contexts') $(sum_of_own_times)" ]
  [ "$(grep -c '^sample' decoded)" -eq 3 ]
  [ "$(text "$(awk '/build_id:/ { print $2 }' decoded)")" = "$(query 'select build_id from objects')" ]
  [ "$(text "$(awk '/^mapping/ { on = 1 } on && /file:/ { print $2; exit }' decoded)")" = "$PROG" ]
  # A function's name, file and line, by way of its location.
  line=$(query "select line from functions where name = 'inner'")
  awk '/^function/ { on = 1 } on && /id:|name:|file:|line:/ { v[$1] = $2 } on && /^}/ { print v["id:"], v["name:"], v["file:"], v["line:"]; on = 0 }' decoded >functions
  seen=
  while read -r id name file at; do
    [ "$(text "$name")" = inner ] || continue
    [[ $(text "$file") == *prog.c ]]
    [ "$at" = "$line" ]
    seen=$id
  done <functions
  [ -n "$seen" ]
  # The stack of inner: itself, then its caller.
  caller=$(while read -r id name file at; do [ "$(text "$name")" = "the | outer" ] && echo "$id"; done <functions) || true
  awk '/^sample/ { s = "" } /^  location:/ { s = s " " $2 } /^  value:/ { print s; s = "" }' decoded | grep -qx " $seen $caller"
  awk '/^location/ { on = 1 } on && /mapping:/ { print $2 } /^}/ { on = 0 }' decoded | sort -u >mappings
  [ "$(cat mappings)" = 1 ]
}

@test "go tool pprof sees the same" {
  command -v go >/dev/null || skip "no go: apt-get install golang-go"
  leave_segment
  hotpath export -f pprof -o run.pb.gz
  HOME=$T go tool pprof -top -nodecount=100 -nodefraction=0 -edgefraction=0 -unit=ns run.pb.gz >top
  grep -q '^Type: time$' top
  own_times | while read -r ns name; do
    awk -v ns="$ns" -v name="$name" 'index($0, name) && $1 == ns "ns" { found = 1 } END { exit !found }' top
  done
  HOME=$T go tool pprof -top -sample_index=calls -nodefraction=0 run.pb.gz | grep -qE '^ +100 .* inner$'
}

@test "pprof: not to a terminal, and hostile names stay within it" {
  leave_segment
  run script -qec "hotpath export -f pprof" /dev/null
  [[ $output == *"--format pprof is not for a screen: give a file with -o"* ]]
  cat >evil.c <<'EOC'
__attribute__((hotpath_measure("a\"b\\\033[31m\n\xff"))) int evil(void) { return 1; }
int main(void) { return evil() - 1; }
EOC
  gcc -fplugin="$BUILD/lib/hotpath.so" -o evil evil.c
  ./evil
  hotpath export -f pprof -o run.pb.gz
  decode run.pb.gz | grep -qF 'text: "a\"b\\\\x1b[31m\\n\\xff"'
  hotpath export -f chrome | jq -e '.traceEvents[2].name | startswith("a\"b\\\u001b[31m\n")' >/dev/null
}

@test "chrome: the rules of the Trace Event format hold, and the sums are the run's" {
  leave_segment
  hotpath export -f chrome -o c.json
  jq -e '.displayTimeUnit | . == "ms" or . == "ns"' c.json >/dev/null
  jq -e '[.traceEvents[] | (.ph | . == "X" or . == "M") and (.name | type) == "string" and (.pid | type) == "number" and (.tid | type) == "number"] | all' c.json >/dev/null
  jq -e '[.traceEvents[] | select(.ph == "M") | .name] | unique == ["process_name", "thread_name"]' c.json >/dev/null
  jq -e '[.traceEvents[] | select(.ph == "X") | .ts >= 0 and .dur >= 0 and (.cat | type) == "string"] | all' c.json >/dev/null
  # Events of a thread nest, to the nanosecond.
  jq -e '[.traceEvents[] | select(.ph == "X") | {t: [.pid, .tid], a: (.ts * 1000 | round), b: ((.ts + .dur) * 1000 | round)}] as $all |
    [$all[] as $e | $all[] | select(.t == $e.t) | .b <= $e.a or .a >= $e.b or (.a >= $e.a and .b <= $e.b) or (.a <= $e.a and .b >= $e.b)] | all' c.json >/dev/null
  [ "$(jq '[.traceEvents[]|select(.cat == "sum").args.self_ns]|add' c.json)" = "$(sum_of_own_times)" ]
  [ "$(jq '[.traceEvents[]|select(.cat == "sum").args.calls]|add' c.json)" = "$(query 'select sum(calls) from contexts')" ]
  # That it is no timeline can be read on the track, and in the file.
  jq -e '.traceEvents[0].args.name | contains("not a timeline")' c.json >/dev/null
  jq -e '.otherData.meaning | contains("places mean nothing")' c.json >/dev/null
}

@test "chrome: the newest calls stand where they happened, within those that made them" {
  cat >threads.c <<'EOC'
#include <pthread.h>
#define M __attribute__((hotpath_measure, noinline))
static volatile int sink;
M void leaf(void) { sink++; }
M void many(int n) { for (int i = 0; i < n; i++) leaf(); }
M void *thread(void *p) { many(5); return p; }
int main(void)
{
  pthread_t t;
  many(1000);
  pthread_create(&t, 0, thread, 0);
  pthread_join(t, 0);
  many(3);
  return 0;
}
EOC
  gcc -O1 -fplugin="$BUILD/lib/hotpath.so" -o threads threads.c -pthread
  ./threads
  hotpath export -f chrome -o c.json
  query 'select name, thread, start_ns, duration_ns from recent order by start_ns, duration_ns' >expected
  jq -r '[.traceEvents[]|select(.cat == "call")]|sort_by(.ts, .args.duration_ns)[]|"\(.name),\(.tid),\(.ts * 1000 | round),\(.args.duration_ns)"' c.json >seen
  diff expected seen
  [ "$(wc -l <seen)" -ge 20 ]
  # `many` with 1000 calls took less than it shows: what measuring its calls cost is not in its duration, but in their places.
  jq -e '[.traceEvents[]|select(.cat == "call")|(.dur * 1000 | round) >= .args.duration_ns] | all' c.json >/dev/null
  jq -e '[.traceEvents[] | select(.cat == "call") | {t: .tid, a: (.ts * 1000 | round), b: ((.ts + .dur) * 1000 | round)}] as $all |
    [$all[] as $e | $all[] | select(.t == $e.t) | .b <= $e.a or .a >= $e.b or (.a >= $e.a and .b <= $e.b) or (.a <= $e.a and .b >= $e.b)] | all' c.json >/dev/null
  [ "$(jq '[.traceEvents[]|select(.ph == "M" and .pid == 2 and .name == "thread_name")]|length' c.json)" = 2 ]
  jq -e '.traceEvents[]|select(.ph == "M" and .pid == 2 and .name == "process_name")|.args.name|startswith("the newest ")' c.json >/dev/null
}
