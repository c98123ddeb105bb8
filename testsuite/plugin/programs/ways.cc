// Every way into and out of a function of C++; plugin.bats knows how often each one is called.
#include <cstdio>

#define MEASURE __attribute__((hotpath_measure))

MEASURE int make_early()
{
	return 3;
}
static int early = make_early();

namespace ns
{
struct Base {
	virtual ~Base()
	{
	}
};
struct Parser : virtual Base {
	int n;
	MEASURE explicit Parser(int n);
	MEASURE ~Parser() override;
	MEASURE int parse(int x) const;
};
Parser::Parser(int n) : n(n)
{
}
Parser::~Parser()
{
}
int Parser::parse(int x) const
{
	return n + x;
}
} // namespace ns

struct Derived : ns::Parser {
	Derived() : Parser(3)
	{
	}
};

template <class T> MEASURE T twice(T x)
{
	return x + x;
}

MEASURE int int_or_throw(int x)
{
	if (x > 2)
		throw x;
	return x;
}

int main()
{
	int caught = 0;
	ns::Parser p(early);
	Derived d;
	ns::Base *heap = new ns::Parser(twice(2));
	auto lambda = [&](int x) __attribute__((hotpath_measure)) { return p.parse(x); };

	delete heap;
	lambda(1);
	lambda(twice(2.5) > 4);
	for (int i = 0; i < 5; i++) {
		try {
			int_or_throw(i);
		} catch (int) {
			caught++;
		}
	}
	std::printf("caught %d\n", caught + (early == 3));
	return 0;
}
