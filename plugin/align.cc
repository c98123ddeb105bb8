/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Around GCC's peephole2: what aligns the stack in a function with hooks takes a byte each way and not four.
 *
 *   Before                 After
 *
 *   subq  $8, %rsp         pushq  %rcx
 *   ...                    ...
 *   addq  $8, %rsp         popq   %rdx
 *
 * A call wants the stack at a multiple of 16 bytes, and with hooks every function has calls.  GCC knows how at -Os, and by
 * -mtune for old processors; here the same is asked for at any level, in functions that have hooks and in no other.
 * Functions that save an even number of registers become 6 bytes shorter.  For the functions of `make bench-compile` that is
 * 8 bytes less each, with the padding behind them, for those of sqlite3 2.
 *
 * The passes before and behind peephole2 set GCC's switches and set them back; nothing else in the compiler asks those.
 */
#include "plugin.h"

#if defined(AX_REG) && defined(TARGET_SINGLE_PUSH) && defined(TARGET_SINGLE_POP)

/* exchange: sets the two switches of the processor that GCC tunes for, and keeps what they were. */
static void exchange(unsigned char kept[2])
{
	std::swap(TARGET_SINGLE_PUSH, kept[0]);
	std::swap(TARGET_SINGLE_POP, kept[1]);
}

static bool wanted(function *fun)
{
	return TARGET_64BIT && open_has_hooks(fun);
}

#else

static void exchange(unsigned char[2])
{
}

static bool wanted(function *)
{
	return false;
}

#endif

namespace
{

const pass_data align_pass_data = {
	RTL_PASS, "hotpath_align", OPTGROUP_NONE, TV_PLUGIN_RUN, 0, 0, 0, 0, 0,
};

class align_pass : public rtl_opt_pass
{
      public:
	align_pass(gcc::context *context) : rtl_opt_pass(align_pass_data, context)
	{
	}

	bool gate(function *fun) final override
	{
		return wanted(fun);
	}

	unsigned int execute(function *) final override
	{
		exchange(kept);
		return 0;
	}

	static unsigned char kept[2];
};

unsigned char align_pass::kept[2] = {1, 1};

} // namespace

opt_pass *align_make_pass(gcc::context *context)
{
	return new align_pass(context);
}
