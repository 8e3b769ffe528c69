// dL/dw and dL/drho of the filter. Every sum runs over samples, then over events from the last: its order does not depend on threads.
#pragma once
#include "filter.hpp"

namespace hetsyn {

constexpr int64_t SAMPLES = 8;     // whose inputs are sorted at a time, at most, and
constexpr int64_t STEPS = 2048;    // all of whose steps together they should not exceed by much
constexpr int64_t TASKS = 16;      // wanted at least, to share between threads; a slice of channels has 32 or more
constexpr int64_t SLICE = 32;

template <class F> class WeightGradients {
  public:
    WeightGradients(Sequence<const F> g, Sequence<const F> x, const F* w, const F* rho, F* dw, F* drho, int64_t T, int64_t B, int64_t I, int64_t J)
        : g_(g), x_(x), w_(w), rho_(rho), dw_(dw), drho_(drho), T(T), B(B), I(I), blocks_(J, Lanes<F>::N, K),
          n_pieces_((T + PIECE - 1) / PIECE), together_(std::min({B, SAMPLES, (STEPS + T - 1) / T})) {
        const int64_t n = std::max<int64_t>(1, std::min((I + SLICE - 1) / SLICE, (TASKS + blocks_.count - 1) / blocks_.count));
        for (int64_t k = 0; k < n; k++) slices_.emplace_back(blocks_, k * I / n, (k + 1) * I / n);
        plans_.resize(together_ * n * n_pieces_);
        g_rows_.reset(together_ * T * blocks_.padded());
    }

    void run(Team& team) {
        const int64_t n = int64_t(slices_.size());
        team.each(blocks_.count * n, [&](int64_t task) {
            const Slice& slice = slices_[task % n];
            slice.decays.fill(task / n, rho_ + slice.low, I, 1);
        });
        for (int64_t b0 = 0; b0 < B; b0 += together_) {
            const int64_t n_samples = std::min(together_, B - b0);
            team.each(n_samples * (n + 1), [&](int64_t task) {
                if (task < n_samples)
                    rearrange(task, b0 + task);
                else
                    sort(task - n_samples, b0 + (task - n_samples) / n);
            });
            team.each(blocks_.count * n, [&](int64_t task) { add(slices_[task % n], task % n, task / n, n_samples); });
        }
        team.each(blocks_.count * n, [&](int64_t task) {
            const Slice& slice = slices_[task % n];
            const int64_t block = task / n;
            slice.sum_w.empty(block, dw_ + slice.low, I, 1);
            slice.sum_rho.empty(block, drho_ + slice.low, I, 1);
            for (int64_t j = blocks_.begin(block); j < blocks_.begin(block) + blocks_.used(block); j++)
                for (int64_t i = slice.low; i < slice.low + slice.sum_w.channels; i++) drho_[j * I + i] *= w_[j * I + i];
        });
    }

  private:
    struct Slice { // of channels
        int64_t low;
        Packed<F> decays, sum_w, sum_rho;
        Slice(const Blocks& blocks, int64_t low, int64_t high)
            : low(low), decays(blocks, high - low), sum_w(blocks, high - low), sum_rho(blocks, high - low) {}
    };

    // In the order of time: before its first event a channel needs no adjoint.
    void sort(int64_t task, int64_t b) {
        const Slice& slice = slices_[task % int64_t(slices_.size())];
        const int channels = int(slice.decays.channels);
        std::vector<uint8_t> seen(channels, 0);
        for (int64_t piece = 0, t0 = 0; piece < n_pieces_; piece++, t0 += PIECE)
            plans_[task * n_pieces_ + piece].build(x_.at(t0, b) + slice.low, x_.step, int(std::min<int64_t>(PIECE, T - t0)), channels, seen.data());
    }

    // g as [block][step][lane]: read once in the order of memory, used by every slice of channels. Lanes not used stay zero.
    void rearrange(int64_t sample, int64_t b) {
        F* out = g_rows_.get() + sample * T * blocks_.padded();
        for (int64_t t = 0; t < T; t++)
            for (int64_t block = 0; block < blocks_.count; block++)
                std::memcpy(out + block * T * blocks_.width + t * blocks_.vectors(block) * blocks_.lanes, g_.at(t, b) + blocks_.begin(block),
                            sizeof(F) * blocks_.used(block));
    }

    void add(const Slice& slice, int64_t slice_index, int64_t block, int64_t n_samples) {
        const int64_t width = blocks_.width;
        const int vectors = blocks_.vectors(block);
        const bool carried = n_pieces_ > 1; // the adjoints, from one piece to the one before
        Buffer<F> a, d;
        if (carried)
            for (Buffer<F>* state : {&a, &d}) state->reset((slice.decays.channels + 1) * width);
        const F* rho = slice.decays.block(block);
        F *dw = slice.sum_w.block(block), *drho = slice.sum_rho.block(block);
        for (int64_t sample = 0; sample < n_samples; sample++)
            for (int64_t piece = n_pieces_ - 1; piece >= 0; piece--) {
                const int64_t t0 = piece * PIECE;
                const int n = int(std::min<int64_t>(PIECE, T - t0));
                const F* g = g_rows_.get() + (sample * blocks_.padded() + block * width) * T + t0 * vectors * blocks_.lanes;
                const Plan<F>& plan = plans_[(sample * int64_t(slices_.size()) + slice_index) * n_pieces_ + piece];
                const bool keep = carried && piece < n_pieces_ - 1;
                for (const auto& group : plan.groups)
                    with_sizes(group.single, vectors, [&](auto n_c, auto n_k) {
                        constexpr int m = n_c == 1 ? 1 : C / 2;
                        if (plan.dense)
                            for (int c = 0; c < n_c; c += m)
                                run_dense_back<F, m, n_k>(group.channel + c, plan.values.data() + group.row * C + c, n, g, rho, a.get(), d.get(),
                                                          keep, width, dw, drho);
                        else
                            run_group_back<F, n_c, n_k>(group, plan, n, g, rho, a.get(), d.get(), keep, width, dw, drho);
                    });
            }
    }

    Sequence<const F> g_, x_;
    const F *w_, *rho_;
    F *dw_, *drho_;
    int64_t T, B, I;
    Blocks blocks_;
    int64_t n_pieces_, together_;
    std::vector<Slice> slices_;
    std::vector<Plan<F>> plans_; // [sample][slice][piece]
    Buffer<F> g_rows_;           // [sample][block][step][lane]
};

} // namespace hetsyn
