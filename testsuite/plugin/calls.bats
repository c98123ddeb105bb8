# SPDX-License-Identifier: GPL-3.0-or-later
# Calls to functions that are not compiled here, measured where they stand, for every GCC that has a plugin built.

load helper

MORE_FLAGS="-O2 -D_FORTIFY_SOURCE=2"

setup_file()
{
	common_setup_file
	gcc -O2 -fPIC -c "$BATS_TEST_DIRNAME/programs/calls_lib.c" -o "$BATS_FILE_TMPDIR/lib.o"
	g++ -O2 -fPIC -c "$BATS_TEST_DIRNAME/programs/calls_lib.cc" -o "$BATS_FILE_TMPDIR/libcc.o"
	export LIB="$BATS_FILE_TMPDIR/lib.o" LIBCC="$BATS_FILE_TMPDIR/libcc.o"
}

setup()
{
	common_setup
	cp "$SOURCES"/calls* .
}

# rules LINE...: hotpath.yaml with these lines below "rules:".
rules()
{
	{ echo "rules:"; printf '  %s\n' "$@"; } >hotpath.yaml
}

c_calls()
{
	build gcc calls.c "$LIB" "$FAKE" -o calls && [ "$(./calls)" = fine ] &&
		counted "lib_big - 1 1" "lib_mixed - 1 1" "lib_back - 5 5" "lib_errno - 9 9" "lib_jump - 3 0" "lib_tail - 1 1" \
			"malloc - 1 1" "free - 1 1" "puts - 1 1" "landed 6" "crossed 0" "open 0"
}

@test "C: arguments, results, longjmp out of a call, callbacks, at each level" {
	rules '- calls: ["lib_*", malloc, puts, free]'
	each c_calls
}

c_both()
{
	build gcc calls.c "$LIB" "$FAKE" -o calls && [ "$(./calls)" = fine ] &&
		counted "lib_jump - 3 0" "jumped - 1 1" "main - 1 1" "landed 6" "crossed 0" "open 0"
}

@test "C: calls and functions together, with longjmp into a measured function" {
	rules '- functions: [jumped, main]' '- calls: "lib_jump"'
	each c_both
}

cxx_calls()
{
	build g++ calls.cc "$LIBCC" "$FAKE" -o calls && [ "$(./calls)" = "1116 42 1" ] &&
		counted "lib::may_throw(int) - 6 6" "lib::make(int) - 4 4" "lib::steady(int) - 8 8" \
			"lib::Big::Big(int) - 7 7" "lib::Big::~Big() - 10 10" "landed 0" "crossed 0" "open 0"
}

@test "C++: calls that throw, constructors, cleanups, static objects; virtual calls not" {
	rules '- calls: "lib::*"'
	each cxx_calls
}

one_class()
{
	build g++ -std=c++17 user.cc lib_class.o "$FAKE" -o user && ./user &&
		counted "base::base(int) - 4 4" "base::~base() - 4 4" "landed 0" "crossed 0" "open 0"
}

@test "C++: constructors and destructors are one row each, for whole objects and as parts" {
	cat >lib_class.h <<-'END'
		struct base { int n; base(int); ~base(); };
	END
	cat >lib_class.cc <<-'END'
		#include "lib_class.h"
		base::base(int n) : n(n) {}
		base::~base() {}
	END
	cat >user.cc <<-'END'
		#include "lib_class.h"
		struct part : base { part(int n) : base(n) {} };
		struct shared : virtual base { shared(int n) : base(n) {} };
		int main() { part p(1); base b(2); shared s(3); base *h = new base(4); int n = p.n + b.n + s.n + h->n; delete h; return n != 10; }
	END
	g++ -O2 -c lib_class.cc
	rules '- calls: "base::*"'
	each one_class
	# Under one name in all objects, whichever is met first.
	echo 'struct base { base(int); ~base(); }; struct part : base { part(); }; part::part() : base(1) {}' >first.cc
	for V in $COMPILERS; do
		g++-$V "-fplugin=$PLUGIN" -c first.cc
		objcopy -O binary -j .hotpath --set-section-flags .hotpath=alloc first.o list
		tr '\0' '\n' <list | grep -P '^S\t.*\t_ZN4baseC1Ei\t'
	done
}

