# SPDX-License-Identifier: MIT
# Unit tests, checks of the sources, sanitizers.
#
#   check-unit       all cmocka programs: those of UNIT_TESTS, and build/test/test_rules of the plugin
#   check-house      what may include what, what the runtime may need and export (testsuite/house)
#   check-format     clang-format on all C and C++ sources
#   check-cppcheck   cppcheck on the C sources
#   check-tsan, check-asan   the runtime with sanitizers
#   check-sanitize   unit tests and the reader of the runtime's tests with address and undefined-behaviour sanitizers
#   check-sanitize-cli  the tests of the commands with a sanitised command
#   fuzz             SECONDS=600 of damaged segments, sanitised (testsuite/fuzz)
#   check-fuzz       15 seconds of it, always the same ones
#
# Other folders append to UNIT_TESTS and say how theirs are linked.

SEGMENT_UNIT_TESTS = test_hist test_segment test_segment_threads test_segment_units test_segment_recent \
	test_segment_steer test_segment_lives test_segment_stats
UNIT_TESTS += $(SEGMENT_UNIT_TESTS)
SEGMENT_SRC = $(wildcard cli/segment/*.c) runtime/seg_copy.c
SEGMENT_HDR = $(wildcard cli/segment/*.h) runtime/segment.h runtime/seg_copy.h runtime/seg_lives.h runtime/hist.h

$(SEGMENT_UNIT_TESTS:%=$(B)/test/unit/%): $(B)/test/unit/%: testsuite/unit/%.c testsuite/unit/genuine.c \
		testsuite/unit/genuine.h $(SEGMENT_SRC) $(SEGMENT_HDR)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka -lm

UNIT_TESTS += test_segment_fit
$(B)/test/unit/test_segment_fit: testsuite/unit/test_segment_fit.c cli/segment/segment_fit.c cli/segment/segment_reader.h
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka

UNIT_TESTS += test_sample
$(B)/test/unit/test_sample: testsuite/unit/test_sample.c runtime/sample.c $(wildcard runtime/*.h)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -fno-strict-aliasing -o $@ $< -lcmocka -lm

UNIT_TESTS += test_cost
$(B)/test/unit/test_cost: testsuite/unit/test_cost.c runtime/clock.c runtime/cost.c runtime/speed.c $(wildcard runtime/*.h)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -fno-strict-aliasing -o $@ $< -lcmocka

UNIT_TESTS += test_inner
$(B)/test/unit/test_inner: testsuite/unit/test_inner.c runtime/hook.c runtime/tree.c runtime/fold.c $(wildcard runtime/*.h)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -fno-strict-aliasing -o $@ $< -lcmocka

# Its functions have names of the C library's, and are to be nobody else's.
UNIT_TESTS += test_kernel
VDSOS = $(B)/test/unit/vdso-sysv.so $(B)/test/unit/vdso-gnu.so
$(B)/test/unit/test_kernel: testsuite/unit/test_kernel.c runtime/kernel.c $(wildcard runtime/*.h) $(VDSOS)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -fvisibility=hidden -DVDSO='"$(abspath $(@D))/vdso-"' -o $@ $< -lcmocka

$(VDSOS): $(B)/test/unit/vdso-%.so: testsuite/unit/vdso.c
	@mkdir -p $(@D)
	$(CC) -O2 -w -fPIC -shared -nostdlib -Wl,--hash-style=$*,-z,noseparate-code -o $@ $<

# run-all PROGRAMS: each, also when one before it failed; status 0 or 1.
run_all = status=0; for t in $(1); do $$t || status=1; done; exit $$status

# By another make: UNIT_TESTS is not complete until all parts are read.
.PHONY: check-unit unit-programs
check-unit: $(B)/test/shapes $(B)/test/lives
	@$(MAKE) --no-print-directory unit-programs
	@export BUILD=$(abspath $(B)); $(call run_all,$(UNIT_TESTS:%=$(B)/test/unit/%) $(B)/test/test_rules)

unit-programs: $(B)/test/test_rules
	@$(MAKE) --no-print-directory $(UNIT_TESTS:%=$(B)/test/unit/%)

.PHONY: check-house
check-house: $(B)/lib/libhotpath.so
	@BUILD=$(abspath $(B)) bats testsuite/house

FORMATTED = $(wildcard runtime/*.[ch] plugin/*.[ch] plugin/*.cc cli/*.[ch] cli/*/*.[ch] testsuite/*/*.[ch])
.PHONY: check-format
check-format:
	@if ! command -v clang-format >/dev/null; then echo "skipped: no clang-format"; \
	else clang-format --dry-run -Werror $(FORMATTED) || exit 1; fi

# The suppressions, each with its reason: system headers are not searched; "if (*p && (*p)->x) return *p" is no mistake;
# nothing can be done when at_quick_exit() fails.
CPPCHECK = cppcheck --quiet --error-exitcode=1 --std=c11 --language=c -D_GNU_SOURCE -D__x86_64__ -D__linux__ \
	-DHOTPATH_VERSION='"$(VERSION)"' --enable=warning,performance,portability \
	--suppress=missingIncludeSystem --suppress=identicalInnerCondition --suppress=ignoredReturnValue:runtime/end.c
.PHONY: check-cppcheck
check-cppcheck:
	@if ! command -v cppcheck >/dev/null; then echo "skipped: no cppcheck"; \
	else $(CPPCHECK) $(wildcard runtime/*.c cli/*.c cli/*/*.c) $(PLUGIN_C_SOURCES) || exit 1; fi

