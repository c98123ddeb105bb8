#!/usr/bin/env bats
# SPDX-License-Identifier: MIT

load helper

# on_terminal WIDTH COMMAND: what it prints on a terminal of that width.
on_terminal() {
  COLUMNS=$1 TERM=xterm script -qec "$2" /dev/null | tr -d '\r' | sed 's/\x1b\[[0-9;]*m//g'
}

record() {
  cat >wide.c <<'EOC'
#define M __attribute__((hotpath_measure, noinline))
M void a_function_whose_name_is_longer_than_any_terminal_of_the_sixties_is_wide_by_far(void) { __asm__(""); }
M void caller_with_a_long_name_too(int n) { for (int i = 0; i < n; i++) a_function_whose_name_is_longer_than_any_terminal_of_the_sixties_is_wide_by_far(); }
int main(void) { caller_with_a_long_name_too(1234567); return 0; }
EOC
  gcc -O1 -fplugin="$BUILD/lib/hotpath.so" -o wide wide.c
  for i in 1 2 3 4; do hotpath run --label "$([ $((i % 2)) = 0 ] && echo base || echo head)" -- ./wide; done
}

@test "no table is wider than its terminal, and no number is cut" {
  record
  for command in report 'report --tree' 'report --callers' runs 'diff base head' 'report --by group' 'sql "select name, calls, total_ns, self_ns from functions limit 3"'; do
    for width in 120 80 74 60 45 30; do
      on_terminal $width "hotpath $command" >out
      [ -s out ]
      [ "$(wc -L <out)" -le $width ] || { echo "$command at $width:"; cat out; return 1; }
    done
  done
  # Lines of words, too; a path is one word, and here none is longer than this.
  for command in 'show last' 'show caller_with_a_long_name_too' 'trend total'; do
    on_terminal 72 "hotpath $command" >out
    [ "$(wc -L <out)" -le 72 ] || { echo "$command:"; cat out; return 1; }
  done
  for width in 80 60 45; do
    on_terminal $width "hotpath report" >out
    grep -q '^a_fun.*….*far ' out
    # What it was called is in no way shortened, or not there and told.
    grep -q ' 1234567 ' out || grep -q 'Not shown for want of room: .*Calls' out
  done
  # Nothing is cut where it does not go to a terminal.
  hotpath report | grep -q '^a_function_whose_name_is_longer_than_any_terminal_of_the_sixties_is_wide_by_far '
}
