// Sparse input as events in the order of time, for kernels that step a neuron's few states and not its synapses.
#pragma once

#include <cmath>

#include "blocks.hpp"
#include "parallel.hpp"

namespace hetsyn {

// Which of the next Vec<T>::lanes numbers are not 0, a bit each.
template <typename T>
inline unsigned nonzero(const T* p) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) return _mm512_cmp_ps_mask(_mm512_loadu_ps(p), _mm512_setzero_ps(), _CMP_NEQ_UQ);
    if constexpr (sizeof(T) == 8) return _mm512_cmp_pd_mask(_mm512_loadu_pd(p), _mm512_setzero_pd(), _CMP_NEQ_UQ);
#elif defined(__AVX__)
    if constexpr (sizeof(T) == 4) return unsigned(_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(p), _mm256_setzero_ps(), _CMP_NEQ_UQ)));
    if constexpr (sizeof(T) == 8) return unsigned(_mm256_movemask_pd(_mm256_cmp_pd(_mm256_loadu_pd(p), _mm256_setzero_pd(), _CMP_NEQ_UQ)));
#else
    unsigned mask = 0;
    for (int l = 0; l < Vec<T>::lanes; ++l) mask |= unsigned(p[l] != T(0)) << l;
    return mask;
#endif
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
        constexpr int L = Vec<T>::lanes;
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
            long i = 0;
            for (; i + L <= n_channels; i += L)
                for (unsigned mask = nonzero(row + i); mask; mask &= mask - 1) add(i + __builtin_ctz(mask));
            for (; i < n_channels; ++i)
                if (row[i] != T(0)) add(i);
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
