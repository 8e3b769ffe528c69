// Sparse input as events, sorted for kernels that step a group of channels side by side.
#pragma once

#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "blocks.hpp"
#include "parallel.hpp"

namespace hetsyn {

template <typename T>
struct Event {
    std::int32_t step;
    std::int32_t lane;  // the channel's place in its group
    T value;
};

// The channels of a slice that are not silent, GROUP at a time, those that begin alike together: a group is stepped from its first event on.
template <typename T>
struct Slice {
    struct Group {
        std::int32_t channel[GROUP];  // -1: nobody
        long begin, end;              // of its events
    };
    std::vector<Group> groups;
    std::vector<Event<T>> events;  // group by group, in the order of time
};

// Whether input is busy enough for the dense kernels, from every eighth row. Above some 5 % the events cost more than they save.
template <typename T>
bool is_busy(const T* x, long n_rows, long n_channels) {
    constexpr long stride = 8;
    constexpr double limit = 0.05;
    long seen = 0, active = 0;
    for (long row = 0; row < n_rows; row += stride, seen += n_channels)
        for (long i = 0; i < n_channels; ++i) active += x[row * n_channels + i] != T(0);
    return double(active) > limit * double(seen);
}

// The events of channels [first, first + n) of one batch item; sets `finite` to false if one is not a number.
template <typename T>
Slice<T> find_events(const T* x, long n_steps, long n_batch, long n_channels, long b, long first, long n, std::atomic<bool>& finite) {
    std::vector<Event<T>> found;
    for (long t = 0; t < n_steps; ++t) {
        const T* row = x + (t * n_batch + b) * n_channels + first;
        constexpr long word = 64 / sizeof(T);
        for (long i = 0; i < n; i += word) {
            const long end = std::min(i + word, n);
            if (end - i == word) {  // most of the input is silent: 64 bytes at a time
                std::uint64_t bits[8], any = 0;
                std::memcpy(bits, row + i, sizeof bits);
                for (std::uint64_t part : bits) any |= part;
                if (!any) continue;
            }
            for (long k = i; k < end; ++k)
                if (row[k] != T(0)) found.push_back({std::int32_t(t), std::int32_t(k), row[k]});
        }
    }
    std::vector<long> count(size_t(n), 0), start(size_t(n), 0);
    for (const auto& event : found) {
        if (!std::isfinite(event.value)) finite = false;
        if (!count[size_t(event.lane)]++) start[size_t(event.lane)] = event.step;
    }
    std::vector<std::int32_t> order;
    for (long i = 0; i < n; ++i)
        if (count[size_t(i)]) order.push_back(std::int32_t(i));
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto c) { return start[size_t(a)] < start[size_t(c)]; });

    Slice<T> slice;
    std::vector<std::int32_t> place(size_t(n), -1);
    long total = 0;
    for (size_t k = 0; k < order.size(); k += GROUP) {
        typename Slice<T>::Group group;
        group.begin = total;
        for (int lane = 0; lane < GROUP; ++lane) {
            group.channel[lane] = -1;
            if (k + size_t(lane) >= order.size()) continue;
            const std::int32_t i = order[k + size_t(lane)];
            group.channel[lane] = std::int32_t(first) + i;
            place[size_t(i)] = std::int32_t(slice.groups.size()) * GROUP + lane;
            total += count[size_t(i)];
        }
        group.end = total;
        slice.groups.push_back(group);
    }
    slice.events.resize(size_t(total));
    std::vector<long> cursor;
    for (const auto& group : slice.groups) cursor.push_back(group.begin);
    for (const auto& event : found) {
        const std::int32_t at = place[size_t(event.lane)];
        slice.events[size_t(cursor[size_t(at / GROUP)]++)] = {event.step, at % GROUP, event.value};
    }
    return slice;
}

// The events of all batch items, slice by slice: [b * n_slices + slice].
template <typename T>
bool find_all_events(
    const T* x, long n_steps, long n_batch, long n_channels, int n_threads, std::vector<Slice<T>>& slices, std::atomic<bool>& finite) {
    const long n_slices = ceil_div(n_channels, SLICE);
    slices.resize(size_t(n_batch * n_slices));
    return parallel_for(n_batch * n_slices, n_threads, [&](long task) {
        const long b = task / n_slices, first = task % n_slices * SLICE;
        slices[size_t(task)] = find_events(x, n_steps, n_batch, n_channels, b, first, std::min<long>(SLICE, n_channels - first), finite);
    });
}

}  // namespace hetsyn
