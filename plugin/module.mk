# targets of plugin/
#
#   plugin            build/lib/hotpath/gcc-N/plugin.so and the shim
#   install-plugin    both, below PREFIX, and a link in GCC's own plugin folder
#
# The plugin is C++ because GCC's headers are; it is compiled with the g++ that belongs to CC, or where CC is a cross compiler to
# HOST_CC, of the same version.

HOST_CC ?= $(CC)
PLUGIN_CXX := $(shell for c in "$(patsubst %gcc,%g++,$(patsubst %gcc-$(GCC_MAJOR),%g++-$(GCC_MAJOR),$(HOST_CC)))" \
	g++-$(GCC_MAJOR) g++; do \
	test "$$($$c -dumpversion 2>/dev/null | cut -d. -f1)" = "$(GCC_MAJOR)" && echo $$c && exit; done; echo g++)
PLUGIN_INCLUDE := $(shell $(CC) -print-file-name=plugin)/include
PLUGIN_GCC_DIR := $(shell $(CC) -print-file-name=plugin)

PLUGIN_DIR = $(B)/lib/hotpath/gcc-$(GCC_MAJOR)
PLUGIN_OBJ = $(B)/plugin-gcc-$(GCC_MAJOR)
PLUGIN_CXX_SOURCES = $(wildcard plugin/*.cc)
PLUGIN_C_SOURCES = plugin/rules.c plugin/rules_read.c plugin/rules_conditions.c plugin/rules_match.c plugin/pattern.c \
	plugin/find_config.c
PLUGIN_OBJECTS = $(patsubst plugin/%.cc,$(PLUGIN_OBJ)/%.o,$(PLUGIN_CXX_SOURCES)) \
	$(patsubst plugin/%.c,$(PLUGIN_OBJ)/%.o,$(PLUGIN_C_SOURCES))

# GCC's headers are not ours to mend: -isystem.
PLUGIN_CXXFLAGS = -std=gnu++14 -fno-rtti -fno-exceptions -fPIC -fvisibility=hidden $(OPT) \
	-Wall -Wextra $(WERROR) -isystem $(PLUGIN_INCLUDE)

.PHONY: plugin install-plugin uninstall-plugin
all: plugin
plugin: $(PLUGIN_DIR)/plugin.so $(B)/lib/hotpath.so

# In one step: a compilation at the same time finds the old plugin or the new one, never half of it.
$(PLUGIN_DIR)/plugin.so: $(PLUGIN_OBJECTS)
	@mkdir -p $(@D)
	$(PLUGIN_CXX) -shared -o $@.new $^ -lyaml -lpcre2-8
	mv $@.new $@

$(PLUGIN_OBJ)/%.o: plugin/%.cc
	@mkdir -p $(@D)
	$(PLUGIN_CXX) $(PLUGIN_CXXFLAGS) -MMD -MP -c -o $@ $<

$(PLUGIN_OBJ)/%.o: plugin/%.c
	@mkdir -p $(@D)
	$(HOST_CC) $(HOTPATH_CFLAGS) -fPIC -fvisibility=hidden -MMD -MP -c -o $@ $<

# -fplugin=hotpath.so goes to dlopen as it is.  ldconfig enters libraries under their SONAME, but only
# files whose names begin with "lib": hence the one name outside and the other inside.
$(B)/lib/libhotpath-plugin.so: plugin/shim.c
	@mkdir -p $(@D)
	$(HOST_CC) $(HOTPATH_CFLAGS) -fPIC -fvisibility=hidden -shared -Wl,-soname,hotpath.so -o $@ $< -ldl

$(B)/lib/hotpath.so: $(B)/lib/libhotpath-plugin.so
	ln -sf $(<F) $@

install-plugin: plugin
	install -d $(DESTDIR)$(LIBDIR)/hotpath/gcc-$(GCC_MAJOR) $(DESTDIR)$(PLUGIN_GCC_DIR)
	install -m 755 $(PLUGIN_DIR)/plugin.so $(DESTDIR)$(LIBDIR)/hotpath/gcc-$(GCC_MAJOR)/plugin.so
	install -m 755 $(B)/lib/libhotpath-plugin.so $(DESTDIR)$(LIBDIR)/libhotpath-plugin.so
	ln -sf libhotpath-plugin.so $(DESTDIR)$(LIBDIR)/hotpath.so
	ln -sf $(LIBDIR)/libhotpath-plugin.so $(DESTDIR)$(PLUGIN_GCC_DIR)/hotpath.so

# The shim and the plugins of other compilers go with it: without the shim none of them is reachable.
uninstall-plugin:
	for d in $(DESTDIR)/usr/lib/gcc/*/*/plugin $(DESTDIR)$(PLUGIN_GCC_DIR); do \
		test "$$(readlink $$d/hotpath.so)" != $(LIBDIR)/libhotpath-plugin.so || rm -f $$d/hotpath.so; done
	rm -f $(DESTDIR)$(LIBDIR)/hotpath.so $(DESTDIR)$(LIBDIR)/libhotpath-plugin.so
	rm -f $(DESTDIR)$(LIBDIR)/hotpath/gcc-*/plugin.so
	-rmdir $(DESTDIR)$(LIBDIR)/hotpath/gcc-* $(DESTDIR)$(LIBDIR)/hotpath 2>/dev/null

-include $(wildcard $(PLUGIN_OBJ)/*.d)
