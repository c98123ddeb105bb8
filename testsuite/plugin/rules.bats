# SPDX-License-Identifier: GPL-3.0-or-later
# The rule language on real sources: what each compiler tells the rules about a function.

load helper

# chosen COMPILER SOURCE: the lines of the functions that are measured, at -O0 and -O2 alike; V is the GCC.
chosen()
{
	local level
	for level in -O0 -O2; do
		LC_ALL=C "$1-$V" $level -c "-fplugin=$PLUGIN" -fplugin-arg-hotpath-verbose "$2" -o out.o 2>messages || cat messages
		# gfortran puts the place on a line of its own.
		grep -E "^$2:[0-9]+:[0-9]+:($|.* is measured)" messages | cut -d: -f2 | sort -n | tr '\n' ' ' >lines$level
	done
	cmp lines-O0 lines-O2 && cat lines-O0
}

# rule CONDITION EXPECTED: under a rule of this condition, these lines of $SOURCE are measured by every GCC.
rule()
{
	printf 'rules:\n  - %s\n' "$1" >hotpath.yaml
	for V in $COMPILERS; do
		local lines
		lines=$(chosen "$COMPILER" "$SOURCE")
		[ "$lines" = "$2" ] || { echo "GCC $V, $1: '$lines' and not '$2'"; return 1; }
	done
}

@test "C: linkage, inline, section, size, loops, leaves" {
	COMPILER=gcc SOURCE=a.c
	cat >a.c <<-'END'
		int outside(int);
		static int hidden(int x) { return outside(x); }
		inline __attribute__((gnu_inline)) int quick(int x) { return x; }
		__attribute__((section(".text.cold2"))) int placed(int x) { return outside(x); }
		int loops(int n) { int s = 0; for (int i = 0; i < n; i++) s += i * i; return s; }
		int again(int n) { top: n = outside(n); if (n) goto top; return n; }
		int plain(int x) { return __builtin_expect(x, 1) ? __builtin_popcount(x) : hidden(x) + quick(x); }
		int forward(int x) { if (x) goto end; x = outside(x); end: return x; }
		static __attribute__((used)) int whiles(int n) { while (n > 9) n -= 3; do n++; while (n < 3); return n; }
	END
	rule 'linkage: static' "2 9 "
	rule '{linkage: extern, not: {functions: [loops, again]}}' "3 4 7 8 "
	rule 'inline: true' "3 "
	rule 'section: ".text.cold*"' "4 "
	rule 'has_loop: true' "5 6 9 "
	rule 'leaf: true' "3 5 9 "
	rule '{leaf: true, has_loop: false}' "3 "
	rule 'min_statements: 6' "5 7 9 "
	rule 'language: c' "2 3 4 5 6 7 8 9 "
	rule 'language: [c++, fortran]' ""
	rule 'any: [section: "*", inline: true, all: [linkage: static, leaf: true]]' "3 4 9 "
	rule 'namespace: "*"' ""
	rule 'class: "*"' ""
}

@test "C: a function is where its body is, not where a header declares it" {
	COMPILER=gcc SOURCE=a.c
	mkdir -p sys inc
	printf '#pragma GCC system_header\nint sys_one(int), sys_two(int);\nstatic inline int sys_body(int x) { return x; }\n' >sys/sys.h
	echo 'int old_one(int); int new_one(int);' >inc/own.h
	cat >a.c <<-'END'
		#include <stdlib.h>
		#include "sys/sys.h"
		#include "inc/own.h"
		int sys_one(int x) { return sys_body(x); }
		void qsort(void *a, size_t n, size_t m, int (*f)(const void *, const void *)) { (void)a; (void)n; (void)m; (void)f; }
		int old_one(x) int x; { return x; }
		int new_one(int x) { return x; }
		void *malloc(size_t n) { (void)n; return 0; }
		#define DEFINE(name) int name(int x) { return x; }
		DEFINE(sys_two)
		long labs(long);
		#pragma hotpath measure_all on
		long labs(long x) { return x; }
		#pragma hotpath measure_all off
		int last(int);
		int last(int x) { return x; }
	END
	rule 'functions: "*"' "4 5 6 7 8 10 13 16 "
	rule 'files: a.c' "4 5 6 7 8 10 13 16 "
	rule 'files: ["inc/*", "sys/*"]' "13 "
	sed -i '/pragma/d' a.c
	rule 'functions: "*"' "4 5 6 7 8 10 12 14 "
	rule '{functions: "*", files: "/usr/include/**"}' ""
	# In C++ likewise, as ever.
	COMPILER=g++
	sed -i 's/old_one(x) int x;/old_one(int x)/' a.c
	rule 'functions: "*"' "4 5 6 7 8 10 12 14 "
}

