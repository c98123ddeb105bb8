# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by `run`: how the suites of Ada are found and built.

# ada_prepare: the units that many tests of acats share, made and compiled once, without the plugin.
ada_prepare()
{
	if [ "$suite_name" != acats ] || [ -e "$support/done" ]; then return 0; fi
	rm -rf "$support"
	mkdir -p "$support"
	(
		cd "$support" && cp "$suite"/support/* "$suite"/tests/cd/*.c "$suite"/tests/cxb/*.c . || exit 1
		sed -i "s,ACATS4GNATDIR/support,$support,g; s,ACATS4GNATDIR,$suite,g; s,ACATS4GNATBIT,64,g; s,ACATS4GNATINSN,nop,g; \
			s,ACATS4GNATMAXINT,170141183460469231731687303715884105727,g; \
			s,ACATS4GNATMININT,-170141183460469231731687303715884105728,g" impdef.a macro.dfs tsttests.dat
		mv macro.dfs MACRO.DFS
		mv tsttests.dat TSTTESTS.DAT
		$CC -w -O2 -c ./*.c
		for source in *.ada *.a; do gnatchop -q -w "$source"; done
		# Two programs write tests: from templates with numbers of this machine, and with wide characters.
		for writer in macrosub widechr; do $compiler -q -gnatws "$writer.adb" && "./$writer"; done
		rm -f macrosub* widechr* b~* *.ali
		for source in *.adt; do gnatchop -q -w "$source"; done
		$compiler -q -c -k -gnatws -gnato -gnatE -O2 ./*.ads; $compiler -q -c -k -gnatws -gnato -gnatE -O2 ./*.adb
	) >"$support.messages" 2>&1
	if [ ! -e "$support/report.o" ]; then
		echo "run: the units that tests of acats share do not build: $support.messages" >&2
		return 1
	fi
	touch "$support/done"
}

# ada_list: what is to be run.  A test of acats is all files that begin with its seven letters, less those that its own
# script leaves out.
ada_list()
{
	if [ "$suite_name" = gnat.dg ]; then
		grep -rlE 'dg-do +run' --include='*.adb' "$suite"
	else
		(cd "$suite/tests" && ls ./*/*.{a,ada,adt,am,dep} 2>/dev/null) | sed -E 's,^\./([^/]*)/(.{7}).*,\1/\2,' | LC_ALL=C sort -u |
			grep -vFf <(grep -v '^#' "$suite/norun.lst" | sed 's,^,/,') | sed "s,^,$suite/tests/,"
	fi | LC_ALL=C sort
}

# ada_chop: splits a test of acats into its units, sets `source` to the main one and `extra`.
ada_chop()
{
	local test=${1##*/} list flag
	mkdir -p "$dir/src"
	(cd "$dir/src" && gnatchop -q -c -w $(ls "$1"*.{a,ada,adt,am,dep} 2>/dev/null) &&
		case $test in # as run_all.sh has it
		ca1020e) rm -f ca1020e_{func,proc}[12].adb ;;
		ca14028) rm -f ca14028_{func2,func3,proc1,proc3}.ads ;;
		esac) >"$dir/chop.messages" 2>&1
	for source in "$dir/src/$test.adb" $(ls -r "$dir/src/$test"*m.adb "$dir/src/$test"?.adb 2>/dev/null); do [ -e "$source" ] && break; done
	extra=-gnat95
	while read -r list flag; do
		grep -q "^$test" "$suite/$list.lst" && extra="$extra $flag"
	done <<-END
		overflow -gnato
		elabd -gnatE
		floatstore -ffloat-store
		stackcheck -fstack-check
	END
	if [[ $test = cxb30* ]]; then libs+=("$support"/cxb30{040,060,130,131}.o); fi
}

# ada_build VARIANT FLAGS...
ada_build()
{
	local variant=$1
	shift
	timeout 240 $compiler -q -gnatws $flags $extra -I"${source%/*}" -I"$support" "$source" -o "$dir/$variant" \
		-cargs "$@" -largs $flags "${linked[@]}"
}
