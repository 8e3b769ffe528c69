// One leaky state per neuron: out[t] = decay out[t-1] + in[t], or the same from the last step to the first (its adjoint).
#pragma once

#include "blocks.hpp"
#include "parallel.hpp"

namespace hetsyn {

template <typename T>
bool leaky_scan(const T* in, const T* decay, T* out, long n_steps, long n_batch, long n, bool reversed, int n_threads) {
    return parallel_for(n_batch, n_threads, [&](long b) {
        const T* before = nullptr;
        for (long k = 0; k < n_steps; ++k) {
            const long at = ((reversed ? n_steps - 1 - k : k) * n_batch + b) * n;
            if (before) {
                for (long j = 0; j < n; ++j) out[at + j] = decay[j] * before[j] + in[at + j];
            } else {
                std::copy(in + at, in + at + n, out + at);
            }
            before = out + at;
        }
    });
}

}  // namespace hetsyn