@test "C++: calls in coroutines, and everything there is" {
	rules '- calls: "*"'
	for V in $COMPILERS; do
		for FLAGS in -O0 -O2; do
			g++-$V -std=c++20 -fcoroutines $FLAGS "-fplugin=$PLUGIN" "$BATS_TEST_DIRNAME/programs/coroutine.cc" -o co
			g++-$V -std=c++20 -fcoroutines $FLAGS "$BATS_TEST_DIRNAME/programs/coroutine.cc" -o plain
			[ "$(HOTPATH_DISABLE=1 ./co)" = "$(./plain)" ]
		done
	done
}

@test "Fortran: calls of the library and of C" {
	rules '- calls: [lib_tail, lib_tail_]' '- calls: _gfortran_st_write'
	cat >f.f90 <<-'END'
		program p
		interface
		integer(c_int) function tail(n) bind(c, name="lib_tail")
		use iso_c_binding
		integer(c_int), value :: n
		end function
		end interface
		integer :: i
		do i = 1, 3
		print *, tail(i)
		end do
		end program
	END
	for V in $COMPILERS; do
		command -v gfortran-$V || continue
		for FLAGS in -O0 -O2 -O3; do
			build gfortran f.f90 "$LIB" "$FAKE" -o f
			./f | tr -s ' \n' ' ' | grep -q '^ 1 3 6'
			grep -qx "lib_tail - 3 3" counts || grep -qx "tail - 3 3" counts
			grep -qx "_gfortran_st_write - 3 3" counts
			grep -qx "open 0" counts
		done
	done
}

@test "what cannot be measured is left alone, and a note says why" {
	rules '- calls: "*"' '  name: all of them'
	cat >odd.c <<-'END'
		#include <alloca.h>
		#include <math.h>
		#include <setjmp.h>
		#include <stdarg.h>
		#include <stdlib.h>
		#include <unistd.h>
		extern int pure_one(int) __attribute__((const));
		int here(int x) { return x; }
		jmp_buf env;
		int main(int argc, char **argv)
		{
		if (setjmp(env)) return 3;
		char *p = alloca(argc);
		p[0] = (char)pure_one(argc);
		if (vfork() == 0) _exit(0);
		int (*f)(int) = here;
		if (argc > 5) longjmp(env, 1);
		if (argc > 3) abort();
		exit(here(f(0)) + __builtin_popcount(argc) - 1);
		}
		int pure_one(int x) { return x; }
	END
	sed -i '$d' odd.c
	echo 'int pure_one(int x) { return x; }' >one.c
	for V in $COMPILERS; do
		LC_ALL=C gcc-$V -O0 "-fplugin=$PLUGIN" -fplugin-arg-hotpath-verbose -c odd.c 2>messages
		why="though chosen by hotpath.yaml:2 (all of them)"
		grep -q "odd.c:12:5: note: hotpath: calls to '_setjmp' are not measured, $why: it returns twice" messages
		grep -q "alloca' are not measured, $why: it moves the stack of its caller" messages
		grep -q "'pure_one' are not measured, $why: it is const" messages
		grep -q "'vfork' are not measured, $why: it returns twice" messages
		grep -q "'_exit' are not measured, $why: it does not return" messages
		grep -q "'longjmp' are not measured, $why: it does not return" messages
		grep -q "'abort' are not measured, $why: it does not return" messages
		! grep -q "'here'" messages
		! grep -q "are measured" messages
		gcc-$V -c one.c && gcc-$V odd.o one.o "$FAKE" -o odd && ./odd
		grep -c . counts | grep -qx 3
	done
}

