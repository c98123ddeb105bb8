# SPDX-License-Identifier: GPL-3.0-or-later
# What the tests of the plugin have in common.  COMPILERS are the versions of GCC that have a plugin built, PLUGIN is it, FAKE a runtime
# that writes the counts of each site to FAKE_OUT, SOURCES programs to measure.

common_setup_file()
{
	export TOP="$BATS_TEST_DIRNAME/../.."
	export B="${B:-$(cd "$TOP/build" && pwd)}"
	export PLUGIN="$B/lib/hotpath.so"
	export COMPILERS="${HOTPATH_COMPILERS:-}"
	if [ -z "$COMPILERS" ]; then
		for d in "$B"/lib/hotpath/gcc-*; do COMPILERS="$COMPILERS ${d##*gcc-}"; done
	fi
	gcc -O2 -Wall -Wextra -fPIC -c "$BATS_TEST_DIRNAME/fake_runtime.c" -o "$BATS_FILE_TMPDIR/fake.o"
	export FAKE="$BATS_FILE_TMPDIR/fake.o"
}

common_setup()
{
	cd "$BATS_TEST_TMPDIR"
	export FAKE_OUT="$BATS_TEST_TMPDIR/counts"
	export SOURCES="$BATS_TEST_DIRNAME/programs"
	export HOTPATH_DIR="$BATS_TEST_TMPDIR/store" HOTPATH_SEGMENTS="$BATS_TEST_TMPDIR/segments"
}

# A file with more to set up has its own, which begin with the common ones.
setup_file() { common_setup_file; }
setup() { common_setup; }

# counted LINE...: the program's counts are exactly these, in any order of sites.
counted()
{
	printf '%s\n' "$@" | sort >expected
	sort counts >actual
	diff expected actual
}

# each COMMAND...: for every GCC and level, and MORE_FLAGS; $V and $FLAGS are set for it.
each()
{
	for V in $COMPILERS; do
		for FLAGS in -O0 -O1 -O2 -O3 -Os "-O2 -flto" "-O2 -g -fPIC" "$MORE_FLAGS"; do
			echo "# GCC $V $FLAGS"
			rm -f counts messages
			"$@" || return 1
		done
	done
}

# build COMPILER ARGUMENT...: with GCC $V and $FLAGS, without a word from the compiler.  WARNINGS are those to ask for, HEADERS where
# some are.
build()
{
	local compiler=$1
	shift
	LC_ALL=C "$compiler-$V" ${WARNINGS:--Wall -Wextra} $HEADERS $FLAGS "-fplugin=$PLUGIN" "$@" 2>messages && [ ! -s messages ] || { cat messages; return 1; }
}
