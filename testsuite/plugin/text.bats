# SPDX-License-Identifier: GPL-3.0-or-later
# What the plugin adds to the text, and what debuggers and unwinders find there, with every GCC that has one built.

load helper

setup()
{
	common_setup
	[ "$(uname -m)" = x86_64 ] || skip "the forms of x86-64"
	printf 'rules:\n  - functions: "f*"\n' >hotpath.yaml
}

text() { size -A "$1" | awk '/^\.text/ { n += $2 } END { print n }'; }

# hooks OBJECT: the instructions from each hook's load to its call, without addresses; one hook a line.
hooks()
{
	objdump -d --no-show-raw-insn "$1" | sed 's/^ *[0-9a-f]*:\t//; s/ *#.*//; s/  */ /g; s/[0-9a-f]* <[^>]*>/TARGET/; s/0x[0-9a-f]*/N/' |
		awk '/^mov N\(%rip\),%r[ac]x$/ { line = $0; next } line { line = line "; " $0 } line && /^call/ { print line; line = "" }' | sort | uniq -c |
		sed 's/^ *//'
}

@test "200 functions of one or two lines at -O2: at most 48 bytes of text more for each" {
	awk 'BEGIN { print "int g(int);"
		for (i = 0; i < 200; i += 2) {
			printf "int f%d(int a, int b) { return g(a + b) + %d; }\n", i, i * 10
			printf "int f%d(int a, int b) { if (a > b) return a - %d; return a * b + %d; }\n", i + 1, i * 10, i % 7
		} }' >a.c
	for V in $COMPILERS; do
		gcc-$V -O2 -c a.c -o without.o
		gcc-$V -O2 -c "-fplugin=$PLUGIN" a.c -o with.o
		grown=$(($(text with.o) - $(text without.o)))
		echo "# GCC $V: $grown"
		[ "$grown" -gt 0 ]
		[ "$grown" -le $((200 * 48)) ]
	done
}

@test "a hook is four instructions, and one copy of the exit serves all returns" {
	cat >a.c <<-'END'
		int f(int a, int b)
		{
			if (a > b)
				return a - 1000;
			return a * b + 6;
		}
	END
	for V in $COMPILERS; do
		gcc-$V -O2 -fPIC -c "-fplugin=$PLUGIN" a.c
		[ "$(hooks a.o)" = "2 mov N(%rip),%rcx; jrcxz TARGET; lea N(%rip),%rdi; call *%rcx" ] || { hooks a.o; return 1; }
		gcc-$V -O2 -fno-pie -masm=intel -c "-fplugin=$PLUGIN" a.c
		[ "$(hooks a.o)" = '2 mov N(%rip),%rcx; jrcxz TARGET; mov $N,%edi; call *%rcx' ] || { hooks a.o; return 1; }
	done
}

@test "-mindirect-branch: hooks are called through the thunk, wherever that is" {
	cat >a.c <<-'END'
		__attribute__((noinline)) int f(int a, int b) { return a * b + 6; }
		int main(void) { return f(1, 2) != 8; }
	END
	export FAKE_OUT="$PWD/counts"
	for V in $COMPILERS; do
		for thunk in thunk thunk-inline; do
			rm -f counts
			gcc-$V -O2 "-mindirect-branch=$thunk" -c "-fplugin=$PLUGIN" a.c
			! objdump -d a.o | grep 'call *\*'
			gcc-$V a.o "$FAKE" -o a
			./a
			grep -qx "f - 1 1" counts
		done
		gcc-$V -O2 -mindirect-branch=thunk-extern -c "-fplugin=$PLUGIN" a.c
		nm a.o | grep -q 'U __x86_indirect_thunk_rax'
	done
}

