// What a population's own spikes do to it: sparse forwards, for few neurons spike at a time; dense backwards.
#pragma once
#include "lane.hpp"

namespace hetsyn {

// Calls task(i) for every neuron whose number is not 0.
template <class F, class Task> inline void each_spike(const F* spikes, int64_t n, const Task& task) {
    for (int64_t begin = 0; begin < n; begin += 64)
        for (uint64_t found = nonzero(spikes + begin, int(std::min<int64_t>(n - begin, 64))); found; found &= found - 1)
            task(begin + __builtin_ctzll(found));
}

// to[j] += factor * from[j]
template <class F> inline void add_row(const F* __restrict from, F factor, F* __restrict to, int64_t n) {
    for (int64_t j = 0; j < n; j++) to[j] += factor * from[j];
}

// out[j] = sum over i of w[i][j] spikes[i]. w (pre, post)
template <class F> inline void gather(const F* w, const F* spikes, F* out, int64_t n) {
    std::memset(static_cast<void*>(out), 0, size_t(n) * sizeof(F));
    each_spike(spikes, n, [&](int64_t i) { add_row(w + i * n, spikes[i], out, n); });
}

// to[i] += sum over j of d[j] w[j][i]. w (post, pre)
template <class F> inline void gather_back(const F* w, const F* d, F* to, int64_t n) {
    using V = typename Lanes<F>::V;
    constexpr int N = Lanes<F>::N, BLOCK = 8;
    int64_t begin = 0;
    for (; begin + BLOCK * N <= n; begin += BLOCK * N) {
        V sums[BLOCK];
        for (int k = 0; k < BLOCK; k++) sums[k] = load<V>(to + begin + k * N);
        for (int64_t j = 0; j < n; j++) {
            const V factor = all<V>(d[j]);
            for (int k = 0; k < BLOCK; k++) sums[k] += factor * load<V>(w + j * n + begin + k * N);
        }
        for (int k = 0; k < BLOCK; k++) store(to + begin + k * N, sums[k]);
    }
    if (begin < n)
        for (int64_t j = 0; j < n; j++) add_row(w + j * n + begin, d[j], to + begin, n - begin);
}

// One step of a state per synapse, and its sums: part[j] = sum over i of carried[i][j]. All matrices are (pre, post). A presynaptic neuron
// whose synapses carry nothing is not awake.
template <bool DECAY_FIRST, class F>
inline void step_synapses(F* carried, const F* amplitudes, const F* decays, const F* spikes, uint8_t* awake, F* part, int64_t n) {
    std::memset(static_cast<void*>(part), 0, size_t(n) * sizeof(F));
    for (int64_t i = 0; i < n; i++) {
        const F spike = spikes[i];
        if (spike != F(0)) awake[i] = 1;
        if (!awake[i]) continue;
        F* __restrict c = carried + i * n;
        F* __restrict sum = part;
        const F *__restrict a = amplitudes + i * n, *__restrict rho = decays + i * n;
        for (int64_t j = 0; j < n; j++) {
            c[j] = DECAY_FIRST ? c[j] * rho[j] + spike * a[j] : (c[j] + spike * a[j]) * rho[j];
            sum[j] += c[j];
        }
    }
}
template <class F> inline void sum_synapses(const F* carried, F* part, int64_t n) {
    std::memset(static_cast<void*>(part), 0, size_t(n) * sizeof(F));
    for (int64_t i = 0; i < n; i++) add_row(carried + i * n, F(1), part, n);
}

// The same step backwards: g arrives at the sums, `adjoint` is what arrives at the states, `to` takes what the spikes get. (post, pre)
template <bool DECAY_FIRST, class F>
inline void pull_synapses(F* adjoint, const F* amplitudes, const F* decays, const F* g, F* to, int64_t n) {
    for (int64_t j = 0; j < n; j++) {
        F* __restrict a = adjoint + j * n;
        F* __restrict out = to;
        const F *__restrict amplitude = amplitudes + j * n, *__restrict rho = decays + j * n;
        const F arriving = g[j];
        for (int64_t i = 0; i < n; i++) {
            const F before = a[i] + arriving, after = before * rho[i];
            out[i] += (DECAY_FIRST ? before : after) * amplitude[i];
            a[i] = after;
        }
    }
}
template <class F> inline void pull_sums(F* adjoint, const F* g, int64_t n) {
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < n; i++) adjoint[j * n + i] += g[j];
}

} // namespace hetsyn
