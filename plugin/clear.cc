/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Around GCC's passes that do nothing but look, for uninitialised variables, dangling pointers and the like: they see through hooks.
 *
 *   int i;                         A hook may write to any memory, and so to i, whose address is taken: GCC
 *   hotpath_enter(&slots[n]);      would not warn of it, and the twin, which would, would not be asked.
 *   if (i)                         While these passes look, which change nothing, hooks touch no memory.
 *           g(&i);
 *
 * What they say of code with hooks is not printed (twin.cc); this way they say all that they say without.
 */
#include "plugin.h"

namespace
{

const pass_data clear_pass_data = {
	GIMPLE_PASS, "hotpath_clear", OPTGROUP_NONE, TV_PLUGIN_RUN, 0, 0, 0, 0, 0,
};

class clear_pass : public gimple_opt_pass
{
      public:
	clear_pass(gcc::context *context, bool begin)
	    : gimple_opt_pass(clear_pass_data, context), begin(begin)
	{
	}

	/* One stands in the passes of -Og, too. */
	opt_pass *clone() final override
	{
		return new clear_pass(m_ctxt, begin);
	}

	bool gate(function *) final override
	{
		/* What was said in between may have woken it.  A compiler that checks itself would find the hooks wrong. */
		return emit_has_unit() && (!begin || (twin_waits() && !flag_checking));
	}

	unsigned int execute(function *) final override
	{
		emit_clear_markers(begin);
		return 0;
	}

	const bool begin;
};

} // namespace

opt_pass *clear_make_pass(gcc::context *context, bool begin)
{
	return new clear_pass(context, begin);
}
