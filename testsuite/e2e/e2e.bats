# SPDX-License-Identifier: MIT
# The whole way: one flag at compile time, a run, a report.  Counts must be exact.

setup() {
  BUILD=$(cd "${BUILD:-$BATS_TEST_DIRNAME/../../build}" && pwd)
  HERE=$BATS_TEST_DIRNAME
  T=$BATS_TEST_TMPDIR
  cd "$T"
  unset HOTPATH_OUTPUT_FORMAT HOTPATH_RUN_TOKEN HOTPATH_LABEL HOTPATH_DISABLE
  export HOTPATH_SEGMENTS=$T/segments
  FLAG="-fplugin=$BUILD/lib/hotpath.so ${HOTPATH_TEST_FLAGS:-}"
  printf 'rules:\n  - functions: ["*"]\n    measure: true\n' > hotpath.yaml
  sources
}

# The rules are looked for from the source file upward, so the sources come along.
sources() { cp "$HERE/shapes.c" "$HERE/shapes.cc" "$HERE/shapes.f90" "$HERE/survive.c" "$T"; }

hotpath() { "$BUILD/bin/hotpath" "$@"; }

# ask QUERY: as CSV without the CR that RFC 4180 wants.
ask() { hotpath sql --format csv "$1" | tr -d '\r'; }

# counts: NAME,CALLS,RUNNING,UNWOUND of the newest run.
counts() {
  ask "SELECT name, calls, running, unwound FROM functions WHERE run = (SELECT max(id) FROM runs)"
}

has() {
  grep -qxF -- "$1" <<< "$output" || { echo "missing: $1"; echo "$output"; return 1; }
}

c_counts() {
  has "early,4320,0,0"
  has "small,300,0,0"
  has "factorial,10,0,0"
  has "try_jump,20,0,0"
  has "jump,100,0,100"
  has "worker,4,0,0"
  has "main,1,1,0"
}

@test "C at every level, with LTO, PIC and no PIE: counts are exact" {
  for flags in -O0 -O1 -O2 -O3 "-O2 -flto" "-O2 -fPIC" "-O2 -no-pie"; do
    gcc $flags $FLAG "shapes.c" -o shapes -pthread
    run ./shapes
    [ "$status" = 4 ] && [ "$output" = done ]
    run counts
    c_counts
    has "leave,1,1,0"
  done
  run ask "SELECT count(*), sum(status), sum(lost), sum(damaged) FROM runs"
  has "7,28,0,0"
}

@test "GCC 11 too" {
  command -v gcc-11 > /dev/null && [ -e "$BUILD/lib/hotpath/gcc-11/plugin.so" ] || skip "no plugin for gcc-11"
  for flags in -O0 -O2 "-O2 -flto"; do
    gcc-11 $flags $FLAG shapes.c -o shapes -pthread
    run ./shapes
    [ "$status" = 4 ] && [ "$output" = done ]
    run counts
    c_counts
  done
}

@test "a run ended by SIGKILL, abort or _exit is in the store at the next command" {
  gcc -O2 $FLAG "shapes.c" -o shapes -pthread
  for how in kill abort _exit; do
    run ./shapes $how
    [ "$status" != 0 ]
    run counts
    c_counts
  done
  run ask "SELECT count(*), sum(sealed), count(status) FROM runs"
  has "3,0,0"
}

@test "C++: exceptions, constructors, virtual functions, templates, lambdas" {
  for flags in -O0 -O2 "-O2 -flto"; do
    g++ $flags $FLAG "shapes.cc" -o shapes
    run ./shapes
    [ "$status" = 0 ]
    run counts
    has "catcher,50,0,0"
    has "thrower,300,0,0"
    has "area,7,0,0"
    has "twice,11,0,0"
    has "twice,1,0,0"
    has "main,1,0,0"
  done
  run ask "SELECT qualified, language FROM functions WHERE name = 'thrower' AND run = 1"
  has "shapes::thrower(int),C++"
}

