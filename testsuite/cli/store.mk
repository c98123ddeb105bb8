# Tests of stores as a whole: copied, collected, broken at each step.
#
#   bench-store  prints a table; never part of make check

STORE_TEST_PARTS = $(B)/test/unit/dump.o $(B)/test/unit/faulty_vfs.o $(B)/test/unit/genuine.o

$(STORE_UNIT_TESTS:%=$(B)/test/unit/%): $(B)/test/unit/dump.o
$(B)/test/unit/test_store_faults: $(B)/test/unit/faulty_vfs.o $(B)/test/unit/genuine.o
$(B)/test/unit/test_store_faults: CLI_LIBS += -Wl,--wrap=unlink,--wrap=rename

# The whole command as a function.
$(B)/test/unit/hotpath_main.o: $(B)/cli/main.o
	@mkdir -p $(@D)
	objcopy --redefine-sym main=hotpath_main $< $@
# Before the library, which it takes all commands from.
$(B)/test/unit/test_store_plans: override LDFLAGS += $(B)/test/unit/hotpath_main.o
$(B)/test/unit/test_store_plans: | $(B)/test/unit/hotpath_main.o

.SECONDARY: $(STORE_TEST_PARTS)
-include $(STORE_TEST_PARTS:.o=.d)

# Size and speed of a store of 10,000 runs of 300 functions: some minutes.
$(B)/test/make_store: testsuite/bench/make_store.c $(B)/test/unit/fake_image.o $(CLI_LIB)
	$(CC) $(HOTPATH_CFLAGS) -o $@ $^ $(CLI_LIBS)

.PHONY: bench-store
bench-store: cli $(B)/test/make_store
	@testsuite/bench/store.sh "$(abspath $(B))"
