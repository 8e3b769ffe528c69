// Sparse input as events in the order of time, for kernels that step a neuron's few states and not its synapses.
#pragma once

#include "layout.hpp"
#include "team.hpp"

namespace hetsyn {

template <class F> using vec = typename Lanes<F>::V;

template <class F> inline vec<F> load_vector(const F* p) { return load<vec<F>>(p); }
template <class F> inline vec<F> splat(F value) { return all<vec<F>>(value); }

inline long ceil_div(long a, long b) { return (a + b - 1) / b; }

struct FilterShape {
    long n_steps, n_batch, n_pre, n_post;
    double work() const { return double(n_steps) * double(n_batch) * double(n_pre) * double(n_post); }
};

// Calls task(k) for k = 0 .. n - 1 on a few threads; throws what a task throws.
template <class Task> void share(long n, int n_threads, double work, const Task& task) {
    Team team(useful_threads(n_threads, work));
    team.run([&] { team.each(n, task); });
}

// The events of one batch item: those of step t are of[first[t]] to of[first[t + 1]].
template <typename T>
struct StepEvents {
    struct Event {
        std::int32_t channel;
        T value;
    };
    std::vector<long> first;
    std::vector<Event> of;

    StepEvents() = default;
    // of item b of x (time, batch, channel); sets `finite` to false if one is not a number
    StepEvents(const T* x, long n_steps, long n_batch, long n_channels, long b, std::atomic<bool>& finite) : first{0} {
        first.reserve(size_t(n_steps) + 1);
        std::vector<Event> found(size_t(n_channels) + 1);  // of one step
        T sum = 0;                                         // x - x is 0, or NaN for NaN and infinity
        for (long t = 0; t < n_steps; ++t) {
            const T* row = x + (t * n_batch + b) * n_channels;
            Event* next = found.data();
            const auto add = [&](long i) {
                *next++ = {std::int32_t(i), row[i]};
                sum += row[i] - row[i];
            };
            for (long i = 0; i < n_channels; i += 64)
                for (uint64_t mask = nonzero(row + i, int(std::min(n_channels - i, 64L))); mask; mask &= mask - 1) add(i + __builtin_ctzll(mask));
            of.insert(of.end(), found.data(), next);
            first.push_back(long(of.size()));
        }
        if (sum != T(0)) finite = false;
    }
};

// The share of numbers that are not 0, from a hundred or so rows all over x; the stride is odd, to meet every item of a batch.
template <typename T>
double activity(const T* x, long n_rows, long n_channels) {
    const long stride = n_rows / 128 | 1;
    long seen = 0, active = 0;
    for (long row = 0; row < n_rows; row += stride, seen += n_channels)
        for (long i = 0; i < n_channels; ++i) active += x[row * n_channels + i] != T(0);
    return double(active) / double(seen);
}

}  // namespace hetsyn