@test "Fortran: module procedures and recursion" {
  command -v gfortran > /dev/null || skip "no gfortran"
  for flags in -O0 -O2; do
    gfortran $flags $FLAG "shapes.f90" -o shapes
    run ./shapes
    [ "$status" = 0 ]
    run counts
    has "fib,177,0,0"
    has "fill,5,0,0"
  done
  run ask "SELECT DISTINCT language FROM functions"
  has "Fortran"
}

@test "a shared library and its program, each with their own functions" {
  printf 'int lib_add(int a, int b) { return a + b; }\n' > lib.c
  printf 'int lib_add(int, int);\nint main(void) { int s = 0; for (int i = 0; i < 25; i++) s = lib_add(s, i); return s != 300; }\n' > prog.c
  gcc -O2 $FLAG -fPIC -shared lib.c -o libadd.so
  gcc -O2 $FLAG prog.c -o prog -L. -ladd -Wl,-rpath,"$T"
  ./prog
  run counts
  has "lib_add,25,0,0"
  has "main,1,0,0"
}

@test "a shared library that is measured does not hide how its program ended" {
  printf 'int lib_add(int a, int b) { return a + b; }\n' > lib.c
  cat > prog.c <<'C'
#include <stdio.h>
#include <stdlib.h>
int lib_add(int, int);
static void last(void) { lib_add(1, 2); }
int main(int argc, char **argv)
{
	atexit(last);
	puts(argv[argc - 1]);
	if (argc > 1 && *argv[1] == 'q')
		quick_exit(4);
	return lib_add(argc, 2);
}
C
  gcc -O2 $FLAG -fPIC -shared lib.c -o libadd.so
  for flag in "$FLAG" ""; do
    gcc -O2 $flag prog.c -o prog -L. -ladd -Wl,-rpath,"$T"
    run ./prog
    [ "$status" = 3 ]
    run ./prog q
    [ "$status" = 4 ]
    # Behind the output of the program, at its end, of the run as it ended.
    HOTPATH_OUTPUT_FORMAT=table run ./prog
    [ "${lines[0]}" = ./prog ] && [[ ${lines[1]} == *"  exit 3 "* ]] || { echo "$output"; return 1; }
  done
  # lib_add of main, and of its exit handler.
  run ask "SELECT calls, count(*) FROM functions WHERE name = 'lib_add' GROUP BY 1"
  has "2,4"
  run ask "SELECT r.how, r.status, count(*) FROM runs r GROUP BY 1, 2 ORDER BY 1"
  has "exit,3,4"
  has "quick_exit,,2"
}

