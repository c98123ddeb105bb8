# SPDX-License-Identifier: GPL-3.0-or-later
# Blocks and scopes of hotpath.h, with exact counts, for every GCC that has a plugin built.

load helper

WARNINGS="-Wall -Wextra -Wpedantic -Wshadow -Wunused -Wconversion -Wcast-qual -Wundef"
HEADERS=-I$BATS_TEST_DIRNAME/../../runtime

@test "C: every way out, nested, in loops and switches, at each level, without a warning" {
	for V in $COMPILERS; do
		for FLAGS in -O0 -O1 -O2 -O3 -Os "-O2 -flto" "-O2 -g -fPIC" "-O2 -std=c99" "-O2 -fexceptions" "-O3 -std=gnu17"; do
			echo "# GCC $V $FLAGS"
			rm -f counts
			build gcc "$SOURCES/blocks.c" "$FAKE" -o blocks
			[ "$(timeout 20 ./blocks)" = "blocks 179" ]
			counted "work - 12 12" "loops::loop - 13 13" "loops::bare - 10 10" "loops::empty - 10 10" \
				"loops::leave - 2 2" "branches::more - 1 1" "branches::one - 1 1" \
				"cases::case1 - 1 1" "cases::case2 - 1 1" "cases::case3 - 1 1" \
				"nested::outer - 5 5" "nested::second - 5 5" "nested::twice - 5 5" "nested::inner - 5 5" "nested::deep - 5 5" \
				"recursive::rec - 177 177" "copied::copy - 20 20" "jump jumper 16 0" "jump::jumping - 16 0" \
				"lands::left - 5 0" "lands::stays - 1 1" "lands::gone - 1 0" "skipped::unmeasured function - 1 1" \
				"landed 12" "crossed 0" "open 0"
		done
	done
}

@test "C++: exceptions, destructors, templates, lambdas, constructors, constexpr" {
	for V in $COMPILERS; do
		for FLAGS in "-O0 -std=c++11" "-O0 -std=c++14" "-O2 -std=c++17" "-O2 -std=c++20 -flto" "-O3 -std=c++20" "-Os -std=c++14" "-O2 -fkeep-inline-functions"; do
			echo "# GCC $V $FLAGS"
			rm -f counts
			build g++ "$SOURCES/blocks.cc" "$FAKE" -o blocks
			[ "$(timeout 20 ./blocks)" = "caught 3 destroyed 9" ]
			grep -v "^power(" counts >others
			[[ "$FLAGS" = *++11* ]] || { grep -qx "power(int, int)::power - 1 1" counts; grep -qx "power(int, int)::step - 4 4" counts; }
			mv others counts
			counted "thrower(int)::throws - 6 6" "main::handler - 3 3" "twice<int>(int)::template - 1 1" \
				"twice<double>(double)::template - 2 2" "main::{lambda(int)#1}::operator()(int) const::lambda - 2 2" \
				"member::member()::constructor - 2 2" "member::~member()::destructor - 2 2" "member::get() const::get - 2 2" \
				"derived::derived()::derived - 1 1" "landed 0" "crossed 0" "open 0"
		done
	done
}

@test "without the plugin, with it off, and under HOTPATH_OFF every macro is nothing" {
	for V in $COMPILERS; do
		gcc-$V -DBARE -O2 -w -c "$SOURCES/blocks.c" -o bare.o
		gcc-$V $WARNINGS -O2 -Wno-implicit-fallthrough $HEADERS -c "$SOURCES/blocks.c" -o without.o 2>messages
		[ ! -s messages ]
		cmp bare.o without.o
		build gcc -O2 -Wno-implicit-fallthrough -DHOTPATH_OFF -c "$SOURCES/blocks.c" -o off.o
		cmp bare.o off.o
		build gcc -O2 -Wno-implicit-fallthrough -fplugin-arg-hotpath-off -c "$SOURCES/blocks.c" -o off.o
		cmp bare.o off.o
		g++-$V -DBARE -O2 -w -std=c++14 -c "$SOURCES/blocks.cc" -o bare.o
		g++-$V $WARNINGS -O2 -std=c++14 $HEADERS -c "$SOURCES/blocks.cc" -o without.o
		cmp bare.o without.o
	done
}

