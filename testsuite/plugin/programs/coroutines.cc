/* SPDX-License-Identifier: MIT */
/* Coroutines in every shape: generators, tasks, symmetric transfer, exceptions, threads, abandoned ones. */
#include "hotpath.h"
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <thread>
#include <utility>

#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__)
static const int chain = 1000000; /* would fill the stack if a transfer were no tail call, as at -O1 */
#else
static const int chain = 1000;
#endif

struct guard {
	static int alive;
	guard()
	{
		alive++;
	}
	~guard()
	{
		alive--;
	}
};
int guard::alive;

/* A generator; its frames come from an operator new of its own. */
struct gen {
	struct promise_type {
		int value = 0;
		static int frames;
		void *operator new(std::size_t n)
		{
			frames++;
			return std::malloc(n);
		}
		void operator delete(void *p)
		{
			frames--;
			std::free(p);
		}
		gen get_return_object()
		{
			return gen{std::coroutine_handle<promise_type>::from_promise(*this)};
		}
		std::suspend_always initial_suspend() noexcept
		{
			return {};
		}
		std::suspend_always final_suspend() noexcept
		{
			return {};
		}
		std::suspend_always yield_value(int v) noexcept
		{
			value = v;
			return {};
		}
		void return_void()
		{
		}
		void unhandled_exception()
		{
			throw;
		}
	};
	std::coroutine_handle<promise_type> handle;
	explicit gen(std::coroutine_handle<promise_type> h) : handle(h)
	{
	}
	gen(gen &&other) noexcept : handle(std::exchange(other.handle, nullptr))
	{
	}
	~gen()
	{
		if (handle)
			handle.destroy();
	}
	bool next()
	{
		handle.resume();
		return !handle.done();
	}
};
int gen::promise_type::frames;

HOTPATH_MEASURE gen count(int n)
{
	guard g;
	for (int i = 0; i < n; i++) {
		HOTPATH_BLOCK("across") {
			guard inside;
			HOTPATH_BLOCK("within") {
				guard deeper;
			}
			co_yield i;
		}
	}
}

template <class T> HOTPATH_MEASURE gen twice(T n)
{
	co_yield static_cast<int>(n);
	co_yield static_cast<int>(n);
}

HOTPATH_MEASURE gen throws(int n)
{
	guard g;
	co_yield n;
	throw std::runtime_error("generator");
}

/* A task that runs at once, is over at once, and frees itself. */
struct detached {
	struct promise_type {
		detached get_return_object()
		{
			return {};
		}
		std::suspend_never initial_suspend() noexcept
		{
			return {};
		}
		std::suspend_never final_suspend() noexcept
		{
			return {};
		}
		void return_void()
		{
		}
		void unhandled_exception()
		{
			std::abort();
		}
	};
};

static std::coroutine_handle<> parked;

struct park {
	bool await_ready()
	{
		return false;
	}
	void await_suspend(std::coroutine_handle<> h)
	{
		parked = h;
	}
	int await_resume()
	{
		return 1;
	}
};

/* Resumed by another thread, in there, which may be before await_suspend() has returned here. */
struct move_over {
	bool await_ready()
	{
		return false;
	}
	void await_suspend(std::coroutine_handle<> h)
	{
		std::thread([h] { h.resume(); }).join();
	}
	void await_resume()
	{
	}
};

HOTPATH_MEASURE_AS("at once") detached at_once(int n)
{
	guard g;
	if (n)
		co_await park();
	co_return;
}

HOTPATH_MEASURE detached moves()
{
	guard g;
	co_await move_over();
	co_await move_over();
}

/* A task that is awaited, by symmetric transfer both ways. */
struct task {
	struct promise_type {
		std::coroutine_handle<> next;
		task get_return_object()
		{
			return task{std::coroutine_handle<promise_type>::from_promise(*this)};
		}
		std::suspend_always initial_suspend() noexcept
		{
			return {};
		}
		struct final {
			bool await_ready() noexcept
			{
				return false;
			}
			std::coroutine_handle<>
			await_suspend(std::coroutine_handle<promise_type> h) noexcept
			{
				return h.promise().next;
			}
			void await_resume() noexcept
			{
			}
		};
		final final_suspend() noexcept
		{
			return {};
		}
		void return_void()
		{
		}
		void unhandled_exception()
		{
			std::abort();
		}
	};
	std::coroutine_handle<promise_type> handle;
	explicit task(std::coroutine_handle<promise_type> h) : handle(h)
	{
	}
	task(const task &) = delete;
	~task()
	{
		handle.destroy();
	}
	bool await_ready()
	{
		return false;
	}
	std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller)
	{
		handle.promise().next = caller;
		return handle;
	}
	void await_resume()
	{
	}
};

HOTPATH_MEASURE task leaf()
{
	co_return;
}

HOTPATH_MEASURE task many(int n)
{
	for (int i = 0; i < n; i++)
		co_await leaf();
}

/* Frames that cannot be made, or not be begun. */
struct refused {
	struct promise_type {
		explicit promise_type(int n)
		{
			if (n == 1)
				throw std::runtime_error("promise");
		}
		refused get_return_object()
		{
			return {};
		}
		struct first {
			bool fails;
			bool await_ready()
			{
				if (fails)
					throw std::runtime_error("initial");
				return true;
			}
			void await_suspend(std::coroutine_handle<>)
			{
			}
			void await_resume()
			{
			}
		};
		first initial_suspend() noexcept
		{
			return {false};
		}
		std::suspend_never final_suspend() noexcept
		{
			return {};
		}
		void return_void()
		{
		}
		void unhandled_exception()
		{
			throw;
		}
	};
};

HOTPATH_MEASURE refused refuses(int n)
{
	if (n == 2)
		throw std::runtime_error("body");
	co_return;
}

int main()
{
	int sum = 0, caught = 0;

	{
		gen g = count(5); /* to its end: 6 runs */
		while (g.next())
			sum += g.handle.promise().value;
	}
	{
		gen g = count(5); /* destroyed while suspended: 2 runs */
		g.next();
		g.next();
	}
	{
		gen g = count(5); /* never run */
	}
	gen *abandoned = new gen(count(3)); /* never destroyed */
	abandoned->next();

	{
		gen g = twice(1), h = twice(1.5);
		while (g.next() && h.next())
			sum++;
	}
	try {
		gen g = throws(1);
		while (g.next())
			sum++;
	} catch (const std::runtime_error &) {
		caught++;
	}
	at_once(0);
	at_once(1);
	parked.resume();
	moves();
	{
		task t = many(chain);
		t.handle.promise().next = std::noop_coroutine();
		t.handle.resume();
	}
	for (int i = 0; i < 3; i++) {
		try {
			refuses(i);
		} catch (const std::runtime_error &) {
			caught++;
		}
	}
	auto lambda = [](int n) HOTPATH_MEASURE -> gen {
		co_yield n;
	};
	{
		gen g = lambda(3);
		while (g.next())
			sum++;
	}
	std::printf("sum %d caught %d alive %d frames %d\n", sum, caught, guard::alive,
		    gen::promise_type::frames);
	return 0;
}