@test "a library loaded and unloaded in a loop keeps one row for its function" {
  printf 'int lib_add(int a, int b) { return a + b; }\n' > lib.c
  cat > prog.c <<'C'
#include <dlfcn.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
	int sum = 0, n = argc > 1 ? atoi(argv[1]) : 50;
	for (int i = 0; i < n; i++) {
		void *lib = dlopen("./libadd.so", RTLD_NOW);
		int (*add)(int, int) = (int (*)(int, int))dlsym(lib, "lib_add");
		sum = add(sum, 1);
		dlclose(lib);
	}
	return sum != n;
}
C
  gcc -O2 $FLAG -fPIC -shared lib.c -o libadd.so
  gcc -O2 $FLAG prog.c -o prog -ldl
  ./prog
  run counts
  has "lib_add,50,0,0"
  # What is known of it is kept once, too.
  export HOTPATH_RUN_TOKEN=keep
  for n in 50 1000; do
    ./prog $n
    stat -c %b segments/* >> sizes
    rm segments/*
  done
  [ "$(sort -u sizes | wc -l)" = 1 ]
}

@test "a library of the program's own, found by LD_LIBRARY_PATH, is not loaded into the command" {
  mkdir lib
  echo '__attribute__((constructor)) static void here(void) { __builtin_trap(); } int sqlite3_open_v2;' > broken.c
  gcc -shared -fPIC broken.c -Wl,-soname,libsqlite3.so.0 -o lib/libsqlite3.so.0
  gcc -O2 $FLAG shapes.c -o shapes -lm -lpthread
  LD_LIBRARY_PATH=$T/lib ./shapes || [ $? = 4 ]
  for _ in $(seq 100); do
    [ -z "$(ls segments)" ] || sleep 0.1
  done
  # The segment was taken in by the program's own end, not by this command.
  [ -z "$(ls segments)" ]
  [ "$(ask 'SELECT count(*) FROM runs')" = "$(printf 'count(*)\n1')" ]
}

@test "linked in, shared or static, and in a static program" {
  printf 'int work(int i) { return i + 1; }\nint main(void) { int s = 0; for (int i = 0; i < 10; i++) s = work(s); return s != 10; }\n' > prog.c
  gcc -O1 -fno-inline $FLAG prog.c -o prog -L"$BUILD/lib" -Wl,-u,hotpath_unit_register \
    -Wl,--push-state,--no-as-needed -lhotpath -Wl,--pop-state -Wl,-rpath,"$BUILD/lib"
  readelf -d prog | grep -q libhotpath.so
  ./prog
  run counts
  has "work,10,0,0"
  gcc -O1 -fno-inline $FLAG prog.c -o prog "$BUILD/lib/libhotpath.a" -Wl,-u,hotpath_unit_register
  [ "$(readelf -d prog | grep -c libhotpath.so)" = 0 ]
  ./prog
  run counts
  has "work,10,0,0"
  gcc -O1 -fno-inline -static $FLAG prog.c -o prog -Wl,-u,hotpath_unit_register "$BUILD/lib/libhotpath.a"
  ./prog
  run counts
  has "work,10,0,0"
  run ask "SELECT count(*), count(status) FROM runs"
  has 3,3
}

@test "without a runtime the program runs as if never instrumented" {
  mkdir -p copy/lib/hotpath
  cp -r "$BUILD"/lib/hotpath/. copy/lib/hotpath/
  cp "$BUILD/lib/libhotpath-plugin.so" copy/lib/hotpath.so
  gcc -O2 -fplugin=copy/lib/hotpath.so "shapes.c" -o shapes -pthread
  run ./shapes
  [ "$status" = 4 ] && [ "$output" = done ]
  gcc -O2 -static -fplugin="$BUILD/lib/hotpath.so" "shapes.c" -o shapes -pthread
  run ./shapes
  [ "$status" = 4 ] && [ "$output" = done ]
  [ ! -e .hotpath ] && [ ! -e segments ]
}

@test "main begins as if nothing had been before it" {
  cat > guest.c <<'C'
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static int works(int i) { return i + 1; }
int main(void)
{
	int before = errno, flags = fetestexcept(FE_ALL_EXCEPT);
	sigset_t mask;
	int sum = 0;
	for (int i = 0; i < 1000; i++)
		sum = works(sum);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	printf("errno %d %d flags %d %d signals %d fd %d sum %d\n", before, errno, flags,
	       fetestexcept(FE_ALL_EXCEPT), sigismember(&mask, SIGUSR1), open("/dev/null", O_RDONLY), sum);
	return 0;
}
C
  gcc -O0 guest.c -o bare -lm
  gcc -O0 $FLAG guest.c -o guest -lm
  [ "$(./bare 3>&- 4>&- 5>&-)" = "$(./guest 3>&- 4>&- 5>&-)" ]
  run counts
  has "works,1000,0,0"
}

@test "on a stack that is aligned for no call, hooks, switches, sessions and the end still work" {
  [ "$(uname -m)" = x86_64 ] || skip "the stack is misaligned in assembly of x86-64"
  cat > askew.c <<'C'
#include "hotpath_control.h"
#include <stdlib.h>
/* Calls a function with a stack pointer that is 8 bytes off. */
void askew(void (*f)(void));
__asm__("askew: push %rbx\n mov %rsp, %rbx\n sub $8, %rsp\n call *%rdi\n mov %rbx, %rsp\n pop %rbx\n ret");
static __attribute__((noinline)) int work(int i) { __asm__ volatile(""); return i + 1; }
static __attribute__((noinline)) int deep(int i) { int r = i ? deep(i - 1) : work(0); __asm__ volatile(""); return r + 1; }
static void many(void) { int n = 0; while (n < 100000) n = work(n); }
static void down(void) { deep(20000); }
static void steer(void)
{
  hotpath_stop();
  hotpath_start();
  hotpath_flush();
  hotpath_session_end(hotpath_session_begin("askew"));
  hotpath_reset();
}
static void leave(void) { exit(3); }
int main(void)
{
  if (!hotpath_measuring())
    return 1;
  askew(steer);
  askew(many);
  askew(down);
  askew(leave);
}
C
  gcc -O1 -mgeneral-regs-only -I"$HERE/../../runtime" $FLAG askew.c -o askew
  for how in HOTPATH_BUDGET= HOTPATH_CLOCK=monotonic HOTPATH_BUDGET=5%; do
    echo "$how"
    (ulimit -s unlimited; run env "$how" ./askew; [ "$status" = 3 ])
    run ask "SELECT name, sum(calls) FROM functions WHERE name IN ('work', 'deep', 'leave') GROUP BY 1 ORDER BY 1"
    [ "$output" = "$(printf 'name,sum(calls)\ndeep,20001\nleave,1\nwork,100001')" ]
    run ask "SELECT count(*), sum(lost), sum(damaged) FROM runs"
    has "2,0,0"
    rm -r .hotpath
  done
}

