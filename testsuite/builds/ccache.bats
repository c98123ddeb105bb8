# SPDX-License-Identifier: GPL-3.0-or-later
# ccache, the real one, as it comes and in its other modes: an object out of the cache is the one that the compiler would make now.

setup_file()
{
	export B="${B:-$(cd "$BATS_TEST_DIRNAME/../../build" && pwd)}"
	export PLUGIN="$B/lib/hotpath.so" CC="${CC:-gcc}"
}

setup()
{
	command -v ccache >/dev/null || skip "no ccache"
	mkdir -p "$BATS_TEST_TMPDIR/project/src" "$BATS_TEST_TMPDIR/project/rules"
	cd "$BATS_TEST_TMPDIR/project"
	export CCACHE_DIR="$BATS_TEST_TMPDIR/cache" CCACHE_CONFIGPATH="$BATS_TEST_TMPDIR/no.conf"
	printf 'int parse(int x) { return x + 1; }\nint write_out(int x) { return x + 2; }\n' >src/part.c
	printf 'include: rules/more.yaml\nrules:\n  - functions: parse\n' >hotpath.yaml
	printf 'rules: []\n' >rules/more.yaml
	# ccache takes no file for unchanged that is as young as the compilation.
	touch -d '1 hour ago' src/part.c hotpath.yaml rules/more.yaml
}

# same FLAGS...: what ccache gives is what the compiler makes.
same()
{
	"$CC" "$@" "-fplugin=$PLUGIN" -c src/part.c -o wanted.o || return 1
	ccache "$CC" "$@" "-fplugin=$PLUGIN" -c src/part.c -o part.o || return 1
	cmp wanted.o part.o
}

# hits: of the cache so far.
hits()
{
	ccache --print-stats | awk '$1 ~ /^(direct|preprocessed)_cache_hit$/ { n += $2 } END { print n }'
}

# old FILE: written an hour ago.
old()
{
	cat >"$1"
	touch -d '1 hour ago' "$1"
}

# follows FLAGS...: edits, new files and files that go.
follows()
{
	local before
	same "$@" && before=$(hits) && same "$@" || return 1
	# Without a change it is a hit, or this test would say nothing.
	[ "$(hits)" -gt "$before" ] || { echo "no hit"; return 1; }
	printf 'include: rules/more.yaml\nrules:\n  - functions: write_out\n' | old hotpath.yaml
	same "$@" || return 1
	printf 'rules:\n  - functions: parse\n' | old rules/more.yaml
	same "$@" || return 1
	printf 'rules:\n  - functions: "*"\n    label: nearer\n' | old src/hotpath.yaml
	same "$@" || { echo "a rule file nearer to the source"; return 1; }
	rm src/hotpath.yaml
	same "$@" || return 1
	rm hotpath.yaml
	same "$@" || { echo "no rule file"; return 1; }
	printf 'rules:\n  - functions: parse\n    label: "first"\n' | old hotpath.yaml
	same "$@" || { echo "the first rule file"; return 1; }
	before=$(hits)
	same "$@" && [ "$(hits)" -gt "$before" ]
}

@test "ccache as it comes: rules edited, included, created, deleted" {
	for flags in "-O0" "-O2 -g" "-O2 -MD" "-O2 -MMD -MP -g"; do
		rm -rf cache src/*.yaml
		follows $flags
		setup
	done
}

@test "ccache without direct mode" {
	export CCACHE_NODIRECT=1
	follows -O2
	setup
	follows -O2 -g -MD
}

@test "ccache that compiles what the preprocessor made" {
	export CCACHE_NOCPP2=1
	# The text comes out of a temporary file: the object is not the same, its rules are.
	for functions in parse write_out; do
		printf 'rules:\n  - functions: %s\n    label: labelled %s\n' $functions $functions | old hotpath.yaml
		ccache "$CC" -O2 -Wall -Wextra -Werror "-fplugin=$PLUGIN" -c src/part.c -o part.o
		[ "$(strings part.o | grep "^labelled")" = "labelled $functions" ]
	done
}

@test "ccache in depend mode: rules edited and included" {
	export CCACHE_DEPEND=1
	same -O2 -MD
	printf 'include: rules/more.yaml\nrules:\n  - functions: write_out\n' | old hotpath.yaml
	same -O2 -MD
	printf 'rules:\n  - functions: parse\n' | old rules/more.yaml
	before=$(hits)
	same -O2 -MD
	[ "$(hits)" = "$before" ]
	same -O2 -MD
	[ "$(hits)" -gt "$before" ]
	# Without -MD ccache leaves the mode by itself.
	follows -O2
}

@test "ccache: a rule file that is named keeps direct mode" {
	flags="-O2 -fplugin=$PLUGIN -fplugin-arg-hotpath-config=$PWD/hotpath.yaml"
	same $flags
	same $flags
	[ "$(ccache --print-stats | awk '$1 == "direct_cache_hit" { print $2 }')" = 1 ]
	printf 'rules:\n  - functions: parse\n' | old rules/more.yaml
	same $flags
	printf 'rules:\n  - functions: write_out\n' | old hotpath.yaml
	same $flags
	[ "$(ccache --print-stats | awk '$1 == "direct_cache_hit" { print $2 }')" = 1 ]
}

@test "ccache: each checkout has its own store" {
	for d in one two; do
		mkdir -p ../$d
		cp -rp . ../$d
	done
	for d in one two; do
		cd ../$d
		same -O2
		strings part.o | grep -qx "$(realpath .)"
	done
	# Unless paths are mapped away: then an object serves them all.
	before=$(hits)
	for d in one two; do
		cd ../$d
		same -O2 "-ffile-prefix-map=$PWD=."
	done
	[ "$(hits)" -gt "$before" ]
}

@test "gcc -E: two lines more and nothing else, and none where lines were not wanted" {
	for flags in "" -g -P -dM -dD -C -fdirectives-only "-x c++"; do
		"$CC" $flags -E src/part.c >plain
		"$CC" $flags -E "-fplugin=$PLUGIN" src/part.c >with 2>messages
		[ ! -s messages ]
		diff plain with >lines || true
		! grep '^<' lines
		! grep '^>' lines | grep -vE '^> # 1 "hotpath-[0-9a-f]{16}" 1$|^> # 0 "src/part.c" 2$'
		case $flags in
		-P | -dM) cmp plain with ;;
		*) [ "$(grep -c '^>' lines)" = 2 ] ;;
		esac
	done
	# The compiler takes it as before, with the plugin and without.
	"$CC" -g -E "-fplugin=$PLUGIN" src/part.c -o part.i
	"$CC" -g -c -Wall -Wextra -Werror part.i -o without.o
	"$CC" -g -c src/part.c -o plain.o
	objdump -dl without.o | sed 1,3d >1
	objdump -dl plain.o | sed 1,3d >2
	cmp 1 2
	"$CC" -g -c -Wall -Wextra -Werror "-fplugin=$PLUGIN" part.i -o with.o
	nm with.o | grep -q hotpath_unit
}
