// A coroutine with symmetric transfer: its actor has calls that must be tail calls.
#include <coroutine>

struct Task {
	struct promise_type {
		std::coroutine_handle<> next = std::noop_coroutine();
		Task get_return_object()
		{
			return {std::coroutine_handle<promise_type>::from_promise(*this)};
		}
		std::suspend_always initial_suspend()
		{
			return {};
		}
		struct Final {
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
		Final final_suspend() noexcept
		{
			return {};
		}
		void return_void()
		{
		}
		void unhandled_exception()
		{
		}
	};
	std::coroutine_handle<promise_type> handle;
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

__attribute__((hotpath_measure)) Task leaf()
{
	co_return;
}

__attribute__((hotpath_measure)) Task middle()
{
	co_await leaf();
	co_await leaf();
}

int main()
{
	middle().handle.resume();
	return 0;
}