@test "nothing is said of calls that nobody wrote, unless a rule names them" {
	cat >throw.cc <<-'END'
		#include <cstdarg>
		#include <cstdlib>
		struct thing { ~thing(); };
		int sum(int n, ...)
		{
			va_list list;
			va_start(list, n);
			thing t;
			if (n > 3)
				throw n;
			n += va_arg(list, int) + __builtin_popcount(n);
			va_end(list);
			try { std::abs(n); } catch (int) { std::abort(); }
			return n;
		}
	END
	for V in $COMPILERS; do
		rules '- calls: "*"'
		LC_ALL=C g++-$V -O0 "-fplugin=$PLUGIN" -fplugin-arg-hotpath-verbose -c throw.cc 2>messages
		[ "$(grep -c "not measured" messages)" = 1 ] || { cat messages; return 1; }
		grep -q "abort.* are not measured" messages
		[ -z "$("$B/bin/hotpath" sites throw.o | grep -e __builtin -e __cxa)" ]
		rules '- calls: "__cxa_*"'
		LC_ALL=C g++-$V -O0 "-fplugin=$PLUGIN" -fplugin-arg-hotpath-verbose -c throw.cc 2>messages
		grep -q "__cxa_throw.* are not measured" messages
		rules '- calls: __builtin_popcount'
		LC_ALL=C g++-$V -O0 "-fplugin=$PLUGIN" -fplugin-arg-hotpath-verbose -c throw.cc 2>messages
		grep -q "__builtin_popcount.* are not measured" messages
	done
}

@test "the last rule decides; its conditions are about the caller" {
	FLAGS=-O2
	rules '- calls: "lib_*"' '- {calls: lib_errno, functions: inner, measure: false}' \
		'- {calls: lib_errno, functions: main, label: "{function} in {file}", group: "the end"}' '- {calls: lib_big, files: "other.c"}'
	for V in $COMPILERS; do
		build gcc calls.c "$LIB" "$FAKE" -o calls && ./calls
		grep -qx "lib_errno - 3 3" counts
		grep -qx "lib_errno lib_errno in calls.c 1 1" counts
		grep -qx "lib_big - 1 1" counts
		! grep -q "here" counts
	done
}

@test "hotpath_skip and no_instrument_function keep calls out, on either side" {
	FLAGS=-O2
	rules '- calls: "lib_*"'
	cat >s.c <<-'END'
		extern int lib_tail(int);
		__attribute__((hotpath_skip)) extern int lib_errno(int);
		__attribute__((hotpath_skip, noinline)) int a(int x) { return lib_tail(x); }
		__attribute__((no_instrument_function, noinline)) int b(int x) { return lib_tail(x); }
		__attribute__((noinline)) int c(int x) { return lib_tail(x) + lib_errno(0); }
		int main(void) { return a(1) + b(1) + c(1) - 3; }
	END
	for V in $COMPILERS; do
		build gcc s.c "$LIB" "$FAKE" -o s && ./s
		counted "lib_tail - 1 1" "landed 0" "crossed 0" "open 0"
	done
}

@test "a fortified call is measured once, and costs no warning" {
	rules '- calls: [memcpy, snprintf, read]'
	cat >fort.c <<-'END'
		#include <stdio.h>
		#include <string.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
		char b[20], c[40];
		memcpy(b, argv[0], (size_t)argc);
		snprintf(c, sizeof(c), "%d", argc);
		return read(0, b, sizeof(b)) != 0 || c[0] != '1';
		}
	END
	for V in $COMPILERS; do
		for FLAGS in "-O2 -D_FORTIFY_SOURCE=2" "-O1 -D_FORTIFY_SOURCE=2" -O2; do
			build gcc fort.c "$FAKE" -o fort && ./fort </dev/null
			counted "memcpy - 1 1" "snprintf - 1 1" "read - 1 1" "landed 0" "crossed 0" "open 0"
		done
	done
}

@test "without a rule about calls none is looked at, and the object is as before" {
	rules '- functions: main'
	for V in $COMPILERS; do
		FLAGS=-O2
		build gcc calls.c "$LIB" "$FAKE" -o calls && ./calls
		counted "main - 1 1" "landed 6" "crossed 0" "open 0"
	done
}
