# SPDX-License-Identifier: GPL-3.0-or-later
# What the optimisers warn of, with every function measured: word for word what they say without the plugin, for every GCC that has
# one built.

load helper

setup()
{
	common_setup
	printf 'rules:\n  - functions: "*"\n' >hotpath.yaml
	# Code that is right, and that the optimisers understand.
	cat >right.c <<-'END'
		struct list { int n; struct list *next; };
		extern void use(int);
		static inline int is(struct list *l) { return l->n > 3; }
		static inline struct list *next(struct list *l) { return l->n > 3 ? l->next : 0; }
		int behind_hooks_memory_is_what_it_was(struct list *l) { return is(l) ? next(l)->n : 0; }
		int and_again(struct list *l) { if (is(l)) use(next(l)->n); return 1; }
		int and_once_more(struct list *l) { int x; if (is(l)) x = l->n * 3; return is(l) ? x : 0; }
		int and_twice(struct list *l) { int x; if (is(l)) x = l->n * 4; return is(l) ? x : 0; }
	END
	cat >inlined.c <<-'END'
		static inline int set(int c, int *p) { if (c > 3) *p = c; return c > 3; }
		int f(int n) { int x; if (set(n, &x)) return x; return 0; }
		int g(int n) { int x; if (set(n, &x)) return x + 1; return 0; }
	END
	cat >returns.c <<-'END'
		int f(int n)
		{
			if (4)
				return n;
			else if (n)
				return 2;
		}
		int g(int n)
		{
			while (sizeof(int) == 4)
				if (n++ > 3)
					return n;
		}
	END
	cp returns.c returns.cc
	# Code that is wrong: with all that is said of one place, in two functions, and nothing said of what has no option.
	cat >wrong.c <<-'END'
		extern void use(int);
		extern int given[4];
		int lacks_return(int c) { if (c) return 1; }
		extern int used(int) __attribute__((warn_unused_result));
		void does_not_use(void) { used(1); }
		static void never_called(void) {}
		int f(int c) { int x; if (c > 3) { use(1); x = c; } return x; }
		int g(int i) { if (i == 9) return given[i]; return given[i & 3]; }
		#pragma GCC diagnostic push
		#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
		int h(int c) { int x; if (c > 4) { use(2); x = c; } return x; }
		#pragma GCC diagnostic pop
	END
	# Nothing but what is uninitialised in memory that a hook might write to.
	cat >taken.c <<-'END'
		extern void take(int *);
		int f(void) { int i; if (i) take(&i); return i; }
	END
	cat >wrong.cc <<-'END'
		struct box { box(int n); ~box(); int at[4]; };
		int f(int n) { box b(n); return n == 9 ? b.at[n - 1] : b.at[n & 3]; }
		int *g(int n) { box *b = new box(n); delete b; return b->at; }
	END
}

# says FILE FLAG...: what GCC $V says of it, in A without the plugin and in B with it, and how it ends; what it writes lies there too.
says()
{
	local compiler=gcc
	[ "${1##*.}" = c ] || compiler=g++
	rm -rf A B
	mkdir A B
	(cd A && status=0 && LC_ALL=C "$compiler-$V" -c "${@:2}" "../$1" 2>said || status=$?; echo "$status" >status)
	(cd B && status=0 && LC_ALL=C "$compiler-$V" -c "${@:2}" "-fplugin=$PLUGIN" "../$1" 2>said || status=$?; echo "$status" >status)
}

alike() { diff A/said B/said && diff A/status B/status; }

@test "of code that is right nothing new is said" {
	for V in $COMPILERS; do
		for FLAGS in -O0 -O1 -O2 -O3 -Os "-O2 -g -fPIC" "-O2 -Werror" "-O1 -fexceptions"; do
			for file in right.c inlined.c returns.c returns.cc; do
				echo "# GCC $V $FLAGS $file"
				says $file $FLAGS -Wall -Wextra -Wnull-dereference
				alike
				[ ! -s A/said ]
				[ "$(cat A/status)" = 0 ]
				[ "$(nm B/${file%.*}.o | grep -c hotpath_slots)" = 1 ]
			done
		done
	done
}

