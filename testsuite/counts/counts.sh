#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# make check-counts: whole programs of Debian, their sources unmodified, with every function measured.
#
# Each program is built three times, by its own makefile and a compiler with some flags more:
#
#   plain      -O2
#   measured   -O2 and the plugin: its own tests must print and return what they do in `plain`
#   counted    -O0 --coverage and the plugin: all calls are counted twice, by hotpath and by gcov's arcs, in the same
#              processes.  Both counts must be equal, function by function
#
# For programs whose calls do not depend on addresses or a random seed, the counts of `measured` must equal gcov's too.
#
# usage: counts.sh BUILD CC [PROGRAM...]
set -u

build=$1 CC=$2
shift 2
[ $# -gt 0 ] || set -- bzip2 zlib lua5.4 sqlite3
here=$(cd "$(dirname "$0")" && pwd)
work=$build/counts
mkdir -p "$work"

# make_NAME builds in the working folder with the compiler $1; run_NAME runs the program's own tests, and some work where it has
# none.  What they print is compared: no times, no addresses.

make_bzip2() { make -s CC="$1" CFLAGS="-Wall -Winline -D_FILE_OFFSET_BITS=64" bzip2 bzip2recover; }
run_bzip2()
{
	make -s test
	for level in 1 5 9; do
		./bzip2 -$level -c manual.ps | ./bzip2 -t -vv && ./bzip2 -$level -c -s bzlib.c | ./bzip2 -d -s | cksum
	done
	# Damage is noticed, and the rest recovered.
	./bzip2 -c manual.ps >whole.bz2
	head -c 100000 whole.bz2 >cut.bz2
	./bzip2 -t cut.bz2
	echo "status $?"
	./bzip2recover whole.bz2
}
same_bzip2=yes

make_zlib() { CC=$1 CFLAGS=-O3 ./configure && make -s all; }
run_zlib()
{
	make -s check
	for level in -1 -6 -9; do
		./minigzip $level <zlib.3.pdf | ./minigzip -d | cksum
		./minigzip64 $level <ChangeLog | ./minigzipsh -d | cksum
	done
}
same_zlib=yes

make_lua5.4() { make -s linux CC="$1 -std=gnu99"; }
run_lua5.4()
{
	./src/lua "$here/work.lua" && ./src/luac -o work.out "$here/work.lua" && ./src/lua work.out
	./src/luac -l -p "$here/work.lua" | sed 's/0x[0-9a-f]*/ADDRESS/g'
	./src/lua -e 'error{}'
	echo "status $?"
}
# Debian packages no tests of lua.  Its hash seed is an address.
same_lua5_4=no

make_sqlite3()
{
	CC=$1 CFLAGS= ./configure --disable-shared --disable-readline --enable-fts5 --enable-session && make -s sqlite3 speedtest1 || return 1
	[ -z "$(tcl_config)" ] || make -s testfixture
}
tcl_config() { ls /usr/lib/tclConfig.sh /usr/lib/*/tclConfig.sh /usr/lib/tcl8.6/tclConfig.sh 2>/dev/null | head -1; }
run_sqlite3()
{
	./speedtest1 --size 3 --testset main --verify :memory: | sed -n '/hash/p'
	./speedtest1 --size 10 --testset orm :memory: >/dev/null
	./speedtest1 --size 10 --testset rtree :memory: >/dev/null
	./sqlite3 :memory: <"$here/work.sql"
	[ -x testfixture ] || return 0
	for t in select1 select4 insert update delete index join where trigger1 func expr collate1 view vacuum trans savepoint with1 window1 json101 \
		fts3aa rtree session1; do
		file=$(ls test/$t.test ext/*/$t.test 2>/dev/null | head -1)
		[ -z "$file" ] || ./testfixture "$file" 2>&1 | grep -E '^!|errors out of|Failures'
	done
}
same_sqlite3=no

# compiler FLAGS: a compiler that adds flags behind all others, so that no makefile has the last word.
compiler()
{
	printf '#!/bin/sh\nexec %s "$@" %s\n' "$CC" "$*" >cc
	chmod +x cc
	echo "$PWD/cc"
}

