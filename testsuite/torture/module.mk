# targets of testsuite/torture/
#
#   check-torture           all programs at TORTURE_FLAGS (-O2)
#   check-torture-sample    about 150 of them, always the same, for CI

TORTURE_FLAGS ?= -O2
TORTURE_RUNTIME ?= real
TORTURE = testsuite/torture/run --cc "$(CC)" --build "$(abspath $(B))" --flags "$(TORTURE_FLAGS)" \
	--runtime $(TORTURE_RUNTIME)

.PHONY: check-torture check-torture-sample
check-torture: all
	$(TORTURE)
check-torture-sample: all
	$(TORTURE) --sample 150
