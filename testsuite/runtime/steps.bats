# SPDX-License-Identifier: MIT
# A signal, or a kill, after every single instruction of the hooks (steps.c).

setup() {
  BUILD=${BUILD:-$BATS_TEST_DIRNAME/../../build}
  T=$BATS_TEST_TMPDIR
  export HOTPATH_SEGMENTS=$T/seg HOTPATH_DIR=$T/store HOTPATH_RUN_TOKEN=test
  mkdir -p "$T/store"
  status=0
  "$BUILD/test/steps" same 0 > "$T/out" || status=$?
  [ $status != 77 ] || skip "no single steps on this processor"
}

# steps ARGS...: what the segment says of the functions must be what the program says that it called.
steps() {
  rm -rf "$T/seg"
  "$BUILD/test/steps" "$@" > "$T/out"
  "$BUILD/test/segdump" "$T"/seg/*.hotpath-seg > "$T/dump"
  grep -qx "run sealed=1 status=0 threads=[0-9]* damaged=0 torn=0 lost=0" "$T/dump" || { head -5 "$T/dump"; return 1; }
  diff <(grep ^site "$T/out" | sort) <(sed -n 's/ hist=.*//; /^site .* calls=[1-9]/p' "$T/dump" | sort)
  # One row for each function and each context; where all calls are timed, they are all in the histogram.
  [ -z "$(sed -n 's/^\(site\|context\) \([^ ]*\) .*/\1 \2/p' "$T/dump" | sort | uniq -d)" ]
  [ -n "$HOTPATH_BUDGET" ] || ! grep ^site "$T/dump" | grep -v ' calls=\([0-9]*\) .* hist=\1$'
}

@test "after each instruction the handler calls a measured function: no call is lost" {
  for budget in "" 0.01%; do
    HOTPATH_BUDGET=$budget steps same 20
    HOTPATH_BUDGET=$budget steps many 5
    HOTPATH_BUDGET=$budget steps jump 10
    HOTPATH_BUDGET=$budget steps recurse 20
  done
}

@test "... one that is new: contexts made in the midst of making one" {
  steps new
  steps twin
}

# inner_once: of each function that a program says to have called by recursion for so long, that much time is counted once.
inner_once() {
  awk '$1 == "inner" { least[$2] = 0.9 * $3 }
    $1 == "time" && $2 in least {
      split($3, total, "="); split($5, sum, "="); n++
      if (sum[2] - total[2] < least[$2]) { print $0 ", inner " least[$2]; bad = 1 }
    }
    END { exit bad || n < 50 }' "$T/out" "$T/dump"
}

@test "... one that is being called for the first time: its recursions are known as such" {
  steps cousin
  inner_once
  steps grow
  inner_once
}

@test "... above frames where none has been" {
  for budget in "" 0.01%; do
    HOTPATH_BUDGET=$budget steps deeper
  done
}

@test "... and where calls are sampled" {
  export HOTPATH_BUDGET=0.01%
  steps new
  steps twin
}

@test "after each instruction of a recursion the handler leaves it: later ones have their time, and have it once" {
  "$BUILD/test/steps" leave > "$T/out"
  "$BUILD/test/segdump" "$T"/seg/*.hotpath-seg > "$T/dump"
  grep -qE "^run sealed=1 status=0 threads=1 damaged=0 torn=[0-9]+ lost=0$" "$T/dump"
  read -r _ peace _ before < "$T/out"
  for site in s39998 s39999; do
    total=$(sed -n "s/^time $site total=\([0-9]*\) .*/\1/p" "$T/dump" | tail -1)
    echo "$site: $total ns of $peace + $before"
    [ "$total" -ge $((peace * 98 / 100)) ]
    [ "$total" -le $(((peace + before) * 101 / 100)) ]
  done
}

@test "killed after an instruction: all calls that returned before are there" {
  for ((n = 1; n < 800; n += 11)); do
    rm -rf "$T/seg"
    "$BUILD/test/steps" kill $n > "$T/out" 2> "$T/err" || true
    "$BUILD/test/segdump" "$T"/seg/*.hotpath-seg > "$T/dump"
    grep -qE "^run sealed=[01] status=(-1|0) threads=1 damaged=0 torn=0 lost=0$" "$T/dump" || { echo "after $n:"; head -5 "$T/dump"; return 1; }
    grep -q "^site s2 calls=1000 running=0 unwound=0 hist=1000$" "$T/dump"
    # The call that was under way is there or not yet; never twice.
    ! grep -E "^site s[03] calls=" "$T/dump" | grep -vE " calls=[01] running=[01] unwound=0 " || return 1
  done
}
