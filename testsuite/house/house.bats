# SPDX-License-Identifier: MIT
# The rules of the house: what may include what ("What may not depend on what" of the design), what the runtime may need and
# export, and what no file may hold.  HOUSE=folder looks at another tree, BUILD at another build folder.

setup() {
  HOUSE=${HOUSE:-$BATS_TEST_DIRNAME/../..}
  BUILD=${BUILD:-$HOUSE/build}
  cd "$HOUSE"
}

# nothing: passes when nothing is read, else shows it.
nothing() {
  local found
  found=$(cat)
  [ -z "$found" ] || { echo "$found"; return 1; }
}

# includes FILES...: "file:header" for each include.
includes() {
  [ -e "$1" ] || { echo "no such file: $1" >&2; return 1; }
  grep -HE '^[[:space:]]*#[[:space:]]*include(_next)?[[:space:]]' "$@" |
    sed -E 's/^([^:]*):[^"<]*["<]([^">]*)[">].*/\1:\2/'
}

# all_headers FILE: what a file includes, through others too, the system's not; relative to the top, by its shortest name.
all_headers() {
  "${CC:-cc}" -MM "$1" | tr -d '\\' | tr -s ' ' '\n' | sed -E ':a; s|[^/]+/\.\./||; ta' | grep '\.h$' || true
}

@test "the runtime includes nothing of the command, no YAML, SQLite or stdio" {
  includes runtime/*.[ch] > "$BATS_TEST_TMPDIR/all"
  grep -E ':(.*/)?(yaml|sqlite3|stdio|stdio_ext|jansson|pcre2)\.h$' "$BATS_TEST_TMPDIR/all" | nothing
  grep -E ':(\.\./|.*(cli|plugin)/)' "$BATS_TEST_TMPDIR/all" | nothing
}

@test "the plugin sees only abi.h of the runtime, and nothing of the command" {
  includes plugin/*.[ch] plugin/*.cc > "$BATS_TEST_TMPDIR/all"
  grep -q ':\.\./runtime/abi\.h$' "$BATS_TEST_TMPDIR/all"
  grep -E ':.*(runtime|cli)/' "$BATS_TEST_TMPDIR/all" | grep -v ':\.\./runtime/abi\.h$' | nothing
}

@test "abi.h includes headers of the compiler only, and compiles as C++" {
  includes runtime/abi.h | grep -vE ':(stdint|stddef|stdbool)\.h$' | nothing
  echo '#include "runtime/abi.h"' | "${CXX:-c++}" -x c++ -Wall -Wextra -Werror -fsyntax-only -I. -
}

@test "GCC's headers come in through gcc_compat.h only" {
  plugins=$("${CC:-cc}" -print-file-name=plugin)/include
  [ -d "$plugins" ] || skip "no plugin headers for ${CC:-cc}"
  # plugin.h is ours as well as GCC's.
  includes plugin/*.[ch] plugin/*.cc | grep -v '^plugin/gcc_compat\.h:' | while IFS=: read -r file header; do
    [ -e "plugin/$header" ] || [ ! -e "$plugins/$header" ] || echo "$file includes $header"
  done | nothing
  grep -lE 'GCCPLUGIN_VERSION|BUILDING_GCC_VERSION' plugin/*.[ch] plugin/*.cc | grep -v '^plugin/gcc_compat\.h$' | nothing
}

@test "only store, ingest and query include sqlite3.h" {
  includes cli/*.[ch] cli/*/*.[ch] | grep ':sqlite3\.h$' | grep -vE '^cli/(store/(store|ingest)|query/query)(_[a-z]+)?\.[ch]:' | nothing
}

# The table in CONTRIBUTING.md: a folder of cli/ and what it sees, on each line; the ground first.
@test "each folder of the command sees only what is named for it" {
  sed -nE '/^\| `cli\//d; s/^\| `([a-z]+)\/` \|.*\|([a-z, ]*)\|$/\1 \2/p' CONTRIBUTING.md | tr -d , > "$BATS_TEST_TMPDIR/may"
  [ "$(cut -d' ' -f1 "$BATS_TEST_TMPDIR/may" | sort | xargs)" = "$(cd cli && printf '%s\n' */ | tr -d / | sort | xargs)" ]
  below=
  while read -r folder may; do
    [ "$may" != all ] || may=$below
    for seen in $may; do [[ " $below " == *" $seen "* ]] || echo "$folder sees $seen, which does not stand below it"; done
    includes cli/"$folder"/*.[ch] | grep -E ':\.\./[a-z]+/' | grep -vE ":\.\./(${may// /|})/" || true
    below="${below:+$below }$folder"
  done < "$BATS_TEST_TMPDIR/may" | nothing
}

@test "views and grids see the model: no store, no query, no segment, no command" {
  for file in cli/view/*.[ch] cli/output/*.[ch]; do
    all_headers "$file" | grep -E '^cli/(store|query|segment|command)/' | sed "s|^|$file includes |" || true
    includes "$file" | grep -E ':(sqlite3|yaml)\.h$' || true
  done | nothing
}

@test "a model header needs no other" {
  all_headers cli/model/model.h | grep -v '^cli/model/model\.h$' | nothing
}

@test "commands do not include or call each other" {
  includes cli/command/cmd_*.c | grep -E ':(.*/)?cmd_' | nothing
  for file in cli/command/cmd_*.c; do
    own=$(basename "$file" .c)
    # What a file defines is its own, and the table in main.c decides who is called.
    grep -oE '\bcmd_[a-z0-9_]+[[:space:]]*\(' "$file" | grep -vE "^$own(_[a-z0-9_]+)?[[:space:]]*\(" | sed "s|^|$file: |" || true
  done | nothing
}

