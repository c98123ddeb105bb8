# targets of testsuite/torture/
#
#   check-torture           everything: gcc.c-torture/execute and gcc.dg/torture at each of seven sets of flags, the suites of
#                           other languages at TORTURE_FLAGS; hours.  TORTURE_SAMPLE=N takes about N programs of each instead
#   check-torture-sample    about 150 of execute and 40 of each other suite, always the same, for CI

TORTURE_FLAGS ?= -O2 -Wall
TORTURE_RUNTIME ?= real
TORTURE_SAMPLE ?= 0
TORTURE_JOBS ?= 2
# C++, Fortran, Ada and Ada's conformity tests, D and the tests of D's own compiler
TORTURE_LANGUAGES = g++.dg gfortran.dg gnat.dg acats gdc.dg gdc.test
TORTURE = testsuite/torture/run --cc "$(CC)" --build "$(abspath $(B))" --runtime $(TORTURE_RUNTIME) --jobs $(TORTURE_JOBS)

.PHONY: check-torture check-torture-sample
check-torture: all
	@status=0; \
	for flags in -O0 -O1 "-O2 -Wall" -O3 -Os "-O2 -flto" "-O3 -g -fPIC"; do for suite in execute gcc.dg; do \
		$(TORTURE) --suite $$suite --flags "$$flags" --sample $(TORTURE_SAMPLE) || status=1; done; done; \
	for suite in $(TORTURE_LANGUAGES); do \
		$(TORTURE) --suite $$suite --flags "$(TORTURE_FLAGS)" --sample $(TORTURE_SAMPLE) || status=1; done; \
	exit $$status
check-torture-sample: all
	@status=0; $(TORTURE) --flags "$(TORTURE_FLAGS)" --sample 150 || status=1; \
	for suite in gcc.dg $(TORTURE_LANGUAGES); do \
		$(TORTURE) --suite $$suite --flags "$(TORTURE_FLAGS)" --sample 40 || status=1; done; exit $$status
