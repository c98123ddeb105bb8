# make demo: a program over real input, measured; make demo-lua: a whole language, unmodified.

DEMO = $(B)/demo
HOTPATH = $(abspath $(B))/bin/hotpath
PLUGIN_FLAG = -fplugin=$(abspath $(B))/lib/hotpath.so
DEMO_ENV = HOTPATH_DIR=$(abspath $(DEMO))/.hotpath

.PHONY: demo demo-lua demo-run demo-lua-run
demo: deps
	@$(MAKE) --no-print-directory -s all
	@$(MAKE) --no-print-directory -s demo-run

# As a user would type it, had they installed: the plugin is named by its path here, and the store is kept out of the source tree.
demo-run:
	@mkdir -p $(DEMO)
	@cp examples/identifiers/identifiers.c examples/identifiers/hotpath.yaml $(DEMO)
	@cd $(DEMO) && sed 's/^/    /' hotpath.yaml
	@echo '$$ $(CC) -O2 -g -fplugin=hotpath.so -o identifiers identifiers.c'
	@cd $(DEMO) && $(CC) -O2 -g $(PLUGIN_FLAG) -o identifiers identifiers.c
	@echo '$$ ./identifiers /usr/include'
	@cd $(DEMO) && $(DEMO_ENV) ./identifiers /usr/include
	@echo '$$ hotpath report --run last'
	@cd $(DEMO) && $(DEMO_ENV) $(HOTPATH) report --run last

demo-lua: deps
	@$(MAKE) --no-print-directory -s all
	@$(MAKE) --no-print-directory -s demo-lua-run

demo-lua-run:
	@CC="$(CC)" PLUGIN_FLAG="$(PLUGIN_FLAG)" HOTPATH="$(HOTPATH)" examples/lua/demo.sh
