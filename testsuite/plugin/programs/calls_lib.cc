#include <stdexcept>

namespace lib
{
int alive;
struct Big {
	int a[20];
	Big(int n);
	Big(const Big &);
	~Big();
	virtual int value() const;
};
Big::Big(int n)
{
	for (int i = 0; i < 20; i++)
		a[i] = n + i;
	alive++;
}
Big::Big(const Big &o) : Big(o.a[0]) {}
Big::~Big() { alive--; }
int Big::value() const { return a[0]; }
int may_throw(int n)
{
	if (n % 2)
		throw std::runtime_error("odd");
	return 10 * n;
}
Big make(int n)
{
	if (n == 2)
		throw 2;
	return Big(n);
}
int steady(int n) noexcept { return n + 1; }
} // namespace lib
