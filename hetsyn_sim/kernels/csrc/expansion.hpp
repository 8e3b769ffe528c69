// The filter with per-synapse decays through K shared ones (hetsyn_sim/kernels/expansion.py has the algebra): what runs through time.
//
// A block is one vector of neighbouring neurons, a group up to MOST nodes: its states stay in registers through all of time, so that an event
// costs one multiply-add per node and vector and the loads of its row of M. M and dM of a block are (group, pre, node of the group, lane), so
// that this row is contiguous and the rows of one group stay in the second cache for the whole batch. Backwards, the scans A of a piece of
// time are written down, and events added up channel by channel, so that a row of dM is read and written once for all events of the piece.
// Blocks share nothing that is written, and each sums over batch and time in one order: the same bits for any number of threads.
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
    struct Rows {
        long size;
        std::vector<long> first;  // of each node

        Rows(long n_nodes, long n_pre) : size(group_size(n_nodes)) {
            for (long k = 0; k < n_nodes; ++k) first.push_back(k / size * n_pre * size + k % size);
        }
        long at(long i, long k) const { return first[size_t(k)] + i * size; }
    };

    static vec<T> load_lanes(const T* from, long lanes) {
        if (lanes == LANES) return load_vector(from);
        vec<T> out{};
        std::memcpy(&out, from, size_t(lanes) * sizeof(T));
        return out;
    }
    static void store_lanes(T* to, vec<T> value, long lanes) {
        if (lanes == LANES) return store(to, value);
        std::memcpy(to, &value, size_t(lanes) * sizeof(T));
    }

    // Loops over nodes are unrolled by order: GCC stops at 16 by itself, and the states would be in memory instead of registers.

    // v[t] = sum of U_k[t], U_k[t] = rho_k U_k[t-1] + the rows of M at events; `add`: on top of what other groups have left there
    template <int NODES>
    static void forward_group(const StepEvents<T>& events, const vec<T>* m, const T* rho, long n_steps, long stride, long lanes, bool add, T* v) {
        vec<T> u[NODES] = {}, decay[NODES];
#pragma GCC unroll 20
        for (int k = 0; k < NODES; ++k) decay[k] = splat(rho[k]);
        const Event<T>* event = events.of.data();
        for (long t = 0; t < n_steps; ++t, v += stride) {
#pragma GCC unroll 20
            for (int k = 0; k < NODES; ++k) u[k] *= decay[k];
            for (const Event<T>* end = events.of.data() + events.first[size_t(t) + 1]; event < end; ++event) {
                const vec<T>* row = m + long(event->place) * NODES;
                const vec<T> x = splat(event->value);
#pragma GCC unroll 20
                for (int k = 0; k < NODES; ++k) u[k] += x * row[k];
            }
            vec<T> sum{};
#pragma GCC unroll 20
            for (int k = 0; k < NODES; ++k) sum += u[k];
            store_lanes(v, add ? load_lanes(v, lanes) + sum : sum, lanes);
        }
    }

    // One step of recurrent synapses: the states decay, the rows of who fired come on top, and their sum is what v gets.
    template <int NODES>
    static vec<T> step(const std::vector<int32_t>& fired, const vec<T>* m, const T* rho, vec<T>* state) {
        vec<T> u[NODES], sum{};
#pragma GCC unroll 20
        for (int k = 0; k < NODES; ++k) u[k] = state[k] * rho[k];
        for (const int32_t i : fired) {
            const vec<T>* row = m + long(i) * NODES;
#pragma GCC unroll 20
            for (int k = 0; k < NODES; ++k) u[k] += row[k];
        }
#pragma GCC unroll 20
        for (int k = 0; k < NODES; ++k) {
            state[k] = u[k];
            sum += u[k];
        }
        return sum;
    }

    // The scans of one item over the steps of a piece, from its last to its first: A_k[t] = rho_k A_k[t+1] + g[t] into rows of `table`;
    // chain[k] != 0: node k is fed by A_{k-1}[t+1] instead of g[t]. They begin with, and leave, what the state holds.
    template <int NODES>
    static void scan_back(const T* g, const T* rho, const T* chain, long n_steps, long stride, long lanes, vec<T>* state, vec<T>* table,
                          long table_stride) {
        vec<T> a[NODES];
#pragma GCC unroll 20
        for (int k = 0; k < NODES; ++k) a[k] = state[k];
        for (long t = n_steps - 1; t >= 0; --t) {
            const vec<T> now = load_lanes(g + t * stride, lanes);
            vec<T>* row = table + t * table_stride;
#pragma GCC unroll 20
            for (int k = NODES - 1; k >= 0; --k) {
                const vec<T> fed = k > 0 && chain[k] != T(0) ? a[k > 0 ? k - 1 : 0] : now;
                a[k] = rho[k] * a[k] + fed;
                row[k] = a[k];
            }
        }
#pragma GCC unroll 20
        for (int k = 0; k < NODES; ++k) state[k] = a[k];
    }

    // dM of channels `low` to `high` += x A_k[t] of all their events in a piece.
    template <int NODES>
    static void collect(const ChannelEvents<T>& events, long low, long high, const vec<T>* table, vec<T>* dm) {
        for (long i = low; i < high; ++i, dm += NODES) {
            const Event<T>*event = events.of.data() + events.first[size_t(i)], *end = events.of.data() + events.first[size_t(i) + 1];
            if (event == end) continue;
            vec<T> sum[NODES];
#pragma GCC unroll 20
            for (int k = 0; k < NODES; ++k) sum[k] = dm[k];
            for (; event < end; ++event) {
                const vec<T>* row = table + long(event->place) * NODES;
                const vec<T> x = splat(event->value);
#pragma GCC unroll 20
                for (int k = 0; k < NODES; ++k) sum[k] += x * row[k];
            }
#pragma GCC unroll 20
            for (int k = 0; k < NODES; ++k) dm[k] = sum[k];
        }
    }

    // The kernels by the number of nodes of a group, which they know when they are compiled.
    struct Kernels {
        decltype(&forward_group<1>) forward;
        decltype(&step<1>) step;
        decltype(&scan_back<1>) back;
        decltype(&collect<1>) collected;
    };
    template <int... N>
    static Kernels of_size(long size, std::integer_sequence<int, N...>) {
        static constexpr Kernels table[] = {{&forward_group<N + 1>, &Expansion::template step<N + 1>, &scan_back<N + 1>, &collect<N + 1>}...};
        return table[size - 1];
    }
    static Kernels kernels(long size) { return of_size(size, std::make_integer_sequence<int, MOST>{}); }
};

}  // namespace hetsyn
