#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

# Two sides of four runs, of which some functions differ plainly.
record_two() {
  cat >two.c <<'EOC'
#define M __attribute__((hotpath_measure, noinline))
static volatile int sink;
static void spin(int n) { for (int i = 0; i < n; i++) sink += i; }
M void slow(void) { spin(V == 1 ? 20000 : 2000000); }
__attribute__((hotpath_measure("quick <b>&\"'"), noinline)) void quick(void) { spin(V == 1 ? 2000000 : 20000); }
#if V == 1
M void old_one(void) { spin(300000); }
#else
M void new_one(void) { spin(1000); }
#define old_one new_one
#endif
int main(void) { slow(); quick(); old_one(); return 0; }
EOC
  for v in 1 2; do gcc -O1 -DV=$v -fplugin="$BUILD/lib/hotpath.so" -o two$v two.c; done
  for i in 1 2 3 4 5; do
    for v in 1 2; do hotpath run --label "v$v" -- ./two$v; done
  done
}

browser() {
  command -v node >/dev/null || skip "no node: apt-get install nodejs"
  command -v "${CHROMIUM:-chromium}" >/dev/null || skip "no chromium: apt-get install chromium"
  node "$BATS_TEST_DIRNAME/browser.mjs" "$@"
}

@test "diff -f html: well-formed, verdicts, intervals, places, rows that add up" {
  record_two
  hotpath diff v1 v2 -f html -o d.html
  # xmllint's HTML parser does not know the elements of HTML 5 and SVG.
  [ "$(xmllint --html --noout d.html 2>&1 | grep -E ' error ' | grep -cvE 'Tag (svg|line|rect|circle|details|summary) invalid')" -eq 0 ]
  grep -q '<tr class="slower"><td title="slow&#10;two.c:4"><code>slow</code></td><td class="verdict">slower</td>' d.html
  grep -q '<code>quick &lt;b&gt;&amp;&quot;&#39;</code></td><td class="verdict">faster<' d.html
  grep -q '<span class="slower">1 slower</span> <span class="faster">1 faster</span> <span class="added">1 added</span> <span class="removed">1 removed</span> of 4 functions' d.html
  [ "$(grep -c '<line class="ci"' d.html)" -ge 3 ]
  hotpath diff v1 v2 -f html -n 2 -o d.html
  grep -q '<tr><td>(2 others)</td>' d.html
  grep -q '2 of 4 functions; --limit 0 shows all' d.html
  [ "$(grep -oE '<t[dh][ >]' d.html | wc -l)" -eq $((11 * 5)) ]
}

@test "diff -f html in a browser: sort by a column, filter, keys" {
  record_two
  hotpath diff v1 v2 -f html -o d.html
  names="Array.from(document.querySelectorAll('tbody tr')).filter((r) => !r.hidden).map((r) => r.cells[0].textContent.split(' ')[0])"
  browser "file://$T/d.html" "eval:document.querySelectorAll('thead th').length" \
    "click:document.querySelectorAll('thead th')[0]" "eval:$names" \
    "click:document.querySelectorAll('thead th')[7]" "eval:$names" \
    "eval:document.querySelectorAll('thead th')[7].getAttribute('aria-sort')" \
    "click:document.querySelectorAll('thead th')[7]" "eval:$names" \
    "eval:document.querySelectorAll('thead th')[0].focus()" "key:Enter" "key:Enter" "eval:$names" \
    "click:document.querySelector('input')" "type:FASTER" "eval:$names" \
    "eval:document.querySelector('tfoot').rows.length" >out
  cat out
  [ "$(sed -n 1p out)" = 11 ]
  [ "$(sed -n 2p out)" = '["new_one","old_one","quick","slow"]' ]
  # By the base's time, the largest first, then the smallest; what has none is last.
  [ "$(sed -n 3p out)" = '["quick","old_one","slow","new_one"]' ]
  [ "$(sed -n 4p out)" = '"descending"' ]
  [ "$(sed -n 5p out)" = '["slow","old_one","quick","new_one"]' ]
  [ "$(sed -n 7p out)" = '["slow","quick","old_one","new_one"]' ]
  [ "$(sed -n 8p out)" = '["quick"]' ]
  [ "$(sed -n 9p out)" = 1 ]
}
