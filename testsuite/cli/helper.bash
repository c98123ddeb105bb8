# SPDX-License-Identifier: MIT
bats_require_minimum_version 1.5.0

# Each test has a folder of its own, with a store and a segment folder; nothing of the user's is touched.

setup() {
  BUILD=${HOTPATH_BUILD:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build}
  PATH=$BUILD/bin:$PATH
  T=$(mktemp -d /tmp/hotpath-bats-XXXXXX)
  cd "$T"
  export HOME=$T XDG_STATE_HOME=$T/state HOTPATH_DIR=$T/store HOTPATH_SEGMENTS=$T/segments
  export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 LC_ALL=C.UTF-8
  unset HOTPATH_OUTPUT_FORMAT HOTPATH_OUTPUT_PATH HOTPATH_FOCUS HOTPATH_LIMIT HOTPATH_PERCENTILES
  unset HOTPATH_LABEL HOTPATH_DISABLE HOTPATH_RUN_TOKEN NO_COLOR COLUMNS GIT_DIR GIT_WORK_TREE
  mkdir -m 700 "$HOTPATH_SEGMENTS"
}

teardown() {
  cd /
  # A program that handed its run over did not wait for that.
  for i in $(seq 20); do rm -rf "$T" 2>/dev/null && return; sleep 0.1; done
}

# The program of most tests, built once per file: calls outer 10 times, inner 100 times, fact(5) once.  Each has time of its own, and more
# than measuring it takes.
# ./prog [STATUS | kill | sleep]
setup_file() {
  BUILD=${HOTPATH_BUILD:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)/build}
  export PROG=$BATS_FILE_TMPDIR/prog
  cat >"$PROG.c" <<'EOC'
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define M __attribute__((hotpath_measure, noinline))
M int inner(int n) { volatile int s = 0; for (int i = 0; i < n; i++) s += i; return s; }
__attribute__((hotpath_measure("the | outer"), noinline)) int outer(int n)
{ int s = 0; for (volatile int i = 0; i < 100; i++) s++; for (int i = 0; i < 10; i++) s += inner(n); return s; }
M int fact(int n) { for (volatile int i = 0; i < 100; i++) ; return n < 2 ? 1 : n * fact(n - 1); }
M void wait_here(void) { puts("ready"); fflush(stdout); sleep(30); }
int main(int argc, char **argv)
{
  const char *what = argc > 1 ? argv[1] : "0";
  int s = 0;
  for (int i = 0; i < 10; i++) s += outer(100);
  if (s + fact(5) == 1) return 9;
  if (strcmp(what, "kill") == 0) raise(SIGKILL);
  if (strcmp(what, "sleep") == 0) wait_here();
  return atoi(what);
}
EOC
  gcc -O2 -fplugin="$BUILD/lib/hotpath.so" -o "$PROG" "$PROG.c"
}

# Runs the program and leaves its segment sealed and waiting, as when no hotpath is at hand at its end.
leave_segment() {
  HOTPATH_RUN_TOKEN=left-by-test "$PROG" "$@" || [ $? -eq "${1:-0}" ]
}

segments() {
  find "$HOTPATH_SEGMENTS" -name '*.hotpath-seg' | wc -l
}

# The command fails as misuse (2), and says what is given.
misuse() {
  local words=$1
  shift
  run "$@"
  [ "$status" -eq 2 ] || { echo "status $status: $output"; return 1; }
  [[ $output == *"$words"* ]] || { echo "$output"; return 1; }
}

query() {
  hotpath sql -f csv "$1" | tail -n +2 | tr -d '\r'
}

# can_be_nobody: whether a test may run the command as a user without rights.
can_be_nobody() {
  [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --clear-groups env HOME=/nonexistent "$BUILD/bin/hotpath" --version >/dev/null 2>&1
}
