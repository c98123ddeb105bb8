# SPDX-License-Identifier: MIT
# Blocks of hotpath.h, from the source to the report.

setup() {
  BUILD=$(cd "${BUILD:-$BATS_TEST_DIRNAME/../../build}" && pwd)
  TOP=$BATS_TEST_DIRNAME/../..
  T=$BATS_TEST_TMPDIR
  cd "$T"
  unset HOTPATH_OUTPUT_FORMAT HOTPATH_RUN_TOKEN HOTPATH_LABEL HOTPATH_DISABLE
  export HOTPATH_SEGMENTS=$T/segments HOTPATH_DIR=$T/.hotpath
  FLAGS="-fplugin=$BUILD/lib/hotpath.so -I$TOP/runtime"
}

# ask QUERY: as CSV without the CR that RFC 4180 wants.
ask() { "$BUILD/bin/hotpath" sql --format csv "$1" | tr -d '\r'; }

has() {
  grep -qxF -- "$1" <<< "$output" || { echo "missing: $1"; echo "$output"; return 1; }
}

@test "every shape of block: counts, kinds, and no call lost" {
  for flags in -O0 -O2 "-O2 -flto"; do
    gcc $flags $FLAGS "$TOP/testsuite/plugin/programs/blocks.c" -o blocks
    ./blocks > out
    [ "$(cat out)" = "blocks 179" ]
    run ask "SELECT qualified, kind, calls, running, unwound FROM functions WHERE run = (SELECT max(id) FROM runs)"
    has "loops::loop,block,13,0,0"
    has "recursive::rec,block,177,0,0"
    has "nested::deep,block,5,0,0"
    has "copied::copy,block,20,0,0"
    has "lands::left,block,5,0,5"
    has "lands::stays,block,1,0,0"
    has "lands::gone,block,1,0,1"
    has "jump::jumping,block,16,0,16"
    has "jump,function,16,0,16"
    has "skipped::unmeasured function,block,1,0,0"
  done
  run ask "SELECT sum(lost), sum(damaged) FROM runs"
  has "0,0"
}

@test "a block that a longjmp leaves ends there: what comes after it is not its time" {
  cat > a.c <<'C'
#include "hotpath.h"
#include <setjmp.h>
#include <time.h>
static jmp_buf env;
static void nap(void) { nanosleep(&(struct timespec){0, 20000000}, 0); }
__attribute__((hotpath_measure)) static inline __attribute__((always_inline)) void inlined(void) { longjmp(env, 1); }
int main(void)
{
	for (volatile int i = 0; i < 5; i++)
		if (!setjmp(env))
			HOTPATH_BLOCK("left") { inlined(); }
	nap();
	return 0;
}
C
  for flags in -O0 -O2; do
    gcc $flags $FLAGS a.c -o a
    ./a
    run ask "SELECT name, calls, unwound, total_ns < 10000000 FROM functions WHERE run = (SELECT max(id) FROM runs)"
    has "left,5,5,1"
    has "inlined,5,5,1"
  done
}

@test "the report shows a block's label, its place, and its share inside of its function" {
  cat > a.c <<'C'
#include <hotpath.h>
#include <stdio.h>
static volatile unsigned sink;
HOTPATH_MEASURE static void parse(void)
{
	HOTPATH_BLOCK("read header") {
		for (int i = 0; i < 100000; i++)
			sink += (unsigned)i;
	}
}
int main(void) { for (int i = 0; i < 10; i++) parse(); puts("done"); }
C
  gcc -O2 $FLAGS a.c -o a
  ./a
  run "$BUILD/bin/hotpath" report --format json
  [ "$(jq -r '.functions[] | select(.name == "parse::read header") | "\(.kind) \(.calls) \(.line)"' <<< "$output")" = "block 10 6" ]
  [ "$(jq '[.functions[] | .self_ns] | add as $s | ($s > 0)' <<< "$output")" = true ]
  run ask "SELECT (SELECT total_ns FROM functions WHERE name = 'parse') >= (SELECT total_ns FROM functions WHERE name = 'read header'), (SELECT self_ns FROM functions WHERE name = 'parse') < (SELECT total_ns FROM functions WHERE name = 'read header')"
  has "1,1"
}

@test "an installed header is found by pkg-config" {
  make -s -C "$TOP" B="$BUILD" DESTDIR="$T/root" PREFIX=/usr install > /dev/null 2>&1
  [ -e "$T/root/usr/include/hotpath.h" ]
  cmp "$TOP/runtime/hotpath.h" "$T/root/usr/include/hotpath.h"
  grep -q '^Cflags:.* -I${includedir}$' "$T/root/usr/lib/pkgconfig/hotpath.pc"
}
