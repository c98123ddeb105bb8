#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The hash of a function's body: what it depends on, and what not, in each language.

load ../cli/helper

# setup_file of the helper builds a program that is not used here.
setup_file() { :; }

# bodies [COMPILER] FILE FLAGS...: compiles with every function measured, runs, and fills `body` by name.
bodies() {
  declare -gA body
  local compiler=gcc name hash
  case $1 in *.*) ;; *) compiler=$1; shift ;; esac
  echo 'rules: [{functions: "*", measure: true}]' >hotpath.yaml
  "$compiler" -fplugin="$BUILD/lib/hotpath.so" "${@:2}" -o prog "$1"
  HOTPATH_RUN_TOKEN="t$RANDOM$RANDOM" ./prog >/dev/null
  while IFS=$'\t' read -r name hash; do
    [[ $name != *lambda* ]] || continue
    name=${name%%(*}
    body[${name##*::}]=$hash
  done < <(hotpath report -n 0 -f json | jq -r '.functions[]|[.name,.body]|@tsv')
}

same() { [ -n "${body[$1]}" ] && [ "${body[$1]}" = "${body[$2]}" ] || { echo "$1 ${body[$1]}, $2 ${body[$2]}"; return 1; }; }
differ() { [ -n "${body[$1]}" ] && [ -n "${body[$2]}" ] && [ "${body[$1]}" != "${body[$2]}" ] || { echo "$1 ${body[$1]}, $2 ${body[$2]}"; return 1; }; }
# large NAME: bit 0 of its hash.
large() { [ $((0x${body[$1]:15} & 1)) -eq "$2" ]; }

# c VARIANT NAME: a function in C with one thing replaced.
c() {
  sed -e "$1" -e "s/NAME/$2/" <<'EOS'
int NAME(int *a, int n)
{
	static int calls = 5;
	int table[3] = {1, 2, 3}, sum = 0;
	assert(n < 100);
	for (int i = 0; i < n; i++)
		switch (a[i]) {
		case 7: sum += global * 3; break;
		case 9: sum += table[i % 3]; break;
		default: puts("text"); sum += st.one; goto out;
		}
out:
	calls++;
	printf("%s %d\n", __func__, sum);
	return sum + (n > 3 ? NAME2(a, n - 1) : 0);
}
EOS
}

@test "C: names, lines, files and flags do not matter; a constant, an operator, a callee, a type does" {
  {
    printf '#include <assert.h>\n#include <stdio.h>\n#include <string.h>\n'
    printf 'int global = 1, other; struct { int one, two; } st; int helper(int *a, int n) { return 0; }\n'
    c 's/NAME2/base/' base
    printf '\n\n\n'
    c 's/NAME2/renamed/; s/sum/total/g; s/calls/count/g; s/out/done/g' renamed
    c 's/NAME2/helper/' callee
    c 's/NAME2/constant/; s/ 3; break/ 4; break/' constant
    c 's/NAME2/operator/; s/sum += global/sum -= global/' operator
    c 's/NAME2/type/; s/sum = 0/x = 0; long sum = 0/' type
    c 's/NAME2/glob/; s/global/other/' glob
    c 's/NAME2/field/; s/st.one/st.two/' field
    c 's/NAME2/text/; s/"text"/"test"/' text
    c 's/NAME2/begin/; s/calls = 5/calls = 6/' begin
    c 's/NAME2/array/; s/{1, 2, 3}/{1, 2, 4}/' array
    c 's/NAME2/label/; s/case 9/case 8/' label
    c 's/NAME2/moved/; s/	calls++;//; s/	int table/	calls++;\n&/' moved
    c 's/NAME2/parameter/; s/int \*a/unsigned *a/' parameter
    echo 'int tiny(int *a, int n) { return *a + n; } int tiny2(int *b, int m) { return *b + m; }'
    echo 'int main(void) { int a[] = {7, 9, 8, 7, 9};'
    for f in base renamed callee constant operator type glob field text begin array label moved tiny tiny2; do echo "$f(a, 5);"; done
    echo 'parameter((unsigned *)a, 2); return 0; }'
  } >v.c
  sed -i 's/renamed(int \*a/renamed(int *vector/; /^int renamed/,/^}/s/\ba\b/vector/g' v.c
  bodies v.c -w -O2
  same base renamed
  for f in callee constant operator type glob field text begin array label moved parameter; do differ base $f; done
  large base 1
  large tiny 0
  same tiny tiny2
  first=${body[base]}
  { printf '\n\n#line 7 "elsewhere.c"\n'; cat v.c; } >w.c
  for flags in -O0 "-O2 -g" "-Os -fPIC"; do
    bodies w.c -w $flags
    [ "${body[base]}" = "$first" ] || { echo "$flags"; false; }
  done
  # In the other order.
  { sed -n '1,4p' v.c; c 's/NAME2/late/' late; sed -n '5,$p' v.c | sed 's/^int main(void) {/& int b[] = {7}; late(b, 1);/'; } >x.c
  bodies x.c -w -O1
  [ "${body[base]}" = "$first" ]
  same late base
}

@test "C++: exceptions, templates, lambdas, members, local statics" {
  cat >v.cc <<'EOS'
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>
struct base { virtual ~base() {} virtual int f(int) = 0; };
struct one : base { int f(int x) override { return x; } };
struct two : base { int f(int x) override { return x; } };
template <int N> int add(int x) { return x + N; }
#define BODY(SELF, THROWN, CAUGHT, T, N) \
	static std::string name = "static"; \
	std::vector<T> v; \
	auto twice = [&](int x) { v.push_back(x); return 2 * x; }; \
	try { \
		for (int i = 0; i < n; i++) if (twice(i) > 4) throw THROWN("text"); \
	} catch (const CAUGHT &e) { v.push_back(T(add<N>(n))); std::puts(e.what()); } \
	base *b = new one; int r = b->f(n); delete b; \
	return r + (int)v.size() + (int)name.size();
int first(int n) { BODY(first, std::runtime_error, std::exception, int, 1) }
namespace ns {
int second(int n) { BODY(second, std::runtime_error, std::exception, int, 1) }
}
int thrown(int n) { BODY(thrown, std::logic_error, std::exception, int, 1) }
int caught(int n) { BODY(caught, std::runtime_error, std::runtime_error, int, 1) }
int typed(int n) { BODY(typed, std::runtime_error, std::exception, long, 1) }
int instance(int n) { BODY(instance, std::runtime_error, std::exception, int, 2) }
int inside(int n) { try { std::puts("a"); std::puts("b"); std::puts("c"); } catch (...) { n++; } std::puts("d"); std::puts("e"); return n; }
int outside(int n) { try { std::puts("a"); std::puts("b"); std::puts("c"); } catch (...) { n++; std::puts("d"); } std::puts("e"); return n; }
int main() { return first(4) + ns::second(4) + thrown(4) + caught(4) + typed(4) + instance(4) + inside(1) + outside(1) == 0; }
EOS
  bodies g++ v.cc -O1
  same first second
  for f in thrown caught typed instance; do differ first $f; done
  differ inside outside
  one=${body[first]}
  { sed -n '1,8p' v.cc; echo 'int before() { auto l = [](int x) { static int k; return ++k + x; }; return l(1); }'; sed -n '9,$p' v.cc; } >w.cc
  bodies g++ w.cc -O2 -g
  [ "${body[first]}" = "$one" ]
}

@test "C: OpenMP's clauses and bodies" {
  cat >v.c <<'EOS'
#include <stdio.h>
int a(int n) { int s = 0; puts("x"); puts("y");
#pragma omp parallel for reduction(+:s) num_threads(2)
  for (int i = 0; i < n; i++) s += i; return s; }
int b(int m) { int t = 0; puts("x"); puts("y");
#pragma omp parallel for reduction(+:t) num_threads(2)
  for (int i = 0; i < m; i++) t += i; return t; }
int clause(int n) { int s = 0; puts("x"); puts("y");
#pragma omp parallel for reduction(+:s) num_threads(1)
  for (int i = 0; i < n; i++) s += i; return s; }
int operation(int n) { int s = 0; puts("x"); puts("y");
#pragma omp parallel for reduction(+:s) num_threads(2)
  for (int i = 0; i < n; i++) s -= i; return s; }
int main(void) { return a(9) + b(9) + clause(9) + operation(9) == 0; }
EOS
  bodies v.c -O1 -fopenmp
  same a b
  differ a clause
  differ a operation
}

@test "Fortran: what is written, and where in the file not" {
  command -v gfortran >/dev/null || skip "no gfortran"
  # fortran NAME SED: a subroutine with one thing replaced.
  fortran() {
    sed -e "s/NAME/$1/" -e "$2" <<'EOS'
subroutine NAME(n)
  integer :: n, i
  real :: x(4)
  x = 1.5
  do i = 1, n
    x(i) = x(i) * 2
    print *, 'value', x(i)
  end do
end subroutine
EOS
  }
  {
    fortran first ''
    echo
    fortran another 's/\bn\b/m/g; s/\bi\b/j/g; s/\bx\b/y/g; s/  do .*/&\n/'
    fortran constant 's/1\.5/1.25/'
    fortran text 's/value/valve/'
    printf '%s\n' 'program p' 'call first(4)' 'call another(4)' 'call constant(4)' 'call text(4)' 'end program'
  } >v.f90
  bodies gfortran v.f90 -O1 -fcheck=bounds
  same first another
  differ first constant
  differ first text
}

@test "Ada and D: run-time checks do not tell where they stand" {
  if command -v gnatmake >/dev/null; then
    mkdir ada && cd ada
    # ada NAME SED: a function with one thing replaced.
    ada() {
      sed -e "s/NAME/$1/g" -e "$2" <<'EOS'
   function NAME (N : Integer) return Integer is
      S : Integer := 0;
   begin
      for I in 1 .. N loop
         S := S + Data (I) * 5;
      end loop;
      return S;
   end NAME;
EOS
    }
    {
      printf '%s\n' 'with Ada.Text_IO; use Ada.Text_IO;' 'procedure V is' \
        '   type Vector is array (1 .. 4) of Integer;' '   Data : Vector := (others => 3);'
      ada First ''
      ada Second 's/\bN\b/M/; s/\bS\b/T/g; s/\bI\b/J/g; s/ loop$/&\n/'
      ada Third 's/5/6/'
      printf '%s\n' 'begin' "   Put_Line (Integer'Image (First (4) + Second (4) + Third (4)));" 'end V;'
    } >v.adb
    echo 'rules: [{functions: "*", measure: true}]' >hotpath.yaml
    gnatmake -q v.adb -gnato -cargs -fplugin="$BUILD/lib/hotpath.so"
    HOTPATH_RUN_TOKEN=ada ./v >/dev/null
    declare -gA body
    while IFS=$'\t' read -r name hash; do body[${name##*.}]=$hash; done < <(hotpath report -n 0 -f json | jq -r '.functions[]|[.name,.body]|@tsv')
    same first second
    differ first third
  fi
  command -v gnatmake >/dev/null || command -v gdc >/dev/null || skip "no gnatmake, no gdc"
}