@test "no file of the program knows a machine, or is left unfinished" {
  # In two parts, as this file is looked at too.
  machine='(^|[^A-Za-z0-9_.$}])/(wor''k|hom''e|roo''t|Use''rs)/[A-Za-z]'
  grep -rnIE "$machine" plugin runtime cli testsuite | nothing
  grep -rnIwE 'TODO|FIXME|XXX' plugin runtime cli | nothing
}

@test "each source file says its licence" {
  # Programs that are only compiled, and whose line numbers tests know, need not.
  find plugin runtime cli testsuite \( -name '*.[ch]' -o -name '*.cc' -o -name '*.sql' -o -name '*.bats' -o -name '*.sh' \) \
    ! -path '*/programs/*' -print0 > "$BATS_TEST_TMPDIR/files"
  [ "$(tr -cd '\0' < "$BATS_TEST_TMPDIR/files" | wc -c)" -gt 20 ]
  xargs -0 grep -L 'SPDX-License-Identifier: ' < "$BATS_TEST_TMPDIR/files" | nothing
  # Built from GCC's headers is GPL; what goes into others' programs is not.
  grep -L 'SPDX-License-Identifier: MIT' runtime/*.[ch] cli/*.[ch] cli/*/*.[ch] | nothing
  grep -L 'SPDX-License-Identifier: GPL-3.0-or-later' plugin/*.cc plugin/gcc_compat.h | nothing
  # The rules are read by the command too, which knows nothing else of the plugin.
  grep -L 'SPDX-License-Identifier: MIT' plugin/rules*.[ch] plugin/pattern.[ch] plugin/find_config.[ch] | nothing
  includes cli/*.[ch] cli/*/*.[ch] | grep '/plugin/' | grep -vE ':\.\./\.\./plugin/(rules|find_config)\.h$' | nothing
}

@test "no source file has more than 700 lines" {
  find plugin runtime cli testsuite \( -name '*.[ch]' -o -name '*.cc' -o -name '*.sql' -o -name '*.bats' -o -name '*.sh' \) \
    -exec wc -l {} \; | awk '$1 > 700' | nothing
}

@test "libhotpath.so needs libc only" {
  readelf -d "$BUILD/lib/libhotpath.so" > "$BATS_TEST_TMPDIR/dynamic"
  grep -q '(SONAME).*libhotpath\.so' "$BATS_TEST_TMPDIR/dynamic"
  grep '(NEEDED)' "$BATS_TEST_TMPDIR/dynamic" | grep -vE '\[(libc\.so\.6|ld-linux-[a-z0-9_-]+\.so\.[0-9]+)\]' | nothing
}

@test "libhotpath.so exports hotpath_unit_register and hotpath_api only" {
  nm -D --defined-only "$BUILD/lib/libhotpath.so" | awk '{ print $NF }' | sort > "$BATS_TEST_TMPDIR/exports"
  [ "$(xargs < "$BATS_TEST_TMPDIR/exports")" = "hotpath_api hotpath_unit_register" ]
}

@test "libhotpath.so can neither print, nor abort, nor call malloc" {
  nm -D --undefined-only "$BUILD/lib/libhotpath.so" | awk '{ print $NF }' | sed 's/@.*//' > "$BATS_TEST_TMPDIR/imports"
  [ -s "$BATS_TEST_TMPDIR/imports" ]
  grep -E '^(.*printf.*|f?puts|putchar|fwrite|fopen.*|perror|psignal|abort|__assert.*|malloc|calloc|realloc|free|strdup)$' \
    "$BATS_TEST_TMPDIR/imports" | nothing
  # kernel.c has these: names that a program may have for something else.
  grep -xE 'access|clock_gettime|clone|close|fallocate|fcntl|fstat|ftruncate|getcwd|gete?[ug]id|getp?pid|getrandom|getrlimit|kill|link|lseek|l?stat|madvise|mkdir|mmap|mprotect|munmap|nanosleep|open(at)?|poll|prctl|pread|pwrite|read|readlink|rename|sched_.*|send.*|sigaltstack|statfs|syscall|time|uname|unlink|usleep|wait.*|write' \
    "$BATS_TEST_TMPDIR/imports" | nothing
  # For HOTPATH_SHUTDOWN_MS alone.
  [ "$(grep -hE '^\s+exit\(' runtime/*.c)" = "		exit(0);" ]
}