@test "C++: namespaces, classes, templates, lambdas" {
	COMPILER=g++ SOURCE=a.cc
	cat >a.cc <<-'END'
		namespace a { namespace b {
		int in_b() { return 1; }
		template <class T> struct Box { T get() {
			return T(); } };
		} int in_a() { return b::Box<int>().get() + b::in_b(); } }
		namespace { int hidden() { return 2; } }
		struct Outer { struct Inner { int f(); }; int g(); };
		int Outer::Inner::f() { return hidden(); }
		int Outer::g() { auto l = [](int x) {
			return x + hidden(); }; return l(3); }
		int plain() { return 4; }
		static int local() { return a::in_a(); }
		int user() { return local(); }
	END
	rule 'namespace: a' "2 3 5 "
	rule 'namespace: "a::b"' "2 3 "
	rule 'namespace: "(anonymous namespace)"' "6 "
	rule 'class: Box' "3 "
	rule 'class: "a::b::Box"' "3 "
	rule 'class: Outer' "8 9 9 "
	rule 'class: "Outer::Inner"' "8 "
	rule 'linkage: static' "6 9 12 "
	rule '{language: c++, not: {any: [class: "*", namespace: "*"]}}' "11 12 13 "
}

@test "C++: inline namespaces may be left out" {
	COMPILER=g++ SOURCE=a.cc
	cat >a.cc <<-'END'
		#include "hotpath.h"
		namespace q { inline namespace v1 {
		int f(int x) { return x; }
		namespace detail { struct Box { int get(); };
		int Box::get() { return 1; }
		} }
		int f(long x) { HOTPATH_BLOCK("block") x++; return x; }
		namespace v2 { int f(char x) { return x; } } }
		inline namespace top { int g() { return 1; } }
		namespace { int hidden() { return 2; } }
		int user() { return hidden(); }
	END
	cp "$BATS_TEST_DIRNAME"/../../runtime/hotpath*.h .
	# Measured whatever the rules say of functions.
	block="7 "
	rule 'functions: "q::f"' "3 7 $block"
	rule 'functions: "q::f(int)"' "3 $block"
	rule 'functions: "q::v1::f"' "3 $block"
	rule 'namespace: "q::detail"' "5 $block"
	rule 'class: "q::detail::Box"' "5 $block"
	rule 'functions: "q::detail::Box::get()"' "5 $block"
	rule 'functions: g' "$block""9 "
	rule 'functions: "top::g"' "$block""9 "
	rule 'functions: "g()"' "$block""9 "
	rule 'functions: "hidden()"' "$block"
	rule '{not: {functions: "q::*"}}' "$block""9 10 11 "
}

@test "Fortran: modules are namespaces" {
	COMPILER=gfortran SOURCE=a.f90
	cat >a.f90 <<-'END'
		module m
		contains
		integer function f(x)
		integer, intent(in) :: x
		f = x
		end function
		end module
		integer function outer(n)
		integer :: n, i
		outer = 0
		do i = 1, n
		outer = outer + i
		end do
		end function
	END
	printf 'rules: []\n' >hotpath.yaml
	rule 'namespace: m' "3 "
	rule 'has_loop: true' "8 "
	rule 'language: fortran' "3 8 "
}

@test "names of rules stand in notes and messages" {
	printf 'rules:\n  - name: rows\n    functions: parse_*\n' >hotpath.yaml
	echo 'void parse_row(void) {}' >a.c
	for V in $COMPILERS; do
		LC_ALL=C gcc-$V -c "-fplugin=$PLUGIN" -fplugin-arg-hotpath-verbose a.c 2>messages
		grep -q "'parse_row' is measured by hotpath.yaml:2 (rows)" messages
		gcc-$V -S "-fplugin=$PLUGIN" a.c -o - | grep -q '"hotpath.yaml:2 (rows)"'
	done
	printf 'rules:\n  - name: rows\n    function: parse_*\n' >hotpath.yaml
	for V in $COMPILERS; do
		! LC_ALL=C gcc-$V -c "-fplugin=$PLUGIN" a.c 2>messages
		grep -q "hotpath.yaml:3:5: error: rule 'rows': unknown key 'function'; did you mean 'functions'?" messages
	done
}

@test "included files: rules, places of mistakes, dependencies" {
	mkdir -p rules src
	printf 'include: rules/base.yaml\nrules:\n  - functions: skip_*\n    measure: false\n' >hotpath.yaml
	printf 'rules:\n  - files: src/*.c\n' >rules/base.yaml
	echo 'void parse_row(void) {} void skip_me(void) {}' >src/a.c
	for V in $COMPILERS; do
		LC_ALL=C gcc-$V -c -MD "-fplugin=$PLUGIN" -fplugin-arg-hotpath-verbose src/a.c -o a.o 2>messages
		grep -q "'parse_row' is measured by base.yaml:2" messages
		! grep -q "'skip_me' is measured" messages
		tr ' ' '\n' <a.d | grep -qx "$PWD/hotpath.yaml"
		tr ' ' '\n' <a.d | grep -qx "$PWD/rules/base.yaml"
	done
	printf 'rules:\n  - file: src/*.c\n' >rules/base.yaml
	for V in $COMPILERS; do
		! LC_ALL=C gcc-$V -c "-fplugin=$PLUGIN" src/a.c 2>messages
		sed "s,$PWD/,,g" messages >plain
		diff plain - <<-'END'
			rules/base.yaml:2:5: error: unknown key 'file'; did you mean 'files'?
			    2 |   - file: src/*.c
			      |     ^
		END
	done
	printf 'include: ../hotpath.yaml\n' >rules/base.yaml
	for V in $COMPILERS; do
		! LC_ALL=C gcc-$V -c "-fplugin=$PLUGIN" src/a.c 2>messages
		grep -q "rules/base.yaml:1:10: error: '../hotpath.yaml' is the file that this one is included by" messages
	done
}
