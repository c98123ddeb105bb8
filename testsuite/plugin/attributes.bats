# SPDX-License-Identifier: GPL-3.0-or-later
# Attributes in their other spelling, on classes, and the pragmas.

load helper

# measures COMPILER FLAGS... SOURCE EXPECTED: every GCC measures the functions on these lines of the source ("3 7"), without
# a warning.
measures()
{
	local compiler=$1 expected=${*: -1} source=${*: -2:1}
	local flags=("${@:2:$#-3}")
	for V in $COMPILERS; do
		LC_ALL=C "$compiler-$V" -Wall -Wextra -c "-fplugin=$PLUGIN" -fplugin-arg-hotpath-verbose "${flags[@]}" "$source" -o out.o 2>messages || { cat messages; return 1; }
		! grep -i warning messages
		grep -oE "^$source:[0-9]+:.* is measured" messages | cut -d: -f2 | sort -n | paste -sd' ' >lines
		[ "$(cat lines)" = "$expected" ] || { echo "GCC $V: '$(cat lines)' and not '$expected'"; return 1; }
	done
}

# warns COMPILER FLAGS... SOURCE: every GCC gives exactly the warnings of standard input, as LINE: TEXT.
warns()
{
	local compiler=$1 source=${*: -1}
	local flags=("${@:2:$#-2}")
	cat >expected
	for V in $COMPILERS; do
		LC_ALL=C "$compiler-$V" -Wall -Wextra -c "${flags[@]}" "-fplugin=$PLUGIN" "$source" -o out.o 2>messages || { cat messages; return 1; }
		grep "^$source:[0-9]*:.*warning: " messages | sed -E 's/^[^:]*:([0-9]+):[0-9]*:? warning: /\1: /' >actual
		diff expected actual
	done
}

@test "[[hotpath::measure]] and [[hotpath::skip]] in C++ and C" {
	cat >a.cc <<-'END'
		#if !__has_cpp_attribute(hotpath::measure) || !__has_cpp_attribute(hotpath::skip) || !__has_cpp_attribute(hotpath::measure_all)
		#error no such attributes
		#endif
		[[hotpath::measure]] int f() { return 1; }
		[[hotpath::measure("by hand")]] int g() { return 2; }
		int h [[hotpath::measure]] () { return 3; }
		[[hotpath::measure]] int later();
		int later() { return 4; }
		template <class T> [[hotpath::measure]] T twice(T x) { return x + x; }
		struct s { [[hotpath::measure]] s() {} [[hotpath::skip]] int m() { return twice(3); } };
		int user() { s x; return x.m(); }
	END
	measures g++ a.cc "4 5 6 8 9 10"
	grep -q "is measured by attribute, as 'by hand'" messages
	printf 'rules:\n  - functions: "*"\n' >every.yaml
	measures g++ -fplugin-arg-hotpath-config=every.yaml a.cc "4 5 6 8 9 10 11"
	cat >a.c <<-'END'
		[[hotpath::measure("row")]] int f(void) { return 1; }
		[[hotpath::skip]] int g(void) { return 2; }
		int h(void) { return 3; }
	END
	measures gcc -std=c2x a.c "1"
	measures gcc -std=c2x -fplugin-arg-hotpath-config=every.yaml a.c "1 3"
}

@test "measure_all on a class: its members, templates and inner classes" {
	cat >a.cc <<-'END'
		struct __attribute__((hotpath_measure_all)) Parser {
			Parser();
			int parse(int x);
			int inside() { return 1; }
			__attribute__((hotpath_skip)) int hash() { return 2; }
			struct Token { int text(); };
			static int fixed();
			__attribute__((no_instrument_function)) int bare() { return 3; }
		};
		Parser::Parser() {}
		int Parser::parse(int x) { return x + inside() + hash() + bare(); }
		int Parser::Token::text() { return 1; }
		int Parser::fixed() { return 3; }
		template <class T> class [[hotpath::measure_all]] Box { public: T get() { return T(); } };
		class Other { public: int f() { return Box<int>().get() + Box<long>().get(); } };
		int user() { return Other().f(); }
	END
	measures g++ a.cc "4 10 11 12 13 14 14"
	grep -q "Box<int>::get.* is measured by attribute\|Box<T>::get.* is measured by attribute" messages
}

