// A population with threshold, recurrence and reset, whose recurrent synapses go through shared decays: a few states per neuron.
#pragma once

#include "expansion_filter.hpp"
#include "scan.hpp"

namespace hetsyn {

template <class F> class ExpandedScan {
    using E = Expansion<F>;
    using V = vec<F>;
    static constexpr int N = Lanes<F>::N;

    struct Recurrent {
        std::vector<F> decays;
        long size, padded;  // of a group, of all nodes
        Buffer<F> m;        // [block][group][source][node of the group][lane]
    };

  public:
    ExpandedScan(const F* v_in, const F* theta, const ScanPaths<F>& paths, F* z, F* v, int64_t T, int64_t B, int64_t J)
        : v_in_(v_in), z_(z), v_(v), T(T), B(B), J(J), blocks_(J, N, 1), theta_(per_neuron(theta, J, blocks_.padded(), std::numeric_limits<F>::infinity())),
          others_(make_paths<F>({0, paths.n_shared, paths.n_resets, nullptr, nullptr, paths.shared_w, paths.shared_rho, paths.reset_a, paths.reset_rho},
                                blocks_, true)) {}

    // M of the synaptic paths, whose nodes are given.
    void pack(const ScanPaths<F>& paths, const Nodes* nodes, Team& team) {
        for (int64_t p = 0; p < paths.n_synaptic; p++) {
            const Recurrent& path = recurrent_[size_t(p)];
            team.each(blocks_.count, [&](int64_t block) {
                pack_block(nodes[p], paths.synaptic_rho[p], paths.synaptic_w[p], {T, B, J, J}, block, rows(path, block));
            });
        }
    }
    void make_room(int64_t n, const Nodes* nodes) {
        for (int64_t p = 0; p < n; p++) {
            const long count = nodes[p].count(), padded = E::padded(count);
            recurrent_.push_back({decays_of<F>(nodes[p]), E::group_size(count), padded, Buffer<F>(blocks_.count * J * padded * N)});
        }
    }

    void run(int64_t b) {
        std::vector<Buffer<F>> states, traces;  // [block][node][lane], [neuron]
        for (const Recurrent& path : recurrent_) states.emplace_back(blocks_.count * path.padded * N);
        for (size_t p = 0; p < others_.size(); p++) traces.emplace_back(blocks_.padded());
        Buffer<F> spikes(blocks_.padded());
        std::vector<int32_t> fired, now;  // neurons that spiked in the step before, and in this one
        typename Lanes<F>::I undefined{};
        for (int64_t t = 0; t < T; t++) {
            now.clear();
            for (int64_t block = 0; block < blocks_.count; block++) {
                const int64_t k = block * N, at = (t * B + b) * J + k;
                const long lanes = blocks_.used(block);
                V v = E::load_lanes(v_in_ + at, lanes);
                for (size_t p = 0; p < recurrent_.size(); p++) {
                    const Recurrent& path = recurrent_[p];
                    const auto step = E::kernels(path.size).step;
                    auto* state = reinterpret_cast<V*>(states[p].get()) + block * path.padded;
                    for (long node = 0; node < path.padded; node += path.size)
                        v += step(fired, rows(path, block) + node * J, path.decays.data() + node, state + node);
                }
                for (size_t p = 0; p < others_.size(); p++) {
                    const Path<F>& path = others_[p];
                    V s = load<V>(&traces[p][k]) * load<V>(&path.decay[k]);
                    if (path.kind == RESET)
                        s += load<V>(&spikes[k]);
                    else
                        for (const int32_t i : fired) s += load<V>(path.w.row(block, i));
                    store(&traces[p][k], s);
                    v += path.kind == RESET ? s * load<V>(&path.amplitude[k]) : s;
                }
                undefined |= v != v;
                const V z = v > load<V>(&theta_[k]) ? all<V>(F(1)) : V{};
                store(&spikes[k], z);
                E::store_lanes(v_ + at, v, lanes);
                E::store_lanes(z_ + at, z, lanes);
                for (uint64_t left = nonzero(&spikes[k], N); left; left &= left - 1) now.push_back(int32_t(k + __builtin_ctzll(left)));
            }
            fired.swap(now);
        }
        for (int k = 0; k < N; k++)
            if (undefined[k]) status = NOT_FINITE;
    }

    std::atomic<int> status{COMPLETE};

  private:
    V* rows(const Recurrent& path, int64_t block) const { return reinterpret_cast<V*>(path.m.get()) + block * J * path.padded; }

    const F* v_in_;
    F *z_, *v_;
    int64_t T, B, J;
    Blocks blocks_;
    Buffer<F> theta_;
    std::vector<Path<F>> others_;
    std::vector<Recurrent> recurrent_;
};

// The nodes are those of the synaptic paths, one after another.
template <class F>
int expanded_scan(const F* v_in, const F* theta, const ScanPaths<F>& paths, const Nodes* nodes, F* z, F* v, int64_t T, int64_t B, int64_t J,
                  int threads) {
    ExpandedScan<F> scan(v_in, theta, paths, z, v, T, B, J);
    scan.make_room(paths.n_synaptic, nodes);
    Team team(useful_threads(threads, double(T) * B * J * J));
    team.run([&] {
        scan.pack(paths, nodes, team);
        team.each(B, [&](int64_t b) { scan.run(b); });
    });
    return scan.status;
}

}  // namespace hetsyn
