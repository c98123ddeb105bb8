# SPDX-License-Identifier: MIT
# The runtime alone, driven by hand-written hooks (unit.h): counts must be exact.

setup() {
  BUILD=${BUILD:-$BATS_TEST_DIRNAME/../../build}
  T=$BATS_TEST_TMPDIR
  export HOTPATH_SEGMENTS=$T/seg HOTPATH_DIR=$T/store HOTPATH_RUN_TOKEN=test
  mkdir -p "$T/store"
}

# shape ARGS...: runs a shape and puts what its newest segment says into $output.
shape() {
  status_of_shape=0
  "$BUILD/test/shapes" "$@" > "$T/out" 2> "$T/err" || status_of_shape=$?
  [ ! -s "$T/err" ]
  run "$BUILD/test/segdump" "$T"/seg/*.hotpath-seg
  echo "$output"
  [ "$status" = 0 ]
}

has() {
  grep -qxF -- "$1" <<< "$output" || { echo "missing: $1"; return 1; }
}

# field SITE KEY: a figure of a site's time line.
field() {
  sed -n "s/^time $1 .*\b$2=\([0-9]*\).*/\1/p" <<< "$output"
}

@test "nested calls are counted exactly, by site and by context" {
  shape nest
  has "run sealed=1 status=0 threads=1 damaged=0 torn=0 lost=0"
  has "site outer calls=1000 running=0 unwound=0 hist=1000"
  has "site inner calls=1000 running=0 unwound=0 hist=1000"
  has "site leaf calls=4000 running=0 unwound=0 hist=4000"
  has "context outer/inner/leaf calls=3000"
  has "context outer/leaf calls=1000"
}

@test "self times add up to the time of the outermost calls" {
  shape nest
  total=$(sed -n 's/^thread .* total=//p' <<< "$output")
  sum=$(( $(field outer self) + $(field inner self) + $(field leaf self) ))
  [ $((sum - total)) -ge -2 ] && [ $((sum - total)) -le 2 ]
  [ "$(field outer total)" = "$total" ]
}

@test "recursion counts every call, and its time once" {
  shape recurse 50
  has "site outer calls=50 running=0 unwound=0 hist=50"
  has "site leaf calls=1 running=0 unwound=0 hist=1"
  total=$(sed -n 's/^thread .* total=//p' <<< "$output")
  [ "$(field outer total)" = "$total" ]
}

@test "recursive time is known: 5 times 4 levels of 1 ms" {
  shape recurse-times
  # Never too short; too long only by what the machine took away meanwhile, and then the thread's time is too.
  t=$(field outer total) s=$(field outer sum)
  [ "$t" -ge 20000000 ] && [ "$s" -ge 50000000 ]
  [ "$t" = "$(sed -n 's/^thread .* total=//p' <<< "$output")" ] && [ "$s" -gt "$t" ]
}

@test "a site that recursion reaches by another branch has its time counted once" {
  shape two-branches
  has "site inner calls=10 running=0 unwound=0 hist=10"
  total=$(sed -n 's/^thread .* total=//p' <<< "$output")
  [ "$(field outer total)" = "$total" ]
  # 5 times 2 ms are inner's; the second, nested millisecond must not count twice.
  [ "$(field inner total)" -le "$total" ]
  [ "$(field inner total)" -ge 9900000 ]
}

@test "recursion a million deep" {
  ulimit -s unlimited
  shape recurse 1000000
  has "run sealed=1 status=0 threads=1 damaged=0 torn=0 lost=0"
  has "site outer calls=1000000 running=0 unwound=0 hist=1000000"
}

@test "recursion deeper than the shadow stack is counted as lost, nothing else is wrong" {
  ulimit -s unlimited
  shape recurse 1100000
  calls=$(sed -n 's/^site outer calls=\([0-9]*\) running=0 .*/\1/p' <<< "$output")
  lost=$(sed -n 's/^lost deep //p' <<< "$output")
  [ $((calls + lost)) = 1100001 ] # the leaf below is lost too
  has "site leaf calls=0 running=0 unwound=0 hist=0"
}

