#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

struct big { int a[10]; double d; };
struct big lib_big(struct big b, int n)
{
	for (int i = 0; i < 10; i++)
		b.a[i] += n;
	b.d *= 2;
	return b;
}
double lib_mixed(char c, float f, long double l, struct big b, const char *s, ...)
{
	va_list ap;
	double sum = c + f + (double)l + b.d + (double)strlen(s);

	va_start(ap, s);
	sum += va_arg(ap, int);
	sum += va_arg(ap, double);
	va_end(ap);
	return sum;
}
int lib_back(int (*f)(int), int x) { return f(x) + 1; }
void lib_jump(jmp_buf env) { longjmp(env, 1); }
int lib_errno(int e) { errno = e; return e; }
int lib_tail(int n) { return n * (n + 1) / 2; }
