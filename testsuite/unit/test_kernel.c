/* SPDX-License-Identifier: MIT */
/* Where the runtime finds the kernel's own function for reading a clock: by either kind of hash table, or else not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "../../runtime/kernel.c"

/* map: a library as it is in its file, which is how the kernel's own lies in memory. */
static const Elf64_Ehdr *map(const char *path)
{
	int fd = open(path, O_RDONLY);
	off_t size = lseek(fd, 0, SEEK_END);
	void *at = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, 0);

	assert_true(fd >= 0 && at != MAP_FAILED);
	close(fd);
	return at;
}

static Elf64_Dyn *dynamic_of(const Elf64_Ehdr *elf, int64_t tag)
{
	const Elf64_Phdr *p = (const Elf64_Phdr *)((const char *)elf + elf->e_phoff);

	while (p->p_type != PT_DYNAMIC)
		p++;
	for (Elf64_Dyn *d = (Elf64_Dyn *)((char *)elf + p->p_offset); d->d_tag != DT_NULL; d++)
		if (d->d_tag == tag)
			return d;
	return NULL;
}

static void is_found(const Elf64_Ehdr *elf)
{
	gettime_function *found = find_gettime(elf);
	struct timespec t;

	assert_ptr_not_equal(found, ask_kernel);
	assert_int_equal(found(5, &t), 0);
	assert_int_equal(t.tv_sec, 5);
	assert_int_equal(t.tv_nsec, 1234);
}

static void by_the_hash_of_system_v(void **state)
{
	const Elf64_Ehdr *elf = map(VDSO "sysv.so");

	(void)state;
	assert_non_null(dynamic_of(elf, DT_HASH));
	assert_null(dynamic_of(elf, DT_GNU_HASH));
	is_found(elf);
}

static void by_the_hash_of_gnu(void **state)
{
	const Elf64_Ehdr *elf = map(VDSO "gnu.so");

	(void)state;
	assert_null(dynamic_of(elf, DT_HASH));
	assert_non_null(dynamic_of(elf, DT_GNU_HASH));
	is_found(elf);
}

static void not_at_all(void **state)
{
	const Elf64_Ehdr *elf = map(VDSO "gnu.so");

	(void)state;
	dynamic_of(elf, DT_GNU_HASH)->d_tag = DT_DEBUG;
	assert_ptr_equal(find_gettime(elf), ask_kernel);
	assert_ptr_equal(find_gettime(NULL), ask_kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_the_hash_of_system_v),
		cmocka_unit_test(by_the_hash_of_gnu),
		cmocka_unit_test(not_at_all),
	};

	return cmocka_run_group_tests_name("kernel", tests, NULL, NULL);
}
