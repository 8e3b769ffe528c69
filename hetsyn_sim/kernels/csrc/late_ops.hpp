// The filter whose events arrive late, forwards and backwards over a batch: by events where they have one value, by steps where not.
#pragma once
#include "late_backward.hpp"
#include "late_events.hpp"

namespace hetsyn {

template <class F>
int late_forward(const F* x, const F* w, const F* rho, const F* delay, F* v, int64_t T, int64_t B, int64_t I, int64_t J, int threads) {
    const Sequence<const F> in{x, B * I, I};
    const Sequence<F> out{v, B * J, J};
#if defined(__AVX512F__)
    if (late_events_forward(in, w, rho, delay, out, T, B, I, J, threads)) return COMPLETE;
#endif
    const LateSynapses<F, AHEAD> synapses(w, rho, delay, I, J, 1, I, T);
    return late_pass<F>(in, out, synapses, T, B, threads) ? COMPLETE : NOT_FINITE;
}

// dx may be null, and so may dw and drho, both or neither, and ddelay.
template <class F>
int late_backward(const F* g, const F* x, const F* w, const F* rho, const F* delay, F* dx, F* dw, F* drho, F* ddelay, int64_t T, int64_t B,
                  int64_t I, int64_t J, int threads) {
    if (dx) {
        const LateSynapses<F, AHEAD> back(w, rho, delay, J, I, I, 1, T);
        late_pass<F>({g + (T - 1) * B * J, -B * J, J}, {dx + (T - 1) * B * I, -B * I, I}, back, T, B, threads);
    }
    if (!dw) return COMPLETE;
#if defined(__AVX512F__)
    if (late_events_gradients<F>({g, B * J, J}, {x, B * I, I}, w, rho, delay, dw, drho, ddelay, T, B, I, J, threads)) return COMPLETE;
#endif
    late_gradients(g, x, w, rho, delay, dw, drho, ddelay, T, B, I, J, threads);
    return COMPLETE;
}

} // namespace hetsyn
