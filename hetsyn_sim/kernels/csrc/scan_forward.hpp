// A population with threshold, recurrence and reset, one sample at a time.
//
// Time is cut into chunks. What spikes before a chunk add to it is known when it begins: those states decay in registers over the whole
// chunk. What its own spikes add is written ahead as each one happens, for the few steps that are left of it.
#pragma once
#include "filter.hpp"
#include "scan_alone.hpp"

namespace hetsyn {

constexpr int CHUNK = 16;

template <class F> class ScanForward {
    using V = typename Lanes<F>::V;
    static constexpr int N = Lanes<F>::N;

  public:
    ScanForward(const F* v_in, const F* theta, const ScanPaths<F>& paths, F* z, F* v, int64_t T, int64_t B, int64_t J)
        : v_in_(v_in), z_(z), v_(v), T(T), B(B), J(J), blocks_(J, N, K), padded_(blocks_.padded()),
          theta_(per_neuron(theta, J, padded_, std::numeric_limits<F>::infinity())), paths_(make_paths(paths, blocks_, true)) {}

    void run(int64_t b) {
        std::vector<Buffer<F>> states; // per path: [block][channel][lane], or [lane]: what it adds to v at the next step
        for (const Path<F>& path : paths_) states.emplace_back(path.kind == PER_SYNAPSE ? blocks_.count * (J + 1) * blocks_.width : padded_);
        Buffer<F> ahead(CHUNK * padded_), z(padded_);
        std::vector<int32_t> fired, now; // neurons that ever spiked, in order; neurons that spiked in this step
        std::vector<uint8_t> known(J, 0);
        for (int64_t t0 = 0; t0 < T; t0 += CHUNK) {
            const int n = int(std::min<int64_t>(CHUNK, T - t0));
            for (int t = 0; t < n; t++) std::memcpy(&ahead[t * padded_], v_in_ + ((t0 + t) * B + b) * J, sizeof(F) * J);
            for (size_t p = 0; p < paths_.size(); p++)
                if (paths_[p].kind == PER_SYNAPSE) add_past(paths_[p], states[p].get(), fired, n, ahead.get());
            for (int t = 0; t < n; t++) {
                F* v = &ahead[t * padded_];
                for (size_t p = 0; p < paths_.size(); p++)
                    if (paths_[p].kind != PER_SYNAPSE) add_traces(paths_[p], states[p].get(), z.get(), now, v);
                const int64_t at = ((t0 + t) * B + b) * J;
                spike(v, z.get());
                std::memcpy(z_ + at, z.get(), sizeof(F) * J);
                std::memcpy(v_ + at, v, sizeof(F) * J);
                now.clear();
                for (int64_t j = 0; j < J; j += 64)
                    for (uint64_t bits = nonzero(&z[j], int(std::min<int64_t>(64, J - j))); bits; bits &= bits - 1)
                        now.push_back(int32_t(j + __builtin_ctzll(bits)));
                for (const int32_t j : now) {
                    for (size_t p = 0; p < paths_.size(); p++)
                        if (paths_[p].kind == PER_SYNAPSE) write_ahead(paths_[p], states[p].get(), j, t + 1, n, ahead.get());
                    if (!known[j]) known[j] = 1, fired.push_back(j);
                }
            }
        }
    }

    std::atomic<int> status{COMPLETE};

  private:
    void add_past(const Path<F>& path, F* state, const std::vector<int32_t>& fired, int n, F* ahead) const {
        for (int64_t block = 0; block < blocks_.count; block++) {
            const int vectors = blocks_.vectors(block);
            for (size_t k = 0; k < fired.size(); k += C) {
                int32_t channel[C];
                for (size_t c = 0; c < C; c++) channel[c] = k + c < fired.size() ? fired[k + c] : int32_t(J);
                F* base = state + block * (J + 1) * blocks_.width;
                with_sizes(false, vectors, [&](auto, auto n_k) {
                    fade<n_k>(channel, path.rho.block(block), base, n, ahead + blocks_.begin(block));
                });
            }
        }
    }

    template <int n_k> void fade(const int32_t* channel, const F* rho, F* state, int n, F* ahead) const {
        V s[C][n_k], decay[C][n_k];
#pragma GCC unroll 8
        for (int c = 0; c < C; c++)
#pragma GCC unroll 8
            for (int k = 0; k < n_k; k++) {
                s[c][k] = load<V>(state + channel[c] * blocks_.width + k * N);
                decay[c][k] = load<V>(rho + channel[c] * blocks_.width + k * N);
            }
        for (int t = 0; t < n; t++, ahead += padded_) {
#pragma GCC unroll 8
            for (int k = 0; k < n_k; k++) {
                V sum = s[0][k];
#pragma GCC unroll 8
                for (int c = 1; c < C; c++) sum += s[c][k];
                store(ahead + k * N, load<V>(ahead + k * N) + sum);
#pragma GCC unroll 8
                for (int c = 0; c < C; c++) s[c][k] *= decay[c][k];
            }
        }
#pragma GCC unroll 8
        for (int c = 0; c < C; c++)
#pragma GCC unroll 8
            for (int k = 0; k < n_k; k++) store(state + channel[c] * blocks_.width + k * N, s[c][k]);
    }

    void write_ahead(const Path<F>& path, F* state, int32_t j, int from, int n, F* ahead) const {
        for (int64_t block = 0; block < blocks_.count; block++) {
            const F *w = path.w.row(block, j), *rho = path.rho.row(block, j);
            F* kept = state + (block * (J + 1) + j) * blocks_.width;
            const int vectors = blocks_.vectors(block);
            for (int k = 0; k < vectors * N; k += N) {
                V s = load<V>(w + k);
                const V decay = load<V>(rho + k);
                F* v = ahead + from * padded_ + blocks_.begin(block) + k;
                for (int t = from; t < n; t++, v += padded_) {
                    store(v, load<V>(v) + s);
                    s *= decay;
                }
                store(kept + k, load<V>(kept + k) + s);
            }
        }
    }

    // One state per neuron: s = rho s + (z, or the sum of w over the neurons that spiked a step ago), and v += amplitude s.
    void add_traces(const Path<F>& path, F* state, const F* z, const std::vector<int32_t>& now, F* v) const {
        const bool reset = path.kind == RESET;
        for (int64_t k = 0; k < padded_; k += N) {
            V s = load<V>(state + k) * load<V>(&path.decay[k]);
            if (reset)
                s += load<V>(z + k);
            else
                for (const int32_t i : now) s += load<V>(path.w.row(k / blocks_.width, i) + k % blocks_.width);
            store(state + k, s);
            store(v + k, load<V>(v + k) + (reset ? s * load<V>(&path.amplitude[k]) : s));
        }
    }

    void spike(const F* v, F* z) {
        typename Lanes<F>::I undefined{};
        for (int64_t k = 0; k < padded_; k += N) {
            const V now = load<V>(v + k);
            undefined |= now != now;
            store(z + k, now > load<V>(&theta_[k]) ? all<V>(F(1)) : V{});
        }
        bool good = true;
        for (int k = 0; k < N; k++) good &= undefined[k] == 0;
        if (!good) status = NOT_FINITE;
    }

    const F* v_in_;
    F *z_, *v_;
    int64_t T, B, J;
    Blocks blocks_;
    int64_t padded_;
    Buffer<F> theta_;
    std::vector<Path<F>> paths_;
};

template <class F>
int scan_forward(const F* v_in, const F* theta, const ScanPaths<F>& paths, F* z, F* v, int64_t T, int64_t B, int64_t J, int threads) {
    if (ScanAlone<F>::can(paths)) {
        const ScanAlone<F> scan(theta, paths, T, B, J);
        std::atomic<int> status{COMPLETE};
        Team team(useful_threads(threads, double(T) * B * J));
        each_part<F>(team, B, scan.n_vectors, threads, [&](int64_t b, int64_t first, int64_t last) {
            if (!scan.forward(v_in, z, v, b, first, last)) status = NOT_FINITE;
        });
        return status;
    }
    ScanForward<F> scan(v_in, theta, paths, z, v, T, B, J);
    Team team(useful_threads(threads, double(T) * B * J * double(J)));
    team.run([&] { team.each(B, [&](int64_t b) { scan.run(b); }); });
    return scan.status;
}

} // namespace hetsyn
