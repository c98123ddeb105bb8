# SPDX-License-Identifier: GPL-3.0-or-later
# Attributes and rules in languages that are not C or C++.

load helper

ada_program()
{
	cat >prog.adb <<-'END'
		with Ada.Text_IO;
		procedure Prog is
		   X : Integer := 0;
		   function Fib (N : Integer) return Integer;
		   procedure Row;
		   procedure Quiet;
		--ATTRIBUTES
		   function Fib (N : Integer) return Integer is
		   begin
		      return (if N < 2 then N else Fib (N - 1) + Fib (N - 2));
		   end Fib;
		   procedure Row is
		   begin
		      X := X + 1;
		   end Row;
		   procedure Quiet is
		   begin
		      X := X + 2;
		   end Quiet;
		begin
		   Row; Row; Quiet;
		   X := X + Fib (10);
		   Ada.Text_IO.Put_Line (Integer'Image (X));
		end Prog;
	END
}

# ada FLAGS...: builds and runs it; what the compiler says is in `messages`.
ada()
{
	LC_ALL=C gcc-12 -c "$@" "-fplugin=$PLUGIN" prog.adb 2>messages || { cat messages; return 1; }
	gnatbind-12 prog && gnatlink-12 prog "$FAKE"
	[ "$(./prog)" = " 59" ]
}

@test "Ada: pragma Machine_Attribute, with a label, and where it is misplaced" {
	command -v gnatbind-12 >/dev/null || skip "no gnat-12"
	[ -e "$B/lib/hotpath/gcc-12/plugin.so" ] || skip "no plugin for gcc-12"
	ada_program
	cat >attributes <<-'END'
		   pragma Machine_Attribute (Fib, "hotpath_measure");
		   pragma Machine_Attribute (Row, "hotpath_measure", "parse row");
		   pragma Machine_Attribute (Quiet, "hotpath_skip");
		   pragma Machine_Attribute (X, "hotpath_measure");
		   type T is range 1 .. 10;
		   pragma Machine_Attribute (T, "hotpath_measure");
	END
	sed -i -e '/--ATTRIBUTES/{r attributes' -e 'd}' prog.adb
	for flags in -O0 -O2; do
		ada $flags
		counted "prog.fib - 177 177" "prog.row parse row 2 2" "landed 0" "crossed 0" "open 0"
		grep -q "prog.adb:3:.*warning: 'hotpath_measure' attribute ignored; 'pragma Machine_Attribute' may only name a subprogram for it" messages
		grep -q "prog.adb:11:.*warning: 'hotpath_measure' attribute does not apply to types" messages
		[ "$(grep -c warning: messages)" = 2 ]
	done
	printf 'rules:\n  - functions: "*"\n' >hotpath.yaml
	ada -O2
	grep -qx "prog - 1 1" counts
	! grep -q quiet counts
}

@test "Ada: rules know the names with their scopes" {
	command -v gnatbind-12 >/dev/null || skip "no gnat-12"
	[ -e "$B/lib/hotpath/gcc-12/plugin.so" ] || skip "no plugin for gcc-12"
	ada_program
	printf 'rules:\n  - functions: "prog.row"\n  - functions: quiet\n    language: ada\n    label: "{function}!"\n  - functions: fib\n    language: [c, c++]\n' >hotpath.yaml
	ada -O2
	counted "prog.row - 2 2" "prog.quiet quiet! 1 1" "landed 0" "crossed 0" "open 0"
	[ ! -s messages ]
}

@test "Ada: instances of generics, protected operations and task bodies, and nothing that GNAT made" {
	command -v gnatbind-12 >/dev/null || skip "no gnat-12"
	[ -e "$B/lib/hotpath/gcc-12/plugin.so" ] || skip "no plugin for gcc-12"
	cat >prog.adb <<-'END'
		with Ada.Finalization; with Ada.Text_IO;
		procedure Prog is
		   generic type T is private; with function "+" (A, B : T) return T is <>;
		   package Adder is
		      function Sum (A, B : T) return T;
		      type Rec is record X : Integer := 3; Y : T; end record;
		   end Adder;
		   package body Adder is
		      function Sum (A, B : T) return T is begin return A + B + B; end Sum;
		   end Adder;
		   package Ints is new Adder (Integer);
		   protected Prot is
		      procedure Set (V : Integer);
		      function Get return Integer;
		   private
		      Val : Integer := 0;
		   end Prot;
		   protected body Prot is
		      procedure Set (V : Integer) is begin Val := V; end Set;
		      function Get return Integer is begin return Val; end Get;
		   end Prot;
		   type Ctl is new Ada.Finalization.Controlled with record Z : Ints.Rec; end record;
		   overriding procedure Finalize (C : in out Ctl) is begin C.Z.X := 0; end Finalize;
		   procedure Run is
		      task Worker is entry Go; end Worker;
		      task body Worker is begin accept Go; Prot.Set (7); end Worker;
		      C : Ctl;
		   begin
		      Worker.Go;
		      C.Z.Y := 1;
		   end Run;
		begin
		   Run;
		   Ada.Text_IO.Put_Line (Integer'Image (Ints.Sum (Prot.Get, 26)));
		end Prog;
	END
	printf 'rules:\n  - functions: "*"\n' >hotpath.yaml
	LC_ALL=C gcc-12 -c -O1 "-fplugin=$PLUGIN" prog.adb
	gnatbind-12 prog && gnatlink-12 prog "$FAKE"
	[ "$(./prog)" = " 59" ]
	"$B/bin/hotpath" sites prog.o | grep -q "^prog.finalize *prog.adb:23 "
	counted "prog - 1 1" "prog.finalize - 1 1" "prog.ints.sum - 1 1" "prog.prot.get - 1 1" "prog.prot.set - 1 1" "prog.run - 1 1" "prog.run.worker - 1 1" \
		"landed 0" "crossed 0" "open 0"
}

@test "Ada: nothing that stands nowhere is measured, as what finalizes a package" {
	command -v gnatbind-12 >/dev/null || skip "no gnat-12"
	[ -e "$B/lib/hotpath/gcc-12/plugin.so" ] || skip "no plugin for gcc-12"
	cat >kept.ads <<-'END'
		with Ada.Finalization;
		package Kept is
		   type C is new Ada.Finalization.Controlled with record X : Integer := 0; end record;
		   overriding procedure Finalize (O : in out C);
		   Global : C;
		end Kept;
	END
	cat >kept.adb <<-'END'
		package body Kept is
		   Hidden : C;
		   overriding procedure Finalize (O : in out C) is begin O.X := 1; end Finalize;
		begin
		   Hidden.X := 3;
		end Kept;
	END
	printf 'rules:\n  - functions: "*"\n' >hotpath.yaml
	LC_ALL=C gcc-12 -c -O1 "-fplugin=$PLUGIN" kept.adb
	[ "$("$B/bin/hotpath" sites kept.o | awk 'NR > 1 { print $1, $2 }')" = "$(printf '%s\n' "kept kept.adb:1" "kept.finalize kept.adb:3" "kept kept.ads:2")" ]
}

@test "Fortran: each ENTRY is a function, and what gfortran makes of them together is none" {
	[ -e "$B/lib/hotpath/gcc-12/plugin.so" ] || skip "no plugin for gcc-12"
	command -v gfortran-12 >/dev/null || skip "no gfortran-12"
	cat >f.f90 <<-'END'
		module m
		contains
		  subroutine s(x)
		    integer, intent(inout) :: x
		    x = x + 1
		    return
		    entry ent(x)
		    x = inner(x)
		  contains
		    integer function inner(y)
		      integer :: y
		      inner = y + 2
		    end function
		  end subroutine
		end module
		program p
		  use m
		  integer :: i, k
		  k = 0
		  do i = 1, 3
		    call s(k)
		    call ent(k)
		    call ent(k)
		  end do
		  if (k .ne. 15) stop 1
		end program
	END
	printf 'rules:\n  - functions: "*"\n' >hotpath.yaml
	for level in -O0 -O2; do
		gfortran-12 $level "-fplugin=$PLUGIN" f.f90 "$FAKE" -o f
		./f
		counted "m::s - 3 3" "m::ent - 6 6" "m::s::inner - 6 6" "p - 1 1" "landed 0" "crossed 0" "open 0"
	done
	for rule in 'functions: "m::ent"' 'functions: ent' 'functions: "__m_MOD_ent"' '{namespace: m, functions: "e*"}'; do
		printf 'rules:\n  - %s\n' "$rule" >hotpath.yaml
		gfortran-12 -O1 "-fplugin=$PLUGIN" f.f90 "$FAKE" -o f
		./f
		counted "m::ent - 6 6" "landed 0" "crossed 0" "open 0"
	done
}

@test "D and Fortran: rules" {
	[ -e "$B/lib/hotpath/gcc-12/plugin.so" ] || skip "no plugin for gcc-12"
	printf 'rules:\n  - functions: ["fib", "d.row", "m::twice"]\n' >hotpath.yaml
	if command -v gdc-12 >/dev/null; then
		printf 'module d;\nint fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }\nvoid row() {}\nextern (C) int main() { row(); return fib(10) != 55; }\n' >d.d
		gdc-12 -O1 -fno-inline "-fplugin=$PLUGIN" d.d "$FAKE" -o d
		./d
		counted "d.fib(int) - 177 177" "d.row() - 1 1" "landed 0" "crossed 0" "open 0"
	fi
	command -v gfortran-12 >/dev/null || skip "no gfortran-12"
	printf 'module m\ncontains\nsubroutine twice\nend subroutine\nend module\nprogram p\nuse m\ncall twice\ncall twice\nend program\n' >f.f90
	gfortran-12 -O1 "-fplugin=$PLUGIN" f.f90 "$FAKE" -o f
	./f
	counted "m::twice - 2 2" "landed 0" "crossed 0" "open 0"
}

@test "C++: a namespace takes no attribute; GCC says so, a rule or the pragma does it" {
	cat >a.cc <<-'END'
		namespace [[hotpath::measure_all]] x { int f() { return 1; } }
		namespace y {
		#pragma hotpath push
		#pragma hotpath measure_all on
		int g() { return 1; }
		#pragma hotpath pop
		}
		int main() { return x::f() + y::g() != 2; }
	END
	printf 'rules:\n  - namespace: x\n' >hotpath.yaml
	LC_ALL=C g++ "-fplugin=$PLUGIN" a.cc "$FAKE" -o a 2>messages
	grep -q "a.cc:1:.*warning: 'measure_all' attribute directive ignored" messages
	./a
	counted "x::f() - 1 1" "y::g() - 1 1" "landed 0" "crossed 0" "open 0"
}
