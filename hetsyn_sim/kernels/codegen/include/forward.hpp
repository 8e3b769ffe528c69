// The time loop, forwards: batch items on threads, within them step after step, within these vectors of neurons.
#pragma once
#include "call.hpp"

namespace hetsyn {

// Where a step of one batch item finds and leaves its rows. M is what is generated: counts, places among the pointers, the step itself.
template <class M> struct ForwardFrame {
    using F = typename M::F;
    const F *constant[M::N_CONSTANTS + 1], *state[M::N_STATES + 1], *sum_before[M::N_SUMS + 1], *drive[M::N_SUMS + 1];
    const F *part[M::N_SUMS + 1], *jump[M::N_JUMPS + 1], *recurrent[M::N_LOOPS + 1];
    F *next[M::N_STATES + 1], *sum[M::N_SUMS + 1];
    const F *spike, *refractory;
    F *z, *v, *output, *last, now;
    const uint8_t* active_before;
    uint8_t *active, *active_after;
};

template <class M> inline void run_item(const Call& call, const Rows<typename M::F>& constants, int64_t b) {
    using F = typename M::F;
    const int64_t n = call.n, n_rows = M::N_LOOPS + M::N_SUMS;
    const Rows<F> own(n_rows, n);
    Buffer<uint8_t> bytes(n + M::N_SUMS * n); // a row nobody reads, then who is awake
    ForwardFrame<M> f;
    for (int k = 0; k < M::N_CONSTANTS; k++) f.constant[k] = constants[k];
    for (int k = 0; k < M::N_LOOPS; k++) f.recurrent[k] = own[k];
    for (int k = 0; k < M::N_SUMS; k++) f.part[k] = own[M::N_LOOPS + k];
    for (int k = 0; k < M::N_STATES; k++) f.state[k] = call.row<F>(M::AT_BEGIN_STATES + k, b);
    for (int k = 0; k < M::N_SUMS; k++) f.sum_before[k] = call.row<F>(M::AT_BEGIN_SUMS + k, b);
    f.spike = call.row<F>(M::AT_BEGIN_SPIKES, b);
    f.refractory = call.array<F>(M::AT_REFRACTORY);
    f.last = call.row<F>(M::AT_LAST, b);
    f.active_before = call.row<uint8_t>(M::AT_END_ACTIVE, b); // begins as it was handed over
    f.active_after = call.row<uint8_t>(M::AT_END_ACTIVE, b);
    for (int k = 0; k < M::N_SUMS; k++)
        if (M::is_synaptic(k)) {
            const F* carried = call.array<F>(M::AT_CARRIED + k) + b * n * n;
            for (int64_t i = 0; i < n; i++)
                for (int64_t j = 0; j < n; j++) bytes[n + k * n + i] |= carried[i * n + j] != F(0);
        }
    for (int64_t t = 0; t < call.n_steps; t++) {
        const bool fresh = t == 0 && call.fresh;
        f.now = F(t);
        for (int k = 0; k < M::N_JUMPS; k++) f.jump[k] = call.row<F>(M::AT_JUMPS + k, t, b);
        for (int k = 0; k < M::N_SUMS; k++) {
            if (M::is_driven(k)) f.drive[k] = call.row<F>(M::AT_DRIVE + k, t, b);
            F* part = own[M::N_LOOPS + k];
            if (M::is_synaptic(k)) {
                F* carried = call.array<F>(M::AT_CARRIED + k) + b * n * n;
                if (fresh)
                    sum_synapses(carried, part, n);
                else
                    step_synapses<M::DECAY_FIRST>(carried, call.array<F>(M::AT_AMPLITUDES + k), call.array<F>(M::AT_DECAYS + k), f.spike,
                                                  &bytes[n + k * n], part, n);
            }
            // a sum that is not kept is overwritten step after step
            if (M::is_looped(k)) f.sum[k] = call.array<F>(M::AT_SUMS + k) ? call.row<F>(M::AT_SUMS + k, t, b) : call.row<F>(M::AT_END_SUMS + k, b);
        }
        for (int k = 0; k < M::N_STATES; k++)
            f.next[k] = call.array<F>(M::AT_STATES + k) ? call.row<F>(M::AT_STATES + k, t, b) : call.row<F>(M::AT_END_STATES + k, b);
        if (!fresh)
            for (int k = 0; k < M::N_LOOPS; k++) gather(call.array<F>(M::AT_WEIGHTS + k), f.spike, own[k], n);
        f.active = M::REFRACTORY_AT_ALL && call.array<uint8_t>(M::AT_ACTIVE) ? call.row<uint8_t>(M::AT_ACTIVE, t, b) : bytes.get();
        if (M::SPIKING) f.z = call.row<F>(M::AT_Z, t, b);
        f.v = call.array<F>(M::AT_V) ? call.row<F>(M::AT_V, t, b) : nullptr;
        if (M::GRADED) f.output = call.row<F>(M::AT_OUTPUT, t, b);
        const ForwardFrame<M> frame = f;
        if (fresh)
            each_lane<F>(n, [&](const Lane<F>& lane) { M::fresh_step(frame, lane); });
        else
            each_lane<F>(n, [&](const Lane<F>& lane) { M::step(frame, lane); });
        for (int k = 0; k < M::N_STATES; k++) f.state[k] = f.next[k];
        for (int k = 0; k < M::N_SUMS; k++)
            if (M::is_looped(k))
                f.sum_before[k] = f.sum[k];
            else if (M::is_driven(k))
                f.sum_before[k] = f.drive[k];
        if (M::SPIKING) f.spike = f.z;
    }
    const auto end = [&](const F* from, F* to) {
        if (from != to) std::memcpy(static_cast<void*>(to), from, size_t(n) * sizeof(F));
    };
    for (int k = 0; k < M::N_STATES; k++) end(f.state[k], call.row<F>(M::AT_END_STATES + k, b));
    for (int k = 0; k < M::N_SUMS; k++)
        if (M::is_looped(k) || M::is_driven(k))
            end(f.sum_before[k], call.row<F>(M::AT_END_SUMS + k, b));
        else
            std::memset(static_cast<void*>(call.row<F>(M::AT_END_SUMS + k, b)), 0, size_t(n) * sizeof(F));
}

template <class M> inline int run_forward(const Call& call) {
    using F = typename M::F;
    try {
        const Rows<F> constants(M::N_CONSTANTS, call.n);
        for (int k = 0; k < M::N_CONSTANTS; k++) constants.fill(k, call.array<F>(M::AT_CONSTANTS) + k * call.n, call.n);
        return share(call.n_batch, call, [&](int64_t b) { run_item<M>(call, constants, b); });
    } catch (...) {
        return OUT_OF_MEMORY;
    }
}

} // namespace hetsyn
