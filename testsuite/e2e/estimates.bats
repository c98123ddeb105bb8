# SPDX-License-Identifier: MIT
# Under a budget: calls are exact, times are estimates that miss the truth by no more than they say, and own times add up.

setup() {
  BUILD=$(cd "${BUILD:-$BATS_TEST_DIRNAME/../../build}" && pwd)
  T=$BATS_TEST_TMPDIR
  cd "$T"
  unset HOTPATH_OUTPUT_FORMAT HOTPATH_LABEL HOTPATH_DISABLE HOTPATH_CLOCK
  export HOTPATH_SEGMENTS=$T/segments HOTPATH_DIR=$T/store HOTPATH_RUN_TOKEN=estimates
  mkdir store
  printf 'rules: []\n' > hotpath.yaml
  cp "$BATS_TEST_DIRNAME/estimates.c" .
  gcc -O1 "-fplugin=$BUILD/lib/hotpath.so" -I"$BATS_TEST_DIRNAME/../runtime" estimates.c -o estimates
}

hotpath() { "$BUILD/bin/hotpath" "$@"; }

# estimate BUDGET: a run; what is true and what the report says, of each function: NAME CALLS TOTAL SELF NAME CALLS TOTAL SELF SKIPPED ERROR.
estimate() {
  status=0
  HOTPATH_BUDGET=$1 ./estimates > truth || status=$?
  [ $status != 77 ] || skip "no traps of the clock here"
  [ $status = 0 ]
  hotpath ingest --quiet
  rate=$(hotpath sql --format csv "SELECT ns_per_tick FROM functions ORDER BY run DESC LIMIT 1" | tr -d '\r' | tail -1)
  hotpath report --raw --format json | jq -r '.functions[] | [.name, .calls, .total_ns, .self_ns, .skipped, .error_percent] | @tsv' | sort > reported
  awk -v rate="$rate" '{ print $1, $2, $3 * rate, $4 * rate }' truth | sort | paste - reported > both
  cat both
  [ "$(wc -l < both)" = 4 ] && [ "$(hotpath sql --format csv "SELECT sum(lost), sum(damaged) FROM runs" | tr -d '\r' | tail -1)" = 0,0 ]
}

# right MOST: that all is as the truth says, or as near as the report does.  A deviation is not more than twice half the 95 % interval but
# once in 10,000 times.  MOST: the error is stated as no more than that.
right() {
  awk -v most="$1" '
    function apart(a, b) { return a > b ? a - b : b - a }
    $1 != $5 || $2 != $6 { print $1 ": calls"; bad = 1 }
    $9 == 0 && apart($3, $7) > 0.001 * $3 { print $1 ": was timed, and its time is wrong"; bad = 1 }
    $9 > 0 && apart($3, $7) > 2 * $10 / 100 * $3 { print $1 ": further off than it says"; bad = 1 }
    $10 > most { print $1 ": says " $10 " %"; bad = 1 }
    END { exit bad }' both
  # Net of what measuring took: gross, an estimate has the cost of timing each call in it.
  hotpath sql --format csv "SELECT sum(self_ns), max(total_ns) FROM functions WHERE run = (SELECT max(id) FROM runs)" | tail -1 | awk -F, '
    { print "own times " $1 ", of the root " $2 }
    $1 > 1.00002 * $2 || $1 < 0.99998 * $2 { exit 1 }'
}

@test "all calls timed: what is reported is what was" {
  estimate ""
  right 0
  [ "$(awk '{ n += $9 } END { print n }' both)" = 0 ]
}

@test "few of a hundred timed: calls are exact, times are as near as they say, own times add up" {
  estimate 0.2%
  right 10
  [ "$(awk '$9 > 0.9 * $2' both | wc -l)" = 2 ]
}

# Of a deviation in units of half the 95 % interval the square is 0.26 in the mean, and that of 24 of them, which are not all
# independent, below 0.7 but once in 10,000 times.
@test "ten to thirty of a thousand timed: estimates deviate by what they say, no more" {
  for _ in $(seq 12); do
    estimate 0.02%
    right 40
    [ "$(awk '$9 > 0.96 * $2' both | wc -l)" = 2 ]
    awk '$9 > 0 { print 100 * ($7 / $3 - 1) / $10 }' both >> deviations
  done
  cat deviations
  awk '{ sum += $1 * $1 } END { print sum / NR; exit NR != 24 || sum / NR > 0.7 }' deviations
}