@test "of code that is wrong the same is said, with all its lines and notes, in C and C++" {
	for V in $COMPILERS; do
		for FLAGS in -O1 -O2 -O3 -Os "-O2 -g -fPIC" "-O2 -fdiagnostics-color=always" "-O2 -fanalyzer" "-O2 -Wframe-larger-than=1 -Wstack-usage=1 -Winline"; do
			for file in wrong.c wrong.cc; do
				echo "# GCC $V $FLAGS $file"
				says $file $FLAGS -Wall -Wextra
				alike
				[ "$(cat A/status)" = 0 ]
				[ $file = wrong.cc ] || [[ $FLAGS = *color* ]] || [ "$(grep -c warning: A/said)" -gt 1 ]
				[ $file = wrong.cc ] || cp B/said c-said
			done
		done
		for FLAGS in -O0 -O1 -O2 -Os -Og; do
			echo "# GCC $V $FLAGS taken.c"
			says taken.c $FLAGS -Wall
			alike
			grep -q "'i' is used uninitialized" A/said
		done
		# Once, by the compiler itself.
		[ "$(grep -c "never_called.*defined but not used" c-said)" = 1 ]
	done
}

@test "-Werror and its kin end the compilation as they do without the plugin" {
	for V in $COMPILERS; do
		for FLAGS in -Werror -Werror=maybe-uninitialized "-Werror -Wno-error=maybe-uninitialized" "-Werror -Wfatal-errors" "-Werror -fmax-errors=1" "-Werror -fmax-errors=2"; do
			echo "# GCC $V $FLAGS"
			says wrong.c -O2 -Wall -Wextra $FLAGS
			alike
			[ "$(cat A/status)" = 1 ]
			[ ! -e B/wrong.o ]
		done
		says wrong.c -O2 -w -Werror
		alike
		[ ! -s B/said ]
	done
}

@test "what is measured, and what else is written, does not depend on whether something is said" {
	for V in $COMPILERS; do
		for file in wrong taken; do
			says $file.c -O2 -w -g
			mv B quiet
			says $file.c -O2 -Wall -g
			grep -q uninitialized B/said
			cmp quiet/$file.o B/$file.o
			rm -rf quiet
		done
		says wrong.c -O2 -w -ftest-coverage -fstack-usage -fcallgraph-info -fdump-tree-optimized -MD
		mv B quiet2
		says wrong.c -O2 -Wall -ftest-coverage -fstack-usage -fcallgraph-info -fdump-tree-optimized -MD
		rm B/said quiet2/said
		# gcov's stamp is the time.
		cmp -i 16 quiet2/wrong.gcno B/wrong.gcno
		rm B/wrong.gcno quiet2/wrong.gcno
		diff -r quiet2 B
		rm -rf quiet2
	done
}

@test "a compiler that checks itself finds nothing wrong" {
	for V in $COMPILERS; do
		for FLAGS in -O0 -O1 -O2 -Og; do
			for file in wrong.c taken.c wrong.cc; do
				says $file $FLAGS -Wall -fchecking=2
				[ "$(cat B/status)" = 0 ]
			done
		done
	done
}

@test "calls and blocks bring no new warning either" {
	printf 'rules:\n  - calls: "*"\n' >hotpath.yaml
	cat >calls.c <<-'END'
		struct list { int n; struct list *next; };
		extern int outside(int) __attribute__((pure));
		int f(struct list *l, int n)
		{
			int x;
			if (l->n > 3)
				x = l->n * 3;
			n = outside(n);
			return l->n > 3 ? x : n;
		}
	END
	cat >blocks.c <<-'END'
		#include <hotpath.h>
		struct list { int n; struct list *next; };
		int f(struct list *l, int n)
		{
			int x;
			if (l->n > 3)
				x = l->n * 3;
			HOTPATH_BLOCK("block")
			{
				if (n > 3)
					n = n * 7;
			}
			return l->n > 3 ? x : n;
		}
	END
	for V in $COMPILERS; do
		for FLAGS in -O1 -O2 -O3 -Os; do
			for file in calls.c blocks.c; do
				says $file $FLAGS -Wall -Wextra -Wnull-dereference "-I$BATS_TEST_DIRNAME/../../runtime"
				alike
				[ "$(nm B/${file%.*}.o | grep -c hotpath_slots)" = 1 ]
			done
		done
	done
}
