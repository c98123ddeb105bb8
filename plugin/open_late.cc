/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The last pass: on x86-64 a marker stays one call until all of GCC is done but the writing of the assembler.
 *
 *   Before                              After
 *
 *   mov   $i, %edi                      mov   unit+8(%rip), %rcx         open_call()
 *   call  hotpath_enter                 jrcxz 1f                         test_jrcxz()
 *                                       lea   slots+4*i(%rip), %rdi      put_slot()
 *                                       call  *%rcx
 *                                   1:
 *
 * 18 bytes; `mov $slots+4*i, %edi` saves 2 more without -fPIE.  %rcx is free there: a call changes it, and what the hook is
 * passed is in %rdi.  jrcxz reaches 127 bytes and has 9 to go.  Its cost is that of `test %rax, %rax; je`: a leaf with
 * HOTPATH_DISABLE=1 takes as long either way.  With -mindirect-branch, whose thunk may be written out in place of the call,
 * it is test and je, and %rax.
 *
 * The marker takes the site's number and not the slot's address, which GCC would keep in a register that
 * the function then has to save: 8 bytes more a function.  Where the number is not set in sight of the call, as when two
 * calls were merged, the address is made of the register:
 *
 *                                       lea   slots(%rip), %r11
 *                                       lea   (%r11,%rdi,4), %rdi
 *
 * The blocks and the test that open.cc makes cost each pass on RTL something: for functions of one or two
 * lines cc1 executed 1.92 times the instructions that it executes without the plugin; with -finstrument-functions 1.64,
 * this way 1.6.
 *
 * A marker looks small, so that GCC would write out the end of a function, exit hook and all, behind each return:
 * must_stay_one() forbids it.  For the functions of `make bench-compile` that is 8 bytes less each, for those of sqlite3 2.
 *
 * After *free_cfg there are no blocks, so insns are put in where they belong and nothing else is kept
 * up to date.  The marker is hidden: its call is direct with -fPIC and -fno-plt too.  In the large code models a
 * call goes through a register, so open.cc does it there.
 */
#include "plugin.h"

#if defined(AX_REG) && defined(TARGET_LP64)

bool open_late_wanted(void)
{
	return TARGET_64BIT && TARGET_LP64 &&
	       (ix86_cmodel == CM_SMALL || ix86_cmodel == CM_SMALL_PIC || ix86_cmodel == CM_KERNEL);
}

/* called: where the callee's address stands in a call of a marker; *hook is which.  Null otherwise. */
static rtx *called(rtx_insn *insn, enum emit_hook *hook)
{
	if (!CALL_P(insn))
		return NULL;

	rtx call = get_call_rtx_from(insn);
	rtx *address = call ? &XEXP(XEXP(call, 0), 0) : NULL;
	if (!address || GET_CODE(*address) != SYMBOL_REF || !SYMBOL_REF_DECL(*address))
		return NULL;

	const int marked = emit_marked(SYMBOL_REF_DECL(*address));
	*hook = (enum emit_hook)marked;
	return marked >= 0 ? address : NULL;
}

/*
 * must_stay_one: GCC's question whether an insn may be copied.  It would copy a short block that ends in a return behind each
 * branch to it, and takes a marker for a short call.
 */
static bool (*other_must_stay_one)(rtx_insn *);

static bool must_stay_one(rtx_insn *insn)
{
	enum emit_hook hook;

	return called(insn, &hook) || (other_must_stay_one && other_must_stay_one(insn));
}

void open_late_register(void)
{
	other_must_stay_one = targetm.cannot_copy_insn_p;
	targetm.cannot_copy_insn_p = must_stay_one;
}

/* forget_callee: notes that name the marker would have debug information refer to it. */
static void forget_callee(rtx_insn *call)
{
	static const enum reg_note kinds[] = {REG_CALL_DECL, REG_CALL_ARG_LOCATION};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (rtx note = find_reg_note(call, kinds[i], NULL_RTX))
			remove_note(call, note);
}

/*
 * number_of: the insn that sets the argument of a call to a constant; null when it is not in sight.
 *
 * *used  whether something else looks at that register in between
 */
static rtx_insn *number_of(rtx_insn *call, rtx argument, bool *used)
{
	*used = false;
	for (rtx_insn *insn = PREV_INSN(call); insn; insn = PREV_INSN(insn)) {
		if (LABEL_P(insn) || JUMP_P(insn) || CALL_P(insn) || BARRIER_P(insn))
			return NULL;
		if (!NONDEBUG_INSN_P(insn))
			continue;
		if (!reg_set_p(argument, insn)) {
			*used |= reg_mentioned_p(argument, PATTERN(insn));
			continue;
		}
		rtx set = single_set(insn);

		return set && REG_P(SET_DEST(set)) && CONST_INT_P(SET_SRC(set)) &&
				       GET_MODE_SIZE(GET_MODE(SET_DEST(set))).to_constant() >= 4
			       ? insn
			       : NULL;
	}
	return NULL;
}

