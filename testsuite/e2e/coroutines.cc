/* SPDX-License-Identifier: MIT */
/*
 * A pool of threads that hand coroutines to each other: coroutines THREADS EACH
 *
 * Each thread makes EACH tasks; every task moves on to the next thread three times, where it is resumed and at last deleted.
 */
#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

struct queue {
	std::mutex mutex;
	std::condition_variable filled;
	std::vector<std::coroutine_handle<>> waiting;
};

static std::vector<queue> *queues;
static std::atomic<long> left;

struct hop {
	unsigned to;
	bool await_ready()
	{
		return false;
	}
	void await_suspend(std::coroutine_handle<> h)
	{
		queue &q = (*queues)[to % queues->size()];
		std::lock_guard<std::mutex> guard(q.mutex);
		q.waiting.push_back(h); /* may run there before this function is back */
		q.filled.notify_one();
	}
	void await_resume()
	{
	}
};

struct task {
	struct promise_type {
		task get_return_object()
		{
			return {};
		}
		std::suspend_never initial_suspend() noexcept
		{
			return {};
		}
		std::suspend_never final_suspend() noexcept
		{
			left--;
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

static void step(unsigned n)
{
	if (n % 7 == 0)
		throw std::runtime_error("seven");
}

static task travel(unsigned from)
{
	for (unsigned i = 1; i <= 3; i++) {
		co_await hop{from + i};
		try {
			step(from + i);
		} catch (const std::runtime_error &) {
		}
	}
}

static void serve(unsigned me, long each)
{
	for (long i = 0; i < each; i++)
		travel(me);
	while (left > 0) {
		std::vector<std::coroutine_handle<>> now;
		{
			queue &q = (*queues)[me];
			std::unique_lock<std::mutex> guard(q.mutex);
			q.filled.wait_for(guard, std::chrono::milliseconds(1));
			now.swap(q.waiting);
		}
		for (auto h : now)
			h.resume();
	}
}

int main(int argc, char **argv)
{
	unsigned threads = argc > 1 ? static_cast<unsigned>(std::atoi(argv[1])) : 4;
	long each = argc > 2 ? std::atol(argv[2]) : 1000;
	std::vector<std::thread> pool;

	queues = new std::vector<queue>(threads);
	left = each * threads;
	for (unsigned i = 0; i < threads; i++)
		pool.emplace_back(serve, i, each);
	for (auto &t : pool)
		t.join();
	std::printf("left %ld\n", left.load());
	return 0;
}
