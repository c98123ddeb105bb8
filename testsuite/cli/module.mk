# Tests of the command line tool.
#
#   check-stats the promises of the comparison, over simulated runs
#   check-cli   bats over the commands in the build tree; never touches the user's own state
#   UNIT_TESTS  cmocka programs in build/test/unit

CLI_UNIT_TESTS = test_store test_query test_format test_stats test_renames test_proto test_changes test_pack test_grid
# Those of stores as a whole.
STORE_UNIT_TESTS = test_store_copy test_store_faults test_store_plans
CLI_UNIT_TESTS += $(STORE_UNIT_TESTS)
UNIT_TESTS += $(CLI_UNIT_TESTS)
CLI_UNIT_BINS = $(CLI_UNIT_TESTS:%=$(B)/test/unit/%)

$(B)/test/unit/%.o: testsuite/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(HOTPATH_CFLAGS) -Wno-missing-prototypes -MMD -MP -c -o $@ $<

$(CLI_UNIT_BINS): $(B)/test/unit/test_%: $(B)/test/unit/test_%.o $(B)/test/unit/fake_image.o $(CLI_LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(CLI_LIBS) -lcmocka

$(B)/test/unit/test_stats: $(B)/test/unit/simulate.o
$(B)/test/unit/test_changes: $(B)/test/unit/histories.o

# How often the verdicts of `hotpath diff` are right, as a table: some minutes.
$(B)/test/check_stats: testsuite/stats/check_stats.c $(B)/test/unit/simulate.o $(B)/test/unit/histories.o $(B)/test/unit/fake_image.o $(CLI_LIB)
	$(CC) $(HOTPATH_CFLAGS) $(LDFLAGS) -o $@ $^ $(CLI_LIBS)

# Stores with a history, for the tests of trend and blame.
$(B)/test/make_history: testsuite/cli/make_history.c $(B)/test/unit/fake_image.o $(CLI_LIB)
	$(CC) $(TEST_CFLAGS) $(LDFLAGS) -o $@ $^ $(CLI_LIBS)

.PHONY: check-stats
check-stats: $(B)/test/check_stats
	@$<

.PHONY: check-cli check-cli-unit
check-cli-unit: $(CLI_UNIT_BINS)
	@for t in $^; do $$t || exit 1; done

check-cli: cli runtime plugin $(B)/test/make_history
	HOTPATH_BUILD=$(abspath $(B)) bats testsuite/cli

.SECONDARY: $(CLI_UNIT_TESTS:%=$(B)/test/unit/%.o) $(B)/test/unit/fake_image.o $(B)/test/unit/simulate.o $(B)/test/unit/histories.o
-include $(CLI_UNIT_TESTS:%=$(B)/test/unit/%.d) $(B)/test/unit/fake_image.d $(B)/test/unit/simulate.d $(B)/test/unit/histories.d

include testsuite/cli/store.mk
