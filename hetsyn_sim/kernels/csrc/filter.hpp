// v[t] = sum over channels of s[t], s[t] = rho s[t-1] + w x[t], and its gradients. States live in registers for a piece of time.
#pragma once
#include "layout.hpp"
#include "plan.hpp"
#include "team.hpp"

namespace hetsyn {

constexpr int PIECE = 256; // steps; a piece of v for one block of lanes stays in the L1 cache

// n_c channels onto n_k vectors of v, over steps start .. n-1. State in and out: [channel][lane], or none to begin from zero.
template <class F, int n_c, int n_k>
void run_group(const typename Plan<F>::Group& group, const Plan<F>& plan, int n, const F* w, const F* rho, F* state, bool keep,
               int64_t width, F* v) {
    using V = typename Lanes<F>::V;
    constexpr int N = Lanes<F>::N;
    V s[n_c][n_k], decay[n_c][n_k];
    const F* weights[n_c];
#pragma GCC unroll 8
    for (int c = 0; c < n_c; c++) {
        weights[c] = w + group.channel[c] * width;
#pragma GCC unroll 8
        for (int k = 0; k < n_k; k++) {
            decay[c][k] = load<V>(rho + group.channel[c] * width + k * N);
            s[c][k] = keep ? load<V>(state + group.channel[c] * width + k * N) : V{};
        }
    }
    const auto add_up = [&](int t) {
#pragma GCC unroll 8
        for (int k = 0; k < n_k; k++) {
            V sum = s[0][k];
#pragma GCC unroll 8
            for (int c = 1; c < n_c; c++) sum += s[c][k];
            F* out = v + t * (n_k * N) + k * N;
            store(out, load<V>(out) + sum);
        }
    };
    const auto quiet = [&](int t) {
#pragma GCC unroll 8
        for (int c = 0; c < n_c; c++)
#pragma GCC unroll 8
            for (int k = 0; k < n_k; k++) s[c][k] *= decay[c][k];
        add_up(t);
    };
    const auto active = [&](int t, const F* x) {
#pragma GCC unroll 8
        for (int c = 0; c < n_c; c++)
#pragma GCC unroll 8
            for (int k = 0; k < n_k; k++) s[c][k] = s[c][k] * decay[c][k] + load<V>(weights[c] + k * N) * x[c];
        add_up(t);
    };
    const F* x = plan.values.data() + group.row * C;
    int t = group.start;
    if (plan.dense) {
        for (; t < n; t++) active(t, x + int64_t(t) * C);
    } else {
        const int32_t* step = plan.step.data() + group.row;
        for (int row = 0; row < group.n_rows; row++, x += C) {
            for (; t < step[row]; t++) quiet(t);
            active(t++, x);
        }
        for (; t < n; t++) quiet(t);
    }
    if (state)
#pragma GCC unroll 8
        for (int c = 0; c < n_c; c++)
#pragma GCC unroll 8
            for (int k = 0; k < n_k; k++) store(state + group.channel[c] * width + k * N, s[c][k]);
}

// The adjoints A[t] = rho A[t+1] + g[t] and D[t] = rho D[t+1] + A[t+1], from step n-1 down; dw += x A, drho += x D at active steps.
template <class F, int n_c, int n_k>
void run_group_back(const typename Plan<F>::Group& group, const Plan<F>& plan, int n, const F* g, const F* rho, F* state_a, F* state_d,
                    bool keep, int64_t width, F* dw, F* drho) {
    using V = typename Lanes<F>::V;
    constexpr int N = Lanes<F>::N;
    V a[n_c][n_k], d[n_c][n_k], decay[n_c][n_k];
    F *into_w[n_c], *into_rho[n_c];
#pragma GCC unroll 8
    for (int c = 0; c < n_c; c++) {
        const int64_t at = group.channel[c] * width;
        into_w[c] = dw + at;
        into_rho[c] = drho + at;
#pragma GCC unroll 8
        for (int k = 0; k < n_k; k++) {
            decay[c][k] = load<V>(rho + at + k * N);
            a[c][k] = keep ? load<V>(state_a + at + k * N) : V{};
            d[c][k] = keep ? load<V>(state_d + at + k * N) : V{};
        }
    }
    const auto back = [&](int t) {
#pragma GCC unroll 8
        for (int k = 0; k < n_k; k++) {
            const V now = load<V>(g + t * (n_k * N) + k * N);
#pragma GCC unroll 8
            for (int c = 0; c < n_c; c++) {
                d[c][k] = d[c][k] * decay[c][k] + a[c][k];
                a[c][k] = a[c][k] * decay[c][k] + now;
            }
        }
    };
    const auto collect = [&](const F* x) {
#pragma GCC unroll 8
        for (int c = 0; c < n_c; c++)
#pragma GCC unroll 8
            for (int k = 0; k < n_k; k++) {
                store(into_w[c] + k * N, load<V>(into_w[c] + k * N) + a[c][k] * x[c]);
                store(into_rho[c] + k * N, load<V>(into_rho[c] + k * N) + d[c][k] * x[c]);
            }
    };
    const F* x = plan.values.data() + group.row * C;
    int t = n - 1;
    const int32_t* step = plan.step.data() + group.row;
    for (int row = group.n_rows - 1; row >= 0; row--) {
        for (; t >= step[row]; t--) back(t);
        collect(x + int64_t(row) * C);
    }
    for (; t >= group.start; t--) back(t);
    if (state_a)
#pragma GCC unroll 8
        for (int c = 0; c < n_c; c++)
#pragma GCC unroll 8
            for (int k = 0; k < n_k; k++) {
                store(state_a + group.channel[c] * width + k * N, a[c][k]);
                store(state_d + group.channel[c] * width + k * N, d[c][k]);
            }
}

// The same for busy input, where every step is collected: the sums of a piece are in registers too, so there are fewer channels at a time.
template <class F, int n_c, int n_k>
void run_dense_back(const int32_t* channel, const F* x, int n, const F* g, const F* rho, F* state_a, F* state_d, bool keep, int64_t width,
                    F* dw, F* drho) {
    using V = typename Lanes<F>::V;
    constexpr int N = Lanes<F>::N;
    V a[n_c][n_k], d[n_c][n_k], decay[n_c][n_k], sum_w[n_c][n_k], sum_rho[n_c][n_k];
#pragma GCC unroll 8
    for (int c = 0; c < n_c; c++)
#pragma GCC unroll 8
        for (int k = 0; k < n_k; k++) {
            const int64_t at = channel[c] * width + k * N;
            decay[c][k] = load<V>(rho + at);
            a[c][k] = keep ? load<V>(state_a + at) : V{};
            d[c][k] = keep ? load<V>(state_d + at) : V{};
            sum_w[c][k] = load<V>(dw + at);
            sum_rho[c][k] = load<V>(drho + at);
        }
    for (int t = n - 1; t >= 0; t--) {
#pragma GCC unroll 8
        for (int k = 0; k < n_k; k++) {
            const V now = load<V>(g + t * (n_k * N) + k * N);
#pragma GCC unroll 8
            for (int c = 0; c < n_c; c++) {
                d[c][k] = d[c][k] * decay[c][k] + a[c][k];
                a[c][k] = a[c][k] * decay[c][k] + now;
                sum_w[c][k] += a[c][k] * x[t * C + c];
                sum_rho[c][k] += d[c][k] * x[t * C + c];
            }
        }
    }
#pragma GCC unroll 8
    for (int c = 0; c < n_c; c++)
#pragma GCC unroll 8
        for (int k = 0; k < n_k; k++) {
            const int64_t at = channel[c] * width + k * N;
            store(dw + at, sum_w[c][k]);
            store(drho + at, sum_rho[c][k]);
            if (state_a) store(state_a + at, a[c][k]), store(state_d + at, d[c][k]);
        }
}

// Calls task with the number of channels and of vectors as compile-time constants.
template <class Task> inline void with_sizes(bool single, int vectors, const Task& task) {
    using One = std::integral_constant<int, 1>;
    using Full = std::integral_constant<int, C>;
    using Wide = std::integral_constant<int, K>;
    const auto by_channels = [&](auto n_k) { single ? task(One{}, n_k) : task(Full{}, n_k); };
    vectors == 1 ? by_channels(One{}) : by_channels(Wide{});
}

// A sequence in memory: value (t, b, k) at data[t * step + b * sample + k]. Negative steps run backwards.
template <class F> struct Sequence {
    F* data;
    int64_t step, sample;
    F* at(int64_t t, int64_t b) const { return data + t * step + b * sample; }
};

// One sample through the blocks first .. last-1 of lanes. Returns false if x is not finite.
template <class F>
bool filter_sample(Sequence<const F> x, Sequence<F> v, const Packed<F>& w, const Packed<F>& rho, int64_t b, int64_t T, int64_t first,
                   int64_t last) {
    const int64_t width = w.blocks.width;
    const int channels = int(w.channels);
    bool good = true;
    Plan<F> plan;
    Buffer<F> piece(PIECE * width), state;
    if (T > PIECE) state.reset((last - first) * (channels + 1) * width);
    std::vector<uint8_t> seen(channels, 0);
    for (int64_t t0 = 0; t0 < T; t0 += PIECE) {
        const int n = int(std::min<int64_t>(PIECE, T - t0));
        good &= plan.build(x.at(t0, b), x.step, n, channels, seen.data());
        for (int64_t block = first; block < last; block++) {
            const int vectors = w.blocks.vectors(block), row = vectors * w.blocks.lanes;
            F* kept = T > PIECE ? state.get() + (block - first) * (channels + 1) * width : nullptr;
            std::memset(static_cast<void*>(piece.get()), 0, sizeof(F) * n * row);
            for (const auto& group : plan.groups)
                with_sizes(group.single, vectors, [&](auto n_c, auto n_k) {
                    run_group<F, n_c, n_k>(group, plan, n, w.block(block), rho.block(block), kept, kept != nullptr, width, piece.get());
                });
            for (int t = 0; t < n; t++)
                std::memcpy(v.at(t0 + t, b) + w.blocks.begin(block), piece.get() + t * row, sizeof(F) * w.blocks.used(block));
        }
    }
    return good;
}

// How a batch is cut into tasks: by samples, and by blocks of lanes where there are fewer samples than threads could use.
inline int64_t splits(int64_t B, int64_t blocks, int threads) { return B >= 4 * threads ? 1 : std::min<int64_t>(blocks, threads); }

} // namespace hetsyn
