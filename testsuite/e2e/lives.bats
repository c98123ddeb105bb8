# SPDX-License-Identifier: MIT
# What programs, threads and systems go through, and what must be in the store all the same.

setup() {
  BUILD=$(cd "${BUILD:-$BATS_TEST_DIRNAME/../../build}" && pwd)
  HERE=$BATS_TEST_DIRNAME
  T=$BATS_TEST_TMPDIR
  cd "$T"
  unset HOTPATH_OUTPUT_FORMAT HOTPATH_RUN_TOKEN HOTPATH_LABEL HOTPATH_DISABLE HOTPATH_BUDGET
  export HOTPATH_SEGMENTS=$T/segments HOTPATH_DIR=$T/store
  mkdir store
  FLAG="-fplugin=$BUILD/lib/hotpath.so -fplugin-arg-hotpath-config=$T/hotpath.yaml ${HOTPATH_TEST_FLAGS:-}"
  printf 'rules:\n  - functions: ["*"]\n    measure: true\n' > hotpath.yaml
  MOUNTED=
}

teardown() { [ -z "$MOUNTED" ] || umount "$MOUNTED"; }

build() { gcc -O1 $FLAG "$HERE/lives.c" -o lives -pthread "$@"; }
hotpath() { "$BUILD/bin/hotpath" "$@"; }
ask() { hotpath sql --format csv "$1" | tail -n +2 | tr -d '\r'; }
# of NAME COLUMNS: of a function in the newest run.
of() { ask "SELECT $2 FROM functions WHERE name = '$1' AND run = (SELECT max(id) FROM runs)"; }
newest() { ask "SELECT $1 FROM runs ORDER BY id DESC LIMIT 1"; }
# under SANITIZER: thread, address.
under() { [[ ${HOTPATH_TEST_FLAGS:-} == *-fsanitize=*$1* ]]; }

@test "1,000 threads at once, 100,000 in turn" {
  build
  ./lives at-once 1000
  [ "$(of work calls)" = 2000 ]
  [ "$(newest "threads, lost, damaged")" = 1001,0,0 ]
  ./lives in-turn 100000
  [ "$(of work calls)" = 100000 ]
  [ "$(newest "threads, lost, damaged")" = 100001,0,0 ]
  # They share places: what is kept of them does not grow with their number.
  [ "$(ask "SELECT count(*) FROM threads WHERE run = 2")" -le 66 ]
}

@test "threads that are cancelled, at a cancellation point or at any instruction" {
  build
  ./lives deferred 20
  [ "$(of deferred "calls, unwound")" = 20,20 ]
  [ "$(of block_for_ever "calls, unwound")" = 20,20 ]
  [ "$(newest "lost, damaged")" = 0,0 ]
  # A thread that is cancelled at any instruction may hang in ThreadSanitizer itself, without hotpath in three runs of six.
  if under thread; then return 0; fi
  ./lives asynchronous 100
  [ "$(newest damaged)" = 0 ]
  [ "$(of asynchronous "calls, unwound")" = 100,100 ]
  [ "$(of never_ends "calls = unwound")" = 1 ]
  [ "$(of work "calls > 1000")" = 1 ]
}

@test "measuring is no cancellation point" {
  build
  ./lives pending
  [ "$(of work calls)" = 1000 ]
}

@test "detached threads that run at the exit" {
  build
  ./lives detached
  [ "$(newest "sealed, status, damaged")" = 1,0,0 ]
  [ "$(of never_ends "calls, running")" = 4,4 ]
}

