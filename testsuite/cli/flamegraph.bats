#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

# Two versions of a program: b calls c more often, no longer calls old(), and calls new().
build_two() {
  cat >two.c <<'EOC'
#define M __attribute__((hotpath_measure, noinline))
static volatile int sink;
static void spin(int n) { for (int i = 0; i < n; i++) sink += i; }
M void c(void) { spin(20000); }
M void b(int n) { spin(1000); for (int i = 0; i < n; i++) c(); }
M void a(void) { spin(1000); b(5 * V); c(); }
M void rec(int n) { spin(2000); if (n) rec(n - 1); }
#if V == 1
M void old_one(void) { spin(30000); }
#else
M void new_one(void) { spin(30000); }
#define old_one new_one
#endif
int main(void) { a(); a(); old_one(); rec(3); return 0; }
EOC
  for v in 1 2; do
    gcc -O1 -DV=$v -fplugin="$BUILD/lib/hotpath.so" -o two$v two.c
    hotpath run --label v$v -- ./two$v
  done
}

# frames FILE: "depth x width name" of each, tab separated.
frames() {
  sed -nE 's/^<g class="f[^"]*" data-x="([^"]*)" data-w="([^"]*)" data-d="([^"]*)"><title>([^<]*).*/\3\t\1\t\2\t\4/p' "$1"
}

# adds_up FILE: no two frames of a depth overlap, each stands within one below it, and the first has the sum of all.
adds_up() {
  frames "$1" | awk -F'\t' '
    { d = $1; x[NR] = $2; w[NR] = $3; row[NR] = d; name[NR] = $4; if ($3 < 0) { print "negative", $0; bad = 1 } }
    d == 1 { sum += $3 }
    END {
      if (NR < 2) { print "no frames"; exit 1 }
      for (i = 2; i <= NR; i++) {
        within = 0
        for (j = 1; j <= NR; j++) {
          if (row[j] == row[i] - 1 && x[i] >= x[j] - .01 && x[i] + w[i] <= x[j] + w[j] + .01) within = 1
          if (j < i && row[j] == row[i] && x[j] + w[j] > x[i] + .01 && x[i] + w[i] > x[j] + .01) {
            print "overlap", name[i], name[j]; bad = 1 }
        }
        if (!within) { print "stands on nothing:", name[i]; bad = 1 }
      }
      if ((sum - w[1]) ^ 2 > .01) { print "sum", sum, "of", w[1]; bad = 1 }
      exit bad
    }'
}

# coloured FILE: each frame of a comparison has the colour that its words tell of.
coloured() {
  awk -v RS='</g>' '
    function hex(c) { return index("0123456789abcdef", c) - 1 }
    match($0, /self: [^\n]*; base [^\n]*/) {
      words = substr($0, RSTART, RLENGTH); sub(/<.*/, "", words); sub(/.*, /, "", words)
      if (!match($0, /fill="#[0-9a-f]+"/)) next
      c = substr($0, RSTART + 7, 6)
      red = 16 * hex(substr(c, 1, 1)) + hex(substr(c, 2, 1)) - 16 * hex(substr(c, 5, 1)) - hex(substr(c, 6, 1))
      n++
      if (red > most) most = red
      if (-red > most) most = -red
      if ((words ~ /^\+/ && red < 0) || (words ~ /^-/ && red > 0)) { print "wrong colour", c, words; bad = 1 }
    }
    END { if (n < 3 || most < 100) { print n " frames, strongest " most; bad = 1 } exit bad }' "$1"
}

# lacks FILE WORDS
lacks() {
  [ "$(grep -c "$2" "$1")" -eq 0 ]
}

width_of() {
  frames "$1" | awk -F'\t' -v name="$2" '$4 == name { sum += $3 } END { printf "%.0f\n", sum }'
}

@test "flamegraph: XML, with widths that add up to the run's times" {
  build_two
  hotpath flamegraph -o f.svg
  xmllint --noout f.svg
  adds_up f.svg
  [ "$(width_of f.svg all)" = "$(query 'select sum(self_ns) from contexts where run = 2')" ]
  # A frame has the width of its own time and of what stands on it.
  [ "$(width_of f.svg a)" = "$(query "with recursive below(c, p) as (select context, parent from contexts where run = 2 and name = 'a'
    union select x.context, x.parent from contexts x join below on x.parent = below.c and x.run = 2)
    select sum(self_ns) from contexts where run = 2 and context in (select c from below)")" ]
  # Figures are those of the report.
  grep -A3 '<title>rec$' f.svg | grep -q '^calls: 4$'
  grep -A1 '<title>c$' f.svg | grep -q 'two\.c:4$'
  [ "$(grep -c '<title>c$' f.svg)" -eq 2 ]
  # No frame is left out without a word, and it is the same each time.
  lacks f.svg 'narrower'
  hotpath flamegraph | cmp - f.svg
  hotpath flamegraph --least 20% -o few.svg
  [ "$(frames few.svg | wc -l)" -lt "$(frames f.svg | wc -l)" ]
  grep -qE '>[0-9]+ frames? narrower than 20 % (is|are) not drawn: [0-9.]+ .s \([0-9.]+ %\)\.' few.svg
}

