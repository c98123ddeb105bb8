# make demo: a program over real input, measured; make demo-lua: a whole language, unmodified.

DEMO = $(B)/demo
HOTPATH = $(abspath $(B))/bin/hotpath
PLUGIN_FLAG = -fplugin=$(abspath $(B))/lib/hotpath.so
DEMO_ENV = HOTPATH_DIR=$(abspath $(DEMO))/.hotpath

.PHONY: demo demo-lua demo-run demo-lua-run
demo: deps
	@$(MAKE) --no-print-directory -s all
	@$(MAKE) --no-print-directory -s demo-run

demo-run:
	@mkdir -p $(DEMO)
	cp examples/identifiers/identifiers.c examples/identifiers/hotpath.yaml $(DEMO)
	cd $(DEMO) && $(CC) -O2 -g $(PLUGIN_FLAG) -o identifiers identifiers.c
	cd $(DEMO) && $(DEMO_ENV) ./identifiers /usr/include
	cd $(DEMO) && $(DEMO_ENV) $(HOTPATH) report --run last

demo-lua: deps
	@$(MAKE) --no-print-directory -s all
	@$(MAKE) --no-print-directory -s demo-lua-run

demo-lua-run:
	@CC="$(CC)" PLUGIN_FLAG="$(PLUGIN_FLAG)" HOTPATH="$(HOTPATH)" examples/lua/demo.sh
