/* SPDX-License-Identifier: MIT */
/* Blocks in what C++ has more than C: exceptions, destructors, templates, lambdas, constexpr. */
#ifdef BARE /* what the macros are without the plugin */
#define HOTPATH_BLOCK(label)
#define HOTPATH_SCOPE(label)
#else
#include "hotpath.h"
#endif
#include <cstdio>
#include <stdexcept>

static int destroyed;

struct guard {
	~guard()
	{
		destroyed++;
	}
};

static int thrower(int n)
{
	HOTPATH_BLOCK("throws") {
		guard g;
		if (n % 2)
			throw std::runtime_error("odd");
	}
	return n;
}

template <class T> static T twice(T x)
{
	HOTPATH_SCOPE("template");
	guard g;
	return x + x;
}

#if __cplusplus >= 201402L
constexpr int power(int base, int n)
{
	HOTPATH_SCOPE("power");
	int r = 1;
	while (true)
		HOTPATH_BLOCK("step") {
			if (n-- == 0)
				break;
			r *= base;
		}
	return r;
}
static_assert(power(2, 5) == 32, "evaluated by the compiler, without the loop's break lost");
#endif

struct member {
	int value;
	member() : value(0)
	{
		HOTPATH_BLOCK("constructor") {
			value = 4;
		}
	}
	~member() noexcept
	{
		HOTPATH_SCOPE("destructor");
	}
	inline int get() const
	{
		HOTPATH_SCOPE("get");
		return value;
	}
};

struct derived : virtual member {
	derived()
	{
		HOTPATH_SCOPE("derived");
	}
};

int main()
{
	int caught = 0, sum = 0;

	for (int i = 0; i < 6; i++) {
		try {
			sum += thrower(i);
		} catch (const std::runtime_error &) {
			HOTPATH_SCOPE("handler");
			caught++;
		}
	}
	sum += twice(2) + static_cast<int>(twice(1.5)) + static_cast<int>(twice(2.5));
	auto lambda = [&](int x) {
		if (x)
			HOTPATH_BLOCK("lambda") {
				auto inside = [] { return 1; };
				return x + inside();
			}
		return 0;
	};
	sum += lambda(0) + lambda(1) + lambda(2);
	derived d;
	member m;
	sum += d.get() + m.get();
#if __cplusplus >= 201402L
	sum += power(sum & 1, 3);
#endif
	std::printf("caught %d destroyed %d\n", caught, destroyed);
	return sum > 0 ? 0 : 1;
}
