// The gradients of filters whose events arrive late. dL/dx is the same filter with time, and the two sides of each synapse, the other way
// round. For the others, with p[t] = rho p[t-1] + x[t - k] and e = dp/drho, e[t] = rho e[t-1] + p[t-1], and sums over time and samples
//
//     P0 = sum g[t] p[t],   P1 = sum g[t] p[t-1],   E1 = sum g[t] e[t-1],   E0 = sum g[t] e[t] = rho E1 + P1:
//     dL/dw = (1 - f) P0 + f P1,   dL/drho = w ((1 - f) E0 + f E1),   dL/ddelay = w (P1 - P0).
#pragma once
#include "late.hpp"

namespace hetsyn {

constexpr int64_t SLAB = 8; // groups of channels, a task

inline float total(vf32 v) {
#if defined(__AVX512F__)
    return _mm512_reduce_add_ps(__m512(v));
#else
    float sum = 0;
    for (int lane = 0; lane < Lanes<float>::N; lane++) sum += v[lane];
    return sum;
#endif
}
inline double total(vf64 v) {
#if defined(__AVX512F__)
    return _mm512_reduce_add_pd(__m512d(v));
#else
    double sum = 0;
    for (int lane = 0; lane < Lanes<double>::N; lane++) sum += v[lane];
    return sum;
#endif
}

// Three sums of some channels onto one target, over steps start .. T-1 of one block of samples, added to what they are.
template <class F> void run_late_back(const F* const* x, const F* decay, const F* g, int64_t n, F* sums) {
    using V = typename Lanes<F>::V;
    constexpr int N = Lanes<F>::N;
    V p[BACK], e[BACK], rho[BACK], p0[BACK], p1[BACK], e1[BACK];
    const F* in[BACK];
#pragma GCC unroll 8
    for (int c = 0; c < BACK; c++) p[c] = e[c] = p0[c] = p1[c] = e1[c] = V{}, rho[c] = all<V>(decay[c]), in[c] = x[c];
    for (int64_t t = 0; t < n; t++) {
        const V now = load<V>(g + t * N);
#pragma GCC unroll 8
        for (int c = 0; c < BACK; c++) {
            const V next = p[c] * rho[c] + load<V>(in[c] + t * N);
            p1[c] += now * p[c];
            e1[c] += now * e[c];
            e[c] = e[c] * rho[c] + p[c];
            p0[c] += now * next;
            p[c] = next;
        }
    }
#pragma GCC unroll 8
    for (int c = 0; c < BACK; c++) sums[c * 3] += total(p0[c]), sums[c * 3 + 1] += total(p1[c]), sums[c * 3 + 2] += total(e1[c]);
}

// Of any events; ddelay may be null.
template <class F>
void late_gradients(const F* g, const F* x, const F* w, const F* rho, const F* delay, F* dw, F* drho, F* ddelay, int64_t T, int64_t B, int64_t I,
                    int64_t J, int threads) {
    constexpr int N = Lanes<F>::N;
    const LateSynapses<F, BACK> synapses(w, rho, delay, I, J, 1, I, T);
    Batch<F> events(T, B, I, synapses.longest), slopes(T, B, J, 0);
    Team team(useful_threads(threads, double(T) * B * I * J));
    team.run([&] {
        fill_batch(team, events, {x, B * I, I});
        fill_batch(team, slopes, {g, B * J, J});
        team.each((synapses.groups + SLAB - 1) / SLAB, [&](int64_t slab) {
            const int64_t low = slab * SLAB, high = std::min(low + SLAB, synapses.groups);
            Buffer<F> sums((high - low) * J * BACK * 3);
            for (int64_t block = 0; block < events.blocks; block++)
                for (int64_t j = 0; j < J; j++) // whose slopes stay in the L1 cache, and the slab's events in the L2 cache
                    for (int64_t group = low; group < high; group++) {
                        const int64_t at = synapses.place(group, j);
                        const F* late[BACK];
                        int64_t start = T;
                        for (int c = 0; c < BACK; c++) {
                            const int32_t channel = synapses.channel(group, c), lag = synapses.lag[size_t(at + c)];
                            late[c] = events.at(block, channel) - int64_t(lag) * N;
                            start = std::min(start, events.first_event(block, channel) + lag);
                        }
                        if (start >= T) continue;
                        for (int c = 0; c < BACK; c++) late[c] += start * N;
                        F* into = &sums[((group - low) * J + j) * BACK * 3];
                        run_late_back<F>(late, &synapses.decay[at], slopes.at(block, j) + start * N, T - start, into);
                    }
            for (int64_t group = low; group < high; group++)
                for (int64_t j = 0; j < J; j++)
                    for (int c = 0; c < BACK && group * BACK + c < I; c++) {
                        const F* s = &sums[(((group - low) * J + j) * BACK + c) * 3];
                        const int64_t synapse = j * I + group * BACK + c;
                        const F part = delay[synapse] < F(T) ? delay[synapse] - std::floor(delay[synapse]) : F(0);
                        const F e0 = rho[synapse] * s[2] + s[1];
                        dw[synapse] = (F(1) - part) * s[0] + part * s[1];
                        drho[synapse] = w[synapse] * ((F(1) - part) * e0 + part * s[2]);
                        if (ddelay) ddelay[synapse] = w[synapse] * (s[1] - s[0]);
                    }
        });
    });
}

} // namespace hetsyn
