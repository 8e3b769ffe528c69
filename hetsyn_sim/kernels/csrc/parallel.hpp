// Tasks over a few threads. Which thread takes a task is left open; what a task computes does not depend on it.
#pragma once

#include <atomic>
#include <thread>
#include <vector>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace hetsyn {

// Decaying states end as subnormal numbers, which are a hundred times slower. Flushing them to 0 is far below any rounding error.
class FlushSubnormals {
public:
#if defined(__SSE2__)
    FlushSubnormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
    ~FlushSubnormals() { _mm_setcsr(before_); }

private:
    unsigned before_;
#elif defined(__aarch64__)
    FlushSubnormals() {
        asm volatile("mrs %0, fpcr" : "=r"(before_));
        asm volatile("msr fpcr, %0" ::"r"(before_ | (1ull << 24)));
    }
    ~FlushSubnormals() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

private:
    unsigned long long before_;
#endif
};

// Calls task(k) for k = 0 .. n_tasks - 1; false if one of them ran out of memory. Threads are made and joined here: nothing survives a
// call, so a fork finds nothing broken.
template <typename Task>
[[nodiscard]] bool parallel_for(long n_tasks, int n_threads, const Task& task) {
    std::atomic<long> next{0};
    std::atomic<bool> complete{true};
    auto work = [&] {
        FlushSubnormals flush;
        try {
            for (long k; complete && (k = next.fetch_add(1)) < n_tasks;) task(k);
        } catch (...) {
            complete = false;
        }
    };
    std::vector<std::thread> others;
    for (int i = 1; i < n_threads && i < n_tasks; ++i) {
        try {
            others.emplace_back(work);
        } catch (...) {
            break;  // fewer threads do the same
        }
    }
    work();
    for (auto& thread : others) thread.join();
    return complete;
}

}  // namespace hetsyn