@test "clang: every macro is nothing, without a warning" {
	command -v clang >/dev/null && command -v clang++ >/dev/null || skip "no clang"
	cat >all.cc <<-'END'
		#ifdef BARE
		#define HOTPATH_MEASURE
		#define HOTPATH_MEASURE_AS(label)
		#define HOTPATH_SKIP
		#define HOTPATH_MEASURE_ALL
		#define HOTPATH_BLOCK(label)
		#define HOTPATH_SCOPE(label)
		#else
		#include "hotpath.h"
		#endif
		class HOTPATH_MEASURE_ALL All { public: HOTPATH_SKIP int get() const { return 1; } };
		HOTPATH_MEASURE int measured(int n);
		HOTPATH_MEASURE_AS("other") int renamed(int n);
		int measured(int n)
		{
			HOTPATH_SCOPE("scope");
			while (n > 0)
				HOTPATH_BLOCK("block") { if (n == 3) break; n--; }
			return n;
		}
		int renamed(int n) { if (n) HOTPATH_BLOCK("one") n = All().get(); else n = 4; return n; }
	END
	local std
	# same COMPILER SOURCE FLAGS...: the same object, with all warnings as errors.
	same()
	{
		local compiler=$1 source=$2
		shift 2
		$compiler "$@" -DBARE -w -c "$source" -o bare.o
		$compiler "$@" $WARNINGS -Werror $HEADERS -c "$source" -o without.o
		cmp bare.o without.o
		$compiler "$@" $WARNINGS -Werror -DHOTPATH_OFF $HEADERS -c "$source" -o without.o
		cmp bare.o without.o
	}
	for std in c99 c11 gnu17 gnu2x; do
		same clang "$SOURCES/blocks.c" -O2 -std=$std -Wno-implicit-fallthrough
	done
	for std in c++11 c++14 c++17 gnu++20; do
		same clang++ "$SOURCES/blocks.cc" -O2 -std=$std
		same clang++ all.cc -O0 -std=$std
		same clang++ all.cc -O2 -std=$std
	done
}

@test "a jump into the middle: a warning, and the block is not measured" {
	cat >a.c <<-'END'
		#include "hotpath.h"
		int f(int n)
		{
			int r = 0;
			switch (n) {
			case 0:
				HOTPATH_BLOCK("into") {
			case 1:
					r++;
				}
			}
			if (n == 2)
				goto in;
			HOTPATH_BLOCK("around") {
				HOTPATH_BLOCK("inner") { in: r += 2; }
				HOTPATH_BLOCK("beside") { if (r > 5) goto down; r++; down: r++; }
			}
			{
				HOTPATH_SCOPE("computed");
				void *there[] = { &&one, &&two };
				goto *there[r & 1];
			one:
				r++;
			two:
				r++;
			}
			return r;
		}
		int main(void) { return f(0) + 10 * f(1) + 2 * f(2); }
	END
	for V in $COMPILERS; do
		for FLAGS in -O0 -O2 "-O2 -flto"; do
			LC_ALL=C gcc-$V -Wall $FLAGS $HEADERS "-fplugin=$PLUGIN" a.c "$FAKE" -o a 2>messages
			grep -o '^a.c:[0-9]*:.*warning: .*' messages | sed 's/:[0-9]*: /: /' >plain
			diff plain - <<-'END'
				a.c:7: warning: 'into' is not measured; a jump leads into the middle of it [-Wattributes]
				a.c:14: warning: 'around' is not measured; a jump leads into the middle of it [-Wattributes]
				a.c:15: warning: 'inner' is not measured; a jump leads into the middle of it [-Wattributes]
			END
			gcc-$V -w $FLAGS $HEADERS a.c -o bare
			run timeout 20 ./bare
			expected=$status
			run timeout 20 ./a
			[ "$status" = "$expected" ] || { echo "exit $status and not $expected"; return 1; }
			counted "f::beside - 3 3" "f::computed - 3 3" "landed 0" "crossed 0" "open 0"
		done
	done
}

