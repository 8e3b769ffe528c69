// The filter with per-synapse decays through K shared ones (hetsyn_sim/kernels/expansion.py has the algebra): what runs through time.
//
// A block is one vector of neighbouring neurons, a group up to MOST nodes: its states stay in registers through all of time, so that an event
// costs one multiply-add per node and vector and the loads of its row of M. M and dM of a block are (group, pre, node of the group, lane), so
// that this row is contiguous and the rows of one group stay in the second cache for the whole batch. Blocks share nothing that is written,
// and each sums over batch and time in one order: the same bits for any number of threads.
#pragma once

#include <utility>

#include "step_events.hpp"

namespace hetsyn {

template <typename T>
struct Expansion {
    static constexpr int LANES = Lanes<T>::N;
    static constexpr int MOST = HETSYN_BYTES == 64 ? 20 : 12;  // of 32 or 16 vector registers, leaving a few for operands

    static long groups(long n_nodes) { return ceil_div(n_nodes, MOST); }
    static long group_size(long n_nodes) { return ceil_div(n_nodes, groups(n_nodes)); }
    static long padded(long n_nodes) { return groups(n_nodes) * group_size(n_nodes); }

    // Where node k of channel i stands in a block's M or dM, in vectors.
    static long place(long n_nodes, long n_pre, long i, long k) {
        const long size = group_size(n_nodes);
        return (k / size * n_pre + i) * size + k % size;
    }

    static vec<T> load_lanes(const T* from, long lanes) {
        if (lanes == LANES) return load_vector(from);
        vec<T> out{};
        std::memcpy(&out, from, size_t(lanes) * sizeof(T));
        return out;
    }
    static void store_lanes(T* to, vec<T> value, long lanes) { std::memcpy(to, &value, size_t(lanes) * sizeof(T)); }

    // Loops over nodes are unrolled by order: GCC stops at 16 by itself, and the states would be in memory instead of registers.

    // v[t] = sum of U_k[t], U_k[t] = rho_k U_k[t-1] + the rows of M at events; `add`: on top of what other groups have left there
    template <int NODES>
    static void forward_group(const StepEvents<T>& events, const vec<T>* m, const T* rho, long n_steps, long stride, long lanes, bool add, T* v) {
        vec<T> u[NODES] = {}, decay[NODES];
#pragma GCC unroll 20
        for (int k = 0; k < NODES; ++k) decay[k] = splat(rho[k]);
        for (long t = 0; t < n_steps; ++t, v += stride) {
#pragma GCC unroll 20
            for (int k = 0; k < NODES; ++k) u[k] *= decay[k];
            for (long e = events.first[size_t(t)]; e < events.first[size_t(t) + 1]; ++e) {
                const vec<T>* row = m + long(events.of[size_t(e)].channel) * NODES;
                const vec<T> x = splat(events.of[size_t(e)].value);
#pragma GCC unroll 20
                for (int k = 0; k < NODES; ++k) u[k] += x * row[k];
            }
            vec<T> sum{};
#pragma GCC unroll 20
            for (int k = 0; k < NODES; ++k) sum += u[k];
            store_lanes(v, add ? load_lanes(v, lanes) + sum : sum, lanes);
        }
    }

    // dM += x A_k[t] at events, A_k[t] = rho_k A_k[t+1] + g[t]; chain[k] != 0: node k is fed by A_{k-1}[t+1] instead of g[t]
    template <int NODES>
    static void backward_group(const StepEvents<T>& events, const T* g, const T* rho, const T* chain, long n_steps, long stride, long lanes,
                               vec<T>* dm) {
        long start = 0;  // nothing is read from scans of g before the first event
        while (start < n_steps && events.first[size_t(start) + 1] == 0) ++start;
        vec<T> a[NODES] = {};
        for (long t = n_steps - 1; t >= start; --t) {
            const vec<T> now = load_lanes(g + t * stride, lanes);
#pragma GCC unroll 20
            for (int k = NODES - 1; k >= 0; --k) {
                const vec<T> fed = k > 0 && chain[k] != T(0) ? a[k > 0 ? k - 1 : 0] : now;
                a[k] = rho[k] * a[k] + fed;
            }
            for (long e = events.first[size_t(t)]; e < events.first[size_t(t) + 1]; ++e) {
                vec<T>* row = dm + long(events.of[size_t(e)].channel) * NODES;
                const vec<T> x = splat(events.of[size_t(e)].value);
#pragma GCC unroll 20
                for (int k = 0; k < NODES; ++k) row[k] += x * a[k];
            }
        }
    }

    using Forward = decltype(&forward_group<1>);
    using Backward = decltype(&backward_group<1>);

    // The kernels by the number of nodes of a group, which they know when they are compiled.
    template <int... N>
    static Forward forward_of(long size, std::integer_sequence<int, N...>) {
        static constexpr Forward table[] = {&forward_group<N + 1>...};
        return table[size - 1];
    }
    template <int... N>
    static Backward backward_of(long size, std::integer_sequence<int, N...>) {
        static constexpr Backward table[] = {&backward_group<N + 1>...};
        return table[size - 1];
    }
    static Forward forward(long size) { return forward_of(size, std::make_integer_sequence<int, MOST>{}); }
    static Backward backward(long size) { return backward_of(size, std::make_integer_sequence<int, MOST>{}); }
};

}  // namespace hetsyn