@test "flamegraph --inverted: own time at the bottom, callers above" {
  build_two
  hotpath flamegraph --inverted -o f.svg
  xmllint --noout f.svg
  adds_up f.svg
  for f in a b c rec; do
    seen=$(frames f.svg | awk -F'\t' -v name=$f '$1 == 1 && $4 == name { printf "%.0f", $3 }')
    [ "$seen" = "$(query "select sum(self_ns) from contexts where run = 2 and name = '$f'")" ]
  done
  # c was called by b, in a, and by a alone: its callers' widths are its own.
  frames f.svg | awk -F'\t' '$1 == 1 && $4 == "c" { x = $2; end = $2 + $3 } $1 == 2 && $2 >= x - .01 && $2 < end { sum += $3; names = names $4 " " }
    END { if ((sum - (end - x)) ^ 2 > .01 || (names != "b a " && names != "a b ")) { print sum, end - x, names; exit 1 } }' <(frames f.svg)
}

@test "flamegraph --diff: width of the head, change in colour and words, and what is gone" {
  build_two
  hotpath flamegraph --diff v1 v2 -o d.svg
  xmllint --noout d.svg
  adds_up d.svg
  [ "$(width_of d.svg all)" = "$(query 'select sum(self_ns) from contexts where run = 2')" ]
  grep -q '>Base v1: 1 run (1), ./two1, lost 0<' d.svg
  grep -q '>Head v2: 1 run (2), ./two2, lost 0<' d.svg
  grep -q 'head faster, −' d.svg
  grep -q 'head slower<' d.svg
  grep -qE 'Not to be seen, as the head has no such stack: [0-9.]+ .s of the base \([0-9.]+ %\), in 1 stack\.  No longer called: old_one \([0-9.]+ .s\)\.<' d.svg
  lacks d.svg '<title>old_one'
  grep -A5 '<title>new_one$' d.svg | grep -q '^not in the base'
  grep -A3 '<title>c$' d.svg | grep -q '^calls: 20; base 10$'
  grep -A4 '<title>c$' d.svg | grep -qE '^total: .*; base [0-9.]+ .s, \+[0-9.]+ %, \+[0-9.]+ .s$'
  # Red is slower by time of its own, blue faster, and the largest change has the full colour.
  hotpath flamegraph --diff v2 v1 -o r.svg
  coloured d.svg
  coloured r.svg
  hotpath flamegraph --diff v1 v1 -o same.svg
  grep -q 'Nothing of the base is missing here' same.svg
  hotpath flamegraph --diff v1 v2 --inverted -o di.svg
  xmllint --noout di.svg
  adds_up di.svg
  grep -q 'No longer called: old_one' di.svg
}

@test "flamegraph: a set of runs is drawn as their mean" {
  build_two
  hotpath run --label v2 -- ./two2
  hotpath flamegraph --run v2 -o f.svg
  grep -q '>v2: 2 runs (2 to 3), ./two2, lost 0<' f.svg
  grep -q 'the mean of a run' f.svg
  grep -A3 '<title>rec$' f.svg | grep -q '^calls: 4$'
  mean=$(query 'select sum(self_ns) / 2.0 from contexts where run in (2, 3)')
  awk -v a="$mean" -v b="$(width_of f.svg all)" 'BEGIN { exit (a - b) ^ 2 > 1 }'
}

@test "flamegraph --focus: only stacks through a match" {
  build_two
  hotpath flamegraph --focus /^b$/ -o f.svg
  xmllint --noout f.svg
  adds_up f.svg
  [ "$(frames f.svg | cut -f4 | sort | xargs)" = "a all b c" ]
  [ "$(width_of f.svg all)" = "$(width_of f.svg b)" ]
  grep -q 'Only stacks through functions that match /^b$/; of which in the focus: ' f.svg
  hotpath flamegraph --focus /^b$/ --inverted -o i.svg
  adds_up i.svg
  [ "$(width_of i.svg all)" = "$(width_of f.svg all)" ]
  misuse "none of the" hotpath flamegraph --focus nowhere
  misuse "--focus: " hotpath flamegraph --focus '/(/'
}

@test "flamegraph: hostile names break neither XML nor the screen" {
  cat >evil.c <<'EOC'
__attribute__((hotpath_measure("</title><script>alert(1)</script>&\"']]>\033[31m\n\xff\xef\xbf\xbf")))
int evil(void) { return 1; }
int main(int argc, char **argv) { return evil() - 1; }
EOC
  gcc -fplugin="$BUILD/lib/hotpath.so" -o evil evil.c
  ./evil '</title>]]>' $'\033[31m'
  hotpath flamegraph --least 0 --title $'<b>&\033' -o e.svg
  xmllint --noout e.svg
  lacks e.svg '<script>alert'
  [ "$(LC_ALL=C tr -d '\n\t\040-\176\200-\377' <e.svg | wc -c)" -eq 0 ]
  [ "$(grep -c '<script>' e.svg)" -eq 1 ]
  hotpath flamegraph -o e.svg
  xmllint --noout e.svg
  lacks e.svg '<script>alert'
}

