# SPDX-License-Identifier: GPL-3.0-or-later
# Projects as people have them: an edit of hotpath.yaml, or of a file it includes, builds anew what it is about.  With the real
# build tools of Debian; one that is not installed is skipped.

setup_file()
{
	export B="${B:-$(cd "$BATS_TEST_DIRNAME/../../build" && pwd)}"
	export PLUGIN="$B/lib/hotpath.so" CC="${CC:-gcc}"
}

# A project of two sources, and rules that measure `parse` alone.
setup()
{
	mkdir -p "$BATS_TEST_TMPDIR/project/rules"
	cd "$BATS_TEST_TMPDIR/project"
	export HOTPATH_DIR="$BATS_TEST_TMPDIR/store" HOTPATH_SEGMENTS="$BATS_TEST_TMPDIR/segments"
	printf 'int parse(int x) { return x + 1; }\nint write_out(int x) { return x + 2; }\n' >part.c
	printf 'int parse(int), write_out(int);\nint main(void) { return parse(1) + write_out(2) != 6; }\n' >main.c
	printf 'include: rules/more.yaml\nrules:\n  - functions: parse\n' >hotpath.yaml
	printf 'rules: []\n' >rules/more.yaml
}

# rebuilds COMMAND...: the program that it builds follows the rules.
rebuilds()
{
	"$@" >log 2>&1 || { cat log; return 1; }
	out/prog
	objdump -d out/prog >first
	# Build tools compare whole seconds at worst.
	sleep 1.1
	printf 'include: rules/more.yaml\nrules:\n  - functions: [parse, write_out]\n' >hotpath.yaml
	"$@" >log 2>&1 || { cat log; return 1; }
	objdump -d out/prog >second
	[ "$(hooks second write_out)" -gt "$(hooks first write_out)" ] || return 1
	[ "$(hooks second parse)" = "$(hooks first parse)" ] || return 1
	sleep 1.1
	printf 'rules:\n  - functions: main\n' >rules/more.yaml
	"$@" >log 2>&1 || { cat log; return 1; }
	objdump -d out/prog >third
	[ "$(hooks third main)" -gt "$(hooks second main)" ] || return 1
	out/prog
}

# hooks LISTING FUNCTION: how often the function refers to the unit.
hooks()
{
	sed -n "/<$2>:/,/^\$/p" "$1" | grep -cE '<hotpath_(unit|slots)'
}

@test "make with -MMD -MP" {
	cat >Makefile <<-END
		.RECIPEPREFIX = >
		CFLAGS = -O0 -MMD -MP -fplugin=$PLUGIN
		out/prog: out/main.o out/part.o
		>$CC -o \$@ \$^
		out/%.o: %.c
		>mkdir -p out
		>$CC \$(CFLAGS) -c -o \$@ \$<
		-include \$(wildcard out/*.d)
	END
	rebuilds make
}

# cmake_project GENERATOR
cmake_project()
{
	cat >CMakeLists.txt <<-END
		cmake_minimum_required(VERSION 3.13)
		project(prog C)
		# As README has it: the flag is GCC's alone.
		add_compile_options(-O0 \$<\$<C_COMPILER_ID:GNU>:-fplugin=$PLUGIN>)
		add_executable(prog main.c part.c)
	END
	cmake -G "$1" -DCMAKE_C_COMPILER="$CC" -S . -B out >log 2>&1 || { cat log; return 1; }
	rebuilds cmake --build out
}

@test "CMake with Ninja" {
	command -v cmake && command -v ninja || skip "no cmake or no ninja"
	cmake_project Ninja
}

@test "CMake with make" {
	command -v cmake || skip "no cmake"
	cmake_project "Unix Makefiles"
}

@test "Meson" {
	command -v meson && command -v ninja || skip "no meson or no ninja"
	cat >meson.build <<-END
		project('prog', 'c')
		executable('prog', 'main.c', 'part.c', c_args: ['-O0', '-fplugin=$PLUGIN'])
	END
	CC=$CC meson setup out >log 2>&1 || { cat log; return 1; }
	rebuilds ninja -C out
}
