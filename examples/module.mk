# make demo: a program over real input, measured; make demo-lua: a whole language, unmodified; make demo-ab: two versions
# of a program compared.

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

# Two versions of a program of which one takes a tenth longer in one function.
.PHONY: demo-ab demo-ab-run check-blame
demo-ab: deps
	@$(MAKE) --no-print-directory -s all
	@$(MAKE) --no-print-directory -s demo-ab-run

demo-ab-run:
	@mkdir -p $(DEMO)/regression
	@cp examples/regression/* $(DEMO)/regression
	@echo '$$ $(CC) -O2 -g -DROUNDS=100 -fplugin=hotpath.so -o words-old words.c'
	@cd $(DEMO)/regression && $(CC) -O2 -g -DROUNDS=100 $(PLUGIN_FLAG) -o words-old words.c
	@echo '$$ $(CC) -O2 -g -DROUNDS=110 -fplugin=hotpath.so -o words-new words.c'
	@cd $(DEMO)/regression && $(CC) -O2 -g -DROUNDS=110 $(PLUGIN_FLAG) -o words-new words.c
	@echo '$$ hotpath ab -n 10 --base ./words-old --head ./words-new'
	@cd $(DEMO)/regression && $(DEMO_ENV) $(HOTPATH) ab -n 10 --base ./words-old --head ./words-new

# Ten comparisons, and in each of them that function is blamed and no other.
check-blame:
	@mkdir -p $(DEMO)/regression
	@cp examples/regression/* $(DEMO)/regression
	@cd $(DEMO)/regression && $(DEMO_ENV) CC="$(CC)" HOTPATH=$(HOTPATH) PLUGIN=$(abspath $(B))/lib/hotpath.so ./blame.sh 10

# What examples/ci's jobs call: they install hotpath, and find it there.
.PHONY: install-ci uninstall-ci
install-ci:
	install -d $(DESTDIR)$(PREFIX)/share/hotpath
	install -m 755 examples/ci/comment.sh $(DESTDIR)$(PREFIX)/share/hotpath/comment.sh

uninstall-ci:
	rm -f $(DESTDIR)$(PREFIX)/share/hotpath/comment.sh
	rmdir $(DESTDIR)$(PREFIX)/share/hotpath 2>/dev/null || true
