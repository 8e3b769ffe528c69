// A population whose own spikes arrive late: threshold, recurrence with a lag per synapse, and reset, step by step. Lanes are samples (late.hpp).
//
// Both directions are the same loop: what is put out in a step comes back, after its lag, in later steps (forwards), or in earlier ones.
#pragma once
#include "late.hpp"
#include "scan.hpp"

namespace hetsyn {

template <class F> class LateLoop {
    static constexpr int N = Lanes<F>::N;

  public:
    LateLoop(const ScanPaths<F>& paths, const F* delay, int64_t T, int64_t J, bool forwards) : paths_(paths), T(T), J(J) {
        for (int64_t p = 0; p < paths.n_synaptic; p++)
            synapses_.emplace_back(paths.synaptic_w[p], paths.synaptic_rho[p], delay, J, J, forwards ? 1 : J, forwards ? J : 1, T);
    }

    // begin(step, sums) fills the (neuron, lane) numbers that the population's own past is added to; end(step, sums, out) puts out others.
    template <class Begin, class End> void run(const Begin& begin, const End& end) const {
        const int64_t row = (J + 1) * N, longest = synapses_.empty() ? 0 : synapses_[0].longest, slots = longest + 1;
        std::vector<Buffer<F>> states, traces;
        for (const auto& s : synapses_) states.emplace_back(s.groups * J * AHEAD * N);
        for (int64_t p = 0; p < paths_.n_resets; p++) traces.emplace_back(J * N);
        Buffer<F> sums(J * N), ring(slots * row), silence(row);
        std::vector<const F*> past(size_t(slots), silence.get());
        std::vector<uint8_t> heard(size_t((J + AHEAD - 1) / AHEAD), 0); // groups of neurons that have put out anything yet
        for (int64_t step = 0; step < T; step++) {
            begin(step, sums.get());
            if (step) {
                for (int64_t k = 0; k < slots && k < step; k++) past[size_t(k)] = ring.get() + (step - 1 - k) % slots * row;
                for (size_t p = 0; p < synapses_.size(); p++) deliver(synapses_[p], past.data(), heard, states[p].get(), sums.get());
                for (size_t p = 0; p < traces.size(); p++) fade(p, past[0], traces[p].get(), sums.get());
            }
            F* out = ring.get() + step % slots * row;
            end(step, sums.get(), out);
            for (size_t group = 0; group < heard.size(); group++)
                for (int64_t k = int64_t(group) * AHEAD * N; !heard[group] && k < std::min<int64_t>(J * N, (int64_t(group) + 1) * AHEAD * N); k++)
                    heard[group] = out[k] != F(0);
        }
    }

  private:
    void deliver(const LateSynapses<F, AHEAD>& synapses, const F* const* past, const std::vector<uint8_t>& heard, F* state, F* sums) const {
        for (int64_t group = 0; group < synapses.groups; group++, state += J * AHEAD * N) {
            if (!heard[size_t(group)]) continue;
            for (int64_t j = 0; j < J; j++) {
                const int64_t at = synapses.place(group, j);
                const F* in[AHEAD];
                for (int c = 0; c < AHEAD; c++) in[c] = past[synapses.lag[size_t(at + c)]] + synapses.channel(group, c) * N;
                F *own = state + j * AHEAD * N, *sum = sums + j * N;
                if (synapses.between)
                    run_late<F, true>(in, &synapses.now[at], &synapses.later[at], &synapses.decay[at], 1, own, sum);
                else
                    run_late<F, false>(in, &synapses.now[at], &synapses.later[at], &synapses.decay[at], 1, own, sum);
            }
        }
    }

    void fade(size_t p, const F* last, F* trace, F* sums) const {
        using V = typename Lanes<F>::V;
        for (int64_t j = 0; j < J; j++) {
            const V s = load<V>(trace + j * N) * paths_.reset_rho[p][j] + load<V>(last + j * N);
            store(trace + j * N, s);
            store(sums + j * N, load<V>(sums + j * N) + s * paths_.reset_a[p][j]);
        }
    }

    const ScanPaths<F>& paths_;
    int64_t T, J;
    std::vector<LateSynapses<F, AHEAD>> synapses_;
};

// Rows (lane, neuron) in memory to and from (neuron, lane).
template <class F> void turn_in(const F* from, int64_t stride, int n, int64_t J, F* to) {
    for (int lane = 0; lane < n; lane++)
        for (int64_t j = 0; j < J; j++) to[j * Lanes<F>::N + lane] = from[lane * stride + j];
}
template <class F> void turn_out(const F* from, F* to, int64_t stride, int n, int64_t J) {
    for (int lane = 0; lane < n; lane++)
        for (int64_t j = 0; j < J; j++) to[lane * stride + j] = from[j * Lanes<F>::N + lane];
}

// Synaptic paths have a decay per synapse, and all of them the same delays; there are none with shared decays.
template <class F>
int late_scan(const F* v_in, const ScanPaths<F>& paths, const F* delay, const F* theta, F* z, F* v, int64_t T, int64_t B, int64_t J, int threads) {
    using V = typename Lanes<F>::V;
    constexpr int N = Lanes<F>::N;
    const LateLoop<F> loop(paths, delay, T, J, true);
    std::atomic<int> status{COMPLETE};
    Team team(useful_threads(threads, double(T) * B * J * J));
    team.run([&] {
        team.each((B + N - 1) / N, [&](int64_t block) {
            const int n = int(std::min<int64_t>(N, B - block * N));
            const auto at = [&](int64_t step) { return (step * B + block * N) * J; };
            F check = 0;
            loop.run([&](int64_t step, F* sums) { turn_in(v_in + at(step), J, n, J, sums); },
                     [&](int64_t step, const F* sums, F* out) {
                         for (int64_t j = 0; j < J; j++) {
                             const V now = load<V>(sums + j * N);
                             store(out + j * N, now > all<V>(theta[j]) ? all<V>(F(1)) : V{});
                         }
                         for (int lane = n; lane < N; lane++) // nobody is there
                             for (int64_t j = 0; j < J; j++) out[j * N + lane] = F(0);
                         for (int64_t k = 0; k < J * N; k++) check += sums[k] != sums[k] ? F(1) : F(0);
                         turn_out(out, z + at(step), J, n, J);
                         turn_out(sums, v + at(step), J, n, J);
                     });
            if (check != F(0)) status = NOT_FINITE;
        });
    });
    return status;
}

// d = dL/dv_in, from the pseudo-derivatives of the spikes; dz and dv may be null: zero.
template <class F>
int late_scan_backward(const F* pseudo, const F* dz, const F* dv, const ScanPaths<F>& paths, const F* delay, F* d, int64_t T, int64_t B, int64_t J,
                       int threads) {
    constexpr int N = Lanes<F>::N;
    const LateLoop<F> loop(paths, delay, T, J, false);
    Team team(useful_threads(threads, double(T) * B * J * J));
    team.run([&] {
        team.each((B + N - 1) / N, [&](int64_t block) {
            const int n = int(std::min<int64_t>(N, B - block * N));
            const auto at = [&](int64_t step) { return ((T - 1 - step) * B + block * N) * J; };
            Buffer<F> slope(J * N), onto_v(J * N);
            loop.run(
                [&](int64_t step, F* sums) {
                    if (dz)
                        turn_in(dz + at(step), J, n, J, sums);
                    else
                        std::memset(static_cast<void*>(sums), 0, sizeof(F) * size_t(J * N));
                },
                [&](int64_t step, const F* sums, F* out) {
                    turn_in(pseudo + at(step), J, n, J, slope.get());
                    if (dv) turn_in(dv + at(step), J, n, J, onto_v.get());
                    for (int64_t k = 0; k < J * N; k++) out[k] = onto_v[k] + slope[k] * sums[k];
                    turn_out(out, d + at(step), J, n, J);
                });
        });
    });
    return COMPLETE;
}

} // namespace hetsyn