@test "HOTPATH_DISABLE=1 measures nothing" {
  gcc -O2 $FLAG "shapes.c" -o shapes -pthread
  HOTPATH_DISABLE=1 run ./shapes
  [ "$status" = 4 ]
  [ ! -e .hotpath ] && [ ! -e segments ]
}

@test "40 programs ending together all get into the store" {
  printf 'int work(int i) { return i + 1; }\nint main(int c, char **v) { (void)v; int s = 0; for (int i = 0; i < 10; i++) s = work(s); return s == c; }\n' > prog.c
  gcc -O1 -fno-inline $FLAG prog.c -o prog
  for i in $(seq 40); do ./prog & done
  wait
  run ask "SELECT count(*) FROM runs"
  has 40
  run ask "SELECT sum(calls) FROM functions WHERE name = 'work'"
  has 400
  [ -z "$(ls segments)" ]
}

@test "exec, vfork, posix_spawn and closed descriptors lose no call and touch no file" {
  gcc -O1 $FLAG survive.c -o survive -pthread
  ulimit -s unlimited
  for how in vfork spawn close; do
    ./survive $how
    run counts
    has "work,150,0,0"
  done
  has "deep,100000,0,0"
  [ -e mine ] && [ ! -s mine ]
  ./survive exec
  run ask "SELECT sum(calls), count(*) FROM functions WHERE name = 'work' AND run > 3"
  has "250,2"
  run ask "SELECT sum(lost), sum(damaged) FROM runs"
  has "0,0"
}

@test "a program that goes to another folder records on, also where its folders were named from the first" {
  gcc -O1 $FLAG survive.c -o survive -pthread
  mkdir store
  ulimit -s unlimited
  HOTPATH_SEGMENTS=segments HOTPATH_DIR=store ./survive chdir
  export HOTPATH_DIR=$T/store
  run ask "SELECT name, calls FROM functions ORDER BY name, calls"
  has "work,150"
  has "work,5"
  has "deep,100000"
  run ask "SELECT count(*), sum(lost), sum(damaged), min(sealed) FROM runs"
  has "2,0,0,1"
  # They were handed over to be taken in.
  for _ in $(seq 100); do
    [ -z "$(ls segments)" ] || sleep 0.1
  done
  [ -z "$(ls segments)" ]
}

@test "after a chroot what can no longer be recorded is counted as lost" {
  [ "$(id -u)" = 0 ] || skip "only root may chroot"
  gcc -O1 $FLAG survive.c -o survive -pthread
  mkdir empty
  (ulimit -s unlimited; ./survive chroot)
  run counts
  has "work,150,0,0"
  run ask "SELECT sum(calls) + (SELECT sum(lost) FROM runs) FROM functions WHERE name = 'deep'"
  has 100000
}

