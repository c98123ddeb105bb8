# cli: the command hotpath, and all of it but main() as an archive that tests link.

CLI_SRC = $(wildcard cli/*/*.c)
CLI_SQL = $(wildcard cli/store/*.sql)
CLI_PAGES = $(patsubst cli/%.js,%_js,$(wildcard cli/view/*.js)) $(patsubst cli/%.css,%_css,$(wildcard cli/view/*.css))
# The rule files, as the plugin reads them.
RULES_C_SOURCES = plugin/rules.c plugin/rules_read.c plugin/rules_conditions.c plugin/rules_match.c plugin/pattern.c \
	plugin/find_config.c
CLI_OBJ = $(CLI_SRC:cli/%.c=$(B)/cli/%.o) $(CLI_SQL:cli/%.sql=$(B)/cli/%_sql.o) \
	$(RULES_C_SOURCES:plugin/%.c=$(B)/cli/rules/%.o) $(CLI_PAGES:%=$(B)/cli/%.o) $(B)/cli/seg_copy.o
CLI_LIB = $(B)/cli/libhotpath-cli.a
CLI_PKGS = yaml-0.1 sqlite3 smartcols jansson libpcre2-8 zlib libelf
CLI_CFLAGS := $(shell pkg-config --cflags $(CLI_PKGS) 2>/dev/null)
CLI_LIBS := $(shell pkg-config --libs $(CLI_PKGS) 2>/dev/null) -lm

all: cli
.PHONY: cli install-cli uninstall-cli
cli: $(B)/bin/hotpath

$(B)/cli/%.o: cli/%.c
	@mkdir -p $(@D)
	$(CC) $(HOTPATH_CFLAGS) $(CLI_CFLAGS) -MMD -MP -c -o $@ $<

# What the runtime and the command share.
$(B)/cli/seg_copy.o: runtime/seg_copy.c
	@mkdir -p $(@D)
	$(CC) $(HOTPATH_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/cli/rules/%.o: plugin/%.c
	@mkdir -p $(@D)
	$(CC) $(HOTPATH_CFLAGS) -MMD -MP -c -o $@ $<

# A script as a C string: line by line, with what C would read escaped.
$(B)/cli/%_sql.c: cli/%.sql
	@mkdir -p $(@D)
	{ echo 'extern const char store_$(*F)_sql[];'; echo 'const char store_$(*F)_sql[] ='; \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $<; echo ';'; } >$@.tmp
	mv $@.tmp $@

# Likewise scripts and styles of pages: NAME.js becomes NAME_js[].
$(B)/cli/%_js.c: cli/%.js
	@mkdir -p $(@D)
	{ echo 'extern const char $(*F)_js[];'; echo 'const char $(*F)_js[] ='; \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $<; echo ';'; } >$@.tmp
	mv $@.tmp $@

$(B)/cli/%_css.c: cli/%.css
	@mkdir -p $(@D)
	{ echo 'extern const char $(*F)_css[];'; echo 'const char $(*F)_css[] ='; \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $<; echo ';'; } >$@.tmp
	mv $@.tmp $@

$(B)/cli/%_js.o: $(B)/cli/%_js.c
	$(CC) $(HOTPATH_CFLAGS) -c -o $@ $<

$(B)/cli/%_css.o: $(B)/cli/%_css.c
	$(CC) $(HOTPATH_CFLAGS) -c -o $@ $<

$(B)/cli/%_sql.o: $(B)/cli/%_sql.c
	$(CC) $(HOTPATH_CFLAGS) -c -o $@ $<

$(CLI_LIB): $(CLI_OBJ)
	rm -f $@
	ar rcs $@ $^

$(B)/bin/hotpath: $(B)/cli/main.o $(CLI_LIB)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(CLI_LIBS)

install-cli: cli
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1
	install -m 755 $(B)/bin/hotpath $(DESTDIR)$(BINDIR)/hotpath
	install -m 644 cli/hotpath.1 $(DESTDIR)$(MANDIR)/man1/hotpath.1

uninstall-cli:
	rm -f $(DESTDIR)$(BINDIR)/hotpath $(DESTDIR)$(MANDIR)/man1/hotpath.1

.SECONDARY: $(CLI_SQL:cli/%.sql=$(B)/cli/%_sql.c) \
	$(CLI_PAGES:%=$(B)/cli/%.c)

-include $(CLI_OBJ:.o=.d) $(B)/cli/main.d
