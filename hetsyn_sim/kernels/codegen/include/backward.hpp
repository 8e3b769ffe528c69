// The time loop, backwards. What a step computed on its way is computed again from the states that it began with.
#pragma once
#include "call.hpp"

namespace hetsyn {

// Sums over time in single precision are handed on to double after this many steps.
constexpr int FLUSH = 16;

template <class M> struct BackwardFrame {
    using F = typename M::F;
    const F *constant[M::N_CONSTANTS + 1], *state[M::N_STATES + 1], *now[M::N_STATES + 1], *sum_before[M::N_SUMS + 1], *sum_now[M::N_SUMS + 1];
    const F *recurrent[M::N_LOOPS + 1], *spike, *inverse_scale, *theta, *dv, *doutput;
    F *dstate[M::N_STATES + 1], *dsum[M::N_SUMS + 1], *dspike, *dconstant[M::N_CONSTANTS + 1];
    F *to_jump[M::N_JUMPS + 1], *to_sum[M::N_SUMS + 1], *to_recurrent[M::N_LOOPS + 1];
    const uint8_t *active, *active_before;
    const double* numbers;
    F reset_gradient;
};

// Derivatives of the end that are not there are zero.
template <class F> inline void begin_with(F* row, const F* given, int64_t n) {
    if (given) std::memcpy(static_cast<void*>(row), given, size_t(n) * sizeof(F));
}
template <class F> inline void leave(const F* row, F* wanted, int64_t n) {
    if (wanted) std::memcpy(static_cast<void*>(wanted), row, size_t(n) * sizeof(F));
}
template <class F> inline void add_given(F* row, const F* given, int64_t n) {
    if (given) add_row(given, F(1), row, n);
}

template <class M> struct Backward {
    using F = typename M::F;
    const Call& call;
    const Rows<F>& constants; // with the scale and theta behind them
    const double* numbers;
    F reset_gradient;
    Buffer<double>& sums; // (batch, wanted constant, neuron)

    template <class T> const T* optional(int place, int64_t t, int64_t b) const {
        return call.array<T>(place) ? call.row<T>(place, t, b) : nullptr;
    }
    template <class T> T* optional(int place, int64_t b) const { return call.array<T>(place) ? call.row<T>(place, b) : nullptr; }

    void run_item(int64_t b) const {
        const int64_t n = call.n, T = call.n_steps;
        int64_t next = 0;
        const Rows<F> own(M::N_STATES + M::N_SUMS + 1 + M::N_WANTED + M::N_LOOPS + 2, n);
        BackwardFrame<M> f;
        for (int k = 0; k < M::N_CONSTANTS; k++) f.constant[k] = constants[k];
        f.inverse_scale = constants[M::N_CONSTANTS];
        f.theta = constants[M::N_CONSTANTS + 1];
        for (int k = 0; k < M::N_STATES; k++) begin_with(f.dstate[k] = own[next++], optional<F>(M::AT_DEND_STATES + k, b), n);
        for (int k = 0; k < M::N_SUMS; k++) begin_with(f.dsum[k] = own[next++], optional<F>(M::AT_DEND_SUMS + k, b), n);
        begin_with(f.dspike = own[next++], optional<F>(M::AT_DEND_SPIKES, b), n);
        for (int k = 0; k < M::N_WANTED; k++) f.dconstant[k] = own[next++];
        F* again[M::N_LOOPS + 1];
        for (int k = 0; k < M::N_LOOPS; k++) f.recurrent[k] = again[k] = own[next++];
        const F* zero = own[next++];
        F* nobody = own[next++]; // what nobody wants
        Buffer<uint8_t> bytes(n);
        f.numbers = numbers;
        f.reset_gradient = reset_gradient;
        const uint8_t* begin_active = call.row<uint8_t>(M::AT_BEGIN_ACTIVE, b);
        for (int64_t t = T - 1; t >= 0; t--) {
            const bool fresh = t == 0 && call.fresh;
            f.spike = t && M::SPIKING ? call.row<F>(M::AT_Z, t - 1, b) : call.row<F>(M::AT_BEGIN_SPIKES, b);
            for (int k = 0; k < M::N_STATES; k++) {
                f.now[k] = call.row<F>(M::AT_STATES + k, t, b);
                f.state[k] = t ? call.row<F>(M::AT_STATES + k, t - 1, b) : call.row<F>(M::AT_BEGIN_STATES + k, b);
                add_given(f.dstate[k], optional<F>(M::AT_DSTATES + k, t, b), n);
            }
            for (int k = 0; k < M::N_SUMS; k++) {
                const auto at = [&](int64_t s) -> const F* {
                    return M::is_looped(k) ? call.row<F>(M::AT_SUMS + k, s, b) : M::is_driven(k) ? call.row<F>(M::AT_DRIVE + k, s, b) : zero;
                };
                f.sum_now[k] = at(t);
                f.sum_before[k] = t ? at(t - 1) : call.row<F>(M::AT_BEGIN_SUMS + k, b);
                add_given(f.dsum[k], optional<F>(M::AT_DSUMS + k, t, b), n);
                f.to_sum[k] = call.array<F>(M::AT_TO_SUMS + k) ? call.row<F>(M::AT_TO_SUMS + k, t, b) : nobody;
            }
            for (int k = 0; k < M::N_JUMPS; k++) f.to_jump[k] = call.array<F>(M::AT_TO_JUMPS + k) ? call.row<F>(M::AT_TO_JUMPS + k, t, b) : nobody;
            for (int k = 0; k < M::N_LOOPS; k++) f.to_recurrent[k] = call.row<F>(M::AT_TO_RECURRENT + k, t, b);
            add_given(f.dspike, optional<F>(M::AT_DZ, t, b), n);
            f.dv = call.array<F>(M::AT_DV) ? call.row<F>(M::AT_DV, t, b) : zero;
            f.doutput = call.array<F>(M::AT_DOUTPUT) ? call.row<F>(M::AT_DOUTPUT, t, b) : zero;
            f.active = f.active_before = begin_active;
            if (M::REFRACTORY_AT_ALL) {
                f.active = call.row<uint8_t>(M::AT_ACTIVE, t, b);
                if (t) {
                    const uint8_t* active = call.row<uint8_t>(M::AT_ACTIVE, t - 1, b);
                    for (int64_t j = 0; j < n; j++) bytes[j] = active[j] & uint8_t(f.spike[j] == F(0));
                    f.active_before = bytes.get();
                }
            }
            if (M::RECURRENT_AGAIN && !fresh)
                for (int k = 0; k < M::N_LOOPS; k++) gather(call.array<F>(M::AT_WEIGHTS_AGAIN + k), f.spike, again[k], n);
            const BackwardFrame<M> frame = f;
            if (fresh)
                each_lane<F>(n, [&](const Lane<F>& lane) { M::fresh_step(frame, lane); });
            else
                each_lane<F>(n, [&](const Lane<F>& lane) { M::step(frame, lane); });
            for (int k = 0; k < M::N_LOOPS && !fresh; k++) gather_back(call.array<F>(M::AT_WEIGHTS + k), f.to_recurrent[k], f.dspike, n);
            for (int k = 0; k < M::N_SUMS; k++)
                if (M::is_synaptic(k)) {
                    F* adjoint = call.array<F>(M::AT_CARRIED + k) + b * n * n;
                    if (fresh)
                        pull_sums(adjoint, f.to_sum[k], n);
                    else
                        pull_synapses<M::DECAY_FIRST>(adjoint, call.array<F>(M::AT_AMPLITUDES + k), call.array<F>(M::AT_DECAYS + k), f.to_sum[k],
                                                      f.dspike, n);
                }
            if (t % FLUSH == 0) flush(f, b);
        }
        for (int k = 0; k < M::N_STATES; k++) leave(f.dstate[k], optional<F>(M::AT_TO_STATES + k, b), n);
        for (int k = 0; k < M::N_SUMS; k++) leave(f.dsum[k], optional<F>(M::AT_TO_BEGIN_SUMS + k, b), n);
        leave(f.dspike, optional<F>(M::AT_TO_SPIKES, b), n);
    }

    void flush(const BackwardFrame<M>& f, int64_t b) const {
        for (int k = 0; k < M::N_WANTED; k++) {
            double* to = &sums[(b * M::N_WANTED + k) * call.n];
            for (int64_t j = 0; j < call.n; j++) to[j] += double(f.dconstant[k][j]);
            std::memset(static_cast<void*>(f.dconstant[k]), 0, size_t(call.n) * sizeof(F));
        }
    }

    // Derivatives of weights (pre, post), for some presynaptic neurons: what arrived, summed over their spikes, in the order of time.
    void run_weights(int64_t first, int64_t count) const {
        const int64_t n = call.n;
        Buffer<double> total(count * n);
        for (int loop = 0; loop < M::N_LOOPS; loop++) {
            F* to = call.array<F>(M::AT_TO_WEIGHTS + loop);
            if (!to) continue;
            std::memset(static_cast<void*>(total.get()), 0, size_t(count * n) * sizeof(double));
            for (int64_t t = call.fresh; t < call.n_steps; t++)
                for (int64_t b = 0; b < call.n_batch; b++) {
                    const F* spikes = t ? call.row<F>(M::AT_Z, t - 1, b) : call.row<F>(M::AT_BEGIN_SPIKES, b);
                    const F* arrived = call.row<F>(M::AT_TO_RECURRENT + loop, t, b);
                    each_spike(spikes + first, count, [&](int64_t i) {
                        double* __restrict sum = &total[i * n];
                        const double spike = double(spikes[first + i]);
                        for (int64_t j = 0; j < n; j++) sum[j] += spike * double(arrived[j]);
                    });
                }
            for (int64_t k = 0; k < count * n; k++) to[first * n + k] = F(total[k]);
        }
    }
};

template <class M> inline int run_backward(const Call& call, double reset_gradient, const double* numbers) {
    using F = typename M::F;
    constexpr int64_t SLICE = 32;
    try {
        const int64_t n = call.n;
        const Rows<F> constants(M::N_CONSTANTS + 2, n);
        for (int k = 0; k < M::N_CONSTANTS; k++) constants.fill(k, call.array<F>(M::AT_CONSTANTS) + k * n, n);
        constants.fill(M::N_CONSTANTS, call.array<F>(M::AT_INVERSE_SCALE), n);
        constants.fill(M::N_CONSTANTS + 1, call.array<F>(M::AT_THETA), n);
        Buffer<double> sums(call.n_batch * M::N_WANTED * n);
        const Backward<M> backward{call, constants, numbers, F(reset_gradient), sums};
        if (share(call.n_batch, call, [&](int64_t b) { backward.run_item(b); })) return OUT_OF_MEMORY;
        if (M::N_LOOPS && M::SPIKING)
            if (share((n + SLICE - 1) / SLICE, call, [&](int64_t k) { backward.run_weights(k * SLICE, std::min(SLICE, n - k * SLICE)); }))
                return OUT_OF_MEMORY;
        double* to = call.array<double>(M::AT_TO_CONSTANTS);
        for (int64_t k = 0; k < M::N_WANTED * n; k++) {
            double total = 0;
            for (int64_t b = 0; b < call.n_batch; b++) total += sums[b * M::N_WANTED * n + k];
            to[k] = total;
        }
        return COMPLETE;
    } catch (...) {
        return OUT_OF_MEMORY;
    }
}

} // namespace hetsyn
