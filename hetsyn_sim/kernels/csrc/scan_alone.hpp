// The scan of neurons that don't hear each other: resets and nothing else. No neuron waits for another, so that a few vectors of neurons are
// taken through a chunk of time with their traces in registers. The equations are those of scan_forward.hpp and scan_backward.hpp.
#pragma once
#include "filter.hpp"
#include "scan.hpp"
#include "surrogate.hpp"

namespace hetsyn {

template <class F> class ScanAlone {
    using V = typename Lanes<F>::V;
    static constexpr int N = Lanes<F>::N;
    static constexpr int64_t CHUNK = 8; // steps; short, so that the processor begins with the next neurons while it waits for these

  public:
    static constexpr int MOST_RESETS = 2;
    static bool can(const ScanPaths<F>& paths) { return paths.n_synaptic + paths.n_shared == 0 && paths.n_resets <= MOST_RESETS; }

    ScanAlone(const F* theta, const ScanPaths<F>& paths, int64_t T, int64_t B, int64_t J)
        : T(T), B(B), J(J), n_resets_(int(paths.n_resets)), n_vectors((J + N - 1) / N), theta_(spread(theta, F(1))) {
        for (int r = 0; r < n_resets_; r++) amplitude_[r] = spread(paths.reset_a[r], F(0)), decay_[r] = spread(paths.reset_rho[r], F(0));
    }

    // One sample's neurons in vectors first .. last-1. Returns false if v is not a number.
    bool forward(const F* v_in, F* z, F* v, int64_t b, int64_t first, int64_t last) const {
        return with_resets([&](auto n) { return run_forward<n>(v_in, z, v, b, first, last); });
    }

    // d, and this sample's parts of the gradients: [theta, then amplitude and decay of each reset][vector][lane].
    void backward(const F* v, const F* z, const F* dz, const F* dv, const Surrogate& surrogate, F* d, F* sums, int64_t b, int64_t first,
                  int64_t last) const {
        with_formula<F>(surrogate, [&](const auto& formula) {
            with_resets([&](auto n) { return run_backward<n>(v, z, dz, dv, formula, d, sums, b, first, last), true; });
        });
    }

    int64_t n_sums() const { return (1 + 2 * n_resets_) * n_vectors * N; }

    // Sums over the batch, in its order; sums: [sample], as backward leaves them.
    void add_up(const F* sums, const ScanGradients<F>& out) const {
        const auto add = [&](int64_t which, F* target, const Buffer<F>* factor) {
            for (int64_t j = 0; j < J; j++) {
                const int64_t vector = j / N, at = vector * N + j - begin(vector);
                F sum = 0;
                for (int64_t b = 0; b < B; b++) sum += sums[b * n_sums() + which * n_vectors * N + at];
                target[j] = factor ? sum * (*factor)[at] : sum;
            }
        };
        add(0, out.theta, nullptr);
        for (int r = 0; r < n_resets_; r++) add(1 + 2 * r, out.reset_a[r], nullptr), add(2 + 2 * r, out.reset_rho[r], &amplitude_[r]);
    }

  private:
    // The last vector ends with the last neuron: some neurons are in two, with the same numbers in both.
    int64_t begin(int64_t vector) const { return std::max<int64_t>(0, std::min(vector * N, J - N)); }

    Buffer<F> spread(const F* source, F filler) const {
        Buffer<F> out(n_vectors * N);
        for (int64_t vector = 0; vector < n_vectors; vector++)
            for (int64_t k = 0; k < N; k++) out[vector * N + k] = begin(vector) + k < J ? source[begin(vector) + k] : filler;
        return out;
    }

    V read(const F* p) const {
        if (J >= N) return load<V>(p);
        V out{};
        std::memcpy(&out, p, sizeof(F) * size_t(J));
        return out;
    }
    void write(F* p, V value) const { J >= N ? store(p, value) : (void)std::memcpy(p, &value, sizeof(F) * size_t(J)); }

    template <class Task> bool with_resets(const Task& task) const {
        switch (n_resets_) {
        case 0: return task(std::integral_constant<int, 0>{});
        case 1: return task(std::integral_constant<int, 1>{});
        default: return task(std::integral_constant<int, MOST_RESETS>{});
        }
    }

    template <int n> bool run_forward(const F* v_in, F* z, F* v, int64_t b, int64_t first, int64_t last) const {
        Buffer<F> kept((n + 1) * (last - first) * N); // [vector][the last spikes, the trace of each reset][lane]
        typename Lanes<F>::I undefined{};
        for (int64_t t0 = 0; t0 < T; t0 += CHUNK)
            for (int64_t vector = first; vector < last; vector++) {
                F* state = &kept[(vector - first) * (n + 1) * N];
                const V threshold = load<V>(&theta_[vector * N]);
                V spikes = load<V>(state), trace[n + 1], amplitude[n + 1], decay[n + 1];
                for (int r = 0; r < n; r++)
                    trace[r] = load<V>(state + (r + 1) * N), amplitude[r] = load<V>(&amplitude_[r][vector * N]), decay[r] = load<V>(&decay_[r][vector * N]);
                int64_t at = (t0 * B + b) * J + begin(vector);
                for (int64_t t = t0; t < std::min(T, t0 + CHUNK); t++, at += B * J) {
                    V now = read(v_in + at);
#pragma GCC unroll 8
                    for (int r = 0; r < n; r++) {
                        trace[r] = trace[r] * decay[r] + spikes;
                        now += trace[r] * amplitude[r];
                    }
                    undefined |= now != now;
                    spikes = now > threshold ? all<V>(F(1)) : V{};
                    write(z + at, spikes);
                    write(v + at, now);
                }
                store(state, spikes);
                for (int r = 0; r < n; r++) store(state + (r + 1) * N, trace[r]);
            }
        bool good = true;
        for (int k = 0; k < N; k++) good &= undefined[k] == 0;
        return good;
    }

    template <int n, class Formula>
    void run_backward(const F* v, const F* z, const F* dz, const F* dv, const Formula& formula, F* d, F* sums, int64_t b, int64_t first,
                      int64_t last) const {
        Buffer<F> kept((2 * n + 1) * (last - first) * N); // [vector][adjoint of each reset's trace, its derivative in the decay][lane]
        for (int64_t end = T; end > 0; end = (end - 1) / CHUNK * CHUNK)
            for (int64_t vector = first; vector < last; vector++) {
                F *state = &kept[(vector - first) * (2 * n + 1) * N], *sum = sums + b * n_sums() + vector * N;
                const auto part = [&](int which) { return sum + which * n_vectors * N; };
                const V threshold = load<V>(&theta_[vector * N]);
                V of_theta = load<V>(sum), a[n + 1], derivative[n + 1], amplitude[n + 1], decay[n + 1], of_amplitude[n + 1], of_decay[n + 1];
                for (int r = 0; r < n; r++) {
                    a[r] = load<V>(state + 2 * r * N), derivative[r] = load<V>(state + (2 * r + 1) * N);
                    amplitude[r] = load<V>(&amplitude_[r][vector * N]), decay[r] = load<V>(&decay_[r][vector * N]);
                    of_amplitude[r] = load<V>(part(1 + 2 * r)), of_decay[r] = load<V>(part(2 + 2 * r));
                }
                int64_t at = ((end - 1) * B + b) * J + begin(vector);
                for (int64_t t = end - 1; t >= (end - 1) / CHUNK * CHUNK; t--, at -= B * J) {
                    const V spikes = read(z + at);
                    V onto_z = dz ? read(dz + at) : V{};
#pragma GCC unroll 8
                    for (int r = 0; r < n; r++) {
                        onto_z += amplitude[r] * a[r];
                        of_amplitude[r] += spikes * a[r];
                        of_decay[r] += spikes * derivative[r];
                    }
                    const V through = formula(read(v + at) - threshold, threshold) * onto_z;
                    of_theta -= through;
                    const V onto_v = dv ? through + read(dv + at) : through;
                    write(d + at, onto_v);
#pragma GCC unroll 8
                    for (int r = 0; r < n; r++) {
                        derivative[r] = derivative[r] * decay[r] + a[r];
                        a[r] = a[r] * decay[r] + onto_v;
                    }
                }
                store(sum, of_theta);
                for (int r = 0; r < n; r++) {
                    store(state + 2 * r * N, a[r]), store(state + (2 * r + 1) * N, derivative[r]);
                    store(part(1 + 2 * r), of_amplitude[r]), store(part(2 + 2 * r), of_decay[r]);
                }
            }
    }

    int64_t T, B, J;
    int n_resets_;

  public:
    int64_t n_vectors;

  private:
    Buffer<F> theta_, amplitude_[MOST_RESETS], decay_[MOST_RESETS];
};

// Tasks are samples, and parts of one where there are fewer than threads could use. The last two vectors, which share neurons, stay together.
template <class F, class Task> void each_part(Team& team, int64_t B, int64_t n_vectors, int threads, const Task& task) {
    const int64_t apart = std::max<int64_t>(1, n_vectors - 1), n = splits(B, apart, threads);
    team.run([&] {
        team.each(B * n, [&](int64_t k) {
            const int64_t part = k % n;
            task(k / n, part * apart / n, part == n - 1 ? n_vectors : (part + 1) * apart / n);
        });
    });
}

} // namespace hetsyn
