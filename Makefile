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

.PHONY: all clean
clean:
	rm -rf $(B)
