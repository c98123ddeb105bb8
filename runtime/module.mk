# runtime: libhotpath.so and libhotpath.a, C11, libc only; and the header for measured programs, hotpath.h.

RUNTIME_SRC = hook sample life tree fold thread unit segment process parent facts clock cost speed end steer session fiber seg_copy kernel
RUNTIME_OBJ = $(RUNTIME_SRC:%=$(B)/runtime/%.o)
# No frame pointer, no stack protector, no vector registers: the hooks run at any instruction of the host.
RUNTIME_CFLAGS = $(HOTPATH_CFLAGS) -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-stack-protector \
	-fomit-frame-pointer -fno-strict-aliasing $(RUNTIME_MACHINE)
RUNTIME_MACHINE := $(if $(filter x86_64%,$(shell $(CC) -dumpmachine 2>/dev/null)),-mno-avx)
# A program may call exit(), or a measured function, with a stack that is aligned for no call, and get away with it.  The hooks
# need no alignment; what they and the program call besides aligns the stack for itself.  The functions whose cost is found out stand for
# the program's, and must not be dearer: what calls them has aligned it.
HOOKS = hook sample fold cost
$(filter-out $(HOOKS:%=$(B)/runtime/%.o),$(RUNTIME_OBJ)): RUNTIME_CFLAGS += $(RUNTIME_MACHINE:-mno-avx=-mincoming-stack-boundary=3)

all: runtime
.PHONY: runtime install-runtime uninstall-runtime
runtime: $(B)/lib/libhotpath.so $(B)/lib/libhotpath.a

$(B)/runtime/%.o: runtime/%.c
	@mkdir -p $(@D)
	$(CC) $(RUNTIME_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/lib/libhotpath.so: $(RUNTIME_OBJ)
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-soname,libhotpath.so -Wl,-z,nodelete,-z,now,-z,relro $(LDFLAGS) -o $@ $^

# One object with one global name, so that a static link can clash with nothing of the program's.
$(B)/lib/libhotpath.a: $(RUNTIME_OBJ)
	@mkdir -p $(@D)
	ld -r -o $(B)/runtime/all.o $^
	objcopy --localize-hidden $(B)/runtime/all.o
	rm -f $@
	ar rcs $@ $(B)/runtime/all.o

install-runtime: runtime
	install -d $(DESTDIR)$(LIBDIR) $(DESTDIR)$(INCLUDEDIR)
	install -m 644 runtime/hotpath.h runtime/hotpath_control.h $(DESTDIR)$(INCLUDEDIR)
	install -m 755 $(B)/lib/libhotpath.so $(DESTDIR)$(LIBDIR)/libhotpath.so
	install -m 644 $(B)/lib/libhotpath.a $(DESTDIR)$(LIBDIR)/libhotpath.a

uninstall-runtime:
	rm -f $(DESTDIR)$(INCLUDEDIR)/hotpath.h $(DESTDIR)$(INCLUDEDIR)/hotpath_control.h $(DESTDIR)$(LIBDIR)/libhotpath.so $(DESTDIR)$(LIBDIR)/libhotpath.a

-include $(RUNTIME_OBJ:.o=.d)
