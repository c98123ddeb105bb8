# targets of testsuite/plugin/
#
#   check-rules     the rules of hotpath.yaml, without a compiler
#   check-plugin    whole programs, with every GCC that has a plugin in the build folder

$(B)/test/test_rules: testsuite/unit/test_rules.c plugin/rules.c plugin/rules_match.c plugin/pattern.c plugin/find_config.c \
		plugin/rules.h plugin/rules_private.h plugin/pattern.h plugin/find_config.h
	@mkdir -p $(@D)
	$(CC) $(HOTPATH_CFLAGS) -o $@ $(filter %.c,$^) -lcmocka -lyaml -lpcre2-8

.PHONY: check-rules check-plugin
check-rules: $(B)/test/test_rules
	$<
check-plugin: plugin
	B=$(abspath $(B)) bats testsuite/plugin
