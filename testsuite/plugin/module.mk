# targets of testsuite/plugin/
#
#   check-rules     the rules of hotpath.yaml, without a compiler
#   check-plugin    whole programs, with every GCC that has a plugin in the build folder; projects of make, CMake and Meson
#                   (testsuite/builds)

$(B)/test/test_rules: testsuite/unit/test_rules.c testsuite/unit/test_rules_conditions.c \
		testsuite/unit/test_rules_actions.c $(PLUGIN_C_SOURCES) testsuite/unit/test_rules.h $(wildcard plugin/*.h)
	@mkdir -p $(@D)
	$(CC) $(HOTPATH_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka -lyaml -lpcre2-8

.PHONY: check-rules check-plugin
check-rules: $(B)/test/test_rules
	$<
check-plugin: plugin
	B=$(abspath $(B)) bats testsuite/plugin testsuite/builds
