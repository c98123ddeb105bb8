# SPDX-License-Identifier: GPL-3.0-or-later
# The plugin on whole programs, with exact call counts, for every GCC that has one built.

load helper

MORE_FLAGS="-O2 -static"

c_program()
{
	build gcc "$SOURCES/ways.c" "$FAKE" -o ways && ./ways >out && [ "$(cat out)" = "ways 55" ] &&
		counted "fib - 177 177" "early - 3 3" "exits row 6 6" "jump - 2 0" "lander - 1 1" \
			"variadic - 1 1" "main - 1 1" "inlined - 10 10" "odd - 4 4" "even - 4 4" \
			"landed 3" "crossed 0" "open 0"
}

@test "C: recursion, early return, several exits, longjmp, inlining, at each level" {
	each c_program
}

cxx_program()
{
	build g++ "$SOURCES/ways.cc" "$FAKE" -o ways && ./ways >out && [ "$(cat out)" = "caught 3" ] &&
		counted "ns::Parser::Parser(int) - 3 3" "ns::Parser::~Parser() - 3 3" \
			"ns::Parser::parse(int) const - 2 2" "int_or_throw(int) - 5 5" \
			"twice<int>(int) - 1 1" "twice<double>(double) - 1 1" \
			"main::{lambda(int)#1}::operator()(int) const - 2 2" "make_early() - 1 1" \
			"landed 0" "crossed 0" "open 0"
}

@test "C++: exceptions, constructors, templates, lambdas, static objects, at each level" {
	each cxx_program
}

fortran_program()
{
	[ "$FLAGS" != "-O2 -static" ] || return 0
	cp "$SOURCES/ways.f90" "$SOURCES/every.yaml" .
	build gfortran -fplugin-arg-hotpath-config=every.yaml ways.f90 "$FAKE" -o ways && ./ways >out &&
		counted "m::twice - 1 1" "m::rec - 6 6" "p - 1 1" "p::inner - 1 1" \
			"landed 0" "crossed 0" "open 0"
}

@test "Fortran: module procedures, internal procedures and the program, at each level" {
	each fortran_program
}

@test "shared libraries: each reports its own functions" {
	for V in $COMPILERS; do
		cat >lib.c <<-'END'
			__attribute__((hotpath_measure)) int in_lib(int x) { return x + 1; }
		END
		cat >prog.c <<-'END'
			extern int in_lib(int);
			__attribute__((hotpath_measure)) int in_prog(int x) { return in_lib(x) + in_lib(x); }
			int main(void) { return in_prog(1) != 4; }
		END
		FLAGS=-O2
		gcc -shared -fPIC -O2 "$BATS_TEST_DIRNAME/fake_runtime.c" -o libfake.so
		build gcc -shared -fPIC lib.c -o libmine.so
		build gcc prog.c -L. -lmine -Wl,--no-as-needed -lfake -Wl,-rpath,"$PWD" -o prog
		./prog
		counted "in_lib - 2 2" "in_prog - 1 1" "landed 0" "crossed 0" "open 0"
	done
}

