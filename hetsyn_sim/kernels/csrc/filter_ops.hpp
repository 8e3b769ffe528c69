// The filter's forward and backward pass over a batch.
#pragma once
#include "filter.hpp"
#include "filter_narrow.hpp"
#include "filter_weights.hpp"

namespace hetsyn {

template <class F> int filter_forward(const F* x, const F* w, const F* rho, F* v, int64_t T, int64_t B, int64_t I, int64_t J, int threads) {
    if (is_narrow<F>(J)) return narrow_forward(x, w, rho, v, T, B, I, J, threads);
    const Blocks blocks(J, Lanes<F>::N, K);
    const Packed<F> weights(blocks, I), decays(blocks, I);
    std::atomic<int> status{0};
    Team team(useful_threads(threads, double(T) * B * I * J));
    const int64_t n_splits = splits(B, blocks.count, threads);
    team.run([&] {
        team.each(blocks.count, [&](int64_t k) {
            weights.fill(k, w, I, 1);
            decays.fill(k, rho, I, 1);
        });
        team.each(B * n_splits, [&](int64_t task) {
            const int64_t b = task / n_splits, part = task % n_splits;
            const bool good = filter_sample<F>({x, B * I, I}, {v, B * J, J}, weights, decays, b, T, part * blocks.count / n_splits,
                                               (part + 1) * blocks.count / n_splits);
            if (!good) status = NOT_FINITE;
        });
    });
    return status;
}

// dL/dx[t] = sum over post of w A[t]: the same filter with time, and the two sides of each synapse, the other way round.
template <class F>
void filter_input_gradient(const F* g, const F* w, const F* rho, F* dx, int64_t T, int64_t B, int64_t I, int64_t J, int threads) {
    const Blocks blocks(I, Lanes<F>::N, K);
    const Packed<F> weights(blocks, J), decays(blocks, J);
    Team team(useful_threads(threads, double(T) * B * I * J));
    const int64_t n_splits = splits(B, blocks.count, threads);
    team.run([&] {
        team.each(blocks.count, [&](int64_t k) {
            weights.fill(k, w, 1, I);
            decays.fill(k, rho, 1, I);
        });
        team.each(B * n_splits, [&](int64_t task) {
            const int64_t b = task / n_splits, part = task % n_splits;
            filter_sample<F>({g + (T - 1) * B * J, -B * J, J}, {dx + (T - 1) * B * I, -B * I, I}, weights, decays, b, T,
                             part * blocks.count / n_splits, (part + 1) * blocks.count / n_splits);
        });
    });
}

// dx may be null, and so may dw and drho, both or neither.
template <class F>
int filter_backward(const F* g, const F* x, const F* w, const F* rho, F* dx, F* dw, F* drho, int64_t T, int64_t B, int64_t I, int64_t J,
                    int threads) {
    if (dx) filter_input_gradient(g, w, rho, dx, T, B, I, J, threads);
    if (dw && is_narrow<F>(J)) {
        narrow_gradients(g, x, w, rho, dw, drho, T, B, I, J, threads);
    } else if (dw) {
        WeightGradients<F> gradients({g, B * J, J}, {x, B * I, I}, w, rho, dw, drho, T, B, I, J);
        Team team(useful_threads(threads, double(T) * B * I * J));
        team.run([&] { gradients.run(team); });
    }
    return COMPLETE;
}

// v[t] = decay v[t-1] + drive[t], one state per neuron; or with time running backwards.
template <class F>
int leaky(const F* drive, const F* decay, F* v, int64_t T, int64_t B, int64_t J, int reverse, int threads) {
    const int64_t step = reverse ? -B * J : B * J, start = reverse ? (T - 1) * B * J : 0;
    Team team(useful_threads(threads, double(T) * B * J));
    team.run([&] {
        team.each(B, [&](int64_t b) {
            const F* in = drive + start + b * J;
            F* out = v + start + b * J;
            std::memcpy(out, in, sizeof(F) * J);
            for (int64_t t = 1; t < T; t++) {
                in += step;
                const F* before = out;
                out += step;
                for (int64_t j = 0; j < J; j++) out[j] = decay[j] * before[j] + in[j];
            }
        });
    });
    return COMPLETE;
}

} // namespace hetsyn
