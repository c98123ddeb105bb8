# SPDX-License-Identifier: GPL-3.0-or-later
# The ways in which people run the compiler, with every GCC that has a plugin: no message, no crash, and exact counts.

setup_file()
{
	export B="${B:-$(cd "$BATS_TEST_DIRNAME/../../build" && pwd)}"
	export PLUGIN="$B/lib/hotpath.so"
	export COMPILERS="${HOTPATH_COMPILERS:-}"
	if [ -z "$COMPILERS" ]; then
		for d in "$B"/lib/hotpath/gcc-*; do COMPILERS="$COMPILERS ${d##*gcc-}"; done
	fi
	export PROGRAMS="$BATS_TEST_DIRNAME/../plugin/programs"
	gcc -O2 -fPIC -c "$BATS_TEST_DIRNAME/../plugin/fake_runtime.c" -o "$BATS_FILE_TMPDIR/fake.o"
	export FAKE="$BATS_FILE_TMPDIR/fake.o"
	export QUIET="-Wall -Wextra -Wpedantic -Wsystem-headers -Wunused-macros -Wundef -Wshadow -Wcast-qual -Wwrite-strings -Wredundant-decls"
	QUIET="$QUIET -Wmissing-declarations -Winline -Wpadded -Wunsafe-loop-optimizations -Wstack-protector -Wnull-dereference"
	QUIET="$QUIET -Wsuggest-attribute=const -Wsuggest-attribute=pure -Wsuggest-attribute=noreturn -Wsuggest-attribute=cold"
	QUIET="$QUIET -Wstack-usage=100000 -Wframe-larger-than=100000 -Wlarger-than=500 -Wabi-tag -Wduplicated-branches"
	QUIET="$QUIET -Wunused-const-variable=2 -Wunreachable-code -Wdisabled-optimization -Wlogical-op -Wtrampolines -Wvla -Walloca"
}

setup()
{
	cd "$BATS_TEST_TMPDIR"
	export FAKE_OUT="$BATS_TEST_TMPDIR/counts"
	export HOTPATH_DIR="$BATS_TEST_TMPDIR/store" HOTPATH_SEGMENTS="$BATS_TEST_TMPDIR/segments"
	C_COUNTS=("fib - 177 177" "early - 3 3" "exits row 6 6" "jump - 2 0" "lander - 1 1" "variadic - 1 1" "main - 1 1" "inlined - 10 10"
		"odd - 4 4" "even - 4 4" "landed 3" "crossed 0" "open 0")
	CXX_COUNTS=("ns::Parser::Parser(int) - 3 3" "ns::Parser::~Parser() - 3 3" "ns::Parser::parse(int) const - 2 2" "int_or_throw(int) - 5 5"
		"twice<int>(int) - 1 1" "twice<double>(double) - 1 1" "main::{lambda(int)#1}::operator()(int) const - 2 2" "make_early() - 1 1"
		"landed 0" "crossed 0" "open 0")
}

# counted LINE...: the program's counts are exactly these.
counted()
{
	printf '%s\n' "$@" | sort >expected
	sort counts >actual
	diff expected actual
}

# silent COMMAND...: succeeds without a word.
silent()
{
	"$@" >messages 2>&1 || { echo "# $*"; cat messages; return 1; }
	[ ! -s messages ] || { echo "# $*"; cat messages; return 1; }
}

# c FLAGS: builds ways.c in one step, runs it and compares the counts; cxx likewise.
c()
{
	rm -f counts
	silent "gcc-$V" "-fplugin=$PLUGIN" "$@" "$PROGRAMS/ways.c" "$FAKE" -o ways && ./ways >out && grep -qx "ways 55" out &&
		counted "${C_COUNTS[@]}" || { echo "# GCC $V $*"; return 1; }
}

cxx()
{
	rm -f counts
	silent "g++-$V" "-fplugin=$PLUGIN" "$@" "$PROGRAMS/ways.cc" "$FAKE" -o ways && ./ways >out && grep -qx "caught 3" out &&
		counted "${CXX_COUNTS[@]}" || { echo "# GCC $V $*"; return 1; }
}

both()
{
	for V in $COMPILERS; do
		c "$@" && cxx "$@" || return 1
	done
}

