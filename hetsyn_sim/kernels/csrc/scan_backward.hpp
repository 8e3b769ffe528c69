// The backward scan: d[t] = dL/dv[t] = dv[t] + pseudo(v[t] - theta) dL/dz[t], from the last step to the first. What spikes do later:
//     dL/dz[t] = dz[t] + sum over j of w A[t+1] (per synapse) + w K[t+1] (one decay per neuron) + a R[t+1] (reset),
// where A, K and R are d filtered backwards with their decays.
#pragma once

#include "parallel.hpp"
#include "scan.hpp"

namespace hetsyn {

// Batch items that go through time together: w and rho are fetched from the second cache once for all of them.
constexpr int TOGETHER = 4;

// What is summed over time, per batch item: (theta, then a and rho of each reset), each (neuron,).
template <typename T>
struct ScanSums {
    std::vector<T> theta;
    std::vector<std::vector<T>> a, rho;
};

template <typename T, int N>
class BackwardScan {
public:
    BackwardScan(const Paths<T>& paths, const Surrogate<T>& surrogate, const std::vector<T>& theta, long n)
        : paths_(paths), surrogate_(surrogate), theta_(theta), n_(n), padded_(long(theta.size())) {
        for (int b = 0; b < N; ++b) {
            for (size_t k = 0; k < paths.w.size(); ++k) adjoints_[b].emplace_back(n, n, [](long, long) { return T(0); });
            shared_[b].assign(paths.shared_w.size(), std::vector<T>(size_t(padded_), T(0)));
            resets_[b].assign(paths.reset_a.size(), std::vector<T>(size_t(padded_), T(0)));
            derivatives_[b] = resets_[b];
            sums[b].theta.assign(size_t(padded_), T(0));
            sums[b].a = sums[b].rho = resets_[b];
            for (auto* rows : {&d_[b], &dz_[b], &v_[b], &z_[b]}) rows->assign(size_t(padded_), T(0));
        }
    }

    // All pointers at row 0 of the first of N neighbouring batch items; rows are `stride` apart.
    void run(const T* v, const T* z, const T* dz, const T* dv, T* d, long n_steps, long stride) {
        for (long t = n_steps - 1; t >= 0; --t) {
            for (int b = 0; b < N; ++b) {
                const long at = t * stride + b * n_;
                std::copy(dz + at, dz + at + n_, dz_[b].begin());
                std::copy(v + at, v + at + n_, v_[b].begin());
                std::copy(z + at, z + at + n_, z_[b].begin());
            }
            if (t < n_steps - 1) {
                for (size_t p = 0; p < paths_.w.size(); ++p) synaptic(p);
                for (size_t p = 0; p < paths_.shared_w.size(); ++p) shared(p);
                for (size_t p = 0; p < paths_.reset_a.size(); ++p) reset(p);
            }
            for (int b = 0; b < N; ++b) {
                through_threshold(b);
                const long at = t * stride + b * n_;
                for (long j = 0; j < n_; ++j) d[at + j] = d_[b][size_t(j)] += dv[at + j];
            }
        }
    }

    ScanSums<T> sums[N];

private:
    static constexpr int L = Vec<T>::lanes;
    static constexpr long W = BLOCK<T>;

    void synaptic(size_t p) {
        const Blocks<T>&w = paths_.w[p], &rho = paths_.rho[p];
        for (long block = 0; block < w.n_blocks; ++block) {
            vec<T> sum[N][VECTORS] = {};
            T* adjoint[N];
            for (int b = 0; b < N; ++b) adjoint[b] = adjoints_[b][p].at(block, 0);
            const T *weights = w.at(block, 0), *decays = rho.at(block, 0);
            for (long j = 0; j < n_; ++j)
                for (int q = 0; q < VECTORS; ++q) {
                    const long at = j * W + q * L;
                    const vec<T> decay = load(decays + at), weight = load(weights + at);
                    for (int b = 0; b < N; ++b) {
                        const vec<T> a = load(adjoint[b] + at) * decay + d_[b][size_t(j)];
                        store(adjoint[b] + at, a);
                        sum[b][q] += a * weight;
                    }
                }
            add(sum, block);
        }
    }

    void shared(size_t p) {
        for (int b = 0; b < N; ++b)
            for (long j = 0; j < padded_; ++j) {
                T& k = shared_[b][p][size_t(j)];
                k = paths_.shared_rho[p][size_t(j)] * k + d_[b][size_t(j)];
            }
        for (long block = 0; block < paths_.shared_w[p].n_blocks; ++block) {
            vec<T> sum[N][VECTORS] = {};
            for (long j = 0; j < n_; ++j)
                for (int q = 0; q < VECTORS; ++q) {
                    const vec<T> weight = load(paths_.shared_w[p].at(block, j) + q * L);
                    for (int b = 0; b < N; ++b) sum[b][q] += weight * shared_[b][p][size_t(j)];
                }
            add(sum, block);
        }
    }

