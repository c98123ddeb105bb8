# SPDX-License-Identifier: MIT
# Unit tests, checks of the sources, sanitizers.
#
#   check-unit       all cmocka programs: those of UNIT_TESTS, and build/test/test_rules of the plugin
#   check-house      what may include what, what the runtime may need and export (testsuite/house)
#   check-format     clang-format on all C and C++ sources
#   check-cppcheck   cppcheck on the C sources
#   check-sanitize   unit tests and the reader of the runtime's tests with address and undefined-behaviour sanitizers
#   check-sanitize-cli  the tests of the commands with a sanitised command
#   fuzz             SECONDS=600 of damaged segments, sanitised (testsuite/fuzz)
#   check-fuzz       15 seconds of it, always the same ones
#
# Other folders append to UNIT_TESTS and say how theirs are linked.

SEGMENT_UNIT_TESTS = test_hist test_segment test_segment_threads test_segment_units test_segment_recent \
	test_segment_steer test_segment_lives
UNIT_TESTS += $(SEGMENT_UNIT_TESTS)
SEGMENT_SRC = $(wildcard cli/segment_*.c) cli/image.c runtime/seg_copy.c
SEGMENT_HDR = $(wildcard cli/segment_*.h) cli/image.h runtime/segment.h runtime/seg_copy.h runtime/hist.h

$(SEGMENT_UNIT_TESTS:%=$(B)/test/unit/%): $(B)/test/unit/%: testsuite/unit/%.c testsuite/unit/genuine.c \
		testsuite/unit/genuine.h $(SEGMENT_SRC) $(SEGMENT_HDR)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka -lm

UNIT_TESTS += test_segment_fit
$(B)/test/unit/test_segment_fit: testsuite/unit/test_segment_fit.c cli/segment_fit.c cli/segment_reader.h
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka

UNIT_TESTS += test_sample
$(B)/test/unit/test_sample: testsuite/unit/test_sample.c runtime/sample.c $(wildcard runtime/*.h)
	@mkdir -p $(@D)
	$(CC) $(TEST_CFLAGS) -fno-strict-aliasing -o $@ $< -lcmocka -lm

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

FORMATTED = $(wildcard runtime/*.[ch] plugin/*.[ch] plugin/*.cc cli/*.[ch] testsuite/*/*.[ch])
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
	else $(CPPCHECK) $(wildcard runtime/*.c cli/*.c) $(PLUGIN_C_SOURCES) || exit 1; fi

# The runtime itself stays as it is: it lives inside programs that may be at any instruction, and the shapes that make
# the segments are to be those that users get.
SANITIZE = -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all
SAN = $(B)/san
.PHONY: check-sanitize
check-sanitize: $(B)/test/shapes $(B)/test/lives
	@$(MAKE) --no-print-directory B=$(SAN) OPT="-O1 -g $(SANITIZE)" LDFLAGS="$(SANITIZE)" WERROR= \
		unit-programs $(SAN)/test/segdump
	@ln -sf $(abspath $(B))/test/shapes $(SAN)/test/shapes
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
