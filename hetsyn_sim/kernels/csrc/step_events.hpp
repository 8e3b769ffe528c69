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

template <typename T> struct Event {
    int32_t place;  // a channel, or a row of a table
    T value;
};

// Input (time, batch, channel), and a bit for each number of it that is not 0, (time, batch, word). A last word says whether all of these
// are 1, as spikes are: then the numbers need not be looked at again, all over memory.
template <typename T> struct Input {
    const T* x;
    uint64_t* bits;
    FilterShape s;

    uint64_t& all_ones() const { return bits[s.n_steps * s.n_batch * s.words()]; }

    // Sets the bits of a step of all items. Calls task(b, channel, value) for each event.
    template <class Task> void mark(long t, std::atomic<bool>& ones, const Task& task) const {
        bool other = false;
        for (long b = 0; b < s.n_batch; ++b) {
            const T* row = x + (t * s.n_batch + b) * s.n_pre;
            uint64_t* word = bits + (t * s.n_batch + b) * s.words();
            for (long i = 0; i < s.n_pre; i += 64)
                for (uint64_t left = *word++ = nonzero(row + i, int(std::min(s.n_pre - i, 64L))); left; left &= left - 1) {
                    const long channel = i + __builtin_ctzll(left);
                    other |= row[channel] != T(1);
                    task(b, channel, row[channel]);
                }
        }
        if (other) ones = false;
    }

    // Calls task(channel, value) for each event of a step of an item.
    template <class Task> void each(long t, long b, const Task& task) const {
        const long row = t * s.n_batch + b;
        const bool ones = all_ones() != 0;
        for (long word = 0; word < s.words(); ++word)
            for (uint64_t left = bits[row * s.words() + word]; left; left &= left - 1) {
                const long i = word * 64 + __builtin_ctzll(left);
                task(i, ones ? T(1) : x[row * s.n_pre + i]);
            }
    }
};

// The events of one item in the order of time: those of step t are of[first[t]] to of[first[t + 1]].
template <typename T> struct StepEvents {
    std::vector<int32_t> first;
    std::vector<Event<T>> of;
};

// The events of all items, found step by step. Sets `finite` to false if one is not a number.
template <typename T> struct FoundEvents {
    explicit FoundEvents(const Input<T>& input) : input(input), steps(static_cast<size_t>(input.s.n_steps)), items(static_cast<size_t>(input.s.n_batch)) {}

    // On every member of a team.
    void find(Team& team, std::atomic<bool>& finite, std::atomic<bool>& ones) {
        const FilterShape s = input.s;
        team.each(s.n_steps, [&](int64_t t) {
            StepEvents<T>& step = steps[size_t(t)];
            step.first.assign(size_t(s.n_batch) + 1, 0);
            T sum = 0;  // x - x is 0, or NaN for NaN and infinity
            input.mark(t, ones, [&](long b, long i, T value) {
                ++step.first[size_t(b) + 1];
                step.of.push_back({int32_t(i), value});
                sum += value - value;
            });
            for (size_t b = 1; b < step.first.size(); ++b) step.first[b] += step.first[b - 1];
            if (sum != T(0)) finite = false;
        });
        team.each(s.n_batch, [&](int64_t b) {
            StepEvents<T>& item = items[size_t(b)];
            item.first.assign(1, 0);
            for (const StepEvents<T>& step : steps) {
                item.of.insert(item.of.end(), step.of.begin() + step.first[size_t(b)], step.of.begin() + step.first[size_t(b) + 1]);
                item.first.push_back(int32_t(item.of.size()));
            }
        });
    }

    Input<T> input;
    std::vector<StepEvents<T>> steps, items;  // of a step item by item, of an item step by step
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