@test "pragmas: on, off, push, pop, over includes and templates" {
	cat >a.h <<-'END'
		#pragma hotpath push
		#pragma hotpath measure_all off
		static inline int in_header(int x) { return x; }
		#pragma hotpath pop
	END
	cat >a.cc <<-'END'
		int before() { return 1; }
		#pragma hotpath measure_all on
		#include <vector>
		#include "a.h"
		template <class T> T twice(T x) { return x + x; }
		#define FUNCTION(n) int n() { return 3; }
		FUNCTION(made)
		__attribute__((hotpath_skip)) int skipped() { return 1; }
		int inside() { std::vector<int> v{1, 2}; return v[0] + in_header(2); }
		#pragma hotpath measure_all off
		int after() { return twice(3); }
		#pragma hotpath push
		#pragma hotpath measure_all on
		struct s { int m() { return 1; } };
		#pragma hotpath pop
		int end() { return s().m(); }
	END
	measures g++ a.cc "5 7 9 14"
	measures g++ -save-temps a.cc "5 7 9 14"
	measures g++ -O2 -g a.cc "5 7 9 14"
	grep -q "is measured by pragma" messages
	printf '#pragma hotpath measure_all on\nint f(void) { return 1; }\n#pragma hotpath measure_all off\nint g(void) { return 2; }\n' >a.c
	measures gcc a.c "2"
	for V in $COMPILERS; do gcc-$V -Wall -Wextra -Werror -c "-fplugin=$PLUGIN" -fplugin-arg-hotpath-off a.c; done
}

@test "an empty label is none" {
	echo '__attribute__((hotpath_measure(""))) int f(void) { return 1; }' >a.c
	measures gcc a.c 1
	! grep ", as" messages
}

@test "misplaced ones warn and say where they may stand" {
	cat >a.cc <<-'END'
		[[hotpath::measure]] int x;
		struct s { [[hotpath::skip]] int y; };
		[[hotpath::measure(3)]] int f() { return 1; }
		[[hotpath::skip]] [[hotpath::measure]] int g() { return 1; }
		[[hotpath::measure_all]] int h() { return 1; }
		#pragma hotpath measure_all
		#pragma hotpath measure_all yes
		#pragma hotpath measure_all on now
		#pragma hotpath pop
		#pragma hotpath push 3
		int i() { return 1; }
	END
	warns g++ a.cc <<-'END'
		1: 'hotpath::measure' attribute ignored; it may only stand on a function, before its declaration or after its parameters [-Wattributes]
		2: 'hotpath::skip' attribute ignored; it may only stand on a function, before its declaration or after its parameters [-Wattributes]
		3: 'hotpath::measure' attribute ignored; its argument is a label, a string literal such as 'hotpath::measure("parse row")' [-Wattributes]
		4: 'hotpath::measure' attribute ignored; the function already has 'hotpath_skip' [-Wattributes]
		5: 'hotpath::measure_all' attribute ignored; it may only stand on a class of C++, between 'class' and its name [-Wattributes]
		6: '#pragma hotpath measure_all' ignored; it takes 'on' or 'off' [-Wpragmas]
		7: '#pragma hotpath measure_all' ignored; it takes 'on' or 'off' [-Wpragmas]
		8: '#pragma hotpath measure_all on' ignored; nothing may follow it [-Wpragmas]
		9: '#pragma hotpath pop' ignored; no push stands before it [-Wpragmas]
		10: '#pragma hotpath push' ignored; nothing may follow it [-Wpragmas]
	END
	echo 'struct __attribute__((hotpath_measure_all)) s { int x; };' >a.c
	warns gcc a.c <<-'END'
		1: 'hotpath_measure_all' attribute ignored; it may only stand on a class of C++, between 'class' and its name [-Wattributes]
	END
}