# Parsers, reader and store with AddressSanitizer and UBSan: all that reads what others wrote.
SANITIZE = -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all
SAN = $(B)/san
.PHONY: check-sanitize
check-sanitize: $(RUNTIME_PROGRAMS:%=$(B)/test/%)
	@$(MAKE) --no-print-directory B=$(SAN) OPT="-O1 -g $(SANITIZE)" LDFLAGS="$(SANITIZE)" WERROR= \
		unit-programs $(SAN)/test/segdump
	@ln -sf $(RUNTIME_PROGRAMS:%=$(abspath $(B))/test/%) $(SAN)/test/
	@export BUILD=$(abspath $(B)); $(call run_all,$(UNIT_TESTS:%=$(SAN)/test/unit/%) $(SAN)/test/test_rules)
	@BUILD=$(abspath $(SAN)) bats testsuite/runtime

# The tests of the commands, with all of the command sanitised: also the one that a program starts at its end, whose output
# nobody sees, so that what the sanitizers find goes into files, and any of these is a failure.  The plugin and the runtime
# beside it are the ordinary ones.  Two files at a time, for most of it is waiting.
SAN_FOUND = $(abspath $(SAN))/test/found
SAN_ENV = ASAN_OPTIONS=log_path=$(SAN_FOUND)/asan:exitcode=99:fast_unwind_on_malloc=0 UBSAN_OPTIONS=log_path=$(SAN_FOUND)/ubsan:print_stacktrace=1:exitcode=99
.PHONY: check-sanitize-cli
check-sanitize-cli: all
	@$(MAKE) --no-print-directory B=$(SAN) OPT="-O1 -g $(SANITIZE)" LDFLAGS="$(SANITIZE)" WERROR= \
		$(SAN)/bin/hotpath $(SAN)/test/make_history
	@rm -rf $(SAN)/lib $(SAN_FOUND); cp -a $(B)/lib $(SAN)/lib; mkdir -p $(SAN_FOUND)
	@status=0; printf '%s\n' $(SAN_CLI) | $(SAN_ENV) HOTPATH_BUILD=$(abspath $(SAN)) xargs -P 2 -I FILE sh -c \
		'out=$$(bats FILE 2>&1); status=$$?; printf "%s\n" "$$out"; exit $$status' || status=1; \
	for f in $(SAN_FOUND)/*; do if [ -e "$$f" ]; then cat "$$f"; status=1; fi; done; exit $$status

# Without those that drive a browser or other programs: what they read, `export` and `flamegraph` write here too.
SAN_CLI = $(filter-out %/diff_html.bats %/export_clients.bats,$(wildcard testsuite/cli/*.bats))

# The runtime itself, in programs that have the same sanitizer.  It has no suppressions; where it knows of ThreadSanitizer
# (thread.c), it says why.
#
#   check-tsan, check-asan   what CI bears; all of testsuite/runtime, and of the end-to-end tests those with threads and stacks
#   check-sanitize-all       all of steer.bats and lives.bats that a sanitizer allows: some minutes
# Tests of testsuite/runtime that neither limit memory nor wait for a crash of their own.
RUNTIME_SANITIZED = nested|self times|recursion counts|another branch|mutual|longjmp|hread|storm|forked|left for another|exit status
TSAN = -fsanitize=thread
ASAN = -fsanitize=address,undefined -fno-sanitize-recover=undefined

# sanitized FOLDER,FLAGS: a build folder with that runtime, and the plugin and the command as they are.
define sanitized
	@$(MAKE) --no-print-directory -s B=$(1) OPT="-O1 -g $(2)" LDFLAGS="$(2)" WERROR= $(1)/lib/libhotpath.so $(1)/test/shapes $(1)/test/lives
	@mkdir -p $(1)/bin $(1)/test && cp -rL --remove-destination $(B)/lib/hotpath.so $(B)/lib/hotpath $(1)/lib/ && cp -f $(B)/bin/hotpath $(1)/bin/ && \
		cp -f $(B)/test/segdump $(1)/test/
endef
tsan_bats = BUILD=$(abspath $(B))/tsan HOTPATH_TEST_FLAGS="$(TSAN)" bats
# use_sigaltstack=0: else the stack frames that a cancelled thread left are taken for a mistake at its end, without hotpath too.
asan_bats = BUILD=$(abspath $(B))/asan HOTPATH_TEST_FLAGS="$(ASAN)" ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0:use_sigaltstack=0 bats

.PHONY: check-tsan check-asan check-sanitize-all sanitized-tsan sanitized-asan
sanitized-tsan: all $(B)/test/segdump
	$(call sanitized,$(B)/tsan,$(TSAN))
sanitized-asan: all $(B)/test/segdump
	$(call sanitized,$(B)/asan,$(ASAN))

check-tsan: sanitized-tsan
	@$(tsan_bats) testsuite/runtime -f '$(RUNTIME_SANITIZED)'
	@$(tsan_bats) testsuite/e2e/steer.bats -f 'thousands|fibers|sessions'
	@$(tsan_bats) testsuite/e2e/lives.bats -f 'detached'
check-asan: sanitized-asan
	@$(asan_bats) testsuite/runtime -f '$(RUNTIME_SANITIZED)'
	@$(asan_bats) testsuite/e2e/steer.bats -f 'thousands|fibers|sessions|recursion'
	@$(asan_bats) testsuite/e2e/lives.bats -f 'detached|mutual|exception'

# Not: static programs, which sanitizers refuse; calls counted or memory bounded to the byte, which they change; seccomp.
SANITIZED_MOST = thousands|1,000 threads|fibers|sessions|recursion|_stop|switched off|hotpath_reset|flush|thread_name|ctl|FOLLOW|detached|main leaves|cancelled|cancellation|mutual|exception|switched by hand|destructors|folders|quick_exit|SIGKILL
check-sanitize-all: check-tsan check-asan
	@$(tsan_bats) testsuite/e2e/steer.bats testsuite/e2e/lives.bats -f '$(SANITIZED_MOST)'
	@$(asan_bats) testsuite/e2e/steer.bats testsuite/e2e/lives.bats -f '$(SANITIZED_MOST)'

FUZZ = $(B)/test/fuzz_segment
SECONDS ?= 600
$(FUZZ): testsuite/fuzz/fuzz_segment.c testsuite/unit/genuine.c testsuite/unit/genuine.h $(SEGMENT_SRC) $(SEGMENT_HDR)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) $(SANITIZE) -DWITH_MAIN -o $@ $(filter %.c,$^) -lcmocka -lm

.PHONY: fuzz check-fuzz
fuzz: $(FUZZ) $(B)/test/shapes $(B)/test/lives
	@BUILD=$(abspath $(B)) $(FUZZ) --seconds $(SECONDS) --seed $$$$
check-fuzz: $(FUZZ) $(B)/test/shapes $(B)/test/lives
	@BUILD=$(abspath $(B)) $(FUZZ) --seconds 15 --seed 1