@test "mutual recursion keeps the tree bounded" {
  shape mutual 10000
  has "site outer calls=5001 running=0 unwound=0 hist=5001"
  has "site middle calls=5000 running=0 unwound=0 hist=5000"
  [ "$(grep -c ^context <<< "$output")" = 2 ]
  total=$(sed -n 's/^thread .* total=//p' <<< "$output")
  [ "$(field outer total)" = "$total" ]
}

@test "longjmp out of ten frames, with and without a landing" {
  for landing in 0 1; do
    rm -rf "$T/seg"
    shape jump $landing
    has "run sealed=1 status=0 threads=1 damaged=0 torn=0 lost=0"
    has "site outer calls=100 running=0 unwound=0 hist=100"
    has "site middle calls=1000 running=0 unwound=1000 hist=1000"
    has "site leaf calls=100 running=0 unwound=0 hist=100"
  done
  # With the landing the frames are closed before leaf is called, so it is outer's.
  has "context outer/leaf calls=100"
}

@test "threads each record their own" {
  shape threads 8
  has "run sealed=1 status=0 threads=8 damaged=0 torn=0 lost=0"
  has "site inner calls=8000 running=0 unwound=0 hist=8000"
  has "site leaf calls=16000 running=0 unwound=0 hist=16000"
}

@test "a thousand threads one after the other reuse places; pthread_exit closes frames" {
  shape many-threads
  has "run sealed=1 status=0 threads=1000 damaged=0 torn=0 lost=0"
  has "site outer calls=1000 running=0 unwound=500 hist=1000"
  has "site leaf calls=1000 running=0 unwound=0 hist=1000"
  [ "$(grep -c ^thread <<< "$output")" -le 64 ]
}

@test "a storm of signals with measured handlers loses no call" {
  for stack in 0 1 2; do
    rm -rf "$T/seg"
    shape storm $stack
    eval "$(cat "$T/out")"
    [ "$handler" -gt 100 ]
    has "run sealed=1 status=0 threads=1 damaged=0 torn=0 lost=0"
    has "site inner calls=$inner running=0 unwound=0 hist=$inner"
    has "site leaf calls=$leaf running=0 unwound=0 hist=$leaf"
    has "site handler calls=$handler running=0 unwound=0 hist=$handler"
  done
}

@test "known times come out, on either clock" {
  for clock in tsc ordered monotonic; do
    rm -rf "$T/seg"
    HOTPATH_CLOCK=$clock shape times
    has "site outer calls=20 running=0 unwound=0 hist=20"
    has "site inner calls=60 running=0 unwound=0 hist=60"
    t=$(field outer total) i=$(field inner total) s=$(field outer self)
    # Never too short; too long only by what the machine took away meanwhile.
    [ "$t" -ge 99900000 ] && [ "$i" -ge 59940000 ] && [ "$s" -ge 39960000 ]
    [ "$t" -lt 200000000 ] && [ "$(field inner min)" -ge 999000 ] && [ "$(field inner min)" -lt 1100000 ]
    [ $((t - i - s)) -ge -5 ] && [ $((t - i - s)) -le 5 ]
  done
}

@test "calls on a stack that was left for another still run" {
  shape fiber
  has "run sealed=1 status=0 threads=1 damaged=0 torn=0 lost=0"
  has "site outer calls=1 running=1 unwound=0 hist=0"
  has "site middle calls=1 running=1 unwound=0 hist=0"
  has "site inner calls=1 running=1 unwound=0 hist=0"
  has "context outer/middle/leaf calls=1"
  has "context inner/leaf calls=1"
}

@test "exit status is kept" {
  shape exit 42
  [ "$status_of_shape" = 42 ]
  has "run sealed=1 status=42 threads=0 damaged=0 torn=0 lost=0"
}

@test "a process that is killed, aborts, crashes or leaves by _exit has all its calls" {
  for how in 9 6 11 0; do
    rm -rf "$T/seg"
    shape die $how
    [ "$status_of_shape" != 0 ]
    has "run sealed=0 status=-1 threads=1 damaged=0 torn=0 lost=0"
    has "site inner calls=1000 running=0 unwound=0 hist=1000"
    has "site leaf calls=1000 running=0 unwound=0 hist=1000"
    has "site outer calls=1 running=1 unwound=0 hist=0"
    has "site middle calls=1 running=1 unwound=0 hist=0"
    [ "$(field outer total)" -ge 4900000 ]
  done
}

