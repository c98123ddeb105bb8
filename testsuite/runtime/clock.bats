# SPDX-License-Identifier: MIT
# The clock of a run: which one, how exact it is, and what becomes of a run whose clock is not as it should be (clock.c).

setup() {
  BUILD=${BUILD:-$BATS_TEST_DIRNAME/../../build}
  T=$BATS_TEST_TMPDIR
  export HOTPATH_SEGMENTS=$T/seg HOTPATH_DIR=$T/store HOTPATH_RUN_TOKEN=test
  unset HOTPATH_CLOCK
  mkdir -p "$T/store"
}

# dump COMMAND...: runs it and puts what its segment says into $output.
dump() {
  rm -rf "$T/seg"
  "$@"
  run "$BUILD/test/segdump" "$T"/seg/*.hotpath-seg
  [ "$status" = 0 ]
}

# distort HOW [HEAD]: a run of clock.c, with all of its calls and, if given, that first line; its figures into variables.
distort() {
  status=0
  "$BUILD/test/clock" steady > /dev/null || status=$?
  [ $status != 77 ] || skip "no traps of the clock here"
  dump "$BUILD/test/clock" "$1"
  echo "$output"
  grep -qx "${2:-run sealed=1 status=0 threads=1 damaged=0 torn=0 lost=0}" <<< "$output"
  grep -qx "site outer calls=11 running=0 unwound=0 hist=11" <<< "$output"
  grep -qx "site inner calls=10 running=0 unwound=0 hist=10" <<< "$output"
  duration=$(sed -n 's/^clock .* duration=\([0-9]*\) .*/\1/p' <<< "$output")
  for site in outer inner; do
    eval "$(sed -n "s/^time $site total=\(.*\) self=\(.*\) sum=\(.*\) min=\(.*\) max=\(.*\)/${site}_total=\1 ${site}_self=\2 ${site}_max=\5/p" <<< "$output")"
  done
  # Whatever the clock did: no call is longer than there was time.  A sum of calls whose clock went wrong by 5 ms each is what it
  # is, but no absurd value.
  for v in $outer_max $inner_max; do
    [ "$v" -le "$duration" ]
  done
  for v in $outer_total $outer_self $inner_total $inner_self; do
    [ "$v" -le $((3 * duration)) ]
  done
}

@test "HOTPATH_CLOCK says which clock, and the kernel whether it may be the TSC" {
  dump env HOTPATH_CLOCK=monotonic "$BUILD/test/shapes" nest
  grep -q '^clock 0 ' <<< "$output"
  [ "$(uname -m)" = x86_64 ] || skip "no TSC here"
  dump env HOTPATH_CLOCK=ordered "$BUILD/test/shapes" nest
  grep -q "^clock [03] " <<< "$output" # where the TSC is not stable it is not read in order either
  dump env HOTPATH_CLOCK=tsc "$BUILD/test/shapes" nest
  grep -q '^clock 1 ' <<< "$output"
  # A kernel that found the TSC unstable offers it no more.
  offered=/sys/devices/system/clocksource/clocksource0/available_clocksource
  for clock in hpet tsc; do
    echo "$clock acpi_pm" > "$T/offered"
    dump unshare -m sh -c "mount --bind '$T/offered' $offered 2> /dev/null || exit 77; exec '$BUILD/test/shapes' nest" || skip "no mounts of our own here"
    case $clock in
      hpet) grep -q '^clock 0 ' <<< "$output" ;;
      tsc) grep -q '^clock 1 ' <<< "$output" || skip "the TSC of this processor is not invariant" ;;
    esac
  done
}

@test "the rate of the clock is good to 100 ppm, also in a run of 10 ms" {
  rate() {
    dump "$BUILD/test/shapes" burn "$1"
    sed -n 's/^clock .* rate=//p' <<< "$output"
  }
  truth=$(rate 1000)
  for _ in 1 2 3 4 5; do
    awk -v rate="$(rate 10)" -v truth="$truth" 'BEGIN {
      ppm = 1e6 * (rate - truth) / truth
      print ppm " ppm"
      exit !(truth > 0 && ppm < 100 && ppm > -100) }'
  done
}

@test "a machine that goes at another speed than at the start: what measuring costs goes with it" {
  status=0
  "$BUILD/test/clock" steady > /dev/null || status=$?
  [ $status != 77 ] || skip "no traps of the clock here"
  for way in slow slow-self; do
    dump "$BUILD/test/clock" $way
    echo "$output"
    calls=$([ $way = slow ] && echo 16000 || echo 32000)
    grep -qx "site inner calls=$calls running=0 unwound=0 hist=$calls" <<< "$output"
    # They take no time; with costs as they were at the start each would have nearly a whole reading.
    total=$(sed -n 's/^time inner total=\([0-9]*\) .*/\1/p' <<< "$output")
    reading=$(sed -n 's/^time inner .*max=\([0-9]*\)$/\1/p' <<< "$output") # but for the first: found out little by little
    [ "$total" -lt $((16000 * reading / 2)) ]
  done
}

@test "a call that ends on a processor whose clock is behind, or ahead" {
  distort steady
  [ "$outer_total" -ge 20000000 ] && [ "$inner_total" -ge 10000000 ]
  distort behind
  distort ahead
}

# Here the calendar has nothing of it; where it has, test_segment.c.
@test "the TSC runs away in a call, as when the machine sleeps: counts are exact, and it is said" {
  distort slept "run sealed=1 status=0 threads=1 damaged=1 torn=0 lost=0"
  [ "$inner_max" -ge 28000000000000 ] && [ "$inner_max" -le 29500000000000 ]
}

@test "... and the process is killed before it could say so: counts are exact all the same" {
  distort steady
  rm -rf "$T/seg"
  run "$BUILD/test/clock" sleeps
  [ "$status" = 137 ]
  run "$BUILD/test/segdump" "$T"/seg/*.hotpath-seg
  echo "$output"
  grep -qx "run sealed=0 status=-1 threads=1 damaged=0 torn=0 lost=0" <<< "$output"
  grep -qx "site outer calls=8 running=1 unwound=0 hist=7" <<< "$output"
  grep -qx "site inner calls=7 running=1 unwound=0 hist=6" <<< "$output"
}

@test "the TSC begins anew in a call: counts are exact, the calls that were running have no time, and it is said" {
  distort restarted "run sealed=1 status=0 threads=1 damaged=[1-9] torn=0 lost=0"
  grep -q '^damage the clock began anew' <<< "$output"
  [ "$duration" -ge 20000000 ] && [ "$duration" -lt 20000000000 ]
  # Only the two that ran then.
  [ "$inner_total" -ge 9000000 ]
}

@test "... and orders that come then are followed" {
  status=0
  "$BUILD/test/clock" ordered || status=$?
  [ $status != 77 ] || skip "no traps of the clock here"
  [ $status = 0 ]
}