@test "flamegraph: each wrong use is told" {
  run hotpath flamegraph
  [ "$status" -eq 2 ]
  [[ $output == *"no runs yet"* ]]
  leave_segment
  hotpath runs >/dev/null
  misuse "needs BASE and HEAD" hotpath flamegraph --diff last
  misuse "--diff BASE HEAD" hotpath flamegraph last
  misuse "--run and --diff exclude each other" hotpath flamegraph --run last --diff last last
  misuse "'x' is not a share" hotpath flamegraph --least x
  misuse "'101' is not a share" hotpath flamegraph --least 101
  misuse "there is no run" hotpath flamegraph --run 9
  misuse "cannot write" hotpath flamegraph -o /nowhere/x
  run script -qec "hotpath flamegraph" /dev/null
  [[ $output == *"not for a terminal: give a file for a browser with -o"* ]]
  # A run in which nothing was measured is a picture too.
  hotpath flamegraph --run 1 >/dev/null
}

# In a real browser; its steps are explained in browser.mjs.
browser() {
  command -v node >/dev/null || skip "no node: apt-get install nodejs"
  command -v "${CHROMIUM:-chromium}" >/dev/null || skip "no chromium: apt-get install chromium"
  node "$BATS_TEST_DIRNAME/browser.mjs" "$@"
}


@test "flamegraph in a browser: zoom, search, reset, keys, tooltips, width of the window" {
  build_two
  hotpath flamegraph -o f.svg
  browser "file://$T/f.svg" "eval:globalThis.named = (name) => Array.from(document.querySelectorAll('.f')).filter((g) => g.querySelector('title').textContent.split('\n')[0] === name)[0]; globalThis.width = (name) => Math.round(+named(name).querySelector('rect').getAttribute('width')); globalThis.gone = (name) => named(name).style.display === 'none'; globalThis.note = () => Array.from(document.querySelectorAll('.head .h')).pop().textContent; 0" \
    "eval:[width('all'), width('a') < 1280, gone('rec')]" \
    "click:named('b')" "eval:[width('all'), width('a'), width('b'), gone('rec'), named('a').classList.contains('under'), location.hash !== '']" \
    "key:Escape" "eval:[width('b') < width('a'), gone('rec'), location.hash]" \
    "hover:named('rec')" "eval:note()" \
    "key:/" "type:/^(b|c)\$/" "eval:[document.querySelectorAll('.found').length, note()]" \
    "key:Escape" "eval:document.querySelectorAll('.found').length" \
    "key:Home" "key:ArrowUp" "eval:document.activeElement.querySelector('title').textContent.split('\n')[0]" \
    "key:ArrowRight" "key:ArrowLeft" "key:Enter" "eval:[width('a'), document.activeElement === named('a')]" \
    "key:ArrowDown" "key:Enter" "eval:gone('rec')" \
    "size:800,600" "until:width('all') === 780" "eval:document.querySelectorAll('input,button').length" >out
  cat out
  [ "$(sed -n 2p out)" = '[1280,true,false]' ]
  [ "$(sed -n 3p out)" = '[1280,1280,1280,true,true,true]' ]
  [ "$(sed -n 4p out)" = '[true,false,""]' ]
  [[ $(sed -n 5p out) == '"rec · two.c:7 · calls: 4 · total: '*' %) · self: '*' %)"' ]]
  [[ $(sed -n 6p out) == '[3,"3 frames match, '*' % of the time drawn"]' ]]
  [ "$(sed -n 7p out)" = 0 ]
  [ "$(sed -n 8p out)" = '"a"' ]
  [ "$(sed -n 9p out)" = '[1280,true]' ]
  [ "$(sed -n 10p out)" = false ]
  [ "$(sed -n 11p out)" = 2 ]
  # The share that a search finds counts what stands on a match once.
  share=$(frames f.svg | awk -F'\t' '$4 == "all" { all = $3 } $4 == "b" { s += $3 } $1 == 2 && $4 == "c" { s += $3 } END { printf "%.2f", 100 * s / all }')
  [[ $(sed -n 6p out) == *", $share %"* ]]
}

@test "flamegraph in a browser: a link leads to the zoomed frame and the search" {
  build_two
  hotpath flamegraph -o f.svg
  browser "file://$T/f.svg#f=1&s=rec" "eval:document.querySelectorAll('.found').length" \
    "eval:document.querySelector('input').value" "eval:document.querySelectorAll('.under').length" >out
  [ "$(xargs <out)" = '1 rec 1' ]
}