@test "... where there is a file of the segment's name, that is not ours, and is left alone" {
  [ "$(id -u)" = 0 ] || skip "only root may chroot"
  gcc -O1 $FLAG survive.c -o survive -pthread
  mkdir -p "others$HOTPATH_SEGMENTS"
  (ulimit -s unlimited; ./survive others)
  cmp "others$HOTPATH_SEGMENTS"/* <(echo "another's")
  run counts
  has "work,150,0,0"
  run ask "SELECT sum(calls) + (SELECT sum(lost) FROM runs) FROM functions WHERE name = 'deep'"
  has 100000
  run ask "SELECT min(lost) > 0 FROM runs"
  has 1
}

@test "children of a threaded program, and theirs, each have their own run" {
  gcc -O1 $FLAG survive.c -o survive -pthread
  ./survive forks
  run ask "SELECT calls, count(*) FROM functions WHERE name = 'work' AND calls <= 1000 GROUP BY calls"
  has "10,20"
  has "1000,20"
  run ask "SELECT count(*), sum(damaged) FROM runs"
  has "41,0"
}

@test "each process's part is linked to that of the process that started it, or that it was before" {
  cat > prog.c <<'C'
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
__attribute__((noinline)) static void work(void) { __asm__ volatile(""); }
int main(int argc, char **argv)
{
	char *child[] = {argv[0], NULL};
	const char *how = argc > 1 ? argv[1] : "";
	pid_t pid = 0;

	work();
	if (!strcmp(how, "fork") && !(pid = fork())) {
		work();
		_exit(0);
	}
	if (!strcmp(how, "vfork") && !(pid = vfork())) {
		execv(argv[0], child);
		_exit(1);
	}
	if (!strcmp(how, "spawn"))
		posix_spawn(&pid, argv[0], NULL, NULL, child, environ);
	if (!strcmp(how, "exec"))
		execv(argv[0], child);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (!strcmp(how, "system"))
		return system("./prog; true");
	return 0;
}
C
  gcc -O1 $FLAG prog.c -o prog
  # What waits may be taken in by nobody else meanwhile: then there is nothing to go on from.
  export HOTPATH_RUN_TOKEN=linked
  for how in fork vfork spawn exec; do
    ./prog $how
    hotpath ingest --quiet
    run ask "SELECT count(*), count(DISTINCT run_id), count(parent_id), sum(parent_id IN (SELECT run_id FROM runs)) FROM runs"
    has 2,2,1,1
    run ask "SELECT c.argv LIKE '%$how%', p.argv LIKE '%$how%' FROM runs AS c JOIN runs AS p ON c.parent_id = p.run_id"
    if [ $how = fork ]; then has 1,1; else has 0,1; fi
    rm -rf .hotpath
  done
  # A shell in between is nobody that is known.
  ./prog system
  hotpath ingest --quiet
  run ask "SELECT count(*), count(parent_id) FROM runs"
  has 2,0
}

@test "the report at the program's end, on demand only" {
  gcc -O2 $FLAG "shapes.c" -o shapes -pthread
  HOTPATH_OUTPUT_FORMAT=table HOTPATH_FOCUS=factorial run ./shapes
  [ "$status" = 4 ]
  [ "${lines[0]}" = done ]
  grep -q '^factorial  *10 ' <<< "$output"
  [ "$(grep -c '^early' <<< "$output")" = 0 ]
  HOTPATH_OUTPUT_FORMAT=json HOTPATH_OUTPUT_PATH=out.json run ./shapes
  [ "$output" = done ]
  grep -q '"schema":1' <(tr -d ' ' < out.json)
}

@test "a program in a git repository has branch, commit and dirty flag" {
  git init -q -b trunk . && git config user.email a@b && git config user.name n
  printf 'int main(void) { return 0; }\n' > prog.c
  printf '.hotpath/\nsegments/\nprog\n' > .gitignore
  git add . && git commit -qm one
  gcc $FLAG prog.c -o prog
  ./prog
  run ask "SELECT branch, commit_id, dirty FROM runs ORDER BY id DESC LIMIT 1"
  has "trunk,$(git rev-parse HEAD),0"
  echo '/* changed */' >> prog.c
  ./prog
  run ask "SELECT branch, commit_id, dirty FROM runs ORDER BY id DESC LIMIT 1"
  has "trunk,$(git rev-parse HEAD),1"
}

