// Sparse input as events, for kernels that step a neuron's few states and not its synapses: where they are as bits, then as lists.
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
    long words() const { return ceil_div(n_pre, 64); }
};

// Calls task(k) for k = 0 .. n - 1 on a few threads; throws what a task throws.
template <class Task> void share(long n, int n_threads, double work, const Task& task) {
    Team team(useful_threads(n_threads, work));
    team.run([&] { team.each(n, task); });
}

// Input (time, batch, channel), and a bit for each number of it that is not 0, (time, batch, word).
template <typename T> struct Input {
    const T* x;
    uint64_t* bits;
    FilterShape s;

    // Sets the bits of a step of all items.
    void mark(long t) const {
        for (long row = t * s.n_batch; row < (t + 1) * s.n_batch; ++row)
            for (long i = 0; i < s.n_pre; i += 64)
                bits[row * s.words() + i / 64] = nonzero(x + row * s.n_pre + i, int(std::min(s.n_pre - i, 64L)));
    }

    // Calls task(channel, value) for each event of a step of an item.
    template <class Task> void each(long t, long b, const Task& task) const {
        const long row = t * s.n_batch + b;
        for (long word = 0; word < s.words(); ++word)
            for (uint64_t left = bits[row * s.words() + word]; left; left &= left - 1) {
                const long i = word * 64 + __builtin_ctzll(left);
                task(i, x[row * s.n_pre + i]);
            }
    }
};

template <typename T> struct Event {
    int32_t place;  // a channel, or a row of a table
    T value;
};

// The events of one item in the order of time: those of step t are of[first[t]] to of[first[t + 1]].
template <typename T>
struct StepEvents {
    std::vector<int32_t> first;
    std::vector<Event<T>> of;

    // Sets `finite` to false if one is not a number.
    void find(const Input<T>& input, long b, std::atomic<bool>& finite) {
        first.assign(size_t(input.s.n_steps) + 1, 0);
        T sum = 0;  // x - x is 0, or NaN for NaN and infinity
        for (long t = 0; t < input.s.n_steps; ++t) {
            input.each(t, b, [&](long i, T value) {
                of.push_back({int32_t(i), value});
                sum += value - value;
            });
            first[size_t(t) + 1] = int32_t(of.size());
        }
        if (sum != T(0)) finite = false;
    }
};

// The events of steps `begin` to `end` of items `low` to `high`, by channel: those of channel i are of[first[i]] to of[first[i + 1]], and
// their places count steps and items, (step, item).
template <typename T>
struct ChannelEvents {
    std::vector<int32_t> first;
    std::vector<Event<T>> of;

    void find(const Input<T>& input, long begin, long end, long low, long high) {
        first.assign(size_t(input.s.n_pre) + 2, 0);
        const auto all_of_them = [&](const auto& task) {
            for (long t = begin; t < end; ++t)
                for (long b = low; b < high; ++b) input.each(t, b, [&](long i, T value) { task(i, (t - begin) * (high - low) + b - low, value); });
        };
        all_of_them([&](long i, long, T) { ++first[size_t(i) + 2]; });
        for (size_t i = 2; i < first.size(); ++i) first[i] += first[i - 1];
        of.resize(size_t(first.back()));
        all_of_them([&](long i, long row, T value) { of[size_t(first[size_t(i) + 1]++)] = {int32_t(row), value}; });
    }
};

}  // namespace hetsyn
