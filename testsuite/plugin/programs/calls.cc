#include <cstdio>
#include <stdexcept>
#include <string>

// In calls_lib.cc, which is compiled without the plugin.
namespace lib
{
struct Big {
	int a[20];
	Big(int n);
	Big(const Big &);
	~Big();
	virtual int value() const;
};
int may_throw(int n);
Big make(int n);
int steady(int n) noexcept;
extern int alive;
} // namespace lib

static int caught(int n)
{
	try {
		lib::Big local(n);
		return lib::may_throw(n) + local.a[0];
	} catch (const std::runtime_error &e) {
		return -lib::steady(n);
	}
}

struct Guard {
	~Guard() { lib::steady(1); }
};

static int unwinds(int n)
{
	Guard guard;

	return lib::make(n).a[19];
}

static int start = lib::steady(41);

int main()
{
	int sum = 0;

	for (int i = 0; i < 6; i++)
		sum += caught(i);
	for (int i = 0; i < 4; i++) {
		try {
			sum += unwinds(i);
		} catch (int) {
			sum += 1000;
		}
	}
	lib::Big one(1);
	const lib::Big *p = &one;
	sum += p->value();
	std::printf("%d %d %d\n", sum, start, lib::alive);
	return 0;
}
