# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by `run`: gdc.test, which is the test suite of the D language's own compiler, with directives of its own.
#
#   REQUIRED_ARGS   flags of that compiler, for each build
#   PERMUTE_ARGS    flags that its script gives in all combinations: here a test is built with none and, as NAME@permuted, with
#                   all of them
#   EXTRA_SOURCES, COMPILED_IMPORTS, EXTRA_CPP_SOURCES   sources built along
#   EXECUTE_ARGS    the program's arguments
#   DISABLED        the systems that it is not for
#
# What RUN_OUTPUT demands needs no reading, as both programs must print the same.

# d_directive NAME FILE: its values, but for those that stand for another system: NAME(windows): VALUE.
d_directive()
{
	perl -ne '
		if (/(?<![A-Z_])'"$1"'\s*(?:\(([^)]*)\))?\s*:\s*(.*?)\s*(?:\*\/\s*)?$/) {
			print "$2 " if !defined $1 || $1 =~ /linux/;
		}' "$2"
}

# d_flags FLAG...: flags of dmd as gdc has them.  What is of no meaning to a program that runs (-X, -D, -o-) is dropped.
d_flags()
{
	local flag
	for flag in "$@"; do
		case $flag in
		-I* | -J*) echo "$flag" ;;
		-allinst) echo -fall-instantiations ;;
		-betterC) echo -fno-druntime ;;
		-boundscheck=*) echo "-fbounds-check=${flag#*=}" ;;
		-boundscheck) echo -fbounds-check=on ;;
		-noboundscheck) echo -fbounds-check=off ;;
		-check=*=off) flag=${flag#-check=} && echo "-fno-check=${flag%=off}" ;;
		-checkaction=context) echo -fcheckaction=context ;;
		-debug | -debug=* | -release | -unittest | -main | -version=* | -extern-std=*) echo "-f${flag#-}" ;;
		-dip*) echo "-fpreview=${flag#-}" ;;
		-fPIC | -fPIE | -g) echo "$flag" ;;
		-gc) echo -g ;;
		-inline) echo -finline-functions ;;
		-mv=*) echo "-fmodule-file=${flag#*=}" ;;
		-O) echo -O2 ;;
		-preview=* | -revert=*) flag=${flag,,} && echo "-f${flag#-}" ;;
		esac
	done
}

# d_permuted FILE: all that its script permutes; without a word of the test's about it that is -O2 -frelease -g.
d_permuted()
{
	if grep -qE '(PERMUTE_ARGS|DFLAGS)\s*:' "$1"; then
		d_flags $(d_directive PERMUTE_ARGS "$1")
	else
		echo -O2 -frelease -g
	fi
}

# d_list: what is to be run.
d_list()
{
	local source
	if [ "$suite_name" = gdc.dg ]; then
		grep -rlE 'dg-do +run' --include='*.d' "$suite" | grep -vE '/(asan|ubsan|lto)/'
	else
		for source in "$suite"/runnable/*.d "$suite"/runnable_cxx/*.d; do
			echo "$source"
			[ -z "$(d_permuted "$source")" ] || echo "$source@permuted"
		done
	fi | LC_ALL=C sort
}

d_disabled() { grep -E 'DISABLED\s*:' "$1" | grep -qwE 'linux|linux64|posix|freebsd'; }

# d_read: the directives of gdc.test into `extra`, `others` and `arguments`.
d_read()
{
	local type=${source#"$suite/"} name
	type=${type%/*}
	extra="-I$type $(d_flags $(d_directive REQUIRED_ARGS "$source") | tr '\n' ' ') $(d_directive CXXFLAGS "$source")"
	[[ $1 != *@permuted ]] || extra="$(d_permuted "$source" | tr '\n' ' ') $extra"
	others=
	for name in $(d_directive EXTRA_SOURCES "$source") $(d_directive COMPILED_IMPORTS "$source"); do others="$others $type/$name"; done
	for name in $(d_directive EXTRA_CPP_SOURCES "$source"); do others="$others $type/extra-files/$name"; done
	[ "$type" != runnable_cxx ] || libs+=(-lstdc++)
	read -ra arguments <<<"$(d_directive EXECUTE_ARGS "$source")"
}

# d_build VARIANT FLAGS...: the tests know themselves as runnable/NAME.d, from the folder above.
d_build()
{
	local variant=$1
	shift
	ln -sfn "$suite/runnable" runnable
	ln -sfn "$suite/runnable_cxx" runnable_cxx
	timeout 240 $compiler $quiet $extra $flags "$@" "${source#"$suite/"}" $others "${linked[@]}" -o "$dir/$variant"
}