@test "thread-local destructors that call measured functions, in C and C++" {
  build
  ./lives keys
  if under thread; then
    # It forgets a thread in the last round of destructors, so that our record of the thread ends in the first (thread.c).
    [ "$(of work calls)" = 100 ]
    [ "$(newest "lost, damaged")" = 600,0 ]
  else
    [ "$(of work calls)" = 400 ]
    [ "$(of destroy "calls, running")" = 300,0 ]
    [ "$(newest "lost, damaged")" = 0,0 ]
  fi
  cat > tls.cc <<'CC'
#include <thread>
__attribute__((noinline)) static void work() { __asm__ volatile(""); }
struct guard { int n = 0; ~guard() { for (int i = 0; i < n; i++) work(); } };
static thread_local guard g;
int main() { for (int i = 0; i < 50; i++) std::thread([] { g.n = 3; work(); }).join(); g.n = 2; }
CC
  g++ -O1 $FLAG tls.cc -o tls -pthread
  ./tls
  [ "$(of work calls)" = 202 ]
  [ "$(newest lost)" = 0 ]
}

@test "main leaves by pthread_exit" {
  # Without hotpath too: its own background thread keeps the process.
  ! under thread || skip "a program whose main leaves never ends under ThreadSanitizer"
  build
  ./lives main-leaves
  [ "$(of main "calls, unwound")" = 1,1 ]
  # The last thread calls exit() after its end was recorded: the two calls of destructors are counted as lost.
  [ "$(newest sealed)" = 1 ]
  [ "$(ask "SELECT cause, calls FROM lost WHERE calls > 0")" = late,2 ]
}

@test "mutual recursion of 50 functions: each call counted, the tree bounded, what was merged counted" {
  build
  made=$(./lives mutual)
  [ "$(ask "SELECT sum(calls) FROM functions WHERE name LIKE 'mutual%'")" = "$made" ]
  contexts=$(ask "SELECT count(*) FROM contexts")
  [ "$contexts" -gt 50 ] && [ "$contexts" -lt 3000 ]
  [ "$(ask "SELECT calls > 0 FROM lost WHERE cause = 'contexts'")" = 1 ]
  [ "$(newest "lost, damaged")" = 0,0 ]
}

@test "an exception through C built without -fexceptions" {
  printf 'void call_back(void (*f)(void));\nvoid work(void) { __asm__ volatile(""); }\nvoid call_back(void (*f)(void)) { work(); f(); work(); }\n' > through.c
  cat > throws.cc <<'CC'
extern "C" void call_back(void (*f)(void));
extern "C" void work(void);
__attribute__((noinline)) static void thrower() { throw 1; }
__attribute__((noinline)) static int catcher() { try { call_back(thrower); } catch (int i) { return i; } return 0; }
int main() { int sum = 0; for (int i = 0; i < 100; i++) { sum += catcher(); work(); } return sum != 100; }
CC
  gcc -O1 -fno-exceptions -fasynchronous-unwind-tables $FLAG -c through.c
  g++ -O1 $FLAG throws.cc through.o -o throws
  ./throws
  [ "$(of catcher "calls, running")" = 100,0 ]
  [ "$(of thrower "calls, running, unwound")" = 100,0,0 ]
  [ "$(of call_back "calls, running, unwound")" = 100,0,100 ]
  [ "$(of work "calls")" = 200 ]
  # The work behind the catch is main's, not call_back's.
  [ "$(ask "SELECT count(*) FROM contexts WHERE name = 'work'")" = 2 ]
}

@test "a measured malloc replacement" {
  cat > alloc.c <<'C'
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
static char heap[64 << 20] __attribute__((aligned(16)));
static size_t used;
static size_t take(size_t n) { return __atomic_fetch_add(&used, (n + 31) & ~(size_t)15, __ATOMIC_RELAXED); }
void *malloc(size_t n) { size_t at = take(n); if (at + n + 16 > sizeof(heap)) return NULL; *(size_t *)(heap + at) = n; return heap + at + 16; }
void free(void *p) { (void)p; }
void *calloc(size_t a, size_t b) { void *p = malloc(a * b); if (p) memset(p, 0, a * b); return p; }
void *realloc(void *p, size_t n) { void *q = malloc(n); if (p && q) { size_t old = ((size_t *)p)[-2]; memcpy(q, p, old < n ? old : n); } return q; }
void *memalign(size_t a, size_t n) { char *p = malloc(n + a); return p ? (void *)(((uintptr_t)p + a - 1) & ~(a - 1)) : NULL; }
void *aligned_alloc(size_t a, size_t n) { return memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n) { *p = memalign(a, n); return *p ? 0 : 12; }
int main(void)
{
	for (int i = 0; i < 10000; i++) {
		char *volatile p = malloc(100);
		p[0] = 1;
		free(p);
	}
	return 0;
}
C
  gcc -O1 -fno-builtin $FLAG alloc.c -o alloc
  ./alloc
  [ "$(of free "calls >= 10000")" = 1 ]
  [ "$(of malloc "calls >= 10000")" = 1 ]
  [ "$(newest "lost, damaged")" = 0,0 ]
}

