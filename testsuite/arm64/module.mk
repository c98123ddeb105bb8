# targets of testsuite/arm64/
#
#   check-arm64   the runtime of arm64, and C programs that the plugin of a cross compiler measured for it, under emulation.  Debian's
#                 packages: gcc-aarch64-linux-gnu gcc-12-plugin-dev-aarch64-linux-gnu qemu-user

ARM64_CC ?= aarch64-linux-gnu-gcc
ARM64 = $(abspath $(B))/arm64
# Not: single steps and traps of the clock, which are x86-64's; seccomp, valgrind, and few files, which are not for qemu; crashes, of which
# it has a word to say.
ARM64_RUNTIME = nested|self times|recursion counts|recursive time|a million deep|shadow stack|another branch|mutual|longjmp|hread|storm|known times|left for another|exit status|forked|switched off, no|no segment|cannot grow|another version|rate of the clock|outermost|budget|lives|life
# Of C: there may be no cross compiler for other languages.
ARM64_PLUGIN = C: (recursion|every way|arguments|calls and|linkage)|shared libraries|without a runtime|free-standing|a jump into the middle|fortified

.PHONY: check-arm64
check-arm64: $(B)/test/segdump
	@if ! command -v $(ARM64_CC) >/dev/null || ! command -v qemu-aarch64 >/dev/null || \
		[ ! -e "$$($(ARM64_CC) -print-file-name=plugin)/include/gcc-plugin.h" ]; then \
		echo "skipped: no cross compiler for arm64 with the headers for its plugins, or no qemu-user"; exit 0; fi; \
	set -e; export ARM64_CC=$(ARM64_CC); \
	$(MAKE) --no-print-directory B=$(ARM64) CC=$(abspath testsuite/arm64)/gcc HOST_CC=$(CC) plugin $(ARM64)/lib/libhotpath.so \
		$(ARM64)/test/shapes $(ARM64)/test/lives; \
	mkdir -p $(ARM64)/bin; ln -sf $(abspath testsuite/arm64)/gcc $(ARM64)/bin/gcc; ln -sf gcc $(ARM64)/bin/gcc-arm64; \
	ln -sf $(abspath $(B))/test/segdump $(ARM64)/test/segdump; \
	BUILD=$(ARM64) bats testsuite/runtime -f '$(ARM64_RUNTIME)'; \
	B=$(ARM64) HOTPATH_COMPILERS=arm64 PATH="$(ARM64)/bin:$$PATH" \
		bats $(patsubst %,testsuite/plugin/%.bats,plugin blocks calls rules) -f '$(ARM64_PLUGIN)'
