# Tests of the command line tool.
#
#   check-cli   bats over the commands in the build tree; never touches the user's own state
#   UNIT_TESTS  cmocka programs in build/test/unit

CLI_UNIT_TESTS = test_store test_query test_format
UNIT_TESTS += $(CLI_UNIT_TESTS)
CLI_UNIT_BINS = $(CLI_UNIT_TESTS:%=$(B)/test/unit/%)

$(B)/test/unit/%.o: testsuite/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(HOTPATH_CFLAGS) -Wno-missing-prototypes -MMD -MP -c -o $@ $<

$(CLI_UNIT_BINS): $(B)/test/unit/test_%: $(B)/test/unit/test_%.o $(B)/test/unit/fake_image.o $(CLI_LIB)
	$(CC) $(LDFLAGS) -o $@ $^ $(CLI_LIBS) -lcmocka

.PHONY: check-cli check-cli-unit
check-cli-unit: $(CLI_UNIT_BINS)
	@for t in $^; do $$t || exit 1; done

check-cli: cli runtime plugin
	HOTPATH_BUILD=$(abspath $(B)) bats testsuite/cli

.SECONDARY: $(CLI_UNIT_TESTS:%=$(B)/test/unit/%.o) $(B)/test/unit/fake_image.o
-include $(CLI_UNIT_TESTS:%=$(B)/test/unit/%.d) $(B)/test/unit/fake_image.d
