# hotpath: make, make check, make demo, make install PREFIX=... DESTDIR=...
#
# Each folder has a module.mk that adds to this file's targets; `make help` lists them.

VERSION = 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
ifeq ($(origin CC),default)
CC = gcc
endif
# The compiler whose plugin is built: CC=gcc-11 builds and installs the one for GCC 11.
GCC_MAJOR := $(firstword $(subst ., ,$(shell $(CC) -dumpversion 2>/dev/null)))

B = build
BINDIR = $(PREFIX)/bin
LIBDIR = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include
MANDIR = $(PREFIX)/share/man

WARN = -Wall -Wextra -Wmissing-prototypes -Wvla -Wshadow -Wstrict-prototypes
WERROR ?= -Werror
OPT ?= -O2 -g
HOTPATH_CFLAGS = -std=c11 -D_GNU_SOURCE -DHOTPATH_VERSION='"$(VERSION)"' $(WARN) $(WERROR) $(OPT)

.DEFAULT_GOAL := all
all:

include runtime/module.mk
include plugin/module.mk
include cli/module.mk
include testsuite/module.mk
include examples/module.mk

# Said once and plainly, rather than by a hundred compiler errors.
ifneq ($(filter-out deps check demo demo-lua clean help uninstall uninstall-%,$(or $(MAKECMDGOALS),all)),)
ifneq ($(shell test -e $(PLUGIN_INCLUDE)/gcc-plugin.h && \
	pkg-config --exists yaml-0.1 libpcre2-8 sqlite3 jansson smartcols zlib libelf 2>/dev/null && echo yes),yes)
$(error Packages that hotpath is built from are missing for $(CC); run: make deps CC=$(CC))
endif
endif

.PHONY: all help deps install uninstall clean

help:
	@echo "make                  build into $(B)/"
	@echo "make check            run the tests (sets itself up)"
	@echo "make demo             measure a program over real input and show its report (sets itself up)"
	@echo "make demo-lua         the same with Debian's lua5.4, built unmodified"
	@echo "make demo-ab          two versions of a program, compared"
	@echo "make install          PREFIX=$(PREFIX) DESTDIR= ; CC=gcc-11 adds the plugin for that compiler"
	@echo "make uninstall"
	@echo "make deps             install the Debian packages that are missing, or print the command"
	@echo "make bench            what a measured call costs, as ratios, and start and end of a process"
	@echo "make bench-compile    what the plugin costs the compiler, and text a function"
	@echo "make bench-store      size and speed of a store of 10,000 runs, as ratios to sqlite3 (minutes)"
	@echo "make check-sanitize-all  the runtime under ThreadSanitizer, AddressSanitizer and UBSan, all tests that allow it"
	@echo "make check-arm64      the runtime and measured C programs for arm64, under emulation"
	@echo "make check-torture    GCC's own run tests with every function measured (hours; TORTURE_SAMPLE=N)"
	@echo "make check-counts     whole programs of Debian: counts equal gcov's (needs their sources; minutes)"
	@echo "make check-stats      how often the verdicts of \`hotpath diff\` are right (some minutes)"
	@echo "make check-blame      a known change blamed on the right function, 10 times of 10"
	@echo "make fuzz SECONDS=600 damage segments at random (long)"
	@echo "make clean"

# What a fresh Debian needs.  The plugin's headers and g++ go with the compiler that is used.
PACKAGES = gcc-$(GCC_MAJOR)-plugin-dev g++-$(GCC_MAJOR) libyaml-dev libpcre2-dev libsqlite3-dev libjansson-dev \
	libsmartcols-dev zlib1g-dev libelf-dev pkg-config $(EXTRA_PACKAGES)

deps:
	@missing=; for p in $(PACKAGES); do \
		dpkg-query -W -f='$${Status}\n' $$p 2>/dev/null | grep -q '^install ok' || missing="$$missing $$p"; done; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ]; then \
		echo "installing:$$missing"; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; } \
			>/dev/null || { echo "make deps: apt-get could not install:$$missing" >&2; exit 1; }; \
	else \
		echo "missing packages; run:  sudo apt-get install$$missing" >&2; exit 1; \
	fi

PC = $(DESTDIR)$(LIBDIR)/pkgconfig/hotpath.pc

install: install-runtime install-plugin install-cli install-ci
	install -d $(dir $(PC))
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR)' 'includedir=$(INCLUDEDIR)' '' 'Name: hotpath' \
		'Description: profiler that is compiled in' 'Version: $(VERSION)' \
		'Cflags: -fplugin=$${libdir}/hotpath.so -I$${includedir}' \
		'Libs: -L$${libdir} -Wl,-u,hotpath_unit_register -Wl,--push-state,--no-as-needed -lhotpath -Wl,--pop-state' >$(PC)
	if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

uninstall: uninstall-runtime uninstall-plugin uninstall-cli uninstall-ci
	rm -f $(PC)
	if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

clean:
	rm -rf $(B)
