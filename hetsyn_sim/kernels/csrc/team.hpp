// Threads for the length of one call. They are torch's own, if Python has said where its OpenMP runtime is: those spin for a while after each
// operator of torch, and more threads would have to fight them for the cores. Otherwise they are started and joined: nothing idles between
// calls, and a fork in between leaves nothing half alive.
#pragma once
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "vec.hpp"

namespace hetsyn {

// Starting a thread costs some 30 microseconds; with this many state updates of its own it is worth it.
constexpr double WORK_PER_THREAD = 1e6;

inline int useful_threads(int asked, double work) { return int(std::max(1.0, std::min(double(asked), work / WORK_PER_THREAD))); }

// The two functions of an OpenMP runtime that run something on its threads; null where there is none. No runtime is linked.
struct OpenMP {
    void (*parallel)(void (*)(void*), void*, unsigned, unsigned) = nullptr; // GOMP_parallel
    int (*team_size)() = nullptr;                                          // omp_get_num_threads
};
inline OpenMP& openmp() {
    static OpenMP functions;
    return functions;
}

class Team {
  public:
    explicit Team(int n) : n_(n) {}

    // Every member runs body(), which must do everything that can fail inside of each(). An exception in one is thrown here.
    template <class Body> void run(const Body& body) {
        if (n_ > 1 && openmp().parallel)
            run_on_openmp(body);
        else
            run_on_threads(body);
        if (failure_) std::rethrow_exception(failure_);
    }

    // The members share the tasks 0 .. n-1 and go on together when all are done. Every member must come here, in the same order.
    template <class Task> void each(int64_t n, const Task& task) {
        std::atomic<int64_t>& next = next_[generation_ % 3];
        try {
            for (int64_t k; !failed_ && (k = next++) < n;) task(k);
        } catch (...) {
            std::lock_guard<std::mutex> lock(mutex_);
            if (!failure_) failure_ = std::current_exception();
            failed_ = true;
        }
        std::unique_lock<std::mutex> lock(mutex_);
        const int64_t generation = generation_;
        if (++waiting_ == n_) {
            waiting_ = 0;
            next_[(generation + 2) % 3] = 0; // the counter of the phase before this one: nobody looks at it now
            generation_ = generation + 1;
            all_here_.notify_all();
        } else {
            all_here_.wait(lock, [&] { return generation_ != generation; });
        }
    }

  private:
    template <class Body> void run_on_openmp(const Body& body) {
        struct Call {
            Team* team;
            const Body* body;
        } call{this, &body};
        openmp().parallel(
            [](void* given) {
                const Call& call = *static_cast<Call*>(given);
                {
                    std::lock_guard<std::mutex> lock(call.team->mutex_);
                    call.team->n_ = openmp().team_size(); // may be fewer than asked for; every member says so before it waits for others
                }
                const FlushTiny flush;
                (*call.body)();
            },
            &call, unsigned(n_), 0);
    }

    template <class Body> void run_on_threads(const Body& body) {
        std::vector<std::thread> others;
        {
            std::lock_guard<std::mutex> starting(mutex_); // nobody counts heads before it is known how many there are
            try {
                others.reserve(n_);
                while (int(others.size()) < n_ - 1)
                    others.emplace_back([&] {
                        { std::lock_guard<std::mutex> wait(mutex_); }
                        const FlushTiny flush;
                        body();
                    });
            } catch (const std::system_error&) { // fewer threads than hoped for give the same results
                n_ = 1 + int(others.size());
            }
        }
        {
            const FlushTiny flush;
            body();
        }
        for (auto& thread : others) thread.join();
    }

    int n_;
    std::mutex mutex_;
    std::condition_variable all_here_;
    std::atomic<int64_t> generation_{0};
    std::atomic<int64_t> next_[3] = {{0}, {0}, {0}};
    int waiting_ = 0;
    std::atomic<bool> failed_{false};
    std::exception_ptr failure_;
};

} // namespace hetsyn
