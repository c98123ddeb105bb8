# make check: unit tests, plugin, runtime, commands, the house rules.  Each part is a target of its own.

TEST_CFLAGS = $(HOTPATH_CFLAGS) -Wno-missing-prototypes
RUNTIME_ABS = $(abspath $(B))/lib/libhotpath.so

$(B)/test/segdump: testsuite/runtime/segdump.c $(wildcard cli/segment/*.[ch]) runtime/seg_copy.c $(wildcard runtime/*.h)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lm

$(B)/test/shapes: testsuite/runtime/shapes.c testsuite/runtime/unit.h runtime/abi.h $(B)/lib/libhotpath.so
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -DRUNTIME='"$(RUNTIME_ABS)"' -o $@ $< $(B)/lib/libhotpath.so -Wl,-rpath,$(abspath $(B))/lib -pthread

$(B)/test/lives: testsuite/runtime/lives.c testsuite/runtime/unit.h runtime/abi.h runtime/hotpath.h $(B)/lib/libhotpath.so
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -DRUNTIME='"$(RUNTIME_ABS)"' -o $@ $< $(B)/lib/libhotpath.so -Wl,-rpath,$(abspath $(B))/lib -pthread

# No red zone: it pushes the flags to set the trap.
$(B)/test/steps: testsuite/runtime/steps.c runtime/abi.h $(B)/lib/libhotpath.so
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -mno-red-zone -DRUNTIME='"$(RUNTIME_ABS)"' -o $@ $< $(B)/lib/libhotpath.so -Wl,-rpath,$(abspath $(B))/lib -pthread

$(B)/test/clock: testsuite/runtime/clock.c testsuite/runtime/tsc_trap.h testsuite/runtime/unit.h runtime/abi.h runtime/segment.h $(B)/lib/libhotpath.so
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -DRUNTIME='"$(RUNTIME_ABS)"' -o $@ $< $(B)/lib/libhotpath.so -Wl,-rpath,$(abspath $(B))/lib

RUNTIME_PROGRAMS = shapes lives steps clock
.PHONY: check-runtime
check-runtime: $(B)/test/segdump $(RUNTIME_PROGRAMS:%=$(B)/test/%)
	bats testsuite/runtime

-include testsuite/unit/module.mk
-include testsuite/cli/module.mk
-include testsuite/plugin/module.mk
-include testsuite/torture/module.mk
-include testsuite/counts/module.mk
-include testsuite/arm64/module.mk

CHECK_PACKAGES = bats libcmocka-dev gcc-11 g++-11 gcc-11-plugin-dev gfortran gfortran-11 gnat gdc gcc-12-source cppcheck \
	clang-format sqlite3 jq git ccache cmake ninja-build meson bsdutils bsdextrautils groff-base g++ xz-utils perl \
	libxml2-utils valgrind protobuf-compiler curl python3 yamllint shellcheck
CHECK_PARTS = check-unit check-runtime check-e2e check-plugin check-cli check-ci check-house check-format check-cppcheck check-sanitize check-sanitize-cli check-tsan check-asan \
	check-fuzz check-torture-sample check-counts-sample

.PHONY: check check-all
check:
	@$(MAKE) --no-print-directory -s deps EXTRA_PACKAGES="$(CHECK_PACKAGES)"
	@$(MAKE) --no-print-directory -s all
	@if gcc-11 -v >/dev/null 2>&1 && [ -d "$$(gcc-11 -print-file-name=plugin)/include" ]; then \
		$(MAKE) --no-print-directory -s CC=gcc-11 plugin; fi
	@$(MAKE) --no-print-directory -s check-all

check-all:
	@B=$(B) testsuite/check.sh $(CHECK_PARTS)

.PHONY: bench
bench: all
	@testsuite/bench/bench.sh "$(abspath $(B))" "$(CC)"

.PHONY: bench-compile
bench-compile: plugin
	@testsuite/bench/compile.sh "$(abspath $(B))" "$(CC)"

.PHONY: check-e2e
check-e2e: all
	bats testsuite/e2e

# examples/ci: what posts, against a server of the tests' own, and what the jobs run.
.PHONY: check-ci
check-ci: all
	HOTPATH_BUILD=$(abspath $(B)) bats testsuite/ci

.PHONY: readme
readme: all
	@testsuite/readme.sh "$(abspath $(B))" "$(BLOCKS)"

.PHONY: check-truth
check-truth: all
	@testsuite/truth/truth.sh "$(abspath $(B))" "$(CC)"
