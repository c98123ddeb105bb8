# SPDX-License-Identifier: MIT
# The hooks that sample, under budgets that leave next to no call timed: counts stay exact, whatever happens.

setup() {
  BUILD=${BUILD:-$BATS_TEST_DIRNAME/../../build}
  T=$BATS_TEST_TMPDIR
  export HOTPATH_SEGMENTS=$T/seg HOTPATH_DIR=$T/store HOTPATH_RUN_TOKEN=test HOTPATH_BUDGET=0.01%
  mkdir -p "$T/store"
}

# shape ARGS...: runs a shape and puts what its newest segment says into $output.
shape() {
  rm -rf "$T/seg"
  "$BUILD/test/shapes" "$@" > "$T/out" 2> "$T/err" || true
  [ ! -s "$T/err" ]
  run "$BUILD/test/segdump" "$T"/seg/*.hotpath-seg
  echo "$output"
  [ "$status" = 0 ]
}

has() {
  grep -qxF -- "$1" <<< "$output" || { echo "missing: $1"; return 1; }
}

# counted SITE: what stands between its calls and its histogram.
counted() {
  sed -n "s/^site $1 \(.*\) hist=.*/\1/p" <<< "$output"
}

# hist SITE: calls that the timed ones stand for.
hist() {
  sed -n "s/^site $1 .* hist=//p" <<< "$output"
}

skipped() {
  sed -n "s/^skipped $1 //p" <<< "$output"
}

@test "nested calls are counted exactly, by site and by context, and most are not timed" {
  shape nest
  has "run sealed=1 status=0 threads=1 damaged=0 torn=0 lost=0"
  [ "$(counted outer)" = "calls=1000 running=0 unwound=0" ]
  [ "$(counted inner)" = "calls=1000 running=0 unwound=0" ]
  [ "$(counted leaf)" = "calls=4000 running=0 unwound=0" ]
  has "context outer/inner/leaf calls=3000"
  has "context outer/leaf calls=1000"
  [ "$(skipped leaf)" -gt 2000 ]
}

@test "own times add up to the time of the outermost calls" {
  for way in nest "threads 8" many-threads times; do
    for budget in 0.01% 1%; do
      HOTPATH_BUDGET=$budget shape $way
      selfs=$(sed -n 's/^time .* self=\([0-9]*\) .*/\1/p' <<< "$output" | awk '{ n += $1 } END { print n }')
      total=$(sed -n 's/^thread .* total=//p' <<< "$output" | awk '{ n += $1; t++ } END { print n, t }')
      # Of a site and of a thread the times are rounded; 5 sites.
      awk -v selfs="$selfs" -v total="${total% *}" -v threads="${total#* }" 'BEGIN { d = selfs - total; exit d > 5 + threads || -d > 5 + threads }'
    done
  done
}

@test "the outermost call of a recursion is timed" {
  shape recurse 100000
  [ "$(counted outer)" = "calls=100000 running=0 unwound=0" ]
  total=$(sed -n 's/^thread .* total=//p' <<< "$output")
  outer=$(sed -n 's/^time outer total=\([0-9]*\).*/\1/p' <<< "$output")
  [ "$total" = "$outer" ] && [ "$total" -gt 0 ]
}

@test "longjmp out of ten frames, with and without a landing" {
  for landing in 0 1; do
    shape jump $landing
    has "run sealed=1 status=0 threads=1 damaged=0 torn=0 lost=0"
    [ "$(counted outer)" = "calls=100 running=0 unwound=0" ]
    [ "$(counted middle)" = "calls=1000 running=0 unwound=1000" ]
    [ "$(counted leaf)" = "calls=100 running=0 unwound=0" ]
  done
}

@test "threads, also a thousand one after the other, and pthread_exit" {
  shape threads 8
  has "run sealed=1 status=0 threads=8 damaged=0 torn=0 lost=0"
  [ "$(counted inner)" = "calls=8000 running=0 unwound=0" ]
  [ "$(counted leaf)" = "calls=16000 running=0 unwound=0" ]
  shape many-threads
  has "run sealed=1 status=0 threads=1000 damaged=0 torn=0 lost=0"
  [ "$(counted outer)" = "calls=1000 running=0 unwound=500" ]
}

@test "a storm of signals with measured handlers: counts are exact, and timed calls stand for the others" {
  for stack in 0 1 2; do
    shape storm $stack
    eval "$(cat "$T/out")"
    has "run sealed=1 status=0 threads=1 damaged=0 torn=0 lost=0"
    [ "$(counted inner)" = "calls=$inner running=0 unwound=0" ]
    [ "$(counted leaf)" = "calls=$leaf running=0 unwound=0" ]
    [ "$(counted handler)" = "calls=$handler running=0 unwound=0" ]
    # One in 4,096 at the least: 2 % of the calls is one standard deviation at most.
    h=$(hist leaf)
    [ "$h" -gt $((leaf * 85 / 100)) ] && [ "$h" -lt $((leaf * 115 / 100)) ]
    [ "$(skipped leaf)" -gt $((leaf / 2)) ]
  done
}

@test "a killed process has all its calls, and those that ran" {
  for how in 9 6 11 0; do
    shape die $how
    has "run sealed=0 status=-1 threads=1 damaged=0 torn=0 lost=0"
    [ "$(counted inner)" = "calls=1000 running=0 unwound=0" ]
    [ "$(counted leaf)" = "calls=1000 running=0 unwound=0" ]
    [ "$(counted outer)" = "calls=1 running=1 unwound=0" ]
  done
}

@test "a forked child goes on in the same way" {
  shape fork
  has "site leaf calls=1 running=0 unwound=0 hist=1"
  has "site leaf calls=5 running=0 unwound=0 hist=5"
}

@test "known times come out on either clock: calls of a millisecond fit any budget that is not next to nothing" {
  for clock in tsc ordered monotonic; do
    HOTPATH_BUDGET=2 HOTPATH_CLOCK=$clock shape times
    has "site outer calls=20 running=0 unwound=0 hist=20"
    has "site inner calls=60 running=0 unwound=0 hist=60"
    [ -z "$(skipped inner)" ]
  done
}

@test "a budget that is none is no budget" {
  for budget in "" 0 x 2x 1001 -1 1.2.3 %; do
    HOTPATH_BUDGET=$budget shape nest
    has "site leaf calls=4000 running=0 unwound=0 hist=4000"
    ! grep -q ^skipped <<< "$output"
  done
}