@test "rules see a block by its label; misuse is said" {
	cat >a.c <<-'END'
		#include "hotpath.h"
		int f(int n)
		{
			HOTPATH_BLOCK("read header") { n++; }
			HOTPATH_BLOCK("read body") { n++; }
			HOTPATH_SCOPE("all");
			return n;
		}
		int main(void) { return f(1) != 3; }
	END
	printf 'rules:\n  - functions: "read *"\n    label: "<{function}>"\n  - functions: ["f::read header", "main"]\n    measure: false\n' >hotpath.yaml
	for V in $COMPILERS; do
		LC_ALL=C gcc-$V -O2 $HEADERS "-fplugin=$PLUGIN" -fplugin-arg-hotpath-verbose a.c "$FAKE" -o a 2>messages
		timeout 20 ./a
		counted "f::read body <read body> 1 1" "f::all - 1 1" "landed 0" "crossed 0" "open 0"
		grep -q "a.c:4:.*'read header' is not measured; hotpath.yaml:4 says so" messages
		grep -q "a.c:5:.*'read body' is measured by hotpath.yaml:2, as '<read body>'" messages
		grep -q "a.c:6:.*'all' is measured by HOTPATH_SCOPE" messages
	done
	rm hotpath.yaml
	printf '#include "hotpath.h"\nvoid f(const char *s) { HOTPATH_BLOCK(s) {} }\n' >b.c
	printf 'int x __attribute__((hotpath_block("x")));\n' >c.c
	for V in $COMPILERS; do
		! LC_ALL=C gcc-$V -c $HEADERS "-fplugin=$PLUGIN" b.c 2>messages
		grep -q "b.c:2.*error: " messages
		LC_ALL=C gcc-$V -c "-fplugin=$PLUGIN" c.c 2>messages
		grep -q "c.c:1.*warning: 'hotpath_block' attribute ignored; write 'HOTPATH_BLOCK' or 'HOTPATH_SCOPE' of '<hotpath.h>'" messages
	done
}

@test "-Wdangling-else still speaks before a block and in other functions" {
	cat >a.cc <<-'END'
		#include "hotpath.h"
		int g(int);
		int f(int a, int b) { if (a) if (b) return 1; else return 2; return 3; }
		int h(int a) { if (a) HOTPATH_BLOCK("x") { auto l = [] { return 1; }; return l(); } return 2; }
		int i(int a, int b) { if (a) if (b) return 1; else return 2; return 3; }
	END
	for V in $COMPILERS; do
		LC_ALL=C g++-$V -Wall -c $HEADERS "-fplugin=$PLUGIN" a.cc 2>messages
		[ "$(grep -o '^a.cc:[0-9]*:.*Wdangling-else' messages | cut -d: -f2 | paste -sd' ')" = "3 5" ] || { cat messages; return 1; }
	done
}

@test "a block that is a semicolon is warned of, one of empty braces is not" {
	printf '#include <hotpath.h>\nvoid f(void)\n{\n\tHOTPATH_BLOCK("a")\n\t{\n\t}\n}\n' >good.c
	printf '#include <hotpath.h>\nvoid f(void)\n{\n\tHOTPATH_BLOCK("a");\n}\n' >bad.c
	cp good.c good.cc
	cp bad.c bad.cc
	for V in $COMPILERS; do
		FLAGS=-O2
		build gcc -c good.c
		build g++ -c good.cc
		! build gcc -c bad.c >/dev/null
		grep -q "^bad.c:4:.* \[-Wempty-body\]" messages
		! build g++ -c bad.cc >/dev/null
		grep -q "^bad.cc:4:.* \[-Wempty-body\]" messages
	done
}