@test "a program's own functions with names of system calls are none of ours" {
  if under thread || under address; then skip "the sanitizers' own runtimes call them"; fi
  cat > own.c <<'C'
#include <stdio.h>
static int calls;
#define OWN(name) int name(const char *what) { calls++; printf("%s %s\n", #name, what ? what : "-"); return 0; }
OWN(access) OWN(clock_gettime) OWN(clone) OWN(close) OWN(environ) OWN(fallocate) OWN(fstat) OWN(ftruncate) OWN(getcwd) OWN(getdents64)
OWN(geteuid) OWN(getpid) OWN(getppid) OWN(getrandom) OWN(getrlimit) OWN(link) OWN(lseek) OWN(lstat) OWN(mkdir) OWN(mmap)
OWN(munmap) OWN(nanosleep) OWN(open) OWN(openat) OWN(prctl) OWN(pread) OWN(pwrite) OWN(read) OWN(readlink) OWN(sched_getaffinity)
OWN(sched_yield) OWN(sigaltstack) OWN(stat) OWN(statfs) OWN(syscall) OWN(uname) OWN(unlink) OWN(usleep) OWN(waitpid)
int main(void) { return open("the door") || link("the chain") || calls != 2; }
C
  for clock in tsc monotonic; do
    gcc -w -O1 -fno-builtin $FLAG own.c -o own
    HOTPATH_CLOCK=$clock ./own > out
    [ "$(cat out)" = "open the door
link the chain" ]
    [ "$(of open calls)$(of link calls)$(of main calls)" = 111 ]
    [ "$(newest "lost, damaged")" = 0,0 ]
  done
}

@test "measured replacements of what the runtime could call" {
  if under thread || under address; then skip "the sanitizers replace them too"; fi
  cat > wrap.sh <<'SH'
echo '#include <stddef.h>
extern void *dlsym(void *, const char *);
typedef long function(long, long, long, long, long, long);'
for f; do
  echo "long own_$f(long, long, long, long, long, long) __asm__(\"$f\");
long own_$f(long a, long b, long c, long d, long e, long f)
{
	static function *next;
	if (!next)
		next = (function *)dlsym((void *)-1l, \"$f\");
	return next(a, b, c, d, e, f);
}"
done
SH
  cat > rest.c <<'C'
#include <pthread.h>
#include <setjmp.h>
#include <sys/wait.h>
#include <unistd.h>
static _Thread_local jmp_buf env;
int work(int x) { return x + 1; }
int deep(int n) { return n ? work(deep(n - 1)) : 0; }
int jump(int n) { return n ? work(jump(n - 1)) : (longjmp(env, 1), 0); }
static void *run(void *arg)
{
	for (int i = 0; i < 300; i++)
		if (!setjmp(env))
			jump(i % 30);
	for (int i = 0; i < 30000; i++)
		work(i);
	return arg;
}
int main(void)
{
	pthread_t t[4];
	int status;
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, run, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	if (!fork()) {
		run(NULL);
		_exit(deep(20000) != 20000);
	}
	wait(&status);
	return status || deep(60000) != 60000;
}
C
  { sh wrap.sh access clock_gettime close fallocate fstat getcwd geteuid getpid getrandom getrlimit lstat memcpy memmove \
    memset mkdir mmap munmap open prctl pread pthread_sigmask pwrite read readlink sched_getaffinity \
    sigaltstack sigemptyset sigfillset stat statfs strchr strlen strrchr uname unlink; cat rest.c; } > wrap.c
  gcc -w -O1 -fno-builtin $FLAG wrap.c -o wrap -ldl -pthread
  for clock in tsc monotonic; do
    HOTPATH_CLOCK=$clock ./wrap
    [ "$(ask "SELECT sum(calls) FROM functions WHERE name = 'deep' AND run > (SELECT max(id) - 2 FROM runs)")" = 80002 ]
    [ "$(newest "lost, damaged")" = 0,0 ]
  done
}

@test "stacks switched by hand, unannounced: every call is counted" {
  build
  ./lives stacks
  [ "$(of work calls)" = 300 ]
  [ "$(of on_other_stack calls)" = 100 ]
  [ "$(newest damaged)" = 0 ]
}

@test "a full disk: less is measured and said, and no SIGBUS comes" {
  [ "$(id -u)" = 0 ] || skip "only root may mount"
  build
  mkdir small
  for kib in 40 80 120 160 200 300; do
    mount -t tmpfs -o size=${kib}k,mode=700 none small 2> /dev/null || skip "no mount here"
    MOUNTED=$T/small
    # With a token it is we who take the run in, and nobody else has the folder open.
    HOTPATH_RUN_TOKEN=later HOTPATH_SEGMENTS=$T/small ./lives at-once 50
    HOTPATH_SEGMENTS=$T/small hotpath ingest --quiet
    umount small
    MOUNTED=
  done
  [ "$(ask "SELECT count(*) FROM runs WHERE lost > 0")" -ge 1 ]
  # With each call either there or lost; where not even the names had room, that is said.
  [ "$(ask "SELECT count(*) FROM runs AS r WHERE coalesce((SELECT calls FROM functions WHERE run = r.id AND name = 'work'), 0) > 100")" = 0 ]
  [ "$(ask "SELECT sum(damaged) FROM runs")" = 0 ]
}

@test "folders that cannot be written" {
  build
  # Root writes everywhere: a folder that is a file is none for anybody.
  rm -rf store
  echo > store
  HOTPATH_SEGMENTS=$T/hotpath.yaml/x ./lives work 10
  HOTPATH_SEGMENTS=$T/segments ./lives work 10
  mkdir plain && chmod 555 plain
  if [ "$(id -u)" = 0 ]; then
    chmod 755 . && setpriv --reuid=65534 --clear-groups env HOME=/nonexistent HOTPATH_DIR=$T/plain/store HOTPATH_SEGMENTS=$T/plain/segments ./lives work 10 || skip "cannot become another user here"
  fi
}

@test "a setuid program records nothing" {
  [ "$(id -u)" = 0 ] || skip "only root can make one"
  build
  # Where other users can reach it.
  folder=$(mktemp -d /var/tmp/hotpath-test.XXXXXX)
  chmod 755 "$folder"
  cp lives "$folder/lives"
  chmod 4755 "$folder/lives"
  mkdir -m 777 open
  chmod 755 "$T"
  status=0
  setpriv --reuid=65534 --clear-groups env HOTPATH_SEGMENTS="$folder-none" HOTPATH_DIR="$folder-none" "$folder/lives" work 10 || status=$?
  rm -rf "$folder"
  [ "$status" = 0 ] || skip "cannot become another user here"
  [ ! -e "$folder-none" ] || { rm -rf "$folder-none"; return 1; }
}

@test "seccomp that forbids starting a process, by an error or by death" {
  build
  for how in errno kill; do
    status=0
    ./lives seccomp-$how || status=$?
    [ "$status" != 77 ] || skip "no seccomp here"
    [ "$status" = 0 ]
    [ "$(of work calls)" = 20 ]
    [ "$(newest "sealed, status")" = 1,0 ]
  done
}

@test "constructors before ours are not measured yet, destructors behind ours still are" {
  build
  ./lives work 1
  [ "$(of around calls)" = 1 ]
  [ "$(of after_all "calls, running")" = 1,0 ]
  [ -z "$(of before_all calls)" ]
}

@test "quick_exit" {
  build
  status=0
  ./lives quick_exit || status=$?
  [ "$status" = 6 ]
  [ "$(of work calls)" = 10 ]
  [ "$(newest "sealed, how")" = 1,quick_exit ]
}

@test "SIGKILL at any moment: every call that had returned is there, and what was running" {
  build
  for i in $(seq 40); do
    rm -rf store segments
    mkdir store
    ./lives count "$T/counted" &
    pid=$!
    # From within the start of the process to some time later.
    sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
    kill -9 $pid
    wait $pid || true
    counted=0
    [ ! -s counted ] || counted=$(od -An -t u8 -N 8 counted | tr -d ' ')
    rm -f counted
    [ "$counted" != 0 ] || continue
    calls=$(of work calls)
    # The last call may have returned just before it was noted, and one may be there twice (torn).
    [ "$calls" -ge "$counted" ] && [ "$calls" -le $((counted + 2)) ] || { echo "$calls of $counted"; return 1; }
    [ "$(of count_for_ever "calls, running")" = 1,1 ]
    [ "$(newest "how, damaged")" = unseen,0 ]
  done
}

@test "memory is bounded: the same after 10^8 calls as after 10^6, at most 1 MiB a thread and 4 KiB a function" {
  build
  export HOTPATH_RUN_TOKEN=keep
  ./lives work 1000000
  few=$(blocks)
  ./lives work 100000000
  many=$(blocks)
  [ "$many" = "$few" ]
  [ $((many * 512)) -le $(((1 << 20) + 100 * 4096)) ]
  ./lives at-once 200
  [ $(($(blocks) * 512)) -le $((201 * ((1 << 20) + 3 * 4096))) ]
  # Threads that come and go use the places of those before them.
  ./lives in-turn 1000
  few=$(blocks)
  ./lives in-turn 20000
  [ "$(blocks)" = "$few" ]
}

# blocks: of 512 bytes that the only segment has; then it is removed.
blocks() {
  stat -c %b segments/*
  rm -f segments/*
}

@test "memory is bounded where functions call each other in all ways, and no call is missing in the histograms" {
  awk -v n=400 'BEGIN {
    print "#include <stdlib.h>\nstatic volatile int sink;\nstatic unsigned seed = 1;"
    print "__attribute__((hotpath_skip, noinline)) static unsigned draw(void) { return (seed = seed * 1664525u + 1013904223u) >> 16; }"
    for (i = 0; i < n; i++) printf "static void f%d(int);\n", i
    printf "static void (*const all[])(int) = {"
    for (i = 0; i < n; i++) printf "f%d, ", i
    print "};"
    for (i = 0; i < n; i++)
      printf "__attribute__((noinline)) static void f%d(int n)\n{\n\tif (n)\n\t\tall[draw() %% %d](n - 1);\n\tsink = n;\n}\n", i, n
    printf "__attribute__((hotpath_skip)) int main(int c, char **v)\n{\n\tfor (int i = atoi(v[c - 1]); i; i--)\n\t\tall[draw() %% %d](12);\n\treturn 0;\n}\n", n
  }' > all.c
  gcc -O1 $FLAG all.c -o all
  HOTPATH_RUN_TOKEN=keep ./all 100000
  run "$BUILD/test/segdump" segments/*
  [ "$(grep -c '^site ' <<< "$output")" = 400 ]
  [ "$(sed -n 's/^site .* calls=\([0-9]*\) .*/\1/p' <<< "$output" | awk '{ n += $1 } END { print n }')" = 1300000 ]
  ! sed -n 's/^site .* calls=\([0-9]*\) .* hist=/\1 /p' <<< "$output" | awk '$1 != $2' | grep .
  grep -q '^lost contexts' <<< "$output"
  [ $(($(blocks) * 512)) -le $(((1 << 20) + 400 * 4096)) ]
  # What is merged has its calls at another caller, none elsewhere.
  [ "$(sed -n 's/^context .* calls=//p' <<< "$output" | awk '{ n += $1 } END { print n }')" = 1300000 ]
}