@test "warnings: none that is not there without the plugin" {
	for V in $COMPILERS; do
		for level in -O0 -O2 -O3 -Os; do
			for pair in gcc:ways.c g++:ways.cc; do
				compiler=${pair%:*}-$V source=$PROGRAMS/${pair#*:}
				$compiler $QUIET $level -c -Wno-attributes "$source" -o a.o 2>without
				$compiler $QUIET $level -c -Wno-attributes "-fplugin=$PLUGIN" "$source" -o a.o 2>with
				# Fewer are right: a measured function is not one for __attribute__((const)).
				! diff without with | grep '^>'
			done
		done
	done
}

@test "-M and -MM list the rules and what they include" {
	mkdir -p src
	echo 'int x;' >src/a.c
	printf 'include: more.yaml\nrules: []\n' >hotpath.yaml
	printf 'rules: []\n' >more.yaml
	for V in $COMPILERS; do
		for flags in "-M -o out" "-MM -o out" "-MM -MG -MP -MF out" "-MD -MF out -E -o a.i" "-MMD -MF out -fsyntax-only"; do
			silent "gcc-$V" $flags "-fplugin=$PLUGIN" src/a.c
			tr -s ' \\' '\n' <out >words
			grep -qx "$PWD/hotpath.yaml" words
			grep -qx "$PWD/more.yaml" words
		done
	done
}

@test "-E, -S, -fsyntax-only, -pipe, -save-temps, from the preprocessed text, from standard input" {
	both -save-temps
	both -pipe -O2
	for V in $COMPILERS; do
		silent "gcc-$V" "-fplugin=$PLUGIN" -fsyntax-only -Wall -Wextra "$PROGRAMS/ways.c"
		silent "g++-$V" "-fplugin=$PLUGIN" -fsyntax-only -Wall -Wextra "$PROGRAMS/ways.cc"
		silent "gcc-$V" "-fplugin=$PLUGIN" -E "$PROGRAMS/ways.c" -o ways.i
		silent "gcc-$V" "-fplugin=$PLUGIN" -O2 -S ways.i -o ways.s
		silent "gcc-$V" ways.s "$FAKE" -o ways
		./ways
		counted "${C_COUNTS[@]}"
		silent "gcc-$V" "-fplugin=$PLUGIN" -x c - "-x" none "$FAKE" -o ways <"$PROGRAMS/ways.c"
		./ways
		counted "${C_COUNTS[@]}"
	done
}

@test "pragmas reach the compiler through -E and -save-temps" {
	printf '#pragma hotpath measure_all on\nint f(int x) { return x; }\n#pragma hotpath measure_all off\nint main(void) { return f(0); }\n' >a.c
	for V in $COMPILERS; do
		silent "gcc-$V" "-fplugin=$PLUGIN" -Wall -Wextra -save-temps a.c "$FAKE" -o a
		./a
		counted "f - 1 1" "landed 0" "crossed 0" "open 0"
	done
}

@test "precompiled headers: attributes, pragmas and landings in them" {
	cat >all.h <<-'END'
		#include <setjmp.h>
		#include <stdio.h>
		__attribute__((hotpath_measure)) static inline int by_attribute(int x) { return x + 1; }
		#pragma hotpath measure_all on
		static inline int by_pragma(int x) { return x + 1; }
		#pragma hotpath measure_all off
		static inline int by_nobody(int x) { return x + 1; }
		static jmp_buf env;
	END
	cat >a.c <<-'END'
		#include "all.h"
		int main(int argc, char **argv)
		{
			(void)argv;
			if (!setjmp(env))
				longjmp(env, argc);
			return by_attribute(1) + by_pragma(1) + by_nobody(1) - 6;
		}
	END
	cp a.c a.cc
	for V in $COMPILERS; do
		for pair in gcc:c g++:cc; do
			compiler=${pair%:*}-$V
			rm -f all.h.gch
			for header in without with; do
				[ $header = without ] || silent $compiler "-fplugin=$PLUGIN" -Wall -Wextra -Winvalid-pch all.h -o all.h.gch
				silent $compiler "-fplugin=$PLUGIN" -Wall -Wextra -Winvalid-pch "a.${pair#*:}" "$FAKE" -o a
				./a
				sed -i 's/(int)//' counts
				counted "by_attribute - 1 1" "by_pragma - 1 1" "landed 2" "crossed 0" "open 0"
			done
		done
	done
}

@test "a precompiled header made without the plugin, and one used without it" {
	printf '#include <stdio.h>\nint f(int x);\n' >all.h
	printf '#include "all.h"\nint f(int x) { return x; }\nint main(void) { return f(0); }\n' >a.c
	printf 'rules:\n  - functions: f\n' >hotpath.yaml
	for V in $COMPILERS; do
		silent "gcc-$V" all.h -o all.h.gch
		silent "gcc-$V" "-fplugin=$PLUGIN" a.c "$FAKE" -o a
		./a
		counted "f - 1 1" "landed 0" "crossed 0" "open 0"
		silent "gcc-$V" "-fplugin=$PLUGIN" all.h -o all.h.gch
		silent "gcc-$V" a.c -o a
		./a
	done
}

@test "another plugin beside this one" {
	cat >other.cc <<-'END'
		#include "gcc-plugin.h"
		#include "plugin-version.h"
		#include "tree.h"
		#include "context.h"
		#include "gimple.h"
		#include "tree-pass.h"
		int plugin_is_GPL_compatible;
		static const pass_data data = {GIMPLE_PASS, "other", OPTGROUP_NONE, TV_NONE, PROP_gimple_any, 0, 0, 0, 0};
		struct other : gimple_opt_pass {
			other() : gimple_opt_pass(data, g) {}
			unsigned execute(function *) override { return 0; }
		};
		static void finish(void *, void *) { fprintf(stderr, "other was here\n"); }
		int plugin_init(plugin_name_args *info, plugin_gcc_version *)
		{
			register_pass_info pass = {new other, "*warn_unused_result", 1, PASS_POS_INSERT_AFTER};
			register_callback(info->base_name, PLUGIN_PASS_MANAGER_SETUP, NULL, &pass);
			register_callback(info->base_name, PLUGIN_FINISH, finish, NULL);
			return 0;
		}
	END
	for V in $COMPILERS; do
		g++-$V -w -fno-rtti -fPIC -shared -I"$(gcc-$V -print-file-name=plugin)/include" other.cc -o other.so
		for order in "-fplugin=$PWD/other.so -fplugin=$PLUGIN" "-fplugin=$PLUGIN -fplugin=$PWD/other.so"; do
			rm -f counts
			gcc-$V -O2 $order "$PROGRAMS/ways.c" "$FAKE" -o ways 2>messages
			[ "$(cat messages)" = "other was here" ]
			./ways
			counted "${C_COUNTS[@]}"
		done
	done
}

@test "-pg, --coverage, -fopenmp, -ffunction-sections with --gc-sections, visibility, split debug information" {
	both -O2 -pg
	both -O2 --coverage
	both -O0 --coverage
	both -O2 -fopenmp
	both -O2 -ffunction-sections -fdata-sections -Wl,--gc-sections
	both -O2 -fvisibility=hidden -fPIC
	both -O2 -g -gsplit-dwarf
	both -O2 -g3 -gz
	both -O2 -fcf-protection=full -fstack-protector-all -fstack-clash-protection -D_FORTIFY_SOURCE=2
	both -O2 -fno-plt -mcmodel=large
	both -O3 -march=x86-64-v3 -ftree-vectorize
	both -O2 -fno-inline -fno-omit-frame-pointer -mno-red-zone
	both -O2 -fno-early-inlining -fno-toplevel-reorder
	both -O1 -fnon-call-exceptions -fno-delete-null-pointer-checks
	both -O2 -fno-common -fmerge-all-constants -fipa-pta
	both -Og -g
	both -Ofast
}

@test "-static, -static-pie, -no-pie, -shared" {
	both -O2 -static
	both -O2 -static-pie -fPIE
	both -O2 -no-pie -fno-pie
	cat >program.f90 <<-'END'
		program p
		print *, twice(2)
		contains
		integer function twice(x)
		integer :: x
		twice = x * 2
		end function
		end program
	END
	printf 'rules:\n  - functions: "*"\n' >hotpath.yaml
	for V in $COMPILERS; do
		command -v gfortran-$V || continue
		for flags in "" -static "-static -O2" "-O2 -static-libgfortran"; do
			silent "gfortran-$V" $flags "-fplugin=$PLUGIN" program.f90 "$FAKE" -o p
			./p
			counted "p - 1 1" "p::twice - 1 1" "landed 0" "crossed 0" "open 0"
		done
	done
}

@test "-flto: whole programs, partitions, thin objects, -r, without the plugin at the link" {
	both -O2 -fwhole-program
	for V in $COMPILERS; do
		for flags in "-flto" "-flto -fno-fat-lto-objects" "-flto=2 -flto-partition=max" "-flto -flto-partition=one" "-flto -ffat-lto-objects" \
			"-flto -fwhole-program" "-flto -fno-use-linker-plugin -ffat-lto-objects" "-flto -g" "-flto -ffunction-sections"; do
			for level in -O0 -O2; do
				silent "gcc-$V" $level $flags "-fplugin=$PLUGIN" -c "$PROGRAMS/ways.c" -o ways.o
				for link in "-fplugin=$PLUGIN" ""; do
					silent "gcc-$V" $level $flags $link ways.o "$FAKE" -o ways
					./ways
					counted "${C_COUNTS[@]}" || { echo "# $flags $level $link"; return 1; }
				done
				silent "g++-$V" $level $flags "-fplugin=$PLUGIN" "$PROGRAMS/ways.cc" "$FAKE" -o ways
				./ways
				counted "${CXX_COUNTS[@]}"
			done
		done
		# Objects joined before the link.
		silent "gcc-$V" -O2 "-fplugin=$PLUGIN" -c "$PROGRAMS/ways.c" -o ways.o
		ld -r ways.o -o joined.o
		silent "gcc-$V" joined.o "$FAKE" -o ways
		./ways
		counted "${C_COUNTS[@]}"
		silent "gcc-$V" -O2 -flto "-fplugin=$PLUGIN" -c "$PROGRAMS/ways.c" -o ways.o
		silent "gcc-$V" -O2 -flto -r -flinker-output=nolto-rel ways.o -o joined.o
		silent "gcc-$V" joined.o "$FAKE" -o ways
		./ways
		counted "${C_COUNTS[@]}"
	done
}

@test "-fprofile-generate and -fprofile-use: the counts stay, and the profile fits" {
	for V in $COMPILERS; do
		for flags in "" "-fprofile-update=atomic" "-fprofile-partial-training"; do
			for pair in c:gcc:C_COUNTS cxx:g++:CXX_COUNTS; do
				rm -rf profile
				IFS=: read -r way compiler counts <<<"$pair"
				$way -O2 $flags -fprofile-generate -fprofile-dir=profile -Werror=coverage-mismatch
				# What was trained is used, not found missing or unlike.
				$way -O2 $flags -fprofile-use=profile -Werror=coverage-mismatch -Wmissing-profile
			done
		done
	done
}

@test "gcov: the lines and branches of a measured function are its own" {
	cat >a.c <<-'END'
		__attribute__((hotpath_measure)) static int f(int x)
		{
			if (x > 1)
				return 2;
			return 1;
		}
		int main(void)
		{
			return f(1) + f(2) - 3;
		}
	END
	for V in $COMPILERS; do
		for with in "" "-fplugin=$PLUGIN"; do
			rm -f a.gc*
			gcc-$V -O0 --coverage -Wno-attributes $with -c a.c -o a.o
			gcc-$V --coverage a.o -o a
			./a
			gcov-$V -b a.o >messages
			mv a.c.gcov "gcov${with:+.with}"
		done
		grep -q 'call  *0 returned' gcov
		diff <(grep -v '^call' gcov) <(grep -v '^call' gcov.with)
	done
}

@test "the address, undefined-behaviour and thread sanitizers say nothing" {
	for V in $COMPILERS; do
		# The static runtime of the test takes the place of what a sanitizer would check itself.
		for flags in "-fsanitize=address" "-fsanitize=undefined -fno-sanitize-recover=all" "-fsanitize=thread" "-fsanitize=leak" \
			"-fsanitize=address,undefined -fsanitize-address-use-after-scope"; do
			for level in -O0 -O2; do
				c $level $flags -g
				cxx $level $flags -g
			done
		done
	done
}

@test "comdat and inline functions in many units report one site a unit and all calls" {
	cat >one.h <<-'END'
		template <class T> __attribute__((hotpath_measure, noinline)) T same(T x) { return x + 1; }
		__attribute__((hotpath_measure, noinline)) inline int inl(int x) { return x + 1; }
		struct S { __attribute__((hotpath_measure, noinline)) int member(int x) { return x; } };
	END
	for i in 1 2 3 4; do
		printf '#include "one.h"\nint unit%d() { S s; return same(%d) + inl(1) + s.member(1); }\n' $i $i >u$i.cc
	done
	echo 'int unit1(), unit2(), unit3(), unit4(); int main() { return unit1() + unit2() + unit3() + unit4() - 26; }' >m.cc
	for V in $COMPILERS; do
		for flags in -O0 -O2 "-O2 -flto" "-O2 -ffunction-sections -Wl,--gc-sections"; do
			silent "g++-$V" $flags "-fplugin=$PLUGIN" m.cc u?.cc "$FAKE" -o m
			./m
			awk '{ n[$1] += $(NF-1); m[$1] += $NF } END { for (k in n) print k, n[k], m[k] }' <(grep ' - ' counts | sed 's/int same<int>/same<int>/') | sort >sums
			[ "$(cat sums)" = "$(printf '%s\n' 'S::member(int) 4 4' 'inl(int) 4 4' 'same<int>(int) 4 4' | sort)" ] || { cat sums counts; return 1; }
		done
	done
}

@test "-nostdlib and -ffreestanding: nothing is left to resolve" {
	cat >a.c <<-'END'
		__attribute__((hotpath_measure)) int f(int x) { return x; }
		void _start(void);
		void _start(void)
		{
			f(1);
			__asm__ volatile("syscall" : : "a"(60), "D"(0));
			for (;;) ;
		}
	END
	for V in $COMPILERS; do
		for flags in "-static" "-static -O2" "-static -fno-pic -no-pie -Os" "-shared -fPIC" "-r" "-O2 -static -flto"; do
			silent "gcc-$V" -ffreestanding -nostdlib -fno-stack-protector -fcf-protection=none -Wl,--fatal-warnings -Wl,-z,noexecstack $flags "-fplugin=$PLUGIN" a.c -o a
			[ "$flags" != "-shared -fPIC" ] || continue
			[ "$flags" != "-r" ] || continue
			./a
			! nm a | grep ' U '
		done
	done
}

@test "dlopen and dlclose of a measured library, with and without a runtime" {
	echo '__attribute__((hotpath_measure)) int in_lib(int x) { return x + 1; }' >lib.c
	cat >host.c <<-'END'
		#include <dlfcn.h>
		int main(void)
		{
			for (int i = 0; i < 5; i++) {
				void *lib = dlopen("./lib.so", RTLD_NOW | RTLD_LOCAL);
				int (*f)(int) = lib ? (int (*)(int))dlsym(lib, "in_lib") : 0;
				if (!f || f(1) != 2 || dlclose(lib))
					return 1;
			}
			return 0;
		}
	END
	for V in $COMPILERS; do
		silent "gcc-$V" -O2 -shared -fPIC "-fplugin=$PLUGIN" lib.c -o lib.so
		silent "gcc-$V" -w host.c -ldl -o host
		./host
		HOTPATH_DISABLE=1 ./host
		[ "$(HOTPATH_DIR=$PWD/store "$B/bin/hotpath" report --run last --format csv | awk -F, '/^"?in_lib/ { print }' | grep -c ,5,)" = 1 ]
		rm -rf store segments
	done
}

@test "C++20 modules do not break it" {
	mkdir -p m
	printf 'export module answer;\nexport int answer() { return 42; }\n' >answer.cc
	printf 'import answer;\nint main() { return answer() - 42; }\n' >main.cc
	printf 'rules:\n  - functions: "*"\n' >hotpath.yaml
	for V in $COMPILERS; do
		for level in -O0 -O2; do
			rm -rf gcm.cache
			silent "g++-$V" -std=c++20 -fmodules-ts $level "-fplugin=$PLUGIN" -c answer.cc -o answer.o
			silent "g++-$V" -std=c++20 -fmodules-ts $level "-fplugin=$PLUGIN" -c main.cc -o main.o
			silent "g++-$V" main.o answer.o "$FAKE" -o main
			./main
			grep -c '^answer.* 1 1$' counts
			grep -qx "main - 1 1" counts
		done
	done
}

@test "C++20 modules: names are as written, on both sides of an import" {
	cat >shapes.cc <<-'END'
		export module shapes;
		export int twice(int n) { return 2 * n; }
		export inline int more(int n) { return n + 1; }
		export template <class T> T same(T n) { return n; }
		export struct box { int n; box(int n) : n(n) {} int get() const { return n; } };
	END
	printf 'import shapes;\nint main() { box b(3); return twice(2) + more(1) + same(1) + b.get() - 10; }\n' >user.cc
	printf 'rules:\n  - functions: [twice, more, "same*", "box::*"]\n  - calls: "*"\n' >hotpath.yaml
	for V in $COMPILERS; do
		for level in -O0 -O2; do
			rm -rf gcm.cache
			silent "g++-$V" -std=c++20 -fmodules-ts $level "-fplugin=$PLUGIN" -c shapes.cc -o shapes.o
			silent "g++-$V" -std=c++20 -fmodules-ts $level "-fplugin=$PLUGIN" -c user.cc -o user.o
			silent "g++-$V" user.o shapes.o "$FAKE" -o user
			./user
			grep -E '^(box|twice|more|same|_ZGI)' counts | grep -v ' 0 0$' | sed 's/[<(].*[>)]//; s/ const//' | sort -u >names
			printf '%s - 1 1\n' box::box box::get more same twice | diff - names
		done
	done
}