@test "hotpath run passes on the exit status and names the run" {
  gcc -O2 $FLAG "shapes.c" -o shapes -pthread
  run hotpath run --label nightly -- ./shapes
  [ "$status" = 4 ]
  run ask "SELECT label, status FROM runs"
  has "nightly,4"
  run hotpath run -- ./shapes kill
  [ "$status" = 137 ]
  run ask "SELECT signal FROM runs ORDER BY id DESC LIMIT 1"
  has 9
}

@test "sample: calls are exact, about so many are timed, and the report says that times are estimates" {
  cat > prog.c <<'C'
static volatile int sink;
__attribute__((noinline)) static void often(int i) { sink = i; }
__attribute__((noinline)) static void always(int i) { sink = i; }
int main(void) { for (int i = 0; i < 1000000; i++) { often(i); if (i % 100 == 0) always(i); } return 0; }
C
  cat > hotpath.yaml <<'Y'
rules:
  - functions: ["*"]
    measure: true
  - functions: [often]
    sample: 100
Y
  gcc -O2 $FLAG prog.c -o prog
  ./prog
  run ask "SELECT name, calls, sample, skipped > 0, calls - skipped BETWEEN 7000 AND 8700 FROM functions"
  has "often,1000000,100,1,1"
  has "always,10000,0,0,0"
  has "main,1,0,0,0"
  run hotpath report
  [[ $output == *"Timed  Error %"*"Calls are exact. Where fewer were timed"* ]]
  hotpath report --format json | jq -e '[.functions[] | select(.name == "often")][0] | .skipped > 990000 and .error_percent > 0'
}

@test "HOTPATH_BUDGET: calls are exact, and stored with the budget and what measuring took" {
  gcc -O2 $FLAG "shapes.c" -o shapes -pthread
  HOTPATH_BUDGET=0.001% run ./shapes
  [ "$status" = 4 ] && [ "$output" = done ]
  run counts
  c_counts
  run ask "SELECT budget_percent, overhead_percent > 0, skipped_ns > 0 FROM runs"
  has "0.001,1,1"
  run hotpath report
  [[ $output == *"(budget 0.001 %)"*"Measuring took more than the budget"* ]]
  g++ -O2 $FLAG "shapes.cc" -o shapes
  HOTPATH_BUDGET=0.001% ./shapes
  run counts
  has "catcher,50,0,0"
  has "thrower,300,0,0"
}

# Of some calls, of which few are as long as all others together, the functions' own times could not be told: not even near.
@test "HOTPATH_BUDGET: functions that call each other by recursion are all timed, and the report says why" {
  cat > prog.c <<'C'
__attribute__((hotpath_skip)) static char *put(char *to, int depth);
static const char *at;
static long sum(void);
__attribute__((noinline)) static long factor(void)
{
	long v = 0;
	if (*at++ == '(') {
		v = sum();
		at++;
	}
	return v + 1;
}
__attribute__((noinline)) static long sum(void)
{
	long v = factor();
	while (*at == '+') {
		at++;
		v += factor();
	}
	return v;
}
static char *put(char *to, int depth)
{
	if (!depth) {
		*to++ = '1';
		return to;
	}
	*to++ = '(';
	to = put(to, depth - 1);
	*to++ = '+';
	to = put(to, depth - 1);
	*to++ = ')';
	return to;
}
int main(void)
{
	static char text[8192];
	*put(text, 10) = 0;
	for (int i = 0; i < 100; i++) {
		at = text;
		sum();
	}
}
C
  gcc -O2 $FLAG prog.c -o prog
  HOTPATH_BUDGET=2% ./prog
  run ask "SELECT name, skipped, abs(1.0 * (SELECT sum(self_ns) FROM functions) / (SELECT total_ns FROM functions WHERE name = 'main') - 1) < 0.001 FROM functions WHERE name != 'main' ORDER BY name"
  has "factor,0,1"
  has "sum,0,1"
  run hotpath report --format markdown
  [[ $output == *$'\n\nMeasuring took more than the budget, as functions that call each other by recursion'*"factor ("* ]]
}