@test "an unwinder in a hook finds the caller, whatever the function keeps on its stack" {
	cat >runtime.c <<-'END'
		#include "abi.h"
		#include <stdlib.h>
		#include <unwind.h>
		extern long outer(long);
		static int depth, hooks;
		static _Unwind_Reason_Code see(struct _Unwind_Context *context, void *found)
		{
			void *ip = (void *)(_Unwind_GetIP(context) - 1);
			if (++depth == 3)
				*(void **)found = _Unwind_FindEnclosingFunction(ip);
			return depth < 3 ? _URC_NO_REASON : _URC_END_OF_STACK;
		}
		static void hook(uint32_t *slot)
		{
			void *found = NULL;
			(void)slot;
			if ((uintptr_t)__builtin_frame_address(0) % 16)
				abort();
			depth = 0;
			_Unwind_Backtrace(see, &found);
			if (found != (void *)outer)
				abort();
			hooks++;
		}
		int hotpath_unit_register(struct hotpath_unit *unit)
		{
			unit->enter = unit->exit = hook;
			return 0;
		}
		int ran(void) { return hooks; }
	END
	cat >a.c <<-'END'
		extern int ran(void);
		extern long h(long);
		__attribute__((noinline)) long h(long a) { __asm__ volatile("" : "+r"(a)); return a; }
		#define MEASURED __attribute__((noinline, noclone)) long
		MEASURED f0(void) { return 1; }
		MEASURED f1(long a) { return h(a) + 1; }
		MEASURED f2(long a, long b) { return h(a) + b; }
		MEASURED f3(long a, long b, long c) { return h(a) + b * c; }
		MEASURED f4(long a, long b, long c, long d) { return h(a) + b * c - d; }
		MEASURED f5(long a, long b, long c, long d, long e) { return (h(a) + b * c - d) ^ e; }
		MEASURED f6(long a, long b, long c, long d, long e, long f) { return ((h(a) + b * c - d) ^ e) + f; }
		MEASURED f7(long a) { volatile char big[200]; big[a] = 1; return a > 5 ? h(a) : big[a]; }
		__attribute__((noinline)) long outer(long a);
		__attribute__((noinline)) long outer(long a)
		{
			long sum = f0();
			sum += f1(a);
			sum += f2(a, 2);
			sum += f3(a, 2, 3);
			sum += f4(a, 2, 3, 4);
			sum += f5(a, 2, 3, 4, 5);
			sum += f6(a, 2, 3, 4, 5, 6);
			sum += f7(a);
			return sum;
		}
		int main(void) { return outer(1) != 35 || ran() != 16; }
	END
	gcc -O2 -I"$BATS_TEST_DIRNAME/../../runtime" -c runtime.c
	for V in $COMPILERS; do
		for FLAGS in -O0 -O1 -O2 -O3 -Os "-O2 -fno-omit-frame-pointer" "-O2 -no-pie -fno-pie" "-O2 -mno-red-zone" \
			"-O2 -fstack-protector-all -fcf-protection" "-O2 -mindirect-branch=thunk" "-O2 -flto"; do
			echo "# GCC $V $FLAGS"
			gcc-$V $FLAGS -g "-fplugin=$PLUGIN" a.c runtime.o -o a
			./a
		done
	done
}

@test "-fcompare-debug: debug information changes neither hooks nor frames" {
	cat >a.c <<-'END'
		int g(int);
		int f1(int a, int b) { return g(a + b) + g(b); }
		int f2(int a, int b) { if (a > b) return g(a); return a * b + 6; }
		void f3(int *a) { for (int i = 0; i < 9; i++) a[i] = g(i); }
	END
	for V in $COMPILERS; do
		for FLAGS in -O0 -O1 -O2 -O3 -Os "-O2 -funroll-loops" "-O2 -fno-pie" "-O2 -mindirect-branch=thunk"; do
			echo "# GCC $V $FLAGS"
			gcc-$V $FLAGS -fcompare-debug -c "-fplugin=$PLUGIN" a.c
			g++-$V $FLAGS -fcompare-debug -c "-fplugin=$PLUGIN" a.c
		done
	done
}
