#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct big { int a[10]; double d; };
/* In calls_lib.c, which is compiled without the plugin. */
extern struct big lib_big(struct big b, int n);
extern double lib_mixed(char c, float f, long double l, struct big b, const char *s, ...);
extern int lib_back(int (*f)(int), int x);
extern void lib_jump(jmp_buf env);
extern int lib_errno(int e);
extern int lib_tail(int n);

int here(int x) { return x + 1; }
static int inner(int x) { return lib_errno(0) + x; }
static jmp_buf env;
static int jumped(int n)
{
	volatile int landings = 0;

	for (volatile int i = 0; i < n; i++) {
		if (setjmp(env))
			landings++;
		else
			lib_jump(env);
		lib_errno(0);
	}
	return landings;
}

int calls_tail(int n) { return lib_tail(n); }

int main(void)
{
	struct big b = {{1, 2, 3}, 4.5};
	struct big r = lib_big(b, 7);
	int sum = 0;

	if (r.a[0] != 8 || r.a[2] != 10 || r.d != 9 || b.a[0] != 1)
		return 1;
	if (lib_mixed('x', 1.5f, 2.5L, b, "ab", 3, 4.0) != 'x' + 1.5 + 2.5 + 4.5 + 2 + 3 + 4)
		return 2;
	for (int i = 0; i < 5; i++)
		sum += lib_back(inner, i);
	if (sum != 10 + 5)
		return 3;
	if (jumped(3) != 3)
		return 4;
	errno = 0;
	if (lib_errno(7) != 7 || errno != 7)
		return 5;
	if (calls_tail(4) != 10 || here(1) != 2)
		return 6;
	char *p = malloc(20);
	strcpy(p, "fine");
	puts(p);
	free(p);
	return 0;
}
