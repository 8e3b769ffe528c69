// A population whose own spikes arrive late: threshold, recurrence with a lag per synapse, and reset, step by step. Lanes are samples (late.hpp).
//
// Both directions are the same loop: what is put out in a step comes back, after its lag, in later steps (forwards), or in earlier ones.
// Steps go in chunks, so that the states of all synapses are read and written once for each of them: what comes back of what was put out
// before a chunk is known when it begins, and what comes back within it is written ahead, by the few synapses whose lag is short enough.
#pragma once
#include "late.hpp"
#include "scan.hpp"
#include "surrogate.hpp"

namespace hetsyn {

constexpr int LATE_CHUNK = 8;

template <class F> class LateLoop {
    static constexpr int N = Lanes<F>::N;
    using V = typename Lanes<F>::V;

  public:
    LateLoop(const ScanPaths<F>& paths, const F* delay, int64_t T, int64_t J, bool forwards) : paths_(paths), T(T), J(J), near_(size_t(J)) {
        for (int64_t p = 0; p < paths.n_synaptic; p++)
            synapses_.emplace_back(paths.synaptic_w[p], paths.synaptic_rho[p], delay, J, J, forwards ? 1 : J, forwards ? J : 1, T);
        if (synapses_.empty()) return;
        const auto& first = synapses_[0]; // all paths have the same delays
        for (int lag = 0; lag + 1 < LATE_CHUNK; lag++)
            for (int64_t i = 0; i < J; i++)
                for (int64_t j = 0; j < J; j++)
                    if (const int64_t at = first.place(i / AHEAD, j) + i % AHEAD; first.lag[size_t(at)] == lag)
                        near_[size_t(i)].push_back({int32_t(lag), int32_t(j), at});
    }

    // begin(step, sums) fills the (neuron, lane) numbers that the population's own past is added to; end(step, sums, out) puts out others.
    // Of every reset, see(step, path, trace, slope) gets what its trace is in the step, and the derivative of that by the decay.
    template <class Begin, class See, class End> void run(const Begin& begin, const See& see, const End& end) const {
        const int64_t before = synapses_.empty() ? 1 : synapses_[0].longest + 1, row = (before + T) * N;
        std::vector<Buffer<F>> states, traces, slopes;
        for (const auto& s : synapses_) states.emplace_back(s.groups * J * AHEAD * N);
        for (int64_t p = 0; p < paths_.n_resets; p++) traces.emplace_back(J * N), slopes.emplace_back(J * N);
        Buffer<F> ahead(LATE_CHUNK * J * N), past((J + 1) * row), out(J * N); // past: [neuron][step][lane], one silent neuron more
        std::vector<uint8_t> heard(size_t((J + AHEAD - 1) / AHEAD), 0);       // groups of neurons that have put out anything yet
        for (int64_t t0 = 0; t0 < T; t0 += LATE_CHUNK) {
            const int n = int(std::min<int64_t>(LATE_CHUNK, T - t0));
            for (int t = 0; t < n; t++) begin(t0 + t, &ahead[t * J * N]);
            for (size_t p = 0; p < synapses_.size(); p++)
                deliver(synapses_[p], past.get() + (before + t0 - 1) * N, row, heard, n, states[p].get(), ahead.get());
            for (int t = 0; t < n; t++) {
                F* sums = &ahead[t * J * N];
                for (size_t p = 0; p < traces.size() && t0 + t; p++) {
                    fade(p, out.get(), traces[p].get(), slopes[p].get(), sums);
                    see(t0 + t, p, traces[p].get(), slopes[p].get());
                }
                end(t0 + t, sums, out.get());
                for (int64_t i = 0; i < J; i++) {
                    const F* own = &out[i * N];
                    if (!nonzero(own, N)) continue;
                    heard[size_t(i / AHEAD)] = 1;
                    std::memcpy(&past[i * row + (before + t0 + t) * N], own, sizeof(F) * N);
                    for (size_t p = 0; p < synapses_.size(); p++) write_ahead(synapses_[p], i, load<V>(own), t + 1, n, states[p].get(), ahead.get());
                }
            }
        }
    }

  private:
    struct Near { // a synapse that delivers within a chunk what was put out in it
        int32_t lag, target;
        int64_t place;
    };

    // What was put out before a chunk: `past` is the step before it.
    void deliver(const LateSynapses<F, AHEAD>& synapses, const F* past, int64_t row, const std::vector<uint8_t>& heard, int n, F* state,
                 F* ahead) const {
        for (int64_t group = 0; group < synapses.groups; group++, state += J * AHEAD * N) {
            if (!heard[size_t(group)]) continue;
            for (int64_t j = 0; j < J; j++) {
                const int64_t at = synapses.place(group, j);
                const F* in[AHEAD];
                for (int c = 0; c < AHEAD; c++) in[c] = past + synapses.channel(group, c) * row - int64_t(synapses.lag[size_t(at + c)]) * N;
                F *own = state + j * AHEAD * N, *sum = ahead + j * N;
                if (synapses.between)
                    run_late<F, true>(in, &synapses.now[at], &synapses.later[at], &synapses.decay[at], n, own, sum, J * N);
                else
                    run_late<F, false>(in, &synapses.now[at], &synapses.later[at], &synapses.decay[at], n, own, sum, J * N);
            }
        }
    }

    // What a neuron has put out a step before `from` of a chunk, as far as it comes back in the chunk.
    void write_ahead(const LateSynapses<F, AHEAD>& synapses, int64_t i, V sent, int from, int n, F* state, F* ahead) const {
        for (const Near& near : near_[size_t(i)]) {
            if (from + near.lag >= n) break; // in the order of lags
            const V now = all<V>(synapses.now[near.place]), later = all<V>(synapses.later[near.place]), rho = all<V>(synapses.decay[near.place]);
            F* sum = ahead + ((from + near.lag) * J + near.target) * N;
            store(sum, load<V>(sum) + now * sent);
            V p = sent;
            for (int t = from + near.lag + 1; t < n; t++) {
                const V next = p * rho;
                sum += J * N;
                store(sum, load<V>(sum) + now * next + later * p);
                p = next;
            }
            F* own = state + near.place * N;
            store(own, load<V>(own) + p);
        }
    }

    void fade(size_t p, const F* last, F* trace, F* slope, F* sums) const {
        for (int64_t j = 0; j < J; j++) {
            const V before = load<V>(trace + j * N), now = before * paths_.reset_rho[p][j] + load<V>(last + j * N);
            store(slope + j * N, load<V>(slope + j * N) * paths_.reset_rho[p][j] + before);
            store(trace + j * N, now);
            store(sums + j * N, load<V>(sums + j * N) + now * paths_.reset_a[p][j]);
        }
    }

    const ScanPaths<F>& paths_;
    int64_t T, J;
    std::vector<LateSynapses<F, AHEAD>> synapses_;
    std::vector<std::vector<Near>> near_; // by neuron, in the order of lags
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
            loop.run([&](int64_t step, F* sums) { turn_in(v_in + at(step), J, n, J, sums); }, [](int64_t, size_t, const F*, const F*) {},
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

// d = dL/dv_in, and the gradients of thresholds and resets; dz and dv may be null: zero. Those of recurrent paths follow from d and z.
template <class F>
int late_scan_gradients(const F* v, const F* z, const F* dz, const F* dv, const ScanPaths<F>& paths, const F* delay, const F* theta,
                        const Surrogate& surrogate, const ScanGradients<F>& out, int64_t T, int64_t B, int64_t J, int threads) {
    using V = typename Lanes<F>::V;
    constexpr int N = Lanes<F>::N;
    const LateLoop<F> loop(paths, delay, T, J, false);
    const int64_t blocks = (B + N - 1) / N, n_sums = 1 + 2 * paths.n_resets;
    Buffer<F> sums_of(blocks * n_sums * J); // [block][theta, then amplitude and rho of each reset][neuron]
    Team team(useful_threads(threads, double(T) * B * J * J));
    team.run([&] {
        team.each(blocks, [&](int64_t block) {
            const int n = int(std::min<int64_t>(N, B - block * N));
            const auto at = [&](int64_t step) { return ((T - 1 - step) * B + block * N) * J; };
            Buffer<F> volts(J * N), spikes(J * N), onto_v(J * N), own(n_sums * J * N);
            const auto add = [&](int64_t which, int64_t j, V value) {
                F* sum = &own[(which * J + j) * N];
                store(sum, load<V>(sum) + value);
            };
            loop.run(
                [&](int64_t step, F* sums) {
                    if (dz)
                        turn_in(dz + at(step), J, n, J, sums);
                    else
                        std::memset(static_cast<void*>(sums), 0, sizeof(F) * size_t(J * N));
                },
                [&](int64_t step, size_t p, const F* trace, const F* slope) {
                    if (p == 0) turn_in(z + at(step), J, n, J, spikes.get());
                    for (int64_t j = 0; j < J; j++) {
                        const V spike = load<V>(&spikes[j * N]);
                        add(1 + 2 * int64_t(p), j, spike * load<V>(trace + j * N));
                        add(2 + 2 * int64_t(p), j, spike * load<V>(slope + j * N));
                    }
                },
                [&](int64_t step, const F* sums, F* put_out) {
                    turn_in(v + at(step), J, n, J, volts.get());
                    if (dv) turn_in(dv + at(step), J, n, J, onto_v.get());
                    with_formula<F>(surrogate, [&](const auto& formula) {
                        for (int64_t j = 0; j < J; j++) {
                            const V threshold = all<V>(theta[j]);
                            const V through = formula(load<V>(&volts[j * N]) - threshold, threshold) * load<V>(sums + j * N);
                            add(0, j, -through);
                            store(put_out + j * N, through + load<V>(&onto_v[j * N]));
                        }
                    });
                    turn_out(put_out, out.d + at(step), J, n, J);
                });
            for (int64_t k = 0; k < n_sums * J * N; k++) sums_of[block * n_sums * J + k / N] += own[k];
        });
    });
    const auto add_up = [&](int64_t which, F* target) {
        for (int64_t j = 0; j < J; j++) target[j] = 0;
        for (int64_t block = 0; block < blocks; block++)
            for (int64_t j = 0; j < J; j++) target[j] += sums_of[(block * n_sums + which) * J + j];
    };
    add_up(0, out.theta);
    for (int64_t p = 0; p < paths.n_resets; p++) {
        add_up(1 + 2 * p, out.reset_a[p]);
        add_up(2 + 2 * p, out.reset_rho[p]);
        for (int64_t j = 0; j < J; j++) out.reset_rho[p][j] *= paths.reset_a[p][j];
    }
    return COMPLETE;
}

} // namespace hetsyn