@test "what must not be wrapped is left alone, and the note says why" {
	V=12
	[[ " $COMPILERS " == *" 12 "* ]] || V=${COMPILERS##* }
	cp "$SOURCES/every.yaml" hotpath.yaml
	cp "$SOURCES/odd.c" .
	gcc-$V -O2 "-fplugin=$PLUGIN" -fplugin-arg-hotpath-verbose odd.c "$FAKE" -o odd 2>messages
	./odd
	grep -q "'\?resolver.* is not measured, though chosen by hotpath.yaml:3: it is an ifunc resolver" messages
	grep -q "bare.* is not measured.*: it has no ordinary frame" messages
	grep -q "arguments.* is not measured.*: it uses __builtin_apply_args" messages
	grep -q "chosen_by_hand.* is measured by attribute" messages
	! grep -q "uninstrumented.* is measured" messages
	! grep -q "skipped.* is measured" messages
	! grep -qE "^(resolver|bare|arguments|uninstrumented|skipped) " counts
}

# diagnoses YAML EXPECTED: compiling under these rules fails with these very lines.
diagnoses()
{
	printf '%b' "$1" >hotpath.yaml
	echo 'int x;' >a.c
	for V in $COMPILERS; do
		! LC_ALL=C gcc-$V -c "-fplugin=$PLUGIN" a.c 2>messages
		sed "s,$PWD/,,g" messages >plain
		diff <(printf '%b' "$2") plain
	done
}

@test "mistakes in hotpath.yaml are compiler errors with a place and a caret" {
	diagnoses 'rules:\n  - functions: x\n    mesure: true\n' \
"hotpath.yaml:3:5: error: unknown key 'mesure'; did you mean 'measure'?\n\
    3 |     mesure: true\n      |     ^\n"
	diagnoses 'rules:\n  - functions: x\n    measure: maybe\n' \
"hotpath.yaml:3:14: error: 'measure' takes true or false, not 'maybe'\n\
    3 |     measure: maybe\n      |              ^\n"
	diagnoses 'rules:\n  - functions: ["/a(/"]\n' \
"hotpath.yaml:2:17: error: bad pattern '/a(/': missing closing parenthesis, at character 3 of the expression\n\
    2 |   - functions: [\"/a(/\"]\n      |                 ^\n"
	diagnoses 'rules: 3\n' \
"hotpath.yaml:1:8: error: 'rules' takes a list of rules, not a word\n\
    1 | rules: 3\n      |        ^\n"
	diagnoses 'rules:\n  - files: a.c\n    label: "{nam}"\n' \
"hotpath.yaml:3:12: error: unknown '{nam}' in label; expected 'function', 'qualified', 'mangled', 'class', 'file' or 'line'\n\
    3 |     label: \"{nam}\"\n      |            ^\n"
	diagnoses 'rules: a: b\n' \
"hotpath.yaml:1:9: error: not YAML: mapping values are not allowed in this context\n\
    1 | rules: a: b\n      |         ^\n"
}

@test "errors in arguments name the whole flag" {
	echo 'int x;' >a.c
	refuses() {
		! LC_ALL=C gcc-$V -c "-fplugin=$PLUGIN" "$1" a.c 2>messages
		diff <(echo "$2") messages
	}
	for V in $COMPILERS; do
		refuses -fplugin-arg-hotpath-verbos "cc1: error: '-fplugin-arg-hotpath-verbos': unknown argument; did you mean '-fplugin-arg-hotpath-verbose'?"
		refuses -fplugin-arg-hotpath-colour "cc1: error: '-fplugin-arg-hotpath-colour': unknown argument; known are 'config=FILE', 'off' and 'verbose'"
		refuses -fplugin-arg-hotpath-config "cc1: error: '-fplugin-arg-hotpath-config': the path of a rule file is missing; known are 'config=FILE', 'off' and 'verbose'"
		refuses -fplugin-arg-hotpath-off=1 "cc1: error: '-fplugin-arg-hotpath-off': takes no value; known are 'config=FILE', 'off' and 'verbose'"
		refuses -fplugin-arg-hotpath-config=no.yaml "cc1: error: no.yaml: cannot read the file: No such file or directory"
	done
}

@test "misplaced attributes warn and say where they may stand" {
	cat >a.c <<-'END'
		#if !__has_attribute(hotpath_measure) || !__has_attribute(hotpath_skip)
		#error no such attributes
		#endif
		struct s { int x __attribute__((hotpath_measure)); };
		int y __attribute__((hotpath_skip));
		__attribute__((hotpath_measure(3))) void f(void) {}
		__attribute__((hotpath_measure, hotpath_skip)) void g(void) {}
	END
	for V in $COMPILERS; do
		LC_ALL=C gcc-$V -c "-fplugin=$PLUGIN" a.c 2>messages
		grep -o '^a.c:[0-9]*:.*' messages | sed 's/:[0-9]*: /: /' >plain
		diff plain - <<-'END'
			a.c:4: warning: 'hotpath_measure' attribute ignored; it may only stand on a function, before its declaration or after its parameters [-Wattributes]
			a.c:5: warning: 'hotpath_skip' attribute ignored; it may only stand on a function, before its declaration or after its parameters [-Wattributes]
			a.c:6: warning: 'hotpath_measure' attribute ignored; its argument is a label, a string literal such as 'hotpath_measure("parse row")' [-Wattributes]
			a.c:7: warning: 'hotpath_skip' attribute ignored; the function already has 'hotpath_measure' [-Wattributes]
		END
	done
}

@test "verbose notes say who chose a function" {
	cat >a.c <<-'END'
		__attribute__((hotpath_measure("by hand"))) void f(void) {}
		void parse_row(void) {}
		void other(void) {}
	END
	printf 'rules:\n  - functions: parse_*\n' >hotpath.yaml
	for V in $COMPILERS; do
		LC_ALL=C gcc-$V -c "-fplugin=$PLUGIN" -fplugin-arg-hotpath-verbose a.c 2>messages
		grep -o 'a.c:.*note.*' messages >plain
		diff plain - <<-'END'
			a.c:1:50: note: hotpath: 'f' is measured by attribute, as 'by hand'
			a.c:2:6: note: hotpath: 'parse_row' is measured by hotpath.yaml:2
		END
	done
}

@test "off leaves the program as it is, and its attributes known" {
	for V in $COMPILERS; do
		gcc-$V -O2 -S -Wall -Wextra -Werror "-fplugin=$PLUGIN" -fplugin-arg-hotpath-off "$SOURCES/ways.c" -o off.s
		! grep -q hotpath_unit off.s
	done
}

@test "a unit in which nothing is measured has no trace of the plugin" {
	echo 'int f(int x) { return x; }' >a.c
	for V in $COMPILERS; do
		gcc-$V -O2 -c "-fplugin=$PLUGIN" a.c -o with.o
		gcc-$V -O2 -c a.c -o without.o
		cmp with.o without.o
	done
}

@test "hotpath.yaml is among the dependencies of -MD" {
	mkdir -p src
	echo 'int x;' >src/a.c
	printf 'rules:\n  - functions: f\n' >hotpath.yaml
	for V in $COMPILERS; do
		gcc-$V -c -MD "-fplugin=$PLUGIN" src/a.c -o a.o
		tr ' ' '\n' <a.d | grep -qx "$PWD/hotpath.yaml"
	done
}

@test "the same source gives the same object, also under -ffile-prefix-map" {
	for d in one two; do
		mkdir -p $d
		cp "$SOURCES/ways.c" $d
		for V in $COMPILERS; do
			(cd $d && gcc-$V -O2 -g -c "-ffile-prefix-map=$PWD=." "-fplugin=$PLUGIN" "$PWD/ways.c" -o $V.o)
		done
	done
	for V in $COMPILERS; do cmp one/$V.o two/$V.o; done
}

@test "-fcompare-debug: debug information does not change the code" {
	for V in $COMPILERS; do
		gcc-$V -O2 -fcompare-debug -c "-fplugin=$PLUGIN" "$SOURCES/ways.c" -o a.o
		g++-$V -O2 -fcompare-debug -c "-fplugin=$PLUGIN" "$SOURCES/ways.cc" -o b.o
	done
}

@test "without a runtime the program runs as if never instrumented" {
	mkdir -p lib/hotpath
	cp -r "$B"/lib/hotpath/gcc-* lib/hotpath/
	cp "$B/lib/libhotpath-plugin.so" lib/
	cat >a.c <<-'END'
		#include <dlfcn.h>
		#include <errno.h>
		__attribute__((hotpath_measure)) static int f(int x) { return x; }
		int main(void) { return errno || dlerror() ? 1 : f(7); }
	END
	for V in $COMPILERS; do
		for FLAGS in -O0 -O2 -static -static-pie -no-pie; do
			gcc-$V $FLAGS "-fplugin=$PWD/lib/libhotpath-plugin.so" a.c -o a
			run ./a
			[ "$status" = 7 ]
			[ -z "$output" ]
		done
	done
}

@test "a free-standing unit has only weak references" {
	for V in $COMPILERS; do
		gcc-$V -O2 -ffreestanding -fno-stack-protector -c "-fplugin=$PLUGIN" -x c - -o a.o <<-'END'
			__attribute__((hotpath_measure)) int f(int x) { return x; }
			void _start(void) { f(1); for (;;) ; }
		END
		[ -z "$(nm a.o | grep ' U ' | grep -v _GLOBAL_OFFSET_TABLE_)" ]
		gcc-$V -nostdlib -static a.o -o a
	done
}

@test "a compiler without a plugin is told what to install" {
	cp "$B/lib/libhotpath-plugin.so" .
	mkdir -p hotpath/gcc-99
	echo 'int x;' >a.c
	V=${COMPILERS##* }
	! gcc-$V -c "-fplugin=$PWD/libhotpath-plugin.so" a.c 2>messages
	grep -q "hotpath: error: no plugin for this compiler, GCC $V.*installed: GCC 99" messages
	grep -q "CC=gcc-$V make install" messages
}

@test "hotpath.yaml.example works as it stands" {
	mkdir -p src
	cp "$TOP/hotpath.yaml.example" hotpath.yaml
	echo 'int parse_row(int x) { return x; } int other(int x) { return x; }' >src/a.c
	echo 'int squeeze(int x) { return x; } int min(int x) { return x; }' >compress.c
	for V in $COMPILERS; do
		LC_ALL=C gcc-$V -c "-fplugin=$PLUGIN" -fplugin-arg-hotpath-verbose src/a.c -o a.o 2>messages
		grep -q "'parse_row' is measured by hotpath.yaml:[0-9]* (parser), as 'parse_row'" messages
		! grep -q "'other' is measured" messages
		LC_ALL=C gcc-$V -c "-fplugin=$PLUGIN" -fplugin-arg-hotpath-verbose compress.c -o a.o 2>messages
		grep -q "'squeeze' is measured" messages
		! grep -q "'min' is measured" messages
	done
}

@test "every C++ function measured by a rule: the front end's own parts are left alone" {
	cp "$SOURCES/every.yaml" hotpath.yaml
	cp "$SOURCES/coroutine.cc" "$SOURCES/ways.cc" .
	for V in $COMPILERS; do
		for FLAGS in -O0 -O2 -Os; do
			build g++ -std=c++20 coroutine.cc "$FAKE" -o coroutine
			./coroutine
			grep -qx "crossed 0" counts
			build g++ ways.cc "$FAKE" -o ways
			[ "$(./ways)" = "caught 3" ]
			grep -qx "ns::Parser::Parser(int) - 3 3" counts
			grep -qx "crossed 0" counts
		done
	done
}

@test "replaced operator new and delete: every call that the source makes" {
	printf 'rules:\n  - functions: "*"\n' >hotpath.yaml
	cat >a.cc <<-'END'
		#include <stdlib.h>
		void *operator new(size_t n) { return malloc(n); }
		void *operator new[](size_t n) { return malloc(n); }
		void operator delete(void *p) noexcept { free(p); }
		void operator delete(void *p, size_t) noexcept { free(p); }
		struct S { S() { } };
		int main()
		{
			for (int i = 0; i < 3; i++)
				delete new int;
			new S[0];
			return 0;
		}
	END
	for V in $COMPILERS; do
		for FLAGS in -O0 -O2 -Os "-O2 -flto"; do
			build g++ -Wno-unused-value a.cc "$FAKE" -o a
			./a
			grep -qx "operator new(unsigned long) - 3 3" counts
			grep -qx "operator new\\[\\](unsigned long) - 1 1" counts
			[ "$(awk '/^operator delete/ { n += $NF } END { print n }' counts)" = 3 ]
		done
	done
}

msabi_runs()
{
	build gcc msabi.c "$FAKE" -o msabi && ./msabi &&
		counted "main - 1 1" "other - 5 5" "own - 5 5" "sum - 10 10" "landed 0" "crossed 0" "open 0" &&
		build gcc -mabi=ms -DALL_MS msabi.c "$FAKE" -o msabi && rm counts && ./msabi &&
		counted "main - 1 1" "other - 5 5" "own - 5 5" "sum - 10 10" "landed 0" "crossed 0" "open 0"
}

@test "both calling conventions of x86-64, whichever is the default, and by the real runtime" {
	[ "$(uname -m)" = x86_64 ] || skip "x86-64 alone has two"
	printf 'rules:\n  - functions: "*"\n' >hotpath.yaml
	cp "$SOURCES/msabi.c" .
	MORE_FLAGS="-O2 -mcmodel=large" each msabi_runs
	MORE_FLAGS="-O2 -mindirect-branch=thunk" each msabi_runs
	for V in $COMPILERS; do
		gcc-$V -O2 -mabi=ms -DALL_MS "-fplugin=$PLUGIN" msabi.c -o real
		mkdir -p "$HOTPATH_SEGMENTS"
		./real
		"$B/bin/hotpath" report --run last --format csv >report
		grep -q '^"*sum"*,.*10,' report || { cat report; return 1; }
		rm -r "$HOTPATH_DIR"
	done
}
