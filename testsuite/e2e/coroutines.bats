# SPDX-License-Identifier: MIT
# Coroutines, from the source to the report: runs and lives.

setup() {
  BUILD=$(cd "${BUILD:-$BATS_TEST_DIRNAME/../../build}" && pwd)
  TOP=$BATS_TEST_DIRNAME/../..
  T=$BATS_TEST_TMPDIR
  cd "$T"
  unset HOTPATH_OUTPUT_FORMAT HOTPATH_RUN_TOKEN HOTPATH_LABEL HOTPATH_DISABLE
  export HOTPATH_SEGMENTS=$T/segments HOTPATH_DIR=$T/.hotpath
  FLAGS="-std=c++20 -pthread -fplugin=$BUILD/lib/hotpath.so -I$TOP/runtime"
}

# ask QUERY: as CSV without the CR that RFC 4180 wants.
ask() { "$BUILD/bin/hotpath" sql --format csv "$1" | tr -d '\r'; }

has() {
  grep -qxF -- "$1" <<< "$output" || { echo "missing: $1"; echo "$output"; return 1; }
}

@test "every shape of coroutine: calls, runs and lives" {
  for flags in -O0 -O2; do
    n=1000000
    [ $flags = -O2 ] || n=1000
    g++ $flags $FLAGS "$TOP/testsuite/plugin/programs/coroutines.cc" -o coroutines
    [ "$(./coroutines)" = "sum 14 caught 3 alive 2 frames 1" ]
    run ask "SELECT qualified, kind, calls, running, unwound FROM functions WHERE run = (SELECT max(id) FROM runs)"
    has "count(int),function,4,0,0"
    has "count(int) [resume],function,13,0,0"
    has "count(int),life,4,1,0"
    has "count(int)::across,life,8,1,0"
    has "count(int)::within,block,8,0,0"
    has "leaf(),function,$n,0,0"
    has "leaf() [resume],function,$((2 * n)),0,0"
    has "leaf(),life,$n,0,0"
    has "many(int) [resume],function,$((n + 2)),0,0"
    has "moves() [resume],function,3,0,0"
    has "throws(int) [resume],function,3,0,0"
    has "refuses(int),life,2,0,0"
    # Lives are in nobody's time: own times still add up to the time of the outermost calls.
    run ask "SELECT (SELECT sum(self_ns) FROM functions WHERE run = r.id) - (SELECT sum(total_ns) FROM threads WHERE run = r.id) BETWEEN -1000 AND 1000, r.lost, r.damaged FROM runs r ORDER BY r.id DESC LIMIT 1"
    has "1,0,0"
    run ask "SELECT count(*) FROM contexts JOIN functions USING (run, function) WHERE kind = 'life'"
    has "0"
  done
}

@test "threads that hand coroutines to each other: every run and every life" {
  printf 'rules:\n  - functions: ["travel", "step"]\n' > hotpath.yaml
  cp "$TOP/testsuite/e2e/coroutines.cc" .
  g++ -O2 $FLAGS coroutines.cc -o coroutines
  run ./coroutines 8 20000
  [ "$output" = "left 0" ]
  run ask "SELECT name, kind, calls, running FROM functions"
  has "travel,function,160000,0"
  has "travel [resume],function,640000,0"
  has "travel,life,160000,0"
  has "step,function,480000,0"
  run ask "SELECT sum(lost), sum(damaged), (SELECT calls FROM lost WHERE cause = 'lives') FROM runs"
  has "0,0,0"
}

@test "the report marks lives, and a life that still lasts" {
  cat > a.cc <<'C'
#include <coroutine>
#include <unistd.h>
struct gen {
	struct promise_type {
		gen get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
		std::suspend_never initial_suspend() noexcept { return {}; }
		std::suspend_always final_suspend() noexcept { return {}; }
		std::suspend_always yield_value(int) noexcept { return {}; }
		void return_void() {}
		void unhandled_exception() {}
	};
	std::coroutine_handle<promise_type> handle;
};
[[hotpath::measure]] gen naps(int n) { for (;;) { usleep(20000); co_yield n; } }
int main()
{
	gen a = naps(1), b = naps(2);
	usleep(60000);
	a.handle.resume();
	a.handle.destroy();
	(void)b;
}
C
  g++ -O2 $FLAGS a.cc -o a
  ./a
  run "$BUILD/bin/hotpath" report
  [[ "$output" = *"naps(int) [life] [running] "* ]]
  [[ "$output" = *"naps(int) [resume] "* ]]
  # Asleep while suspended is time of the life, and of nobody else.
  run ask "SELECT (SELECT min_ns > 90000000 FROM functions WHERE kind = 'life'), (SELECT min(min_ns) FROM functions WHERE kind = 'life') > (SELECT max(max_ns) FROM functions WHERE name = 'naps [resume]'), (SELECT calls FROM functions WHERE name = 'naps [resume]')"
  has "1,1,3"
}
