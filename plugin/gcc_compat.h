/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GCC's headers, and every difference between its versions.
 *
 * Built and tested with GCC 11 and 12.  What is known of 9 to 15 is here too:
 *
 *   10  calls of operator delete may be dropped, as those of operator new
 *   11  DECL_IS_BUILTIN became DECL_IS_UNDECLARED_BUILTIN
 *   12  startswith() came with it; register_scoped_attributes() takes one argument more
 *   14  gimple_seq_first_stmt() and the pass interface are unchanged; last_stmt() went (not used
 *       here); diagnostic_context keeps its members to itself
 *   15  location_t has 64 bits (never stored in an integer here)
 *
 * Nothing else in plugin/ asks for a version.
 */
#ifndef HOTPATH_GCC_COMPAT_H
#define HOTPATH_GCC_COMPAT_H

#include "gcc-plugin.h"
#include "plugin-version.h"

#include "config.h"
#include "system.h"
#include "coretypes.h"
#include "tm.h"
#include "tree.h"
#include "function.h"
#include "basic-block.h"
#include "gimple.h"
#include "gimple-iterator.h"
#include "gimple-walk.h"
#include "gimplify.h"
#include "tree-iterator.h"
#include "tree-pass.h"
#include "ssa.h"
#include "cfghooks.h"
#include "tree-cfg.h"
#include "tree-dfa.h"
#include "cgraph.h"
#include "stringpool.h"
#include "attribs.h"
#include "stor-layout.h"
#include "varasm.h"
#include "target.h"
#include "fold-const.h"
#include "predict.h"
#include "gimple-predict.h"
#include "langhooks.h"
#include "diagnostic-core.h"
#include "diagnostic.h"
#include "context.h"
#include "pass_manager.h"
#include "toplev.h"
#include "options.h"
#include "file-prefix-map.h"
#include "calls.h"
#include "builtins.h"
#include "intl.h"
#include "real.h"
#include "internal-fn.h"
#include "cpplib.h"
#include "memmodel.h"
#include "rtl.h"
#include "emit-rtl.h"

#if GCCPLUGIN_VERSION_MAJOR < 9 || GCCPLUGIN_VERSION_MAJOR > 15
#error "hotpath knows GCC 9 to 15; teach gcc_compat.h the new one"
#endif

#if GCCPLUGIN_VERSION_MAJOR < 12
#define EARLY_UNINIT_PASS "*early_warn_uninitialized"
#else
#define EARLY_UNINIT_PASS "early_uninit"
#endif

/* diagnostic_context's members are for everyone. */
#define HOTPATH_OPEN_DIAGNOSTICS (GCCPLUGIN_VERSION_MAJOR < 14)

#if GCCPLUGIN_VERSION_MAJOR < 12
static inline bool startswith(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}
#endif

#if GCCPLUGIN_VERSION_MAJOR < 10
#define DECL_SET_IS_OPERATOR_NEW(decl, value)	 (DECL_IS_OPERATOR_NEW(decl) = (value))
#define DECL_SET_IS_OPERATOR_DELETE(decl, value) ((void)(decl))
#endif

#if GCCPLUGIN_VERSION_MAJOR < 11
#define DECL_IS_UNDECLARED_BUILTIN(decl) DECL_IS_BUILTIN(decl)
#endif

/* DECL_NAMESPACE_INLINE_P of cp-tree.h, which would need much that this plugin does not. */
#define NAMESPACE_IS_INLINE(decl) TREE_LANG_FLAG_0(NAMESPACE_DECL_CHECK(decl))

/*
 * The preprocessor's parts of the -MD list.  Weak, because the compilers that are not of the C
 * family lack them, and a plugin with an unresolved symbol is refused.  mkdeps.h is not installed.
 */
class mkdeps;
extern struct cpp_reader *parse_in __attribute__((weak));
extern void deps_add_dep(class mkdeps *, const char *) __attribute__((weak));
#if GCCPLUGIN_VERSION_MAJOR >= 10
extern class mkdeps *cpp_get_deps(struct cpp_reader *) __attribute__((weak));
#else
extern struct mkdeps *cpp_get_deps(struct cpp_reader *) __attribute__((weak));
#endif

/* Pragmas, in the compilers of the C family alone. */
extern void c_register_pragma(const char *space, const char *name,
			      void (*handler)(struct cpp_reader *)) __attribute__((weak));
extern enum cpp_ttype pragma_lex(tree *value, location_t *where) __attribute__((weak));

/* What gcc -E prints, likewise; c-family/c-common.h would need much that this plugin does not. */
extern void pp_file_change(const line_map_ordinary *) __attribute__((weak));
extern char flag_no_output __attribute__((weak));
extern char flag_no_line_commands __attribute__((weak));

/* libiberty's demangler, which every compiler proper contains; demangle.h is not installed. */
extern "C" char *cplus_demangle(const char *mangled, int options) __attribute__((weak));

#define HOTPATH_DMGL_PARAMS   (1 << 0)
#define HOTPATH_DMGL_ANSI     (1 << 1)
#define HOTPATH_DMGL_RET_DROP (1 << 6)
#define HOTPATH_DMGL_GNU_V3   (1 << 14)
#define HOTPATH_DMGL_DLANG    (1 << 16)

#endif /* HOTPATH_GCC_COMPAT_H */