/* put_slot: the argument becomes the address of the site's slot. */
static void put_slot(rtx_insn *call)
{
	rtx argument = gen_rtx_REG(Pmode, DI_REG);
	rtx slots = XEXP(DECL_RTL(emit_slots()), 0);
	bool used;

	if (rtx_insn *setter = number_of(call, argument, &used)) {
		const HOST_WIDE_INT site = INTVAL(SET_SRC(single_set(setter)));

		emit_insn(gen_rtx_SET(argument, plus_constant(Pmode, slots, site * 4)));
		if (!used)
			delete_insn(setter);
		return;
	}

	rtx base = gen_rtx_REG(Pmode, R11_REG);
	rtx offset = gen_rtx_MULT(Pmode, argument, GEN_INT(4));
	emit_insn(gen_rtx_SET(base, slots));
	emit_insn(gen_rtx_SET(argument, gen_rtx_PLUS(Pmode, offset, base)));
}

/* has_thunk: -mindirect-branch, which is also an attribute. */
static bool has_thunk(void)
{
	return cfun->machine->indirect_branch_type != indirect_branch_keep;
}

/* test_jrcxz: as an asm with a label, since GCC has no pattern for it. */
static rtx_insn *test_jrcxz(rtx pointer, rtx label)
{
	rtx input = gen_rtx_ASM_INPUT_loc(Pmode, "c", BUILTINS_LOCATION);

	return emit_jump_insn(gen_rtx_ASM_OPERANDS(
		VOIDmode, "jrcxz\t%l1", "", 0, gen_rtvec(1, pointer), gen_rtvec(1, input),
		gen_rtvec(1, gen_rtx_LABEL_REF(Pmode, label)), BUILTINS_LOCATION));
}

static rtx_insn *test_je(rtx pointer, rtx label)
{
	rtx flags = gen_rtx_REG(CCZmode, FLAGS_REG);
	rtx unset = gen_rtx_EQ(VOIDmode, flags, const0_rtx);

	emit_insn(gen_rtx_SET(flags, gen_rtx_COMPARE(CCZmode, pointer, const0_rtx)));
	return emit_jump_insn(gen_rtx_SET(
		pc_rtx,
		gen_rtx_IF_THEN_ELSE(VOIDmode, unset, gen_rtx_LABEL_REF(VOIDmode, label), pc_rtx)));
}

static void open_call(rtx_insn *call, rtx *address, enum emit_hook hook)
{
	rtx pointer = gen_rtx_REG(Pmode, has_thunk() ? AX_REG : CX_REG);
	rtx unit = XEXP(DECL_RTL(emit_unit()), 0);
	rtx where = gen_rtx_MEM(Pmode, plus_constant(Pmode, unit, emit_hook_offset(hook)));
	rtx_code_label *label = gen_label_rtx();

	MEM_NOTRAP_P(where) = 1;
	start_sequence();
	emit_insn(gen_rtx_SET(pointer, where));
	rtx_insn *jump = has_thunk() ? test_je(pointer, label) : test_jrcxz(pointer, label);
	put_slot(call);
	rtx_insn *test = get_insns();
	end_sequence();

	JUMP_LABEL(jump) = label;
	LABEL_NUSES(label) = 1;
	for (rtx_insn *insn = test; insn; insn = NEXT_INSN(insn))
		INSN_LOCATION(insn) = INSN_LOCATION(call);
	emit_insn_before_noloc(test, call, NULL);
	emit_label_after(label, call);
	*address = pointer;
	INSN_CODE(call) = -1;
	forget_callee(call);
}

/*
 * stretch_blocks: a block that ended with a marker ends with the label behind it.  Nothing needs that any more but
 * -fcompare-debug, which prints the blocks.
 */
static void stretch_blocks(int first_label)
{
	basic_block bb;

	FOR_EACH_BB_FN(bb, cfun)
	{
		rtx_insn *behind = CALL_P(BB_END(bb)) ? NEXT_INSN(BB_END(bb)) : NULL;

		if (behind && LABEL_P(behind) && CODE_LABEL_NUMBER(behind) >= first_label)
			BB_END(bb) = behind;
	}
}

static void open_calls(void)
{
	const int first_label = max_label_num();

	for (rtx_insn *insn = get_insns(), *next; insn; insn = next) {
		enum emit_hook hook;

		next = NEXT_INSN(insn);
		if (rtx *address = called(insn, &hook))
			open_call(insn, address, hook);
	}
	stretch_blocks(first_label);
}

#else

bool open_late_wanted(void)
{
	return false;
}

void open_late_register(void)
{
}

static void open_calls(void)
{
}

#endif

namespace
{

const pass_data open_late_pass_data = {
	RTL_PASS, "hotpath_open_late", OPTGROUP_NONE, TV_PLUGIN_RUN, PROP_rtl, 0, 0, 0, 0,
};

class open_late_pass : public rtl_opt_pass
{
      public:
	open_late_pass(gcc::context *context) : rtl_opt_pass(open_late_pass_data, context)
	{
	}

	bool gate(function *) final override
	{
		return emit_has_unit();
	}

	unsigned int execute(function *) final override
	{
		open_calls();
		return 0;
	}
};

} // namespace

opt_pass *open_late_make_pass(gcc::context *context)
{
	return new open_late_pass(context);
}
