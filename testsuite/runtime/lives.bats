# SPDX-License-Identifier: MIT
# Lives (runtime/life.c), driven by hand: counts must be exact.

setup() {
  BUILD=${BUILD:-$BATS_TEST_DIRNAME/../../build}
  T=$BATS_TEST_TMPDIR
  export HOTPATH_SEGMENTS=$T/seg HOTPATH_DIR=$T/store HOTPATH_RUN_TOKEN=test
  mkdir -p "$T/store"
}

# shape NAME: runs it and puts what its newest segment says into $output.
shape() {
  "$BUILD/test/lives" "$@" > "$T/out" 2> "$T/err" || true
  [ ! -s "$T/err" ] || { cat "$T/err"; return 1; }
  run "$BUILD/test/segdump" "$(ls -t "$T"/seg/*.hotpath-seg | head -1)"
  [ "$status" = 0 ]
}

# calls SITE CALLS RUNNING
calls() {
  grep -q "^site $1 calls=$2 running=$3 " <<< "$output" || { echo "wrong: $1 $2 $3"; echo "$output"; return 1; }
}

lost() {
  grep -qx "lost lives $1" <<< "$output" || { echo "not $1 lost"; echo "$output"; return 1; }
}

@test "lives that end on another thread, with signal handlers in between" {
  shape threads
  handled=$(sed 's/handled //' "$T/out")
  calls task 160000 0
  calls handler "$handled" 0
  calls frame 40 0
  ! grep -q "^lost" <<< "$output"
}

@test "more at a time than there is room for: lost ones are counted, and room is found again" {
  shape full
  n=$(sed -n 's/^site task calls=\([0-9]*\) .*/\1/p' <<< "$output")
  l=$(sed -n 's/^lost lives //p' <<< "$output")
  echo "$n recorded, $l lost"
  [ "$((n + l))" = 3000000 ]
  [ "$n" -gt 1500000 ] && [ "$l" -gt 0 ]
  calls handler 100 0
}

@test "a killed process: lives that lasted are running ones" {
  shape kill
  calls task 1000 600
}

@test "the child of a fork counts its own lives, and none of its parent's" {
  shape fork
  for s in "$T"/seg/*.hotpath-seg; do
    output=$output$'\n'$("$BUILD/test/segdump" "$s")
  done
  calls task 10 7
  calls task 5 0
  ! grep -q "^lost" <<< "$output"
}

@test "a life whose end was not seen is counted as lost when its memory is used again" {
  shape again
  calls task 1 0
  lost 1
}

@test "while measuring is off lives neither begin nor end" {
  shape off
  calls task 6 0
  ! grep -q "^lost" <<< "$output"
}
