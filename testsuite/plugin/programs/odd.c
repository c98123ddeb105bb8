/* Functions that must not be wrapped, or not by a rule. */
static int chosen(void)
{
	return 1;
}

static int (*resolver(void))(void)
{
	return chosen;
}
int resolved(void) __attribute__((ifunc("resolver")));

__attribute__((naked)) void bare(void)
{
	__asm__("ret");
}

void *arguments(int x)
{
	(void)x;
	return __builtin_apply_args();
}

__attribute__((no_instrument_function)) void uninstrumented(void)
{
}

__attribute__((no_instrument_function, hotpath_measure)) void chosen_by_hand(void)
{
}

__attribute__((hotpath_skip)) void skipped(void)
{
}

int main(void)
{
	bare();
	uninstrumented();
	chosen_by_hand();
	skipped();
	return resolved() != 1;
}