    void add(const vec<T> (&sum)[N][VECTORS], long block) {
        for (int b = 0; b < N; ++b)
            for (int q = 0; q < VECTORS; ++q) {
                T* to = dz_[b].data() + block * W + q * L;
                store(to, load(to) + sum[b][q]);
            }
    }

    void reset(size_t p) {
        const T *a = paths_.reset_a[p].data(), *rho = paths_.reset_rho[p].data();
        for (int b = 0; b < N; ++b) {
            T *r = resets_[b][p].data(), *dr = derivatives_[b][p].data(), *to_a = sums[b].a[p].data(), *to_rho = sums[b].rho[p].data();
            const T *d = d_[b].data(), *z = z_[b].data();
            T* dz = dz_[b].data();
            for (long j = 0; j < padded_; ++j) {
                dr[j] = rho[j] * dr[j] + r[j];
                r[j] = rho[j] * r[j] + d[j];
                dz[j] += a[j] * r[j];
                to_a[j] += z[j] * r[j];
                to_rho[j] += z[j] * dr[j] * a[j];
            }
        }
    }

    // d of this step, but for what v is worth by itself.
    void through_threshold(int b) {
        for (long j = 0; j < padded_; j += L) {
            const vec<T> theta = load(theta_.data() + j), distance = load(v_[b].data() + j) - theta;
            const vec<T> through = surrogate_(distance, theta) * load(dz_[b].data() + j);
            store(d_[b].data() + j, through);
            T* to_theta = sums[b].theta.data() + j;
            store(to_theta, load(to_theta) - through);
        }
    }

    const Paths<T>& paths_;
    const Surrogate<T>& surrogate_;
    const std::vector<T>& theta_;
    const long n_, padded_;
    std::vector<Blocks<T>> adjoints_[N];
    std::vector<std::vector<T>> shared_[N], resets_[N], derivatives_[N];
    std::vector<T> d_[N], dz_[N], v_[N], z_[N];
};

// Where the results go; the sums over time and batch are (neuron,).
template <typename T>
struct ScanGradients {
    T *d, *theta;
    T *const *reset_a, *const *reset_rho;
};

template <typename T>
bool scan_backward(
    const T* v, const T* z, const T* dz, const T* dv, const ScanPaths<T>& given, const T* theta, const Surrogate<T>& surrogate,
    const ScanGradients<T>& out, long n_steps, long n_batch, long n, int n_threads) {
    const Paths<T> paths(given, n, true);
    const std::vector<T> thresholds = padded(theta, n, T(1));
    std::vector<ScanSums<T>> sums{size_t(n_batch)};
    auto run = [&](auto together, long b) {
        constexpr int N = decltype(together)::value;
        BackwardScan<T, N> scan(paths, surrogate, thresholds, n);
        const long at = b * n;
        scan.run(v + at, z + at, dz + at, dv + at, out.d + at, n_steps, n_batch * n);
        for (int k = 0; k < N; ++k) sums[size_t(b + k)] = std::move(scan.sums[k]);
    };
    const long n_full = n_batch / TOGETHER, n_rest = n_batch % TOGETHER;
    const bool complete = parallel_for(n_full + n_rest, n_threads, [&](long task) {
        if (task < n_full)
            run(std::integral_constant<int, TOGETHER>{}, task * TOGETHER);
        else
            run(std::integral_constant<int, 1>{}, n_full * TOGETHER + task - n_full);
    });
    if (!complete) return false;
    // always in the order of the batch, whoever computed what
    auto total = [&](T* to, auto part) {
        for (long j = 0; j < n; ++j) {
            double sum = 0;
            for (const auto& one : sums) sum += double(part(one)[size_t(j)]);
            to[j] = T(sum);
        }
    };
    total(out.theta, [](const ScanSums<T>& s) -> const std::vector<T>& { return s.theta; });
    for (size_t p = 0; p < size_t(given.n_resets); ++p) {
        total(out.reset_a[p], [p](const ScanSums<T>& s) -> const std::vector<T>& { return s.a[p]; });
        total(out.reset_rho[p], [p](const ScanSums<T>& s) -> const std::vector<T>& { return s.rho[p]; });
    }
    return true;
}

}  // namespace hetsyn
