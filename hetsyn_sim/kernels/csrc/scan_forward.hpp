// The forward scan. Time goes in short pieces: what spikes before a piece add to it is computed for the whole piece with the synaptic states in
// registers (far); what its own spikes add to its later steps is computed spike by spike (near).
#pragma once

#include "parallel.hpp"
#include "scan.hpp"

namespace hetsyn {

constexpr int PIECE = 16;

// One batch item.
template <typename T>
class ForwardScan {
public:
    ForwardScan(const Paths<T>& paths, const std::vector<T>& theta, long n)
        : paths_(paths), theta_(theta), n_(n), padded_(long(theta.size())), v_(size_t(PIECE * padded_)), z_(size_t(padded_)) {
        for (const auto& w : paths.w) {
            states_.emplace_back(n, n, [](long, long) { return T(0); });
            (void)w;
        }
        for (size_t k = 0; k < paths.shared_w.size(); ++k) shared_.emplace_back(size_t(padded_), T(0));
        for (size_t k = 0; k < paths.reset_a.size(); ++k) resets_.emplace_back(size_t(padded_), T(0));
        has_spiked_.assign(size_t(n), false);
    }

    // v_in, v and z point at this batch item's first row; rows are `stride` apart.
    void run(const T* v_in, T* v, T* z, long n_steps, long stride) {
        for (long from = 0; from < n_steps; from += PIECE) {
            const int length = int(std::min<long>(PIECE, n_steps - from));
            for (int k = 0; k < length; ++k) {
                std::copy(v_in + (from + k) * stride, v_in + (from + k) * stride + n_, v_.begin() + k * padded_);
                std::fill(v_.begin() + k * padded_ + n_, v_.begin() + (k + 1) * padded_, T(0));
            }
            for (size_t p = 0; p < states_.size(); ++p) far(p, length);
            for (int k = 0; k < length; ++k) {
                T* now = v_.data() + k * padded_;
                step(now);
                std::copy(now, now + n_, v + (from + k) * stride);
                std::copy(z_.begin(), z_.begin() + n_, z + (from + k) * stride);
                spikes_.clear();
                for (long i = 0; i < n_; ++i)
                    if (z_[size_t(i)] != T(0)) spikes_.push_back(i);
                for (size_t p = 0; p < states_.size(); ++p) near(p, k, length);
                for (size_t p = 0; p < shared_.size(); ++p) shared(p);
                for (long i : spikes_)
                    if (!has_spiked_[size_t(i)]) {
                        has_spiked_[size_t(i)] = true;
                        active_.push_back(i);
                    }
            }
        }
    }

private:
    static constexpr int L = Vec<T>::lanes;
    static constexpr long W = BLOCK<T>;

    // Neurons that have not spiked yet have no state.
    void far(size_t p, int length) {
        const Blocks<T>& rho = paths_.rho[p];
        for (long block = 0; block < rho.n_blocks; ++block) {
            size_t first = 0;
            for (; first + GROUP <= active_.size(); first += GROUP) far_group<GROUP>(states_[p], rho, block, &active_[first], length);
            for (; first < active_.size(); ++first) far_group<1>(states_[p], rho, block, &active_[first], length);
        }
    }

    template <int N>
    void far_group(Blocks<T>& states, const Blocks<T>& rho, long block, const long* channels, int length) {
        vec<T> state[N][VECTORS], decay[N][VECTORS];
        for (int c = 0; c < N; ++c)
            for (int q = 0; q < VECTORS; ++q) {
                state[c][q] = load(states.at(block, channels[c]) + q * L);
                decay[c][q] = load(rho.at(block, channels[c]) + q * L);
            }
        T* v = v_.data() + block * W;
        for (int k = 0; k < length; ++k, v += padded_)
            for (int q = 0; q < VECTORS; ++q) {
                vec<T> sum = state[0][q];
                for (int c = 1; c < N; ++c) sum += state[c][q];
                store(v + q * L, load(v + q * L) + sum);
                for (int c = 0; c < N; ++c) state[c][q] *= decay[c][q];
            }
        for (int c = 0; c < N; ++c)
            for (int q = 0; q < VECTORS; ++q) store(states.at(block, channels[c]) + q * L, state[c][q]);
    }

    // The spikes of step k: to the steps after it in this piece, and, decayed to the next piece's first step, to the states.
    void near(size_t p, int k, int length) {
        for (long i : spikes_)
            for (long block = 0; block < paths_.w[p].n_blocks; ++block)
                for (int q = 0; q < VECTORS; ++q) {
                    vec<T> current = load(paths_.w[p].at(block, i) + q * L);
                    const vec<T> decay = load(paths_.rho[p].at(block, i) + q * L);
                    for (int later = k + 1; later < length; ++later) {
                        T* v = v_.data() + later * padded_ + block * W + q * L;
                        store(v, load(v) + current);
                        current *= decay;
                    }
                    T* state = states_[p].at(block, i) + q * L;
                    store(state, load(state) + current);
                }
    }

    // One state per neuron: it decays, and takes the spikes of this step for the next.
    void shared(size_t p) {
        for (long j = 0; j < padded_; ++j) shared_[p][size_t(j)] *= paths_.shared_rho[p][size_t(j)];
        for (long i : spikes_)
            for (long block = 0; block < paths_.shared_w[p].n_blocks; ++block) {
                const T* w = paths_.shared_w[p].at(block, i);
                for (long k = 0; k < W; ++k) shared_[p][size_t(block * W + k)] += w[k];
            }
    }

    // now holds the input and the far and near currents; z_ still the spikes of the step before.
    void step(T* now) {
        for (size_t p = 0; p < shared_.size(); ++p)
            for (long j = 0; j < padded_; ++j) now[j] += shared_[p][size_t(j)];
        for (size_t p = 0; p < resets_.size(); ++p) {
            const T *a = paths_.reset_a[p].data(), *rho = paths_.reset_rho[p].data();
            T* trace = resets_[p].data();
            for (long j = 0; j < padded_; ++j) {
                trace[j] = rho[j] * trace[j] + z_[size_t(j)];
                now[j] += a[j] * trace[j];
            }
        }
        for (long j = 0; j < padded_; ++j) z_[size_t(j)] = now[j] > theta_[size_t(j)] ? T(1) : T(0);
    }

    const Paths<T>& paths_;
    const std::vector<T>& theta_;
    const long n_, padded_;
    std::vector<T> v_, z_;
    std::vector<Blocks<T>> states_;
    std::vector<std::vector<T>> shared_, resets_;
    std::vector<long> active_, spikes_;
    std::vector<bool> has_spiked_;
};

template <typename T>
bool scan_forward(const T* v_in, const ScanPaths<T>& given, const T* theta, T* z, T* v, long n_steps, long n_batch, long n, int n_threads) {
    const Paths<T> paths(given, n, false);
    const std::vector<T> thresholds = padded(theta, n, T(1));  // a missing neuron has v = 0
    return parallel_for(n_batch, n_threads, [&](long b) {
        ForwardScan<T> scan(paths, thresholds, n);
        scan.run(v_in + b * n, v + b * n, z + b * n, n_steps, n_batch * n);
    });
}

}  // namespace hetsyn
