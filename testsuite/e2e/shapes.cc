// SPDX-License-Identifier: MIT
// Exceptions through measured functions, constructors, destructors, templates, lambdas, a virtual call.
#include <cstdio>
#include <stdexcept>
#include <vector>

namespace shapes
{
static volatile int sink;

struct Guard {
	Guard() { sink = sink + 1; }
	~Guard() { sink = sink - 1; }
};

struct Base {
	virtual ~Base() = default;
	virtual int area() const { return 0; }
};

struct Square : Base {
	int side;
	explicit Square(int s) : side(s) {}
	int area() const override { return side * side; }
};

template <typename T> __attribute__((noinline)) T twice(T v)
{
	return v + v;
}

__attribute__((noinline)) void thrower(int depth)
{
	Guard g;

	if (depth == 0)
		throw std::runtime_error("out");
	thrower(depth - 1);
}

__attribute__((noinline)) int catcher()
{
	try {
		thrower(5);
	} catch (const std::exception &) {
		return 1;
	}
	return 0;
}
} // namespace shapes

int main()
{
	int sum = 0;
	std::vector<shapes::Base *> all;

	for (int i = 0; i < 50; i++)
		sum += shapes::catcher();
	for (int i = 0; i < 7; i++)
		all.push_back(new shapes::Square(i));
	for (auto *b : all)
		sum += b->area();
	for (auto *b : all)
		delete b;
	auto add = [&](int v) { sum += v; };
	for (int i = 0; i < 11; i++)
		add(shapes::twice(i));
	sum += (int)shapes::twice(1.5);
	std::printf("%d\n", sum);
}