# variant NAME VARIANT FLAGS...: builds and runs one of the three; its log is NAME.VARIANT.log.
variant()
{
	local name=$1 variant=$2 folder=$work/$1.$2 cc
	shift 2
	rm -rf "$folder" "$folder.store" "$folder.segments"
	cp -r "$source" "$folder" && cd "$folder" || return 1
	cc=$(compiler "$@")
	"make_$name" "$cc" >"$folder.build" 2>&1 || { echo "check-counts: $name does not build: $folder.build"; tail -3 "$folder.build"; return 1; }
	# What configure ran does not count.
	find . -name '*.gcda' -delete
	rm -rf "$folder.store"
	export HOTPATH_DIR=$folder.store HOTPATH_SEGMENTS=$folder.segments
	"run_$name" >"$folder.log" 2>&1
	echo "status $?" >>"$folder.log"
	# Programs hand their runs over when they end, and do not wait for it.
	while [ -n "$(ls "$folder.segments" 2>/dev/null)" ]; do
		"$build/bin/hotpath" ingest >/dev/null || return 1
		sleep 0.2
	done
	sed -i "s,$folder,FOLDER,g" "$folder.log"
}

# by_hotpath FOLDER: "FILE FUNCTION CALLS" of all runs together; by_gcov likewise.
by_hotpath()
{
	HOTPATH_DIR=$1.store "$build/bin/hotpath" sql --format csv 'SELECT file, mangled, sum(calls) FROM functions GROUP BY 1, 2' |
		tail -n +2 | awk -F, '{ gsub(/"/, ""); sub(/.*\//, "", $1); n[$1 " " $2] += $3 } END { for (k in n) if (n[k]) print k, n[k] }' |
		LC_ALL=C sort
}

by_gcov()
{
	local first
	first=$(awk -v p="$2" '$1 == p { printf "%s\"%s\"", c++ ? "," : "", $3 }' "$here/known")
	(cd "$1" && find . -name '*.gcda' | while read -r data; do
		"${CC/gcc/gcov}" --json-format --stdout "$data" 2>/dev/null | jq -r --argjson first "[$first]" '
			.files[] | .file as $f | .lines as $lines | .functions[] | . as $fn |
			if (.name | IN($first[])) then
				[$lines[] | select(.function_name == $fn.name and .line_number == $fn.start_line) | .count] | add
			else .execution_count end | "\($f) \($fn.name) \(.)"'
	done) | awk '{ sub(/.*\//, "", $1); n[$1 " " $2] += $3 } END { for (k in n) if (n[k]) printf "%s %d\n", k, n[k] }' |
		LC_ALL=C sort
}

# lost FOLDER: what its runs did not record.
lost() { HOTPATH_DIR=$1.store "$build/bin/hotpath" sql --format csv 'SELECT count(*), total(lost) FROM runs' | tail -1; }

# compare NAME WHAT FILE FILE
compare()
{
	if cmp -s "$3" "$4"; then return 0; fi
	echo "check-counts: $1: $2 differ:"
	diff "$3" "$4" | head -20
	return 1
}

check()
{
	local name=$1 flags="-fplugin=$build/lib/hotpath.so -fplugin-arg-hotpath-config=$here/../torture/every.yaml" bad=0
	if ! source=$("$here/../source.sh" "$name" "$work/source" 2>"$work/why"); then
		echo "skipped: check-counts $name: $(cat "$work/why")"
		return 0
	fi
	variant "$name" plain -O2 && variant "$name" measured -O2 "$flags" &&
		variant "$name" counted -O0 --coverage -fprofile-update=atomic "$flags" || return 1

	compare "$name" "its own tests, without and with the plugin," "$work/$name.plain.log" "$work/$name.measured.log" || bad=1
	for v in measured counted; do by_hotpath "$work/$name.$v" >"$work/$name.$v.calls"; done
	by_gcov "$work/$name.counted" "$name" >"$work/$name.gcov.calls"
	[ -s "$work/$name.gcov.calls" ] || { echo "check-counts: $name: gcov counted nothing"; bad=1; }
	compare "$name" "gcov's counts and hotpath's" "$work/$name.gcov.calls" "$work/$name.counted.calls" || bad=1
	if [ "$(eval echo "\$same_${name//./_}")" = yes ]; then
		compare "$name" "gcov's counts and hotpath's at -O2" "$work/$name.gcov.calls" "$work/$name.measured.calls" || bad=1
	fi
	echo "check-counts $name: $(wc -l <"$work/$name.gcov.calls") functions," \
		"$(awk '{ n += $3 } END { printf "%d", n }' "$work/$name.gcov.calls") calls, runs and losses $(lost "$work/$name.counted"):" \
		"$([ $bad = 0 ] && echo equal || echo DIFFERENT)"
	return $bad
}

status=0
for program in "$@"; do check "$program" || status=1; done
exit $status
