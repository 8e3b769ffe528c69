// The filter with per-synapse decays through K shared ones (hetsyn_sim/kernels/expansion.py has the algebra). Compiled once per instruction
// set; BYTES is the width of its vectors.
//
// A block is LANES neighbouring neurons, a group up to MOST nodes: its states stay in registers through all of time, so that an event costs
// one multiply-add per node and vector and the loads of its row of M. M and dM are (block, group, pre, node of the group, lane), so that
// this row is contiguous and the rows of one group stay in the L2 cache for the whole batch. Blocks and groups share nothing that is
// written (only v is summed over groups, in order), and each sums over batch and time in one order: the same bits for any number of threads.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

namespace hetsyn {

template <class Number, int BYTES>
struct VectorOf {
    typedef Number type __attribute__((vector_size(BYTES), aligned(BYTES)));
};

template <class Real>
struct Events {  // of x (time, batch, pre), sorted by batch item, time and channel
    const int64_t* first;  // (batch * time + 1): the events of item b at step t are first[b * time + t] and following
    const int32_t* channel;
    const Real* value;
    int64_t n_steps, n_batch;
};

template <class Real, int BYTES>
struct Expansion {
    using Vec = typename VectorOf<Real, BYTES>::type;
    static constexpr int LANES = BYTES / sizeof(Real);
    static constexpr int MOST = BYTES == 64 ? 20 : 12;  // of 32 vector registers with AVX-512, 16 with AVX2, leaving a few for operands

    static int64_t groups(int64_t n_nodes) { return (n_nodes + MOST - 1) / MOST; }
    static int64_t group_size(int64_t n_nodes) { return (n_nodes + groups(n_nodes) - 1) / groups(n_nodes); }

    static Vec load(const Real* from, int64_t lanes) {
        Vec vec{};
        std::memcpy(&vec, from, lanes == LANES ? sizeof(Vec) : lanes * sizeof(Real));
        return vec;
    }
    static void store(Real* to, Vec vec, int64_t lanes) { std::memcpy(to, &vec, lanes == LANES ? sizeof(Vec) : lanes * sizeof(Real)); }

    template <int NODES>
    static void forward_group(const Events<Real>& events, const Real* m, const Real* rho, int64_t n_post, int64_t lanes, bool add, Real* v,
                              int64_t begin, int64_t end) {
        const Vec* rows = reinterpret_cast<const Vec*>(m);
        Vec decay[NODES];
        for (int k = 0; k < NODES; ++k) decay[k] = rho[k] - Vec{};
        for (int64_t b = begin; b < end; ++b) {
            const int64_t* first = events.first + b * events.n_steps;
            Vec u[NODES] = {};
            for (int64_t t = 0; t < events.n_steps; ++t) {
#pragma GCC unroll 20
                for (int k = 0; k < NODES; ++k) u[k] *= decay[k];
                for (int64_t e = first[t]; e < first[t + 1]; ++e) {
                    const Vec* row = rows + int64_t(events.channel[e]) * NODES;
                    const Vec x = events.value[e] - Vec{};
#pragma GCC unroll 20
                    for (int k = 0; k < NODES; ++k) u[k] += x * row[k];
                }
                Vec sum{};
#pragma GCC unroll 20
                for (int k = 0; k < NODES; ++k) sum += u[k];
                Real* out = v + (t * events.n_batch + b) * n_post;
                store(out, add ? load(out, lanes) + sum : sum, lanes);
            }
        }
    }

    template <int NODES>
    static void backward_group(const Events<Real>& events, const Real* g, const Real* rho, const Real* chain, int64_t n_post, int64_t lanes,
                               Real* dm) {
        Vec* rows = reinterpret_cast<Vec*>(dm);
        for (int64_t b = 0; b < events.n_batch; ++b) {
            const int64_t* first = events.first + b * events.n_steps;
            int64_t start = 0;  // nothing is read from scans of g before the first event
            while (start < events.n_steps && first[start + 1] == first[0]) ++start;
            Vec a[NODES] = {};
            for (int64_t t = events.n_steps - 1; t >= start; --t) {
                const Vec now = load(g + (t * events.n_batch + b) * n_post, lanes);
#pragma GCC unroll 20
                for (int k = NODES - 1; k >= 0; --k) {
                    const Vec fed = k > 0 && chain[k] != 0 ? a[k > 0 ? k - 1 : 0] : now;
                    a[k] = rho[k] * a[k] + fed;
                }
                for (int64_t e = first[t]; e < first[t + 1]; ++e) {
                    Vec* row = rows + int64_t(events.channel[e]) * NODES;
                    const Vec x = events.value[e] - Vec{};
#pragma GCC unroll 20
                    for (int k = 0; k < NODES; ++k) row[k] += x * a[k];
                }
            }
        }
    }

    template <int... N>
    static constexpr auto forwards(std::integer_sequence<int, N...>) {
        using Function = decltype(&forward_group<1>);
        struct { Function of[sizeof...(N)]; } table{{&forward_group<N + 1>...}};
        return table;
    }
    template <int... N>
    static constexpr auto backwards(std::integer_sequence<int, N...>) {
        using Function = decltype(&backward_group<1>);
        struct { Function of[sizeof...(N)]; } table{{&backward_group<N + 1>...}};
        return table;
    }

    // v (time, batch, post) of one block, from its M, for the batch items begin to end.
    static void forward(const Events<Real>& events, const Real* m, const Real* rho, int64_t n_nodes, int64_t n_pre, int64_t n_post,
                        int64_t block, int64_t begin, int64_t end, Real* v) {
        static constexpr auto table = forwards(std::make_integer_sequence<int, MOST>{});
        const int64_t size = group_size(n_nodes), j = block * LANES, lanes = n_post - j < LANES ? n_post - j : LANES;
        for (int64_t group = 0; group < groups(n_nodes); ++group)
            table.of[size - 1](events, m + group * n_pre * size * LANES, rho + group * size, n_post, lanes, group > 0, v + j, begin, end);
    }

    // dM of one block, zero before; chain[k] != 0: node k is fed by node k - 1 of its group instead of g.
    static void backward(const Events<Real>& events, const Real* g, const Real* rho, const Real* chain, int64_t n_nodes, int64_t n_pre,
                         int64_t n_post, int64_t block, Real* dm) {
        static constexpr auto table = backwards(std::make_integer_sequence<int, MOST>{});
        const int64_t size = group_size(n_nodes), j = block * LANES, lanes = n_post - j < LANES ? n_post - j : LANES;
        for (int64_t group = 0; group < groups(n_nodes); ++group)
            table.of[size - 1](events, g + j, rho + group * size, chain + group * size, n_post, lanes, dm + group * n_pre * size * LANES);
    }
};

}  // namespace hetsyn
