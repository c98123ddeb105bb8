# SPDX-License-Identifier: MIT
# That `make bench` can measure; what it measures is no matter of a test.

@test "start and end of a process are measured while other runs wait to be taken in" {
  T=$BATS_TEST_TMPDIR
  BUILD=$(cd "${BUILD:-$BATS_TEST_DIRNAME/../../build}" && pwd)
  mkdir -p "$T/build" "$T/segments"
  ln -s "$BUILD/bin" "$BUILD/lib" "$T/build"
  cd "$T"
  printf '__attribute__((hotpath_measure)) int main(void) { return 0; }\n' > prog.c
  gcc "-fplugin=$BUILD/lib/hotpath.so" prog.c -o prog
  export HOTPATH_SEGMENTS=$T/segments HOTPATH_RUN_TOKEN=bench
  ./prog
  [ "$(ls segments | wc -l)" = 1 ]
  PAIRS=1 run "$BATS_TEST_DIRNAME/../bench/start.sh" "$T/build" gcc
  echo "$output"
  [ "$status" = 0 ]
  [[ ${lines[1]} =~ ^"1 unit "( +-?[0-9.]+){3}$ && ${lines[2]} =~ ^"2,000 units "( +-?[0-9.]+){3}$ ]]
  [ "$(ls segments | wc -l)" = 1 ]
}
