# Tests of stores as a whole: copied, collected, broken at each step.

STORE_TEST_PARTS = $(B)/test/unit/dump.o $(B)/test/unit/faulty_vfs.o $(B)/test/unit/genuine.o

$(STORE_UNIT_TESTS:%=$(B)/test/unit/%): $(B)/test/unit/dump.o
$(B)/test/unit/test_store_faults: $(B)/test/unit/faulty_vfs.o $(B)/test/unit/genuine.o
$(B)/test/unit/test_store_faults: CLI_LIBS += -Wl,--wrap=unlink,--wrap=rename

.SECONDARY: $(STORE_TEST_PARTS)
-include $(STORE_TEST_PARTS:.o=.d)
