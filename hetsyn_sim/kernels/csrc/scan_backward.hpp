// The reverse scan: d[t] = dv[t] + pseudo[t] dz[t], where dz[t] collects what the spike at t did to every later v.
//
//     dz[t] = dz_out[t] + sum over paths and post of w A[t+1],   A[t] = rho A[t+1] + d[t]
//
// Two steps share one pass over the synapses: dz[t] and the part of dz[t-1] that is known already; d[t] adds the rest of dz[t-1].
// Some samples go together, so that w and rho are read once for all of them. Lanes are presynaptic neurons.
#pragma once
#include "filter.hpp"
#include "scan_forward.hpp"
#include "surrogate.hpp"

namespace hetsyn {

constexpr int TOGETHER = 4; // samples

template <class F> class ScanBackward {
    using V = typename Lanes<F>::V;
    static constexpr int N = Lanes<F>::N;

  public:
    ScanBackward(const F* v, const F* z, const F* dz, const F* dv, const ScanPaths<F>& paths, const F* theta, const Surrogate& surrogate,
                 F* d, int64_t T, int64_t B, int64_t J)
        : dz_(dz), dv_(dv), z_(z), v_(v), d_(d), surrogate_(surrogate), T(T), B(B), J(J), blocks_(J, N, 1), padded_(blocks_.padded()),
          theta_(per_neuron(theta, J, padded_, F(1))), paths_(make_paths(paths, blocks_, false)),
          sums_(B * (1 + 2 * int64_t(paths_.size())) * padded_) {}

    // Samples first .. first + n - 1, where n is at most TOGETHER.
    void run(int64_t first, int n) {
        std::vector<Work> work;
        for (const Path<F>& path : paths_) {
            work.push_back({Buffer<F>(path.kind == PER_SYNAPSE ? blocks_.count * J * n * N : n * padded_), Buffer<F>(n * padded_)});
        }
        Buffer<F> sum(2 * n * padded_), after(2 * n * padded_), before(2 * n * padded_), scratch(4 * padded_);
        // after: d of the two steps that the last pass ended with, [step][sample][post]; before: those of the pass before it
        for (int64_t t = T - 1; t >= 0; t -= 2) {
            std::swap_ranges(after.get(), after.get() + 2 * n * padded_, before.get());
            std::memset(static_cast<void*>(sum.get()), 0, sizeof(F) * 2 * n * padded_);
            for (size_t p = 0; p < paths_.size(); p++)
                if (paths_[p].kind == PER_SYNAPSE && t < T - 1) with_samples(n, [&](auto m) {
                    pull<m>(paths_[p], work[p].a.get(), before.get(), sum.get());
                });
            neurons(t, first, n, work, sum.get(), after.get(), scratch.get());
            if (t == 0) break;
            for (size_t p = 0; p < paths_.size(); p++)
                if (paths_[p].kind == PER_SYNAPSE)
                    with_samples(n, [&](auto m) { pull_last<m>(paths_[p], after.get(), sum.get() + n * padded_); });
            neurons(t - 1, first, n, work, sum.get() + n * padded_, after.get() + n * padded_, scratch.get());
        }
    }

    // Sums over the batch, in its order.
    void gradients(const ScanGradients<F>& out) const {
        const int64_t n_sums = 1 + 2 * int64_t(paths_.size());
        const auto add_up = [&](int64_t which, F* target) {
            for (int64_t j = 0; j < J; j++) target[j] = 0;
            for (int64_t b = 0; b < B; b++)
                for (int64_t j = 0; j < J; j++) target[j] += sums_[(b * n_sums + which) * padded_ + j];
        };
        add_up(0, out.theta);
        for (size_t p = 0, reset = 0; p < paths_.size(); p++)
            if (paths_[p].kind == RESET) {
                add_up(1 + 2 * p, out.reset_a[reset]);
                add_up(2 + 2 * p, out.reset_rho[reset]);
                for (int64_t j = 0; j < J; j++) out.reset_rho[reset][j] *= paths_[p].amplitude[j];
                reset++;
            }
    }

  private:
    struct Work {
        Buffer<F> a; // the adjoint: [block][post][sample][lane], or [sample][neuron]
        Buffer<F> d; // its derivative in rho, for resets
    };

    template <class Task> static void with_samples(int n, const Task& task) {
        switch (n) {
        case 1: return task(std::integral_constant<int, 1>{});
        case 2: return task(std::integral_constant<int, 2>{});
        case 3: return task(std::integral_constant<int, 3>{});
        default: return task(std::integral_constant<int, TOGETHER>{});
        }
    }

    // A goes on by the two steps in `before`; sum gets w A, and w rho A for the step before.
    template <int m> void pull(const Path<F>& path, F* state, const F* before, F* sum) const {
        for (int64_t block = 0; block < blocks_.count; block++) {
            V now[m], next[m];
#pragma GCC unroll 8
            for (int s = 0; s < m; s++) now[s] = next[s] = V{};
            const F *w = path.w.block(block), *rho = path.rho.block(block);
            F* a = state + block * J * m * N;
            for (int64_t j = 0; j < J; j++, w += N, rho += N, a += m * N) {
                const V weight = load<V>(w), decay = load<V>(rho), decayed = weight * decay;
#pragma GCC unroll 8
                for (int s = 0; s < m; s++) {
                    V adjoint = load<V>(a + s * N) * decay + before[s * padded_ + j];
                    adjoint = adjoint * decay + before[(m + s) * padded_ + j];
                    store(a + s * N, adjoint);
                    now[s] += weight * adjoint;
                    next[s] += decayed * adjoint;
                }
            }
#pragma GCC unroll 8
            for (int s = 0; s < m; s++) {
                F* out = sum + s * padded_ + block * N;
                store(out, load<V>(out) + now[s]);
                out += m * padded_;
                store(out, load<V>(out) + next[s]);
            }
        }
    }

    // sum += w d, or w times any other numbers [sample][post].
    template <int m> void pull_last(const Path<F>& path, const F* d, F* sum) const {
        for (int64_t block = 0; block < blocks_.count; block++) {
            V now[m];
#pragma GCC unroll 8
            for (int s = 0; s < m; s++) now[s] = V{};
            const F* w = path.w.block(block);
            for (int64_t j = 0; j < J; j++, w += N) {
                const V weight = load<V>(w);
#pragma GCC unroll 8
                for (int s = 0; s < m; s++) now[s] += weight * d[s * padded_ + j];
            }
#pragma GCC unroll 8
            for (int s = 0; s < m; s++) store(sum + s * padded_ + block * N, load<V>(sum + s * padded_ + block * N) + now[s]);
        }
    }

    // One step of every neuron: the adjoints of what has one state per neuron, the surrogate, and d.
    void neurons(int64_t t, int64_t first, int n, std::vector<Work>& work, F* sum, F* d, F* io) {
        for (size_t p = 0; p < paths_.size(); p++)
            if (paths_[p].kind == PER_NEURON) with_samples(n, [&](auto m) { pull_last<m>(paths_[p], work[p].a.get(), sum); });
        with_formula<F>(surrogate_, [&](const auto& formula) {
            for (int s = 0; s < n; s++) {
                const int64_t at = (t * B + first + s) * J;
                const F *z = row(z_, at, io), *v = row(v_, at, io + padded_), *dz = row(dz_, at, io + 2 * padded_),
                        *dv = row(dv_, at, io + 3 * padded_);
                F *now = d + s * padded_, *sums = &sums_[(first + s) * (1 + 2 * int64_t(paths_.size())) * padded_];
                for (int64_t k = 0; k < padded_; k += N) {
                    V onto_z = load<V>(sum + s * padded_ + k);
                    if (dz) onto_z += load<V>(dz + k);
                    for (size_t p = 0; p < paths_.size(); p++)
                        if (paths_[p].kind == RESET) {
                            const V a = load<V>(&work[p].a[s * padded_ + k]), spikes = load<V>(z + k);
                            F *da = sums + (1 + 2 * p) * padded_ + k, *drho = da + padded_;
                            onto_z += load<V>(&paths_[p].amplitude[k]) * a;
                            store(da, load<V>(da) + spikes * a);
                            store(drho, load<V>(drho) + spikes * load<V>(&work[p].d[s * padded_ + k]));
                        }
                    const V theta = load<V>(&theta_[k]), through = formula(load<V>(v + k) - theta, theta) * onto_z;
                    store(sums + k, load<V>(sums + k) - through);
                    const V onto_v = dv ? through + load<V>(dv + k) : through;
                    store(now + k, onto_v);
                    for (size_t p = 0; p < paths_.size(); p++)
                        if (paths_[p].kind != PER_SYNAPSE) {
                            F *a = &work[p].a[s * padded_ + k], *derivative = &work[p].d[s * padded_ + k];
                            const V decay = load<V>(&paths_[p].decay[k]), adjoint = load<V>(a);
                            store(derivative, load<V>(derivative) * decay + adjoint);
                            store(a, adjoint * decay + onto_v);
                        }
                }
                std::memcpy(d_ + at, now, sizeof(F) * J);
            }
        });
    }

    // J numbers where they are, or, if vectors would read beyond them, copied to where zeros follow.
    const F* row(const F* source, int64_t at, F* io) const {
        if (!source || J == padded_) return source ? source + at : nullptr;
        std::memcpy(io, source + at, sizeof(F) * J);
        return io;
    }

    const F *dz_, *dv_, *z_, *v_;
    F* d_;
    Surrogate surrogate_;
    int64_t T, B, J;
    Blocks blocks_;
    int64_t padded_;
    Buffer<F> theta_;
    std::vector<Path<F>> paths_;
    Buffer<F> sums_; // [sample][theta, then amplitude and rho of each path][neuron]
};

// dz and dv may be null: zero. d is dL/dv_in; the gradients of recurrent paths follow from it and z by the filter's backward pass.
template <class F>
int scan_backward(const F* v, const F* z, const F* dz, const F* dv, const ScanPaths<F>& paths, const F* theta, const Surrogate& surrogate,
                  const ScanGradients<F>& out, int64_t T, int64_t B, int64_t J, int threads) {
    if (ScanAlone<F>::can(paths)) {
        const ScanAlone<F> scan(theta, paths, T, B, J);
        const Buffer<F> sums(B * scan.n_sums());
        Team team(useful_threads(threads, double(T) * B * J));
        each_part<F>(team, B, scan.n_vectors, threads, [&](int64_t b, int64_t first, int64_t last) {
            scan.backward(v, z, dz, dv, surrogate, out.d, sums.get(), b, first, last);
        });
        scan.add_up(sums.get(), out);
        return COMPLETE;
    }
    ScanBackward<F> scan(v, z, dz, dv, paths, theta, surrogate, out.d, T, B, J);
    Team team(useful_threads(threads, double(T) * B * J * double(J)));
    // The same groups whatever the number of threads; small ones if the batch is small.
    const int64_t together = B >= 2 * TOGETHER ? TOGETHER : 1;
    team.run([&] {
        team.each((B + together - 1) / together, [&](int64_t k) { scan.run(k * together, int(std::min(together, B - k * together))); });
    });
    scan.gradients(out);
    return COMPLETE;
}

} // namespace hetsyn
