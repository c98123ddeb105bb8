# SPDX-License-Identifier: GPL-3.0-or-later
# Coroutines: runs and lives, with exact counts, for every GCC that has a plugin built.

load helper

WARNINGS="-Wall -Wextra -std=c++20 -pthread"
HEADERS=-I$BATS_TEST_DIRNAME/../../runtime

@test "runs and lives of generators, tasks, lambdas, templates, exceptions, abandoned ones" {
	for V in $COMPILERS; do
		for FLAGS in -O0 -O2 "-O2 -flto" "-O3 -g" -Os; do
			echo "# GCC $V $FLAGS"
			rm -f counts
			build g++ "$SOURCES/coroutines.cc" "$FAKE" -o coroutines
			[ "$(timeout 60 ./coroutines)" = "sum 14 caught 3 alive 2 frames 1" ]
			n=1000000
			[ "$FLAGS" != -O0 ] || n=1000
			counted "count(int) - 4 4" "count(int) [resume] - 13 13" "count(int) [life] - 4 3" \
				"count(int)::across [life] - 8 7" "count(int)::within - 8 8" \
				"throws(int) - 1 1" "throws(int) [resume] - 3 3" "throws(int) [life] - 1 1" \
				"at_once(int) at once 2 2" "at_once(int) [resume] at once [resume] 3 3" "at_once(int) [life] at once 2 2" \
				"moves() - 1 1" "moves() [resume] - 3 3" "moves() [life] - 1 1" \
				"leaf() - $n $n" "leaf() [resume] - $((2 * n)) $((2 * n))" "leaf() [life] - $n $n" \
				"many(int) - 1 1" "many(int) [resume] - $((n + 2)) $((n + 2))" "many(int) [life] - 1 1" \
				"refuses(int) - 3 3" "refuses(int) [resume] - 2 2" "refuses(int) [life] - 2 3" \
				"twice<int>(int) - 1 1" "twice<int>(int) [resume] - 4 4" "twice<int>(int) [life] - 1 1" \
				"twice<double>(double) - 1 1" "twice<double>(double) [resume] - 3 3" "twice<double>(double) [life] - 1 1" \
				"main::{lambda(int)#1}::operator()(int) const - 1 1" \
				"main::{lambda(int)#1}::operator()(int) const [resume] - 3 3" \
				"main::{lambda(int)#1}::operator()(int) const [life] - 1 1" \
				"landed 0" "crossed 0" "open 0"
		done
	done
}

@test "all functions measured: the program does what it does without" {
	cp "$SOURCES/every.yaml" hotpath.yaml
	cp "$SOURCES/coroutines.cc" "$SOURCES/coroutine.cc" .
	for V in $COMPILERS; do
		for FLAGS in -O0 -O2 "-O2 -flto" "-O1 -fsanitize=address,undefined"; do
			echo "# GCC $V $FLAGS"
			build g++ coroutines.cc "$FAKE" -o coroutines
			[ "$(ASAN_OPTIONS=detect_leaks=0 timeout 120 ./coroutines)" = "sum 14 caught 3 alive 2 frames 1" ]
			grep -qx "crossed 0" counts
			grep -qx "count(int) \[resume\] - 13 13" counts
			build g++ coroutine.cc "$FAKE" -o coroutine
			./coroutine
			grep -qx "crossed 0" counts
		done
	done
}

@test "a coroutine that a rule leaves out has neither runs nor lives; one that is taken in has both" {
	printf 'rules:\n  - functions: leaf\n    label: "<{function}>"\n  - functions: middle\n    measure: false\n' >hotpath.yaml
	sed 's/__attribute__((hotpath_measure)) //' "$SOURCES/coroutine.cc" >a.cc
	for V in $COMPILERS; do
		build g++ -O2 a.cc "$FAKE" -o a
		./a
		counted "leaf() <leaf> 2 2" "leaf() [resume] <leaf> [resume] 4 4" "leaf() [life] <leaf> 2 0" \
			"landed 0" "crossed 0" "open 0"
	done
}