@test "a forked child has a segment of its own" {
  shape fork
  [ "$(ls "$T"/seg | wc -l)" = 2 ]
  has "run sealed=1 status=0 threads=1 damaged=0 torn=0 lost=0"
  has "run sealed=1 status=3 threads=1 damaged=0 torn=0 lost=1"
  has "lost stray 1"
  has "site leaf calls=1 running=0 unwound=0 hist=1"
  has "site leaf calls=5 running=0 unwound=0 hist=5"
}

@test "switched off by HOTPATH_DISABLE, no segment is made" {
  HOTPATH_DISABLE=1 "$BUILD/test/shapes" nest
  [ ! -e "$T/seg" ]
}

@test "where no segment can be made, the program runs all the same" {
  HOTPATH_SEGMENTS=/proc/nowhere "$BUILD/test/shapes" nest > "$T/out" 2>&1
  [ ! -s "$T/out" ]
}

@test "calls for which the segment cannot grow are counted as lost" {
  (ulimit -f 300; "$BUILD/test/shapes" nest) 2> "$T/err"
  [ ! -s "$T/err" ]
  run "$BUILD/test/segdump" "$T"/seg/*.hotpath-seg
  has "lost memory 6000"
  rm -rf "$T/seg"
  (ulimit -f 70; "$BUILD/test/shapes" nest) 2> "$T/err"
  [ ! -s "$T/err" ]
  run "$BUILD/test/segdump" "$T"/seg/*.hotpath-seg
  has "lost functions 5"
}

@test "RLIMIT_FSIZE, RLIMIT_NOFILE and RLIMIT_AS do the program no harm" {
  (ulimit -f 10; "$BUILD/test/shapes" nest) > "$T/out" 2>&1
  (ulimit -f 200; "$BUILD/test/shapes" threads 8) >> "$T/out" 2>&1
  "$BUILD/test/shapes" no-files 8 >> "$T/out" 2>&1
  (ulimit -v 300000; "$BUILD/test/shapes" nest) >> "$T/out" 2>&1
  [ ! -s "$T/out" ]
}

@test "units of another version of the ABI stay unmeasured, and harm no other" {
  shape versions
  [ "$status_of_shape" = 0 ]
  has "run sealed=1 status=0 threads=1 damaged=0 torn=0 lost=0"
  has "site leaf calls=4000 running=0 unwound=0 hist=4000"
}

@test "a measured call that longjmp left ends at the landing, in a measured function and in another" {
  shape jump-out-of-call 1
  has "context outer/inner/middle calls=100"
  has "context outer/inner/leaf calls=100"
  has "context outer/leaf calls=100"
  has "site middle calls=100 running=0 unwound=100 hist=100"
  has "site inner calls=100 running=0 unwound=0 hist=100"
  rm "$T"/seg/*
  shape jump-out-of-call 0
  has "context outer/middle/inner calls=100"
  has "context outer/leaf calls=200"
  has "site middle calls=100 running=0 unwound=100 hist=100"
  has "site inner calls=100 running=0 unwound=100 hist=100"
  has "site outer calls=100 running=0 unwound=0 hist=100"
}

@test "memory that signals keep interrupting the reservation of is reserved all the same" {
  shape interrupted 100000
  [ "$status_of_shape" != 77 ] || skip "no seccomp here"
  has "run sealed=1 status=0 threads=1 damaged=0 torn=0 lost=0"
  has "site outer calls=100000 running=0 unwound=0 hist=100000"
}

@test "valgrind's search for leaks does not read address space that holds nothing" {
  command -v valgrind > /dev/null || skip "no valgrind"
  [ "$(uname -m)" = x86_64 ] || skip "not known here"
  ! readelf -d "$BUILD/lib/libhotpath.so" | grep -qE 'NEEDED.*lib[at]san' || skip "no sanitizer under valgrind"
  # Six minutes where it does.
  timeout -s KILL 60 valgrind --error-exitcode=9 "$BUILD/test/shapes" threads 8 > "$T/out" 2> "$T/err"
  grep -q "LEAK SUMMARY\|All heap blocks were freed" "$T/err"
  run "$BUILD/test/segdump" "$T"/seg/*.hotpath-seg
  [[ ${lines[0]} == "run sealed=1 status=0 "*" damaged=0 torn=0 lost=0" ]]
}
